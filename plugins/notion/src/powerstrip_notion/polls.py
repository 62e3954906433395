"""Pages that were made or changed, found by looking, for who can make no webhook at Notion.

Notion rounds its times down to minutes: a page is told when its minute is over, once for each. Each look goes back a little, as
what was changed is found with some delay. Source: developers.notion.com/reference, "Search" and "Query a data source".
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from powerstrip.adapter import Http, Incoming, Model, Polled, Since, segment
from powerstrip_notion.databases import PagesWire
from powerstrip_notion.pages import PageWire, public
from powerstrip_notion.provider import DatabaseRef, notion, post
from powerstrip_notion.sources import source_of

OVERLAP = timedelta(minutes=15)
MINUTE = timedelta(minutes=1)
COUNT = 100


class Watched(Model):
    """Which pages."""

    database: DatabaseRef | None = None
    """Only pages of this database; left out, all that are shared with the integration."""


class _Mark(Model):
    """Where to go on. What is older than `start` is no news; `seen` is the minute up to which everything was told."""

    start: datetime
    seen: datetime
    until: datetime | None = None
    """Where this round ends."""
    page: str | None = None


@notion.poll("page.changed", seconds=60)
async def changed(http: Http, since: Since[Watched]) -> Polled:
    """Pages that were made or changed, the last changed first."""
    minute = datetime.now(UTC).replace(second=0, microsecond=0)
    if since.cursor is None:
        return Polled(_Mark(start=minute, seen=minute).model_dump_json())
    mark = _Mark.model_validate_json(since.cursor)
    until = mark.until or minute
    back = max(mark.seen - OVERLAP, mark.start)
    found = await _page(http, since.watch, mark.page)
    recent = [each for each in found.results if each.last_edited_time >= back]
    events = [event for each in reversed(recent) if each.last_edited_time < until for event in _told(each, back)]
    if found.next_cursor and len(recent) == len(found.results):
        after = mark.model_copy(update={"page": found.next_cursor, "until": until})
        return Polled(after.model_dump_json(exclude_none=True), events, more=True)
    return Polled(_Mark(start=mark.start, seen=until).model_dump_json(exclude_none=True), events)


async def _page(http: Http, watch: Watched, cursor: str | None) -> PagesWire:
    sort = {"timestamp": "last_edited_time", "direction": "descending"}
    paging = {"page_size": COUNT, "start_cursor": cursor}
    if watch.database:
        source = await source_of(http, watch.database)
        return await post(http, f"/data_sources/{segment(source.id)}/query", {"sorts": [sort], **paging}, PagesWire)
    return await post(http, "/search", {"filter": {"property": "object", "value": "page"}, "sort": sort, **paging}, PagesWire)


def _told(raw: PageWire, back: datetime) -> list[Incoming]:
    """A page that is new is told as made, and once more where it changed in a later minute."""
    told: list[Incoming] = []
    if raw.created_time >= back:
        told.append(Incoming(_event("page.created", raw, raw.created_time), key=f"{raw.id}/created"))
    if raw.last_edited_time > raw.created_time + MINUTE or raw.created_time < back:
        stamp = raw.last_edited_time.isoformat(timespec="minutes")
        told.append(Incoming(_event("page.properties_updated", raw, raw.last_edited_time), key=f"{raw.id}/{stamp}"))
    return told


def _event(kind: str, raw: PageWire, at: datetime) -> dict[str, Any]:
    page = public(raw).model_dump(mode="json", exclude_none=True)
    return {"type": kind, "timestamp": at.isoformat(), "entity": {"id": raw.id, "type": "page"}, "page": page}
