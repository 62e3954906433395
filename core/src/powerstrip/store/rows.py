"""Statements for hot paths: compiled once, then handed straight to the driver.

Values in and out are the driver's own: texts, numbers, bytes, None; JSON columns are ready text.
"""

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any, TypeAlias

from sqlalchemy import Connection, Row, SelectBase, insert
from sqlalchemy.engine import result_tuple
from sqlalchemy.sql import ClauseElement
from sqlmodel import Session, SQLModel

from powerstrip.store.failures import wrapped

Values: TypeAlias = Mapping[str, Any]
Pick: TypeAlias = Callable[[Values], Sequence[Any] | Values]

_inserts: dict[tuple[type[SQLModel], tuple[str, ...]], "Prepared"] = {}


class Prepared:
    """A SQLAlchemy Core statement with named `bindparam`s, compiled once for each database."""

    def __init__(self, statement: ClauseElement) -> None:
        self._statement = statement
        self._compiled: dict[str, tuple[str, Pick]] = {}
        self._row = result_tuple(list(statement.selected_columns.keys()) if isinstance(statement, SelectBase) else [])

    def run(self, connection: Connection, **values: Any) -> int:
        """Execute it for its effect; gives the number of rows it touched."""
        return self._execute(connection, values).rowcount

    def first(self, connection: Connection, **values: Any) -> Row[Any] | None:
        """The first row, or None."""
        found = self._execute(connection, values).fetchone()
        return None if found is None else self._row(found)

    def all(self, connection: Connection, **values: Any) -> list[Row[Any]]:
        """Every row."""
        return [self._row(found) for found in self._execute(connection, values).fetchall()]

    def _execute(self, connection: Connection, values: Values) -> Any:
        sql, pick = self._compiled.get(connection.dialect.name) or self._compile(connection)
        return execute(connection, sql, pick(values))

    def _compile(self, connection: Connection) -> tuple[str, Pick]:
        compiled = self._statement.compile(dialect=connection.dialect)
        fixed = {name: value for name, value in (compiled.params or {}).items() if value is not None}
        order: list[str] | None = getattr(compiled, "positiontup", None)
        self._compiled[connection.dialect.name] = str(compiled), _picker(order, fixed)
        return self._compiled[connection.dialect.name]


def _picker(order: list[str] | None, fixed: dict[str, Any]) -> Pick:
    """Brings named values into the form the driver takes: a sequence for SQLite, a mapping for PostgreSQL."""
    if order is None:
        return (lambda values: {**fixed, **values}) if fixed else (lambda values: values)
    if fixed or len(order) < 2:
        return lambda values: [fixed[name] if name in fixed else values[name] for name in order]
    return itemgetter(*order)


def execute(connection: Connection, sql: str, values: Sequence[Any] | Values = ()) -> Any:
    """Run the driver's own SQL in the connection's transaction and give the driver's cursor. Raises `DBAPIError`."""
    if not connection.in_transaction():
        connection.begin()
    driver: Any = connection.connection.driver_connection
    try:
        return driver.execute(sql, values)
    except connection.dialect.loaded_dbapi.Error as error:
        raise wrapped(connection, error) from None


def insert_row(connection: Connection, table: type[SQLModel], row: Values) -> None:
    """Insert one row, given as column names and values. Columns that are left out must be nullable."""
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
