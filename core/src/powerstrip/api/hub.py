"""The hub put together: every room of it, in the order in which they stand on each other.

It opens in two steps. The first one holds the data folder, opens the keys and makes what answers deliveries and calls. The
second one, `api/rooms.py`, loads, makes and starts all the rest; a served hub takes it once its port is open.
"""

import asyncio
import contextlib
import os
from collections.abc import Collection, Mapping, MutableMapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from powerstrip import logs
from powerstrip.access import Access
from powerstrip.actions import PROVIDER, Actions, Files, revealing
from powerstrip.adapter import Request, Response
from powerstrip.catalog import Catalog
from powerstrip.clock import monotonic
from powerstrip.connect import Integrations, watched
from powerstrip.connect.tokens import Ahead, Client, Exchange, Leaving, Tokens
from powerstrip.edge import Deliveries, Edge, OperatorWay
from powerstrip.events import Events
from powerstrip.inbound import Inbound, endpoint_dependents
from powerstrip.settings import MODEL_KEY, Settings
from powerstrip.store import AuditLog, Presence, Project, Store, hold_folder, process_id
from powerstrip.vault import Backends, ProjectSecrets, Vault, load_masters

if TYPE_CHECKING:
    from powerstrip.actions import OwnActions
    from powerstrip.api.front import Front
    from powerstrip.automations import Automations, Flow
    from powerstrip.automations.workers import WorkerExecutor, Workers
    from powerstrip.chat import Chats
    from powerstrip.chat.model import LanguageModel
    from powerstrip.connect.consent import Connecting
    from powerstrip.connect.definitions import Definitions
    from powerstrip.entities import Entities
    from powerstrip.outbound import Outbound

RESERVED = ("entity",)
"""Ids of the hub's own providers, which the second step brings: no plugin may have them."""


@dataclass
class Hub:
    """One running hub. `Hub.open` makes it, `close` ends it; `app` is its ASGI application.

    What stands below `presence` is there once `complete` has returned.
    """

    settings: Settings
    store: Store
    vault: Vault
    audit: AuditLog
    access: Access
    catalog: Catalog
    edge: Edge
    exchange: Exchange
    integrations: Integrations
    files: Files
    actions: Actions
    events: Events
    inbound: Inbound
    deliveries: Deliveries
    secrets: ProjectSecrets
    tokens: Tokens
    ahead: Ahead
    leaving: Leaving
    presence: Presence
    definitions: "Definitions" = field(init=False)
    connecting: "Connecting" = field(init=False)
    entities: "Entities" = field(init=False)
    outbound: "Outbound" = field(init=False)
    automations: "Automations" = field(init=False)
    own_actions: "OwnActions" = field(init=False)
    workers: "Workers" = field(init=False)
    worker_steps: "WorkerExecutor" = field(init=False)
    flow: "Flow" = field(init=False)
    ending: contextlib.AsyncExitStack = field(default_factory=contextlib.AsyncExitStack, repr=False)
    """What is to be closed, the last first."""
    _completing: "asyncio.Task[None] | None" = field(default=None, repr=False)
    _whole: bool = field(default=False, repr=False)
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
        hub = await cls.begin(settings, environ, own=own)
        try:
            await hub.complete()
        except BaseException:
            await hub.close()
            raise
        return hub

    @classmethod
    async def begin(
        cls,
        settings: Settings,
        environ: Mapping[str, str] = os.environ,
        *,
        own: Collection[tuple[str, int]] = (),
    ) -> "Hub":
        """The first step of `open` alone: what deliveries and calls need. Raises what `open` does."""
        logs.configure_quietly()
        ending = contextlib.AsyncExitStack()
        try:
            return await _begin(cls, settings, environ, own, ending)
        except BaseException:
            await ending.aclose()
            raise

    @property
    def whole(self) -> bool:
        """Whether the second step is done."""
        return self._whole

    async def complete(self) -> None:
        """The second step: all other rooms. Whoever needs one of them waits here; done once, and raised to all where it fails."""
        if self._whole:
            return
        if self._completing is None:
            self._completing = asyncio.create_task(self._complete(), name="complete")
        await asyncio.shield(self._completing)

    async def _complete(self) -> None:
        rooms = await asyncio.to_thread(import_module, "powerstrip.api.rooms")
        await rooms.furnish(self)
        self._whole = True

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
        if not self.catalog.has(provider):  # it may be one of the hub's own, or an action of the project's
            await self.complete()
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

    async def client(self, provider: str) -> Client | None:
        """This hub's OAuth client at a provider, None where the operator set none."""
        await self.complete()
        return await self.connecting.apps.client(provider)

    def release(self) -> None:
        """When the server is about to end: let go of connections that would stay open for ever."""
        if self.whole:
            self.workers.release()

    async def close(self) -> None:
        """Finish what is on its way, and let go of the folder."""
        if self._completing is not None and not self._completing.done():
            self._completing.cancel()
            await asyncio.wait((self._completing,))
        await self.ending.aclose()


