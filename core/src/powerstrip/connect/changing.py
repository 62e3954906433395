"""Changes of an integration that may stop what uses it: planned first, then made."""

import asyncio
from typing import Any

from sqlmodel import Session

from powerstrip.connect.drafts import Draft, Drafter
from powerstrip.connect.impact import Impacts
from powerstrip.connect.keeping import Keeper
from powerstrip.connect.plans import Change, Plan, draft_changes, plan_of, require_accepted
from powerstrip.connect.rows import refuse_twin
from powerstrip.connect.running import one_line
from powerstrip.connect.tokens.leaving import Leaving, Parting
from powerstrip.connect.values import IntegrationChanges
from powerstrip.names import name_key
from powerstrip.problems import BadInput, Conflict
from powerstrip.store import Actor, Integration, Project, scope


class Changes:
    """Updates, expires and deletes integrations."""

    def __init__(self, keeper: Keeper, drafter: Drafter, impacts: Impacts) -> None:
        self._keeper = keeper
        self._drafter = drafter
        self._impacts = impacts
        self._leaving: Leaving | None = None

    def leave_with(self, leaving: Leaving) -> None:
        """End consents at their providers, from now on."""
        self._leaving = leaving

    async def plan_update(self, project: Project, actor: Actor, id: str, changes: IntegrationChanges) -> Plan:
        """What an update would do."""
        before = await self._keeper.get(project.id, id)
        return await self._plan_update(before, actor, await self._draft(before, changes))

    async def update(
        self, project: Project, actor: Actor, id: str, changes: IntegrationChanges, *, accept_impact: bool
    ) -> Integration:
        """Change what is given. See `Integrations.update`."""
        before = await self._keeper.get(project.id, id)
        draft = await self._draft(before, changes)
        if _stops(before, draft):
            require_accepted(await self._plan_update(before, actor, draft), accept_impact)

        def change(session: Session, row: Integration) -> None:
            if name_key(draft.name) != row.name_key:
                refuse_twin(session, project.id, row.provider, draft.name)
            facts: dict[str, Any] = {"fields": changes.fields}
            if draft.status != row.status:
                facts["status"] = {"before": row.status, "after": draft.status}
            if draft.drops:
                self._keeper.vault.delete_credential(session, row)
                facts["credentials"] = "dropped: the destination changed"
            self._keeper.apply(session, actor, row, draft)
            self._keeper.record(session, actor, "update", row, facts)

        return await self._keeper.change(before, change)

    async def plan_expire(self, project: Project, actor: Actor, id: str) -> Plan:
        """What marking it expired would do."""
        before = await self._keeper.get(project.id, id)
        impact = await self._impacts.of(before)
        changes = [Change("status", before.status, "expired")] if before.status != "expired" else []
        return plan_of("expire", before, actor, impact, changes, stops=True)

    async def expire(self, project: Project, actor: Actor, id: str, reason: str, *, accept_impact: bool) -> Integration:
        """Mark it expired. See `Integrations.expire`."""
        before, why = await self._keeper.get(project.id, id), one_line(reason)
        if not why:
            errors = [{"path": "reason", "message": "Say why"}]
            raise BadInput("Say why, so that others know what to do", details={"errors": errors})
        if before.status == "expired":
            raise Conflict("The integration has expired already", code="integration_expired")
        require_accepted(await self.plan_expire(project, actor, id), accept_impact)

        def change(session: Session, row: Integration) -> None:
            facts = {"fields": ["status"], "status": {"before": row.status, "after": "expired"}, "reason": why}
            row.status, row.status_reason = "expired", why
            self._keeper.touch(session, row)
            self._keeper.record(session, actor, "update", row, facts)

        return await self._keeper.change(before, change)

    async def plan_delete(self, project: Project, actor: Actor, id: str) -> Plan:
        """What deleting it would do."""
        before = await self._keeper.get(project.id, id)
        impact = await self._impacts.of(before)
        had = "stored" if before.credential_version else None
        changes = [Change("integration", before.name, None), Change("credentials", had, "removed" if had else None)]
        if self._leaving is not None and (fate := await self._leaving.plan(before)):
            changes.append(Change("consent", "given", fate))
        return plan_of("delete", before, actor, impact, changes, stops=True)

    async def require_deletable(self, project: Project, actor: Actor, id: str) -> None:
        """Raise `Conflict` where deleting it would stop something."""
        require_accepted(await self.plan_delete(project, actor, id), accepted=False)

    async def delete(self, project: Project, actor: Actor, id: str) -> None:
        """Remove it for good, then end its consent. See `Integrations.delete`."""
        leaving = self._leaving
        leave = await leaving.prepare(await self._keeper.get(project.id, id)) if leaving else None

        def remove(session: Session) -> Parting | None:
            row: Integration = scope(session, project.id).get(Integration, id)
            facts, parting = {"provider": row.provider}, None
            if leaving and leave and (fate := leaving.fate(session, row, leave)):
                facts["consent"], parting = fate, leaving.take(session, row, leave, actor)
            self._keeper.vault.delete_credential(session, row)
            scope(session, project.id).delete(row)
            self._keeper.record(session, actor, "delete", row, facts)
            return parting

        parting = await self._keeper.store.write(remove)
        if leaving and parting:
            leaving.begin(parting)

    async def _draft(self, before: Integration, changes: IntegrationChanges) -> Draft:
        return await asyncio.to_thread(self._drafter.changed, before, changes)

    async def _plan_update(self, before: Integration, actor: Actor, draft: Draft) -> Plan:
        impact = await self._impacts.of(before)
        return plan_of("update", before, actor, impact, draft_changes(before, draft), stops=_stops(before, draft))


def _stops(before: Integration, draft: Draft) -> bool:
    """Whether calls fail after the change that did not fail before it."""
    return before.status == "active" and (draft.drops or draft.status != "active")
