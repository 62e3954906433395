"""Google Calendar: making, reading and changing events. Source: developers.google.com/workspace/calendar/api/v3/reference.

A day (`2026-12-03`) makes an all-day event. A time without an offset is meant in `time_zone`, or else in the calendar's own.
"""

import hashlib
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator

from powerstrip.adapter import Choice, Http, Model, NoPick, Page, Pick, Query, Rejected, Unavailable, segment
from powerstrip_google.provider import Wire, google

Calendar = Annotated[str, Pick("calendar"), Field(min_length=1, max_length=300, description="Id, or primary.")]
EventRef = Annotated[str, Pick("event"), Field(min_length=1, max_length=1100, description="The event's id.")]
Moment = datetime | date
Tell = Annotated[Literal["all", "externalOnly", "none"], Field(description="Which guests get a mail about it.")]
PAGE = 50


class _When(Wire):
    date_time: str | None = None
    date: str | None = None
    time_zone: str | None = None


class _Somebody(Wire):
    email: str = Field("", examples=["ada@example.com"])
    response_status: str | None = None


class CalendarWire(Wire):
    """An event as Google sends it. One that was deleted may be its id and status alone."""

    id: str
    status: Literal["confirmed", "tentative", "cancelled"] = "confirmed"
    summary: str = ""
    description: str | None = None
    location: str | None = None
    start: _When | None = None
    end: _When | None = None
    html_link: str | None = Field(None, examples=["https://www.google.com/calendar/event?eid=invented"])
    hangout_link: str | None = Field(None, examples=["https://meet.google.com/abc-defg-hij"])
    organizer: _Somebody | None = None
    attendees: list[_Somebody] = Field(default_factory=list[_Somebody])
    recurring_event_id: str | None = None
    updated: datetime | None = None
    etag: str = ""


class Guest(Model):
    """Somebody who is invited."""

    email: str = Field(examples=["ada@example.com"])
    response: str | None = Field(None, examples=["accepted"])


class CalendarEvent(Model):
    """An event in a calendar."""

    id: str
    calendar: str = Field(examples=["primary"])
    status: Literal["confirmed", "tentative", "cancelled"] = "confirmed"
    title: str = ""
    description: str | None = None
    location: str | None = None
    start: str | None = Field(None, examples=["2026-12-03T14:00:00+01:00"])
    """A time with its offset, or a day."""
    end: str | None = Field(None, examples=["2026-12-03T15:00:00+01:00"])
    """Of an all-day event, the day after."""
    url: str | None = Field(None, examples=["https://www.google.com/calendar/event?eid=invented"])
    meeting_url: str | None = None
    organizer: str | None = None
    guests: list[Guest] = Field(default_factory=list[Guest])
    series: str | None = Field(None, description="The recurring event that it is one of.")
    updated: datetime | None = None


def _moment(when: _When | None) -> str | None:
    return (when.date_time or when.date) if when else None


def public(calendar: str, raw: CalendarWire) -> CalendarEvent:
    """An event as people meet it."""
    return CalendarEvent(
        id=raw.id,
        calendar=calendar,
        status=raw.status,
        title=raw.summary,
        description=raw.description,
        location=raw.location,
        start=_moment(raw.start),
        end=_moment(raw.end),
        url=raw.html_link,
        meeting_url=raw.hangout_link,
        organizer=raw.organizer.email if raw.organizer else None,
        guests=[Guest(email=each.email, response=each.response_status) for each in raw.attendees],
        series=raw.recurring_event_id,
        updated=raw.updated,
    )


def events_path(calendar: str, event: str | None = None) -> str:
    """The path of a calendar's events, or of one."""
    path = f"calendar:/calendars/{segment(calendar)}/events"
    return path if event is None else f"{path}/{segment(event)}"


class _Facts(Model):
    """What new events and changes have in common."""

    calendar: Calendar = Field("primary", examples=["primary"])
    description: str | None = Field(None, max_length=8000)
    """Text of the event; simple HTML is shown as such."""
    location: str | None = Field(None, max_length=1000)
    """Where it is."""
    guests: list[str] | None = Field(None, max_length=200, examples=[["ada@example.com"]])
    """Email addresses of whoever is invited. In a change, in place of those there are."""
    time_zone: str | None = Field(None, max_length=100, examples=["Europe/Berlin"])
    """For times without an offset. Left out, the calendar's own."""
    notify: Tell = "all"

    @field_validator("time_zone")
    @classmethod
    def _known(cls, name: str | None) -> str | None:
        try:
            return name if name is None else ZoneInfo(name).key
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("write a time zone as Europe/Berlin") from None


