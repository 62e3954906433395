"""Statements for hot paths: compiled once, then handed to the driver as text and values.

Values in and out are the driver's own: texts, numbers, bytes, None; JSON columns are ready text.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, insert
from sqlalchemy.sql import ClauseElement
from sqlmodel import Session, SQLModel

_inserts: dict[tuple[type[SQLModel], tuple[str, ...]], "Prepared"] = {}


class Prepared:
    """A SQLAlchemy Core statement with named `bindparam`s, compiled once for each database."""

    def __init__(self, statement: ClauseElement) -> None:
        self._statement = statement
        self._compiled: dict[str, tuple[str, tuple[str, ...], dict[str, Any]]] = {}

    def run(self, connection: Connection, **values: Any) -> None:
        """Execute it for its effect."""
        self._execute(connection, values)

    def first(self, connection: Connection, **values: Any) -> Row[Any] | None:
        """The first row, or None."""
        return self._execute(connection, values).first()

    def all(self, connection: Connection, **values: Any) -> Sequence[Row[Any]]:
        """Every row."""
        return self._execute(connection, values).all()

    def _execute(self, connection: Connection, values: dict[str, Any]) -> Any:
        compiled = self._compiled.get(connection.dialect.name) or self._compile(connection)
        sql, order, fixed = compiled
        given = {**fixed, **values} if fixed else values
        return connection.exec_driver_sql(sql, tuple(given[name] for name in order) if order else given)

    def _compile(self, connection: Connection) -> tuple[str, tuple[str, ...], dict[str, Any]]:
        compiled = self._statement.compile(dialect=connection.dialect)
        fixed = {name: value for name, value in (compiled.params or {}).items() if value is not None}
        entry = (str(compiled), tuple(getattr(compiled, "positiontup", None) or ()), fixed)
        self._compiled[connection.dialect.name] = entry
        return entry


def insert_row(connection: Connection, table: type[SQLModel], row: dict[str, Any]) -> None:
    """Insert one row, given as column names and values."""
    key = (table, tuple(row))
    if key not in _inserts:
        _inserts[key] = Prepared(insert(table).values(dict.fromkeys(row)))
    _inserts[key].run(connection, **row)


def connection_of(at: Session | Connection) -> Connection:
    """The connection below; what the session holds back is written first."""
    if isinstance(at, Connection):
        return at
    at.flush()
    return at.connection()
