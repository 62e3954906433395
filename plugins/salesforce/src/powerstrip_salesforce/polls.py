"""Polling: what was made, changed or deleted since the last look, by `SystemModstamp`.

Salesforce writes that stamp whenever a record changes, by whomever. Records are committed out of order: each look goes back a
little, and what was told before is known by its key (id and stamp). Source: SOQL and SOSL Reference, "Date formats".
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from pydantic import Field

from powerstrip.adapter import Http, Incoming, Model, NoPick, Pick, Polled, Since, Unavailable
from powerstrip_salesforce.events import told
from powerstrip_salesforce.models import NAME, FieldName
from powerstrip_salesforce.provider import salesforce
from powerstrip_salesforce.reading import plain, soql

OVERLAP = timedelta(seconds=120)
COUNT = 200
"""Rows of a page: as many as `FIELDS(ALL)` allows."""
NEEDED = ("Id", "CreatedDate", "SystemModstamp")
EVERYTHING = datetime(1970, 1, 1, tzinfo=UTC)


class Watched(Model):
    """What to look at."""

    object: Annotated[str, Pick("object")] = Field(pattern=NAME, examples=["Opportunity"])
    """The object, by its API name."""
    show: list[FieldName] = Field(default_factory=list[str], max_length=100)
    """Fields to tell; all where none is named."""
    where: str = Field("", max_length=2000, examples=["StageName = 'Closed Won'"])
    """A condition in SOQL that records must fit, if any."""
    deletions: bool = True
    """Whether to tell of deleted records. Switch it off for objects that have no recycle bin, such as User."""


class _Mark(Model):
    """Where to go on. `start` is where the hub began to look: older changes are no news. `high` is the latest of this round."""

    start: datetime
    seen: datetime
    high: datetime
    at: datetime | None = None
    id: Annotated[str, NoPick("the hub's own")] = ""

    def text(self) -> str:
        return self.model_dump_json(exclude_none=True)


@salesforce.poll("record.changed", seconds=120)
async def changed(http: Http, since: Since[Watched]) -> Polled:
    """Records of an object that were made, changed or deleted."""
    watch = since.watch
    if since.cursor is None:
        latest = await _latest(http, watch)
        return Polled(_Mark(start=latest, seen=latest, high=latest).text())
    mark = _Mark.model_validate_json(since.cursor)
    rows = [each.root for each in (await soql(http, _query(watch, mark), deleted=watch.deletions)).records]
    events = [event for row in rows for event in _news(watch.object, row, mark)]
    if len(rows) == COUNT:
        at = _time(rows[-1], "SystemModstamp")
        ahead = mark.model_copy(update={"at": at, "id": str(rows[-1].get("Id", "")), "high": max(mark.high, at)})
        return Polled(ahead.text(), events, more=True)
    high = max([mark.high, *(_time(row, "SystemModstamp") for row in rows)])
    return Polled(_Mark(start=mark.start, seen=high, high=high).text(), events)


async def _latest(http: Http, watch: Watched) -> datetime:
    """When the latest change was, by Salesforce's own clock; long ago where there is nothing yet."""
    text = f"SELECT Id, SystemModstamp FROM {watch.object} ORDER BY SystemModstamp DESC LIMIT 1"  # noqa: S608
    rows = (await soql(http, text, deleted=watch.deletions)).records
    return _time(rows[0].root, "SystemModstamp") if rows else EVERYTHING


def _query(watch: Watched, mark: _Mark) -> str:
    """From a little before the latest change that was seen; within a round from the last row of the page before."""
    back = _stamp(max(mark.seen - OVERLAP, mark.start))
    place = f"SystemModstamp >= {back}"
    if mark.at is not None and re.fullmatch(r"[A-Za-z0-9]{15,18}", mark.id):
        at = _stamp(mark.at)
        place = f"(SystemModstamp > {at} OR (SystemModstamp = {at} AND Id > '{mark.id}'))"
    needed = (*NEEDED, *(("IsDeleted",) if watch.deletions else ()))
    fields = ", ".join(dict.fromkeys((*needed, *watch.show))) if watch.show else "FIELDS(ALL)"
    condition = f" AND ({watch.where})" if watch.where.strip() else ""
    return f"SELECT {fields} FROM {watch.object} WHERE {place}{condition} ORDER BY SystemModstamp, Id LIMIT {COUNT}"  # noqa: S608


def _news(kind: str, row: dict[str, Any], mark: _Mark) -> list[Incoming]:
    """What a row tells. One made and changed between two looks is both; whatever was told before is told by the same key."""
    made, last = _time(row, "CreatedDate"), _time(row, "SystemModstamp")
    if last <= mark.start:
        return []
    which, fields = str(row.get("Id", "")), plain(row)
    stamp = _stamp(last)
    if row.get("IsDeleted") is True:
        return [Incoming(told("deleted", kind, which, fields), f"{which}/deleted/{stamp}")]
    events: list[Incoming] = []
    if made > mark.start and made >= mark.seen - OVERLAP:
        events.append(Incoming(told("created", kind, which, fields), f"{which}/created"))
    if made != last:
        events.append(Incoming(told("updated", kind, which, fields), f"{which}/{stamp}"))
    return events


def _time(row: dict[str, Any], name: str) -> datetime:
    """A row's time. Raises `Unavailable` for a row without: then the poll cannot go on from it."""
    try:
        at = datetime.fromisoformat(str(row[name]))
    except (KeyError, ValueError):
        raise Unavailable(f"Salesforce gave a record without {name}") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
