"""How many rows came in each hour: the figures of a day."""

from typing import Any, TypeAlias

from sqlmodel import Session, case, func, select

Hours: TypeAlias = dict[str, tuple[int, int]]
"""Rows and failures by hour, an hour being the beginning of an RFC 3339 time, `2030-01-31T12`."""

MAX_ROWS = 100_000
"""Rows that are counted, the newest first: a busy day is not read to its end for a picture."""


def by_hour(session: Session, stamp: Any, *where: Any, failed: Any = None) -> Hours:
    """Rows that these conditions name, by the hour of their `stamp`; `failed` is the condition that makes one a failure."""
    missed = case((failed, 1), else_=0) if failed is not None else 0 * func.length(stamp)
    newest = select(func.substr(stamp, 1, 13).label("hour"), missed.label("missed")).where(*where)
    rows = newest.order_by(stamp.desc()).limit(MAX_ROWS).subquery()
    query = select(rows.c.hour, func.count(), func.sum(rows.c.missed)).group_by(rows.c.hour)
    return {str(hour): (int(count), int(missing)) for hour, count, missing in session.connection().execute(query)}
