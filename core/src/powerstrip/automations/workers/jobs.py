"""Jobs: queued, claimed under a lease, ended once. Every change is one conditional UPDATE whose row count decides.

All methods work in the caller's transaction. At least once: a job whose worker is lost is given out again, with the same
idempotency key, until its attempts are used up.
"""

import json
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, or_, select, update
from sqlmodel import col

from powerstrip.actions import JobState, NewJob, StepRef
from powerstrip.automations.workers.leases import LEASE_SECONDS, Lease, new_lease, read_lease, time_of
from powerstrip.automations.workers.values import Beat, Claimant, Claimed, Taken, Told
from powerstrip.clock import rfc3339, row_id
from powerstrip.problems import NotFound
from powerstrip.store import Job, insert_row

MAX_CLAIM = 100
"""Jobs of one claim."""
AGAIN_SECONDS = 5
"""After a lost attempt a job waits, longer each time, so that it never stands before those that work."""
CANCEL_SECONDS = 30
"""How long a worker has to stop a job that was cancelled."""
WAITING_DAYS = 7
"""A job that no worker takes for so long is dead."""
KEPT_DAYS = 30
_table: Any = Job.__table__  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType, reportUnknownMemberType]
OPEN = ("queued", "claimed")
LOST = "The worker was lost or took too long, and nobody knows what it did"
NOBODY = "No worker took this job in time"


def enqueue(connection: Connection, job: NewJob) -> str:
    """Put a job on its queue; gives its id."""
    at, job_id, step = rfc3339(time_of(connection)), row_id("job"), job.step
    spec = {
        "action_name": job.action_name,
        "parameters": dict(job.parameters),
        "invocation_id": job.invocation_id,
        "idempotency_key": job.idempotency_key,
    }
    row = {
        "id": job_id,
        "project_id": job.project_id,
        "kind": "action_execution",
        "origin": "automation_action_step" if step else "direct_action_invoke",
        "queue": job.queue,
        "action_name": job.action_name,
        "run_id": step.run_id if step else None,
        "step_id": step.step_id if step else None,
        "step_path": step.path if step else None,
        "step_attempt": step.attempt if step else None,
        "invocation_id": job.invocation_id,
        "spec": json.dumps(spec, separators=(",", ":")),
        "attempt_seconds": job.attempt_seconds,
        "status": "queued",
        "claim_attempt": 0,
        "max_attempts": job.max_attempts,
        "fence": 0,
        "lease_hash": "",
        "available_at": at,
        "created_at": at,
        "updated_at": at,
    }
    insert_row(connection, Job, row)
    return job_id


def adopt(connection: Connection, job_id: str, step: StepRef) -> JobState:
    """The job as it stands; one that has not ended belongs to this attempt from here on. Raises `NotFound`."""
    connection.execute(
        update(Job).where(col(Job.id) == job_id, col(Job.status).in_(OPEN)).values(step_attempt=step.attempt, step_path=step.path)
    )
    return state_of(_row(connection, job_id))


def claim(connection: Connection, claimant: Claimant, slots: int) -> list[Claimed]:
    """Up to `slots` jobs, oldest first, each leased to this worker alone."""
    wanted = min(slots, claimant.limit, MAX_CLAIM, 2 * claimant.limit - _held(connection, claimant))
    claimed: list[Claimed] = []
    while len(claimed) < wanted:
        found = connection.execute(_waiting(connection, claimant, wanted - len(claimed))).all()
        if not found:
            break
        claimed += [each for row in found if (each := _lease(connection, claimant, row)) is not None]
    return claimed


def _held(connection: Connection, claimant: Claimant) -> int:
    mine = select(_table.c.id).where(col(Job.session_id) == claimant.session_id, col(Job.status) == "claimed")
    return len(connection.execute(mine.limit(2 * claimant.limit)).all())


def _waiting(connection: Connection, claimant: Claimant, count: int) -> "Select[Any]":
    now = rfc3339(time_of(connection))
    query: Select[Any] = select(_table).where(
        col(Job.project_id) == claimant.project_id, col(Job.status) == "queued", col(Job.available_at) <= now
    )
    if claimant.queues:
        query = query.where(col(Job.queue).in_(claimant.queues))
    if claimant.action_names:
        query = query.where(col(Job.action_name).in_(claimant.action_names))
    query = query.order_by(col(Job.available_at), col(Job.id)).limit(count)
    return query if connection.dialect.name == "sqlite" else query.with_for_update(skip_locked=True)


