"""Another data key: what a project has sealed is sealed anew in batches, while it is read and written.

The new key seals from the first step on; the old one opens until `finalise` destroys it. Which rows are still to be done is
read from the boxes themselves, so that a hub that was killed goes on where it stood.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, delete, func, select, update
from sqlmodel import col

from powerstrip.problems import Conflict
from powerstrip.store import Actor, AuditLog, DataKey, KeyWrap, Store
from powerstrip.value import Value
from powerstrip.vault.box import Key, SealBroken, key_id
from powerstrip.vault.ring import HUB, Ring
from powerstrip.vault.sealed import SealedColumn, sealed_columns

BATCH = 200
"""Rows that one transaction looks at: some 20 ms, so that calls are not held up."""
MAX_BROKEN = 20
"""Rows that do not open that are named."""


class DataStatus(Value):
    """The keys of one project (`HUB` for the hub's own), and how many boxes each has sealed, by column."""

    project_id: str
    current: str | None
    previous: str | None
    boxes: dict[str, int]
    columns: dict[str, dict[str, int]]


@dataclass
class Progress:
    """How far a rotation is: rows looked at, rows sealed anew, rows that do not open."""

    looked_at: int = 0
    sealed_anew: int = 0
    broken: list[str] = field(default_factory=list[str])


class DataRotation:
    """Rotates the data keys of a hub that runs, one project after the other."""

    def __init__(self, store: Store, ring: Ring, audit: AuditLog) -> None:
        self._store = store
        self._ring = ring
        self._audit = audit
        self._running: dict[str, Progress] = {}

    def progress(self, project_id: str) -> Progress | None:
        """How far the rotation is that runs now; None where none does."""
        return self._running.get(project_id)

    async def status(self, project_id: str) -> DataStatus:
        """The project's keys and the boxes of each. Looks at every box's header."""
        return await self._store.read(lambda session: _status(session.connection(), project_id))

    async def projects(self) -> list[str]:
        """Those that have a data key; `HUB` is one of them."""
        found = select(col(DataKey.project_id)).where(col(DataKey.state) == "current").distinct()
        owners = await self._store.read(lambda session: list(session.connection().execute(found).scalars()))
        return sorted(owner or HUB for owner in owners)

    async def rotate(self, project_id: str, actor: Actor) -> Progress:
        """Make a new key and seal everything anew with it, or go on with that. Raises `Conflict` where this runs already."""
        return await self._run(project_id, lambda connection: self._begin(connection, project_id, actor))

    async def roll_back(self, project_id: str, actor: Actor) -> Progress:
        """Make the old key the current one again and seal everything anew with that; `finalise` then destroys the other."""
        return await self._run(project_id, lambda connection: self._turn(connection, project_id, actor))

    async def finalise(self, project_id: str, actor: Actor) -> DataStatus:
        """Destroy the previous key. Raises `Conflict` where it still holds a box, or where there is none."""
        if project_id in self._running:
            raise Conflict("The data key is rotating: wait until that is done", code="rotation_running")
        old = await self._store.hot(lambda connection: self._destroy(connection, project_id, actor))
        self._ring.retire(old)
        return await self.status(project_id)

    async def _run(self, project_id: str, begin: Callable[[Connection], None]) -> Progress:
        if project_id in self._running:
            raise Conflict("The data key is rotating already: see keys status", code="rotation_running")
        progress = self._running[project_id] = Progress()
        try:
            await self._store.hot(begin)
            if project_id == HUB:  # after the commit: a key that was undone must not seal
                await self._store.hot(self._ring.take_hub)
            for column in _columns_of(project_id):
                after = ""
                while after is not None:
                    after = await self._store.hot(
                        lambda connection, column=column, after=after: self._batch(
                            connection, column, project_id, after, progress
                        )
                    )
        finally:
            del self._running[project_id]
        return progress

    def _begin(self, connection: Connection, project_id: str, actor: Actor) -> None:
        current, previous = _keys(connection, project_id)
        if previous is not None:
            return
        if current is not None:
            connection.execute(update(DataKey).where(col(DataKey.id) == current).values(state="previous"))
        new = self._ring.make(connection, project_id).id
        self._changed(connection, project_id, actor, "begin", current, new)

    def _turn(self, connection: Connection, project_id: str, actor: Actor) -> None:
        current, previous = _keys(connection, project_id)
        if previous is None or current is None:
            raise Conflict("No rotation of this data key is on: there is nothing to go back to", code="not_rotating")
        connection.execute(update(DataKey).where(col(DataKey.id) == current).values(state="previous"))
        connection.execute(update(DataKey).where(col(DataKey.id) == previous).values(state="current"))
        self._changed(connection, project_id, actor, "roll_back", current, previous)

    def _changed(self, connection: Connection, project_id: str, actor: Actor, step: str, old: str | None, new: str) -> None:
        self._note(connection, project_id, actor, new, {"step": step, "old": old, "new": new})

    def _destroy(self, connection: Connection, project_id: str, actor: Actor) -> str:
        status = _status(connection, project_id)
        if status.previous is None:
            raise Conflict("No rotation of this data key is on: begin with rotate-data", code="not_rotating")
        if left := status.boxes.get(status.previous, 0):
            raise Conflict(
                f"{left} boxes are still sealed with the previous key: run rotate-data again; it names rows that do not open",
                code="rotation_unfinished",
                details={"left": left},
            )
        connection.execute(delete(KeyWrap).where(col(KeyWrap.data_key_id) == status.previous))
        connection.execute(update(DataKey).where(col(DataKey.id) == status.previous).values(state="destroyed"))
        facts = {"step": "finalise", "old": status.previous, "new": status.current}
        self._note(connection, project_id, actor, status.current or "", facts)
        return status.previous

    def _batch(self, connection: Connection, column: SealedColumn, project_id: str, after: str, progress: Progress) -> str | None:
        """Seal some more rows anew and read them back; gives the last one's key, None where there are no more."""
        current = self._ring.current(connection, project_id)
        rows = _rows_after(connection, column, project_id, after)
        changed = dict(each for row in rows if (each := self._reseal(connection, column, row, current, progress)))
        self._read_back(connection, column, changed, current)
        progress.looked_at += len(rows)
        progress.sealed_anew += len(changed)
        return str(getattr(rows[-1], column.key)) if len(rows) == BATCH else None

    def _reseal(
        self, connection: Connection, column: SealedColumn, row: Row[Any], current: Key, progress: Progress
    ) -> "tuple[str, bytes] | None":
        key, blob = str(getattr(row, column.key)), bytes(getattr(row, column.column))
        try:
            if key_id(blob) == current.id:
                return None
            place = column.place(connection, row)
            plain = self._ring.load(connection, key_id(blob)).open(place, blob)
        except SealBroken:
            if len(progress.broken) < MAX_BROKEN:
                progress.broken.append(f"{column.name} {key}")
            return None
        table = _table(column)
        values: dict[str, Any] = {column.column: current.seal(place, plain)}
        if column.data_key is not None:
            values[column.data_key] = current.id
        unchanged = (table.c[column.key] == key, table.c[column.column] == blob)
        done = connection.execute(update(table).where(*unchanged).values(values))
        return (key, plain) if done.rowcount == 1 else None

    def _read_back(self, connection: Connection, column: SealedColumn, written: dict[str, bytes], current: Key) -> None:
        """Raise `SealBroken`, and so undo the batch, unless each row gives what it gave before."""
        table = _table(column)
        for row in connection.execute(select(table).where(table.c[column.key].in_(list(written)))):
            plain = current.open(column.place(connection, row), bytes(getattr(row, column.column)))
            if plain != written[str(getattr(row, column.key))]:
                raise SealBroken

    def _note(self, connection: Connection, project_id: str, actor: Actor, new: str, facts: dict[str, Any]) -> None:
        self._audit.append(connection, actor, "update", "data_key", new, project_id=project_id or None, changes=facts)


def _columns_of(project_id: str) -> list[SealedColumn]:
    return [column for column in sealed_columns() if (column.project is None) == (project_id == HUB)]


def _table(column: SealedColumn) -> Any:
    return column.table.__table__  # pyright: ignore[reportUnknownMemberType,reportAttributeAccessIssue,reportUnknownVariableType]


def _mine(column: SealedColumn, project_id: str) -> list[Any]:
    table = _table(column)
    own = [table.c[column.column].is_not(None), func.length(table.c[column.column]) > 0]
    return own if column.project is None else [*own, table.c[column.project] == project_id]


def _rows_after(connection: Connection, column: SealedColumn, project_id: str, after: str) -> list[Row[Any]]:
    table = _table(column)
    key = table.c[column.key]
    query = select(table).where(*_mine(column, project_id), key > after).order_by(key).limit(BATCH)
    return list(connection.execute(query))


def _keys(connection: Connection, project_id: str) -> tuple[str | None, str | None]:
    """The current and the previous key's id."""
    owner = col(DataKey.project_id)
    mine = owner.is_(None) if project_id == HUB else owner == project_id
    query = select(col(DataKey.state), col(DataKey.id)).where(mine).order_by(col(DataKey.created_at), col(DataKey.id))
    states: dict[str, str] = {row.state: row.id for row in connection.execute(query)}
    return states.get("current"), states.get("previous")


def _status(connection: Connection, project_id: str) -> DataStatus:
    current, previous = _keys(connection, project_id)
    columns = {column.name: _counts(connection, column, project_id, current or "") for column in _columns_of(project_id)}
    boxes = sum((Counter(counts) for counts in columns.values()), Counter[str]())
    return DataStatus(project_id, current, previous, dict(boxes), columns)


def _counts(connection: Connection, column: SealedColumn, project_id: str, like: str) -> dict[str, int]:
    """Boxes by the key that sealed them. The ids of data keys are all as long as `like`; they begin at the third byte."""
    named = func.substr(_table(column).c[column.column], 3, len(like) or 29)
    query = select(named, func.count()).where(*_mine(column, project_id)).group_by(named)
    return {bytes(key).decode("ascii", "replace"): count for key, count in connection.execute(query)}
