"""Workers and their jobs."""

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from powerstrip import store
from powerstrip.api.shapes.base import Asked, Object, Told
from powerstrip.automations.workers import SessionView

STATUSES = {"queued": "pending", "dead": "failed"}
"""Words of the worker protocol for what the hub tells more exactly."""


class WorkerSessionJobRef(Told):
    """A job that a worker has, or had."""

    id: str
    run_id: str
    step_name: str
    action: str
    status: Literal["pending", "claimed", "completed", "failed", "cancelled"]
    claimed_at: datetime | None = None
    heartbeat_at: datetime | None = None
    updated_at: datetime

    @classmethod
    def of(cls, job: store.Job) -> "WorkerSessionJobRef":
        """From the row; the texts are empty for a job that no run made."""
        step = (job.step_path or "").rpartition("].")[2]
        facts: dict[str, Any] = {
            "id": job.id,
            "run_id": job.run_id or "",
            "step_name": step,
            "action": job.action_name,
            "status": STATUSES.get(job.status, job.status),
            "claimed_at": job.claimed_at,
            "heartbeat_at": job.heartbeat_at,
            "updated_at": job.updated_at,
        }
        return cls.model_validate(facts)


class WorkerModelCapability(Told):
    """A model that a worker offers."""

    provider: str
    model: str


class WorkerSession(Told):
    """A worker process as it was last seen."""

    id: str
    worker_instance_id: str
    name: str | None = None
    version: str | None = None
    concurrency_limit: int
    queues: list[str]
    action_names: list[str]
    capabilities: list[str]
    models: list[WorkerModelCapability]
    principal_id: str | None = None
    api_key_id: str | None = None
    instance_status: Literal["active", "stale", "draining"]
    stale: bool
    connected: bool
    last_seen_at: datetime | None = None
    last_activity_at: datetime | None = None
    busy_job_count: int
    current_jobs: list[WorkerSessionJobRef]
    last_job: WorkerSessionJobRef | None = None

    @classmethod
    def of(cls, view: SessionView) -> "WorkerSession":
        """From the row and its jobs."""
        row = view.row
        facts = {name: getattr(row, name) for name in cls.model_fields if hasattr(row, name)}
        seen = [row.last_seen_at, *(job.heartbeat_at for job in view.jobs), view.last.completed_at if view.last else None]
        more: dict[str, Any] = {
            "instance_status": view.status,
            "stale": view.status == "stale",
            "connected": bool(row.connection_id),
            "last_activity_at": max((each for each in seen if each), default=None),
            "busy_job_count": len(view.jobs),
            "current_jobs": [WorkerSessionJobRef.of(job) for job in view.jobs],
            "last_job": WorkerSessionJobRef.of(view.last) if view.last else None,
        }
        return cls.model_validate(facts | more)


class WorkerSessionTotals(Told):
    """Sums over the sessions."""

    active_instances: int
    slots: int
    busy: int
    stale: int


class WorkerSessionListResponse(Told):
    """The project's workers, those seen last first."""

    items: list[WorkerSession]
    totals: WorkerSessionTotals

    @classmethod
    def of(cls, views: list[SessionView]) -> "WorkerSessionListResponse":
        """From the rows."""
        active = [view for view in views if view.status == "active"]
        totals = WorkerSessionTotals(
            active_instances=len(active),
            slots=sum(view.row.concurrency_limit for view in active),
            busy=sum(len(view.jobs) for view in active),
            stale=sum(view.status == "stale" for view in views),
        )
        return cls(items=[WorkerSession.of(view) for view in views], totals=totals)


class Job(Told):
    """Work for a worker. `dead`: its attempts are used up and nobody knows what the last one did."""

    id: str
    kind: str
    origin: str
    queue: str
    action_name: str
    status: Literal["queued", "claimed", "completed", "failed", "cancelled", "dead"]
    run_id: str | None = None
    step_id: str | None = None
    invocation_id: str | None = None
    claim_attempt: int
    max_attempts: int
    session_id: str | None = None
    lease_until: datetime | None = None
    deadline_at: datetime | None = None
    available_at: datetime
    cancel_requested_at: datetime | None = None
    cancel_reason: str | None = None
    result: Object | None = None
    error_type: str | None = None
    error_message: str | None = None
    claimed_at: datetime | None = None
    heartbeat_at: datetime | None = None
    completed_at: datetime | None = None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: store.Job) -> "Job":
        """From the row, without anything of its lease."""
        return cls.model_validate({name: getattr(row, name) for name in cls.model_fields})


class JobListResponse(Told):
    """A page of jobs, newest first."""

    items: list[Job]
    next_cursor: str | None = None
    has_more: bool


class CancelJobRequest(Asked):
    """Why it is stopped; its worker is told."""

    reason: str = Field(default="cancelled", min_length=1, max_length=200)
