"""Inserts for hot paths: the statement is compiled once, the driver gets the row."""

from typing import Any

from sqlalchemy import Connection, insert
from sqlmodel import SQLModel

_compiled: dict[tuple[str, str, tuple[str, ...]], tuple[str, bool]] = {}


def insert_row(connection: Connection, table: type[SQLModel], row: dict[str, Any]) -> None:
    """Insert one row. Values must be what the driver takes: texts, numbers, bytes, None; JSON as ready text."""
    names = tuple(row)
    key = (connection.dialect.name, str(table.__tablename__), names)
    if key not in _compiled:
        statement = insert(table).values(dict.fromkeys(names))
        compiled = statement.compile(dialect=connection.dialect)
        order = tuple(compiled.positiontup or ())
        if order and order != names:
            raise ValueError(f"give the columns of {table.__tablename__} in the table's order: {order}")
        _compiled[key] = (str(compiled), bool(order))
    sql, positional = _compiled[key]
    connection.exec_driver_sql(sql, tuple(row.values()) if positional else row)
