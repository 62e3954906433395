"""Integrations: from nothing to a connection, and what becomes of it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias, TypeVar

from sqlmodel import Session, col, or_

from powerstrip.adapter import Query
from powerstrip.catalog import Catalog, Connection, ProjectCatalogs
from powerstrip.clock import new_id
from powerstrip.connect.asking import Asker, Question
from powerstrip.connect.bundles import Difference, Exporter, Importer
from powerstrip.connect.changing import Changes
from powerstrip.connect.copying import Copying
from powerstrip.connect.drafts import Drafter
from powerstrip.connect.history import Step, history_of
from powerstrip.connect.impact import Impact, Impacts, ImpactSource
from powerstrip.connect.keeping import Keeper
from powerstrip.connect.pickers import Pickers
from powerstrip.connect.plans import Plan
from powerstrip.connect.probing import Prober
from powerstrip.connect.rotating import Rotations
from powerstrip.connect.rows import new_row, note_account, refuse_twin
from powerstrip.connect.tokens.leaving import Leaving
from powerstrip.connect.uses import Recent, last_uses, recent_of
from powerstrip.connect.values import IntegrationChanges, NewIntegration, Picked, Probe
from powerstrip.edge import Edge
from powerstrip.names import name_key
from powerstrip.problems import NotFound, Unprocessable
from powerstrip.settings import Settings
from powerstrip.store import Actor, AuditLog, Credential, Integration, Project, Store, scope
from powerstrip.vault import Vault

T = TypeVar("T")
Farewell: TypeAlias = Callable[[Integration, Actor], Awaitable[None]]


class Integrations:
    """Makes and keeps integrations. What it returns are rows, which hold no secret."""

    def __init__(self, store: Store, vault: Vault, catalog: Catalog, edge: Edge, audit: AuditLog, settings: Settings) -> None:
        asker = Asker(store, vault, edge, audit, settings)
        self._store = store
        self.catalogs = ProjectCatalogs(store, catalog)
        self._asker = asker
        self._farewells: list[Farewell] = []
        self._keeper = Keeper(store, vault, audit)
        self._drafter = Drafter(catalog, settings)
        self._pickers = Pickers(asker)
        self._prober = Prober(self._keeper, self._drafter, asker)
        self._rotations = Rotations(self._keeper, self._drafter, self._prober)
        self._impacts = Impacts(store, self._drafter)
        self._changes = Changes(self._keeper, self._drafter, self._impacts)
        self._copying = Copying(self._keeper, self._impacts)
        self._exporter = Exporter(self._keeper, self._drafter)
        self._importer = Importer(self._keeper, self._drafter, self._impacts)

    async def create(
        self,
        project: Project,
        actor: Actor,
        new: NewIntegration,
        *,
        probe: bool = False,
        waits: bool = False,
        also: Callable[[Session, Integration], None] | None = None,
    ) -> Integration:
        """Make an integration. With `probe` the provider is asked first, and a refused credential is not kept.

        With `waits` one that lacks its credential is made all the same, and is expired until it has it. `also` is done in the
        same transaction.

        Raises `BadInput`, `Unprocessable`, and `Conflict` where the provider has an integration of this name, or one that
        looks the same.
        """
        draft, mode = await asyncio.to_thread(self._drafter.imported if waits else self._drafter.new, project, new)
        make, account = partial(new_row, new_id("int"), project, actor, new, mode, draft), None
        await self._store.read(lambda session: refuse_twin(session, project.id, new.provider, draft.name))

        if probe:
            account = await self._prober.offer(make(), actor, draft.credentials)

        def add(session: Session) -> Integration:
            refuse_twin(session, project.id, new.provider, draft.name)
            row = make()
            note_account(row, account)
            scope(session, project.id).add(row)
            if draft.credentials is not None:
                self._keeper.vault.store_credential(session, row, draft.credentials, actor)
            fields = ["name", "config"] + (["credentials"] if draft.credentials is not None else [])
            self._keeper.record(session, actor, "create", row, {"fields": fields, "provider": row.provider, "mode": row.mode})
            if also is not None:
                also(session, row)
            return row

        return await self._store.write(add)

    async def get(self, project_id: str, id: str) -> Integration:
        """One integration. Raises `NotFound`."""
        return await self._keeper.get(project_id, id)

    async def resolve(self, project_id: str, reference: str, provider: str | None = None) -> Integration:
        """One integration by id or name. Raises `NotFound`, and `Unprocessable` where two providers have one of this name."""
        named = or_(col(Integration.id) == reference, col(Integration.name_key) == name_key(reference))
        where = [named] if provider is None else [named, col(Integration.provider) == provider]
        rows: list[Integration] = await self._store.read(lambda session: scope(session, project_id).all(Integration, *where))
        rows = [row for row in rows if row.id == reference] or rows
        if not rows:
            raise NotFound("There is no integration of this id or name in this project")
        if len(rows) > 1:
            providers = ", ".join(row.provider for row in rows)
            raise Unprocessable(f"Integrations of {providers} have this name: give the id", code="ambiguous_integration")
        return rows[0]

    async def list(
        self,
        project_id: str,
        *,
        provider: str | None = None,
        status: str | None = None,
        after: tuple[str, str] | None = None,
        limit: int = 50,
    ) -> "list[Integration]":
        """The project's integrations, newest first, after the given (created_at, id)."""
        wanted = {"provider": provider, "status": status}
        where = [col(getattr(Integration, name)) == value for name, value in wanted.items() if value is not None]
        return await self._store.read(
            lambda session: scope(session, project_id).page(Integration, *where, after=after, limit=limit)
        )

    async def update(
        self, project: Project, actor: Actor, id: str, changes: IntegrationChanges, *, accept_impact: bool = False
    ) -> Integration:
        """Change what is given. Where the destination changes, a credential that is not given anew is dropped.

        Raises `Conflict` with the code `impact` for a change that would stop what others do, unless `accept_impact`.
        """
        return await self._changes.update(project, actor, id, changes, accept_impact=accept_impact)

    async def expire(self, project: Project, actor: Actor, id: str, reason: str, *, accept_impact: bool = False) -> Integration:
        """Mark it expired by hand, as after a leak: no call uses its credential until there is another.

        `reason` is kept and shown. Raises `Conflict` as `update` does.
        """
        return await self._changes.expire(project, actor, id, reason, accept_impact=accept_impact)

    async def delete(self, project: Project, actor: Actor, id: str, *, accept_impact: bool = False) -> None:
        """Remove an integration and every version of its credential, for good. Raises `NotFound`, and `Conflict` as `update`.

        A person's consent is then ended at the provider too, where that can be done: in the background, and what came of it is
        in the audit log.
        """
        if not accept_impact:
            await self._changes.require_deletable(project, actor, id)
        row = await self.get(project.id, id)
        for farewell in self._farewells:
            await farewell(row, actor)
        await self._changes.delete(project, actor, id)

    async def copy(
        self,
        target: Project,
        actor: Actor,
        source_project_id: str,
        source_id: str,
        name: str | None = None,
        *,
        replace: bool = False,
        accept_impact: bool = False,
    ) -> Integration:
        """Copy an integration into a project, its credential sealed anew there.

        A copy into a sandbox project is a sandbox. A sandbox is not copied into a live project: nothing ever proved its
        credential. What had expired or was switched off arrives so. With `replace` an integration that has the name already is
        written over, and keeps its id. Raises `NotFound`, `Unprocessable` and `Conflict`, also as `update` does.
        """
        return await self._copying.copy(
            target, actor, source_project_id, source_id, name, replace=replace, accept_impact=accept_impact
        )

    async def rotate(
        self,
        project: Project,
        actor: Actor,
        id: str,
        credentials: Mapping[str, Any],
        *,
        probe: bool | None = None,
        accept_other_account: bool = False,
    ) -> Integration:
        """Replace the credential. The provider is asked with the new one before it becomes the current one: always with `probe`
        true, never with false, and where there is a call for it with None.

        The one before is kept sealed as a way back. Nothing changes where the provider refuses the new one, or where it
        belongs to another account and `accept_other_account` is false. An expired integration is active afterwards.
        """
        return await self._rotations.rotate(
            project, actor, id, credentials, probe=probe, accept_other_account=accept_other_account
        )

    async def versions(self, project_id: str, id: str) -> "list[Credential]":
        """The versions of its credential that are kept, newest first and sealed. Raises `NotFound`."""
        return await self._rotations.versions(project_id, id)

    async def confirm_rotation(self, project: Project, actor: Actor, id: str) -> Integration:
        """Destroy the credential before. Raises `NotFound`, and `Conflict` where there is none."""
        return await self._rotations.confirm(project, actor, id)

    async def roll_back_rotation(self, project: Project, actor: Actor, id: str) -> Integration:
        """Use the credential before again, as a new version. Raises `NotFound`, and `Conflict` where there is none.

        An expired integration is active afterwards; if it is refused, the next call finds that out.
        """
        return await self._rotations.roll_back(project, actor, id)

    async def plan_update(self, project: Project, actor: Actor, id: str, changes: IntegrationChanges) -> Plan:
        """What `update` would do. Raises what it would, but for the impact."""
        return await self._changes.plan_update(project, actor, id, changes)

    async def plan_expire(self, project: Project, actor: Actor, id: str) -> Plan:
        """What `expire` would do."""
        return await self._changes.plan_expire(project, actor, id)

    async def plan_delete(self, project: Project, actor: Actor, id: str) -> Plan:
        """What `delete` would do."""
        return await self._changes.plan_delete(project, actor, id)

    async def plan_copy(
        self, target: Project, actor: Actor, source_project_id: str, source_id: str, name: str | None = None
    ) -> Plan:
        """What `copy` with `replace` would do."""
        return await self._copying.plan(target, actor, source_project_id, source_id, name)

    async def plan_rotate(self, project: Project, actor: Actor, id: str, credentials: Mapping[str, Any]) -> Plan:
        """What `rotate` would do. The provider is not asked, so whose credential it is stays open."""
        return await self.plan_update(project, actor, id, IntegrationChanges(credentials=credentials))

    @property
    def bundle_key(self) -> str:
        """The public key to which other hubs seal bundles for this one."""
        return self._keeper.vault.bundle_key

    async def export(self, project: Project, actor: Actor, seal_to: str | None = None) -> dict[str, Any]:
        """The project's integrations as a bundle. See `Exporter.export`."""
        return await self._exporter.export(project, actor, seal_to)

    async def compare_bundle(self, project: Project, actor: Actor, bundle: Mapping[str, Any]) -> Difference:
        """What an import would do. See `Importer.compare`."""
        return await self._importer.compare(project, actor, bundle)

    async def import_bundle(
        self, project: Project, actor: Actor, bundle: Mapping[str, Any], *, skip: bool = False, accept_impact: bool = False
    ) -> Difference:
        """Import a bundle, all or nothing. See `Importer.apply`."""
        return await self._importer.apply(project, actor, bundle, skip=skip, accept_impact=accept_impact)

    async def impact(self, project_id: str, id: str) -> Impact:
        """What uses an integration. Raises `NotFound`."""
        return await self._impacts.of(await self.get(project_id, id))

    def add_impact_source(self, source: ImpactSource) -> None:
        """Let another room tell what it has built on an integration. At composition."""
        self._impacts.add(source)

    async def history(self, project_id: str, id: str) -> "list[Step]":
        """What became of an integration, the newest first. Raises `NotFound`."""
        row = await self.get(project_id, id)
        return await self._store.read(lambda session: history_of(session, row))

    async def recent(self, row: Integration) -> Recent:
        """When it was last called with, and its calls of the last day. Of a row that was read within its project."""
        return await self._store.read(lambda session: recent_of(session, row))

    async def last_uses(self, rows: "Sequence[Integration]") -> dict[str, str]:
        """When each of these was last called with, by id. Of rows that were read within their project."""
        ids = [row.id for row in rows]
        return await self._store.read(lambda session: last_uses(session, ids))

    async def test(self, project: Project, actor: Actor, id: str) -> Probe:
        """Ask the provider whose credential it is.

        A refused credential expires; one that had expired and is accepted again is active again, and both are on record.
        A sandbox asks nobody and says so. Raises `Unprocessable` where the provider has no such question.
        """
        return await self._prober.test(await self.get(project.id, id), actor)

    async def pick(self, project: Project, actor: Actor, id: str, picker: str, query: Query) -> Picked:
        """Values of the provider to choose from. Raises `NotFound`, `BadInput`, `Conflict` and the adapter's four errors."""
        row = await self.get(project.id, id)
        adapter = (await self.catalogs.of(project.id)).adapter(row.provider) if "." in picker else await self._prober.adapter(row)
        return await self._pickers.pick(row, adapter, actor, picker, query)

    async def ask(self, project_id: str, id: str, actor: Actor, question: Question[T]) -> T:
        """Put a question of another room to the provider, with the stored credential and on record as its use.

        Raises `NotFound`, `Conflict` for an integration that may not be used, `Unprocessable` for an adapter at fault, and the
        adapter's four errors.
        """
        row = await self.get(project_id, id)
        return await self._asker.ask(row, await self._prober.adapter(row), actor, question)

    def add_farewell(self, farewell: Farewell) -> None:
        """Let another room take leave of the provider before an integration is deleted. At composition; it may not fail."""
        self._farewells.append(farewell)

    def leave_with(self, leaving: Leaving) -> None:
        """End consents at their providers when integrations are deleted. At composition."""
        self._changes.leave_with(leaving)

    async def connections(self, project_id: str) -> dict[str, "list[Connection]"]:
        """The project's integrations by provider, as the catalog's readiness asks for them."""
        rows: list[Integration] = await self._store.read(lambda session: scope(session, project_id).all(Integration))
        found: dict[str, list[Connection]] = {}
        for row in rows:
            found.setdefault(row.provider, []).append(Connection(row.id, row.name, row.status, row.mode, row.unsupported))
        return found
