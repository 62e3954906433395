"""A real hub for the dashboard: served for the keys that are pressed, and one in the process for the pictures."""

import asyncio
import itertools
import os
import re
import shutil
import sys
from collections.abc import AsyncGenerator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from powerstrip.client import Client, embedded
from powerstrip.client.inprocess import InProcess
from powerstrip_tui import Dashboard, OpenDoor
from powerstrip_tui.state import Remembered

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))  # `served.py`: a hub as a user runs it
sys.path.insert(0, str(Path(__file__).parent))

from served import ServedHub, serving

NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedHub]:
    """One served hub for the whole run; each test has a project of its own."""
    with serving(tmp_path_factory.mktemp("hub") / "data", mode="sandbox") as hub:
        yield hub


@pytest.fixture
def project(served: ServedHub, request: pytest.FixtureRequest) -> str:
    """A new sandbox project's handle."""
    name = f"{re.sub(r'[^a-z0-9]+', '-', request.node.name.lower())[5:30].strip('-')}-{next(NUMBERS)}"
    with served.http() as http:
        made = http.post("/v1/projects", json={"name": name, "mode": "sandbox"})
    assert made.status_code == 201, made.text
    return made.json()["handle"]


@pytest.fixture
async def client(served: ServedHub, project: str) -> AsyncGenerator[Client]:
    """A client of that project, over HTTP."""
    async with Client(served.url, served.key, project) as client:
        yield client


@pytest.fixture
def remembered(tmp_path: Path) -> Remembered:
    """A memory of its own."""
    return Remembered(tmp_path / "state" / "dashboard.json")


@pytest.fixture
def app(client: Client, remembered: Remembered) -> Dashboard:
    """The dashboard on that project."""
    return Dashboard(OpenDoor(client), remembered)


class Pinned(httpx2.AsyncBaseTransport):
    """A hub in this process whose times and ids look the same each time, for pictures.

    Ids are numbered in the order in which they are met, and put back in what is asked.
    """

    ID = re.compile(r"\b([a-z]{2,5})_([0-9A-Za-z]{16,})\b")
    TIER = re.compile(r'"tier(_computed_at)?":"[^"]*",?')
    TIME = re.compile(r"\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)")

    def __init__(self, app: Any) -> None:
        self._inner = InProcess(app)
        self._known: dict[str, str] = {}

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Ask with the real ids, answer with the numbered ones."""
        back = {mine: real for real, mine in self._known.items()}
        url, body = str(request.url), (await request.aread()).decode()
        for mine, real in back.items():
            url, body = url.replace(mine, real), body.replace(mine, real)
        headers = [(name, value) for name, value in request.headers.items() if name.lower() != "content-length"]
        asked = httpx2.Request(request.method, url, headers=headers, content=body.encode())
        answer = await self._inner.handle_async_request(asked)
        if answer.headers.get("content-type", "").startswith("text/event-stream"):
            return answer
        text = (await answer.aread()).decode()
        text = self.TIME.sub("2026-01-02T03:04:05Z", self.ID.sub(self._numbered, self.TIER.sub("", text)))
        kept = [(name, value) for name, value in answer.headers.items() if name.lower() != "content-length"]
        return httpx2.Response(answer.status_code, headers=kept, content=text.encode())

    async def aclose(self) -> None:
        """Close what is open."""
        await self._inner.aclose()

    def _numbered(self, found: re.Match[str]) -> str:
        return self._known.setdefault(found[0], f"{found[1]}_{len(self._known) + 1:020d}")


class PinnedDoor:
    """Opens a hub in a folder, and gives a client whose answers look the same each time."""

    where, own, project = "http://hub.example", False, "shop"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def open(self) -> AbstractAsyncContextManager[Client]:
        return self._open()

    @asynccontextmanager
    async def _open(self) -> AsyncGenerator[Client]:
        async with opened(self._folder) as hub, self._client(hub) as client:
            yield client

    @staticmethod
    def _client(hub: Any) -> Client:
        return Client("http://127.0.0.1", hub.local_token, "shop", transport=Pinned(hub.app))

    async def make(self, mode: str) -> None:
        raise NotImplementedError

    def with_key(self, key: str) -> "PinnedDoor":
        return self


@asynccontextmanager
async def opened(folder: Path) -> AsyncGenerator[Any]:
    """A hub in this process."""
    from powerstrip.api import Hub
    from powerstrip.settings import Settings, installation_index

    hub = await Hub.open(Settings(data=folder, catalog=installation_index(os.environ)), {})
    try:
        yield hub
    finally:
        await hub.close()


async def filled(folder: Path, fill: Any) -> None:
    """A hub's folder with a sandbox project `shop`, and in it what `fill` makes."""
    async with opened(folder) as hub:
        await hub.access.bootstrap("shop", name="Shop", mode="sandbox")
        if fill is not None:
            async with embedded(hub, "shop") as client:
                await fill(client)


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[Any, Path]:
    """Folders that were filled, by what filled them: a hub is filled once, and its folder copied for each picture."""
    return {}


@pytest.fixture
def pinned(tmp_path: Path, folders: dict[Any, Path], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Makes a dashboard for a picture: `pinned(fill)`, `fill` being a coroutine that is given a client."""

    def make(fill: Any = None) -> Dashboard:
        if fill not in folders:
            folders[fill] = tmp_path_factory.mktemp("filled") / "data"
            asyncio.run(filled(folders[fill], fill))
        shutil.copytree(folders[fill], tmp_path / "data")
        return Dashboard(PinnedDoor(tmp_path / "data"), Remembered(tmp_path / "state.json"))

    return make