def _lease(connection: Connection, claimant: Claimant, row: Row[Any]) -> Claimed | None:
    """Lease this job; None where another was quicker."""
    at = time_of(connection)
    lease = new_lease(row.fence + 1)
    values = {
        "status": "claimed",
        "session_id": claimant.session_id,
        "fence": lease.fence,
        "lease_hash": lease.digest,
        "lease_until": rfc3339(at + timedelta(seconds=LEASE_SECONDS)),
        "deadline_at": rfc3339(at + timedelta(seconds=row.attempt_seconds)),
        "claim_attempt": row.claim_attempt + 1,
        "claimed_at": rfc3339(at),
        "heartbeat_at": None,
        "updated_at": rfc3339(at),
    }
    unchanged = (col(Job.id) == row.id, col(Job.status) == "queued", col(Job.fence) == row.fence)
    if connection.execute(update(Job).where(*unchanged).values(**values)).rowcount != 1:
        return None
    return Claimed(
        row.id,
        row.kind,
        row.origin,
        row.queue,
        row.action_name,
        row.run_id,
        row.step_id,
        row.spec,
        row.claim_attempt + 1,
        lease.token,
    )


def heartbeat(connection: Connection, claimant: Claimant, job_id: str, token: str) -> Beat:
    """Hold a lease for longer, never beyond the attempt's deadline."""
    lease = read_lease(token)
    at = time_of(connection)
    until = rfc3339(at + timedelta(seconds=LEASE_SECONDS))
    values = {"lease_until": until, "heartbeat_at": rfc3339(at), "updated_at": rfc3339(at)}
    if lease is None or not _change(connection, claimant, job_id, lease, rfc3339(at), values):
        return Beat(False)
    row = _row(connection, job_id)
    return Beat(True, row.cancel_reason or "cancelled" if row.cancel_requested_at else None, row.cancel_requested_at)


def holds(connection: Connection, claimant: Claimant, job_id: str, token: str) -> bool:
    """Whether this lease is good now."""
    lease, at = read_lease(token), rfc3339(time_of(connection))
    return lease is not None and _change(connection, claimant, job_id, lease, at, {"heartbeat_at": at})


def report(connection: Connection, claimant: Claimant, told: Told) -> Taken:
    """End a job, or give it back: `cancelled` of a job that nobody cancelled. Once for each lease."""
    lease, at = read_lease(told.lease_token), time_of(connection)
    if lease is None:
        return Taken("refused")
    row = _find(connection, claimant.project_id, told.job_id)
    if row is None:
        return Taken("refused")
    if told.status == "cancelled" and row.cancel_requested_at is None and row.status == "claimed":
        values = _given_back(row, at)
    else:
        values = _end_values(told.status, dict(told.result or {}), told.error_type, told.error, rfc3339(at))
    if _change(connection, claimant, told.job_id, lease, rfc3339(at), values):
        return Taken("accepted", state_of(_row(connection, told.job_id)))
    return Taken("again", state_of(row)) if _is_same(row, claimant, lease, values) else Taken("refused")


def _is_same(row: Row[Any], claimant: Claimant, lease: Lease, values: dict[str, Any]) -> bool:
    """Whether this lease has told this very end before."""
    mine = (row.session_id, row.fence, row.lease_hash) == (claimant.session_id, lease.fence, lease.digest)
    told = ("status", "result", "error_type", "error_message")
    return mine and all(getattr(row, name) == values.get(name) for name in told)


def _change(connection: Connection, claimant: Claimant, job_id: str, lease: Lease, at: str, values: dict[str, Any]) -> bool:
    """Change a job that is held by this very lease, which has not run out."""
    held = (
        col(Job.id) == job_id,
        col(Job.project_id) == claimant.project_id,
        col(Job.session_id) == claimant.session_id,
        col(Job.status) == "claimed",
        col(Job.fence) == lease.fence,
        col(Job.lease_hash) == lease.digest,
        col(Job.lease_until) >= at,
        col(Job.deadline_at) >= at,
    )
    return connection.execute(update(Job).where(*held).values(**values)).rowcount == 1


def cancel(connection: Connection, project_id: str, job_id: str, reason: str) -> JobState:
    """Stop a job: one that waits at once, one that is worked at by asking its worker. Raises `NotFound`.

    A job that has ended stays as it is.
    """
    at = time_of(connection)
    if _find(connection, project_id, job_id) is None:
        raise NotFound("There is no job with this id in this project")
    ended = _end_values("cancelled", None, "cancelled", reason, rfc3339(at)) | {"cancel_reason": reason}
    mine = (col(Job.id) == job_id, col(Job.project_id) == project_id)
    queued = update(Job).where(*mine, col(Job.status) == "queued").values(**ended)
    if connection.execute(queued).rowcount != 1:
        limit = rfc3339(at + timedelta(seconds=CANCEL_SECONDS))
        asked = {"cancel_requested_at": rfc3339(at), "cancel_reason": reason, "updated_at": rfc3339(at)}
        claimed = (*mine, col(Job.status) == "claimed", col(Job.cancel_requested_at).is_(None))
        connection.execute(update(Job).where(*claimed).values(**asked))
        connection.execute(update(Job).where(*claimed[:-1], col(Job.deadline_at) > limit).values(deadline_at=limit))
    return state_of(_row(connection, job_id))


