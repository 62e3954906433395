"""Into a project: compared first, then written in one transaction, and the second time nothing is left to do."""

import asyncio
from collections.abc import Mapping
from typing import Any

from sqlmodel import Session

from powerstrip.clock import new_id
from powerstrip.connect.bundles.differences import Difference, Entry
from powerstrip.connect.bundles.document import Bundle, Item, read_bundle
from powerstrip.connect.drafts import Drafter
from powerstrip.connect.impact import Impacts
from powerstrip.connect.keeping import Keeper, unchanged
from powerstrip.connect.plans import Change, breakages, draft_changes
from powerstrip.connect.rows import new_row, refuse_twin, twin_of
from powerstrip.connect.values import IntegrationChanges, Mode, NewIntegration
from powerstrip.problems import Conflict, Problem, Unprocessable
from powerstrip.store import Actor, Integration, Project, scope
from powerstrip.value import replace

Credentials = dict[str, str] | None


class Importer:
    """Reads bundles."""

    def __init__(self, keeper: Keeper, drafter: Drafter, impacts: Impacts) -> None:
        self._keeper = keeper
        self._drafter = drafter
        self._impacts = impacts

    async def compare(self, project: Project, actor: Actor, raw: Mapping[str, Any]) -> Difference:
        """What an import would do. Nothing is changed, nobody is asked. Raises `BadInput` and `Unprocessable`."""
        bundle = read_bundle(raw)
        secrets = self._secrets(bundle)
        twins = await self._keeper.store.read(
            lambda session: [twin_of(session, project.id, item.provider, item.name) for item in bundle.integrations]
        )
        entries = [
            await self._entry(project, actor, item, secret, twin)
            for item, secret, twin in zip(bundle.integrations, secrets, twins, strict=True)
        ]
        return Difference(tuple(entries), sealed=bundle.sealed is not None)

    async def apply(
        self, project: Project, actor: Actor, raw: Mapping[str, Any], *, skip: bool, accept_impact: bool
    ) -> Difference:
        """Import, all or nothing. With `skip` what cannot be imported is left out.

        Raises what `compare` does, and `Conflict` where something cannot be imported, or would stop what others do.
        """
        found = await self.compare(project, actor, raw)
        _refuse(found, skip=skip, accept_impact=accept_impact)
        wanted = [entry for entry in found.entries if entry.state in ("new", "changed")]

        def write(session: Session) -> dict[int, str]:
            return {id(entry): self._write(session, project, actor, entry) for entry in wanted}

        made = await self._keeper.store.write(write)
        entries = tuple(replace(entry, integration_id=made.get(id(entry), entry.integration_id)) for entry in found.entries)
        return replace(found, entries=entries, applied=True)

    def _secrets(self, bundle: Bundle) -> list[Credentials]:
        if bundle.sealed is None:
            return [None] * len(bundle.integrations)
        found = self._keeper.vault.open_bundle(bundle.sealed.model_dump(), bundle.beside)
        if len(found) != len(bundle.integrations):
            raise Unprocessable("The bundle does not hold what it says", code="bundle_broken")
        return found

    async def _entry(self, project: Project, actor: Actor, item: Item, secret: Credentials, twin: Integration | None) -> Entry:
        mode: Mode = "sandbox" if project.mode == "sandbox" else item.mode
        blank = Entry(item.provider, item.name, "same", integration_id=twin.id if twin else None, mode=mode, before=twin)
        try:
            if await asyncio.to_thread(self._drafter.adapter, item.provider) is None:
                return replace(blank, state="missing_provider", reason="No adapter for it is installed here")
            if twin is None:
                return await self._new(project, item, secret, blank)
            return await self._changed(actor, item, secret, twin, blank)
        except Problem as problem:
            return replace(blank, state="conflict", reason=problem.message)

    async def _new(self, project: Project, item: Item, secret: Credentials, blank: Entry) -> Entry:
        given = None if blank.mode == "sandbox" else secret
        new = NewIntegration(item.name, item.provider, given, item.config, item.auth_kind or None, blank.mode)
        draft, _ = await asyncio.to_thread(self._drafter.imported, project, new)
        if given is not None and draft.origin != item.origin:
            return replace(blank, state="conflict", reason=_elsewhere(item, draft.origin))
        if item.status == "inactive":
            draft = replace(draft, status="inactive", status_reason="")
        credentials = Change("credentials", None, "sealed" if draft.credentials is not None else None)
        reason = draft.status_reason or None
        return replace(
            blank, state="new", reason=reason, changes=(Change("integration", None, item.name), credentials), draft=draft
        )

    async def _changed(self, actor: Actor, item: Item, secret: Credentials, twin: Integration, blank: Entry) -> Entry:
        if twin.mode != blank.mode:
            return replace(blank, state="conflict", reason=f"The one of this name here is {twin.mode}, and a mode never changes")
        config = IntegrationChanges(config=item.config)
        draft = await asyncio.to_thread(self._drafter.changed, twin, config)
        if secret is not None and blank.mode == "live" and (draft.drops or not twin.credential_version):
            given = IntegrationChanges(config=item.config, credentials=secret)
            draft = await asyncio.to_thread(self._drafter.changed, twin, given)
            if draft.origin != item.origin:
                return replace(blank, state="conflict", reason=_elsewhere(item, draft.origin))
        changes = draft_changes(twin, draft)
        if not changes:
            return blank
        stops = twin.status == "active" and draft.status != "active"
        breaks = breakages(twin, actor, await self._impacts.of(twin)) if stops else ()
        return replace(blank, state="changed", changes=tuple(changes), breaks=breaks, draft=draft)

    def _write(self, session: Session, project: Project, actor: Actor, entry: Entry) -> str:
        draft = entry.draft
        assert draft is not None
        if entry.before is not None:
            row = unchanged(session, entry.before)
            fields = sorted({change.field.partition(".")[0] for change in entry.changes})
            facts: dict[str, Any] = {"fields": fields, "imported": True}
            if draft.status != row.status:
                facts["status"] = {"before": row.status, "after": draft.status}
            if draft.drops:
                self._keeper.vault.delete_credential(session, row)
            self._keeper.apply(session, actor, row, draft)
            self._keeper.record(session, actor, "update", row, facts)
            return row.id
        refuse_twin(session, project.id, entry.provider, draft.name)
        new = NewIntegration(draft.name, entry.provider)
        row = new_row(new_id("int"), project, actor, new, entry.mode, draft)
        scope(session, project.id).add(row)
        self._keeper.apply(session, actor, row, draft)
        facts = {"provider": row.provider, "mode": row.mode, "imported": True}
        self._keeper.record(session, actor, "create", row, facts)
        return row.id


def _refuse(found: Difference, *, skip: bool, accept_impact: bool) -> None:
    if found.blocked and not skip:
        first = found.blocked[0]
        raise Conflict(
            f"{len(found.blocked)} of the bundle cannot be imported, such as {first.provider}/{first.name}: {first.reason}. "
            "Look at the plan; with `skip_conflicts` the others are imported",
            code="bundle_conflicts",
        )
    if found.breaks and not accept_impact:
        raise Conflict(
            f"The import would stop {len(found.breaks)} that use what is here. Look at the plan, and say `accept_impact` where "
            "it is meant",
            code="impact",
            details={"count": len(found.breaks)},
        )


def _elsewhere(item: Item, origin: str) -> str:
    before, here = item.origin or "no one place", origin or "no one place"
    return f"Its credential was entered for {before}, and its calls would go to {here} here"
