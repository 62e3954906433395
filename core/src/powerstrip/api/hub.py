"""The hub put together: every room of it, in the order in which they stand on each other."""

import asyncio
import contextlib
import os
from collections.abc import Collection, Mapping, MutableMapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from powerstrip import logs
from powerstrip.access import Access
from powerstrip.actions import PROVIDER, Actions, Files, OwnActions, revealing
from powerstrip.adapter import Request, Response
from powerstrip.automations import Automations, Flow, Parts, action_users, find_engine, impact_source
from powerstrip.automations.workers import WorkerExecutor, Workers
from powerstrip.catalog import Catalog
from powerstrip.clock import monotonic
from powerstrip.connect import Definitions, Integrations, watched
from powerstrip.connect.consent import Apps, Connecting, connecting
from powerstrip.connect.tokens import Ahead, Exchange, Leaving, Tokens
from powerstrip.edge import Deliveries, Edge, OperatorWay
from powerstrip.entities import CONSUMER, DataChanges, Entities, entity_provider
from powerstrip.events import Events
from powerstrip.inbound import Inbound, endpoint_dependents
from powerstrip.logs import Log
from powerstrip.outbound import Outbound
from powerstrip.problems import Problem
from powerstrip.settings import MODEL_KEY, Settings
from powerstrip.store import AuditLog, Presence, Project, Store, hold_folder, process_id
from powerstrip.vault import Backends, ProjectSecrets, Vault, load_masters

if TYPE_CHECKING:
    from powerstrip.api.front import Front
    from powerstrip.chat import Chats
    from powerstrip.chat.model import LanguageModel

log = Log("powerstrip.hub")

SWEEP_SECONDS = 600
"""How often old idempotency keys, lost calls and expired files are looked for."""


@dataclass
class Hub:
    """One running hub. `Hub.open` makes it, `close` ends it; `app` is its ASGI application."""

    settings: Settings
    store: Store
    vault: Vault
    audit: AuditLog
    access: Access
    catalog: Catalog
    edge: Edge
    integrations: Integrations
    definitions: Definitions
    files: Files
    actions: Actions
    events: Events
    inbound: Inbound
    secrets: ProjectSecrets
    tokens: Tokens
    connecting: Connecting
    ahead: Ahead
    leaving: Leaving
    entities: Entities
    outbound: Outbound
    automations: Automations
    own_actions: OwnActions
    workers: Workers
    worker_steps: WorkerExecutor
    flow: Flow
    presence: Presence
    _held: contextlib.ExitStack = field(default_factory=contextlib.ExitStack, repr=False)
    _sweeper: "asyncio.Task[None] | None" = field(default=None, repr=False)
    _app: "Front | None" = field(default=None, repr=False)

    @classmethod
    async def open(
        cls,
        settings: Settings,
        environ: Mapping[str, str] = os.environ,
        *,
        own: Collection[tuple[str, int]] = (),
    ) -> "Hub":
        """Open the data folder (made where it is missing) and start. `own` are the addresses that the hub listens on.

        Raises `EngineRefused`, `AlreadyRunning`, `SchemaMismatch`, `MasterKeyError` and `StoreUnavailable`.
        """
        logs.configure_quietly()
        held = contextlib.ExitStack()
        try:
            return await _open(cls, settings, environ, own, held)
        except BaseException:
            held.close()
            raise

    @property
    def local_token(self) -> str:
        """A key for the operator of the data folder. It lives in this process's memory and ends with it."""
        return self.access.local_token()

    @property
    def app(self) -> "Front":
        """The ASGI application, made on first use."""
        if self._app is None:
            from powerstrip.api.front import Front

            self._app = Front(self)
        return self._app

    async def catalog_of(self, project: Project) -> Catalog:
        """What is installed, and what this project's integrations add to it."""
        return await self.integrations.catalogs.of(project.id)

    async def catalog_for(self, project: Project, name: str) -> Catalog:
        """The catalog to look an action up in: the project's own only where its provider can have actions there."""
        provider = name.partition(".")[0]
        own = self.catalog.has(provider) and self.catalog.summary(provider).dynamic
        return await self.catalog_of(project) if own else self.catalog

    @cached_property
    def chats(self) -> "Chats":
        """Conversations. What understands sentences is slow to import, and is needed by few."""
        from powerstrip.chat import Chats, Desk

        desk = Desk(
            self.catalog, self.integrations, self.actions, self.automations, self.inbound.history, self.entities,
            self.definitions, self.files, self.flow.rehearsals, self.flow.runs, self.outbound.webhooks,
            self._language_model(),
        )  # fmt: skip
        return Chats(self.store, desk, self.audit)

    def _language_model(self) -> "LanguageModel | None":
        settings = self.settings
        if not settings.model_url:
            return None
        from powerstrip.chat.model import SECONDS, LanguageModel

        async def ask(request: Request) -> Response:
            return await self.edge.ask_model(
                request, base=settings.model_url, key=settings.model_key, deadline=monotonic() + SECONDS
            )

        return LanguageModel(settings.model_url, settings.model_name, ask)

    async def close(self) -> None:
        """Finish what is on its way, and let go of the folder."""
        if self._sweeper is not None:
            self._sweeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._sweeper
        await self.flow.close()
        await self.workers.close()
        await self.outbound.close()
        await self.inbound.close()
        await self.events.close()
        await self.ahead.close()
        await self.leaving.close()
        await self.tokens.close()
        await self.vault.rotation_jobs.close()
        await self.edge.close()
        await self.access.close()
        await self.presence.close()
        await self.store.close()
        self._held.close()

    async def start(self) -> None:
        """Take up what an earlier process left, and begin to sweep."""
        loop = asyncio.get_running_loop()
        self._held.enter_context(logs.loop_errors(loop))
        self._held.enter_context(watched(loop))
        await self.presence.start()
        await self.edge.start()
        await self.access.start()
        await self.actions.recover()
        await self.events.start()
        await self.outbound.start()
        await self.inbound.start()
        await self.workers.start()
        await self.flow.start()
        self.ahead.start()
        self._sweeper = asyncio.create_task(self._sweep(), name="sweep")

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            try:
                await self.actions.sweep()
                await self.inbound.sweep()
                await self.outbound.sweep()
                await self.entities.sweep()
            except Problem as problem:
                log.warning("hub.sweep_failed", code=problem.code)


