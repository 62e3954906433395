"""Polling: what changed since the last look, by `_lastUpdated`.

Each look goes back a little behind the latest change that was seen, because servers commit out of order; what was told before is
known by its key (type, id, version). The versions in between are read from each resource's history, so that a resource that was
made and changed between two looks is told as both. Sources: hl7.org/fhir/R4/search.html#lastUpdated and
hl7.org/fhir/R4/http.html#history.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import Field

from powerstrip.adapter import Http, Incoming, Model, Polled, Rejected, Since, Unavailable, segment
from powerstrip_fhir.bundles import Meta, Raw, fetch
from powerstrip_fhir.events import FIRST, Change, news
from powerstrip_fhir.models import ResourceType
from powerstrip_fhir.provider import fhir
from powerstrip_fhir.r4 import check_type

OVERLAP = timedelta(seconds=60)
COUNT = 50
EVERYTHING = datetime(1970, 1, 1, tzinfo=UTC)
_DATED = datetime.max.replace(tzinfo=UTC)
Told = tuple[datetime, Raw, Change]


class Watched(Model):
    """What to look at."""

    resource_type: ResourceType = Field(examples=["Encounter"])
    parameters: dict[str, str | list[str]] = Field(default={}, max_length=50, description="Only what this search finds.")


class _Mark(Model):
    """Where to go on. `start` is where the hub began to look: what is older is no news. `high` is the latest of this round."""

    start: datetime
    seen: datetime
    high: datetime
    page: str | None = None

    def text(self) -> str:
        return self.model_dump_json(exclude_none=True)


@fhir.poll("resource.changed", seconds=60)
async def changed(http: Http, since: Since[Watched]) -> Polled:
    """Resources of a type that were made or changed."""
    check_type(since.watch.resource_type)
    if since.cursor is None:
        latest = await _latest(http, since.watch)
        return Polled(_Mark(start=latest, seen=latest, high=latest).text())
    mark = _Mark.model_validate_json(since.cursor)
    try:
        resources, after = await _page(http, since.watch, mark)
    except Rejected:
        if mark.page is None:
            raise
        return Polled(mark.model_copy(update={"page": None}).text())  # the server forgot its pages: the round begins again
    told = [each for raw in resources for each in await _versions(http, raw, mark)]
    told.sort(key=lambda each: each[0])
    high = max([mark.high, *(at for raw in resources if (at := _updated(raw)) != _DATED)])
    update: dict[str, Any] = {"high": high, "page": after} if after else {"seen": high, "high": high, "page": None}
    events: Sequence[Incoming] = [event for _, raw, change in told for event in news(raw, change)]
    return Polled(mark.model_copy(update=update).text(), events, more=after is not None)


async def _latest(http: Http, watch: Watched) -> datetime:
    """When the latest change was, by the server's own clock; long ago where there is nothing yet."""
    params = [*_filters(watch), ("_sort", "-_lastUpdated"), ("_count", 1)]
    bundle, _ = await fetch(http, f"/{segment(watch.resource_type)}", params, None)
    times = [at for raw in bundle.found("match") if (at := _updated(raw)) != _DATED]
    return max(times, default=EVERYTHING)


async def _page(http: Http, watch: Watched, mark: _Mark) -> tuple[list[Raw], str | None]:
    back = max(mark.seen - OVERLAP, mark.start).astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    params = [*_filters(watch), ("_lastUpdated", f"ge{back}"), ("_sort", "_lastUpdated"), ("_count", COUNT)]
    bundle, after = await fetch(http, f"/{segment(watch.resource_type)}", params, mark.page)
    return [raw for raw in bundle.found("match") if raw.id and _updated(raw) > mark.start], after


async def _versions(http: Http, raw: Raw, mark: _Mark) -> list[Told]:
    """The versions of one changed resource since the last look, with what each of them was."""
    version = (raw.meta or Meta()).version_id
    if version == FIRST:
        return [(_updated(raw), raw, "created")]
    path = f"/{segment(raw.resource_type)}/{segment(raw.id)}/_history"
    try:
        bundle, after = await fetch(http, path, [("_count", COUNT)], None)
    except Rejected:  # the server keeps no history, or does not show it
        return [(_updated(raw), raw, "updated")]
    rows = [entry.resource for entry in bundle.entry if entry.resource is not None and entry.resource.id]
    oldest = rows[-1] if rows and after is None else None
    back = max(mark.seen - OVERLAP, mark.start)
    told: list[Told] = [(_updated(each), each, "created" if each is oldest else "updated") for each in rows]
    return [each for each in told if each[0] > mark.start and each[0] >= back] or [(_updated(raw), raw, "updated")]


def _filters(watch: Watched) -> list[tuple[str, Any]]:
    pairs = ((name, value) for name, value in watch.parameters.items())
    return [(name, each) for name, value in pairs for each in ([value] if isinstance(value, str) else value)]


def _updated(raw: Raw) -> datetime:
    """When this version was made; the end of time where the server does not say, so that it is never passed over."""
    text = (raw.meta or Meta()).last_updated
    if not text:
        return _DATED
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Unavailable("The server's lastUpdated is no time") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
