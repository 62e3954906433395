"""Ways to a hub for the dashboard: opened after its first picture, closed with it."""

import asyncio
from argparse import Namespace
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from powerstrip.cli import target
from powerstrip.cli.failures import Stop
from powerstrip.client import Client, embedded
from powerstrip.folder import data_folder
from powerstrip.value import Value, replace
from powerstrip_tui import CannotOpen, NoHub

if TYPE_CHECKING:
    from powerstrip.settings import Settings

ELSEWHERE = "Set POWERSTRIP_URL and POWERSTRIP_API_KEY to look at a hub that runs."
FIRST_PROJECT = {"live": "default", "sandbox": "sandbox"}


class ServedDoor(Value):
    """A running hub."""

    where: str
    key: str
    project: str = ""
    own: bool = False

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[Client]:
        """A client over HTTP."""
        async with Client(self.where, self.key) as client:
            yield client

    async def make(self, mode: Literal["live", "sandbox"]) -> None:
        """Nothing is made at a distance."""
        raise NoHub("A hub is made on its own machine", "powerstrip init")

    def with_key(self, key: str) -> "ServedDoor":
        """The same with another key."""
        return replace(self, key=key)


class FolderDoor:
    """A data folder, opened in this process."""

    own = True

    def __init__(self, args: Namespace, environ: Mapping[str, str], project: str = "") -> None:
        self._args, self._environ = args, environ
        self.project = project

    @property
    def where(self) -> str:
        """The folder."""
        data = getattr(self._args, "data", "")
        return str(data_folder(self._environ, Path(data) if data else None))

    @cached_property
    def _settings(self) -> "Settings":
        """Read when the folder is opened: what it loads is not needed for the first picture. Raises `Stop`."""
        return target.folder_settings(self._args, self._environ)

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[Client]:
        """A client of the hub in this process."""
        await asyncio.to_thread(import_module, "powerstrip.api.app")  # slow to import: the picture stays alive meanwhile
        try:
            settings = self._settings
        except Stop as stop:
            raise CannotOpen(f"{stop.message}.", stop.hint or "") from None
        try:
            target.must_exist(settings)
        except Stop as stop:
            raise NoHub(f"{stop.message}.") from None
        try:
            async with target.open_hub(self._settings, self._environ, log_level="critical") as hub, embedded(hub) as client:
                yield client
        except Stop as stop:
            raise CannotOpen(f"{stop.message}.", stop.hint or ELSEWHERE) from None

    async def make(self, mode: Literal["live", "sandbox"]) -> None:
        """A hub with a first project."""
        async with target.open_hub(self._settings, self._environ, log_level="critical") as hub:
            await hub.access.bootstrap(self.project or FIRST_PROJECT[mode], mode=mode)

    def with_key(self, key: str) -> "FolderDoor":
        """The operator of a folder needs no key."""
        return self
