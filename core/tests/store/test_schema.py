"""Migrations: one at a time, all or nothing, and never over a newer hub's database."""

import os
import signal
import subprocess
import sys
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from powerstrip.store import SchemaMismatch, Store, schema
from powerstrip.store.tables import Table


def tables(store: Store) -> set[str]:
    return set(inspect(store.engine).get_table_names())


def test_the_head_is_the_newest_script() -> None:
    config = Config()
    config.set_main_option("script_location", str(schema.__file__.replace("schema.py", "migrations")))
    assert ScriptDirectory.from_config(config).get_heads() == [schema.HEAD]


def test_an_empty_database_gets_every_table(database_url: str) -> None:
    store = Store(database_url)
    store.migrate()
    assert tables(store) == set(Table.metadata.tables) | {"alembic_version"}
    store.migrate()
    store.engine.dispose()


def test_the_migrations_make_what_the_tables_say(database_url: str) -> None:
    store = Store(database_url)
    store.migrate()
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        differences: list[Any] = compare_metadata(context, Table.metadata)
    store.engine.dispose()
    assert differences == []


@pytest.mark.parametrize("revision", ["0999", "9999", "abcdef"])
def test_a_newer_schema_is_refused_and_left_alone(database_url: str, revision: str) -> None:
    store = Store(database_url)
    store.migrate()
    with store.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})
    with pytest.raises(SchemaMismatch, match=f"schema {revision}.*Upgrade the hub"):
        store.migrate()
    with store.engine.connect() as connection:
        assert schema.revision(connection) == revision
    store.engine.dispose()


MIGRATE = """
import sys
from powerstrip.store import Store
Store(sys.argv[1]).migrate()
"""


def test_hubs_that_migrate_at_once_do_not_meet(database_url: str) -> None:
    hubs = [subprocess.Popen([sys.executable, "-c", MIGRATE, database_url]) for _ in range(3)]
    assert [hub.wait(60) for hub in hubs] == [0, 0, 0]
    store = Store(database_url)
    assert tables(store) == set(Table.metadata.tables) | {"alembic_version"}
    store.engine.dispose()


KILLED = """
import os, signal, sys
from alembic import op
from powerstrip.store import Store

made, create = [], op.create_table

def create_table(name, *columns, **options):
    made.append(name)
    if len(made) == 5:
        os.kill(os.getpid(), signal.SIGKILL)
    return create(name, *columns, **options)

op.create_table = create_table
Store(sys.argv[1]).migrate()
"""


def test_a_killed_migration_leaves_nothing_and_can_be_run_again(database_url: str) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, database_url], check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL
    store = Store(database_url)
    assert tables(store) == set()
    store.migrate()
    assert tables(store) == set(Table.metadata.tables) | {"alembic_version"}
    store.engine.dispose()


def test_a_start_with_nothing_to_do_loads_no_migration_tool(database_url: str) -> None:
    Store(database_url).migrate()
    code = "import sys; from powerstrip.store import Store; Store(sys.argv[1]).migrate(); assert 'alembic' not in sys.modules"
    subprocess.run([sys.executable, "-c", code, database_url], check=True, timeout=60, env=dict(os.environ))
