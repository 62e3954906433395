"""The key ring: data keys of projects and of the hub itself, each wrapped by the master key."""

import secrets
from typing import Any

from sqlalchemy import Connection, Row, bindparam, or_, select
from sqlmodel import col

from powerstrip.clock import monotonic, new_id, stamp
from powerstrip.store import DataKey, KeyWrap, Prepared, Setting, insert_row
from powerstrip.vault.box import Key, Place, SealBroken
from powerstrip.vault.master import KEY_BYTES, MasterKey, MasterKeyError

CHECK = "master_key_check"
"""The setting that holds the master key's fingerprint and a value only the right key derives."""
NEXT = "master_key_next"
"""The same of the key that is to take its place, while the master key rotates."""
HUB = ""
"""Stands for the project of what belongs to none."""
GRACE_SECONDS = 60.0
"""How long a destroyed key stays in memory: a box may have been read from its row just before."""

_current = Prepared(
    select(col(DataKey.id))
    .where(col(DataKey.project_id) == bindparam("project_id"), col(DataKey.state) == "current")
    .order_by(col(DataKey.created_at).desc(), col(DataKey.id).desc())
    .limit(1)
)
_of_hub = Prepared(
    select(col(DataKey.id))
    .where(col(DataKey.project_id).is_(None), col(DataKey.state) == bindparam("with_state"))
    .order_by(col(DataKey.created_at), col(DataKey.id))
    .limit(1)
)
_hub_keys = Prepared(
    select(col(DataKey.id)).where(
        col(DataKey.project_id).is_(None), or_(col(DataKey.state) == "current", col(DataKey.state) == "previous")
    )
)
_wraps = Prepared(
    select(col(DataKey.project_id), col(KeyWrap.master_key_id), col(KeyWrap.wrapped))
    .join(KeyWrap, col(KeyWrap.data_key_id) == col(DataKey.id))
    .where(col(DataKey.id) == bindparam("id"))
)
_setting = Prepared(select(col(Setting.value)).where(col(Setting.name) == bindparam("name")))


