"""The audit chain: each row is bound to the one before it by a keyed hash."""

import hashlib
import hmac
import json
from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Row, select, type_coerce
from sqlalchemy.types import NullType
from sqlmodel import Session, col

from powerstrip.clock import row_id, stamp
from powerstrip.store.chain import NAME, START, End, end_of, move_end, parse
from powerstrip.store.rows import connection_of, insert_rows
from powerstrip.store.tables import Audit, Setting
from powerstrip.value import Value

FIELDS = (
    "seq", "id", "project_id", "user_id", "actor_name", "credential_id", "credential_name", "action", "resource_type",
    "resource_id", "resource_name", "changes", "ip_address", "user_agent", "created_at", "previous",
)  # fmt: skip
"""What a row's hash covers, in this order, as a JSON array."""
MAX_USER_AGENT = 300

_facts = itemgetter(*FIELDS)
_columns: list[Any] = [type_coerce(col(getattr(Audit, name)), NullType()).label(name) for name in (*FIELDS, "hash")]
_all_rows = select(*_columns).order_by(col(Audit.seq))
"""The rows as they lie there, JSON as text: a byte that was changed is seen."""
_to_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Actor(Value):
    """Who acts: a principal, by which key, from where."""

    principal_id: str | None
    name: str
    key_id: str | None = None
    key_name: str | None = None
    ip: str | None = None
    user_agent: str | None = None


class Entry(Value):
    """What an audit row is to say. `changes` must hold no secret."""

    actor: Actor
    action: str
    resource_type: str
    resource_id: str
    project_id: str | None = None
    resource_name: str | None = None
    changes: dict[str, Any] | None = None


class AuditReport(Value):
    """What `AuditLog.verify` found: rows read, and the first place where the chain does not hold.

    `head` is the hash of the last row. Kept elsewhere, it shows later that the whole database was not set back.
    """

    rows: int
    broken_seq: int | None = None
    reason: str = ""
    head: str = START

    @property
    def intact(self) -> bool:
        """True when every link holds."""
        return self.broken_seq is None


class AuditLog:
    """Appends to the chain and checks it. `key` makes the hashes: without it a row cannot be forged."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._keyed = hmac.new(key, digestmod=hashlib.sha256)

    def begin(self, session: Session) -> None:
        """Put an empty chain on record, once, in a new database. From then on a chain without its end is a broken one."""
        session.add(Setting(name=NAME, value=End(0, START, self._key).text()))

    def append(
        self,
        at: Session | Connection,
        actor: Actor,
        action: str,
        resource_type: str,
        resource_id: str,
        *,
        project_id: str | None = None,
        resource_name: str | None = None,
        changes: dict[str, Any] | None = None,
    ) -> str:
        """Add one row in the caller's transaction; returns its id. `changes` must hold no secret."""
        entry = Entry(actor, action, resource_type, resource_id, project_id, resource_name, changes)
        return self.append_all(at, (entry,))[0]

    def append_all(self, at: Session | Connection, entries: Sequence[Entry]) -> list[str]:
        """Add a row for each, in order, in the caller's transaction; returns their ids."""
        if not entries:
            return []
        connection = connection_of(at)
        end, now = end_of(connection, self._key), stamp()
        rows: list[dict[str, Any]] = []
        for entry in entries:
            row = _row(entry, end, now)
            row["hash"] = self._hash(_facts(row))
            rows.append(row)
            end = End(end.seq + 1, row["hash"], self._key)
        insert_rows(connection, Audit, rows)
        move_end(connection, end)
        return [row["id"] for row in rows]

    def verify(self, session: Session) -> AuditReport:
        """Walk the whole chain, up to the end that is on record."""
        kept = session.get(Setting, NAME)
        end = parse(kept.value, self._key) if kept else None
        read, head = 0, START
        met = end is not None and end.seq == 0
        for row in _rows(session):
            if reason := self._flaw(row, read + 1, head):
                return AuditReport(read, read + 1, reason, head)
            read, head = read + 1, str(row.hash)
            met = met or (end is not None and (read, head) == (end.seq, end.hash))
        if met:
            return AuditReport(read, head=head)
        return AuditReport(read, read + 1, "rows are missing at the end" if end else "the chain's end is not on record", head)

    def _flaw(self, row: Row[Any], seq: int, previous: str) -> str:
        """What is wrong with one row; empty where nothing is."""
        if row.seq != seq:
            return "a row is missing"
        if row.previous != previous:
            return "the row does not follow the one before it"
        if not hmac.compare_digest(self._hash(row[:-1]).encode(), str(row.hash).encode()):
            return "the row was changed"
        return ""

    def _hash(self, facts: Sequence[Any]) -> str:
        keyed = self._keyed.copy()
        keyed.update(_to_json(facts).encode())
        return keyed.hexdigest()


def _row(entry: Entry, end: End, now: str) -> dict[str, Any]:
    """All of a row but its hash."""
    actor = entry.actor
    return {
        "seq": end.seq + 1,
        "id": row_id("aud"),
        "project_id": entry.project_id,
        "user_id": actor.principal_id,
        "actor_name": actor.name,
        "credential_id": actor.key_id,
        "credential_name": actor.key_name,
        "action": entry.action,
        "resource_type": entry.resource_type,
        "resource_id": entry.resource_id,
        "resource_name": entry.resource_name,
        "ip_address": actor.ip,
        "user_agent": _clean(actor.user_agent),
        "created_at": now,
        "previous": end.hash,
        "changes": _to_json(entry.changes or {}),
    }


def _rows(session: Session) -> Iterable[Any]:
    return session.connection().execute(_all_rows, execution_options={"yield_per": 1000})


def _clean(user_agent: str | None) -> str | None:
    """A header's text as a database takes it: bounded, and without what is no text."""
    if not user_agent:
        return None
    return user_agent[:MAX_USER_AGENT].encode("utf-8", "replace").decode().replace("\0", "")
