"""The group-commit writer: one thread, one connection, one commit for all that waits."""

import asyncio
import logging
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from powerstrip.problems import StoreUnavailable
from powerstrip.store.chain import went_back
from powerstrip.store.failures import CommitUnknown, is_lost
from powerstrip.store.rows import execute

T = TypeVar("T")
Item = TypeVar("Item")
Bulk: TypeAlias = Callable[[Connection, list[Item]], Sequence[T | Exception]]
"""The same work for many callers at once: a result for each item, in order, or the error that this caller is to have.

An item that it answers with an error must have written nothing. What it raises undoes the work of all; then each is done alone.
"""
MAX_GROUP = 256
END: list[Any] = []
"""Tells the thread to end."""
SAVEPOINT = "job"

log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class _Job:
    work: Callable[[Connection], Any]
    loop: asyncio.AbstractEventLoop
    future: "asyncio.Future[Any]"
    bulk: "Bulk[Any, Any] | None" = None
    item: Any = None
    result: Any = None
    error: BaseException | None = None

    def run(self, connection: Connection) -> None:
        """Do the work and keep what comes of it. Only a lost connection is raised: it ends the whole group."""
        self.result = self.error = None
        try:
            self.result = self.work(connection)
        except BaseException as error:
            if is_lost(error):
                raise
            self.error = error


class Writer:
    """Runs jobs in the order they come. Each has its own savepoint: one that fails leaves the others of its group alone.

    Bulk jobs of one kind are done together, where the first of their group stands: nobody was told yet which of them came first.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._queue: queue.SimpleQueue[list[_Job]] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="store-write", daemon=True)
        self._gate = threading.Lock()
        self._gathered: dict[asyncio.AbstractEventLoop, list[_Job]] = {}
        self._open = False

    def start(self) -> None:
        """Start the thread."""
        self._open = True
        self._thread.start()

    def stop(self) -> None:
        """Finish what is queued, then end. Jobs handed in later are refused."""
        with self._gate:
            was_open, self._open = self._open, False
            if was_open:
                for jobs in self._gathered.values():
                    self._queue.put(jobs)
                self._gathered.clear()
                self._queue.put(END)
        if was_open:
            self._thread.join()

    async def run(self, work: Callable[[Connection], T]) -> T:
        """Queue a job and wait for the commit that holds it. Cancelling the wait does not undo the job."""
        return await self._queued(work)

    def run_bulk(self, bulk: "Bulk[Item, T]", item: Item) -> "asyncio.Future[T]":
        """The same for work that is done together with its like: queued when this returns. Give the same `bulk` each time."""
        return self._queued(lambda connection: _alone(bulk, connection, item), bulk, item)

    def _queued(
        self, work: Callable[[Connection], T], bulk: "Bulk[Any, T] | None" = None, item: Any = None
    ) -> "asyncio.Future[T]":
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        with self._gate:
            if not self._open:
                raise _closed()
            gathered = self._gathered.get(loop)
            if gathered is None:
                gathered = self._gathered[loop] = []
                loop.call_soon(self._hand_over, loop)
            gathered.append(_Job(work, loop, future, bulk, item))
        return future

    def _hand_over(self, loop: asyncio.AbstractEventLoop) -> None:
        """Give the thread what an event loop asked for in one turn: woken for each job it would commit smaller groups."""
        with self._gate:
            jobs = self._gathered.pop(loop, None)
            if jobs is not None:
                self._queue.put(jobs)

    def _work(self) -> None:
        connection: Connection | None = None
        try:
            while group := self._next_group():
                connection = self._commit_group(group, connection)
                _wake(group)
        finally:
            self._end()
            if connection is not None:
                connection.close()

    def _end(self) -> None:
        """Refuse what is still queued: nobody is to wait for a thread that is gone."""
        left: list[_Job] = []
        with self._gate:
            if self._open:
                log.critical("the store's writer ended by a fault; restart the hub")
            self._open = False
            while not self._queue.empty():
                left += self._queue.get_nowait()
            for jobs in self._gathered.values():
                left += jobs
            self._gathered.clear()
        for job in left:
            job.error = _closed()
        _wake(left)

    def _next_group(self) -> list[_Job]:
        """All that waits, about `MAX_GROUP` at most; empty when it is time to end."""
        jobs = self._queue.get()
        group: list[_Job] = []
        while jobs:
            group += jobs
            if len(group) >= MAX_GROUP or self._queue.empty():
                return group
            jobs = self._queue.get_nowait()
        if group:
            self._queue.put(END)
        return group

    def _commit_group(self, group: list[_Job], connection: Connection | None) -> Connection | None:
        """One transaction for the group. A connection lost before the commit was asked for is replaced once."""
        for attempt in (1, 2):
            try:
                connection = connection or self._engine.connect()
                _transact(connection, group)
                return connection
            except BaseException as error:  # noqa: BLE001 - every waiter must hear of it, whatever it is
                _drop(connection)
                connection = None
                if attempt == 1 and is_lost(error):
                    continue
                for job in group:
                    job.error = job.error or error
                break
        return None


def _transact(connection: Connection, group: list[_Job]) -> None:
    """Run the group's jobs and commit. A job that is alone needs no savepoint: its failure undoes the transaction."""
    with connection.begin() as transaction:
        if len(group) == 1:
            group[0].run(connection)
            if group[0].error is not None:
                transaction.rollback()
                return
        else:
            for jobs in _parts(group):
                if len(jobs) == 1:
                    _run_apart(connection, jobs[0])
                else:
                    _run_together(connection, jobs)
        try:
            transaction.commit()
        except DBAPIError as error:
            raise (CommitUnknown() if is_lost(error) else error) from None


