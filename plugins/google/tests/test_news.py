"""What Google tells, and how it is found."""

import json
from typing import Any

import pytest

from powerstrip.adapter import Delivery, Incoming, Polled, Registration, Rejected, Request, Response, Since, Wish
from powerstrip.adapter.testing import provider
from powerstrip_google import events, google, mailwatch, rows

SHEET = "sheets:/spreadsheets/1AbC"
EVENTS = "calendar:/calendars/primary/events"


class Sheet:
    """A tab that answers as Google does: values end at the last filled row."""

    def __init__(self, *values: list[Any], count: int = 1000) -> None:
        self.values, self.count = [*values], count
        self.http = provider(google, _Any(self))

    def answer(self, request: Request) -> Any:
        if request.target == SHEET:
            grid = {"rowCount": self.count}
            return {"sheets": [{"properties": {"sheetId": 7, "title": "Leads", "gridProperties": grid}}]}
        first, _, last = request.target.rpartition("%21")[2].partition("%3A")
        assert int(last) <= self.count, "Google refuses a range below the grid"
        found = self.values[int(first) - 1 : int(last)]
        while found and not any(found[-1]):
            found.pop()
        return {"values": found} if found else {"range": "x"}

    async def look(self, cursor: str | None) -> Polled:
        """A look and all its pages."""
        since, told = Since(rows.Watched(spreadsheet="1AbC"), cursor), list[Incoming]()
        while True:
            page = await rows.added(self.http, since)
            told += page.events
            if not page.more:
                return Polled(page.cursor, [] if cursor is None else told)
            assert page.cursor != since.cursor
            since = Since(since.watch, page.cursor)


