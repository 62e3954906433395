"""OpenAI's adapter against Prism, which refuses what the reference does not allow, and against a server that speaks the API."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from parts.through_the_edge import Connected, connected, replayed

from powerstrip.adapter import AuthFailed, Content, Rejected
from powerstrip.adapter.testing.samples import sample
from powerstrip_openai import openai

pytestmark = pytest.mark.part

KEY = {"api_key": "sk-invented-openai-key"}
CONFIG = {"model": "gpt-5-mini", "org": "org-invented0000", "project": "proj_invented0000"}
CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "additionalProperties": False}


@pytest.fixture
async def llm(openai_url: str, tmp_path: Path) -> AsyncIterator[Connected]:
    async with connected(openai, openai_url, tmp_path, KEY, **CONFIG) as connection:
        yield connection


@pytest.fixture
async def local(mock_llm_url: str, tmp_path: Path) -> AsyncIterator[Connected]:
    async with connected(openai, mock_llm_url, tmp_path, KEY, model="gpt-5") as connection:
        yield connection


@pytest.mark.shows("description")
async def test_a_question_with_everything_is_taken(llm: Connected) -> None:
    everything: dict[str, Any] = {
        "input": [{"role": "user", "content": "Where?"}],
        "instructions": "Be brief.",
        "shape": {"json_schema": CITY},
        "max_output_tokens": 100,
        "reasoning_effort": "low",
        "temperature": 1,
        "previous_response_id": "resp_0",
        "web_search": True,
        "vector_stores": ["vs_1"],
        "background": True,
        "store": True,
        "metadata": {"order": "17"},
        "safety_identifier": "user-1",
    }
    told = await llm.call("response.create", **everything)
    assert (told.text, told.data, told.usage.total_tokens) == ('{"city": "Rome"}', {"city": "Rome"}, 14)


@pytest.mark.shows("description")
async def test_a_chat_with_everything_is_taken(llm: Connected) -> None:
    tool = {"type": "function", "function": {"name": "f", "parameters": {}}}
    chosen = {
        "temperature": 0.5,
        "top_p": 1,
        "stop": ["."],
        "max_completion_tokens": 9,
        "reasoning_effort": "low",
        "tools": [tool],
    }
    messages = [{"role": "system", "content": "Be brief."}]
    told = await llm.call("chat.complete", messages=messages, input="Where?", shape={"json_schema": CITY}, **chosen)
    assert (told.data, told.finish_reason) == ({"city": "Rome"}, "stop")


@pytest.mark.shows("description")
@pytest.mark.parametrize("action", sorted(openai.actions))
async def test_the_example_of_every_action_is_taken(llm: Connected, action: str) -> None:
    example = sample(openai.actions[action].input)
    assert example is not None
    assert await llm.call(action, **example.model_dump(exclude_defaults=True))


@pytest.mark.shows("description")
async def test_pictures_are_files_and_harm_is_found(llm: Connected) -> None:
    drawing = {"size": "1024x1024", "quality": "low", "background": "opaque", "output_format": "png", "count": 2}
    (image,) = (await llm.call("image.create", prompt="A cat", **drawing)).images
    assert isinstance(image.content, Content)
    assert image.content.read().startswith(b"\x89PNG")
    assert (await llm.call("moderation.check", input=["a", "b"])).flagged


@pytest.mark.shows("description")
async def test_there_is_something_to_choose_from(llm: Connected) -> None:
    assert [each.value for each in (await llm.pick("model")).choices] == ["gpt-5-mini", "text-embedding-3-small"]
    assert [each.label for each in (await llm.pick("vector_store")).choices] == ["Handbook"]


@pytest.mark.shows("description")
async def test_the_organization_is_the_account(llm: Connected) -> None:
    assert (await llm.account()).name == "org-invented0000"


@pytest.mark.shows("description")
async def test_a_refusal_is_in_openais_words(llm: Connected) -> None:
    with pytest.raises(Rejected, match="the invented reason") as caught:
        await llm.call("response.create", input="Hi", tools=[{"type": "unheard_of"}])
    assert caught.value.status == 400


async def test_no_key_is_refused(llm: Connected) -> None:
    with pytest.raises(AuthFailed):
        await Connected(llm.edge, llm.adapter, llm.config, {}).account()


@pytest.mark.shows("description")
async def test_what_a_sandbox_writes_down_is_what_openai_takes(llm: Connected, openai_url: str) -> None:
    """The recorded request, with a key in place of its placeholder, passes the same check as a real one."""
    (row,) = await llm.sandboxed("response.create", input="Where?", web_search=True)
    assert row["url"] == f"{openai_url}/responses"
    headers = dict(json.loads(row["headers"]))
    assert headers["Authorization"] == "Bearer <api_key>"
    assert (headers["OpenAI-Organization"], headers["OpenAI-Project"]) == ("org-invented0000", "proj_invented0000")
    assert KEY["api_key"] not in json.dumps(row)
    proof = "Bearer sk-another-invented-key"
    for body, status in ((row["body"], 200), (row["body"].replace('"input"', '"inputs"'), 400)):
        assert replayed(row, body, proof) == status


async def test_another_server_that_speaks_the_api_answers(local: Connected) -> None:
    told = await local.call("chat.complete", input="Good morning")
    assert "Good morning" in told.text
    assert told.finish_reason == "stop"
    listed = [each.id for each in (await local.call("model.list")).models]
    assert sorted(listed) == sorted(each.value for each in (await local.pick("model")).choices)
    assert (await local.account()).name == "OpenAI"
