"""Rows with a time: whoever takes one that is due has it until its lease ends, so that of many hubs one is at it."""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, TypeAlias

from sqlalchemy import Connection, func, select, update
from sqlmodel import Session, col

from powerstrip.clock import new_id, now, rfc3339, stamp
from powerstrip.logs import Log, place_of
from powerstrip.problems import Problem
from powerstrip.store import Poll, Store, Subscription
from powerstrip.value import Value

Due: TypeAlias = type[Poll] | type[Subscription]
LEASE = timedelta(seconds=120)
"""Longer than one turn takes."""
AT_ONCE = 8
IDLE = 5.0
"""Seconds between looks when nobody wakes us: for what another process of the same database wrote."""
TROUBLE = 1.0
SPREAD = 0.1
"""Part of a wait by which it is longer or shorter, so that what began together does not stay together."""

log = Log("powerstrip.inbound")


class Taken(Value):
    """A row that is ours until its lease ends."""

    id: str
    project_id: str
    lease: str


def after(seconds: float) -> str:
    """The time in so many seconds, more or less a tenth."""
    return rfc3339(now() + timedelta(seconds=seconds * random.uniform(1 - SPREAD, 1 + SPREAD)))  # noqa: S311 - spread


def take_due(connection: Connection, table: Due, limit: int) -> list[Taken]:
    """Take what is due, the longest due first."""
    query = select(col(table.id)).where(col(table.next_at) <= stamp()).order_by(col(table.next_at)).limit(limit)
    found = [_take(connection, table, row[0], due_only=True) for row in connection.execute(query).all()]
    return [each for each in found if each is not None]


def take_one(connection: Connection, table: Due, id: str) -> Taken | None:
    """Take this row, due or not; None where somebody is at it."""
    return _take(connection, table, id, due_only=False)


def _take(connection: Connection, table: Due, id: str, *, due_only: bool) -> Taken | None:
    free = col(table.next_at) <= stamp()
    if not due_only:
        free = free | col(table.lease).is_(None)
    lease = new_id("turn")
    query = update(table).where(col(table.id) == id, free).values(lease=lease, next_at=rfc3339(now() + LEASE))
    if not connection.execute(query).rowcount:
        return None
    project: str = connection.execute(select(col(table.project_id)).where(col(table.id) == id)).scalar_one()
    return Taken(id, project, lease)


def held(session: Session, table: Due, taken: Taken) -> Poll | Subscription | None:
    """The row, if it is still ours. It stays so until the transaction ends."""
    still = update(table).where(col(table.id) == taken.id, col(table.lease) == taken.lease).values(lease=taken.lease)
    if not session.connection().execute(still).rowcount:
        return None
    row = session.get(table, taken.id)
    if row is not None:
        session.refresh(row)
    return row


def make_due(session: Session, table: Due, *where: Any) -> None:
    """Make rows due that nobody is at."""
    session.connection().execute(update(table).where(col(table.lease).is_(None), *where).values(next_at=stamp()))


class Rounds:
    """Looks for rows of one table that are due, and works on a few at a time."""

    def __init__(self, store: Store, table: Due, work: Callable[[Taken], Awaitable[None]]) -> None:
        self._store = store
        self._table: Due = table
        self._work_on = work
        self._woken = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None

    def wake(self) -> None:
        """Look at once. Does nothing before `start`."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._woken.set)

    async def start(self) -> None:
        """Begin, with what an earlier process left in the middle."""
        self._loop = asyncio.get_running_loop()
        if self._store.sqlite:  # on PostgreSQL another hub may be at it: its lease decides
            await self._store.hot(self._release)
        self._task = asyncio.create_task(self._run(), name=f"rounds {self._table.__name__}")

    async def close(self) -> None:
        """Let go of what is under way: its lease ends, and it is done again."""
        self._loop = None
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    def _release(self, connection: Connection) -> int:
        left = update(self._table).where(col(self._table.lease).is_not(None)).values(lease=None, next_at=stamp())
        return connection.execute(left).rowcount

    async def _run(self) -> None:
        while True:
            self._woken.clear()
            try:
                if not await self._round():
                    await self._rest()
            except Problem as problem:
                log.warning("inbound.round_failed", table=self._table.__name__, code=problem.code)
                await asyncio.sleep(TROUBLE)

    async def _round(self) -> int:
        due = await self._next_due()
        if due is None or due > stamp():
            return 0
        taken = await self._store.hot(lambda connection: take_due(connection, self._table, AT_ONCE))
        for ended in await asyncio.gather(*(self._work_on(each) for each in taken), return_exceptions=True):
            if isinstance(ended, BaseException):
                log.warning("inbound.turn_lost", table=self._table.__name__, error=type(ended).__name__, at=place_of(ended))
        return len(taken)

    async def _rest(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(IDLE):
                await self._woken.wait()

    async def _next_due(self) -> str | None:
        query = select(func.min(col(self._table.next_at)))
        return await self._store.read(lambda session: session.connection().execute(query).scalar())
