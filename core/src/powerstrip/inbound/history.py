"""What came in, for people: lists, one event's way through the house, dead letters, the live tail."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

from sqlmodel import Session, col, func, select

from powerstrip.clock import stamp
from powerstrip.events import Events
from powerstrip.inbound.redaction import redacted, summary
from powerstrip.problems import BadInput
from powerstrip.store import Actor, AuditLog, Hours, ProviderEvent, SourceEvent, Store, by_hour, scope
from powerstrip.value import Value

ENDED_BADLY = ("dead", "failed")
TAIL_SECONDS = 2.0
"""How long the tail waits before it looks by itself."""
MAX_REDRIVE = 1000


class Entry(Value):
    """A row of the ledger with what became of it. `source` is None where it was not handed on."""

    row: ProviderEvent
    source: SourceEvent | None = None

    @property
    def data(self) -> dict[str, Any]:
        """The event's data with secrets hidden."""
        return redacted(self.source.data if self.source is not None else self.row.data or {})

    @property
    def summary(self) -> dict[str, Any]:
        """A few of its fields."""
        return summary(self.source.data if self.source is not None else self.row.data or {})

    @property
    def processing(self) -> str:
        """How far it is: the source event's status, `missing` where there is none."""
        return self.source.status if self.source is not None else "missing"


class Filter(Value):
    """Which rows to list; None means any."""

    provider: str | None = None
    integration_id: str | None = None
    event_type: str | None = None
    source: str | None = None
    status: str | None = None
    processing: str | None = None
    endpoint_id: str | None = None
    since: str | None = None
    until: str | None = None


class Stage(Value):
    """One stage of an event's way. `state` is done, stopped, waiting or skipped."""

    name: str
    state: str
    at: str | None = None
    detail: str = ""
    more: dict[str, Any] | None = None


class History:
    """Reads the ledger, and drives dead events again."""

    def __init__(self, store: Store, events: Events, audit: AuditLog) -> None:
        self._store = store
        self._events = events
        self._audit = audit

    async def list(
        self, project_id: str, wanted: Filter, *, after: tuple[str, str] | None = None, limit: int = 50
    ) -> "list[Entry]":
        """Newest first, after the given (received_at, id)."""

        def read(session: Session) -> list[Entry]:
            rows = scope(session, project_id).page(ProviderEvent, *_where(wanted), after=after, limit=limit, order="received_at")
            return _entries(session, project_id, rows)

        return await self._store.read(read)

    async def hours(self, project_id: str, since: str) -> Hours:
        """Events by the hour, since a time; those that were refused, or whose id was taken, count as failures."""
        where = (col(ProviderEvent.project_id) == project_id, col(ProviderEvent.received_at) >= since)
        failed = col(ProviderEvent.status) != "received"
        return await self._store.read(lambda session: by_hour(session, col(ProviderEvent.received_at), *where, failed=failed))

    async def get(self, project_id: str, id: str) -> Entry:
        """One event, by the id of its ledger row or of its source event. Raises `NotFound`."""

        def read(session: Session) -> Entry:
            mine = scope(session, project_id)
            source: SourceEvent | None = mine.find(SourceEvent, id=id) if id.startswith("evt_") else None
            row: ProviderEvent = mine.get(ProviderEvent, (source.provider_event_id if source else None) or id)
            return _entries(session, project_id, [row])[0]

        return await self._store.read(read)

    async def trace(self, project_id: str, id: str) -> "list[Stage]":
        """The way of one event: received, verified, named, matched, processed by whom. Raises `NotFound`."""
        return _stages(await self.get(project_id, id))

    async def dead(self, project_id: str, *, after: tuple[str, str] | None = None, limit: int = 50) -> "list[SourceEvent]":
        """Source events that nobody will try again by themselves, newest first."""
        ended = col(SourceEvent.status).in_(ENDED_BADLY)
        return await self._store.read(
            lambda session: scope(session, project_id).page(SourceEvent, ended, after=after, limit=limit, order="received_at")
        )

    async def redrive(self, project_id: str, actor: Actor, ids: Sequence[str] | None) -> int:
        """Process dead events again, these or (None) all of the project, at most 1,000. Gives how many."""
        if ids is not None and len(ids) > MAX_REDRIVE:
            raise BadInput(f"Name at most {MAX_REDRIVE} events at once")

        def again(session: Session) -> int:
            query = select(SourceEvent).where(col(SourceEvent.project_id) == project_id, col(SourceEvent.status).in_(ENDED_BADLY))
            if ids is not None:
                query = query.where(col(SourceEvent.id).in_(list(ids)))
            rows = session.exec(query.order_by(col(SourceEvent.seq)).limit(MAX_REDRIVE)).all()
            for row in rows:
                row.status, row.attempts, row.next_at, row.last_error = "retrying", 0, stamp(), None
                session.add(row)
            if rows:
                self._audit.append(
                    session, actor, "update", "source_event", rows[0].id, project_id=project_id, changes={"redriven": len(rows)}
                )
            return len(rows)

        count = await self._store.write(again)
        self._events.wake()
        return count

    async def tail(self, project_id: str, after: str | None) -> AsyncIterator[Entry | None]:
        """Events as they come, from now or after the row with the id `after`. None at least every two seconds: a breath.

        Raises `NotFound` for an `after` that is not of this project.
        """
        at = await self._store.read(lambda session: _place(session, project_id, after))
        while True:
            entries = await self._store.read(lambda session, at=at: _following(session, project_id, at))
            for entry in entries:
                at = entry.row.seq or at
                yield entry
            yield None
            if not entries:
                await self._events.news(TAIL_SECONDS)


