"""Writing integrations down: the row, its credential and the audit row in one transaction."""

from collections.abc import Callable
from typing import Any

from sqlmodel import Session

from powerstrip.clock import stamp
from powerstrip.connect.drafts import Draft
from powerstrip.problems import Conflict
from powerstrip.store import Actor, AuditLog, Integration, Store, scope
from powerstrip.vault import Vault


class Keeper:
    """Changes integrations. `store` and `vault` are there for who needs them in a transaction of its own."""

    def __init__(self, store: Store, vault: Vault, audit: AuditLog) -> None:
        self.store = store
        self.vault = vault
        self._audit = audit

    async def get(self, project_id: str, id: str) -> Integration:
        """One integration. Raises `NotFound`."""
        return await self.store.read(lambda session: scope(session, project_id).get(Integration, id))

    async def change(self, before: Integration, change: Callable[[Session, Integration], None]) -> Integration:
        """Change a row that is still as it was read. Raises `Conflict` where somebody else changed it meanwhile."""

        def work(session: Session) -> Integration:
            row = unchanged(session, before)
            change(session, row)
            return row

        return await self.store.write(work)

    def apply(self, session: Session, actor: Actor, row: Integration, draft: Draft) -> None:
        """Store a draft, and its credential where it has one."""
        draft.onto(row)
        self.touch(session, row)
        if draft.credentials is not None:
            self.vault.store_credential(session, row, draft.credentials, actor)

    def touch(self, session: Session, row: Integration) -> None:
        """Write a changed row, with the time of its change."""
        row.updated_at = stamp()
        session.add(row)
        session.flush()

    def record(self, session: Session, actor: Actor, action: str, row: Integration, changes: dict[str, Any]) -> None:
        """The audit row of a change. `changes` holds no secret."""
        self._audit.append(
            session, actor, action, "integration", row.id, project_id=row.project_id, resource_name=row.name, changes=changes
        )


def unchanged(session: Session, before: Integration) -> Integration:
    """The row as it is now. Raises `NotFound`, and `Conflict` where somebody else changed it since `before` was read."""
    row: Integration = scope(session, before.project_id).get(Integration, before.id)
    if row.updated_at != before.updated_at:
        raise Conflict("The integration was changed meanwhile: look at it and try again", code="changed_meanwhile")
    return row
