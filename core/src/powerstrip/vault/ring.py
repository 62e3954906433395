"""The key ring: one data key for each project, wrapped by the master key."""

import secrets
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select
from sqlmodel import col

from powerstrip.clock import new_id, stamp
from powerstrip.store import DataKey, Prepared, insert_row
from powerstrip.vault.box import Key, Place, SealBroken
from powerstrip.vault.master import KEY_BYTES, MasterKey, MasterKeyError

_columns = (col(DataKey.id), col(DataKey.project_id), col(DataKey.wrapped), col(DataKey.master_key_id))
_newest = Prepared(
    select(*_columns)
    .where(col(DataKey.project_id) == bindparam("project_id"), col(DataKey.state) == "current")
    .order_by(col(DataKey.created_at).desc(), col(DataKey.id).desc())
    .limit(1)
)
_by_id = Prepared(select(*_columns).where(col(DataKey.id) == bindparam("id")))


class Ring:
    """Data keys, read from their rows when first needed and kept unwrapped in memory. Safe in many threads.

    Only `key` is answered from memory: which key is current is asked of the rows each time, for a key whose transaction was
    undone must not seal anything.
    """

    def __init__(self, master: MasterKey) -> None:
        self._master = master
        self._wrapping = Key(master.id, master.derive("wrap"))
        self._keys: dict[str, Key] = {}

    def current(self, connection: Connection, project_id: str) -> Key:
        """The project's key for sealing; made in this transaction where there is none."""
        row = _newest.first(connection, project_id=project_id)
        return self._unwrapped(row) if row else self._make(connection, project_id)

    def load(self, connection: Connection, id: str) -> Key:
        """The key with this id. Raises `SealBroken` where there is none."""
        if id not in self._keys:
            row = _by_id.first(connection, id=id)
            if row is None:
                raise SealBroken
            return self._unwrapped(row)
        return self._keys[id]

    def loaded(self, id: str) -> Key:
        """The same, once it was loaded. Raises `SealBroken`."""
        if id not in self._keys:
            raise SealBroken
        return self._keys[id]

    def _make(self, connection: Connection, project_id: str) -> Key:
        key_id, material = new_id("dk"), secrets.token_bytes(KEY_BYTES)
        row = {
            "id": key_id,
            "project_id": project_id,
            "wrapped": self._wrapping.seal(_place(project_id, key_id), material),
            "master_key_id": self._master.id,
            "state": "current",
            "created_at": stamp(),
        }
        insert_row(connection, DataKey, row)
        self._keys[key_id] = Key(key_id, material)
        return self._keys[key_id]

    def _unwrapped(self, row: Row[Any]) -> Key:
        if row.id in self._keys:
            return self._keys[row.id]
        if row.master_key_id != self._master.id:
            raise MasterKeyError(f"The data key {row.id} was wrapped by the master key {row.master_key_id}: give that one")
        material = self._wrapping.open(_place(row.project_id, row.id), bytes(row.wrapped))
        self._keys[row.id] = Key(row.id, material)
        return self._keys[row.id]


def _place(project_id: str, id: str) -> Place:
    return Place(project_id, id, "data_key")
