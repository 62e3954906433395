"""The rows of a call: statements compiled once, for the transactions that every call makes."""

import json
from collections.abc import Collection
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, null, or_, update
from sqlmodel import col, select

from powerstrip.actions.calls import Unsent
from powerstrip.clock import now, rfc3339, stamp
from powerstrip.edge import LedgerRow
from powerstrip.store import Idempotency, Invocation, Prepared, RowsFind, RowsUpdate, silent

KEY_LIFETIME = timedelta(days=7)
"""How long an idempotency key is remembered, with the result that it led to."""
STALE = timedelta(minutes=5)
"""A call lasts two minutes at most: one that is open for longer has lost its hub."""
STOPPED = "The hub stopped before the answer was written down, so whether it took effect is not known: look at the provider first"
END_LOST = "The end of the call could not be written down, so whether it took effect is not known: look at the provider first"

known_key = Prepared(
    select(Idempotency).where(col(Idempotency.project_id) == bindparam("project_id"), col(Idempotency.key) == bindparam("key"))
)
known_keys = RowsFind(Idempotency, keys=("project_id", "key"), columns=("key",))
forget_key = Prepared(
    delete(Idempotency).where(col(Idempotency.project_id) == bindparam("project_id"), col(Idempotency.key) == bindparam("key"))
)
drop_output = Prepared(
    update(Invocation)
    .where(col(Invocation.project_id) == bindparam("of_project"), col(Invocation.id) == bindparam("of_id"))
    .values(output=null())
)
earlier_call = Prepared(
    select(Invocation).where(col(Invocation.project_id) == bindparam("project_id"), col(Invocation.id) == bindparam("id"))
)
resume = Prepared(
    update(Invocation)
    .where(col(Invocation.project_id) == bindparam("of_project"), col(Invocation.id) == bindparam("of_id"))
    .values(
        status=bindparam("to_status"),
        hub=bindparam("to_hub"),
        started_at=bindparam("to_time"),
        finished_at=null(),
        error_type=null(),
        error_message=null(),
        retry_count=col(Invocation.retry_count) + 1,
    )
)
finish = RowsUpdate(
    Invocation,
    keys=("project_id", "id", "hub"),
    sets=("status", "output", "output_summary", "error_type", "error_message", "finished_at"),
    adds=("retry_count",),
)
"""The end of calls: those of a hub, for what another took over is that one's to end."""
_lost = (
    update(Invocation)
    .where(col(Invocation.status) == "active", col(Invocation.hub) != bindparam("of_hub"), col(Invocation.job_id).is_(None))
    .values(status="failed", error_type="unknown", error_message=STOPPED, finished_at=bindparam("to_time"))
)


def give_up_lost(connection: Connection, hub: str, *, alone: bool) -> int:
    """Close what hubs that are gone left open, as unknown; returns how many calls that were.

    `alone`: no other hub works on this database, so every open call of another is lost. Otherwise the other's silence tells, or
    the call's age.
    """
    query = _lost if alone else _lost.where(or_(col(Invocation.hub).in_(silent()), col(Invocation.started_at) < _before(STALE)))
    return connection.execute(query, {"of_hub": hub, "to_time": stamp()}).rowcount


def give_up_own(connection: Connection, hub: str, running: Collection[str]) -> int:
    """Close as unknown what this hub left open and is not at any more; returns how many calls that were."""
    mine = select(Invocation.id).where(
        col(Invocation.status) == "active", col(Invocation.hub) == hub, col(Invocation.job_id).is_(None)
    )
    lost = [each for each in connection.execute(mine).scalars() if each not in running]
    values = {"status": "failed", "error_type": "unknown", "error_message": END_LOST, "finished_at": stamp()}
    for each in lost:
        connection.execute(update(Invocation).where(col(Invocation.id) == each).values(**values))
    return len(lost)


def is_lost(connection: Connection, row: Any, hub: str, running: set[str], *, alone: bool) -> bool:
    """Whether an open call will never be finished by the one who began it."""
    if row.hub == hub:
        return row.id not in running
    return alone or row.started_at < _before(STALE) or row.hub in connection.execute(silent()).scalars().all()


def is_forgotten(created_at: str) -> bool:
    """Whether an idempotency key is too old to count."""
    return created_at < _before(KEY_LIFETIME)


def forget_old_keys(connection: Connection) -> int:
    """Remove keys that are too old, and the outputs that were kept for them; returns how many keys went."""
    old = col(Idempotency.created_at) < _before(KEY_LIFETIME)
    calls = select(Idempotency.invocation_id).where(old)
    connection.execute(update(Invocation).where(col(Invocation.id).in_(calls)).values(output=None))
    return connection.execute(delete(Idempotency).where(old)).rowcount


def unsent_of(row: LedgerRow) -> Unsent:
    """A ledger row as the edge made it."""
    values: dict[str, Any] = row | {"headers": json.loads(row["headers"]), "integration_id": row["integration_id"] or None}
    del values["project_id"]
    return Unsent(**values)


def _before(age: timedelta) -> str:
    return rfc3339(now() - age)