async def _open(
    make: type[Hub],
    settings: Settings,
    environ: Mapping[str, str],
    own: Collection[tuple[str, int]],
    held: contextlib.ExitStack,
) -> Hub:
    plugin = find_engine(settings.engine, sqlite=settings.sqlite)
    held.enter_context(hold_folder(settings.data))
    own = {*own, *public_address(settings)}
    store = Store(settings.url)
    await asyncio.to_thread(store.migrate)
    mutable = environ if isinstance(environ, MutableMapping) else dict(environ)
    backends = Backends(mutable, OperatorWay)
    vault = Vault(store, await asyncio.to_thread(load_masters, settings, mutable, backends))
    mutable.pop(MODEL_KEY, None)  # the settings have it; programs that the hub starts are not to
    await store.start()
    presence = Presence(store, process_id(settings.data), plugin.name)
    try:
        await vault.start()
        audit = vault.audit
        events = Events(store)
        entities = Entities(store, audit, events)
        built_in = (entity_provider(entities),)
        catalog = await asyncio.to_thread(
            Catalog.load, settings.index, settings.plugins_block, built_in=[each.adapter for each in built_in]
        )
        changes = DataChanges(catalog, events)
        events.add_consumer(CONSUMER, changes.take, changes.listens)
        _tell_plugins(catalog)
        access = Access(
            store,
            audit,
            vault.derive("api-keys"),
            actions=lambda: {PROVIDER: (), **{each.id: each.action_ids for each in catalog.providers()}},
        )
        edge = Edge(settings, revealing(vault), settings.data / "streams", own=own)
        exchange, apps = Exchange(edge), Apps(store, vault, catalog, audit)
        tokens = Tokens(store, vault, audit, exchange, apps.client)
        edge.use_tokens(tokens.access)
        files = Files(store, settings.data / "files", audit)
        ahead = Ahead(store, vault, catalog, settings, tokens)
        leaving = Leaving(store, vault, audit, catalog, exchange, apps.client)
        integrations = Integrations(store, vault, catalog, edge, audit, settings)
        integrations.leave_with(leaving)
        integrations.add_impact_source(impact_source)
        integrations.add_impact_source(endpoint_dependents)
        actions = Actions(store, vault, catalog, edge, audit, settings, files, built_in, integrations.catalogs, hub=presence.id)
        connected = connecting(
            store,
            vault,
            catalog,
            edge,
            audit,
            settings,
            apps=apps,
            exchange=exchange,
            tokens=tokens,
            integrations=integrations,
        )
        deliveries = Deliveries(settings, own=own, hop=vault.derive("hop").hex()[:32])
        outbound = Outbound(store, vault, audit, events, deliveries)
        inbound = Inbound(store, vault, catalog, edge, integrations, events, audit, settings)
        own_actions = OwnActions(store, vault, catalog, deliveries, audit)
        own_actions.add_user(action_users)
        workers = Workers(store, audit, actions)
        worker_steps = WorkerExecutor(actions, workers)
        engine = await asyncio.to_thread(plugin.make, Parts(store, events, presence.id))
        engine.use("worker", worker_steps)
        worker_steps.use_engine(engine)
        flow = Flow(store, vault, events, actions, engine)
        automations = Automations(store, catalog, integrations, audit)
        hub = make(
            settings,
            store,
            vault,
            audit,
            access,
            catalog,
            edge,
            integrations,
            Definitions(store, catalog, edge, integrations, audit),
            files,
            actions,
            events,
            inbound,
            vault.project_secrets(backends),
            tokens,
            connected,
            ahead,
            leaving,
            entities,
            outbound,
            automations,
            own_actions,
            workers,
            worker_steps,
            flow,
            presence,
            held,
        )
        await hub.start()
    except BaseException:
        await store.close()
        raise
    return hub


def public_address(settings: Settings) -> list[tuple[str, int]]:
    """Host and port of the hub's public address, where the operator has told one: nothing is ever sent there."""
    parts = urlsplit(settings.public_url)
    if not parts.hostname:
        return []
    return [(parts.hostname, parts.port or (443 if parts.scheme == "https" else 80))]


def _tell_plugins(catalog: Catalog) -> None:
    """One line at the start: which plugins are in the house, in which version, and which are not."""
    log.info(
        "hub.plugins",
        usable=[f"{each.id} {each.version}".strip() for each in catalog.providers()],
        blocked=[f"{each.name} {each.version}".strip() for each in catalog.broken() if each.blocked],
        broken=[f"{each.name} {each.version}".strip() for each in catalog.broken() if not each.blocked],
    )
