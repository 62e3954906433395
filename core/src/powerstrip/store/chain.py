"""The end of the audit chain: known for the length of a transaction, kept in the database at its commit.

The end is kept apart from the rows, under a keyed hash, so that rows cut off the end are missed. It is read once in a
transaction and written once, at the commit. Savepoints are followed: what is rolled back did not happen.
"""

import hashlib
import hmac
from typing import NamedTuple

from sqlalchemy import Connection, Engine, bindparam, event, func, insert, select, update
from sqlmodel import col

from powerstrip.store.rows import Prepared, execute
from powerstrip.store.tables import Audit, Setting

START = "0" * 64
"""What the first row follows; also what a row follows where the chain was found without its end."""
NAME = "audit_end"
LOCK = 0x706F7765
"""An advisory lock of ours on PostgreSQL: one process appends at a time."""
_END, _MARKS = "audit_end", "audit_marks"

_read = Prepared(
    select(
        select(col(Setting.value)).where(col(Setting.name) == NAME).scalar_subquery().label("kept"),
        select(func.max(col(Audit.seq))).scalar_subquery().label("last"),
    )
)
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


def end_of(connection: Connection, key: bytes) -> End:
    """Where the next row goes on. The first time in a transaction it is read, under a lock."""
    end: End | None = connection.info.get(_END)
    if end is None or end.key != key:
        end = _read_end(connection, key)
    return end


def move_end(connection: Connection, end: End) -> None:
    """Remember a row that was appended in this transaction."""
    connection.info[_END] = end


def _read_end(connection: Connection, key: bytes) -> End:
    if connection.dialect.name == "postgresql":
        execute(connection, f"SELECT pg_advisory_xact_lock({LOCK})")
    found = _read.first(connection)
    kept, last = (found.kept, found.last or 0) if found else (None, 0)
    end = parse(kept, key) if kept else None
    if end is None or end.seq < last:
        return End(last, START, key)  # a lost or forged end stays visible: the next row does not follow the last
    return end


def mark(connection: Connection, name: str) -> None:
    """A savepoint was set."""
    info = connection.info
    info.setdefault(_MARKS, {})[name] = info.get(_END)


def back(connection: Connection, name: str) -> None:
    """The transaction went back to that savepoint."""
    info = connection.info
    end = info.get(_MARKS, {}).get(name)
    if end is None:
        info.pop(_END, None)
    else:
        info[_END] = end


def watch(engine: Engine) -> None:
    """Follow the engine's transactions."""
    event.listen(engine, "commit", _keep)
    event.listen(engine, "rollback", _forget)
    event.listen(engine, "savepoint", mark)
    event.listen(engine, "rollback_savepoint", _back)


def _back(connection: Connection, name: str, context: None) -> None:
    back(connection, name)


def _keep(connection: Connection) -> None:
    """Write the end, in the transaction that is about to be committed."""
    end: End | None = connection.info.get(_END)
    _forget(connection)
    if end is not None:
        text = end.text()
        if not _update.run(connection, text=text):
            _insert.run(connection, text=text)


def _forget(connection: Connection) -> None:
    if connection.invalidated:
        return  # what was known of a lost connection goes with it
    connection.info.pop(_END, None)
    connection.info.pop(_MARKS, None)
