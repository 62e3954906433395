"""Intercom's adapter against Prism, which refuses what Intercom's documentation does not allow."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from parts.through_the_edge import Connected, connected, replayed

from powerstrip.adapter import AuthFailed, Rejected
from powerstrip.adapter.model import by_name
from powerstrip.adapter.testing.samples import sample
from powerstrip_intercom import intercom

pytestmark = [pytest.mark.part, pytest.mark.shows("description")]


@pytest.fixture
async def desk(intercom_url: str, tmp_path: Path) -> AsyncIterator[Connected]:
    async with connected(intercom, intercom_url, tmp_path, {"token": "invented-token"}, region="au") as connection:
        yield connection


@pytest.mark.parametrize("action", sorted(intercom.actions))
async def test_every_actions_example_is_taken(desk: Connected, action: str) -> None:
    example = sample(intercom.actions[action].input)
    assert example is not None
    assert await desk.call(action, **by_name(example))


async def test_the_other_ways_are_taken_too(desk: Connected) -> None:
    whom: dict[str, Any] = {"contact": "63a0", "subject": "Hello", "channel": "email", "template": "personal"}
    assert (await desk.call("message.send", text="Hi", **whom)).id
    assert (await desk.call("conversation.assign", conversation_id="215", team="5017690", text="Yours")).id
    assert (await desk.call("conversation.assign", conversation_id="215")).id
    assert (await desk.call("conversation.close", conversation_id="215", text="Bye", admin="814860")).id
    assert (await desk.call("conversation.reply", conversation_id="215", text="Hm", note=True)).id
    assert (await desk.call("tag.add", tag="VIP", conversation_id="215")).name == "VIP"
    assert (await desk.call("ticket.create", ticket_type="12", title="Broken", contact="63a0", body="All")).ticket_id == "53"
    first = await desk.call("contact.search", email="ada@example.com", limit=1)
    assert (await desk.call("contact.search", email="ada@example.com", limit=1, cursor=first.next)).contacts


@pytest.mark.parametrize("action", ["contact.create", "conversation.reply", "ticket.create", "tag.add"])
async def test_what_a_sandbox_writes_down_would_be_taken(desk: Connected, action: str) -> None:
    example = sample(intercom.actions[action].input)
    assert example is not None
    rows = await desk.sandboxed(action, **by_name(example))
    assert rows
    assert "invented-token" not in str(rows)
    assert {replayed(row, row["body"], "Bearer another") for row in rows} == {200}
    assert replayed(rows[-1], '{"misspelt": 1}', "Bearer another") in (400, 422)


@pytest.mark.parametrize("picker", sorted(intercom.pickers))
async def test_every_picker_offers_something(desk: Connected, picker: str) -> None:
    assert all(each.label for each in (await desk.pick(picker, "a")).choices)


async def test_the_workspace_is_the_account_and_no_token_is_refused(desk: Connected) -> None:
    assert (await desk.account()).id == "abcd1234"
    with pytest.raises(AuthFailed):
        await Connected(desk.edge, intercom, {"region": "au"}, {}).account()


async def test_what_intercom_does_not_allow_is_refused(desk: Connected) -> None:
    http = desk.http("raw", read_only=False)
    bad: list[tuple[str, dict[str, Any], dict[str, str]]] = [
        ("/contacts", {"mail": "ada@example.com"}, {"Intercom-Version": "2.14"}),
        ("/contacts", {"email": "ada@example.com"}, {"Intercom-Version": "1.0"}),
        ("/conversations/215/parts", {"message_type": "close"}, {"Intercom-Version": "2.14"}),
    ]
    for path, body, headers in bad:
        with pytest.raises(Rejected):
            await http.post(path, json=body, headers=headers)
