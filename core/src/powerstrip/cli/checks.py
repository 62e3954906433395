"""What `powerstrip doctor` looks at. Each check says ok, warning or broken, and what to do; none changes anything."""

import asyncio
import os
import platform
import shutil
import sqlite3
import stat
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from powerstrip import __version__

if TYPE_CHECKING:
    from powerstrip.catalog import BrokenPlugin, Catalog
    from powerstrip.settings import Settings
    from powerstrip.store import Store

State: TypeAlias = Literal["ok", "warning", "broken"]
Findings: TypeAlias = "list[Finding]"
Check: TypeAlias = "Callable[[Settings], Awaitable[Findings]]"

SAFE_SQLITE = (3, 51, 3)
"""The first release without the WAL-reset bug (https://sqlite.org/wal.html#walresetbug)."""
MIB = 1024 * 1024
LOW_DISK, NO_DISK = 1024 * MIB, 64 * MIB


@dataclass(frozen=True)
class Finding:
    """One line of the report. `hint` says what to do where it is not ok."""

    check: str
    state: State
    message: str
    hint: str = ""


def has_hub(settings: "Settings") -> bool:
    """True where there is a database to look at."""
    return not settings.sqlite or (settings.data / "powerstrip.db").exists()


async def check_programs(settings: "Settings") -> Findings:
    """The versions in use."""
    python = f"Python {platform.python_version()} on {platform.system()}, powerstrip {__version__}"
    found = [Finding("programs", "ok", python)]
    if not settings.sqlite:
        return found
    version = sqlite3.sqlite_version
    if sqlite3.sqlite_version_info >= SAFE_SQLITE:
        return [*found, Finding("sqlite", "ok", f"SQLite {version}")]
    safe = ".".join(map(str, SAFE_SQLITE))
    message = f"SQLite {version} has the WAL-reset bug: two connections that write at once can, rarely, harm the file"
    return [*found, Finding("sqlite", "warning", message, f"use a Python with SQLite {safe} or newer, or PostgreSQL")]


async def check_folder(settings: "Settings") -> Findings:
    """The data folder: there, ours, closed to others, with room left."""
    data = settings.data
    if not data.is_dir():
        return [Finding("folder", "warning", f"There is no data folder {data} yet", f"powerstrip init --data {data}")]
    if not os.access(data, os.R_OK | os.W_OK | os.X_OK):
        return [
            Finding("folder", "broken", f"{data} cannot be read and written by this user", f"chown it, then chmod 700 {data}")
        ]
    return [Finding("folder", "ok", f"Data folder {data}"), *_open_to_others(data), _disk(data)]


def _open_to_others(data: Path) -> Iterator[Finding]:
    """Those of the folder and its files that other users may read."""
    for path in (data, *sorted(data.glob("powerstrip.db*")), data / "master.key", data / "master.key.next"):
        mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else 0
        if mode & 0o077:
            wanted = "700" if path.is_dir() else "600"
            yield Finding("permissions", "warning", f"Other users may open {path} (mode {mode:03o})", f"chmod {wanted} {path}")


def _disk(data: Path) -> Finding:
    free = shutil.disk_usage(data).free
    state: State = "broken" if free < NO_DISK else "warning" if free < LOW_DISK else "ok"
    return Finding("disk", state, f"{free // MIB:,} MiB free", "" if state == "ok" else f"make room on the disk of {data}")


async def check_lock(settings: "Settings") -> Findings:
    """Whether a hub is running on the folder."""
    from powerstrip.store import AlreadyRunning, hold_folder

    if not settings.data.is_dir():
        return []
    try:
        with hold_folder(settings.data):
            return [Finding("lock", "ok", "No hub is running on the folder")]
    except AlreadyRunning:
        return [Finding("lock", "ok", "A hub is running on the folder")]


async def check_database(settings: "Settings") -> Findings:
    """The database: it answers, and has this version's schema; the master key is the one it was sealed with."""
    from powerstrip.problems import Problem
    from powerstrip.store import Store

    if not has_hub(settings):
        return [Finding("database", "warning", "There is no hub in the folder yet", f"powerstrip init --data {settings.data}")]
    if settings.sqlite and (unwritable := _unwritable(settings.data)):
        return [
            Finding("database", "broken", f"{unwritable} cannot be written by this user", f"chmod 600 {unwritable}, or chown it")
        ]
    store = Store(settings.url)
    await store.start()
    try:
        found = [_schema(*store.revisions())]
        return found + (await _master_key(store, settings) if found[0].state == "ok" else [])
    except Problem as problem:
        return [Finding("database", "broken", problem.message, "is the database there, whole, and reachable by this user?")]
    finally:
        await store.close()


def _unwritable(data: Path) -> Path | None:
    """A file of the database that this user may not read and write; SQLite itself tells only when it writes."""
    return next((path for path in sorted(data.glob("powerstrip.db*")) if not os.access(path, os.R_OK | os.W_OK)), None)


