"""The vault's start, and values sealed for their place."""

import asyncio
import resource
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import Session, select

from powerstrip.settings import Settings
from powerstrip.store import DataKey, Project, Setting, Store
from powerstrip.vault import MasterKey, MasterKeyError, Place, SealBroken, Vault, load_master


def at(project_id: str, record: str = "inv_1", mode: str = "live") -> Place:
    return Place(project_id, record, "output", mode)


async def test_a_first_start_saves_the_key_and_the_next_finds_it(store: Store, settings: Settings) -> None:
    first = load_master(settings, {})
    await Vault(store, first).start()
    assert (settings.data / "master.key").exists()
    await Vault(store, load_master(settings, {})).start()


async def test_a_wrong_key_is_refused_and_changes_nothing(store: Store) -> None:
    right, wrong = MasterKey(bytes(32)), MasterKey(bytes(range(32)))
    await Vault(store, right).start()
    with pytest.raises(MasterKeyError, match=f"wrong master key.*{right.id}.*{wrong.id}"):
        await Vault(store, wrong).start()
    await Vault(store, right).start()


@pytest.mark.parametrize("with_check", [False, True])
async def test_a_wiped_audit_log_does_not_begin_anew(house, with_check: bool) -> None:
    def wipe(session: Session) -> None:
        session.connection().execute(text("DELETE FROM audit"))
        session.connection().execute(text("DELETE FROM setting WHERE name = 'audit_end'"))
        if with_check:
            session.connection().execute(text("DELETE FROM setting WHERE name = 'master_key_check'"))

    await house.keep(house.one, token="xoxb-invented-0000")
    assert await house.use(house.one)
    assert await house.audited()
    await house.store.write(wipe)
    for _ in range(2):  # a restart and a further row do not cover it up
        assert not (await house.store.read(house.vault.audit.verify)).intact
        await Vault(house.store, house.master).start()
        await house.use(house.one)


async def test_a_missing_key_is_refused_and_none_is_made_beside_the_ciphertext(store: Store, settings: Settings) -> None:
    await Vault(store, load_master(settings, {})).start()
    path = settings.data / "master.key"
    kept = path.read_bytes()
    path.unlink()
    with pytest.raises(MasterKeyError, match=r"missing.*Put it back at"):
        await Vault(store, load_master(settings, {})).start()
    assert not path.exists()
    path.touch(mode=0o600)
    path.write_bytes(kept)
    await Vault(store, load_master(settings, {})).start()


async def test_of_two_first_starts_one_wins(store: Store) -> None:
    keys = [MasterKey(bytes([number]) * 32) for number in range(4)]
    results = await asyncio.gather(*(Vault(store, key).start() for key in keys), return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["MasterKeyError"] * 3 + ["NoneType"]


async def test_the_process_writes_no_core_dumps(store: Store) -> None:
    await Vault(store, MasterKey(bytes(32))).start()
    assert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)


async def test_the_database_holds_no_key(house, tmp_path: Path) -> None:
    rows = await house.store.read(lambda session: list(session.exec(select(Setting.value))))
    assert not any(house.master._take().hex() in value for value in rows)


async def test_a_value_opens_where_it_was_sealed(house) -> None:
    one, two = house.one.project_id, house.two.project_id
    sealed = await house.store.write(lambda session: house.vault.seal(session, at(one), b"invented"))
    assert await house.store.read(lambda session: house.vault.open(session, at(one), sealed.blob)) == b"invented"
    for place in (at(two), at(one, "inv_2"), at(one, mode="sandbox")):
        with pytest.raises(SealBroken):
            await house.store.read(lambda session, place=place: house.vault.open(session, place, sealed.blob))


async def test_each_project_has_one_data_key_of_its_own(house) -> None:
    projects = [house.one.project_id, house.two.project_id]
    for _ in range(3):
        for project in projects:
            await house.store.write(lambda session, project=project: house.vault.seal(session, at(project), b"x"))
    rows = await house.store.read(lambda session: list(session.exec(select(DataKey))))
    assert sorted(row.project_id for row in rows if row.project_id) == sorted(projects)


async def test_a_new_project_gets_its_key_in_its_own_transaction(house) -> None:
    def work(session: Session) -> str:
        project = Project(name="c", handle="c")
        session.add(project)
        house.vault.seal(session, at(project.id), b"x")
        return project.id

    project_id = await house.store.write(work)
    sealed = await house.store.hot(lambda c: house.vault.seal(c, at(project_id), b"x"))
    assert await house.store.read(lambda session: house.vault.open(session, at(project_id), sealed.blob)) == b"x"


async def test_a_key_whose_transaction_was_undone_seals_nothing(house) -> None:
    project = house.one.project_id

    def undone(connection) -> None:
        house.vault.seal(connection, at(project), b"x")
        raise ValueError("undone")

    with pytest.raises(ValueError, match="undone"):
        await house.store.hot(undone)
    sealed = await house.store.hot(lambda c: house.vault.seal(c, at(project), b"kept"))
    fresh = Vault(house.store, house.master)  # after a restart, with nothing in memory
    assert await house.store.read(lambda session: fresh.open(session, at(project), sealed.blob)) == b"kept"


async def test_a_data_key_moved_to_another_project_does_not_open(house) -> None:
    one, two = house.one.project_id, house.two.project_id
    sealed = await house.store.hot(lambda c: house.vault.seal(c, at(one), b"x"))
    await house.store.hot(lambda c: c.execute(text("UPDATE data_key SET project_id = :two"), {"two": two}))
    fresh = Vault(house.store, house.master)
    with pytest.raises(SealBroken):
        await house.store.read(lambda session: fresh.open(session, at(one), sealed.blob))


async def test_a_data_key_of_another_master_is_told(house) -> None:
    project = house.one.project_id
    await house.store.hot(lambda c: house.vault.seal(c, at(project), b"x"))
    await house.store.hot(lambda c: c.execute(text("UPDATE key_wrap SET master_key_id = 'other'")))
    with pytest.raises(MasterKeyError, match="wrapped by the master key other"):
        await house.store.hot(lambda c: Vault(house.store, house.master).seal(c, at(project), b"x"))


async def test_keys_are_loaded_by_many_threads_at_once(house) -> None:
    project = house.one.project_id
    sealed = [await house.store.hot(lambda c: house.vault.seal(c, at(project), b"x")) for _ in range(3)]
    fresh = Vault(house.store, house.master)
    opened = await asyncio.gather(
        *(house.store.read(lambda session, one=one: fresh.open(session, at(project), one.blob)) for one in sealed * 10)
    )
    assert set(opened) == {b"x"}


@pytest.fixture
async def store(database_url: str):
    store = Store(database_url)
    store.migrate()
    await store.start()
    yield store
    await store.close()
