"""Which hub a command talks to: a running one over HTTP, or a data folder that the command opens itself."""

import gc
import sys
from argparse import Namespace
from collections.abc import AsyncGenerator, Collection, Generator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from powerstrip.cli.failures import Stop, Usage
from powerstrip.value import Value

if TYPE_CHECKING:
    from powerstrip.api import Hub
    from powerstrip.catalog import Catalog
    from powerstrip.cli.logs import Level
    from powerstrip.client import Client
    from powerstrip.settings import Settings


class Server(Value):
    """A running hub."""

    url: str
    key: str


def server(args: Namespace, environ: Mapping[str, str]) -> Server | None:
    """The server that the options or the environment name; None where the data folder is meant.

    An option wins over the environment, so `--data` opens the folder even where POWERSTRIP_URL is set.
    """
    url, data = getattr(args, "url", ""), getattr(args, "data", "")
    if url and data:
        raise Usage("--url and --data name two hubs", hint="give one of them")
    url = url or ("" if data else first(environ, "POWERSTRIP_URL", "MOBIUS_API_URL"))
    if not url:
        return None
    key = getattr(args, "api_key", "") or first(environ, "POWERSTRIP_API_KEY", "MOBIUS_API_KEY")
    if not key:
        raise Usage(
            f"No API key for {url}",
            hint="set POWERSTRIP_API_KEY; `powerstrip init` printed one, `powerstrip keys create` makes more",
        )
    return Server(url, key)


def first(environ: Mapping[str, str], *names: str) -> str:
    """The first of these variables that is filled."""
    return next((environ[name] for name in names if environ.get(name)), "")


def folder_settings(args: Namespace, environ: Mapping[str, str]) -> "Settings":
    """The operator's settings for the data folder that is meant. Stops on one that cannot be used."""
    from powerstrip.settings import SettingsError, from_environment

    data = getattr(args, "data", "")
    try:
        settings = from_environment(environ, Path(data) if data else None)
    except SettingsError as error:
        raise Stop(str(error), code="bad_setting") from None
    if not settings.sqlite:
        _must_have_driver()
    return settings


def _must_have_driver() -> None:
    """Stop where PostgreSQL is meant and its driver cannot be loaded: it is no part of the plain installation."""
    try:
        import_module("psycopg")
    except ImportError:
        raise Stop(
            "POWERSTRIP_DATABASE_URL names PostgreSQL, and its driver (psycopg) is not installed or cannot be loaded",
            hint='pip install "powerstrip[postgresql]"; in a clone: .uv/bin/uv sync --all-packages --all-extras',
            code="no_driver",
        ) from None


def must_exist(settings: "Settings") -> None:
    """Stop where there is no hub in the folder: a typing error must not make a new one."""
    if settings.sqlite and not (settings.data / "powerstrip.db").exists():
        raise Stop(
            f"There is no hub in {settings.data}",
            hint=f"make one with `powerstrip init --data {settings.data}`, or name another with --data or POWERSTRIP_URL",
            code="no_hub",
        )


def tell_of_first_look(index: Path) -> None:
    """Say to a person at a terminal why the first command takes longer: each adapter is loaded once in a process of its own."""
    if sys.stderr.isatty() and not any(index.glob("*.json")):
        sys.stderr.write("Looking into the installed adapters, once for this installation …\n")


@contextmanager
def installed(settings: "Settings") -> "Generator[Catalog]":
    """The installed adapters, without a hub: nothing is made in the data folder."""
    from powerstrip.catalog import Catalog

    with ExitStack() as held:
        index = settings.index
        if settings.catalog is None and not index.is_dir():
            index = Path(held.enter_context(TemporaryDirectory(prefix="powerstrip-")))
        tell_of_first_look(index)
        yield Catalog.load(index, settings.plugins_block)


@asynccontextmanager
async def open_hub(
    settings: "Settings",
    environ: Mapping[str, str],
    *,
    own: Collection[tuple[str, int]] = (),
    log_level: "Level" = "error",
    whole: bool = True,
) -> AsyncGenerator["Hub"]:
    """The hub of a data folder, held for as long as the block runs. Stops where it cannot be opened.

    `own` are the addresses that it will listen on: calls to them are refused. A short command tells of troubles itself, so
    that its log begins at errors. Without `whole` it has only begun (`Hub.begin`).
    """
    with _uncollected():
        from powerstrip.api import Hub
        from powerstrip.cli.logs import log_to_stderr

        log_to_stderr(log_level)
        tell_of_first_look(settings.index)
        with refusals():
            hub = await (Hub.open if whole else Hub.begin)(settings, environ, own=own)
    try:
        yield hub
    finally:
        await hub.close()


@contextmanager
def _uncollected() -> Generator[None]:
    """Nothing of what a start makes is garbage: looking for some is a tenth of it."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


@contextmanager
def refusals() -> Generator[None]:
    """Why a hub cannot be opened, or cannot be completed, as a `Stop`."""
    from powerstrip.problems import Problem
    from powerstrip.settings import SettingsError
    from powerstrip.store import AlreadyRunning, SchemaMismatch
    from powerstrip.vault import MasterKeyError

    try:
        yield
    except AlreadyRunning as error:
        raise Stop(str(error), code="already_running") from None
    except SettingsError as error:
        raise Stop(str(error), code="bad_engine") from None
    except (SchemaMismatch, MasterKeyError) as error:
        raise Stop(str(error), hint="powerstrip doctor", code="cannot_open") from None
    except Problem as error:
        raise Stop(error.message, hint="powerstrip doctor", code=error.code) from None


@asynccontextmanager
async def connect(args: Namespace, environ: Mapping[str, str]) -> AsyncGenerator["Client"]:
    """A client of the hub that is meant."""
    from powerstrip.client import Client, embedded

    there = server(args, environ)
    if there is not None:
        async with Client(there.url, there.key) as client:
            yield client
        return
    settings = folder_settings(args, environ)
    must_exist(settings)
    async with open_hub(settings, environ) as hub, embedded(hub) as client:
        yield client