def _schema(found: str | None, wanted: str) -> Finding:
    if found == wanted:
        return Finding("database", "ok", f"The database answers and has schema {found}")
    if found is None:
        return Finding("database", "broken", "The database is empty", "powerstrip init makes what is missing")
    if found > wanted:
        return Finding("database", "broken", f"The database has schema {found}, this hub knows {wanted}", "upgrade the hub")
    return Finding("database", "warning", f"The database has schema {found}", f"the next start brings it to {wanted}")


async def _master_key(store: "Store", settings: "Settings") -> Findings:
    from powerstrip.edge import OperatorWay
    from powerstrip.vault import Backends, MasterKeyError, Vault, load_masters

    environ = dict(os.environ)
    try:
        backends = Backends(environ, OperatorWay)
        masters = await asyncio.to_thread(load_masters, settings, environ, backends)
        vault = Vault(store, masters)
        await vault.check()
    except MasterKeyError as error:
        return [Finding("master key", "broken", str(error), "without the right key nothing that is sealed can be opened")]
    found = [Finding("master key", "ok", f"The master key is there and is the right one; it comes from {vault.source}")]
    if masters.next is not None:
        hint = "powerstrip keys rotate-master --finalise ends it, --roll-back goes back"
        found.append(Finding("master key", "warning", "A next master key is there: is its rotation to be ended?", hint))
    if backends.schemes:
        found.append(Finding("back ends", "ok", ", ".join(backends.schemes)))
    return found


async def check_engine(settings: "Settings") -> Findings:
    """What makes runs durable: whether it can work here, which processes are there, and what it says of itself."""
    from powerstrip.automations import EngineRefused, find_engine
    from powerstrip.problems import Problem
    from powerstrip.store import Store, present

    try:
        chosen = find_engine(settings.engine, sqlite=settings.sqlite)
    except EngineRefused as error:
        return [Finding("engine", "broken", str(error), "set POWERSTRIP_ENGINE, or `powerstrip serve --engine`")]
    found = [Finding("engine", "ok", f"Runs are made durable by {chosen.title}")]
    if settings.sqlite:
        return found
    store = Store(settings.url)
    await store.start()
    try:
        there = await present(store)
        for name in sorted({chosen.name, *there}):
            found += await _engine(name, there.get(name, 0), store)
    except Problem:
        return found  # the database's own check tells what is the matter
    finally:
        await store.close()
    return found


async def _engine(name: str, processes: int, store: "Store") -> Findings:
    from powerstrip.automations import EngineRefused, find_engine

    told = f"{processes} hub process{'es' if processes != 1 else ''} with the engine {name} on this database"
    try:
        plugin = find_engine(name, sqlite=False)
        said = await asyncio.to_thread(plugin.state, store)
    except EngineRefused as error:
        return [Finding("engine", "ok", told), Finding("engine", "warning", str(error))]
    return [Finding("engine", "ok", line) for line in (told, *said)]


async def check_settings(settings: "Settings") -> Findings:
    """What the operator's settings come to, where they are no exception."""
    return [Finding("settings", "ok", f"{settings.database}; at most {settings.rate_limit:,} requests a second for one key")]


async def check_exceptions(settings: "Settings") -> Findings:
    """Every exception from the safe defaults that the operator has made."""
    made = [
        Finding("exception", "warning", line, "an operator's setting; remove it when it is not needed")
        for line in settings.exceptions()
    ]
    return made or [Finding("exception", "ok", "No exception from the safe defaults is in force")]


async def check_plugins(settings: "Settings") -> Findings:
    """Every plugin that is installed: usable, or why not."""
    from powerstrip.cli.target import installed

    with installed(settings) as catalog:
        usable = [f"{each.id} {each.version}".strip() for each in catalog.providers()]
        found = [Finding("plugins", "ok", ", ".join(usable) or "none is installed")]
        return [*found, *map(_unusable, catalog.broken()), *_unmatched(settings, catalog)]


def _unusable(plugin: "BrokenPlugin") -> Finding:
    name = f"{plugin.name} ({plugin.distribution} {plugin.version})"
    if plugin.blocked:
        return Finding("plugin", "ok", f"{name} is blocked by POWERSTRIP_PLUGINS_BLOCK")
    return Finding("plugin", "broken", f"{name}: {plugin.reason}", "upgrade or remove it, or name it in POWERSTRIP_PLUGINS_BLOCK")


def _unmatched(settings: "Settings", catalog: "Catalog") -> Iterator[Finding]:
    """Names in settings that mean nothing here: a typing error has no effect and must not go unseen."""
    for name in catalog.unmatched(settings.plugins_block):
        yield Finding("plugin", "warning", f"POWERSTRIP_PLUGINS_BLOCK names {name}, and no such plugin is installed")
    for name in settings.provider_urls:
        if not catalog.has(name.partition(".")[0]):
            yield Finding("exception", "warning", f"POWERSTRIP_PROVIDER_URLS names {name}, and there is no such provider")


CHECKS: "tuple[Check, ...]" = (
    check_programs,
    check_folder,
    check_lock,
    check_database,
    check_engine,
    check_settings,
    check_exceptions,
    check_plugins,
)