async def _begin(
    make: type[Hub],
    settings: Settings,
    environ: Mapping[str, str],
    own: Collection[tuple[str, int]],
    ending: contextlib.AsyncExitStack,
) -> Hub:
    if settings.engine != Settings.model_fields["engine"].default:
        await asyncio.to_thread(_check_engine, settings)
    ending.enter_context(hold_folder(settings.data))
    own = {*own, *public_address(settings)}
    store = Store(settings.url)
    await asyncio.to_thread(store.migrate)
    mutable = environ if isinstance(environ, MutableMapping) else dict(environ)
    backends = Backends(mutable, OperatorWay)
    vault = Vault(store, await asyncio.to_thread(load_masters, settings, mutable, backends))
    mutable.pop(MODEL_KEY, None)  # the settings have it; programs that the hub starts are not to
    await store.start()
    ending.push_async_callback(store.close)
    await vault.start()
    audit = vault.audit
    events = Events(store)
    presence = Presence(store, process_id(settings.data), settings.engine)
    catalog = await asyncio.to_thread(Catalog.load, settings.index, settings.plugins_block, reserved=RESERVED)
    access = Access(
        store,
        audit,
        vault.derive("api-keys"),
        actions=lambda: {PROVIDER: (), **{each.id: each.action_ids for each in catalog.providers()}},
    )
    edge = Edge(settings, revealing(vault), settings.data / "streams", own=own)
    exchange = Exchange(edge)
    tokens = Tokens(store, vault, audit, exchange, lambda provider: hub.client(provider))
    edge.use_tokens(tokens.access)
    files = Files(store, settings.data / "files", audit)
    integrations = Integrations(store, vault, catalog, edge, audit, settings)
    leaving = Leaving(store, vault, audit, catalog, exchange, lambda provider: hub.client(provider))
    integrations.leave_with(leaving)
    integrations.add_impact_source(endpoint_dependents)
    hub = make(
        settings,
        store,
        vault,
        audit,
        access,
        catalog,
        edge,
        exchange,
        integrations,
        files,
        Actions(store, vault, catalog, edge, audit, settings, files, integrations.catalogs, hub=presence.id),
        events,
        Inbound(store, vault, catalog, edge, integrations, events, audit, settings),
        Deliveries(settings, own=own, hop=vault.derive("hop").hex()[:32]),
        vault.project_secrets(backends),
        tokens,
        Ahead(store, vault, catalog, settings, tokens),
        leaving,
        presence,
        ending=ending,
    )
    await _start(hub)
    return hub


async def _start(hub: Hub) -> None:
    loop, ending = asyncio.get_running_loop(), hub.ending
    ending.enter_context(logs.loop_errors(loop))
    ending.enter_context(watched(loop))
    ending.push_async_callback(hub.deliveries.close)
    for room in (hub.presence, hub.access, hub.edge, hub.vault.rotation_jobs, hub.tokens, hub.leaving, hub.ahead, hub.events):
        ending.push_async_callback(room.close)
    ending.push_async_callback(hub.inbound.close)
    await hub.presence.start()
    await hub.edge.start()
    await hub.access.start()
    await hub.actions.recover()


def _check_engine(settings: Settings) -> None:
    """Raises `EngineRefused` before anything is opened: a plugin's engine may not be there, or not work on this database."""
    from powerstrip.automations import find_engine

    find_engine(settings.engine, sqlite=settings.sqlite)


def public_address(settings: Settings) -> list[tuple[str, int]]:
    """Host and port of the hub's public address, where the operator has told one: nothing is ever sent there."""
    parts = urlsplit(settings.public_url)
    if not parts.hostname:
        return []
    return [(parts.hostname, parts.port or (443 if parts.scheme == "https" else 80))]
