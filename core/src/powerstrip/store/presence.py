"""Which hub processes are alive on one PostgreSQL database. On SQLite there is only one, and nothing is written.

Each process says so every `BEAT` seconds; one that was silent for `SILENT` seconds counts as gone, and others may take over what
it had. Times are the database's own, so that the clocks of two machines need not agree. A process that was only slow finds its
work taken: what it writes afterwards is kept out by what it writes to (a run's epoch, a call's hub).
"""

import asyncio
import contextlib
import platform
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, delete, extract, func, select, update
from sqlmodel import col

from powerstrip.clock import derived, stamp
from powerstrip.logs import Log
from powerstrip.problems import Problem
from powerstrip.store.store import Store
from powerstrip.store.tables import HubProcess

BEAT = 0.75
SILENT = 3.0
FORGET = 3600.0
"""Seconds after which a process that is gone is no longer listed."""

log = Log("powerstrip.presence")


def process_id(data: Path) -> str:
    """The id of the hub process on a data folder: the same after each restart, for one process at a time may hold the folder."""
    return derived("hub", platform.node(), str(data))


def _now() -> Any:
    return extract("epoch", func.clock_timestamp())


def alive() -> Any:
    """A subquery: the ids of the processes that are there. For PostgreSQL."""
    return select(col(HubProcess.id)).where(col(HubProcess.seen) > _now() - SILENT)


def silent() -> Any:
    """A subquery: the ids of the processes that were there and are gone. For PostgreSQL."""
    return select(col(HubProcess.id)).where(col(HubProcess.seen) <= _now() - SILENT)


async def present(store: Store) -> dict[str, int]:
    """How many processes are there, by their engine. Empty on SQLite."""
    if store.sqlite:
        return {}
    query = select(col(HubProcess.engine), func.count()).where(col(HubProcess.id).in_(alive())).group_by(col(HubProcess.engine))
    rows = await store.read(lambda session: session.connection().execute(query).all())
    return {engine: count for engine, count in rows}  # noqa: C416 - rows are no pairs to the type checker


@contextmanager
def taken_over(store: Store) -> Generator[list[str]]:
    """The processes that have fallen silent and whose work nobody has taken over; they count as seen to if the block ends well.

    Their rows are held meanwhile (`FOR UPDATE SKIP LOCKED`), so that another caller gets what is left. Blocks: for a thread.
    """
    query = silent().where(col(HubProcess.handed_on).is_(False)).with_for_update(skip_locked=True)
    with store.engine.begin() as connection:
        ids = list(connection.execute(query).scalars())
        yield ids
        if ids:
            connection.execute(update(HubProcess).where(col(HubProcess.id).in_(ids)).values(handed_on=True))


class Presence:
    """Says that this process is there. `engine` is for people to read."""

    def __init__(self, store: Store, id: str, engine: str) -> None:
        self._store = store
        self._engine = engine
        self._task: asyncio.Task[None] | None = None
        self.id = id

    async def start(self) -> None:
        """Be there from now on."""
        if self._store.sqlite:
            return
        await self._store.hot(self._appear)
        self._task = asyncio.create_task(self._beat(), name="presence")

    async def close(self) -> None:
        """Be gone at once: nobody has to wait for the silence."""
        if self._task is None:
            return
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        self._task = None
        with contextlib.suppress(Problem):  # the silence will tell
            await self._store.hot(lambda connection: connection.execute(_of(self.id).values(seen=0.0)))

    def _appear(self, connection: Connection) -> None:
        from sqlalchemy.dialects.postgresql import insert  # a hub on SQLite starts without

        new = {"id": self.id, "engine": self._engine, "started_at": stamp(), "seen": _now(), "handed_on": False}
        fresh = insert(HubProcess).values(**new)
        connection.execute(fresh.on_conflict_do_update(index_elements=["id"], set_=new))
        connection.execute(delete(HubProcess).where(col(HubProcess.seen) < _now() - FORGET))

    def _tell(self, connection: Connection) -> None:
        if not connection.execute(_of(self.id).values(seen=_now(), handed_on=False)).rowcount:
            self._appear(connection)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(BEAT)
            try:
                await self._store.hot(self._tell)
            except Problem as problem:
                log.warning("presence.not_told", code=problem.code)


def _of(id: str) -> Any:
    return update(HubProcess).where(col(HubProcess.id) == id)
