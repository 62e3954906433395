"""The engine on the hub's own store: no further service, one row a step, commits shared with everything else."""

import asyncio
import contextlib
from datetime import datetime

from sqlalchemy import Connection

from powerstrip.automations.engine.kept import KeptRuns
from powerstrip.automations.engine.working import LOOK, Parts
from powerstrip.clock import now, rfc3339
from powerstrip.logs import Log
from powerstrip.problems import Problem

log = Log("powerstrip.engine")


class Journal(KeptRuns):
    """The embedded engine: see `Engine`. Whoever puts a run on record works at it.

    On PostgreSQL other processes take over the runs of one that is gone.
    """

    name = "journal"

    def __init__(self, parts: Parts, *, look: float = LOOK) -> None:
        super().__init__(parts, owner=parts.hub, look=look)
        self._watcher: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()

    async def start(self) -> None:
        """See `Engine`."""
        self._loop = asyncio.get_running_loop()
        self._watcher = asyncio.create_task(self._watch(), name="engine")

    async def close(self) -> None:
        """See `Engine`."""
        self._loop = None
        if self._watcher is not None:
            self._watcher.cancel()
            await asyncio.gather(self._watcher, return_exceptions=True)
            self._watcher = None
        await self._let_go()

    def wake(self, run_id: str) -> None:
        """See `Engine`."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake, run_id)

    def _wake(self, run_id: str) -> None:
        self._tell(run_id)
        if self._loop is not None:
            self._look_at(run_id)

    def _wake_in(self, connection: Connection, run_id: str) -> None:
        """What the look reads stands behind this transaction in the store's queue."""
        self.wake(run_id)

    def _parked(self, due: str | None) -> None:
        if due is not None and _seconds(due) <= self._look:
            self._changed.set()

    async def _watch(self) -> None:
        """Look for what is due, at its time, and now and then for what nobody told."""
        while True:
            self._changed.clear()
            try:
                pause = await self._round()
            except Problem as problem:
                log.warning("engine.not_looked", code=problem.code)
                pause = self._look
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._changed.wait()

    async def _round(self) -> float:
        """Wake what is due; the seconds to the next time."""
        found = await self._to_do(LOOK)
        at = rfc3339(now())
        for row in found:
            if row.status == "suspended" and row.wake_at > at:
                return max(min(self._look, _seconds(row.wake_at)), 0.001)
            if row.id not in self._tasks:
                self._wake(row.id)
        return self._look


def _seconds(at: str) -> float:
    return (datetime.fromisoformat(at) - now()).total_seconds()
