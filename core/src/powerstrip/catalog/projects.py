"""The catalog of one project: what is installed, and the actions that its integrations' definitions make.

To everybody who asks it is a `Catalog`: made actions are the same values as declared ones, with names, schemas and pickers.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from powerstrip.adapter import Action, Adapter, Parts
from powerstrip.catalog.catalog import Catalog
from powerstrip.catalog.describe import describe, describe_action
from powerstrip.catalog.manifest import ActionManifest, ProviderManifest, ProviderSummary
from powerstrip.problems import Problem
from powerstrip.value import Value

if TYPE_CHECKING:
    from sqlmodel import Session

    from powerstrip.store import Store

K = TypeVar("K")
V = TypeVar("V")
KEPT = 64
"""Projects, and definitions, whose catalogs are kept in memory."""


class Edition(Value):
    """Which definition an integration has now."""

    integration_id: str
    provider: str
    handle: str
    version: int


class ProjectCatalog(Catalog):
    """A catalog with further actions. Made by `ProjectCatalogs`."""

    def __init__(self, base: Catalog, adapters: Mapping[str, Adapter]) -> None:
        self._base = base
        self._made = dict(adapters)
        summaries = {each.id: each for each in base.providers()}
        summaries |= {name: _summary(summaries[name], adapter) for name, adapter in self._made.items()}
        super().__init__(summaries, base.broken(), self._manifest, base.adapter)
        self._described = lru_cache(KEPT * 16)(self._one)

    def provider(self, provider: str) -> ProviderManifest:
        return super().provider(provider) if provider in self._made else self._base.provider(provider)

    def adapter(self, provider: str) -> Adapter:
        return self._made[provider] if provider in self._made else self._base.adapter(provider)

    def action(self, name: str) -> ActionManifest:
        provider, wanted = self.find_action(name)
        return self._described(provider, wanted) if provider in self._made else self._base.action(name)

    def actions(self) -> Iterator[ActionManifest]:
        yield from (each for each in self._base.actions() if each.provider not in self._made)
        for provider in self._made:
            yield from self.provider(provider).actions

    def _manifest(self, provider: str) -> ProviderManifest:
        if provider not in self._made:
            return self._base.provider(provider)
        known = self._base.summary(provider)
        return describe(self._made[provider], known.distribution, known.version)

    def _one(self, provider: str, id: str) -> ActionManifest:
        adapter = self._made[provider]
        return describe_action(adapter, adapter.actions[id])


class ProjectCatalogs:
    """Gives each project its catalog, made anew only when a definition has changed. Safe to share by threads."""

    def __init__(self, store: "Store", catalog: Catalog) -> None:
        self.base = catalog
        self._store = store
        self._catalogs: OrderedDict[str, tuple[Sequence[Edition], Catalog]] = OrderedDict()
        self._parts: OrderedDict[Edition, Parts] = OrderedDict()
        self._lock = threading.Lock()

    async def of(self, project_id: str) -> Catalog:
        """The project's catalog. Where no integration has a definition it is the installed one itself."""
        return await self._store.read(lambda session: self.at(session, project_id))

    def at(self, session: "Session", project_id: str) -> Catalog:
        """The same within a transaction that is open already. It may take a moment: not for the event loop."""
        editions = editions_of(session, project_id)
        if not editions:
            return self.base
        with self._lock:
            known = self._catalogs.get(project_id)
            if known is None or known[0] != editions:
                known = (editions, self._make(editions, lambda edition: _document(session, edition)))
                _keep(self._catalogs, project_id, known)
            return known[1]

    def forget(self) -> None:
        """After the base has got another provider."""
        with self._lock:
            self._catalogs.clear()

    def parts(self, edition: Edition, document: Callable[[Edition], Mapping[str, Any]]) -> Parts:
        """What a definition makes, remembered. Raises `Problem` where its adapter is gone."""
        if edition not in self._parts:
            dynamic = self.base.adapter(edition.provider).dynamic
            made = Parts({}) if dynamic is None else dynamic.make(edition.handle, document(edition))
            actions = {name: replace(each, integration=edition.integration_id) for name, each in made.actions.items()}
            _keep(self._parts, edition, Parts(actions, made.pickers))
        return self._parts[edition]

    def _make(self, editions: Sequence[Edition], document: Callable[[Edition], Mapping[str, Any]]) -> Catalog:
        adapters: dict[str, Adapter] = {}
        for edition in editions:
            try:
                base = adapters.get(edition.provider) or self.base.adapter(edition.provider)
                parts = self.parts(edition, document)
            except Problem:  # the adapter is not installed now: its actions are away with it
                continue
            adapters[edition.provider] = with_parts(base, parts)
        return ProjectCatalog(self.base, adapters)


def with_parts(adapter: Adapter, parts: Parts) -> Adapter:
    """The adapter with these actions and pickers too."""
    return replace(adapter, actions={**adapter.actions, **parts.actions}, pickers={**adapter.pickers, **parts.pickers})


def manifests_of(adapter: Adapter, actions: Sequence[Action[Any, Any]]) -> tuple[ActionManifest, ...]:
    """Manifests of actions that are in no catalog (yet)."""
    return tuple(describe_action(adapter, each) for each in actions)


def editions_of(session: "Session", project_id: str) -> list[Edition]:
    """The newest version of each definition of a project, the oldest integration first."""
    from sqlmodel import col, select  # here, as the catalog is read where there is no database

    from powerstrip.store import Definition

    columns = (Definition.integration_id, Definition.provider, Definition.handle, Definition.version)
    query = select(*columns).where(col(Definition.project_id) == project_id)
    newest: dict[str, Edition] = {}
    for row in session.exec(query.order_by(col(Definition.version), col(Definition.integration_id))):
        newest[row[0]] = Edition(*row)
    return sorted(newest.values(), key=lambda each: each.integration_id)


def _document(session: "Session", edition: Edition) -> Mapping[str, Any]:
    from sqlmodel import col, select

    from powerstrip.store import Definition

    query = select(Definition).where(
        col(Definition.integration_id) == edition.integration_id, col(Definition.version) == edition.version
    )
    return session.exec(query).one().document


def _summary(base: ProviderSummary, adapter: Adapter) -> ProviderSummary:
    more = {"action_ids": tuple(adapter.actions), "picker_ids": tuple(adapter.pickers)}
    return base.model_copy(update=more)


def _keep(kept: OrderedDict[K, V], key: K, value: V) -> None:
    kept[key] = value
    kept.move_to_end(key)
    while len(kept) > KEPT:
        kept.popitem(last=False)
