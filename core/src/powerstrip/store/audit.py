"""The audit chain: each row is bound to the one before it by a keyed hash."""

import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection
from sqlmodel import Session, col, select

from powerstrip.clock import new_id, stamp
from powerstrip.store.rows import insert_row
from powerstrip.store.tables import Audit

START = "0" * 64
CHAIN_LOCK = 0x706F7765  # an advisory lock of ours: one process appends at a time
FIELDS = (
    "seq", "id", "project_id", "user_id", "actor_name", "credential_id", "credential_name", "action", "resource_type",
    "resource_id", "resource_name", "changes", "ip_address", "user_agent", "created_at", "previous",
)  # fmt: skip


@dataclass(frozen=True)
class Actor:
    """Who acts: a principal, by which key, from where."""

    principal_id: str | None
    name: str
    key_id: str | None = None
    key_name: str | None = None
    ip: str | None = None
    user_agent: str | None = None


@dataclass(frozen=True)
class AuditReport:
    """What `AuditLog.verify` found: rows read, and the first place where the chain does not hold."""

    rows: int
    broken_seq: int | None = None
    reason: str = ""

    @property
    def intact(self) -> bool:
        """True when every link holds."""
        return self.broken_seq is None


class AuditLog:
    """Appends to the chain and checks it. `key` makes the hashes: without it a row cannot be forged."""

    def __init__(self, key: bytes) -> None:
        self._key = key

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
        connection = at.connection() if isinstance(at, Session) else at
        seq, previous = _head(connection)
        row: dict[str, Any] = {
            "seq": seq + 1,
            "id": new_id("aud"),
            "project_id": project_id,
            "user_id": actor.principal_id,
            "actor_name": actor.name,
            "credential_id": actor.key_id,
            "credential_name": actor.key_name,
            "action": action,
            "resource_type": resource_type,
            "resource_id": resource_id,
            "resource_name": resource_name,
            "ip_address": actor.ip,
            "user_agent": (actor.user_agent or "")[:300] or None,
            "created_at": stamp(),
            "previous": previous,
            "changes": json.dumps(changes or {}, ensure_ascii=False, separators=(",", ":"), sort_keys=True),
        }
        row["hash"] = self._hash(row)
        insert_row(connection, Audit, {column.name: row[column.name] for column in Audit.__table__.columns})  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType, reportAttributeAccessIssue, reportUnknownArgumentType]
        return row["id"]

    def verify(self, session: Session) -> AuditReport:
        """Walk the whole chain."""
        previous, rows = START, 0
        query = select(Audit).order_by(col(Audit.seq)).execution_options(yield_per=1000)
        for row in session.exec(query):
            if row.seq != rows + 1:
                return AuditReport(rows, rows + 1, "a row is missing")
            if row.previous != previous:
                return AuditReport(rows, row.seq, "the row does not follow the one before it")
            facts = {name: getattr(row, name) for name in FIELDS}
            facts["changes"] = json.dumps(row.changes, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
            if not hmac.compare_digest(self._hash(facts), row.hash):
                return AuditReport(rows, row.seq, "the row was changed")
            previous, rows = row.hash, rows + 1
        return AuditReport(rows)

    def _hash(self, row: dict[str, Any]) -> str:
        facts = json.dumps([row[name] for name in FIELDS], ensure_ascii=False, separators=(",", ":"))
        return hmac.digest(self._key, facts.encode(), hashlib.sha256).hex()


def _head(connection: Connection) -> tuple[int, str]:
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({CHAIN_LOCK})")
    row = connection.exec_driver_sql("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1").first()
    return (row[0], row[1]) if row else (0, START)
