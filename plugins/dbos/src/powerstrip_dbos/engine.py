"""The engine: DBOS decides which process works at a run and when; the steps and their rows are those of every engine."""

import asyncio
import contextlib
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import Connection, update
from sqlmodel import col

from powerstrip.automations.engine.kept import KeptRuns
from powerstrip.automations.engine.ports import Claimed
from powerstrip.automations.engine.working import AT_ONCE, LOOK, Parts
from powerstrip.clock import monotonic, now
from powerstrip.problems import Problem
from powerstrip.store import Run, taken_over
from powerstrip_dbos.desk import POLL, Desk

LATE = 5.0
"""Seconds after which a run that nobody works at is put on the queue again, whatever the queue says."""
TIDY = 15.0
"""Seconds between removals of what is over."""

log = structlog.get_logger("powerstrip.engine")


class DbosEngine(KeptRuns):
    """See `Engine`. A run that has something to do is on DBOS's queue in the same commit; whichever process is free takes it.

    DBOS owns the queue, the delays and what becomes of a dead process's work; a run's rows own what was done. So a stretch that
    comes twice does nothing twice: the second finds the run taken, or at its end.
    """

    name = "dbos"

    def __init__(self, parts: Parts, *, look: float = LOOK, poll: float = POLL, settle: int = 1) -> None:
        super().__init__(parts, owner="", look=look)
        self._desk = Desk(parts.store.url, parts.hub, poll=poll)
        self._desk.prepare(AT_ONCE)
        self._watcher: asyncio.Task[None] | None = None
        self._obsolete: list[str] = []
        self._closing = False
        self._settle = settle

    async def start(self) -> None:
        """See `Engine`. What an earlier process of this id had in hand is free again, before DBOS puts it on the queue."""
        self._loop = asyncio.get_running_loop()
        await self._store.hot(self._release)
        await asyncio.to_thread(self._desk.open, self._stretch, self._loop)
        self._watcher = asyncio.create_task(self._watch(), name="engine")

    async def close(self) -> None:
        """See `Engine`. The other processes go on with what is in the middle at once."""
        if self._watcher is not None:
            self._watcher.cancel()
            await asyncio.gather(self._watcher, return_exceptions=True)
            self._watcher = self._loop = None
            self._closing = True
            await self._let_go()
            await asyncio.to_thread(self._desk.stop, self._settle)
            with contextlib.suppress(Problem):  # then its silence tells
                await self._store.hot(self._release)
                await asyncio.to_thread(self._desk.put_back, [self._hub])
        await asyncio.to_thread(self._desk.close)

    def wake(self, run_id: str) -> None:
        """See `Engine`. The queue knows already: whatever gave the run something to do has put it there."""

    def _wake_in(self, connection: Connection, run_id: str) -> None:
        self._desk.put_in(connection, run_id)
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._nudge, run_id)

    def _nudge(self, run_id: str) -> None:
        """Where the run is at work in this process, it need not wait for the queue to learn that there is news."""
        if run_id in self._tasks:
            self._look_at(run_id)

    def _parked_in(self, connection: Connection, run_id: str, epoch: int, due: str | None) -> None:
        if due is not None:
            delay = (datetime.fromisoformat(due) - now()).total_seconds()
            self._desk.put_in(connection, run_id, name=str(epoch), delay=max(delay, 0.0))

    def _claimed(self, claimed: Claimed) -> None:
        """The stretch that was to come at the run's time is of no use any more, for one has come before."""
        if claimed.run.wake_at is not None:
            self._obsolete.append(f"{claimed.run.id}.{claimed.run.epoch}")

    async def _stretch(self, run_id: str) -> None:
        """One stretch of a run; over at once where another one is at the run."""
        self._tell(run_id)
        task = None if self._closing else self._look_at(run_id)
        if task is not None:
            await asyncio.wait({task})
        if self._closing:
            raise asyncio.CancelledError  # DBOS keeps the stretch for another process

    def _release(self, connection: Connection) -> None:
        mine = (col(Run.owner) == self._hub, col(Run.status) == "running")
        connection.execute(update(Run).where(*mine).values(owner=""))

    async def _watch(self) -> None:
        """Take over what processes that are gone had, and look for what fell between two stools."""
        tidied = looked = monotonic() - LATE
        while True:
            try:
                await asyncio.to_thread(self._take_over)
                if monotonic() - looked >= LATE:
                    looked = monotonic()
                    await self._queue_lost()
                if monotonic() - tidied >= TIDY:
                    tidied = monotonic()
                    later, self._obsolete = self._obsolete, []
                    await asyncio.to_thread(self._desk.forget, later)
            except Problem as problem:
                log.warning("engine.not_looked", code=problem.code)
            except Exception as error:  # noqa: BLE001 - the database may be away: DBOS raises what it likes
                log.warning("engine.not_looked", error=type(error).__name__)
            await asyncio.sleep(self._look)

    def _take_over(self) -> None:
        """Put the stretches of processes that fell silent on the queue again, while their rows are held."""
        with taken_over(self._store) as gone:
            if gone and (count := self._desk.put_back(gone)):
                log.info("engine.taken_over", processes=gone, count=count)

    async def _queue_lost(self) -> None:
        """Runs that nobody is at, or whose time is over: another engine left them, or a row was lost."""
        late = [row for row in await self._to_do(-LATE) if row.id not in self._tasks]
        if late:
            await self._store.hot(lambda connection: self._queue(connection, late))

    def _queue(self, connection: Connection, rows: list[Any]) -> None:
        """Once for each epoch, however often it is asked for."""
        for row in rows:
            self._desk.put_in(connection, row.id, name=f"late-{row.epoch}")
