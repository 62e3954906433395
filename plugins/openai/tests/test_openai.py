import base64
import json
from typing import Any

import pytest
from pydantic import ValidationError

from powerstrip.adapter import AuthFailed, Content, Delivery, Query, RateLimited, Rejected, Response, Unavailable
from powerstrip.adapter.testing import check, provider
from powerstrip_openai import openai
from powerstrip_openai.actions import (
    Chat,
    Check,
    Drawing,
    Embed,
    Listing,
    Message,
    complete,
    create_image,
    embed,
    list_models,
    models,
    moderate,
    vector_stores,
)
from powerstrip_openai.events import TYPES, receive
from powerstrip_openai.models import Shape
from powerstrip_openai.provider import account
from powerstrip_openai.responses import (
    NewResponse,
    ResponseRef,
    cancel_response,
    create_response,
    delete_response,
    get_response,
)

test_contract = check(openai)

CONFIG = {"model": "gpt-5-mini"}
MESSAGE = {
    "type": "message",
    "content": [{"type": "output_text", "text": '{"city": '}, {"type": "output_text", "text": '"Rome"}'}],
}
ANSWER = {
    "id": "resp_1",
    "status": "completed",
    "model": "gpt-5-mini-2026",
    "output": [{"type": "reasoning", "summary": []}, MESSAGE],
    "usage": {"input_tokens": 3, "output_tokens": 5, "total_tokens": 8},
    "error": None,
    "incomplete_details": None,
}
CITY = Shape(name="place", json_schema={"type": "object", "properties": {"city": {"type": "string"}}})


def body(http: Any, number: int = 0) -> Any:
    return json.loads(http.sent[number].body)


async def test_an_answer_has_its_text_and_the_form_that_was_asked_for() -> None:
    http = provider(openai, {"POST /responses": ANSWER}, CONFIG)
    told = await create_response(http, NewResponse(input="Where?", shape=CITY))
    assert (told.text, told.data, told.usage.total_tokens) == ('{"city": "Rome"}', {"city": "Rome"}, 8)
    assert body(http) == {
        "model": "gpt-5-mini",
        "input": "Where?",
        "text": {"format": {"type": "json_schema", "name": "place", "schema": CITY.json_schema, "strict": True}},
    }


async def test_tools_and_all_else_are_spelled_as_openai_reads_them() -> None:
    http = provider(openai, {"POST /responses": ANSWER | {"status": "queued", "output": []}}, CONFIG)
    asked = NewResponse(
        input=[{"role": "user", "content": "Hi"}],
        model="o3",
        instructions="Be brief.",
        max_output_tokens=100,
        reasoning_effort="low",
        previous_response_id="resp_0",
        web_search=True,
        vector_stores=["vs_1"],
        tools=[{"type": "code_interpreter"}],
        background=True,
        store=True,
        metadata={"order": "17"},
        safety_identifier="user-1",
    )
    assert (await create_response(http, asked)).status == "queued"
    assert body(http) == {
        "model": "o3",
        "input": [{"role": "user", "content": "Hi"}],
        "instructions": "Be brief.",
        "max_output_tokens": 100,
        "reasoning": {"effort": "low"},
        "previous_response_id": "resp_0",
        "tools": [
            {"type": "code_interpreter"},
            {"type": "web_search"},
            {"type": "file_search", "vector_store_ids": ["vs_1"]},
        ],
        "background": True,
        "store": True,
        "metadata": {"order": "17"},
        "safety_identifier": "user-1",
    }


@pytest.mark.parametrize(
    ("code", "kind"), [("rate_limit_exceeded", RateLimited), ("server_error", Unavailable), ("invalid_prompt", Rejected)]
)
async def test_a_failure_that_comes_with_a_200_is_one(code: str, kind: type[Exception]) -> None:
    failed = ANSWER | {"status": "failed", "error": {"code": code, "message": "The invented reason"}}
    http = provider(openai, {"POST /responses": failed, "GET /responses/resp_1": failed}, CONFIG)
    with pytest.raises(kind, match="The invented reason"):
        await create_response(http, NewResponse(input="Hi"))
    assert (await get_response(http, ResponseRef(response="resp_1"))).reason == "The invented reason"