class Ring:
    """Data keys, read from their rows when first needed and kept unwrapped in memory. Safe in many threads.

    Only `load` is answered from memory: which key is current is asked of the rows each time, for a key whose transaction was
    undone must not seal anything.
    """

    def __init__(self, *masters: MasterKey) -> None:
        self._wrapping = {master.id: _wrapping(master) for master in masters}
        self._keys: dict[str, Key] = {}
        self._retired: dict[str, float] = {}
        self._hub = ""

    @property
    def hub(self) -> Key:
        """The hub's own key, for what belongs to no project. `take_hub` comes first."""
        return self.loaded(self._hub)

    def take_hub(self, connection: Connection) -> None:
        """Read the hub's own keys into memory, the current one and those that still open; make one where there is none."""
        for found in _hub_keys.all(connection):
            self.load(connection, found.id)
        self._hub = self.current(connection, HUB).id

    def adopt(self, master: MasterKey) -> None:
        """Wrap and unwrap with this master key too."""
        self._wrapping[master.id] = _wrapping(master)

    def drop(self, master_id: str) -> None:
        """Use this master key no more."""
        self._wrapping.pop(master_id, None)

    def current(self, connection: Connection, project_id: str) -> Key:
        """The project's key for sealing (the hub's own for `HUB`); made in this transaction where there is none."""
        found = (
            _current.first(connection, project_id=project_id)
            if project_id != HUB
            else _of_hub.first(connection, with_state="current")
        )
        return self.load(connection, found.id) if found else self.make(connection, project_id)

    def load(self, connection: Connection, id: str) -> Key:
        """The key with this id. Raises `SealBroken` where there is none, `MasterKeyError` where another master wrapped it."""
        self._forget_retired()
        if id not in self._keys:
            self._keys[id] = Key(id, self._unwrapped(connection, id))
        return self._keys[id]

    def loaded(self, id: str) -> Key:
        """The same, once it was loaded. Raises `SealBroken`."""
        if id not in self._keys:
            raise SealBroken
        return self._keys[id]

    def retire(self, id: str) -> None:
        """Forget a destroyed key, soon."""
        self._retired[id] = monotonic() + GRACE_SECONDS

    def make(self, connection: Connection, project_id: str) -> Key:
        """A new current key, in this transaction."""
        key_id, material = new_id("dk"), secrets.token_bytes(KEY_BYTES)
        self._insert(connection, key_id, project_id, "current", material)
        self._keys[key_id] = Key(key_id, material)
        return self._keys[key_id]

    def root(self, connection: Connection, earlier: bytes | None = None) -> bytes:
        """What keys for a purpose are derived from. Made in this transaction where there is none: `earlier`, or random."""
        found = _of_hub.first(connection, with_state="root")
        if found is not None:
            return self._unwrapped(connection, found.id)
        material = earlier or secrets.token_bytes(KEY_BYTES)
        self._insert(connection, new_id("dk"), HUB, "root", material)
        return material

    def wrap_again(self, connection: Connection, id: str, master_id: str) -> None:
        """Wrap a key by one more master key of the ring, and read it back. Raises `SealBroken` where that does not open."""
        project_id, material = self._opened(connection, id)
        self._wrap(connection, id, project_id, master_id, material)
        if not self.wrapped_by(connection, id, master_id):
            raise SealBroken

    def wrapped_by(self, connection: Connection, id: str, master_id: str) -> bool:
        """Whether the key comes out of this master key's wrapping as it comes out of every other. Raises `SealBroken`."""
        found = [row for row in _wraps.all(connection, id=id) if row.master_key_id in self._wrapping]
        materials = {row.master_key_id: self._open(id, row) for row in found}
        return master_id in materials and len(set(materials.values())) == 1

    def _insert(self, connection: Connection, id: str, project_id: str, state: str, material: bytes) -> None:
        row = {"id": id, "project_id": project_id or None, "state": state, "created_at": stamp()}
        insert_row(connection, DataKey, row)
        for master_id in self._accepted(connection):
            self._wrap(connection, id, project_id, master_id, material)

    def _accepted(self, connection: Connection) -> list[str]:
        """Those of our master keys that the database knows. Raises `MasterKeyError` where it knows none of them."""
        known = [row.value.partition(" ")[0] for name in (CHECK, NEXT) if (row := _setting.first(connection, name=name))]
        held = [each for each in self._wrapping if each in known or not known]
        if not held:
            raise MasterKeyError("The master key was rotated meanwhile: start this hub again with the new one")
        return held

    def _wrap(self, connection: Connection, id: str, project_id: str, master_id: str, material: bytes) -> None:
        wrapped = self._wrapping[master_id].seal(_place(project_id, id), material)
        insert_row(connection, KeyWrap, {"data_key_id": id, "master_key_id": master_id, "wrapped": wrapped})

    def _unwrapped(self, connection: Connection, id: str) -> bytes:
        return self._opened(connection, id)[1]

    def _opened(self, connection: Connection, id: str) -> tuple[str, bytes]:
        rows = _wraps.all(connection, id=id)
        usable = next((row for row in rows if row.master_key_id in self._wrapping), None)
        if usable is not None:
            return usable.project_id or HUB, self._open(id, usable)
        if rows:
            by = rows[0].master_key_id
            raise MasterKeyError(f"The data key {id} was wrapped by the master key {by}: give that one")
        raise SealBroken

    def _open(self, id: str, row: Row[Any]) -> bytes:
        return self._wrapping[row.master_key_id].open(_place(row.project_id or HUB, id), bytes(row.wrapped))

    def _forget_retired(self) -> None:
        for key_id, at in list(self._retired.items()):
            if monotonic() >= at:
                self._retired.pop(key_id, None)
                self._keys.pop(key_id, None)


def _wrapping(master: MasterKey) -> Key:
    return Key(master.id, master.derive("wrap"))


def _place(project_id: str, id: str) -> Place:
    return Place(project_id, id, "data_key")
