"""Google's adapter against Prism, which refuses what Google's references do not allow."""

import json
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from parts.through_the_edge import Connected, connected, replayed

from powerstrip.adapter import Content, Rejected, Since, Wish
from powerstrip.adapter.testing.samples import sample
from powerstrip_google import events, google, mailwatch, rows

pytestmark = [pytest.mark.part, pytest.mark.shows("description")]

TOKEN = {"access_token": "ya29.invented-access-token"}
PATHS = {
    "sheets": "/sheets/v4",
    "docs": "/docs/v1",
    "calendar": "/calendar/v3",
    "drive": "/drive/v3",
    "gmail": "/gmail/v1",
    "gmail_upload": "/upload/gmail/v1",
}


@pytest.fixture
async def work(google_description_url: str, tmp_path: Path) -> AsyncIterator[Connected]:
    apis = {name: google_description_url + path for name, path in PATHS.items()}
    async with connected(google, google_description_url, tmp_path, TOKEN, apis=apis) as connection:
        yield connection


@pytest.mark.parametrize("action", sorted(google.actions))
async def test_the_example_of_every_action_is_taken(work: Connected, action: str) -> None:
    example = sample(google.actions[action].input)
    assert example is not None
    assert await work.call(action, **example.model_dump(exclude_defaults=True))


@pytest.mark.parametrize("picker", sorted(google.pickers))
async def test_every_picker_offers_something(work: Connected, picker: str) -> None:
    page = await work.pick(picker, "in", spreadsheet="1AbC_invented", calendar="ada@example.com")
    assert page.choices
    assert all(each.label for each in page.choices)


async def test_the_account_is_known(work: Connected) -> None:
    account = await work.account()
    assert (account.id, account.name) == ("100200300400500600700", "ada@example.com")


async def test_an_event_with_everything_is_taken(work: Connected) -> None:
    more: dict[str, Any] = {
        "calendar": "team@group.calendar.example",
        "description": "See <b>sheet</b>",
        "location": "Room 7",
        "guests": ["grace@example.com"],
        "recurrence": ["RRULE:FREQ=WEEKLY;COUNT=3"],
        "meeting": True,
        "id": "order1042",
        "notify": "none",
    }
    made = await work.call("event.create", title="Review", start="2026-12-03 14:00", end="2026-12-03 15:00", **more)
    assert made.meeting_url == "https://meet.google.com/abc-defg-hij"
    changed = await work.call("event.update", event="ev1invented", start="2026-12-04", guests=[])
    assert changed.guests[0].response == "needsAction"


async def test_events_between_days_are_asked_for_with_their_offset(work: Connected) -> None:
    page = await work.call("event.list", start="2026-12-01", end="2026-12-31", query="review", limit=10)
    assert [each.status for each in page.events] == ["confirmed", "cancelled"]


async def test_a_mail_with_a_large_file_is_uploaded(work: Connected) -> None:
    file = {"name": "a.bin", "content": Content(b"x" * 5_000_000)}
    sent = await work.call(
        "mail.send", to="ada@example.com", subject="Big", text="See", attachments=[file], in_reply_to="m1invented"
    )
    assert sent.id == "m9invented"


async def test_a_mail_and_its_attachment_are_read(work: Connected) -> None:
    mail = await work.call("mail.get", message="m1invented")
    assert (mail.sender, mail.text) == ("Grace <grace@example.com>", "Hi Ada")
    content = await work.call("mail.get_attachment", message=mail.id, attachment=mail.attachments[0].attachment)
    assert content.content.read() == b"hello"


async def test_every_poll_looks_and_tells(work: Connected) -> None:
    http = work.http("poll")
    mark = json.dumps({"sync": "CPinvented", "seen": "2026-11-01T00:00:00Z"})
    changes = await events.changed(http, Since(events.Watched(), mark))
    assert [google.name_event(each.data) for each in changes.events] == ["event.changed", "event.deleted"]
    begun = await mailwatch.received(http, Since(mailwatch.Watched()))
    mails = await mailwatch.received(http, Since(mailwatch.Watched(), begun.cursor))
    assert [google.name_event(each.data) for each in mails.events] == ["mail.received"]
    below = json.dumps({"last": 1, "counting": False})
    added = await rows.added(http, Since(rows.Watched(spreadsheet="1AbC_invented"), below))
    assert [google.name_event(each.data) for each in added.events] == ["sheet.row.added"]


async def test_a_channel_is_made_and_stopped(work: Connected) -> None:
    assert google.subscribes is not None
    http = work.http("subscription", read_only=False)
    wish = Wish("https://hub.example.com/v1/hooks/ep_1", ("calendar.changed",), events.Watched(), "invented-token")
    made = await google.subscribes.create(http, wish)
    assert made.id == "01234567-89ab-cdef-0123456789ab ret08invented"
    await google.subscribes.delete(http, made, events.Watched())


async def test_what_a_sandbox_writes_down_is_what_google_takes(work: Connected, google_description_url: str) -> None:
    """The recorded request, with a token in place of its placeholder, passes the same check as a real one."""
    (row,) = await work.sandboxed("sheet.append_rows", spreadsheet="1AbC", sheet_tab="Leads", values=[["Ana", 42]])
    assert row["url"].startswith(f"{google_description_url}/sheets/v4/spreadsheets/1AbC/values/%27Leads%27:append?")
    assert TOKEN["access_token"] not in json.dumps(row)
    assert replayed(row, row["body"], "Bearer another-invented") == 200
    assert replayed(row, row["body"].replace('"values"', '"value"'), "Bearer another-invented") == 422


async def test_prism_really_looks_at_requests(work: Connected) -> None:
    """A check of the checker: a misspelt name, a missing choice and a time without offset are refused."""
    http = work.http("raw", read_only=False)
    path = "sheets:/spreadsheets/1AbC/values/A1:append"
    with pytest.raises(Rejected):
        await http.post(path, params={"valueInputOption": "RAW"}, json={"value": [["a"]]})
    with pytest.raises(Rejected):
        await http.post(path, json={"values": [["a"]]})
    with pytest.raises(Rejected):
        await http.get("calendar:/calendars/primary/events", params={"timeMin": "2026-12-01 00:00"})
    with pytest.raises(Rejected):
        await http.post("docs:/documents/1XyZ:batchUpdate", json={"requests": [{"insertTxt": {"text": "x"}}]})


async def test_no_token_is_refused(google_description_url: str) -> None:
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(f"{google_description_url}/oauth2/v2/userinfo")
