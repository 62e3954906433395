"""What is sound about an installation and what is not: each finding says ok, warning or broken, and what to do.

`powerstrip doctor` asks a data folder (`cli/checks.py`) or a running hub (`of_hub`): what both can know is here.
"""

import asyncio
import os
import platform
import shutil
import sqlite3
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal, TypeAlias

from powerstrip import __version__
from powerstrip.api.hub import Hub
from powerstrip.automations import EngineRefused, find_engine
from powerstrip.catalog import BrokenPlugin, Catalog
from powerstrip.problems import Problem
from powerstrip.settings import Settings
from powerstrip.store import Store, present
from powerstrip.value import Value
from powerstrip.vault import Vault

State: TypeAlias = Literal["ok", "warning", "broken"]
Findings: TypeAlias = "list[Finding]"

SAFE_SQLITE = (3, 51, 3)
"""The first release without the WAL-reset bug (https://sqlite.org/wal.html#walresetbug)."""
MIB = 1024 * 1024
LOW_DISK, NO_DISK = 1024 * MIB, 64 * MIB
UNREADABLE = "is the database there, whole, and reachable by this user?"


class Finding(Value):
    """One line of the report. `hint` says what to do where it is not ok."""

    check: str
    state: State
    message: str
    hint: str = ""


async def of_hub(hub: Hub) -> Findings:
    """Everything, of a hub that runs."""
    settings = hub.settings
    return [
        *programs(settings),
        *await asyncio.to_thread(lambda: [*folder(settings)]),
        *await _database(hub),
        *await engine(settings, hub.store),
        *in_force(settings),
        *exceptions(settings),
        *plugins(settings, hub.catalog),
    ]


async def _database(hub: Hub) -> Findings:
    try:
        found = [schema(*await asyncio.to_thread(hub.store.revisions))]
        return [*found, *await master_key(hub.vault, hub.settings), *back_ends(hub.secrets.schemes)]
    except Problem as problem:
        return [Finding("database", "broken", problem.message, UNREADABLE)]


def programs(settings: Settings) -> Findings:
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


def folder(settings: Settings) -> Iterator[Finding]:
    """The data folder: there, ours, closed to others, with room left."""
    data = settings.data
    if not data.is_dir():
        yield Finding("folder", "warning", f"There is no data folder {data} yet", f"powerstrip init --data {data}")
    elif not os.access(data, os.R_OK | os.W_OK | os.X_OK):
        words = f"{data} cannot be read and written by this user"
        yield Finding("folder", "broken", words, f"chown it, then chmod 700 {data}")
    else:
        yield Finding("folder", "ok", f"Data folder {data}")
        yield from _open_to_others(data)
        yield _disk(data)


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


def schema(found: str | None, wanted: str) -> Finding:
    """The schema that was found, against the one of this version."""
    if found == wanted:
        return Finding("database", "ok", f"The database answers and has schema {found}")
    if found is None:
        return Finding("database", "broken", "The database is empty", "powerstrip init makes what is missing")
    if found > wanted:
        return Finding("database", "broken", f"The database has schema {found}, this hub knows {wanted}", "upgrade the hub")
    return Finding("database", "warning", f"The database has schema {found}", f"the next start brings it to {wanted}")


async def master_key(vault: Vault, settings: Settings) -> Findings:
    """Where the master key comes from, whether its rotation is to be ended, and whether it lies beside what it seals."""
    standing = await vault.master_standing()
    right = f"The master key is there and is the right one; it comes from {standing.source}"
    found = [Finding("master key", "ok", right)]
    if standing.next_there:
        hint = "powerstrip keys rotate-master --finalise ends it, --roll-back goes back"
        found.append(Finding("master key", "warning", "A next master key is there: is its rotation to be ended?", hint))
    if standing.beside and standing.seals and settings.sqlite:
        words = "The master key lies beside what it seals: who copies the data folder can open it, and if it is lost both are"
        hint = f"keep a copy elsewhere; moved out of {settings.data} and named by POWERSTRIP_MASTER_KEY_FILE, it is apart"
        found.append(Finding("key file", "warning", words, hint))
    return found


def back_ends(schemes: Iterable[str]) -> Iterator[Finding]:
    """Those that are installed, in one line; none where there are none."""
    if names := ", ".join(schemes):
        yield Finding("back ends", "ok", names)


async def engine(settings: Settings, store: Store | None) -> Findings:
    """What makes runs durable: whether it can work here, which processes are there, and what it says of itself.

    Without a store, or with SQLite, where there is one process at most, that is the engine's name.
    """
    try:
        chosen = find_engine(settings.engine, sqlite=settings.sqlite)
    except EngineRefused as error:
        return [Finding("engine", "broken", str(error), "set POWERSTRIP_ENGINE, or `powerstrip serve --engine`")]
    found = [Finding("engine", "ok", f"Runs are made durable by {chosen.title}")]
    if settings.sqlite or store is None:
        return found
    try:
        there = await present(store)
        for name in sorted({chosen.name, *there}):
            found += await _engine(name, there.get(name, 0), store)
    except Problem:
        return found  # the database's own check tells what is the matter
    return found


async def _engine(name: str, processes: int, store: Store) -> Findings:
    told = f"{processes} hub process{'es' if processes != 1 else ''} with the engine {name} on this database"
    try:
        plugin = find_engine(name, sqlite=False)
        said = await asyncio.to_thread(plugin.state, store)
    except EngineRefused as error:
        return [Finding("engine", "ok", told), Finding("engine", "warning", str(error))]
    return [Finding("engine", "ok", line) for line in (told, *said)]


def in_force(settings: Settings) -> Findings:
    """What the operator's settings come to, where they are no exception."""
    return [Finding("settings", "ok", f"{settings.database}; at most {settings.rate_limit:,} requests a second for one key")]


def exceptions(settings: Settings) -> Findings:
    """Every exception from the safe defaults that the operator has made."""
    made = [
        Finding("exception", "warning", line, "an operator's setting; remove it when it is not needed")
        for line in settings.exceptions()
    ]
    return made or [Finding("exception", "ok", "No exception from the safe defaults is in force")]


def plugins(settings: Settings, catalog: Catalog) -> Findings:
    """Every plugin that is installed: usable, or why not."""
    usable = [f"{each.id} {each.version}".strip() for each in catalog.providers()]
    found = [Finding("plugins", "ok", ", ".join(usable) or "none is installed")]
    return [*found, *map(_unusable, catalog.broken()), *_unmatched(settings, catalog)]


def _unusable(plugin: BrokenPlugin) -> Finding:
    name = f"{plugin.name} ({plugin.distribution} {plugin.version})"
    if plugin.blocked:
        return Finding("plugin", "ok", f"{name} is blocked by POWERSTRIP_PLUGINS_BLOCK")
    return Finding("plugin", "broken", f"{name}: {plugin.reason}", "upgrade or remove it, or name it in POWERSTRIP_PLUGINS_BLOCK")


def _unmatched(settings: Settings, catalog: Catalog) -> Iterator[Finding]:
    """Names in settings that mean nothing here: a typing error has no effect and must not go unseen."""
    for name in catalog.unmatched(settings.plugins_block):
        yield Finding("plugin", "warning", f"POWERSTRIP_PLUGINS_BLOCK names {name}, and no such plugin is installed")
    for name in settings.provider_urls:
        if not catalog.has(name.partition(".")[0]):
            yield Finding("exception", "warning", f"POWERSTRIP_PROVIDER_URLS names {name}, and there is no such provider")
