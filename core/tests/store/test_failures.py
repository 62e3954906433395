"""When the database says no: a 503 that tells why, nothing half done, and work goes on once the cause is gone."""

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, event, text
from sqlmodel import select

from powerstrip.problems import BadInput, StoreUnavailable
from powerstrip.store import Actor, AuditLog, CommitUnknown, Project, Setting, Store, insert_row

Job = Callable[[Connection], object]


def put(name: str, value: str = "x") -> Job:
    return lambda connection: insert_row(connection, Setting, {"name": name, "value": value})


async def names(store: Store) -> set[str]:
    found = await store.read(lambda session: list(session.exec(select(Setting.name))))
    return set(found) - {"audit_end"}


async def refused(store: Store, work: Job, *words: str) -> StoreUnavailable:
    with pytest.raises(StoreUnavailable) as caught:
        await store.hot(work)
    assert caught.value.retry_after
    assert all(word in caught.value.message for word in words), caught.value.message
    return caught.value


async def opened(url: str) -> Store:
    store = Store(url)
    store.migrate()
    await store.start()
    return store


def on_connect(store: Store, *statements: str) -> Callable[[], None]:
    """Run statements on each new writer connection, until the given function is called."""

    def run(connection: Any, record: Any) -> None:
        for statement in statements:
            connection.execute(statement)
        if not store.sqlite:
            connection.commit()

    event.listen(store.engine, "connect", run)
    return lambda: event.remove(store.engine, "connect", run)


