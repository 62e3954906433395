"""The house of calls with the automations' room in it."""

import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parent))

from callhouse import House, empty_database, house, migrated, peer, peer_server
from enginehouse import ENGINES, EngineHouse, housed

from powerstrip.automations import Automations

__all__ = ["empty_database", "house", "peer", "peer_server"]


@pytest.fixture(scope="session")
def empty_postgresql(postgresql_server: Any) -> str:
    """A migrated database to copy, with DBOS's schema in it."""
    from dbos import DBOS

    name = postgresql_server.new_database()
    migrated(postgresql_server.url(name))
    DBOS.migrate(postgresql_server.url(name))
    return name


@pytest.fixture
def automations(house: House) -> Automations:
    """The room, on the house's own database."""
    return Automations(house.store, house.catalog, house.integrations, house.vault.audit)


@pytest.fixture
def codes() -> Callable[[Any], list[str]]:
    """The codes of the findings of a check or of a compiled spec, in order."""

    def read(found: Any) -> list[str]:
        findings = found.findings if isinstance(found.findings, tuple | list) else found.findings.items
        return [each.code for each in findings]

    return read


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """No engine of several processes on SQLite."""
    items[:] = [each for each in items if not _impossible(getattr(getattr(each, "callspec", None), "params", {}))]


def _impossible(params: dict[str, Any]) -> bool:
    return params.get("flows") == "dbos" and params.get("database_url") == "sqlite"


# DBOS, ended without a second's wait, may leave a coroutine that its stopped loop never began
DBOS_MARKS = (pytest.mark.on_postgresql, pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"))


@pytest.fixture(params=["journal", pytest.param("dbos", marks=DBOS_MARKS)])
async def flows(request: pytest.FixtureRequest, house: House) -> AsyncIterator[EngineHouse]:
    """Each engine in turn, with faked actions."""
    await house.connect()
    opened = await housed(None, house, ENGINES[request.param]).open()
    yield opened
    await opened.close()
