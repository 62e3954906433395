"""Slack's adapter against Prism, which refuses what Slack's documentation does not allow."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from parts.servers import SLACK_TOKEN
from parts.through_the_edge import Connected, connected

from powerstrip.adapter import Rejected
from powerstrip_slack import slack

pytestmark = [pytest.mark.part, pytest.mark.shows("description")]

TOKEN = {"bot_token": SLACK_TOKEN}

CHANNEL, TS = "C024BE91L", "1503435956.000247"
DOCUMENTED = {
    "message.post": {
        "text": "Hi",
        "blocks": [{"type": "divider"}],
        "thread_ts": TS,
        "reply_broadcast": True,
        "unfurl_links": False,
        "mrkdwn": True,
    },
    "message.schedule": {"channel": CHANNEL, "text": "Hi", "post_at": "2026-12-01T09:00:00Z"},
    "message.update": {"channel": CHANNEL, "ts": TS, "text": "Hi", "blocks": [{"type": "divider"}]},
    "message.delete": {"channel": CHANNEL, "ts": TS},
    "reaction.add": {"channel": CHANNEL, "ts": TS, "emoji": ":tada:"},
    "user.lookup_by_email": {"email": "ada@example.com"},
    "user.list": {"limit": 50, "cursor": "abc"},
    "channel.list": {"private": False, "archived": True, "cursor": "abc"},
    "channel.create": {"name": "release-42", "is_private": True},
    "conversation.history": {"channel": CHANNEL, "oldest": "2026-01-01T00:00:00Z", "latest": "2026-01-02T00:00:00Z"},
}


@pytest.fixture
async def described(slack_description_url: str, tmp_path: Path) -> AsyncIterator[Connected]:
    async with connected(slack, slack_description_url, tmp_path, TOKEN, default_channel="#ops") as connection:
        yield connection


@pytest.mark.parametrize("action", sorted(DOCUMENTED))
async def test_every_request_is_as_documented(described: Connected, action: str) -> None:
    assert await described.call(action, **DOCUMENTED[action])


async def test_no_action_is_left_out() -> None:
    assert set(DOCUMENTED) | {"file.upload"} == set(slack.actions), "file.upload needs an address that can be sent to"


async def test_pickers_read_the_documented_answers(described: Connected) -> None:
    people = await described.pick("user")
    assert [(choice.value, choice.label) for choice in people.choices] == [("U0002", "Ada Invented")]
    assert people.next == "dXNlcjpVMEc5V0ZYTlo="
    assert [choice.label for choice in (await described.pick("user_group")).choices] == ["@oncall"]
    channels = await described.pick("channel")
    assert [(choice.label, choice.detail) for choice in channels.choices] == [("#general", "Company news")]
    assert channels.next is None


async def test_prism_really_looks_at_requests(described: Connected) -> None:
    """A check of the checker: a request under another name is refused."""
    http = described.http("raw")
    with pytest.raises(Rejected):
        await http.post("/chat.postMessage", json={"channel": "#ops", "message": "misspelt"})
    with pytest.raises(Rejected):
        await http.post("/users.lookupByEmail", json={"email": "ada@example.com"})
