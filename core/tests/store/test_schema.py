"""Migrations: one at a time, all or nothing, and never over a newer hub's database."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from powerstrip.store import SchemaMismatch, Store, schema
from powerstrip.store.tables import every_table

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def tables(store: Store) -> set[str]:
    return set(inspect(store.engine).get_table_names())


def test_the_head_is_the_newest_script() -> None:
    config = Config()
    config.set_main_option("script_location", str(schema.__file__.replace("schema.py", "migrations")))
    assert ScriptDirectory.from_config(config).get_heads() == [schema.HEAD]


def test_an_empty_database_gets_every_table(database_url: str) -> None:
    store = Store(database_url)
    store.migrate()
    assert tables(store) == set(every_table().tables) | {"alembic_version"}
    store.migrate()
    store.engine.dispose()


def test_the_migrations_make_what_the_tables_say(database_url: str) -> None:
    store = Store(database_url)
    store.migrate()
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        differences: list[Any] = compare_metadata(context, every_table())
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


def _upgraded(store: Store, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(schema.__file__.replace("schema.py", "migrations")))
    with store.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def _rows(store: Store, name: str, made: dict[str, str]) -> None:
    """Put one row into a table, and before it into every table that it refers to; `made` holds their ids."""
    table = sqlalchemy.Table(name, sqlalchemy.MetaData(), autoload_with=store.engine)
    values: dict[str, Any] = {}
    for column in table.columns:
        parent = next((key.target_fullname.partition(".")[0] for key in column.foreign_keys), None)
        if column.nullable or parent == name:
            continue
        if parent is not None and parent not in made:
            _rows(store, parent, made)
        kind = column.type.python_type
        values[column.name] = made[parent] if parent else f"{name}-1" if kind is str else kind() if kind is not datetime else NOW
    made[name] = values["id"]
    with store.engine.begin() as connection:
        connection.execute(table.insert().values(values))


def test_rows_that_others_refer_to_outlive_a_change_of_their_table(database_url: str) -> None:
    store = Store(database_url)
    _upgraded(store, "0012")
    _rows(store, "credential", made := {})
    assert {"project", "integration", "credential"} <= set(made)
    store.migrate()
    with store.engine.connect() as connection:
        for name in made:
            assert connection.execute(text(f"SELECT count(*) FROM {name}")).scalar() == 1
        assert connection.execute(text("SELECT unsupported FROM integration")).scalar() in ("{}", {})
        if connection.dialect.name == "sqlite":
            assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1
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
    assert tables(store) == set(every_table().tables) | {"alembic_version"}
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
    assert tables(store) == set(every_table().tables) | {"alembic_version"}
    store.engine.dispose()


def test_a_start_with_nothing_to_do_loads_no_migration_tool(database_url: str) -> None:
    Store(database_url).migrate()
    code = "import sys; from powerstrip.store import Store; Store(sys.argv[1]).migrate(); assert 'alembic' not in sys.modules"
    subprocess.run([sys.executable, "-c", code, database_url], check=True, timeout=60, env=dict(os.environ))
