"""kill -9 of the hub while it delivers to a slow target: nothing that was kept is lost, and the id stays the same."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

from sqlmodel import col

from powerstrip.store import WebhookDelivery

from .conftest import Target, close_room, eventually, open_room

CHILD = """
import asyncio, importlib.util, sys
from pathlib import Path

spec = importlib.util.spec_from_file_location("room", sys.argv[1])
room = sys.modules["room"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(room)

async def main():
    data = Path(sys.argv[2])
    house = await room.open_room(data, f"sqlite:///{data / 'powerstrip.db'}", None, seconds=30)
    for number in range(3):
        await house.happen(key=f"event-{number}")
    await asyncio.sleep(60)

asyncio.run(main())
"""


async def test_a_killed_hub_loses_no_delivery(tmp_path: Path, target: Target, migrated_file: Path) -> None:
    (tmp_path / "powerstrip.db").write_bytes(migrated_file.read_bytes())
    url = f"sqlite:///{tmp_path / 'powerstrip.db'}"
    room = await open_room(tmp_path, url, target)
    slow, fast = await room.hook("/hang"), await room.hook("/fast")
    await close_room(room)
    command = [sys.executable, "-c", CHILD, str(Path(__file__).with_name("conftest.py")), str(tmp_path)]
    child = await asyncio.to_thread(subprocess.Popen, command)
    try:
        await eventually(lambda: len(target.at("/hang")) == 3 and len(target.at("/fast")) == 3, seconds=60)
    finally:
        os.kill(child.pid, signal.SIGKILL)
        await asyncio.to_thread(child.wait)
    target.released.set()
    again = await open_room(tmp_path, url, target)
    await eventually(lambda: len(target.at("/hang")) >= 6, seconds=20)
    for hook in (slow, fast):
        mine = col(WebhookDelivery.webhook_id) == hook.row.id
        for _ in range(500):
            rows = await again.all(WebhookDelivery, mine)
            if all(row.status == "delivered" for row in rows):
                break
            await asyncio.sleep(0.02)
        assert [row.status for row in rows] == ["delivered"] * 3
    intact = await again.store.read(again.vault.audit.verify)
    await close_room(again)
    first, second = ({each.headers["webhook-id"] for each in part} for part in (target.at("/hang")[:3], target.at("/hang")[3:]))
    assert first == second
    assert len(first) == 3
    assert intact.intact
