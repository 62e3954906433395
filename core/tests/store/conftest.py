"""A store that runs, on each kind of database."""

from collections.abc import AsyncIterator

import pytest

from powerstrip.store import Actor, AuditLog, Store

ACTOR = Actor("prn_invented", "Ada", "key_invented", "laptop", "127.0.0.1", "tests")
LOG = AuditLog(b"an invented key of 32 bytes.....")


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = Store(database_url)
    store.migrate()
    await store.start()
    await store.write(LOG.begin)
    yield store
    await store.close()


@pytest.fixture
def log() -> AuditLog:
    return LOG


@pytest.fixture
def actor() -> Actor:
    return ACTOR
