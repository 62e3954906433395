"""The statements over source events: emit, claim, finish."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, type_coerce, update
from sqlalchemy.types import NullType
from sqlmodel import col
from sqlmodel import select as select_of

from powerstrip.clock import row_id, stamp
from powerstrip.events.source import NewEvent
from powerstrip.store import Prepared, RowsFind, RowsUpdate, SourceEvent, insert_rows
from powerstrip.value import Value

OPEN = ("pending", "retrying", "processing")
CLAIM = 64
"""Events taken at once."""

_COLUMNS = (
    "seq", "id", "project_id", "name", "source_type", "source_id", "integration_id", "provider", "provider_event_id", "mode",
    "test", "depth", "data", "occurred_at", "received_at", "attempts", "outcome",
)  # fmt: skip
_columns: list[Any] = [type_coerce(col(getattr(SourceEvent, name)), NullType()).label(name) for name in _COLUMNS]
"""As they lie there: JSON as text."""
_KEY = ("project_id", "source_type", "source_id", "key")
_known = RowsFind(SourceEvent, keys=_KEY, columns=_KEY)
_due = Prepared(
    select(*_columns)
    .where(col(SourceEvent.next_at) <= bindparam("now"))
    .order_by(col(SourceEvent.seq))
    .limit(CLAIM)
    .with_for_update(skip_locked=True)
)
"""On PostgreSQL what another process is taking just now is left to it. On SQLite there is no other."""
_claim = RowsUpdate(SourceEvent, keys=("seq",), sets=("status", "attempts", "next_at"))
_finish = RowsUpdate(
    SourceEvent,
    keys=("seq", "attempts"),
    sets=("status", "next_at", "last_error", "outcome", "processed_at"),
)
_hold = RowsUpdate(SourceEvent, keys=("seq", "attempts", "status"), sets=("next_at",), tells=("seq",))
_finish_new = RowsUpdate(SourceEvent, keys=("id",), sets=("status", "next_at", "last_error", "outcome", "processed_at"))
_waiting = Prepared(select(col(SourceEvent.seq)).where(col(SourceEvent.next_at) <= bindparam("now")).limit(1))
_take_up = Prepared(
    update(SourceEvent).where(col(SourceEvent.status) == "processing").values(next_at=bindparam("now"), status="retrying")
)
next_due = select_of(func.min(col(SourceEvent.next_at)))


def emit_all(
    connection: Connection, events: Sequence[tuple[NewEvent, str | None]], *, lease: str | None = None
) -> list[dict[str, Any] | None]:
    """Insert events in order; their rows, None for one whose key is known.

    One that nobody wants comes with the outcome that says so, and is at its end at once. The others are to be processed; with a
    `lease` they are taken already, in the same transaction.
    """
    told: list[dict[str, Any] | None] = []
    made: list[dict[str, Any]] = []
    keys = _known_keys(connection, [event for event, _ in events if event.key is not None])
    for event, outcome in events:
        if event.key is not None:
            if _key_of(event) in keys:
                told.append(None)
                continue
            keys.add(_key_of(event))
        made.append(_row(event, outcome, lease))
        told.append(made[-1])
    insert_rows(connection, SourceEvent, made)
    return told


def _known_keys(connection: Connection, events: Sequence[NewEvent]) -> set[tuple[str, ...]]:
    asked = dict.fromkeys(_key_of(event) for event in events)
    return {tuple(row) for row in _known.all(connection, [dict(zip(_KEY, key, strict=True)) for key in asked])}


def _key_of(event: NewEvent) -> tuple[str, ...]:
    return event.project_id, event.source_type, event.source_id or "", event.key or ""


def _row(event: NewEvent, outcome: str | None, lease: str | None) -> dict[str, Any]:
    now = stamp()
    done = outcome is not None
    return {
        "id": row_id("evt"),
        "project_id": event.project_id,
        "name": event.name,
        "source_type": event.source_type,
        "source_id": event.source_id or "",
        "key": event.key,
        "provider": event.provider,
        "integration_id": event.integration_id,
        "provider_event_id": event.provider_event_id,
        "mode": event.mode,
        "test": event.test,
        "depth": event.depth,
        "data": event.text or json.dumps(event.data, ensure_ascii=False, separators=(",", ":")),
        "status": "succeeded" if done else "pending" if lease is None else "processing",
        "attempts": int(done or lease is not None),
        "outcome": outcome or "{}",
        "occurred_at": event.occurred_at,
        "received_at": now,
        "processed_at": now if done else None,
        "next_at": None if done else lease or now,
    }


def waiting(connection: Connection) -> bool:
    """Whether an event is due that nobody has taken."""
    return _waiting.first(connection, now=stamp()) is not None


def claim(connection: Connection, now: str, lease: str) -> list[Any]:
    """Take what is due, oldest first. Each row is this caller's until `lease`, when somebody else may take it."""
    rows = _due.all(connection, now=now)
    taken = {"status": "processing", "next_at": lease}
    _claim.run(connection, [taken | {"seq": row.seq, "attempts": row.attempts + 1} for row in rows])
    return rows


def hold(connection: Connection, taken: Sequence[Any], lease: str) -> set[int]:
    """Make sure, and keep until the commit, that events are still their attempts'; the numbers of those that are."""
    asked = [{"seq": row.seq, "attempts": row.attempts + 1, "status": "processing", "next_at": lease} for row in taken]
    return {row.seq for row in _hold.run(connection, asked)}


class End(Value):
    """How an attempt ended: the state, when there is another one, and the words and the outcome that people see."""

    seq: int | str
    """The event's number, or its id where it was emitted in this transaction."""
    attempts: int
    status: str
    due: str | None
    error: str | None
    outcome: str


def finish(connection: Connection, ends: Sequence[End]) -> None:
    """Write down how attempts ended. Only for events that `hold` told to be theirs, in the same transaction."""
    now = stamp()
    rows = [
        {
            "seq": end.seq,
            "id": end.seq,
            "attempts": end.attempts,
            "status": end.status,
            "next_at": end.due,
            "last_error": end.error,
            "outcome": end.outcome,
            "processed_at": None if end.due else now,
        }
        for end in ends
    ]
    _finish.run(connection, [row for row in rows if isinstance(row["seq"], int)])
    _finish_new.run(connection, [row for row in rows if isinstance(row["id"], str)])


def take_up(connection: Connection, now: str) -> int:
    """Make what an earlier process left in the middle due again."""
    return _take_up.run(connection, now=now)
