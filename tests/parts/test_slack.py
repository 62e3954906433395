"""Slack's adapter against a Slack that remembers."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from parts.servers import SLACK_TOKEN
from parts.through_the_edge import Connected, connected

from powerstrip.adapter import Content, Rejected
from powerstrip_slack import slack

pytestmark = pytest.mark.part

TOKEN = {"bot_token": SLACK_TOKEN}


@pytest.fixture
async def team(slack_url: str, tmp_path: Path) -> AsyncIterator[Connected]:
    async with connected(slack, slack_url, tmp_path, TOKEN, default_channel="general") as connection:
        yield connection


async def channel_id(team: Connected, name: str) -> str:
    page = await team.pick("channel")
    return next(choice.value for choice in page.choices if choice.label == f"#{name}")


async def texts(team: Connected, channel: str) -> list[str]:
    return [message.text for message in (await team.call("conversation.history", channel=channel)).messages]


async def test_a_message_lives_from_post_to_delete(team: Connected) -> None:
    channel = await channel_id(team, "random")
    posted = await team.call("message.post", channel=channel, text="The deploy starts.")
    assert posted.channel == channel
    assert "The deploy starts." in await texts(team, channel)

    updated = await team.call("message.update", channel=channel, ts=posted.ts, text="The deploy is done.")
    assert updated.ts == posted.ts
    assert "The deploy is done." in await texts(team, channel)
    assert "The deploy starts." not in await texts(team, channel)

    reply = await team.call("message.post", channel=channel, text="Well done.", thread_ts=posted.ts)
    assert reply.ts != posted.ts

    await team.call("message.delete", channel=channel, ts=posted.ts)
    assert "The deploy is done." not in await texts(team, channel)


async def test_the_default_channel_gets_what_names_none(team: Connected) -> None:
    posted = await team.call("message.post", text="For everybody")
    assert posted.channel == await channel_id(team, "general")


async def test_a_message_waits_until_its_time(team: Connected) -> None:
    at = (datetime.now(UTC) + timedelta(days=2)).replace(microsecond=0)
    queued = await team.call("message.schedule", text="Standup in five", post_at=at.isoformat())
    assert queued.post_at == at
    assert queued.scheduled_message_id
    assert "Standup in five" not in await texts(team, queued.channel)


async def test_a_time_in_the_past_is_refused_in_slacks_words(team: Connected) -> None:
    with pytest.raises(Rejected, match="time_in_past"):
        await team.call("message.schedule", text="Too late", post_at="2020-01-01T00:00:00Z")


async def test_a_reaction_can_be_added_again(team: Connected) -> None:
    posted = await team.call("message.post", text="Look at this")
    for emoji in ("tada", ":tada:"):
        assert (await team.call("reaction.add", channel=posted.channel, ts=posted.ts, emoji=emoji)).ok


async def test_a_reaction_to_nothing_is_refused(team: Connected) -> None:
    channel = await channel_id(team, "general")
    with pytest.raises(Rejected, match="message_not_found"):
        await team.call("reaction.add", channel=channel, ts="1718031200.004100", emoji="tada")


async def test_a_file_is_uploaded_and_shared(team: Connected) -> None:
    channel = await channel_id(team, "general")
    file = await team.call(
        "file.upload", channel=channel, filename="notes.txt", content=Content(b"Hello"), title="Notes", text="For later"
    )
    assert file.title == "Notes"
    assert file.permalink
    assert "For later" in await texts(team, channel)
    http = team.http("raw")
    kept = await http.post("/files.info", form={"file": file.file_id})
    assert kept["file"]["size"] == 5, "the bytes arrived"


async def test_people_are_found_and_listed(team: Connected) -> None:
    people = (await team.call("user.list")).users
    known = next(person for person in people if person.profile.email)
    found = await team.call("user.lookup_by_email", email=known.profile.email)
    assert found.id == known.id
    assert known.id in [choice.value for choice in (await team.pick("user")).choices]
    with pytest.raises(Rejected, match="users_not_found"):
        await team.call("user.lookup_by_email", email="nobody@example.com")


async def test_channels_are_made_and_listed_in_pages(team: Connected) -> None:
    made = (await team.call("channel.create", name="release-42")).channel
    seen: list[str] = []
    cursor = None
    for _ in range(10):
        page = await team.call("channel.list", limit=1, cursor=cursor)
        seen += [channel.name for channel in page.channels]
        if not (cursor := page.next):
            break
    assert {"general", "random", made.name} <= set(seen)
    assert len(seen) == len(set(seen))
    with pytest.raises(Rejected, match="name_taken"):
        await team.call("channel.create", name="release-42")


async def test_the_workspace_is_the_account(team: Connected) -> None:
    account = await team.account()
    assert account.id.startswith("T")
    assert account.name


async def test_an_unknown_channel_is_refused(team: Connected) -> None:
    with pytest.raises(Rejected, match="channel_not_found"):
        await team.call("message.post", channel="C0NOWHERE", text="Is anybody there?")
