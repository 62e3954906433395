"""The one place where a row's project is enforced."""

import re
from typing import Any, Generic, TypeVar

from sqlalchemy.orm import make_transient
from sqlmodel import Session, SQLModel, and_, col, or_, select

from powerstrip.problems import NotFound

Row = TypeVar("Row", bound=SQLModel)


class Scope(Generic[Row]):
    """Rows of one project. What belongs to another project is as absent as what never was."""

    def __init__(self, session: Session, project_id: str) -> None:
        self.session = session
        self.project_id = project_id

    def get(self, table: type[Row], id: str) -> Row:
        """The row with this id. Raises `NotFound`."""
        row = self.find(table, id=id)
        if row is None:
            raise NotFound(f"There is no {_word(table)} with this id in this project")
        return row

    def find(self, table: type[Row], **equals: Any) -> Row | None:
        """The one row whose columns equal these values; None when there is none."""
        query = select(table).where(self._mine(table), *(_column(table, name) == value for name, value in equals.items()))
        return self.session.exec(query).first()

    def all(self, table: type[Row], *where: Any, order: str = "created_at") -> list[Row]:
        """Every row that fits, oldest first: for tables that stay small."""
        query = select(table).where(self._mine(table), *where).order_by(_column(table, order), _column(table, "id"))
        return list(self.session.exec(query))

    def page(
        self,
        table: type[Row],
        *where: Any,
        after: tuple[str, str] | None = None,
        limit: int = 50,
        order: str = "created_at",
    ) -> list[Row]:
        """Newest first, after the given (order value, id). Ask for one more than you show to learn whether there is more."""
        at, key = _column(table, order), _column(table, "id")
        query = select(table).where(self._mine(table), *where)
        if after is not None:
            query = query.where(or_(at < after[0], and_(at == after[0], key < after[1])))
        return list(self.session.exec(query.order_by(at.desc(), key.desc()).limit(limit)))

    def add(self, row: Row) -> Row:
        """Insert a row of this project. Raises `NotFound` where it names another.

        The row counts as new even if an earlier run of the same work, since undone, has added it.
        """
        if getattr(row, "project_id", None) != self.project_id:
            raise NotFound(f"This {_word(type(row))} belongs to another project")
        make_transient(row)
        self.session.add(row)
        self.session.flush()
        return row

    def delete(self, row: Row) -> None:
        """Remove a row that `get` or `find` gave."""
        self.session.delete(row)
        self.session.flush()

    def _mine(self, table: type[Row]) -> Any:
        return _column(table, "project_id") == self.project_id


def scope(session: Session, project_id: str) -> Scope[Any]:
    """A session's view of one project."""
    return Scope(session, project_id)


def _column(table: type[SQLModel], name: str) -> Any:
    return col(getattr(table, name))


def _word(table: type[SQLModel]) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", " ", table.__name__).lower()