class TestSqlite:
    """The file and the disk below it."""

    @pytest.fixture
    async def store(self, tmp_path: Path, log: AuditLog) -> AsyncIterator[Store]:
        store = await opened(f"sqlite:///{tmp_path / 'powerstrip.db'}")
        await store.write(log.begin)
        yield store
        await store.close()

    async def test_full_disk(self, store: Store, log: AuditLog, actor: Actor) -> None:
        await store.hot(lambda connection: log.append(connection, actor, "use", "integration", "int_1"))
        store.engine.dispose()
        pages = await store.hot(lambda connection: connection.exec_driver_sql("PRAGMA page_count").scalar())
        await store.hot(lambda connection: connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 2}"))

        def large(connection: Connection) -> None:
            log.append(connection, actor, "use", "integration", "int_lost")
            put("large", "x" * 100_000)(connection)

        gate = asyncio.ensure_future(store.hot(lambda connection: time.sleep(0.05)))
        await asyncio.sleep(0.01)
        jobs = [asyncio.ensure_future(store.hot(job)) for job in (put("a"), large, put("b"))]
        await gate
        results = await asyncio.gather(*jobs, return_exceptions=True)
        assert isinstance(results[1], StoreUnavailable)
        assert "disk is full" in results[1].message
        done = {name for name, result in zip("a-b", results, strict=True) if not isinstance(result, Exception)}
        assert await names(store) == done
        await store.hot(lambda connection: connection.exec_driver_sql("PRAGMA max_page_count = 100000"))
        await store.hot(large)
        assert (await store.read(log.verify)).rows == 2

    async def test_read_only_file_system(self, store: Store) -> None:
        await store.hot(lambda connection: connection.exec_driver_sql("PRAGMA query_only = ON"))
        await refused(store, put("a"), "cannot be written")
        assert await names(store) == set()
        # a failed group takes a new connection, and with it the file as it is now
        await store.hot(lambda connection: connection.exec_driver_sql("PRAGMA query_only = OFF"))
        await store.hot(put("a"))
        assert await names(store) == {"a"}

    async def test_locked_by_another_process(self, store: Store, tmp_path: Path) -> None:
        await store.hot(lambda connection: connection.exec_driver_sql("PRAGMA busy_timeout = 50"))
        stop = on_connect(store, "PRAGMA busy_timeout = 50")
        other = sqlite3.connect(tmp_path / "powerstrip.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        await refused(store, put("a"), "Another process")
        assert await names(store) == set()  # reading goes on
        other.execute("ROLLBACK")
        await store.hot(put("a"))
        assert await names(store) == {"a"}
        stop()

    async def test_a_file_that_is_no_database(self, tmp_path: Path) -> None:
        (tmp_path / "other.db").write_bytes(b"not a database, and long enough to be looked at" * 100)
        with pytest.raises(StoreUnavailable, match="restore a backup"):
            Store(f"sqlite:///{tmp_path / 'other.db'}").migrate()

    async def test_a_folder_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(StoreUnavailable, match="check the data folder"):
            Store(f"sqlite:///{tmp_path / 'missing' / 'powerstrip.db'}").migrate()


@pytest.mark.part
class TestPostgresql:
    """The server at the other end."""

    @pytest.fixture
    async def store(self, postgresql_server: Any, log: AuditLog) -> AsyncIterator[Store]:
        store = await opened(postgresql_server.url(postgresql_server.new_database()))
        await store.write(log.begin)
        yield store
        await store.close()

    async def test_restart(self, store: Store, postgresql_server: Any, log: AuditLog, actor: Actor) -> None:
        append: Job = lambda connection: log.append(connection, actor, "use", "integration", "int_1")  # noqa: E731
        await store.hot(append)
        await store.read(log.verify)
        postgresql_server.stop("immediate")
        try:
            await refused(store, append, "")
            with pytest.raises(StoreUnavailable):
                await store.read(log.verify)
        finally:
            postgresql_server.start()
        await store.hot(append)
        report = await store.read(log.verify)
        assert (report.intact, report.rows) == (True, 2)

    async def test_idle_connections_that_were_cut_are_replaced_unseen(self, store: Store, postgresql_server: Any) -> None:
        await store.hot(put("a"))
        assert await names(store) == {"a"}
        name = store.url.rpartition("/")[2]
        cut = f"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '{name}'"
        assert postgresql_server.execute(cut)[0][0] == 2
        await store.hot(put("b"))
        assert await names(store) == {"a", "b"}

    async def test_too_many_connections(self, store: Store, postgresql_server: Any) -> None:
        await store.hot(put("a"))
        store.engine.dispose()
        hog = []
        try:
            with contextlib.suppress(psycopg.OperationalError):
                while len(hog) < 100:
                    hog.append(psycopg.connect(store.url.replace("+psycopg", "")))
            with pytest.raises(StoreUnavailable):
                await store.read(lambda session: session.get(Setting, "a"))
            await store.hot(put("b"))  # the writer holds its own
        finally:
            for connection in hog:
                connection.close()
        await asyncio.sleep(0.1)
        assert await names(store) == {"a", "b"}

    async def test_locked_by_another_client(self, store: Store, postgresql_server: Any) -> None:
        await store.hot(lambda connection: connection.execute(text("SET lock_timeout = '50ms'")))
        with psycopg.connect(store.url.replace("+psycopg", "")) as other:
            other.execute("LOCK TABLE setting IN EXCLUSIVE MODE")
            await refused(store, put("a"), "Another process")
            assert await names(store) == set()
        await store.hot(put("a"))
        assert await names(store) == {"a"}

    async def test_a_read_only_server(self, store: Store, postgresql_server: Any) -> None:
        await store.hot(lambda connection: connection.execute(text("SET default_transaction_read_only = on")))
        await refused(store, put("a"), "read-only")
        await store.hot(lambda connection: connection.execute(text("SET default_transaction_read_only = off")))
        await store.hot(put("a"))

    async def test_a_connection_lost_during_the_commit_is_not_called_undone(self, store: Store, postgresql_server: Any) -> None:
        runs = []
        trigger = """
            CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;
            CREATE CONSTRAINT TRIGGER cut AFTER INSERT ON setting DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW WHEN (NEW.name = 'fatal') EXECUTE FUNCTION cut()
        """
        postgresql_server.execute(trigger, store.url.rpartition("/")[2])

        def fatal(connection: Connection) -> None:
            runs.append(1)
            put("fatal")(connection)

        with pytest.raises(CommitUnknown) as caught:
            await store.hot(fatal)
        assert caught.value.code == "commit_unknown"
        assert "Nothing was changed" not in caught.value.message
        assert len(runs) == 1  # work whose commit is in doubt is not run again
        await store.hot(put("later"))
        assert await names(store) == {"later"}

    async def test_a_database_that_is_not_there(self, postgresql_server: Any) -> None:
        with pytest.raises(StoreUnavailable, match="POWERSTRIP_DATABASE_URL names it"):
            Store(postgresql_server.url("nowhere")).migrate()

    async def test_a_value_the_database_does_not_take(self, store: Store) -> None:
        with pytest.raises(BadInput):
            await store.write(lambda session: session.add(Project(name="a\x00b", handle="h")))

    async def test_commits_wait_for_the_disk(self, store: Store) -> None:
        asked = lambda connection: connection.execute(text("SHOW synchronous_commit")).scalar()  # noqa: E731
        assert await store.hot(asked) == "on"

    async def test_commits_wait_for_the_disk_whatever_the_server_says(self, postgresql_server: Any) -> None:
        name = postgresql_server.new_database()
        postgresql_server.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
        store = await opened(postgresql_server.url(name))
        await self.test_commits_wait_for_the_disk(store)
        await store.close()
