"""Which hub processes are there: told by the database's clock, taken over once."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlmodel import col, select

from powerstrip.store import SILENT, HubProcess, Presence, Store, alive, present, process_id, silent, taken_over


@pytest.fixture
async def store(postgresql_server) -> AsyncIterator[Store]:
    store = Store(postgresql_server.url(postgresql_server.emptied_database()))
    store.migrate()
    await store.start()
    yield store
    await store.close()


async def ids(store: Store, query) -> set[str]:
    return set(await store.read(lambda session: session.connection().execute(query).scalars().all()))


async def silence(store: Store, id: str) -> None:
    """As if the process had been cut off a while ago."""
    change = update(HubProcess).where(col(HubProcess.id) == id).values(seen=HubProcess.seen - SILENT - 1)
    await store.hot(lambda connection: connection.execute(change))


async def test_a_process_is_there_until_it_falls_silent_or_says_that_it_goes(store: Store) -> None:
    one, two = Presence(store, "hub_one", "journal"), Presence(store, "hub_two", "dbos")
    await one.start()
    await two.start()
    assert await ids(store, alive()) == {"hub_one", "hub_two"}
    assert await present(store) == {"journal": 1, "dbos": 1}
    await silence(store, "hub_one")
    assert (await ids(store, alive()), await ids(store, silent())) == ({"hub_two"}, {"hub_one"})
    await two.close()
    assert await ids(store, alive()) == set()
    await one.close()


async def test_who_is_silent_is_taken_over_by_one_and_who_comes_back_can_be_again(store: Store) -> None:
    presence = Presence(store, "hub_one", "dbos")
    await presence.start()
    await silence(store, "hub_one")
    with taken_over(store) as mine, taken_over(store) as others:
        assert (mine, others) == (["hub_one"], [])
    with taken_over(store) as later:
        assert later == []
    await presence.start()
    await silence(store, "hub_one")
    with taken_over(store) as again:
        assert again == ["hub_one"]
    await presence.close()


async def test_a_takeover_that_fails_is_left_to_the_next(store: Store) -> None:
    presence = Presence(store, "hub_one", "dbos")
    await presence.start()
    await silence(store, "hub_one")
    with pytest.raises(ZeroDivisionError), taken_over(store):
        raise ZeroDivisionError
    with taken_over(store) as mine:
        assert mine == ["hub_one"]
    await presence.close()


async def test_on_sqlite_nothing_is_written(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'powerstrip.db'}")
    store.migrate()
    await store.start()
    presence = Presence(store, "hub_one", "journal")
    await presence.start()
    await presence.close()
    assert await store.read(lambda session: list(session.exec(select(HubProcess)))) == []
    assert await present(store) == {}
    await store.close()


def test_the_process_on_a_folder_has_one_id(tmp_path: Path) -> None:
    assert process_id(tmp_path) == process_id(tmp_path)
    assert process_id(tmp_path) != process_id(tmp_path / "other")