class NewEvent(_Facts):
    """An event to make."""

    title: str = Field(min_length=1, max_length=1000, examples=["Budget review"])
    """What it is called."""
    start: Moment = Field(examples=["2026-12-03T14:00:00+01:00"])
    """A time, or a day for an all-day event."""
    end: Moment | None = Field(None, examples=["2026-12-03T15:00:00+01:00"])
    """Left out, an hour later; of an all-day event the last day, left out the first."""
    recurrence: list[str] | None = Field(None, max_length=20, examples=[["RRULE:FREQ=WEEKLY;COUNT=10"]])
    """Rules of repetition, as in RFC 5545."""
    meeting: bool = False
    """Whether it gets a Google Meet address."""
    id: Annotated[str, NoPick("an id of your own")] | None = Field(None, pattern=r"^[a-v0-9]{5,1024}$", examples=["order1042"])
    """An id of your own (a to v and digits): the same one twice is refused, so nothing is doubled."""


class EventChange(_Facts):
    """What to change about an event. What is left out stays."""

    event: EventRef
    title: str | None = Field(None, min_length=1, max_length=1000)
    """Its new name."""
    start: Moment | None = None
    """When it begins now. Without an end, it keeps its length."""
    end: Moment | None = None
    """When it ends now; of an all-day event the last day."""


class _Calendar(Wire):
    time_zone: str = Field("UTC", examples=["UTC"])


async def _zone(http: Http, calendar: str, given: str | None, *moments: Moment | None) -> str | None:
    """The time zone that times without an offset are meant in; None where there is no such time."""
    if given or not any(isinstance(each, datetime) and each.tzinfo is None for each in moments):
        return given
    return await _own_zone(http, calendar)


async def _own_zone(http: Http, calendar: str) -> str:
    return (await http.get(f"calendar:/calendars/{segment(calendar)}", returns=_Calendar)).time_zone


def _when(moment: Moment, zone: str | None, *, last: bool = False) -> dict[str, str]:
    """A moment as Google takes it."""
    if isinstance(moment, datetime):
        return {"dateTime": moment.isoformat()} | ({"timeZone": zone} if zone else {})
    return {"date": (moment + timedelta(days=1) if last else moment).isoformat()}


def _instead(when: dict[str, str]) -> dict[str, str | None]:
    """The same in a change, where the other kind is taken away: a time may become a day. Source: Calendar's "Patch semantics"."""
    return {"date": None, "dateTime": None, **when}


def _common(facts: _Facts) -> dict[str, Any]:
    given = {"description": facts.description, "location": facts.location}
    body: dict[str, Any] = {name: text for name, text in given.items() if text is not None}
    return body | ({"attendees": [{"email": each} for each in facts.guests]} if facts.guests is not None else {})


def _kinds(start: Moment | None, end: Moment | None) -> None:
    if start is not None and end is not None and isinstance(start, datetime) != isinstance(end, datetime):
        raise Rejected("Start and end must both be times, or both be days")


@google.action("event.create", title="Create an event")
async def create_event(http: Http, new: NewEvent) -> CalendarEvent:
    """Put an event into a calendar."""
    end = new.end or (new.start + timedelta(hours=1) if isinstance(new.start, datetime) else new.start)
    _kinds(new.start, end)
    zone = await _zone(http, new.calendar, new.time_zone, new.start, end)
    if new.recurrence and isinstance(new.start, datetime):  # its time moves with the clocks of one place
        zone = zone or await _own_zone(http, new.calendar)
    body = _common(new) | {"summary": new.title, "start": _when(new.start, zone), "end": _when(end, zone, last=True)}
    body |= {"recurrence": new.recurrence} if new.recurrence else {}
    body |= {"id": new.id} if new.id else {}
    body |= {"conferenceData": {"createRequest": {"requestId": _request(new)}}} if new.meeting else {}
    params = {"sendUpdates": new.notify, "conferenceDataVersion": 1 if new.meeting else None}
    made = await http.post(events_path(new.calendar), json=body, params=params, returns=CalendarWire)
    return public(new.calendar, made)


def _request(new: NewEvent) -> str:
    """Names the request for a meeting: asked twice with the same one, Google makes one."""
    return hashlib.sha256(f"{new.id}/{new.calendar}/{new.title}/{new.start}".encode()).hexdigest()[:32]


@google.action("event.update", title="Change an event", idempotent=True)
async def update_event(http: Http, change: EventChange) -> CalendarEvent:
    """Move an event or change what it says."""
    start, end = change.start, change.end
    _kinds(start, end)
    if start is not None and end is None:
        end = await _moved_end(http, change, start)
    zone = await _zone(http, change.calendar, change.time_zone, start, end)
    body = _common(change) | ({"summary": change.title} if change.title else {})
    body |= {"start": _instead(_when(start, zone))} if start else {}
    body |= {"end": _instead(_when(end, zone, last=True))} if end else {}
    path = events_path(change.calendar, change.event)
    return public(change.calendar, await http.patch(path, json=body, params={"sendUpdates": change.notify}, returns=CalendarWire))


async def _moved_end(http: Http, change: EventChange, start: Moment) -> Moment:
    """Where an event ends that begins at another time and keeps its length."""
    found = await http.get(events_path(change.calendar, change.event), returns=CalendarWire)
    length = _length(found)
    if isinstance(start, datetime):
        return start + (length or timedelta(hours=1))
    return start + (max(length, timedelta(days=1)) - timedelta(days=1) if length else timedelta(0))


