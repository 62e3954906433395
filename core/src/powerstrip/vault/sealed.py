"""The one list of sealed columns. Whatever room keeps boxes registers its columns here, and key rotation finds them all."""

from collections.abc import Callable
from typing import Any, TypeAlias

from sqlalchemy import Connection, Row
from sqlmodel import SQLModel

from powerstrip.value import Value
from powerstrip.vault.box import Place

PlaceOf: TypeAlias = Callable[[Connection, Row[Any]], Place]


class SealedColumn(Value):
    """A column that holds boxes, or nothing.

    `place` says where a row's box belongs, from the row with all its columns; it may look up what stands elsewhere. `key` is
    the primary key. `data_key` is the column that names the box's data key, where the table keeps one. `project` is the
    column that names the project; None for a table of the hub itself.
    """

    table: type[SQLModel]
    column: str
    place: PlaceOf
    key: str = "id"
    data_key: str | None = None
    project: str | None = "project_id"

    @property
    def name(self) -> str:
        """`table.column`, as status reports write it."""
        return f"{self.table.__tablename__}.{self.column}"  # pyright: ignore[reportUnknownMemberType] - SQLAlchemy's own typing


_registered: dict[str, SealedColumn] = {}


def register(column: SealedColumn) -> None:
    """Add a column to the list, when its room is imported. A column that is not on it would be lost with the old key."""
    _registered[column.name] = column


def sealed_columns() -> tuple[SealedColumn, ...]:
    """Every column that was registered, by name."""
    return tuple(_registered[name] for name in sorted(_registered))