def _run_apart(connection: Connection, job: _Job) -> None:
    """Run one job of many under a savepoint."""
    execute(connection, f"SAVEPOINT {SAVEPOINT}")
    job.run(connection)
    if job.error is not None:
        execute(connection, f"ROLLBACK TO SAVEPOINT {SAVEPOINT}")
        went_back(connection)
    execute(connection, f"RELEASE SAVEPOINT {SAVEPOINT}")


def _parts(group: list[_Job]) -> list[list[_Job]]:
    """The group in order, bulk jobs of one kind at the place of the first."""
    parts: list[list[_Job]] = []
    kinds: dict[Any, list[_Job]] = {}
    for job in group:
        if job.bulk is not None and job.bulk in kinds:
            kinds[job.bulk].append(job)
            continue
        parts.append([job])
        if job.bulk is not None:
            kinds[job.bulk] = parts[-1]
    return parts


def _run_together(connection: Connection, jobs: list[_Job]) -> None:
    """Run bulk jobs of one kind under one savepoint; where that fails, each alone."""
    bulk = jobs[0].bulk
    assert bulk is not None
    execute(connection, f"SAVEPOINT {SAVEPOINT}")
    try:
        results = bulk(connection, [job.item for job in jobs])
    except BaseException as error:
        if is_lost(error):
            raise
        execute(connection, f"ROLLBACK TO SAVEPOINT {SAVEPOINT}")
        went_back(connection)
        execute(connection, f"RELEASE SAVEPOINT {SAVEPOINT}")
        for job in jobs:
            _run_apart(connection, job)
        return
    execute(connection, f"RELEASE SAVEPOINT {SAVEPOINT}")
    for job, result in zip(jobs, results, strict=True):
        job.result, job.error = (None, result) if isinstance(result, Exception) else (result, None)


def _alone(bulk: "Bulk[Item, T]", connection: Connection, item: Item) -> T:
    (result,) = bulk(connection, [item])
    if isinstance(result, Exception):
        raise result
    return result


def _drop(connection: Connection | None) -> None:
    if connection is not None:
        connection.invalidate()
        connection.close()


def _closed() -> StoreUnavailable:
    return StoreUnavailable("The hub is shutting down. Nothing was changed", retry_after=2)


def _wake(group: list[_Job]) -> None:
    """Hand out results, one call into each event loop."""
    loops: dict[asyncio.AbstractEventLoop, list[_Job]] = {}
    for job in group:
        loops.setdefault(job.loop, []).append(job)
    for loop, jobs in loops.items():
        try:
            loop.call_soon_threadsafe(_settle, jobs)
        except RuntimeError:
            log.warning("%d jobs are done whose event loop is closed", len(jobs))


def _settle(jobs: list[_Job]) -> None:
    for job in jobs:
        if job.future.done():
            continue
        if job.error is None:
            job.future.set_result(job.result)
        else:
            job.future.set_exception(_bearable(job.error))


def _bearable(error: BaseException) -> Exception:
    """An error that can be handed over: a future takes no StopIteration, and an exit must not end the event loop."""
    if isinstance(error, Exception) and not isinstance(error, StopIteration):
        return error
    return RuntimeError(f"a database job ended by {type(error).__name__}")