def _length(event: CalendarWire) -> timedelta | None:
    """How long an event is; None where it does not say, or no time can be read."""
    start, end = _moment(event.start), _moment(event.end)
    if start is None or end is None:
        return None
    try:
        return _aware(datetime.fromisoformat(end)) - _aware(datetime.fromisoformat(start))
    except ValueError:
        return None


def _aware(at: datetime) -> datetime:
    return at if at.tzinfo else at.replace(tzinfo=UTC)


class OneEvent(Model):
    """Which event."""

    calendar: Calendar = Field("primary", examples=["primary"])
    event: EventRef


@google.action("event.get", title="Read an event", read_only=True)
async def get_event(http: Http, which: OneEvent) -> CalendarEvent:
    """Read one event."""
    return public(which.calendar, await http.get(events_path(which.calendar, which.event), returns=CalendarWire))


class Deletion(OneEvent):
    """Which event to delete."""

    notify: Tell = "all"


class Deleted(Model):
    """The event that is gone."""

    event: str


@google.action("event.delete", title="Delete an event", destructive=True, idempotent=True)
async def delete_event(http: Http, which: Deletion) -> Deleted:
    """Delete an event. One that is gone already is no error."""
    try:
        await http.send("DELETE", events_path(which.calendar, which.event), params={"sendUpdates": which.notify})
    except Rejected as error:
        if error.status != 410:
            raise
    return Deleted(event=which.event)


class EventList(Model):
    """Which events."""

    calendar: Calendar = Field("primary", examples=["primary"])
    start: Moment | None = Field(None, description="Only those that end after it.", examples=["2026-12-01"])
    end: Moment | None = Field(None, description="Only those that begin before it; a day counts whole.", examples=["2026-12-31"])
    query: str | None = Field(None, max_length=500, description="Words in its title, text, place or guests.")
    limit: int = Field(50, ge=1, le=2500, description="Events on a page.")
    cursor: str | None = Field(None, description="As `next` of the page before.")


class Events(Model):
    """A page of events."""

    events: list[CalendarEvent]
    next: str | None = None


class EventsWire(Wire):
    """A page of events as Google sends it."""

    items: list[CalendarWire] = Field(default_factory=list[CalendarWire])
    next_page_token: str | None = None
    next_sync_token: str | None = None


def _instant(moment: Moment | None, zone: str | None, *, last: bool = False) -> str | None:
    """A moment with its offset."""
    if moment is None:
        return None
    if not isinstance(moment, datetime):
        moment = datetime(moment.year, moment.month, moment.day) + timedelta(days=1 if last else 0)
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone or "UTC"))).isoformat()
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Unavailable("This machine does not know the calendar's time zone: write times with their offset") from None


@google.action("event.list", title="List events", read_only=True)
async def list_events(http: Http, which: EventList) -> Events:
    """Read the events of a calendar in their order; repeated ones one by one."""
    days = [datetime.min for each in (which.start, which.end) if each is not None and not isinstance(each, datetime)]
    zone = await _zone(http, which.calendar, None, which.start, which.end, *days)
    params = {
        "timeMin": _instant(which.start, zone),
        "timeMax": _instant(which.end, zone, last=True),
        "q": which.query,
        "maxResults": which.limit,
        "pageToken": which.cursor,
        "singleEvents": True,
        "orderBy": "startTime",
    }
    found = await http.get(events_path(which.calendar), params=params, returns=EventsWire)
    return Events(events=[public(which.calendar, each) for each in found.items], next=found.next_page_token)


class _Row(Wire):
    id: str
    summary: str = ""
    summary_override: str | None = None
    primary: bool = False


class _Calendars(Wire):
    items: list[_Row] = Field(default_factory=list[_Row])
    next_page_token: str | None = None


@google.picker("calendar")
async def calendars(http: Http, query: Query) -> Page:
    """Calendars in the account's list."""
    params = {"maxResults": 250, "pageToken": query.cursor}
    found = await http.get("calendar:/users/me/calendarList", params=params, returns=_Calendars)
    shown = [
        Choice(each.id, each.summary_override or each.summary or each.id, "primary" if each.primary else "")
        for each in found.items
    ]
    return Page(shown, found.next_page_token)


@google.picker("event", searches=True, depends=("calendar",))
async def coming(http: Http, query: Query) -> Page:
    """Events of the calendar, from a month ago on."""
    calendar = str(query.values.get("calendar") or "primary")
    params = {
        "timeMin": (datetime.now(UTC) - timedelta(days=30)).isoformat(timespec="seconds"),
        "q": query.search or None,
        "maxResults": PAGE,
        "pageToken": query.cursor,
        "singleEvents": True,
        "orderBy": "startTime",
    }
    found = await http.get(events_path(calendar), params=params, returns=EventsWire)
    return Page(
        [Choice(each.id, each.summary or each.id, _moment(each.start) or "") for each in found.items], found.next_page_token
    )
