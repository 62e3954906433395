"""Migrations: the database is brought to this version's schema, under a lock, or refused."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import DBAPIError

from powerstrip.store.failures import as_problem

HEAD = "0014"
"""The newest revision in `migrations/versions`. A test holds it to that."""
MIGRATION_LOCK = 0x706F7766
LOCK_SECONDS = 60
"""How long a hub waits on PostgreSQL for another that migrates. SQLite waits its busy timeout."""


class SchemaMismatch(Exception):
    """The database belongs to another version of the hub."""


def migrate(engine: Engine) -> None:
    """Run what is missing in one transaction. Nothing heavy is imported where nothing is missing.

    Raises `SchemaMismatch` where the database is of a newer hub, `StoreUnavailable` where it does not answer.
    """
    try:
        with engine.connect() as connection, _references_kept(connection), connection.begin():
            _migrate(connection)
    except DBAPIError as error:
        raise as_problem(error) from None


@contextmanager
def _references_kept(connection: Connection) -> Generator[None]:
    """On SQLite a table is changed by making it anew. References to it are not checked meanwhile, but before the commit.

    That switch does nothing within a transaction (sqlite.org/foreignkeys.html, section 2), so it is set around it.
    """
    driver: Any = connection.connection.driver_connection if connection.dialect.name == "sqlite" else None
    if driver is None:
        yield
        return
    driver.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        driver.execute("PRAGMA foreign_keys=ON")


def _migrate(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")
    at = revision(connection)
    if at is not None and at > HEAD:
        raise SchemaMismatch(
            f"The database has schema {at}, made by a newer hub; this one knows up to {HEAD}."
            " Upgrade the hub, or restore a backup"
        )
    if at != HEAD:
        _upgrade(connection)


def revisions(engine: Engine) -> tuple[str | None, str]:
    """The revision that the database has and the newest one known here. Raises `StoreUnavailable`."""
    try:
        with engine.connect() as connection:
            return revision(connection), HEAD
    except DBAPIError as error:
        raise as_problem(error) from None


def revision(connection: Connection) -> str | None:
    """The schema revision the database says it has; None for an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    if connection.dialect.name == "sqlite" and (lost := connection.exec_driver_sql("PRAGMA foreign_key_check").first()):
        raise RuntimeError(f"a migration left a row of {lost[0]} without what it refers to")
