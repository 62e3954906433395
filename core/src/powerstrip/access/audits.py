"""Reading the audit log."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select

from powerstrip.access.identity import EVERYWHERE, Identity
from powerstrip.store import Audit, AuditLog, AuditReport, Store
from powerstrip.value import Value

VIEW = "audit.view"


class AuditFilter(Value):
    """What to look for; None means any. Times are as stored, both ends left out."""

    resource_type: str | None = None
    resource_id: str | None = None
    user_id: str | None = None
    action: str | None = None
    created_after: str | None = None
    created_before: str | None = None


class Audits:
    """The audit log as its readers may see it."""

    def __init__(self, store: Store, audit: AuditLog) -> None:
        self._store = store
        self._audit = audit

    async def list(
        self, projects: Collection[str] | None, wanted: AuditFilter, *, before: int | None = None, limit: int = 50
    ) -> list[Audit]:
        """Newest first, before the row with this number. `projects` None is the whole hub, with what belongs to no project."""
        query = select(Audit).where(*_conditions(projects, wanted)).order_by(col(Audit.seq).desc()).limit(limit)
        if before is not None:
            query = query.where(col(Audit.seq) < before)
        return await self._store.read(lambda session: list(session.exec(query)))

    async def verify(self, project_id: str) -> tuple[AuditReport, int]:
        """Walk the whole chain; also says how many of its rows are the project's."""

        def work(session: Session) -> tuple[AuditReport, int]:
            count = select(func.count()).select_from(Audit).where(Audit.project_id == project_id)
            return self._audit.verify(session), session.exec(count).one()

        return await self._store.read(work)


def audited_projects(identity: Identity) -> Collection[str] | None:
    """The projects whose log the caller may read; None for all."""
    if identity.may(VIEW, EVERYWHERE):
        return None
    return [project for project in identity.grants.projects() if identity.may(VIEW, project)]


def _conditions(projects: Collection[str] | None, wanted: AuditFilter) -> list[Any]:
    equal = ("resource_type", "resource_id", "user_id", "action")
    found = [col(getattr(Audit, name)) == getattr(wanted, name) for name in equal if getattr(wanted, name) is not None]
    if projects is not None:
        found.append(col(Audit.project_id).in_(projects))
    if wanted.created_after is not None:
        found.append(col(Audit.created_at) > wanted.created_after)
    if wanted.created_before is not None:
        found.append(col(Audit.created_at) < wanted.created_before)
    return found
