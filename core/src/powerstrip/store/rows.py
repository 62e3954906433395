"""Statements for hot paths: compiled once, then handed straight to the driver.

Values in and out are the driver's own: texts, numbers, bytes, None; JSON columns are ready text.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any, TypeAlias

from sqlalchemy import Connection, Row, SelectBase, insert
from sqlalchemy.engine import result_tuple
from sqlalchemy.sql import ClauseElement
from sqlmodel import Session, SQLModel

from powerstrip.store.failures import wrapped

Values: TypeAlias = Mapping[str, Any]
Picked: TypeAlias = Callable[[Values], Sequence[Any]]
Pick: TypeAlias = Callable[[Values], Sequence[Any] | Values]

MOST_ROWS = 32
"""Rows of one INSERT. Fewer are put as sums of powers of two, so that a database keeps few statements prepared."""
_inserts: dict[tuple[type[SQLModel], tuple[str, ...], str], "_Insert"] = {}
_VALUES = re.compile(r"(INSERT INTO .*? VALUES )(\(.*\))(?: RETURNING .*)?", re.DOTALL)
_NAMED = re.compile(r"%\((\w+)\)s")


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
    insert_rows(connection, table, (row,))


def insert_rows(connection: Connection, table: type[SQLModel], rows: Sequence[Values]) -> None:
    """Insert rows that name the same columns, many by one statement."""
    if not rows:
        return
    key = (table, tuple(rows[0]), connection.dialect.name)
    made = _inserts.get(key) or _inserts.setdefault(key, _Insert(connection, table, key[1]))
    at = 0
    while at < len(rows):
        size = _portion(len(rows) - at)
        values = [value for row in rows[at : at + size] for value in made.pick(row)]
        execute(connection, made.sql(size), values)
        at += size


def _portion(left: int) -> int:
    """How many of the rows that are left the next statement takes."""
    return min(1 << left.bit_length() - 1, MOST_ROWS)


class _Given:
    """A statement over rows of values that are handed to it, many at once."""

    def __init__(self, table: type[SQLModel], columns: Sequence[str]) -> None:
        self._table: Any = getattr(table, "__table__")  # noqa: B009 - SQLModel does not declare it
        self._columns = tuple(columns)
        self._pick: Picked = itemgetter(*columns) if len(columns) > 1 else lambda row: (row[columns[0]],)
        self._texts: dict[tuple[str, int], str] = {}

    def _executed(self, connection: Connection, rows: Sequence[Values]) -> Iterator[Any]:
        at = 0
        while at < len(rows):
            size = _portion(len(rows) - at)
            values = [value for row in rows[at : at + size] for value in self._pick(row)]
            yield execute(connection, self._sql(connection, size), values)
            at += size

    def _sql(self, connection: Connection, rows: int) -> str:
        key = (connection.dialect.name, rows)
        if key not in self._texts:
            row = f"({', '.join(self._mark(connection, each) for each in self._columns)})"
            given = f"WITH given ({', '.join(self._columns)}) AS (VALUES {', '.join([row] * rows)})"
            self._texts[key] = f"{given} {self._rest()}"
        return self._texts[key]

    def _rest(self) -> str:
        """What is done with the rows of `given`."""
        raise NotImplementedError

    def _agree(self, keys: Sequence[str]) -> str:
        return " AND ".join(f"{self._table.name}.{each} = given.{each}" for each in keys)

    def _mark(self, connection: Connection, column: str) -> str:
        """A place for a value. PostgreSQL is told the type: it knows no column that the value is for."""
        if connection.dialect.name == "sqlite":
            return "?"
        return f"CAST(%s AS {self._table.c[column].type.compile(connection.dialect)})"


class RowsUpdate(_Given):
    """An UPDATE of many rows, each with values of its own: those whose `keys` agree get `sets`, and `adds` are added.

    `tells` are columns of the changed rows to give back. No two items may be for one row.
    """

    def __init__(
        self,
        table: type[SQLModel],
        keys: Sequence[str],
        sets: Sequence[str],
        adds: Sequence[str] = (),
        tells: Sequence[str] = (),
    ) -> None:
        super().__init__(table, (*keys, *sets, *adds))
        self._keys, self._sets, self._adds, self._tells = tuple(keys), tuple(sets), tuple(adds), tuple(tells)
        self._row = result_tuple(list(tells))

    def run(self, connection: Connection, rows: Sequence[Values]) -> list[Row[Any]]:
        """Change the rows: each item names every column. Gives what `tells` asks of those that were there, in no order."""
        if self._tells:
            return [self._row(found) for cursor in self._executed(connection, rows) for found in cursor.fetchall()]
        for _ in self._executed(connection, rows):
            pass
        return []

    def _rest(self) -> str:
        changes = [f"{each} = given.{each}" for each in self._sets]
        changes += [f"{each} = {self._table.name}.{each} + given.{each}" for each in self._adds]
        text = f"UPDATE {self._table.name} SET {', '.join(changes)} FROM given WHERE {self._agree(self._keys)}"  # noqa: S608 - our names
        told = [f"{self._table.name}.{each}" for each in self._tells]
        return f"{text} RETURNING {', '.join(told)}" if told else text


class RowsFind(_Given):
    """A SELECT of the rows whose `keys` agree with one of many."""

    def __init__(self, table: type[SQLModel], keys: Sequence[str], columns: Sequence[str]) -> None:
        super().__init__(table, keys)
        self._wanted = tuple(columns)
        self._row = result_tuple(list(columns))

    def all(self, connection: Connection, rows: Sequence[Values]) -> list[Row[Any]]:
        """Every row that is there, in no order."""
        return [self._row(found) for cursor in self._executed(connection, rows) for found in cursor.fetchall()]

    def _rest(self) -> str:
        wanted = ", ".join(f"{self._table.name}.{each}" for each in self._wanted)
        return f"SELECT {wanted} FROM given JOIN {self._table.name} ON {self._agree(self._columns)}"  # noqa: S608 - our names


class _Insert:
    """An INSERT of given columns, for any number of rows."""

    def __init__(self, connection: Connection, table: type[SQLModel], columns: tuple[str, ...]) -> None:
        compiled = insert(table).values(dict.fromkeys(columns)).compile(dialect=connection.dialect)
        found = _VALUES.fullmatch(str(compiled))
        assert found is not None
        self._head, row = found.groups()
        order = getattr(compiled, "positiontup", None) or _NAMED.findall(row)
        self._row = _NAMED.sub("%s", row)
        self._texts: dict[int, str] = {}
        self.pick: Picked = itemgetter(*order) if len(order) > 1 else lambda row: (row[order[0]],)

    def sql(self, rows: int) -> str:
        """The statement for so many rows."""
        text = self._texts.get(rows)
        if text is None:
            text = self._texts[rows] = f"{self._head}{', '.join([self._row] * rows)}"
        return text


def connection_of(at: Session | Connection) -> Connection:
    """The connection below; what the session holds back is written first."""
    if isinstance(at, Connection):
        return at
    at.flush()
    return at.connection()
