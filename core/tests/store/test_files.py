"""What lies on the disk: whose it is, and that it survives a kill."""

import os
import signal
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from sqlmodel import select

from powerstrip.problems import StoreUnavailable
from powerstrip.store import AlreadyRunning, Setting, Store, hold_folder, insert_row, schema

FILES = ("powerstrip.db", "powerstrip.db-wal", "powerstrip.db-shm")


def modes(folder: Path) -> dict[str, int]:
    return {name: stat.S_IMODE((folder / name).stat().st_mode) for name in FILES}


async def used(folder: Path) -> Store:
    store = Store(f"sqlite:///{folder / 'powerstrip.db'}")
    store.migrate()
    await store.start()
    await store.hot(lambda connection: insert_row(connection, Setting, {"name": "a", "value": "x"}))
    await store.read(lambda session: session.get(Setting, "a"))
    return store


@pytest.fixture
def no_umask():
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("no_umask")
async def test_the_database_is_its_owners_alone(tmp_path: Path) -> None:
    store = await used(tmp_path)
    assert modes(tmp_path) == dict.fromkeys(FILES, 0o600)
    await store.close()


@pytest.mark.usefixtures("no_umask")
async def test_a_file_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    (tmp_path / "powerstrip.db").touch(mode=0o666)
    store = await used(tmp_path)
    assert modes(tmp_path) == dict.fromkeys(FILES, 0o600)
    await store.close()


async def test_to_look_makes_no_file(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'powerstrip.db'}")
    with pytest.raises(StoreUnavailable, match="cannot be opened"):
        store.revisions()
    assert list(tmp_path.iterdir()) == []
    store.migrate()
    assert store.revisions() == (schema.HEAD, schema.HEAD)


async def test_every_commit_reaches_the_disk(tmp_path: Path) -> None:
    store = await used(tmp_path)
    asked = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
    answers = await store.hot(lambda connection: [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in asked])
    assert answers == ["wal", 2, 1, 5000]
    await store.close()


WRITER = """
import asyncio, sys
from powerstrip.store import Setting, Store, insert_row

async def main():
    store = Store(sys.argv[1])
    store.migrate()
    await store.start()
    async def put(number):
        await store.hot(lambda c: insert_row(c, Setting, {"name": f"n{number}", "value": "x"}))
        print(number, flush=True)
    for first in range(0, 10_000, 10):
        await asyncio.gather(*(put(first + more) for more in range(10)))

asyncio.run(main())
"""


def test_what_was_acknowledged_survives_a_kill(database_url: str) -> None:
    hub = subprocess.Popen([sys.executable, "-c", WRITER, database_url], stdout=subprocess.PIPE, text=True)
    assert hub.stdout is not None
    acknowledged = [next(hub.stdout).strip() for _ in range(95)]
    hub.send_signal(signal.SIGKILL)
    acknowledged += [line.strip() for line in hub.stdout if line.endswith("\n")]
    hub.wait()
    store = Store(database_url)
    found = set(store._read(lambda session: list(session.exec(select(Setting.name)))))
    assert {f"n{number}" for number in acknowledged} <= found
    if store.sqlite:
        with sqlite3.connect(str(store.engine.url.database)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    store.engine.dispose()


HOLD = """
import sys, time
from pathlib import Path
from powerstrip.store import hold_folder
with hold_folder(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_one_hub_in_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    other = subprocess.Popen([sys.executable, "-c", HOLD, str(folder)], stdout=subprocess.PIPE, text=True)
    assert other.stdout is not None
    assert next(other.stdout) == "held\n"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    with pytest.raises(AlreadyRunning, match="POWERSTRIP_URL"), hold_folder(folder):
        pass
    other.kill()
    other.wait()
    with hold_folder(folder):  # a hub that was killed leaves no lock behind
        pass
