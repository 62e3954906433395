"""Both layers of keys rotate while they are used: nothing is lost, there is a way back, and the old key ends for good."""

import asyncio
import secrets
from pathlib import Path

import pytest
from sqlalchemy import LargeBinary, select, text
from sqlmodel import Session

import powerstrip.api
import powerstrip.outbound  # noqa: F401
from powerstrip.problems import Conflict, Unprocessable
from powerstrip.settings import Settings
from powerstrip.store import DataKey, KeyWrap
from powerstrip.store.tables import every_table
from powerstrip.vault import HUB, MasterKey, MasterKeyError, Masters, Place, SealBroken, Vault, load_masters, sealed_columns

from .conftest import ACTOR, House

BY_MASTER = {"key_wrap.wrapped"}
"""What the master key wraps: the other rotation finds it."""


def test_every_column_that_may_hold_boxes_is_registered() -> None:
    binary = {
        f"{table.name}.{column.name}"
        for table in every_table().tables.values()
        for column in table.columns
        if isinstance(column.type, LargeBinary)
    }
    assert binary - BY_MASTER == {column.name for column in sealed_columns()}


async def keys(house: House) -> list[tuple[str | None, str, str]]:
    rows = await house.store.read(lambda s: s.connection().execute(select(DataKey.project_id, DataKey.state, DataKey.id)).all())
    return [tuple(row) for row in rows]


async def test_a_new_data_key_takes_over_and_the_old_one_ends(house: House) -> None:
    project, rotation = house.one.project_id, house.vault.data_rotation
    await house.keep(house.one, token="invented-1")
    await house.keep(house.one, token="invented-2")
    await house.keep(house.two, token="invented-other")
    before = await rotation.status(project)
    progress = await rotation.rotate(project, ACTOR)
    assert (progress.sealed_anew, progress.broken) == (2, [])
    after = await rotation.status(project)
    assert after.previous == before.current
    assert after.boxes == {after.current: 2}
    assert after.columns["credential.sealed"] == {after.current: 2}
    assert await house.revealed(house.one) == {"token": "invented-2"}

    done = await rotation.finalise(project, ACTOR)
    assert done.previous is None
    assert (project, "destroyed", before.current) in await keys(house)
    wraps = await house.store.read(lambda s: set(s.connection().execute(select(KeyWrap.data_key_id)).scalars()))
    assert before.current not in wraps
    fresh = Vault(house.store, house.master)
    await fresh.start()
    house.vault = fresh
    assert await house.revealed(house.one) == {"token": "invented-2"}
    assert await house.revealed(house.two) == {"token": "invented-other"}
    await house.audited()


async def test_there_is_a_way_back_until_the_end(house: House) -> None:
    project, rotation = house.one.project_id, house.vault.data_rotation
    await house.keep(house.one, token="invented")
    before = await rotation.status(project)
    await rotation.rotate(project, ACTOR)
    await rotation.roll_back(project, ACTOR)
    back = await rotation.status(project)
    assert back.current == before.current
    assert back.boxes == {before.current: 1}
    await rotation.finalise(project, ACTOR)
    for step in (rotation.roll_back(project, ACTOR), rotation.finalise(project, ACTOR)):
        with pytest.raises(Conflict, match="No rotation"):
            await step
    assert await house.revealed(house.one) == {"token": "invented"}


async def test_a_key_that_still_holds_boxes_is_not_destroyed(house: House) -> None:
    project, rotation = house.one.project_id, house.vault.data_rotation
    await house.keep(house.one, token="invented")
    await house.store.hot(lambda c: rotation._begin(c, project, ACTOR))  # as if killed after the first step
    with pytest.raises(Conflict, match="1 boxes are still sealed"):
        await rotation.finalise(project, ACTOR)
    progress = await rotation.rotate(project, ACTOR)
    assert progress.sealed_anew == 1
    assert len([row for row in await keys(house) if row[0] == project]) == 2, "the same rotation went on"
    await rotation.finalise(project, ACTOR)


async def test_a_row_that_does_not_open_is_named_and_keeps_its_key(house: House) -> None:
    project, rotation = house.one.project_id, house.vault.data_rotation
    await house.keep(house.one, token="invented-1")
    await house.keep(house.one, token="invented-2")
    await house.store.hot(lambda c: c.execute(text("UPDATE credential SET version = 9 WHERE version = 1")))
    progress = await rotation.rotate(project, ACTOR)
    assert progress.sealed_anew == 1
    assert len(progress.broken) == 1
    assert progress.broken[0].startswith("credential.sealed cred_")
    with pytest.raises(Conflict):
        await rotation.finalise(project, ACTOR)


async def test_reads_and_writes_go_on_meanwhile(house: House) -> None:
    project, rotation = house.one.project_id, house.vault.data_rotation
    await house.keep(house.one, token="invented")

    async def reading() -> None:
        for _ in range(30):
            assert (await house.revealed(house.one))["token"].startswith("invented")

    async def writing() -> None:
        for number in range(15):
            await house.keep(house.one, token=f"invented-{number}")

    async def rotating() -> None:
        for _ in range(3):
            await rotation.rotate(project, ACTOR)
            await rotation.finalise(project, ACTOR)

    await asyncio.gather(reading(), writing(), rotating())
    assert await house.revealed(house.one) == {"token": "invented-14"}


