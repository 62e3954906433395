"""What became of an integration, as the audit log has it: made, changed, expired, healed, deleted."""

from typing import Any, cast

from sqlalchemy import select
from sqlmodel import Session, col

from powerstrip.store import RARE_ACTIONS, Audit, Integration
from powerstrip.value import Value

MAX_STEPS = 200
"""Newest steps that are told."""


class Step(Value):
    """One change. `status` is that after it, where it changed; `fields` are those that were changed."""

    at: str
    action: str
    by: str | None
    fields: tuple[str, ...]
    status_before: str | None = None
    status: str | None = None
    reason: str | None = None


def history_of(session: Session, row: Integration) -> list[Step]:
    """The steps of one integration, the newest first."""
    query = (
        select(col(Audit.created_at), col(Audit.action), col(Audit.actor_name), col(Audit.changes))
        .where(col(Audit.resource_id) == row.id, col(Audit.project_id) == row.project_id, RARE_ACTIONS)
        .order_by(col(Audit.seq).desc())
        .limit(MAX_STEPS)
    )
    return [_step(*found) for found in session.connection().execute(query)]


def _step(at: str, action: str, by: str | None, changes: dict[str, Any]) -> Step:
    status = cast(dict[str, str], changes.get("status") or {})
    fields = tuple(changes.get("fields") or ())
    return Step(at, action, by, fields, status.get("before"), status.get("after"), changes.get("reason"))
