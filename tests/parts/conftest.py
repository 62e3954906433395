"""The parts as fixtures: started once in a test run, skipped with the reason where they cannot be had."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TypeVar

import pytest
from parts import servers
from parts.node_parts import NotHere

T = TypeVar("T")


def _started(start: Callable[[], AbstractContextManager[T]]) -> Iterator[T]:
    try:
        with start() as part:
            yield part
    except NotHere as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="session")
def parts_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("parts")


@pytest.fixture(scope="session")
def postmark_url(parts_folder: Path) -> Iterator[str]:
    yield from _started(lambda: servers.prism(servers.DESCRIPTIONS / "postmark.yaml", parts_folder))


@pytest.fixture(scope="session")
def slack_description_url(parts_folder: Path) -> Iterator[str]:
    yield from _started(lambda: servers.prism(servers.DESCRIPTIONS / "slack.yaml", parts_folder))


@pytest.fixture(scope="session")
def slack_url(parts_folder: Path) -> Iterator[str]:
    yield from _started(lambda: servers.slack_emulator(parts_folder))


@pytest.fixture(scope="session")
def weed(parts_folder: Path) -> Iterator[servers.Store]:
    yield from _started(lambda: servers.seaweedfs(parts_folder))


@pytest.fixture(scope="session")
def moto_store(parts_folder: Path) -> Iterator[servers.Store]:
    yield from _started(lambda: servers.moto(parts_folder))


@pytest.fixture(params=["weed", "moto_store"])
def store(request: pytest.FixtureRequest) -> servers.Store:
    """Every S3 store in turn."""
    return request.getfixturevalue(request.param)