def revive(connection: Connection, project_id: str, job_id: str) -> bool:
    """Put a dead job on its queue again, with all its attempts. False where it is not dead. Raises `NotFound`."""
    at = rfc3339(time_of(connection))
    if _find(connection, project_id, job_id) is None:
        raise NotFound("There is no job with this id in this project")
    values = {"status": "queued", "claim_attempt": 0, "available_at": at, "updated_at": at, "completed_at": None}
    cleared = {"error_type": None, "error_message": None, "session_id": None, "created_at": at}
    dead = (col(Job.id) == job_id, col(Job.project_id) == project_id, col(Job.status) == "dead", col(Job.run_id).is_(None))
    return connection.execute(update(Job).where(*dead).values(**values, **cleared)).rowcount == 1


def reap(connection: Connection) -> tuple[list[JobState], set[str]]:
    """Take jobs from workers that are lost, and from queues that nobody serves.

    Gives the jobs that ended by it, and the projects in which some wait again.
    """
    at = time_of(connection)
    now, waited = rfc3339(at), rfc3339(at - timedelta(days=WAITING_DAYS))
    lapsed = (col(Job.status) == "claimed") & or_(col(Job.lease_until) < now, col(Job.deadline_at) < now)
    unserved = (col(Job.status) == "queued") & (col(Job.created_at) < waited)
    ended: list[JobState] = []
    again: set[str] = set()
    for row in connection.execute(select(_table).where(or_(lapsed, unserved)).limit(1000)).all():
        values = _given_back(row, at) if row.status == "claimed" else _end_values("dead", None, "no_worker", NOBODY, now)
        unchanged = (col(Job.id) == row.id, col(Job.status) == row.status, col(Job.fence) == row.fence)
        still = () if row.status == "queued" else (or_(col(Job.lease_until) < now, col(Job.deadline_at) < now),)
        if connection.execute(update(Job).where(*unchanged, *still).values(**values)).rowcount != 1:
            continue
        if values["status"] == "queued":
            again.add(row.project_id)
        else:
            ended.append(state_of(_row(connection, row.id)))
    return ended, again


def _given_back(row: Row[Any], at: Any) -> dict[str, Any]:
    """What becomes of a claimed job without an end: cancelled, dead after its last attempt, or queued again."""
    now = rfc3339(at)
    if row.cancel_requested_at is not None:
        return _end_values("cancelled", None, "cancelled", row.cancel_reason or "cancelled", now)
    if row.claim_attempt >= row.max_attempts:
        return _end_values("dead", None, "worker_lost", LOST, now)
    later = rfc3339(at + timedelta(seconds=AGAIN_SECONDS * 2 ** (row.claim_attempt - 1)))
    return {"status": "queued", "session_id": None, "available_at": later, "lease_until": None, "updated_at": now}


def _end_values(status: str, result: dict[str, Any] | None, error_type: str | None, error: str | None, at: str) -> dict[str, Any]:
    return {
        "status": status,
        "result": result if status == "completed" else None,
        "error_type": error_type if status != "completed" else None,
        "error_message": error if status != "completed" else None,
        "completed_at": at,
        "updated_at": at,
    }


def waiting(connection: Connection, projects: Iterable[str]) -> list[tuple[str, str, str]]:
    """(project, queue, action) of the jobs that wait to be claimed."""
    now = rfc3339(time_of(connection))
    mine = col(Job.project_id).in_(list(projects)), col(Job.status) == "queued", col(Job.available_at) <= now
    query = select(col(Job.project_id), col(Job.queue), col(Job.action_name)).where(*mine).distinct()
    return [(row[0], row[1], row[2]) for row in connection.execute(query)]


def forget(connection: Connection) -> int:
    """Remove jobs that ended long ago; gives how many."""
    before = rfc3339(time_of(connection) - timedelta(days=KEPT_DAYS))
    old = delete(Job).where(col(Job.status).not_in(OPEN), col(Job.completed_at) < before)
    return connection.execute(old).rowcount


def look(connection: Connection, job_id: str) -> JobState:
    """A job as it stands. Raises `NotFound`."""
    return state_of(_row(connection, job_id))


def _find(connection: Connection, project_id: str, job_id: str) -> Row[Any] | None:
    return connection.execute(select(_table).where(col(Job.id) == job_id, col(Job.project_id) == project_id)).first()


def _row(connection: Connection, job_id: str) -> Row[Any]:
    row = connection.execute(select(_table).where(col(Job.id) == job_id)).first()
    if row is None:
        raise NotFound("There is no such job")
    return row


def state_of(row: Any) -> JobState:
    """A job's row as others see it."""
    step = None
    if row.step_id is not None and row.step_attempt is not None:
        step = StepRef(row.run_id, row.step_id, row.step_path or "", row.step_attempt)
    return JobState(
        row.id,
        row.project_id,
        row.action_name,
        row.invocation_id,
        row.status,
        row.result,
        row.error_type,
        row.error_message,
        step,
    )
