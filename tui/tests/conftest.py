"""A real hub for the dashboard: served for the keys that are pressed, and one in the process for the pictures."""

import asyncio
import itertools
import re
import shutil
import sys
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from typing import Any

import pytest

from powerstrip.client import Client
from powerstrip_tui import Dashboard, OpenDoor
from powerstrip_tui.state import Remembered

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))  # `served.py`: a hub as a user runs it
sys.path.insert(0, str(Path(__file__).parent))

from pinned import PinnedDoor, filled
from served import ServedHub, serving

NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedHub]:
    """One served hub for the whole run, its master key apart from its data; each test has a project of its own."""
    folder = tmp_path_factory.mktemp("hub")
    key = folder / "master.key"
    key.touch(0o600)
    key.write_text("aW52ZW50ZWQgbWFzdGVyIGtleSBvZiAzMiBieXRlcyE=\n")
    with serving(folder / "data", mode="sandbox", POWERSTRIP_MASTER_KEY_FILE=str(key)) as hub:
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


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[Any, Path]:
    """Folders that were filled, by what filled them: a hub is filled once, and its folder copied for each picture."""
    return {}


@pytest.fixture
def pinned(tmp_path: Path, folders: dict[Any, Path], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Makes a dashboard for a picture: `pinned(fill)`, `fill` being a coroutine that is given a client."""

    def make(fill: Any = None) -> Dashboard:
        if fill not in folders:
            folder = tmp_path_factory.mktemp("filled") / "data"
            asyncio.run(filled(folder, fill))
            folders[fill] = folder
        shutil.copytree(folders[fill], tmp_path / "data")
        return Dashboard(PinnedDoor(tmp_path / "data"), Remembered(tmp_path / "state.json"))

    return make