async def test_what_is_of_no_project_rotates_too(house: House) -> None:
    place = Place("", "postmark", "client_secret")
    earlier = house.vault.seal_platform(place, b"invented")
    await house.vault.data_rotation.rotate(HUB, ACTOR)
    assert house.vault.open_platform(place, earlier) == b"invented"
    later = house.vault.seal_platform(place, b"invented")
    assert later[:31] != earlier[:31], "the new key seals"


async def test_a_new_master_key_beside_the_old(house: House, tmp_path: Path) -> None:
    await house.keep(house.one, token="invented")
    derived = house.vault.derive("api-keys")
    old, new = house.master, MasterKey(secrets.token_bytes(32))
    vault = Vault(house.store, Masters(old, new, tmp_path))
    await vault.start()
    rotated = await vault.master_rotation.rotate(ACTOR)
    assert (rotated.current, rotated.next) == (old.id, new.id)
    assert rotated.wrapped == {old.id: rotated.data_keys, new.id: rotated.data_keys}
    for masters in (Masters(old), Masters(new), Masters(old, new), Masters(new, old)):  # either is good until the end
        house.vault = Vault(house.store, masters)
        await house.vault.start()
        assert await house.revealed(house.one) == {"token": "invented"}
        assert house.vault.derive("api-keys") == derived
    house.vault = vault
    ended = await vault.master_rotation.finalise(ACTOR)
    assert (ended.current, ended.next, ended.wrapped) == (new.id, None, {new.id: ended.data_keys})
    with pytest.raises(MasterKeyError, match="wrong master key"):
        await Vault(house.store, old).start()
    house.vault = Vault(house.store, new)
    await house.vault.start()
    assert await house.revealed(house.one) == {"token": "invented"}
    assert house.vault.derive("api-keys") == derived
    await house.audited()


async def test_a_data_key_made_while_the_master_rotates_opens_with_both(house: House, tmp_path: Path) -> None:
    old, new = house.master, MasterKey(secrets.token_bytes(32))
    house.vault = Vault(house.store, Masters(old, new, tmp_path))
    await house.vault.start()
    await house.vault.master_rotation.rotate(ACTOR)
    await house.keep(house.two, token="invented-late")
    for master in (old, new):
        house.vault = Vault(house.store, master)
        await house.vault.start()
        assert await house.revealed(house.two) == {"token": "invented-late"}


async def test_the_master_key_can_go_back(house: House, tmp_path: Path) -> None:
    await house.keep(house.one, token="invented")
    new = MasterKey(secrets.token_bytes(32))
    vault = Vault(house.store, Masters(house.master, new, tmp_path))
    await vault.start()
    await vault.master_rotation.rotate(ACTOR)
    status = await vault.master_rotation.roll_back(ACTOR)
    assert (status.current, status.next) == (house.master.id, None)
    with pytest.raises(MasterKeyError):
        await Vault(house.store, new).start()
    assert await house.revealed(house.one) == {"token": "invented"}
    with pytest.raises(Conflict, match="No rotation"):
        await vault.master_rotation.finalise(ACTOR)


async def test_a_key_of_the_operators_is_not_made_here(house: House) -> None:
    vault = Vault(house.store, Masters(house.master, None, None, "POWERSTRIP_MASTER_KEY"))
    await vault.start()
    with pytest.raises(Unprocessable, match="POWERSTRIP_NEXT_MASTER_KEY_FILE"):
        await vault.master_rotation.rotate(ACTOR)
    new = MasterKey(secrets.token_bytes(32))
    vault = Vault(house.store, Masters(house.master, new, None, "POWERSTRIP_MASTER_KEY"))
    await vault.start()
    await vault.master_rotation.rotate(ACTOR)
    with pytest.raises(Unprocessable, match="Give the new key as the master key first"):
        await vault.master_rotation.finalise(ACTOR)
    vault = Vault(house.store, Masters(new, None, None, "POWERSTRIP_MASTER_KEY"))
    await vault.start()
    assert (await vault.master_rotation.finalise(ACTOR)).current == new.id


def test_files_change_places(settings: Settings) -> None:
    masters = load_masters(settings, {})
    masters.current.save()
    old, new = masters.current.id, masters.make_next().id
    assert (settings.data / "master.key.next").stat().st_mode & 0o777 == 0o600
    again = load_masters(settings, {})
    assert again.next is not None
    assert (again.current.id, again.next.id) == (old, new)
    again.promote(new)
    assert load_masters(settings, {}).current.id == new
    assert not (settings.data / "master.key.next").exists()


async def test_earlier_hubs_derived_from_the_master_key_itself(house: House) -> None:
    """A database from before there was a root keeps its API keys and its audit chain."""
    await house.store.hot(lambda c: c.execute(text("DELETE FROM data_key WHERE state = 'root'")))
    vault = Vault(house.store, house.master)
    await vault.start()
    assert vault.derive("audit") == house.master.derive("audit")


async def test_a_wrapping_put_beside_another_key_does_not_open(house: House) -> None:
    await house.keep(house.one, token="invented-1")
    await house.keep(house.two, token="invented-2")
    (project, _, first), (_, _, second) = [row for row in await keys(house) if row[0] is not None]
    assert project is not None

    def swap(session: Session) -> None:
        session.connection().execute(
            text("UPDATE key_wrap SET wrapped = (SELECT wrapped FROM key_wrap WHERE data_key_id = :b) WHERE data_key_id = :a"),
            {"a": first, "b": second},
        )

    await house.store.write(swap)
    vault = Vault(house.store, house.master)
    await vault.start()
    with pytest.raises(SealBroken):
        await house.store.hot(lambda c: vault.seal(c, Place(project, "x", "y"), b"z"))
