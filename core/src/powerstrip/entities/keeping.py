"""Records as they are changed, each change with its event, in the caller's transaction."""

from typing import Any

from sqlalchemy import Connection
from sqlmodel import Session

from powerstrip.clock import stamp
from powerstrip.entities.values import Change, Kept
from powerstrip.events import Events, NewEvent
from powerstrip.store import EntityRecord, connection_of, scope
from powerstrip.value import Value

EVENT = "entity.record."


class Spot(Value):
    """Where a record lies. `source` is the integration it came from, empty for the project's own."""

    project_id: str
    entity: str
    key: str
    source: str = ""


class Cause(Value):
    """What a change came of: when it happened, in which mode, and how many events led to it."""

    mode: Any = "live"
    occurred_at: str | None = None
    test: bool = False
    depth: int = 0


class Keeper:
    """Changes records and emits `entity.record.created`, `.updated` and `.deleted`."""

    def __init__(self, events: Events) -> None:
        self._events = events

    def find(self, session: Session, spot: Spot) -> EntityRecord | None:
        """The record's row, a deleted one's too."""
        return scope(session, spot.project_id).find(EntityRecord, entity=spot.entity, source=spot.source, key=spot.key)

    def upsert(self, session: Session, spot: Spot, value: dict[str, Any], cause: Cause) -> Kept:
        """Make a record, or replace its value. One that is as it was is left alone and tells nobody."""
        row = self.find(session, spot)
        if row is not None and _stale(row, cause):
            return Kept("none", None if row.deleted_at else row)
        if row is not None and row.deleted_at is None:
            return self._replace(session, row, value, cause)
        if row is None:
            row = EntityRecord(project_id=spot.project_id, entity=spot.entity, source=spot.source, key=spot.key, version=0)
            scope(session, spot.project_id).add(row)
        row.created_at, row.deleted_at = stamp(), None
        _set(row, value, None, cause)
        return self._told(session, "created", row, None, cause)

    def delete(self, session: Session, spot: Spot, cause: Cause) -> Kept:
        """Delete a record. Its key stays for a while, so that a late word of it does not bring it back."""
        row = self.find(session, spot)
        if row is None or row.deleted_at is not None or _stale(row, cause):
            return Kept("none", None)
        before = row.value
        _set(row, {}, None, cause)
        row.deleted_at = row.updated_at
        return self._told(session, "deleted", row, before, cause)

    def _replace(self, session: Session, row: EntityRecord, value: dict[str, Any], cause: Cause) -> Kept:
        if row.value == value:
            row.occurred_at = cause.occurred_at or row.occurred_at
            session.add(row)
            return Kept("none", row)
        before = row.value
        _set(row, value, before, cause)
        return self._told(session, "updated", row, before, cause)

    def _told(self, session: Session, change: Change, row: EntityRecord, before: dict[str, Any] | None, cause: Cause) -> Kept:
        session.add(row)
        session.flush()
        self._emit(connection_of(session), change, row, before, cause)
        return Kept(change, row, before)

    def _emit(
        self, connection: Connection, change: Change, row: EntityRecord, before: dict[str, Any] | None, cause: Cause
    ) -> None:
        after = None if change == "deleted" else row.value
        old, new = before or {}, after or {}
        data = {
            "entity": row.entity,
            "key": row.key,
            "record_id": row.id,
            "version": row.version,
            "before": before,
            "after": after,
            "changed": [name for name in sorted({*old, *new}) if old.get(name) != new.get(name)],
        }
        event = NewEvent(
            row.project_id,
            EVENT + change,
            "entity",
            row.entity[:80],
            data,
            key=f"{row.id}:{row.version}",
            occurred_at=cause.occurred_at or row.updated_at,
            integration_id=row.source or None,
            mode=cause.mode,
            test=cause.test,
            depth=cause.depth,
        )
        self._events.emit(connection, event)


def _set(row: EntityRecord, value: dict[str, Any], before: dict[str, Any] | None, cause: Cause) -> None:
    row.value, row.before, row.version, row.updated_at = value, before, row.version + 1, stamp()
    row.occurred_at = cause.occurred_at


def _stale(row: EntityRecord, cause: Cause) -> bool:
    """Whether something that happened later is known already."""
    return bool(cause.occurred_at and row.occurred_at and cause.occurred_at < row.occurred_at)
