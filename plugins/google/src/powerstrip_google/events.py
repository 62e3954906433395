"""What Google tells: new rows, mails and changed events are found by looking; a channel only says that there is something.

Sources: developers.google.com/workspace/calendar/api/guides/push and .../guides/sync.
"""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal
from urllib.parse import unquote, urlsplit

from pydantic import Field

from powerstrip.adapter import (
    Delivery,
    Http,
    Incoming,
    Model,
    Polled,
    Registration,
    Rejected,
    Since,
    Subscription,
    Wish,
    already_gone,
)
from powerstrip.adapter.signatures import google_channel_token
from powerstrip_google.calendars import Calendar, CalendarEvent, CalendarWire, EventsWire, events_path, public
from powerstrip_google.mails import FullMail
from powerstrip_google.provider import Wire, google
from powerstrip_google.sheets import Cell, Row

DAYS = 7
"""How long a channel is asked for; Google lets one live no longer than it says itself."""


@google.event("sheet.row.added", entity="sheet_row", key="key")
class RowAdded(Model):
    """A row was added below the last one of a tab."""

    kind: Literal["row"]
    key: str = Field(examples=["1AbC_invented-sheet/0/7"])
    """Spreadsheet, tab and row."""
    spreadsheet: str = Field(examples=["1AbC_invented-sheet"])
    sheet_tab: str = Field(examples=["Leads"])
    row: int = Field(examples=[7])
    """Its number, the first being 1."""
    values: Row = Field(examples=[["Ana", "42", "Lisbon"]])
    record: dict[str, Cell] = Field(examples=[{"Name": "Ana"}])
    """The same by the names in the first row; empty where that names nothing."""


@google.event("mail.received", entity="mail", key="id")
class MailReceived(FullMail):
    """A mail came in."""

    kind: Literal["mail"]


@google.event("event.deleted", entity="event", key="id")
class EventDeleted(CalendarEvent):
    """An event was deleted from a calendar, or called off."""

    kind: Literal["event"]
    status: Literal["cancelled"]  # pyright: ignore[reportIncompatibleVariableOverride, reportGeneralTypeIssues]


@google.event("event.changed", entity="event", key="id")
class EventChanged(CalendarEvent):
    """An event was put into a calendar, or changed."""

    kind: Literal["event"]
    status: Literal["confirmed", "tentative"] = "confirmed"  # pyright: ignore[reportIncompatibleVariableOverride]


@google.event("calendar.changed")
class CalendarChanged(Model):
    """A channel says that something changed in a calendar, and not what: list its events, or poll for `event.changed`."""

    kind: Literal["channel"]
    calendar: str = Field(examples=["primary"])
    channel: str = Field(examples=["01234567-89ab-cdef-0123456789ab"])
    number: int = Field(description="Of the message, counted up in its channel.", examples=[10])


class Watched(Model):
    """What to look at."""

    calendar: Calendar = Field("primary", examples=["primary"])


class _Mark(Model):
    """Where to go on: with the token of the last round, or of a page within one. `seen` is the latest change that was told."""

    sync: str | None = None
    page: str | None = None
    seen: datetime | None = None
    high: datetime | None = None
    full: bool = False
    """Whether this round goes through everything, as after a token that Google forgot: what was told before is left out."""


@google.poll("event.changed", seconds=60)
async def changed(http: Http, since: Since[Watched]) -> Polled:
    """Events that were made, changed or deleted in a calendar."""
    mark = _Mark.model_validate_json(since.cursor) if since.cursor else _Mark(full=True)
    params = {"maxResults": 250, "pageToken": mark.page, "syncToken": mark.sync if not mark.full else None, "showDeleted": True}
    try:
        found = await http.get(events_path(since.watch.calendar), params=params, returns=EventsWire)
    except Rejected as error:
        if error.status != 410 or (mark.full and mark.page is None):
            raise
        return Polled(_Mark(seen=mark.seen, high=mark.high, full=True).model_dump_json(), more=True)
    told = [each for each in found.items if not mark.full or _newer(each, mark.seen)]
    high = max([at for each in found.items if (at := each.updated)] + ([mark.high] if mark.high else []), default=None)
    if found.next_page_token:
        after = mark.model_copy(update={"page": found.next_page_token, "high": high})
    else:
        after = _Mark(sync=found.next_sync_token, seen=high, high=high, full=found.next_sync_token is None)
    events = [_incoming(since.watch.calendar, each) for each in told]
    return Polled(after.model_dump_json(exclude_none=True), events, more=found.next_page_token is not None)


def _newer(event: CalendarWire, seen: datetime | None) -> bool:
    return seen is None or event.updated is None or event.updated >= seen


def _incoming(calendar: str, raw: CalendarWire) -> Incoming:
    data = public(calendar, raw).model_dump(mode="json", exclude_none=True)
    return Incoming({**data, "kind": "event"}, key=f"{raw.id}/{raw.etag or raw.updated or raw.status}")


@google.webhook(verify=google_channel_token())
def receive(delivery: Delivery) -> list[Incoming]:
    """The message of a channel: all of it is in its headers. The first one only greets."""
    heads = delivery.headers
    channel, state = heads.get("x-goog-channel-id", ""), heads.get("x-goog-resource-state", "")
    number, address = heads.get("x-goog-message-number", ""), heads.get("x-goog-resource-uri", "")
    if not channel or not state or not number.isdecimal():
        raise Rejected("This is no message of a Google channel")
    if state == "sync":
        return []
    data: dict[str, Any] = {"kind": "channel", "calendar": _calendar(address), "channel": channel, "number": int(number)}
    return [Incoming(data, key=f"{channel}/{number}")]


def _calendar(address: str) -> str:
    """The calendar in the address of its events. Raises `Rejected` for that of something else."""
    match urlsplit(address).path.split("/"):
        case ["", "calendar", "v3", "calendars", calendar, "events"]:
            return unquote(calendar)
        case _:
            raise Rejected("The channel watches something else than a calendar's events")


class _Channel(Wire):
    id: str
    resource_id: str
    expiration: Annotated[str, Field(pattern=r"^[0-9]{1,16}$", examples=["1900000000000"])] | None = None


@google.subscription
class Channels(Subscription[Watched]):
    """Channels on a calendar's events. Google lists none: what it answered when one was made is all that is known of it."""

    watch = Watched
    lists = False

    async def create(self, http: Http, wish: Wish[Watched]) -> Registration:
        ends = int((datetime.now(UTC) + timedelta(days=DAYS)).timestamp() * 1000)
        body = {"id": str(uuid.uuid4()), "type": "web_hook", "address": wish.url, "token": wish.secret, "expiration": str(ends)}
        made = await http.post(f"{events_path(wish.watch.calendar)}/watch", json=body, returns=_Channel)
        expires = datetime.fromtimestamp(int(made.expiration) / 1000, UTC) if made.expiration else None
        return Registration(f"{made.id} {made.resource_id}", wish.url, wish.events, expires_at=expires)

    async def delete(self, http: Http, found: Registration, watch: Watched) -> None:
        channel, _, resource = found.id.partition(" ")
        with already_gone():
            await http.send("POST", "calendar:/channels/stop", json={"id": channel, "resourceId": resource})
