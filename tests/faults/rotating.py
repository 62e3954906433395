"""A hub's database of many sealed rows, whose data key rotates in a process that is killed at random, while it is read.

    python tests/faults/rotating.py --rows 100000 --kills 40

prints what it saw and ends with 1 where a read failed or a row does not open. The short form runs as a test.
"""

import argparse
import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, select

import powerstrip.api  # noqa: F401 - what rooms register
from powerstrip.clock import new_id, stamp
from powerstrip.store import Actor, Integration, Invocation, Project, Store, insert_row
from powerstrip.vault import MasterKey, Place, Vault

ACTOR = Actor(None, "operator")
MASTER = bytes(range(32))
BATCH = 500


@dataclass
class Seen:
    """What happened."""

    rows: int
    kills: int
    reads: int
    failed_reads: int
    unreadable: int
    finalised: bool
    seconds: float


def opened(folder: Path) -> tuple[Store, Vault]:
    store = Store(f"sqlite:///{folder / 'powerstrip.db'}")
    return store, Vault(store, MasterKey(MASTER))


def place(row_id: str, project: str) -> Place:
    return Place(project, row_id, "output", "live")


async def fill(folder: Path, rows: int) -> str:
    """A project with that many sealed outputs of calls; gives its id."""
    store, vault = opened(folder)
    store.migrate()
    await store.start()
    await vault.start()
    project = Project(name="many", handle="many")
    integration = Integration(project_id=project.id, provider="postmark", name="mail", name_key="mail")

    def begin(session: object) -> None:
        session.add(project)  # pyright: ignore[reportAttributeAccessIssue]
        session.flush()  # pyright: ignore[reportAttributeAccessIssue]
        session.add(integration)  # pyright: ignore[reportAttributeAccessIssue]
        vault.store_credential(session, integration, {"token": "invented"}, ACTOR)  # pyright: ignore[reportArgumentType]

    await store.write(begin)
    for start in range(0, rows, BATCH):
        await store.hot(lambda c, start=start: add(c, vault, project.id, start, min(start + BATCH, rows)))
    await store.close()
    return project.id


def add(connection: Connection, vault: Vault, project: str, start: int, end: int) -> None:
    for number in range(start, end):
        row_id = new_id("inv")
        sealed = vault.seal(connection, place(row_id, project), f"{row_id} {number}".encode())
        row = {"id": row_id, "project_id": project, "action_name": "x.y.z", "provider": "", "source": "api", "mode": "live",
               "dry_run": False, "status": "completed", "parameters": "{}", "output": sealed.blob, "output_summary": "{}",
               "retry_count": 0, "hub": "", "started_at": stamp()}  # fmt: skip
        insert_row(connection, Invocation, row)


async def rotate(folder: Path, project: str) -> None:
    """What the process that is killed does: one rotation after the other, each brought to its end."""
    store, vault = opened(folder)
    await store.start()
    await vault.start()
    print("rotating", flush=True)
    await vault.data_rotation.rotate(project, ACTOR)
    await vault.data_rotation.finalise(project, ACTOR)
    await store.close()


async def read_some(store: Store, vault: Vault, project: str, count: int) -> int:
    """Open rows at random places, as a hub does that is asked for them; gives how many did not open."""

    def work(session: object) -> int:
        connection: Connection = session.connection()  # pyright: ignore[reportAttributeAccessIssue]
        query = select(Invocation.id, Invocation.output).where(Invocation.id > new_id("inv")).order_by(Invocation.id).limit(count)  # pyright: ignore
        return sum(not opens(connection, vault, project, row.id, row.output) for row in connection.execute(query))

    return await store.read(work)


def opens(connection: Connection, vault: Vault, project: str, row_id: str, blob: bytes) -> bool:
    try:
        return vault.open(connection, place(row_id, project), bytes(blob)).startswith(row_id.encode())
    except Exception as error:  # noqa: BLE001 - whatever it is, the read failed
        print(f"did not open: {type(error).__name__}", file=sys.stderr)
        return False


async def verify(folder: Path, project: str) -> tuple[int, int, bool]:
    """How many rows there are, how many do not open for a hub with nothing in memory, and whether one key is left."""
    store, vault = opened(folder)
    await store.start()
    await vault.start()

    def work(session: object) -> tuple[int, int]:
        connection: Connection = session.connection()  # pyright: ignore[reportAttributeAccessIssue]
        rows = connection.execute(select(Invocation.id, Invocation.output)).all()  # pyright: ignore
        return len(rows), sum(not opens(connection, vault, project, row.id, row.output) for row in rows)

    count, bad = await store.read(work)
    status = await vault.data_rotation.status(project)
    chain = await store.read(vault.audit.verify)
    await store.close()
    alone = status.previous is None and set(status.boxes) == {status.current}
    return count, bad, alone and chain.intact


async def run(folder: Path, rows: int, kills: int, pause: float, seed: int) -> Seen:
    """Fill, then rotate with that many kills, each within `pause` seconds of its process's start of work."""
    chance, began = random.Random(seed), time.monotonic()
    project = await fill(folder, rows)
    store, vault = opened(folder)  # the reading hub, beside
    await store.start()
    await vault.start()
    reads = failed = done = 0
    while True:
        command = [sys.executable, __file__, "--rotate", str(folder), project]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, env=dict(os.environ))
        assert process.stdout is not None
        await asyncio.to_thread(process.stdout.readline)
        until = time.monotonic() + (chance.uniform(0, pause) if done < kills else 3600)
        while process.poll() is None and time.monotonic() < until:
            failed += await read_some(store, vault, project, 20)
            reads += 20
        if done >= kills:
            break
        done += process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.wait()
    await store.close()
    count, bad, finalised = await verify(folder, project)
    assert count == rows
    return Seen(rows, done, reads, failed, bad, finalised and process.returncode == 0, time.monotonic() - began)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--kills", type=int, default=40)
    parser.add_argument("--pause", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--rotate", nargs=2)
    args = parser.parse_args()
    if args.rotate:
        asyncio.run(rotate(Path(args.rotate[0]), args.rotate[1]))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        seen = asyncio.run(run(Path(folder), args.rows, args.kills, args.pause, args.seed))
    print(json.dumps(vars(seen)))
    return int(bool(seen.failed_reads or seen.unreadable or not seen.finalised))


if __name__ == "__main__":
    sys.exit(main())
