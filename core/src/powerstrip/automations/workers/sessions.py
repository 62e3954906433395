"""Worker sessions: which process is connected, and who may take its place. All in the caller's transaction."""

import json
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal, TypeAlias

from sqlalchemy import Connection, Row, delete, select, update
from sqlmodel import Session, col

from powerstrip.automations.workers.leases import digest, time_of
from powerstrip.automations.workers.values import Registered, Registration
from powerstrip.clock import new_id, now, rfc3339
from powerstrip.store import Actor, Job, WorkerSession, insert_row, scope
from powerstrip.value import Value

SEEN_SECONDS = 10
"""How often a hub says that its workers' sockets are open."""
LIVE_SECONDS = 30
"""A socket of which nobody said so for this long is gone, with its hub."""
STALE_SECONDS = 90
KEPT_DAYS = 30
Status: TypeAlias = Literal["active", "stale", "draining"]
_table: Any = WorkerSession.__table__  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType, reportUnknownMemberType]


class SessionView(Value):
    """A session with the jobs that it holds, and the last one that it ended."""

    row: WorkerSession
    status: Status
    jobs: Sequence[Job]
    last: Job | None


def register(
    connection: Connection, project_id: str, actor: Actor, hub: str, socket: str, said: Registration
) -> Registered | None:
    """Let a worker take its place; None where another live process has it.

    With the token of the session before, the same process takes it up again, and the socket of before is closed.
    """
    at = time_of(connection)
    row = _find(connection, project_id, said.worker_instance_id)
    again = row is not None and _knows(row, said.session_token)
    if row is not None and not again and _is_live(row, at):
        return None
    token = f"wst_{secrets.token_urlsafe(32)}"
    values = _values(said, actor, hub, socket, token, rfc3339(at))
    if row is None:
        session_id = new_id("wsess")
        own = {"id": session_id, "project_id": project_id, "worker_instance_id": said.worker_instance_id}
        insert_row(connection, WorkerSession, own | values | {"created_at": rfc3339(at)})
        return Registered(session_id, token)
    connection.execute(update(_table).where(_table.c.id == row.id).values(**values))
    return Registered(row.id, token, row.connection_id, again)


def _values(said: Registration, actor: Actor, hub: str, socket: str, token: str, at: str) -> dict[str, Any]:
    return {
        "name": said.name,
        "version": said.version,
        "concurrency_limit": said.concurrency_limit,
        "status": "active",
        "queues": json.dumps(list(said.queues)),
        "action_names": json.dumps(list(said.action_names)),
        "capabilities": json.dumps(list(said.capabilities)),
        "models": json.dumps(list(said.models)),
        "principal_id": actor.principal_id,
        "api_key_id": actor.key_id,
        "hub": hub,
        "connection_id": socket,
        "token_hash": digest(token),
        "last_seen_at": at,
        "updated_at": at,
    }


def _find(connection: Connection, project_id: str, instance: str) -> Row[Any] | None:
    mine = (_table.c.project_id == project_id, _table.c.worker_instance_id == instance)
    return connection.execute(select(_table).where(*mine)).first()


def _knows(row: Row[Any], token: str | None) -> bool:
    return bool(token) and bool(row.token_hash) and secrets.compare_digest(row.token_hash, digest(token or ""))


def _is_live(row: Row[Any], at: datetime) -> bool:
    return bool(row.connection_id) and (row.last_seen_at or "") > rfc3339(at - timedelta(seconds=LIVE_SECONDS))


def seen(connection: Connection, sockets: Iterable[str]) -> None:
    """These sockets are open."""
    at = rfc3339(time_of(connection))
    open_ones = _table.c.connection_id.in_(list(sockets))
    connection.execute(update(_table).where(open_ones).values(last_seen_at=at, updated_at=at))


def set_status(connection: Connection, socket: str, status: str) -> None:
    """A worker takes no more jobs, or takes them again."""
    at = rfc3339(time_of(connection))
    connection.execute(update(_table).where(_table.c.connection_id == socket).values(status=status, updated_at=at))


def leave(connection: Connection, socket: str) -> None:
    """A socket was closed: its worker's place is free. The leases of its jobs run on."""
    at = rfc3339(time_of(connection))
    gone = _table.c.connection_id == socket
    connection.execute(update(_table).where(gone).values(connection_id="", last_seen_at=at, updated_at=at))


def all_gone(connection: Connection) -> None:
    """At the start of the one hub of an SQLite file: no socket is open."""
    connection.execute(update(_table).where(_table.c.connection_id != "").values(connection_id=""))


def forget(connection: Connection) -> int:
    """Remove sessions that were not heard of for long; gives how many."""
    before = rfc3339(time_of(connection) - timedelta(days=KEPT_DAYS))
    return connection.execute(delete(_table).where(_table.c.updated_at < before, _table.c.connection_id == "")).rowcount


def views(session: Session, project_id: str) -> list[SessionView]:
    """The project's sessions, those seen last first."""
    within = scope(session, project_id)
    rows: list[WorkerSession] = within.all(WorkerSession)
    held: list[Job] = within.all(Job, col(Job.status) == "claimed")
    ids = [row.last_job_id for row in rows if row.last_job_id]
    last: dict[str, Job] = {job.id: job for job in within.all(Job, col(Job.id).in_(ids))}
    found = [
        SessionView(row, status_of(row), [job for job in held if job.session_id == row.id], last.get(row.last_job_id or ""))
        for row in rows
    ]
    return sorted(found, key=lambda view: view.row.last_seen_at or "", reverse=True)


def status_of(row: WorkerSession) -> Status:
    """Told by when the worker was last seen."""
    if (row.last_seen_at or "") < rfc3339(now() - timedelta(seconds=STALE_SECONDS)):
        return "stale"
    return "draining" if row.status == "draining" or not row.connection_id else "active"


def offering(session: Session, project_id: str) -> list[WorkerSession]:
    """The sessions of the project whose sockets are open and that take jobs."""
    rows: list[WorkerSession] = scope(session, project_id).all(WorkerSession, col(WorkerSession.connection_id) != "")
    return [row for row in rows if status_of(row) == "active"]


def ended(connection: Connection, session_id: str, job_id: str) -> None:
    """Remember the last job that a session ended."""
    connection.execute(update(_table).where(_table.c.id == session_id).values(last_job_id=job_id))
