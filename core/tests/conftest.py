"""What the tests of several rooms share: a database of each kind, fresh for each test; what is known of the adapters."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from postgres import PostgresServer, postgresql_binaries, serving_postgresql

from powerstrip.catalog import Catalog
from powerstrip.settings import installation_index


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgresServer]:
    """One server for the whole run. Skips where PostgreSQL is not installed."""
    binaries = postgresql_binaries()
    if binaries is None:
        pytest.skip("PostgreSQL is not installed: no initdb on the PATH")
    with serving_postgresql(binaries) as server:
        yield server


@pytest.fixture(scope="session")
def catalog_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The catalog's index, made once for this installation: looking into plugins takes seconds."""
    folder = installation_index(os.environ) or tmp_path_factory.mktemp("catalog")
    Catalog.load(folder)
    return folder


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database; the test runs on each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'powerstrip.db'}"
    server: PostgresServer = request.getfixturevalue("postgresql_server")
    return server.url(server.emptied_database())
