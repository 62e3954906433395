"""Engines with the durability we promise."""

import os
import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url

from powerstrip.store import chain

READERS = 4
"""Threads that read, each with a connection of its own."""
BUSY_SECONDS = 5
"""How long a statement waits for another process before it is given up."""
STATEMENT_SECONDS = 30
POSTGRESQL = (
    "SET synchronous_commit = on",
    f"SET lock_timeout = '{BUSY_SECONDS}s'",
    f"SET statement_timeout = '{STATEMENT_SECONDS}s'",
    "SET TIME ZONE 'UTC'",
)


def open_engine(url: str, *, reading: bool = False) -> Engine:
    """An engine that opens nothing yet. One for `reading` cannot write, and sees one state of the database per transaction."""
    return _sqlite(url, reading) if make_url(url).get_backend_name() == "sqlite" else _postgresql(url, reading)


def _sqlite(url: str, reading: bool) -> Engine:
    engine = create_engine(url, hide_parameters=True, connect_args={"check_same_thread": False}, pool_size=READERS)
    event.listen(engine, "do_connect", _existing_file if reading else _own_file)
    event.listen(engine, "connect", _sqlite_reader if reading else _sqlite_writer)
    event.listen(engine, "begin", _begin_reading if reading else _begin_writing)
    chain.watch(engine)
    return engine


def _own_file(dialect: Any, record: Any, arguments: list[Any], options: dict[str, Any]) -> None:
    """Keep the file to its owner. SQLite gives the files beside it (-wal, -shm) the same mode."""
    path = Path(arguments[0])
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        os.close(descriptor)
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)
    except OSError as error:
        raise _cannot_open(f"{error.strerror}: {path}") from None


def _existing_file(dialect: Any, record: Any, arguments: list[Any], options: dict[str, Any]) -> None:
    """To look does not make a file."""
    if not Path(arguments[0]).exists():
        raise _cannot_open(f"there is no {arguments[0]}")


def _cannot_open(reason: str) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError(reason)
    error.sqlite_errorname = "SQLITE_CANTOPEN"
    return error


def _sqlite_writer(connection: Any, record: Any) -> None:
    connection.isolation_level = None  # SQLAlchemy begins and commits; the driver must not
    connection.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")
    if connection.execute("PRAGMA journal_mode=WAL").fetchone()[0] != "wal":
        raise _cannot_open("the file system does not do write-ahead logs")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")


def _sqlite_reader(connection: Any, record: Any) -> None:
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")
    connection.execute("PRAGMA query_only=ON")


def _begin_reading(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def _begin_writing(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _postgresql(url: str, reading: bool) -> Engine:
    engine = create_engine(
        url,
        hide_parameters=True,
        pool_size=READERS,
        pool_pre_ping=True,
        isolation_level="REPEATABLE READ" if reading else "READ COMMITTED",
        connect_args={"connect_timeout": BUSY_SECONDS, "application_name": "powerstrip"},
    )
    event.listen(engine, "connect", _postgresql_reader if reading else _postgresql_connected)
    chain.watch(engine)
    return engine


def _postgresql_connected(connection: Any, record: Any) -> None:
    with connection.cursor() as cursor:
        for statement in POSTGRESQL:
            cursor.execute(statement)
    connection.commit()


def _postgresql_reader(connection: Any, record: Any) -> None:
    _postgresql_connected(connection, record)
    connection.read_only = True