def _where(wanted: Filter) -> list[Any]:
    names = ("provider", "integration_id", "event_type", "source", "status", "endpoint_id")
    where: list[Any] = [
        col(getattr(ProviderEvent, name)) == value for name in names if (value := getattr(wanted, name)) is not None
    ]
    if wanted.since is not None:
        where.append(col(ProviderEvent.received_at) >= wanted.since)
    if wanted.until is not None:
        where.append(col(ProviderEvent.received_at) < wanted.until)
    if wanted.processing is not None:
        where.append(_processing(wanted.processing))
    return where


def _processing(status: str) -> Any:
    sources = select(col(SourceEvent.provider_event_id)).where(col(SourceEvent.provider_event_id).is_not(None))
    if status == "missing":
        return col(ProviderEvent.id).not_in(sources)
    return col(ProviderEvent.id).in_(sources.where(col(SourceEvent.status) == status))


def _entries(session: Session, project_id: str, rows: Sequence[ProviderEvent]) -> list[Entry]:
    query = select(SourceEvent).where(
        col(SourceEvent.project_id) == project_id, col(SourceEvent.provider_event_id).in_([row.id for row in rows])
    )
    sources = {source.provider_event_id: source for source in session.exec(query)}
    return [Entry(row, sources.get(row.id)) for row in rows]


def _place(session: Session, project_id: str, after: str | None) -> int:
    if after is not None:
        row: ProviderEvent = scope(session, project_id).get(ProviderEvent, after)
        return row.seq or 0
    return session.exec(select(func.max(col(ProviderEvent.seq)))).one() or 0


def _following(session: Session, project_id: str, seq: int) -> list[Entry]:
    query = select(ProviderEvent).where(col(ProviderEvent.project_id) == project_id, col(ProviderEvent.seq) > seq)
    return _entries(session, project_id, session.exec(query.order_by(col(ProviderEvent.seq)).limit(100)).all())


def _stages(entry: Entry) -> list[Stage]:
    row, source = entry.row, entry.source
    stages = [Stage("received", "done", row.received_at, _how(row), {"duplicates": row.duplicates})]
    refused = row.status == "refused"
    proven = row.source != "webhook" or not refused or row.raw_id is not None
    stages.append(Stage("verified", "done" if proven else "stopped", detail="" if proven else row.reason))
    if refused:
        return [*stages, Stage("named", "stopped", detail=row.reason)] if proven else stages
    named = not row.event_type.endswith(".unnamed")
    words = row.event_type if named else f"{row.event_type}: {row.reason}"
    stages.append(Stage("named", "done" if named else "skipped", detail=words))
    if source is None:
        return [*stages, Stage("matched", "stopped", detail=row.reason)]
    whose = source.integration_id or source.source_id
    stages.append(Stage("matched", "done", source.received_at, whose, {"event_id": source.id}))
    state = {"succeeded": "done", "dead": "stopped", "failed": "stopped"}.get(source.status, "waiting")
    more = {"status": source.status, "attempts": source.attempts}
    stages.append(Stage("processed", state, source.processed_at, source.last_error or "", more))
    return stages + [Stage(name, "done", detail="", more=came) for name, came in source.outcome.items()]


def _how(row: ProviderEvent) -> str:
    if row.replay_of:
        return f"replayed from {row.replay_of}"
    return f"at endpoint {row.endpoint_id}" if row.endpoint_id else row.source
