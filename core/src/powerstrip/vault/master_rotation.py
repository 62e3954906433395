"""Another master key: every data key is wrapped by the new one too, and both are good until that is finalised.

Each step is a transaction of its own and may be repeated: a hub that was killed goes on where it stood.
"""

import asyncio

from sqlalchemy import Connection, Select, delete, func, select, update
from sqlmodel import col

from powerstrip.problems import Conflict, Unprocessable
from powerstrip.store import Actor, AuditLog, DataKey, KeyWrap, Setting, Store, insert_row
from powerstrip.value import Value
from powerstrip.vault.master import MasterKey, MasterKeyError, Masters
from powerstrip.vault.ring import CHECK, NEXT, Ring

BATCH = 100
"""Data keys that one transaction wraps."""


class MasterStatus(Value):
    """The master key, the next one while it rotates, where it comes from, and how many data keys each of them wraps."""

    current: str
    next: str | None
    source: str
    wrapped: dict[str, int]
    data_keys: int


def check_of(master: MasterKey) -> str:
    """A master key's fingerprint and a value that only this key derives."""
    return f"{master.id} {master.derive('check').hex()}"


class MasterRotation:
    """Rotates the master key of a hub that runs."""

    def __init__(self, store: Store, ring: Ring, masters: Masters, audit: AuditLog) -> None:
        self._store = store
        self._ring = ring
        self._masters = masters
        self._audit = audit
        self._alone = asyncio.Lock()

    async def status(self) -> MasterStatus:
        """What stands."""
        return await self._store.read(lambda session: self._status(session.connection()))

    async def rotate(self, actor: Actor) -> MasterStatus:
        """Begin, or go on: wrap every data key by the next master key as well. Raises `Unprocessable` and `Conflict`."""
        async with self._alone:
            try:
                new = await asyncio.to_thread(self._masters.make_next)
            except MasterKeyError as error:
                raise Unprocessable(str(error), code="no_next_master_key") from None
            await self._store.hot(lambda connection: self._begin(connection, actor, new))
            self._ring.adopt(new)
            left = True
            while left:
                left = await self._store.hot(lambda connection: self._wrap(connection, new.id))
        return await self.status()

    async def finalise(self, actor: Actor) -> MasterStatus:
        """End the rotation: the old key opens nothing any more. Raises `Conflict` where something is not wrapped yet."""
        async with self._alone:
            next_id = (await self._rotating()).next or ""
            await self._store.read(lambda session: self._check_all(session.connection(), next_id))
            try:
                await asyncio.to_thread(self._masters.promote, next_id)
            except MasterKeyError as error:
                raise Unprocessable(str(error), code="next_master_key_not_in_place") from None
            old = await self._store.hot(lambda connection: self._finish(connection, actor, next_id))
            self._ring.drop(old)
        return await self.status()

    async def roll_back(self, actor: Actor) -> MasterStatus:
        """End the rotation the other way: the new key is dropped. Raises `Conflict` where the old one does not open all."""
        async with self._alone:
            status = await self._rotating()
            next_id = status.next or ""
            await self._store.read(lambda session: self._check_all(session.connection(), status.current))
            if self._masters.current.id == next_id:
                raise Conflict("Start the hub with the old master key again, then roll back", code="old_master_key_not_in_place")
            await asyncio.to_thread(self._masters.discard_next)
            await self._store.hot(lambda connection: self._undo(connection, actor, next_id))
            self._ring.drop(next_id)
        return await self.status()

    async def _rotating(self) -> MasterStatus:
        status = await self.status()
        if status.next is None:
            raise Conflict("No rotation of the master key is on: begin with rotate-master", code="not_rotating")
        return status

    def _status(self, connection: Connection) -> MasterStatus:
        counted = connection.execute(select(col(KeyWrap.master_key_id), func.count()).group_by(col(KeyWrap.master_key_id)))
        wrapped = {master: count for master, count in counted}  # noqa: C416 - rows are no pairs to a type checker
        current, following = (_setting(connection, name).partition(" ")[0] for name in (CHECK, NEXT))
        keys = connection.execute(select(func.count()).select_from(DataKey).where(col(DataKey.state) != "destroyed")).scalar_one()
        return MasterStatus(current, following or None, self._masters.source, wrapped, keys)

    def _begin(self, connection: Connection, actor: Actor, new: MasterKey) -> None:
        current, following = _setting(connection, CHECK), _setting(connection, NEXT)
        if check_of(new) == current:
            raise Conflict("The next master key is the present one: name another", code="same_master_key")
        if following and following != check_of(new):
            raise Conflict(
                f"A rotation to the master key {following.partition(' ')[0]} is on: give that one, or roll it back first",
                code="other_rotation",
            )
        if not following:
            insert_row(connection, Setting, {"name": NEXT, "value": check_of(new)})
            self._note(connection, actor, "begin", current, new.id)

    def _wrap(self, connection: Connection, master_id: str) -> bool:
        """Wrap some more keys and read each back; false where none is left."""
        ids = list(connection.execute(_unwrapped_by(master_id).limit(BATCH)).scalars())
        for key_id in ids:
            self._ring.wrap_again(connection, key_id, master_id)
        return bool(ids)

    def _check_all(self, connection: Connection, master_id: str) -> None:
        """Raise `Conflict` unless each data key comes out of this master key's wrapping."""
        if connection.execute(_unwrapped_by(master_id).limit(1)).first() is not None:
            raise Conflict(
                "Not every data key is wrapped by that master key yet: run rotate-master again", code="rotation_unfinished"
            )
        for key_id in connection.execute(select(col(DataKey.id)).where(col(DataKey.state) != "destroyed")).scalars():
            if not self._ring.wrapped_by(connection, key_id, master_id):
                raise Conflict(
                    f"The data key {key_id} does not open with the master key {master_id}: give both", code="does_not_open"
                )

    def _finish(self, connection: Connection, actor: Actor, next_id: str) -> str:
        if connection.execute(_unwrapped_by(next_id).limit(1)).first() is not None:
            raise Conflict("A data key was made meanwhile: run rotate-master again", code="rotation_unfinished")
        old, new = _setting(connection, CHECK), _setting(connection, NEXT)
        connection.execute(delete(KeyWrap).where(col(KeyWrap.master_key_id) != next_id))
        connection.execute(update(Setting).where(col(Setting.name) == CHECK).values(value=new))
        connection.execute(delete(Setting).where(col(Setting.name) == NEXT))
        self._note(connection, actor, "finalise", old, next_id)
        return old.partition(" ")[0]

    def _undo(self, connection: Connection, actor: Actor, next_id: str) -> None:
        connection.execute(delete(KeyWrap).where(col(KeyWrap.master_key_id) == next_id))
        connection.execute(delete(Setting).where(col(Setting.name) == NEXT))
        self._note(connection, actor, "roll_back", _setting(connection, CHECK), next_id)

    def _note(self, connection: Connection, actor: Actor, step: str, old: str, new: str) -> None:
        facts = {"step": step, "old": old.partition(" ")[0], "new": new}
        self._audit.append(connection, actor, "update", "master_key", new, changes=facts)


def _unwrapped_by(master_id: str) -> Select[str]:
    """Data keys that this master key does not wrap."""
    wrapped = select(col(KeyWrap.data_key_id)).where(col(KeyWrap.master_key_id) == master_id)
    return select(col(DataKey.id)).where(col(DataKey.state) != "destroyed", col(DataKey.id).not_in(wrapped))


def _setting(connection: Connection, name: str) -> str:
    return connection.execute(select(col(Setting.value)).where(col(Setting.name) == name)).scalar() or ""
