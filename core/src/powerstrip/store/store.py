"""The database behind a small door: many readers, one writer that commits in groups."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from powerstrip.problems import StoreUnavailable
from powerstrip.store import schema
from powerstrip.store.engine import READERS, open_engine
from powerstrip.store.failures import as_problem
from powerstrip.store.writer import Bulk, Item, Writer

T = TypeVar("T")


class Store:
    """The hub's database. `url` is an SQLAlchemy URL of SQLite or PostgreSQL (psycopg). Nothing is opened yet.

    Work is given as plain functions over a session. They touch nothing else, for a write may be run again after a lost
    connection, and many writes share one commit. Raises `StoreUnavailable` where the database does not answer, and
    `CommitUnknown` where it went away while it committed.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = open_engine(url)
        self._reading = open_engine(url, reading=True)
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="store-read")
        self._writer = Writer(self.engine)
        self._open = False

    @property
    def sqlite(self) -> bool:
        """True on SQLite, false on PostgreSQL."""
        return self.engine.dialect.name == "sqlite"

    def migrate(self) -> None:
        """Bring the schema to this version's. Raises `SchemaMismatch` where the database is of a newer one."""
        schema.migrate(self.engine)

    def revisions(self) -> tuple[str | None, str]:
        """The schema the database has (None for an empty one) and the one this hub wants. Changes nothing."""
        return schema.revisions(self._reading)

    async def start(self) -> None:
        """Begin to read and write. The schema must stand."""
        self._open = True
        self._writer.start()

    async def close(self) -> None:
        """Finish what was handed in, then close every connection."""
        self._open = False
        await asyncio.to_thread(self._writer.stop)
        await asyncio.to_thread(self._readers.shutdown)
        self._reading.dispose()
        self.engine.dispose()

    async def read(self, work: Callable[[Session], T]) -> T:
        """Run `work` in a reader thread, on one state of the database. Rows it returns are detached and complete."""
        if not self._open:
            raise StoreUnavailable("The hub is starting or shutting down; nothing was read", retry_after=2)
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, work)

    def _read(self, work: Callable[[Session], T]) -> T:
        try:
            with Session(self._reading, expire_on_commit=False) as session:
                return work(session)
        except DBAPIError as error:
            raise as_problem(error) from None

    async def write(self, work: Callable[[Session], T]) -> T:
        """Run `work` in the writer, under a savepoint of its own, and return once it is committed."""

        def in_session(connection: Connection) -> T:
            with Session(connection, expire_on_commit=False, join_transaction_mode="create_savepoint") as session:
                result = work(session)
                session.commit()
                return result

        return await self.hot(in_session)

    async def hot(self, work: Callable[[Connection], T]) -> T:
        """The same with a bare connection, for what every call does."""
        try:
            return await self._writer.run(work)
        except DBAPIError as error:
            raise as_problem(error) from None

    async def bulk(self, work: "Bulk[Item, T]", item: Item) -> T:
        """`hot` for what many callers do at once: the items of a group are handed to the same `work` together."""
        try:
            return await self._writer.run_bulk(work, item)
        except DBAPIError as error:
            raise as_problem(error) from None

    def hand_in(self, work: "Bulk[Item, T]", item: Item) -> "asyncio.Future[T]":
        """`bulk` for who does not wait: it is in the queue when this returns, and `outcome` tells what came of it."""
        return self._writer.run_bulk(work, item)

    @staticmethod
    def outcome(done: "asyncio.Future[T]") -> T:
        """The result of work that was handed in, or what it raises as every other door does."""
        try:
            return done.result()
        except DBAPIError as error:
            raise as_problem(error) from None
