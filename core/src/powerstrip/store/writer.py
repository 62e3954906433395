"""The group-commit writer: one thread, one connection, one commit for all that waits."""

import asyncio
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from powerstrip.problems import StoreUnavailable

T = TypeVar("T")
MAX_GROUP = 256


@dataclass(slots=True, eq=False)
class _Job:
    work: Callable[[Connection], Any]
    savepoint: bool
    loop: asyncio.AbstractEventLoop
    future: "asyncio.Future[Any]"
    result: Any = None
    error: BaseException | None = None


class Writer:
    """Runs jobs in the order they come. Each has its own savepoint: one that fails leaves the others of its group alone."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._queue: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="store-write", daemon=True)
        self._open = False

    def start(self) -> None:
        """Start the thread."""
        self._open = True
        self._thread.start()

    def stop(self) -> None:
        """Finish what is queued, then end. Jobs handed in later are refused."""
        if self._open:
            self._open = False
            self._queue.put(None)
            self._thread.join()

    async def run(self, work: Callable[[Connection], T], savepoint: bool) -> T:
        """Queue a job and wait for the commit that holds it. Cancelling the wait does not undo the job."""
        if not self._open:
            raise StoreUnavailable("The hub is shutting down; nothing was changed", retry_after=2)
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._queue.put(_Job(work, savepoint, loop, future))
        return await future

    def _work(self) -> None:
        connection: Connection | None = None
        while group := self._next_group():
            connection = self._commit_group(group, connection)
            _wake(group)
        if connection is not None:
            connection.close()

    def _next_group(self) -> list[_Job]:
        """All that waits, at most `MAX_GROUP`; empty when it is time to end."""
        first = self._queue.get()
        if first is None:
            return []
        group = [first]
        while len(group) < MAX_GROUP:
            try:
                job = self._queue.get_nowait()
            except queue.Empty:
                break
            if job is None:
                self._queue.put(None)
                break
            group.append(job)
        return group

    def _commit_group(self, group: list[_Job], connection: Connection | None) -> Connection | None:
        """One transaction for the group. A connection lost before the commit was asked for is replaced once."""
        for attempt in (1, 2):
            committing = False
            try:
                connection = connection or self._connect()
                with connection.begin():
                    for job in group:
                        _run_job(connection, job)
                    committing = True
            except BaseException as error:  # noqa: BLE001 - every waiter must hear of it, whatever it is
                lost = isinstance(error, DBAPIError) and error.connection_invalidated
                connection = _drop(connection)
                if lost and not committing and attempt == 1:
                    continue
                for job in group:
                    job.error = job.error or error
            return connection
        return connection

    def _connect(self) -> Connection:
        return self._engine.connect().execution_options(writer=True)


def _run_job(connection: Connection, job: _Job) -> None:
    job.result = job.error = None
    if job.savepoint:
        connection.exec_driver_sql("SAVEPOINT job")
    try:
        job.result = job.work(connection)
    except DBAPIError as error:
        if error.connection_invalidated:
            raise
        job.error = error
    except BaseException as error:  # noqa: BLE001 - handed to the one who waits for this job
        job.error = error
    if job.savepoint:
        connection.exec_driver_sql("ROLLBACK TO job" if job.error else "RELEASE job")


def _drop(connection: Connection | None) -> None:
    if connection is not None:
        connection.invalidate()
        connection.close()


def _wake(group: list[_Job]) -> None:
    """Hand out results, one call into each event loop."""
    loops: dict[asyncio.AbstractEventLoop, list[_Job]] = {}
    for job in group:
        loops.setdefault(job.loop, []).append(job)
    for loop, jobs in loops.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_settle, jobs)


def _settle(jobs: list[_Job]) -> None:
    for job in jobs:
        if job.future.cancelled():
            continue
        if job.error is not None:
            job.future.set_exception(job.error)
        else:
            job.future.set_result(job.result)
