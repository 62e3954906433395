"""Uses of an integration as the log of calls and the audit log have them. Every look back has a bound."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Subquery, case, func, select
from sqlmodel import Session, col

from powerstrip.clock import now, rfc3339
from powerstrip.store import Audit, Idempotency, Integration, Invocation, Principal
from powerstrip.value import Value

MAX_CALLS = 100_000
"""Newest calls of an integration that are counted."""
MAX_AUDIT = 20_000
"""Newest audit rows of a project among which uses by key are looked for."""
MAX_LISTED = 200
"""Principals, keys and actions that are listed, those used last first."""


class PrincipalUse(Value):
    """Calls of one principal. The name is None where its home is another project."""

    id: str | None
    name: str | None
    calls: int
    failures: int
    last_used_at: str


class KeyUse(Value):
    """Uses of the credential by one API key, tests and pickers among them."""

    id: str
    name: str | None
    uses: int
    last_used_at: str


class ActionUse(Value):
    """Calls of one action. `scopes` are those that the adapter declares for it."""

    name: str
    calls: int
    failures: int
    last_used_at: str
    scopes: tuple[str, ...] = ()


class Copy(Value):
    """A copy in the same project."""

    id: str
    name: str


class Copies(Value):
    """Copies that live on by themselves: those of this project, and how many other projects have."""

    here: tuple[Copy, ...]
    elsewhere: int


class Uses(Value):
    """Calls by who made them and by what was called."""

    principals: tuple[PrincipalUse, ...]
    actions: tuple[ActionUse, ...]
    complete: bool


class Recent(Value):
    """When an integration was last called with, and its calls of the last day."""

    last_used_at: str | None
    calls: int = 0
    failures: int = 0


def days_ago(days: int) -> str:
    """The time that many days ago, as text."""
    return rfc3339(now() - timedelta(days=days))


def uses_of(session: Session, row: Integration, since: str) -> Uses:
    """Calls with this integration since then, at most the newest `MAX_CALLS`."""
    calls = (
        select(col(Invocation.principal_id), col(Invocation.action_name), col(Invocation.status), col(Invocation.started_at))
        .where(*_mine(row), col(Invocation.started_at) >= since)
        .order_by(col(Invocation.started_at).desc())
        .limit(MAX_CALLS)
        .subquery()
    )
    by_principal, by_action = _grouped(session, calls, "principal_id"), _grouped(session, calls, "action_name")
    names = _names(session, row.project_id, [found[0] for found in by_principal])
    return Uses(
        tuple(PrincipalUse(who, names.get(who), count, failed, last) for who, count, failed, last in by_principal),
        tuple(ActionUse(name, count, failed, last) for name, count, failed, last in by_action),
        complete=sum(found[1] for found in by_action) < MAX_CALLS,
    )


def keys_of(session: Session, row: Integration, since: str) -> tuple[KeyUse, ...]:
    """API keys that used the credential since then, among the newest `MAX_AUDIT` audit rows of the project."""
    newest = (
        select(
            col(Audit.credential_id), col(Audit.credential_name), col(Audit.resource_id), col(Audit.action), col(Audit.created_at)
        )
        .where(col(Audit.project_id) == row.project_id)
        .order_by(col(Audit.seq).desc())
        .limit(MAX_AUDIT)
        .subquery()
    )
    at = newest.c
    last = func.max(at.created_at)
    found = _rows(
        session,
        select(at.credential_id, func.max(at.credential_name), func.count(), last)
        .where(at.resource_id == row.id, at.action == "use", at.credential_id.is_not(None), at.created_at >= since)
        .group_by(at.credential_id)
        .order_by(last.desc())
        .limit(MAX_LISTED),
    )
    return tuple(KeyUse(key, name, count, when) for key, name, count, when in found)


def count_kept(session: Session, row: Integration) -> int:
    """Calls with this integration whose answer is kept under an idempotency key."""
    query = (
        select(func.count())
        .select_from(Idempotency)
        .join(Invocation, col(Invocation.id) == col(Idempotency.invocation_id))
        .where(col(Idempotency.project_id) == row.project_id, *_mine(row))
    )
    return _rows(session, query)[0][0]


def copies_of(session: Session, row: Integration) -> Copies:
    """What was copied from it. Of other projects no more than their number is told."""
    mine = col(Integration.copied_from) == row.id
    here = col(Integration.project_id) == row.project_id
    found = _rows(session, select(col(Integration.id), col(Integration.name)).where(mine, here).limit(MAX_LISTED))
    others = _rows(session, select(func.count()).select_from(Integration).where(mine, ~here))
    return Copies(tuple(Copy(*each) for each in found), others[0][0])


def last_uses(session: Session, ids: Sequence[str]) -> dict[str, str]:
    """When each of these integrations was last called with; those that never were are left out. One look-up each, by index."""
    last = (
        select(func.max(col(Invocation.started_at)))
        .where(col(Invocation.integration_id) == col(Integration.id))
        .correlate(Integration)
        .scalar_subquery()
    )
    found = _rows(session, select(col(Integration.id), last).where(col(Integration.id).in_(ids)))
    return {which: when for which, when in found if when is not None}


def recent_of(session: Session, row: Integration) -> Recent:
    """The last use, and the calls of the last day, at most the newest `MAX_CALLS`."""
    last = last_uses(session, [row.id]).get(row.id)
    calls = (
        select(col(Invocation.status), col(Invocation.started_at))
        .where(*_mine(row), col(Invocation.started_at) >= days_ago(1))
        .limit(MAX_CALLS)
        .subquery()
    )
    ((count, failed),) = _rows(session, select(func.count(), _failures(calls)))
    return Recent(last, count, failed or 0)


def _mine(row: Integration) -> tuple[Any, Any]:
    return col(Invocation.integration_id) == row.id, col(Invocation.project_id) == row.project_id


def _grouped(session: Session, calls: Subquery, by: str) -> list[tuple[Any, ...]]:
    key, last = calls.c[by], func.max(calls.c.started_at)
    query = select(key, func.count(), func.coalesce(_failures(calls), 0), last)
    return _rows(session, query.group_by(key).order_by(last.desc()).limit(MAX_LISTED))


def _failures(calls: Subquery) -> Any:
    return func.sum(case((calls.c.status == "failed", 1), else_=0))


def _names(session: Session, project_id: str, ids: Sequence[str | None]) -> dict[str | None, str]:
    at_home = select(col(Principal.id), col(Principal.name)).where(
        col(Principal.project_id) == project_id, col(Principal.id).in_([each for each in ids if each is not None])
    )
    return {found[0]: found[1] for found in _rows(session, at_home)}


def _rows(session: Session, query: Any) -> list[tuple[Any, ...]]:
    return [tuple(found) for found in session.connection().execute(query)]
