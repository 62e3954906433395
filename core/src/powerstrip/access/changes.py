"""Changes to a row, and how the audit log tells them."""

from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar

from sqlmodel import Session, SQLModel

from powerstrip.clock import stamp
from powerstrip.store import Actor, AuditLog

Row = TypeVar("Row")


class Journal:
    """The audit log for one type of resource."""

    def __init__(self, audit: AuditLog, resource_type: str) -> None:
        self._audit = audit
        self._type = resource_type

    def note(
        self, session: Session, actor: Actor, action: str, row: Any, changes: dict[str, Any], name: str | None = None
    ) -> None:
        """Tell of one change to `row`, in its transaction. `name` stands for rows that have none of their own."""
        project_id = row.id if self._type == "project" else row.project_id
        name = row.name if name is None else name
        self._audit.append(session, actor, action, self._type, row.id, project_id=project_id, resource_name=name, changes=changes)


def change(row: SQLModel, values: Mapping[str, Any], untold: Collection[str] = ()) -> dict[str, Any]:
    """Set the values that differ, and say what was and what is. Of the fields `untold` only the name is told."""
    changes: dict[str, Any] = {}
    for name, value in values.items():
        before = getattr(row, name)
        if before != value:
            setattr(row, name, value)
            changes[name] = {} if name in untold else {"before": before, "after": value}
    if changes:
        setattr(row, "updated_at", stamp())  # noqa: B010 - a column that every changeable table has
    return changes


def given(**values: Any) -> dict[str, Any]:
    """The values that are not None: what a partial update names."""
    return {name: value for name, value in values.items() if value is not None}


def page(rows: Collection[Row], key: Callable[[Row], tuple[str, str]], after: tuple[str, str] | None, limit: int) -> list[Row]:
    """Newest first, after the given (time, id), of rows that are few enough to be read at once."""
    ordered = sorted(rows, key=key, reverse=True)
    return [row for row in ordered if after is None or key(row) < after][:limit]
