"""The hub put together: every room of it, in the order in which they stand on each other."""

import asyncio
import contextlib
import os
from collections.abc import Collection, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import structlog

from powerstrip import logs
from powerstrip.access import Access
from powerstrip.actions import Actions, Files
from powerstrip.catalog import Catalog
from powerstrip.connect import Integrations, watched
from powerstrip.edge import Edge
from powerstrip.problems import Problem
from powerstrip.settings import Settings
from powerstrip.store import AuditLog, Store, hold_folder
from powerstrip.vault import Vault, load_master

if TYPE_CHECKING:
    from litestar.types import ASGIApp

log = structlog.get_logger("powerstrip.hub")

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
    files: Files
    actions: Actions
    _held: contextlib.ExitStack = field(default_factory=contextlib.ExitStack, repr=False)
    _sweeper: "asyncio.Task[None] | None" = field(default=None, repr=False)
    _app: "ASGIApp | None" = field(default=None, repr=False)

    @classmethod
    async def open(
        cls,
        settings: Settings,
        environ: Mapping[str, str] = os.environ,
        *,
        own: Collection[tuple[str, int]] = (),
    ) -> "Hub":
        """Open the data folder (made where it is missing) and start. `own` are the addresses that the hub listens on.

        Raises `AlreadyRunning`, `SchemaMismatch`, `MasterKeyError` and `StoreUnavailable`.
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
    def app(self) -> "ASGIApp":
        """The ASGI application, made on first use."""
        if self._app is None:
            from powerstrip.api.app import create_app

            self._app = create_app(self)
        return self._app

    async def close(self) -> None:
        """Finish what is on its way, and let go of the folder."""
        if self._sweeper is not None:
            self._sweeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._sweeper
        await self.edge.close()
        await self.access.close()
        await self.store.close()
        self._held.close()

    async def start(self) -> None:
        """Take up what an earlier process left, and begin to sweep."""
        loop = asyncio.get_running_loop()
        self._held.enter_context(logs.loop_errors(loop))
        self._held.enter_context(watched(loop))
        await self.edge.start()
        await self.access.start()
        await self.actions.recover()
        self._sweeper = asyncio.create_task(self._sweep(), name="sweep")

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            try:
                await self.actions.sweep()
            except Problem as problem:
                log.warning("hub.sweep_failed", code=problem.code)


async def _open(
    make: type[Hub],
    settings: Settings,
    environ: Mapping[str, str],
    own: Collection[tuple[str, int]],
    held: contextlib.ExitStack,
) -> Hub:
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    if settings.sqlite:
        held.enter_context(hold_folder(settings.data))
    store = Store(settings.url)
    await asyncio.to_thread(store.migrate)
    mutable = environ if isinstance(environ, MutableMapping) else dict(environ)
    vault = Vault(store, await asyncio.to_thread(load_master, settings, mutable))
    await store.start()
    try:
        await vault.start()
        audit = vault.audit
        catalog = await asyncio.to_thread(Catalog.load, settings.data / "catalog", settings.plugins_block)
        _tell_plugins(catalog)
        access = Access(
            store, audit, vault.derive("api-keys"), actions=lambda: {each.id: each.action_ids for each in catalog.providers()}
        )
        edge = Edge(settings, vault.reveal, settings.data / "streams", own=own)
        files = Files(store, settings.data / "files", audit)
        integrations = Integrations(store, vault, catalog, edge, audit, settings)
        actions = Actions(store, vault, catalog, edge, audit, settings, files)
        hub = make(settings, store, vault, audit, access, catalog, edge, integrations, files, actions, held)
        await hub.start()
    except BaseException:
        await store.close()
        raise
    return hub


def _tell_plugins(catalog: Catalog) -> None:
    """One line at the start: which plugins are in the house, in which version, and which are not."""
    log.info(
        "hub.plugins",
        usable=[f"{each.id} {each.version}".strip() for each in catalog.providers()],
        blocked=[f"{each.name} {each.version}".strip() for each in catalog.broken() if each.blocked],
        broken=[f"{each.name} {each.version}".strip() for each in catalog.broken() if not each.blocked],
    )
