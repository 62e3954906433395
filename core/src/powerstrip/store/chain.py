"""The end of the audit chain: known for the length of a transaction, kept in the database at its commit.

The end is kept apart from the rows, under a keyed hash, so that rows cut off the end are missed. It is read once in a
transaction and written once, at the commit. Savepoints are followed: what is rolled back did not happen.
"""

import hashlib
import hmac
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Connection, Engine, bindparam, event, func, insert, select, update
from sqlmodel import col

from powerstrip.store.rows import Prepared, execute
from powerstrip.store.tables import Audit, Setting

START = "0" * 64
"""What the first row follows."""
LOST = "f" * 64
"""What a row follows where the chain was found without its end: no row has this hash, so the break stays to be seen."""
NAME = "audit_end"
LOCK = 0x706F7765
"""An advisory lock of ours on PostgreSQL: one process appends at a time."""
_SEEN = "audit_seen"

_read = Prepared(
    select(
        select(col(Setting.value)).where(col(Setting.name) == NAME).scalar_subquery().label("kept"),
        select(func.max(col(Audit.seq))).scalar_subquery().label("last"),
    )
)
_last = Prepared(select(col(Audit.hash)).order_by(col(Audit.seq).desc()).limit(1))
_update = Prepared(update(Setting).where(col(Setting.name) == NAME).values(value=bindparam("text")))
_insert = Prepared(insert(Setting).values(name=NAME, value=bindparam("text")))


class End(NamedTuple):
    """The last row's number and hash, and the key that vouches for them."""

    seq: int
    hash: str
    key: bytes

    def text(self) -> str:
        """As it is kept: number, hash, keyed hash of both."""
        facts = f"end {self.seq} {self.hash}"
        return f"{self.seq} {self.hash} {hmac.digest(self.key, facts.encode(), hashlib.sha256).hex()}"


def parse(text: str, key: bytes) -> End | None:
    """The kept end; None where it is not what this key wrote."""
    seq, _, rest = text.partition(" ")
    end = End(int(seq), rest.partition(" ")[0], key) if seq.isdecimal() and seq.isascii() else None
    return end if end and hmac.compare_digest(end.text().encode(), text.encode()) else None


@dataclass(slots=True)
class _Seen:
    """What a transaction knows: the record it found, where it began, and where it is; None after going back to a savepoint."""

    kept: str | None
    start: End
    now: End | None


def end_of(connection: Connection, key: bytes) -> End:
    """Where the next row goes on. The first time in a transaction it is read, under a lock."""
    seen: _Seen | None = connection.info.get(_SEEN)
    if seen is not None and seen.now is not None and seen.now.key == key:
        return seen.now
    return _look(connection, key, seen)


def move_end(connection: Connection, end: End) -> None:
    """Remember a row that was appended in this transaction."""
    connection.info[_SEEN].now = end


def went_back(connection: Connection) -> None:
    """The transaction went back to a savepoint: rows may be gone, and on PostgreSQL the lock that was taken after it."""
    seen: _Seen | None = connection.info.get(_SEEN)
    if seen is not None:
        seen.now = None


def _look(connection: Connection, key: bytes, before: _Seen | None) -> End:
    if connection.dialect.name == "postgresql":
        execute(connection, f"SELECT pg_advisory_xact_lock({LOCK})")
    found = _read.first(connection)
    kept, last = (found.kept, found.last or 0) if found else (None, 0)
    if before is not None and before.kept == kept and before.start.key == key and last > before.start.seq:
        start, now = before.start, End(last, _last_hash(connection), key)  # our own rows, from before the savepoint
    else:
        start = now = _trusted(kept, last, key)
    connection.info[_SEEN] = _Seen(kept, start, now)
    return now


def _trusted(kept: str | None, last: int, key: bytes) -> End:
    """The end on record. A lost or forged one stays visible: the next row will not follow the last."""
    end = parse(kept, key) if kept else None
    return end if end is not None and end.seq >= last else End(last, LOST, key)


def _last_hash(connection: Connection) -> str:
    row = _last.first(connection)
    return row.hash if row else START


def watch(engine: Engine) -> None:
    """Follow the engine's transactions."""
    event.listen(engine, "commit", _keep)
    event.listen(engine, "rollback", _forget)
    event.listen(engine, "rollback_savepoint", _savepoint_rolled_back)


def _savepoint_rolled_back(connection: Connection, name: str, context: None) -> None:
    if not connection.invalidated:
        went_back(connection)


def _keep(connection: Connection) -> None:
    """Write the end on record, in the transaction that is about to be committed."""
    seen: _Seen | None = connection.info.get(_SEEN)
    if seen is None:
        return
    end = seen.now or _look(connection, seen.start.key, seen)
    _forget(connection)
    if end != seen.start:
        text = end.text()
        if not _update.run(connection, text=text):
            _insert.run(connection, text=text)


def _forget(connection: Connection) -> None:
    if not connection.invalidated:  # what was known of a lost connection goes with it
        connection.info.pop(_SEEN, None)
