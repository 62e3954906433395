"""What `powerstrip doctor` looks at in a data folder, where no running hub is asked. None of the checks changes anything."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeAlias

from powerstrip.api import findings
from powerstrip.api.findings import UNREADABLE, Finding, Findings
from powerstrip.edge import OperatorWay
from powerstrip.problems import Problem
from powerstrip.settings import Settings
from powerstrip.store import Store
from powerstrip.vault import Backends, MasterKeyError, Vault, load_masters

Check: TypeAlias = Callable[[Settings], Awaitable[Findings]]


def has_hub(settings: Settings) -> bool:
    """True where there is a database to look at."""
    return not settings.sqlite or (settings.data / "powerstrip.db").exists()


async def check_programs(settings: Settings) -> Findings:
    """The versions in use."""
    return findings.programs(settings)


async def check_folder(settings: Settings) -> Findings:
    """The data folder."""
    return [*findings.folder(settings)]


async def check_lock(settings: Settings) -> Findings:
    """Whether a hub is running on the folder."""
    from powerstrip.store import AlreadyRunning, hold_folder

    if not settings.data.is_dir():
        return []
    try:
        with hold_folder(settings.data):
            return [Finding("lock", "ok", "No hub is running on the folder")]
    except AlreadyRunning:
        return [Finding("lock", "ok", "A hub is running on the folder")]


async def check_database(settings: Settings) -> Findings:
    """The database: it answers, and has this version's schema; the master key is the one it was sealed with."""
    if not has_hub(settings):
        return [Finding("database", "warning", "There is no hub in the folder yet", f"powerstrip init --data {settings.data}")]
    if settings.sqlite and (unwritable := _unwritable(settings.data)):
        return [
            Finding("database", "broken", f"{unwritable} cannot be written by this user", f"chmod 600 {unwritable}, or chown it")
        ]
    store = Store(settings.url)
    await store.start()
    try:
        found = [findings.schema(*store.revisions())]
        return found + (await _master_key(store, settings) if found[0].state == "ok" else [])
    except Problem as problem:
        return [Finding("database", "broken", problem.message, UNREADABLE)]
    finally:
        await store.close()


def _unwritable(data: Path) -> Path | None:
    """A file of the database that this user may not read and write; SQLite itself tells only when it writes."""
    return next((path for path in sorted(data.glob("powerstrip.db*")) if not os.access(path, os.R_OK | os.W_OK)), None)


async def _master_key(store: Store, settings: Settings) -> Findings:
    environ = dict(os.environ)
    try:
        backends = Backends(environ, OperatorWay)
        vault = Vault(store, await asyncio.to_thread(load_masters, settings, environ, backends))
        await vault.check()
    except MasterKeyError as error:
        return [Finding("master key", "broken", str(error), "without the right key nothing that is sealed can be opened")]
    return [*await findings.master_key(vault, settings), *findings.back_ends(backends.schemes)]


async def check_engine(settings: Settings) -> Findings:
    """What makes runs durable."""
    if settings.sqlite:
        return await findings.engine(settings, None)
    store = Store(settings.url)
    await store.start()
    try:
        return await findings.engine(settings, store)
    finally:
        await store.close()


async def check_settings(settings: Settings) -> Findings:
    """What the operator's settings come to."""
    return findings.in_force(settings)


async def check_exceptions(settings: Settings) -> Findings:
    """Exceptions from the safe defaults."""
    return findings.exceptions(settings)


async def check_plugins(settings: Settings) -> Findings:
    """What is installed."""
    from powerstrip.cli.target import installed

    with installed(settings) as catalog:
        return findings.plugins(settings, catalog)


CHECKS: tuple[Check, ...] = (
    check_programs,
    check_folder,
    check_lock,
    check_database,
    check_engine,
    check_settings,
    check_exceptions,
    check_plugins,
)
