"""Definitions: actions that an integration has of its own, imported from an API's description.

A description is read by the provider's adapter, compared with what is there, and kept as the next version. What would break who
uses it is told first, and applied only where that is said to be meant.
"""

import asyncio
from collections.abc import Mapping
from typing import Any, cast

from sqlmodel import Session, col

from powerstrip.adapter import Adapter, DocumentRefused, Imported
from powerstrip.catalog import ActionManifest, Catalog, Change, action_changes, manifests_of
from powerstrip.clock import monotonic
from powerstrip.connect.descriptions import MAX_DOCUMENT, read_description
from powerstrip.connect.guarding import plugin_code
from powerstrip.connect.handles import free_handle
from powerstrip.connect.impact import Dependent, Impact
from powerstrip.connect.integrations import Integrations
from powerstrip.connect.values import NewIntegration
from powerstrip.edge import Edge
from powerstrip.problems import BadInput, Conflict, NotFound, Unprocessable
from powerstrip.store import Actor, AuditLog, Definition, Integration, Project, Store, scope
from powerstrip.value import Hidden, Value

FETCH_SECONDS = 30.0
KEPT_VERSIONS = 20
"""Versions of one definition that are kept."""


class Source(Value):
    """A description: its bytes, or an address to fetch it from. `name` tells people where it came from."""

    data: Hidden[bytes | None] = None
    url: str = ""
    name: str = ""
    adds: bool = False
    """Its operations come to those that are there, in place of any of the same id."""


class Outlook(Value):
    """What importing a description would do to an integration. Without one before, everything is new."""

    imported: Imported
    changes: tuple[Change, ...] = ()
    dependents: tuple[Dependent, ...] = ()
    """What is built on actions that break."""

    @property
    def breaks(self) -> bool:
        """Whether something that works now would not any more."""
        return any(each.kind == "breaking" for each in self.changes)


class Definitions:
    """Imports descriptions and keeps what is made of them."""

    def __init__(self, store: Store, catalog: Catalog, edge: Edge, integrations: Integrations, audit: AuditLog) -> None:
        self._store = store
        self._catalog = catalog
        self._edge = edge
        self._integrations = integrations
        self._audit = audit

    async def read(self, project: Project, provider: str, source: Source, base: Mapping[str, Any] | None = None) -> Imported:
        """Read a description and keep nothing; with `base`, a definition, its operations come to those.

        Raises `Unprocessable` with the reason, `TooLarge`, and the adapter's errors.
        """
        data = source.data if source.data is not None else await self._fetch(project, source.url)
        return await asyncio.to_thread(self._read, provider, data, source.url, base)

    async def plan(self, project: Project, id: str, source: Source) -> Outlook:
        """What `apply` would do. Raises as `read`, and `NotFound`."""
        row = await self._integrations.get(project.id, id)
        imported = await self._onto(project, row, source)
        return await self._outlook(project, row, imported)

    async def apply(
        self, project: Project, actor: Actor, id: str, source: Source, *, accept_breaking: bool = False
    ) -> tuple[Definition, Outlook]:
        """Keep the description as the integration's next version; its actions can be called once this returns.

        Raises as `read`, `NotFound`, and `Conflict` with the code `breaking` unless that is accepted.
        """
        row = await self._integrations.get(project.id, id)
        imported = await self._onto(project, row, source)
        outlook = await self._outlook(project, row, imported)
        if outlook.breaks and not accept_breaking:
            raise _breaking(outlook)
        kept = await self._store.write(lambda session: self._keep(session, actor, row, imported, source))
        return kept, outlook

    async def create(
        self, project: Project, actor: Actor, new: NewIntegration, source: Source
    ) -> tuple[Integration, Definition, Imported]:
        """Make an integration of a description, with its actions, in one step. What `new` leaves open comes from the description.

        Without a credential it waits for one as an expired integration does. Raises as `read` and as `Integrations.create`.
        """
        imported = await self.read(project, new.provider, source)
        kind = new.auth_kind or (imported.sign_in[0].kind if imported.sign_in else None)
        config = {**_settings(imported, kind), **new.config}
        made: list[Definition] = []

        def also(session: Session, row: Integration) -> None:
            made[:] = [self._keep(session, actor, row, imported, source)]

        whole = NewIntegration(new.name, new.provider, new.credentials, config, kind, new.mode)
        row = await self._integrations.create(project, actor, whole, waits=new.credentials is None, also=also)
        return row, made[0], imported

    async def get(self, project_id: str, id: str, version: int | None = None) -> Definition:
        """The newest definition of an integration, or one version of it. Raises `NotFound`."""
        versions = await self.versions(project_id, id)
        found = next((each for each in versions if version in (None, each.version)), None)
        if found is None:
            raise NotFound("This integration has no such definition: import a description with `powerstrip http import`")
        return found

    async def versions(self, project_id: str, id: str) -> list[Definition]:
        """The versions that are kept, newest first. Raises `NotFound` for an unknown integration."""
        await self._integrations.get(project_id, id)
        rows: list[Definition] = await self._store.read(
            lambda session: scope(session, project_id).all(Definition, col(Definition.integration_id) == id, order="version")
        )
        return rows[::-1]

    async def compare(self, project_id: str, id: str, old: int, new: int) -> list[Change]:
        """What changed between two versions. Raises `NotFound`."""
        before, after = await self.get(project_id, id, old), await self.get(project_id, id, new)
        adapter = await asyncio.to_thread(self._dynamic, before.provider)
        pair = [asyncio.to_thread(_manifests, adapter, each.handle, each.document) for each in (before, after)]
        manifests = await asyncio.gather(*pair)
        return action_changes(manifests[0], manifests[1])

    async def _onto(self, project: Project, row: Integration, source: Source) -> Imported:
        versions = await self.versions(project.id, row.id) if source.adds else []
        return await self.read(project, row.provider, source, versions[0].document if versions else None)

    async def _outlook(self, project: Project, row: Integration, imported: Imported) -> Outlook:
        versions = await self.versions(project.id, row.id)
        if not versions:
            return Outlook(imported)
        adapter = await asyncio.to_thread(self._dynamic, row.provider)
        handle = versions[0].handle
        old = await asyncio.to_thread(_manifests, adapter, handle, versions[0].document)
        new = await asyncio.to_thread(_manifests, adapter, handle, imported.definition)
        changes = action_changes(old, new)
        broken = {f"{row.provider}.{each.where.partition(' ')[0]}" for each in changes if each.kind == "breaking"}
        impact: Impact = await self._integrations.impact(project.id, row.id)
        return Outlook(imported, tuple(changes), tuple(each for each in impact.dependents if broken & set(each.actions)))

    async def _fetch(self, project: Project, url: str) -> bytes:
        if not url:
            raise BadInput("Give the description: `document`, `file` or `url`")
        if project.mode == "sandbox":
            raise Unprocessable("A sandbox project opens no connection: give the description itself", code="sandbox_project")
        reply = await self._edge.fetch(url, deadline=monotonic() + FETCH_SECONDS, cap=MAX_DOCUMENT)
        if reply.status != 200:
            raise Unprocessable(f"The address of the description answered {reply.status}", code="description_refused")
        return reply.body

    def _read(self, provider: str, data: bytes, url: str, base: Mapping[str, Any] | None) -> Imported:
        return read_file(self._dynamic(provider), data, url, base)

    def _dynamic(self, provider: str) -> Adapter:
        adapter = self._catalog.adapter(provider)
        if adapter.dynamic is None:
            raise Unprocessable(f"{adapter.title} imports no descriptions: its actions are its own", code="not_dynamic")
        return adapter

    def _keep(self, session: Session, actor: Actor, row: Integration, imported: Imported, source: Source) -> Definition:
        project = scope(session, row.project_id)
        versions: list[Definition] = project.all(Definition, col(Definition.integration_id) == row.id, order="version")
        for stale in versions[: max(0, len(versions) - KEPT_VERSIONS + 1)]:
            project.delete(stale)
        kept = Definition(
            project_id=row.project_id,
            integration_id=row.id,
            provider=row.provider,
            handle=versions[-1].handle if versions else free_handle(session, row),
            version=versions[-1].version + 1 if versions else 1,
            title=imported.title,
            source=(source.name or source.url)[:300],
            operations=imported.imported,
            document=dict(imported.definition),
            report=report_of(imported),
            created_by=actor.principal_id,
        )
        project.add(kept)
        facts = {"fields": ["definition"], "definition": {"version": kept.version, "operations": kept.operations}}
        self._audit.append(
            session, actor, "update", "integration", row.id, project_id=row.project_id, resource_name=row.name, changes=facts
        )
        return kept


