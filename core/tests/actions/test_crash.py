"""kill -9 between an effect and its result."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from callhouse import House, Peer, eventually, migrated, open_house
from sqlmodel import Session

from powerstrip.store import Invocation

CHILD = """
import asyncio, sys
from pathlib import Path
from types import SimpleNamespace

sys.path.insert(0, sys.argv[1])
from callhouse import open_house

async def main():
    data, peer, name = Path(sys.argv[2]), SimpleNamespace(url=sys.argv[3]), sys.argv[4]
    house = await open_house(data, f"sqlite:///{data / 'powerstrip.db'}", peer)
    await house.call(name, {"text": "hello"}, idempotency_key="order-1")

asyncio.run(main())
"""


async def reopen(data: Path, peer: Peer) -> House:
    return await open_house(data, f"sqlite:///{data / 'powerstrip.db'}", peer)


async def closed(house: House) -> None:
    await house.edge.close()
    await house.store.close()


async def kill_during(data: Path, peer: Peer, name: str, line: str) -> None:
    """Start a hub in a process of its own, wait until the provider has its request, kill it."""
    peer.gate.clear()
    command = [sys.executable, "-c", CHILD, str(Path(__file__).parents[1]), str(data), peer.url, name]
    child = await asyncio.to_thread(subprocess.Popen, command)
    try:
        await eventually(lambda: peer.asked(line) == 1, seconds=60)
    finally:
        os.kill(child.pid, signal.SIGKILL)
        await asyncio.to_thread(child.wait)
        peer.gate.set()


@pytest.fixture
async def prepared(tmp_path: Path, peer: Peer) -> Path:
    """A data folder with a connected integration, and no hub on it."""
    migrated(f"sqlite:///{tmp_path / 'powerstrip.db'}")
    house = await reopen(tmp_path, peer)
    await house.connect()
    await closed(house)
    return tmp_path


async def test_a_killed_write_is_unknown_after_the_restart_and_is_not_made_again(prepared: Path, peer: Peer) -> None:
    await kill_during(prepared, peer, "acme.note.create", "POST /notes")

    house = await reopen(prepared, peer)
    assert await house.actions.recover() == 1
    again = await house.call(input={"text": "hello"}, idempotency_key="order-1")
    intact = await house.store.read(house.vault.audit.verify)
    uses = await house.audited("use")
    await closed(house)

    assert (again.status, again.error_type, again.replayed) == ("failed", "unknown", True)
    assert peer.asked("POST /notes") == 1
    assert intact.intact
    assert len(uses) == 1


async def test_a_killed_payment_goes_on_with_the_same_key(prepared: Path, peer: Peer) -> None:
    await kill_during(prepared, peer, "acme.note.pay", "POST /payments")

    house = await reopen(prepared, peer)
    await house.actions.recover()
    again = await house.call("acme.note.pay", {"text": "hello"}, idempotency_key="order-1")
    await closed(house)

    assert (again.status, again.replayed) == ("completed", False)
    first, second = [headers["idempotency-key"] for _, headers, _ in peer.requests]
    assert first == second


async def test_a_defect_of_the_hub_leaves_no_call_open(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object) -> None:
        raise RuntimeError("a defect")

    await house.connect()
    monkeypatch.setattr("powerstrip.actions.running.Runner.run", fail)

    with pytest.raises(RuntimeError):
        await house.call()

    [row] = await house.actions.list(house.project.id)
    assert (row.status, row.error_type) == ("failed", "unknown")


async def test_a_sweep_closes_what_this_hub_is_not_at_any_more(house: House, database_url: str) -> None:
    await house.connect()
    house.peer.gate.clear()
    running = asyncio.create_task(house.call())
    await eventually(lambda: house.peer.asked("POST /notes") == 1)
    [open_row] = await house.actions.list(house.project.id)

    def leave_open(session: Session) -> None:
        session.add(Invocation(**open_row.model_dump() | {"id": "inv_left"}))

    await house.store.write(leave_open)
    await house.actions.sweep()

    ends = {row.id: (row.status, row.error_type) for row in await house.actions.list(house.project.id)}
    assert ends == {"inv_left": ("failed", "unknown"), open_row.id: ("active", None)}
    house.peer.gate.set()
    assert (await running).status == "completed"