async def test_an_answer_is_read_cancelled_and_deleted() -> None:
    cut = ANSWER | {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}
    http = provider(
        openai,
        {
            "GET /responses/resp_1": cut,
            "POST /responses/resp_1/cancel": ANSWER | {"status": "cancelled"},
            "DELETE /responses/resp_1": {"id": "resp_1", "object": "response", "deleted": True},
        },
    )
    which = ResponseRef(response="resp_1")
    assert ((await get_response(http, which)).status, (await get_response(http, which)).reason) == (
        "incomplete",
        "max_output_tokens",
    )
    assert (await cancel_response(http, which)).status == "cancelled"
    assert (await delete_response(http, which)).deleted


async def test_a_chat_goes_on() -> None:
    said = {
        "choices": [{"message": {"role": "assistant", "content": "Hello."}, "finish_reason": "stop"}],
        "id": "c1",
        "model": "m",
    }
    counted = {"usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}}
    http = provider(openai, {"POST /chat/completions": said | counted}, CONFIG)
    told = await complete(
        http, Chat(messages=[Message(role="system", content="Be brief.")], input="Hi", temperature=0.5, stop=["."])
    )
    assert (told.text, told.finish_reason, told.usage.output_tokens) == ("Hello.", "stop", 2)
    assert body(http) == {
        "model": "gpt-5-mini",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}],
        "temperature": 0.5,
        "stop": ["."],
    }


