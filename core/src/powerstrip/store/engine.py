"""The database behind a small door: many readers, one writer that commits in groups."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlmodel import Session

from powerstrip.problems import Conflict, StoreUnavailable
from powerstrip.store import schema
from powerstrip.store.writer import Writer

T = TypeVar("T")

READERS = 4
BUSY_SECONDS = 5


class Store:
    """The hub's database. `url` is an SQLAlchemy URL of SQLite or PostgreSQL (psycopg).

    Work is given as plain functions over a session. They touch nothing else, for a write may be run again after a lost
    connection, and many writes share one commit. Raises `StoreUnavailable` where the database does not answer.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = open_engine(url)
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="store-read")
        self._writer = Writer(self.engine)

    @property
    def sqlite(self) -> bool:
        """True on SQLite, false on PostgreSQL."""
        return self.engine.dialect.name == "sqlite"

    def migrate(self) -> None:
        """Bring the schema to this version's. Raises `SchemaMismatch` where the database is of a newer one."""
        schema.migrate(self.engine)

    async def start(self) -> None:
        """Begin to write. The schema must stand."""
        self._writer.start()

    async def close(self) -> None:
        """Finish what was handed in, then close every connection."""
        await asyncio.to_thread(self._writer.stop)
        self._readers.shutdown(wait=True)
        self.engine.dispose()

    async def read(self, work: Callable[[Session], T]) -> T:
        """Run `work` in a reader thread. Rows it returns are detached and complete."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, work)

    def _read(self, work: Callable[[Session], T]) -> T:
        try:
            with Session(self.engine, expire_on_commit=False) as session:
                return work(session)
        except DBAPIError as error:
            raise unavailable(error) from None

    async def write(self, work: Callable[[Session], T]) -> T:
        """Run `work` in the writer, under a savepoint of its own, and return once it is committed."""

        def in_session(connection: Connection) -> T:
            with Session(connection, expire_on_commit=False, join_transaction_mode="create_savepoint") as session:
                result = work(session)
                session.commit()
                return result

        return await self._run(in_session, savepoint=False)

    async def hot(self, work: Callable[[Connection], T]) -> T:
        """The same with a bare connection, for what every call does."""
        return await self._run(work, savepoint=True)

    async def _run(self, work: Callable[[Connection], T], *, savepoint: bool) -> T:
        try:
            return await self._writer.run(work, savepoint)
        except IntegrityError:
            raise Conflict("It collides with something that exists already, or belongs to something that is gone") from None
        except DBAPIError as error:
            raise unavailable(error) from None


def unavailable(error: DBAPIError) -> StoreUnavailable:
    """A database failure without its statement and parameters."""
    kind = type(error.orig).__name__ if error.orig else type(error).__name__
    return StoreUnavailable(f"The database did not do it ({kind}); nothing was changed", retry_after=1)


def open_engine(url: str) -> Engine:
    """An engine with the durability we promise: see the pragmas below, and synchronous_commit on PostgreSQL."""
    if url.startswith("sqlite"):
        engine = create_engine(url, hide_parameters=True, connect_args={"check_same_thread": False}, pool_size=READERS + 1)
        event.listen(engine, "connect", _sqlite_connected)
        event.listen(engine, "begin", _sqlite_begin)
    else:
        engine = create_engine(url, hide_parameters=True, pool_size=READERS + 1, max_overflow=2, pool_pre_ping=True)
        event.listen(engine, "connect", _postgresql_connected)
    return engine


def _sqlite_connected(connection: Any, record: Any) -> None:
    connection.isolation_level = None  # SQLAlchemy begins and commits; the driver must not
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={BUSY_SECONDS * 1000}"):
        connection.execute(f"PRAGMA {pragma}")


def _sqlite_begin(connection: Connection) -> None:
    writing = connection.info.get("writer") or connection.get_execution_options().get("writer")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def _postgresql_connected(connection: Any, record: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = on")
        cursor.execute("SET TIME ZONE 'UTC'")
    connection.commit()
