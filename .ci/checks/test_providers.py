"""Adapters against fuller descriptions of their providers, and against recorded deliveries.

Where adapter and description differ on purpose, the difference is listed here with its reason.
"""

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from parts.node_parts import NotHere
from parts.servers import prism
from parts.through_the_edge import Connected, connected

from powerstrip.adapter import Adapter, Delivery, Incoming, Rejected, Reply, Request
from powerstrip.adapter.testing.capture import run
from powerstrip_postmark import postmark
from powerstrip_slack import slack

POSTMARK_DIFFERS = {
    "email.send_with_template": "the description asks for a template's id and alias at once; Postmark for one of them",
    "template.list": "the description lost the name of the answer's list; Postmark calls it Templates",
}
SLACK_DIFFERS = {"/files.getUploadURLExternal", "/files.completeUploadExternal"}
"""Newer than the description."""


def example(adapter: Adapter, action: str) -> dict[str, Any]:
    extra: Any = adapter.actions[action].input.model_config["json_schema_extra"]
    return extra["examples"][0]


def sent_by(adapter: Adapter, action: str) -> list[Request]:
    declared = adapter.actions[action]
    return run(adapter, declared.run, declared.input.model_validate(example(adapter, action))).sent


@pytest.fixture(scope="module")
def described_postmark(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    try:
        with prism(shared / "providers/postmark/openapi.json", tmp_path_factory.mktemp("prism")) as url:
            yield url
    except NotHere as reason:
        pytest.skip(str(reason))


@pytest.fixture
async def mail(described_postmark: str, tmp_path: Path) -> AsyncIterator[Connected]:
    async with connected(postmark, described_postmark, tmp_path, {"server_token": "pm-invented-token"}) as connection:
        yield connection


@pytest.mark.parametrize("action", sorted(set(postmark.actions) - set(POSTMARK_DIFFERS)))
async def test_postmark_takes_every_example(mail: Connected, action: str) -> None:
    assert await mail.call(action, **example(postmark, action))


async def test_postmark_differs_only_as_listed(mail: Connected) -> None:
    """A difference that has gone must leave the list."""
    with pytest.raises(Rejected):
        await mail.call("email.send_with_template", **example(postmark, "email.send_with_template"))
    assert (await mail.call("template.list", limit=1)).templates == []


async def test_postmarks_server_is_the_account(mail: Connected) -> None:
    assert (await mail.account()).id


@pytest.mark.parametrize("action", sorted(slack.actions))
def test_slack_knows_every_method_and_field(shared: Path, action: str) -> None:
    paths = json.loads((shared / "providers/slack/openapi.json").read_text())["paths"]
    for request in sent_by(slack, action):
        if not request.signed or request.target in SLACK_DIFFERS:
            continue
        (operation,) = paths[request.target].values()  # Slack takes GET and POST alike where it reads
        known = {parameter["name"] for parameter in operation["parameters"]}
        needed = {parameter["name"] for parameter in operation["parameters"] if parameter.get("required")} - {"token"}
        given = fields_of(request)
        assert given <= known, f"{request.target} knows no {given - known}"
        assert needed <= given, f"{request.target} lacks {needed - given}"


def fields_of(request: Request) -> set[str]:
    assert isinstance(request.body, bytes)
    if (request.header("content-type") or "").startswith("application/json"):
        return set(json.loads(request.body))
    return {name for name, _ in parse_qsl(request.body.decode(), keep_blank_values=True)}


@pytest.mark.parametrize("adapter", [postmark, slack], ids=lambda adapter: adapter.id)
def test_recorded_deliveries_are_read_and_named(shared: Path, adapter: Adapter) -> None:
    assert adapter.receive is not None
    vectors = json.loads((shared / f"providers/{adapter.id}/webhooks.json").read_text())["vectors"]
    valid = [vector for vector in vectors if vector["valid"]]
    assert valid
    for vector in valid:
        headers = {name.lower(): value for name, value in vector["headers"].items()}
        read = adapter.receive(Delivery(vector["body"].encode(), headers, vector["method"], vector["url"]))
        for each in read if isinstance(read, list) else [read]:
            named = each.text if isinstance(each, Reply) else adapter.name_event(each.data)
            assert named, vector["id"]
            assert isinstance(each, Reply | Incoming)