class _Any(dict[str, Any]):
    """Every request is answered by the sheet."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet

    def __contains__(self, name: object) -> bool:
        return True

    def __getitem__(self, name: str) -> Any:
        return self.sheet.answer


def numbers(found: Polled) -> list[int]:
    return [each.data["row"] for each in found.events]


async def test_rows_below_the_last_are_told_once_by_their_names() -> None:
    sheet = Sheet(["Name", "City"], ["Ana", "Lisbon"])
    start = await sheet.look(None)
    sheet.values += [["Bo", "Oslo"], [], ["Cy"]]
    found = await sheet.look(start.cursor)
    assert numbers(found) == [3, 5], "an empty row is none"
    assert found.events[0].data["record"] == {"Name": "Bo", "City": "Oslo"}
    assert google.name_event(found.events[0].data) == "sheet.row.added"
    assert [each.key for each in (await sheet.look(start.cursor)).events] == [each.key for each in found.events]
    assert numbers(await sheet.look(found.cursor)) == []


async def test_a_row_where_one_was_removed_is_another() -> None:
    sheet = Sheet(["Name"], ["Ana"], ["Bo"])
    start = await sheet.look(None)
    del sheet.values[1:]
    gone = await sheet.look(start.cursor)
    assert numbers(gone) == []
    sheet.values += [["Cy"], ["Di"]]
    found = await sheet.look(gone.cursor)
    assert numbers(found) == [2, 3]
    again = await sheet.look(None)
    sheet.values += [["Ed"]]
    assert not {each.key for each in found.events} & {each.key for each in (await sheet.look(again.cursor)).events}


async def test_a_sheet_that_is_emptied_begins_anew() -> None:
    sheet = Sheet(["Name"], ["Ana"])
    start = await sheet.look(None)
    sheet.values.clear()
    empty = await sheet.look(start.cursor)
    assert numbers(empty) == []
    sheet.values += [["Name"]]
    assert numbers(await sheet.look(empty.cursor)) == [1]


@pytest.mark.parametrize("count", [2500, 2501, 5000])
async def test_thousands_of_rows_take_several_pages(count: int) -> None:
    sheet = Sheet(*([str(number)] for number in range(2500)), count=count)
    start = await sheet.look(None)
    assert json.loads(start.cursor)["last"] == 2500
    sheet.count = 6000
    sheet.values += [["new"]] * 2200
    assert numbers(await sheet.look(start.cursor)) == [*range(2501, 4701)]
    del sheet.values[10:]
    shrunk = await sheet.look(json.dumps({"last": 4700, "round": 0, "counting": False}))
    assert (json.loads(shrunk.cursor)["last"], numbers(shrunk)) == (10, [])


async def test_a_tab_that_is_gone_is_told() -> None:
    with pytest.raises(Rejected, match="no such tab"):
        await rows.added(Sheet([]).http, Since(rows.Watched(spreadsheet="1AbC", sheet_tab="Old")))


# Mail

GMAIL = "gmail:/users/me"


def message(id: str, *labels: str) -> Any:
    heads = [{"name": "From", "value": "grace@example.com"}, {"name": "Subject", "value": f"About {id}"}]
    return {"id": id, "threadId": "t", "labelIds": list(labels), "internalDate": "1764500000000", "payload": {"headers": heads}}


def added(*ids: str) -> Any:
    return [{"id": "1", "messagesAdded": [{"message": {"id": each, "threadId": "t"}}]} for each in ids]


async def test_new_mail_is_told_and_what_moved_on_is_not() -> None:
    pages = [{"history": added("m1", "m1", "m2"), "nextPageToken": "p2"}, {"history": added("m3"), "historyId": "1300"}]
    answers = {
        f"GET {GMAIL}/profile": {"historyId": "1200"},
        f"GET {GMAIL}/history": lambda request: pages.pop(0),
        f"GET {GMAIL}/messages/m1": message("m1", "INBOX"),
        f"GET {GMAIL}/messages/m2": (404, {"error": {"message": "Requested entity was not found."}}),
        f"GET {GMAIL}/messages/m3": message("m3", "TRASH"),
    }
    http = provider(google, answers)
    start = await mailwatch.received(http, Since(mailwatch.Watched()))
    assert start.events == ()
    first = await mailwatch.received(http, Since(mailwatch.Watched(), start.cursor))
    assert (first.more, [each.key for each in first.events]) == (True, ["m1"])
    assert google.name_event(first.events[0].data) == "mail.received"
    assert ("startHistoryId", "1200") in http.sent[1].params
    last = await mailwatch.received(http, Since(mailwatch.Watched(), first.cursor))
    assert (last.more, list(last.events)) == (False, [])
    assert ("pageToken", "p2") in http.sent[-2].params
    assert json.loads(last.cursor)["history"] == "1300"


async def test_a_history_that_gmail_forgot_is_made_up_for_by_a_search() -> None:
    found = [{"messages": [{"id": "m1"}], "nextPageToken": "p2"}, {"messages": [{"id": "m2"}]}]
    answers = {
        f"GET {GMAIL}/profile": {"historyId": "9000"},
        f"GET {GMAIL}/history": (404, {"error": {"message": "Requested entity was not found."}}),
        f"GET {GMAIL}/messages": lambda request: found.pop(0),
        f"GET {GMAIL}/messages/m1": message("m1", "INBOX"),
        f"GET {GMAIL}/messages/m2": message("m2", "INBOX"),
    }
    http = provider(google, answers)
    cursor: str = json.dumps({"history": "1", "looked": "2026-11-30T10:00:00Z"})
    told: list[Incoming] = []
    while True:
        page = await mailwatch.received(http, Since(mailwatch.Watched(), cursor))
        told += page.events
        cursor = page.cursor
        if not page.more:
            break
    assert [each.key for each in told] == ["m1", "m2"]
    searched = next(each for each in http.sent if each.target == f"{GMAIL}/messages")
    assert ("q", "after:1796029200") in searched.params, "an hour before the last look"
    assert json.loads(cursor)["history"] == "9000"


# Events


def raw(id: str, status: str = "confirmed", **more: Any) -> Any:
    return {"id": id, "etag": f'"{id}-{status}"', "status": status, **more}


async def poll(http: Any, cursor: str | None = None) -> Polled:
    return await events.changed(http, Since(events.Watched(), cursor))


async def test_changes_are_told_since_the_sync_token() -> None:
    pages = [
        {"items": [raw("ev1", updated="2026-11-01T00:00:00Z")], "nextPageToken": "p2"},
        {"items": [], "nextSyncToken": "s1"},
        {"items": [raw("ev1", summary="Moved", updated="2026-11-30T00:00:00Z"), raw("ev2", "cancelled")], "nextSyncToken": "s2"},
    ]
    http = provider(google, {f"GET {EVENTS}": lambda request: pages.pop(0)})
    first = await poll(http)
    assert first.more
    start = await poll(http, first.cursor)
    assert not start.more
    found = await poll(http, start.cursor)
    asked = [dict(each.params) for each in http.sent]
    assert (asked[1]["pageToken"], asked[2]["syncToken"]) == ("p2", "s1")
    assert "syncToken" not in asked[1]
    assert [google.name_event(each.data) for each in found.events] == ["event.changed", "event.deleted"]
    assert json.loads(found.cursor)["sync"] == "s2"


async def test_a_forgotten_token_loses_no_change() -> None:
    gone = (410, {"error": {"code": 410, "message": "Sync token is no longer valid, a full sync is required."}})
    old, new = raw("ev1", updated="2026-11-01T00:00:00Z"), raw("ev2", updated="2026-11-30T00:00:00Z")
    pages: list[Any] = [gone, {"items": [old, new], "nextSyncToken": "s9"}]
    http = provider(google, {f"GET {EVENTS}": lambda request: pages.pop(0)})
    cursor = json.dumps({"sync": "s1", "seen": "2026-11-20T00:00:00Z", "high": "2026-11-20T00:00:00Z"})
    begun = await poll(http, cursor)
    assert (begun.more, list(begun.events)) == (True, [])
    found = await poll(http, begun.cursor)
    assert [each.data["id"] for each in found.events] == ["ev2"]
    assert json.loads(found.cursor) == {
        "sync": "s9",
        "seen": "2026-11-30T00:00:00Z",
        "high": "2026-11-30T00:00:00Z",
        "full": False,
    }


async def test_a_calendar_that_is_not_there_is_told_each_time() -> None:
    http = provider(google, {f"GET {EVENTS}": (404, {"error": {"message": "Not Found"}})})
    with pytest.raises(Rejected, match="Not Found"):
        await poll(http)


# Channels

URI = "https://www.googleapis.com/calendar/v3/calendars/ada%40example.com/events?alt=json"


def heads(**more: str) -> dict[str, str]:
    known = {
        "x-goog-channel-id": "ch-1",
        "x-goog-resource-state": "exists",
        "x-goog-message-number": "10",
        "x-goog-resource-uri": URI,
    }
    return {name: text for name, text in (known | {key.replace("_", "-"): value for key, value in more.items()}).items() if text}


def test_a_channel_says_which_calendar_changed() -> None:
    (told,) = events.receive(Delivery(b"", heads()))
    assert (told.data["calendar"], told.key) == ("ada@example.com", "ch-1/10")
    assert google.name_event(told.data) == "calendar.changed"
    assert events.receive(Delivery(b"", heads(x_goog_resource_state="sync"))) == [], "a greeting is no event"


@pytest.mark.parametrize(
    "wrong",
    [
        {"x_goog_channel_id": ""},
        {"x_goog_resource_state": ""},
        {"x_goog_message_number": "ten"},
        {"x_goog_resource_uri": "https://www.googleapis.com/drive/v3/files/1"},
    ],
)
def test_another_message_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(Rejected):
        events.receive(Delivery(b"{}", heads(**wrong)))


async def test_a_channel_is_made_and_stopped() -> None:
    made = {"id": "ch-1", "resourceId": "ret08", "expiration": "1900000000000"}
    http = provider(google, {f"POST {EVENTS}/watch": made, "POST calendar:/channels/stop": Response(204)})
    assert google.subscribes is not None
    wish = Wish("https://hub.example.com/v1/hooks/ep_1", ("calendar.changed",), events.Watched(), "placeholder")
    kept = await google.subscribes.create(http, wish)
    asked = json.loads(http.sent[0].body)  # type: ignore[arg-type]
    assert (asked["address"], asked["token"], asked["type"]) == (wish.url, "placeholder", "web_hook")
    assert kept.expires_at is not None
    assert (kept.id, kept.expires_at.year) == ("ch-1 ret08", 2030)
    await google.subscribes.delete(http, kept, events.Watched())
    assert json.loads(http.sent[1].body) == {"id": "ch-1", "resourceId": "ret08"}  # type: ignore[arg-type]
    for status, wrong in ((404, False), (400, True)):
        http = provider(google, {"POST calendar:/channels/stop": (status, {"error": {"message": "Channel not found"}})})
        gone = Registration("ch-1 ret08", wish.url, wish.events)
        if wrong:
            with pytest.raises(Rejected):
                await google.subscribes.delete(http, gone, events.Watched())
        else:
            await google.subscribes.delete(http, gone, events.Watched())