def read_file(adapter: Adapter, data: bytes, url: str = "", base: Mapping[str, Any] | None = None) -> Imported:
    """A description as the adapter imports it; `url` is where it came from. Raises `Unprocessable` and `TooLarge`."""
    document = read_description(data)
    document["x-powerstrip-source"], document["x-powerstrip-base"] = url, base
    with plugin_code(f"{adapter.id}:import"):
        try:
            imported = cast(Any, adapter.dynamic).read(document)
        except DocumentRefused as error:
            raise Unprocessable(f"The description cannot be imported: {error}", code="description_refused") from None
    if not imported.definition["operations"]:
        reasons = "; ".join(f"{name}: {why}" for name, why in list(imported.refused.items())[:3])
        raise Unprocessable(f"None of its operations can be imported. {reasons}".strip(), code="description_refused")
    return imported


def report_of(imported: Imported) -> dict[str, Any]:
    """An import in numbers and words."""
    return {
        "operations": imported.operations,
        "imported": imported.imported,
        "auth": list(dict.fromkeys(each.kind for each in imported.sign_in)),
        "warnings": list(imported.warnings),
        "refused": dict(imported.refused),
        "todo": list(imported.todo),
        "sign_in": [{"kind": each.kind, "config": dict(each.config), "fill_in": list(each.fill_in)} for each in imported.sign_in],
        "config": dict(imported.config),
        "title": imported.title,
    }


def _settings(imported: Imported, kind: str | None) -> Mapping[str, Any]:
    """The description's settings for the way of signing in that was chosen."""
    none: Mapping[str, Any] = {}
    chosen = next((each.config for each in imported.sign_in if each.kind == kind), none)
    base = {name: value for name, value in imported.config.items() if name == "base_url"}
    return {**base, **chosen}


def _manifests(adapter: Adapter, handle: str, document: Mapping[str, Any]) -> tuple[ActionManifest, ...]:
    assert adapter.dynamic is not None
    return manifests_of(adapter, list(adapter.dynamic.make(handle, document).actions.values()))


def _breaking(outlook: Outlook) -> Conflict:
    broken = [each for each in outlook.changes if each.kind == "breaking"]
    first, more = broken[0], f" and {len(broken) - 1} more" if len(broken) > 1 else ""
    details = {
        "changes": [each.model_dump() for each in outlook.changes[:200]],
        "breaks": [{"kind": each.kind, "id": each.id, "name": each.name} for each in outlook.dependents[:50]],
    }
    return Conflict(
        f"This would break who uses the integration: {first.where}: {first.what}{more}. Look at the changes, and say "
        "`accept_breaking` where that is meant",
        code="breaking",
        details=details,
    )