async def test_a_chat_in_a_form_and_functions_to_call() -> None:
    calls = [{"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]
    said = {"choices": [{"message": {"content": None, "tool_calls": calls}, "finish_reason": "tool_calls"}]}
    http = provider(openai, {"POST /chat/completions": said}, CONFIG)
    told = await complete(http, Chat(input="Hi", shape=CITY))
    assert (told.text, told.data, told.tool_calls) == ("", None, calls)
    assert body(http)["response_format"]["json_schema"]["name"] == "place"
    with pytest.raises(ValidationError):
        Chat()


async def test_without_any_model_nothing_is_asked() -> None:
    http = provider(openai, {})
    with pytest.raises(Rejected, match="default model"):
        await create_response(http, NewResponse(input="Hi"))
    with pytest.raises(Rejected, match="default model"):
        await complete(http, Chat(input="Hi"))
    assert http.sent == []


async def test_vectors_come_in_the_order_of_their_texts() -> None:
    rows = [{"index": 1, "embedding": [2.0]}, {"index": 0, "embedding": [1.0]}]
    http = provider(openai, {"POST /embeddings": {"data": rows, "model": "e", "usage": {"prompt_tokens": 4, "total_tokens": 4}}})
    told = await embed(http, Embed(input=["a", "b"], dimensions=256))
    assert (told.embeddings, told.usage.input_tokens) == ([[1.0], [2.0]], 4)
    assert body(http) == {"input": ["a", "b"], "model": "text-embedding-3-small", "dimensions": 256}


async def test_pictures_are_files() -> None:
    made = {
        "data": [{"b64_json": base64.b64encode(b"\x89PNG").decode()}, {"url": "https://img.example.com/1", "revised_prompt": "p"}]
    }
    http = provider(openai, {"POST /images/generations": made})
    told = await create_image(http, Drawing(prompt="A cat", count=2, output_format="webp"))
    first, second = told.images
    assert isinstance(first.content, Content)
    assert (first.content.read(), first.content.media_type) == (b"\x89PNG", "image/webp")
    assert (second.content, second.url, second.revised_prompt) == (None, "https://img.example.com/1", "p")
    assert body(http) == {"prompt": "A cat", "model": "gpt-image-1", "output_format": "webp", "n": 2}
    with pytest.raises(Unavailable, match="base64"):
        await create_image(provider(openai, {"POST /images/generations": {"data": [{"b64_json": "!"}]}}), Drawing(prompt="A cat"))


async def test_harm_is_found() -> None:
    rows = [{"flagged": False}, {"flagged": True, "categories": {"hate": True}, "category_scores": {"hate": 0.9}}]
    http = provider(openai, {"POST /moderations": {"results": rows, "model": "omni"}})
    told = await moderate(http, Check(input=["a", "b"]))
    assert (told.flagged, told.results[1].categories) == (True, {"hate": True})


async def test_lists_and_what_to_choose_from() -> None:
    rows = [{"id": "old", "created": 1, "owned_by": "openai"}, {"id": "new", "created": 2, "owned_by": "acme"}]
    stores = {"data": [{"id": "vs_1", "name": None, "status": "in_progress"}], "has_more": True}
    http = provider(openai, {"GET /models": {"data": rows}, "GET /vector_stores": stores})
    assert (await list_models(http, Listing(cursor="x"))).next is None
    assert ("after", "x") in http.sent[0].params
    assert [choice.value for choice in (await models(http, Query())).choices] == ["new", "old"]
    page = await vector_stores(http, Query(cursor="vs_0"))
    assert (page.choices[0].label, page.choices[0].detail, page.next) == ("vs_1", "in_progress", "vs_1")
    assert ("after", "vs_0") in http.sent[-1].params


async def test_who_is_charged_goes_along_and_is_the_account() -> None:
    heads = {"openai-organization": "org-1", "openai-project": "proj_1"}
    answer = Response(200, heads, b'{"data": [{"id": "m"}]}')
    http = provider(openai, {"GET /models": answer}, {"org": "org-1", "project": "proj_1"})
    whose = await account(http)
    assert (whose.id, whose.name) == ("proj_1", "org-1")
    assert http.sent[0].header("OpenAI-Organization") == "org-1"
    assert http.sent[0].header("OpenAI-Project") == "proj_1"
    bare = provider(openai, {"GET /models": {"data": []}}, {"base_url": "https://llm.example.com/v1"})
    assert (await account(bare)).id == "https://llm.example.com/v1"
    assert bare.sent[0].headers == ()


def said(status: int, code: str | None, **headers: str) -> Response:
    told = {"error": {"message": "Not so.", "type": "invalid_request_error", "param": None, "code": code}}
    return Response(status, headers, json.dumps(told).encode())


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (said(400, "context_length_exceeded"), Rejected),
        (said(401, "invalid_api_key"), AuthFailed),
        (said(403, "model_not_found"), Rejected),
        (said(429, "rate_limit_exceeded"), RateLimited),
        (said(429, "insufficient_quota"), Rejected),
        (said(500, None), Unavailable),
    ],
)
async def test_openais_no_in_its_own_words(answer: Response, kind: type[Exception]) -> None:
    http = provider(openai, {"POST /responses": answer}, CONFIG)
    with pytest.raises(kind, match=r"Not so\."):
        await create_response(http, NewResponse(input="Hi"))


@pytest.mark.parametrize(("wait", "seconds"), [({"retry-after-ms": "1500"}, 1.5), ({"retry-after": "3"}, 3), ({}, None)])
async def test_the_wait_that_openai_asks_for(wait: dict[str, str], seconds: float | None) -> None:
    answer = said(429, "rate_limit_exceeded")
    http = provider(openai, {"POST /responses": Response(429, wait, answer.body)}, CONFIG)
    with pytest.raises(RateLimited) as caught:
        await create_response(http, NewResponse(input="Hi"))
    assert caught.value.retry_after == seconds


def test_events_are_named() -> None:
    for kind in TYPES:
        event = {"object": "event", "id": "evt_1", "type": kind, "created_at": 1_790_000_000, "data": {"id": "x_1"}}
        read = receive(Delivery(json.dumps(event).encode()))
        assert (openai.name_event(read.data), read.key) == (kind, "evt_1")
    assert openai.name_event({"id": "evt_1", "type": "realtime.call.incoming", "created_at": 1, "data": {"id": "x"}}) is None


@pytest.mark.parametrize("bad", [b"{}", b"x", b'{"id": 1, "type": "batch.completed", "data": {}}'])
def test_what_is_no_event_is_refused(bad: bytes) -> None:
    with pytest.raises(Rejected):
        receive(Delivery(bad))
