"""Automations and their runs: specs, versions, triggers, what depends on what; runs, steps, events, waits; jobs and workers.

What an engine needs to be sure of is a constraint here: a trigger's fire starts one run, a run's step stands at one place, a
run's events count without a gap, and a job's lease is compared by its fence.
"""

from typing import Any, ClassVar

from sqlalchemy import BigInteger, Column, Index, UniqueConstraint
from sqlmodel import Field

from powerstrip.clock import stamp
from powerstrip.store.tables.base import (
    Table,
    id_column,
    json_column,
    list_column,
    optional_bytes,
    optional_json,
    project_column,
)


def _count() -> Any:
    return Field(default=0, sa_column=Column(BigInteger, nullable=False))


class Automation(Table, table=True):
    """One automation. `status` is draft, active, paused or archived; it can run while active."""

    __table_args__: ClassVar = (
        UniqueConstraint("project_id", "handle"),
        Index("ix_automation_page", "project_id", "created_at", "id"),
    )

    id: str = id_column("aut")
    project_id: str = Field(foreign_key="project.id", max_length=40)
    handle: str = Field(max_length=64)
    name: str
    description: str = ""
    status: str = "draft"
    latest_version: int = 0
    published_version: int | None = None
    default_agent_id: str | None = None
    default_inputs: dict[str, Any] = json_column()
    settings: dict[str, Any] = json_column()
    tags: dict[str, str] = json_column()
    created_by: str | None = None
    last_run_at: str | None = None
    archived_at: str | None = None
    created_at: str = Field(default_factory=stamp)
    updated_at: str = Field(default_factory=stamp)


class AutomationVersion(Table, table=True):
    """One stored spec and the plan made of it. Neither ever changes; `status` is draft, published or superseded."""

    __table_args__: ClassVar = (UniqueConstraint("automation_id", "version"),)

    id: str = id_column("autv")
    project_id: str = project_column()
    automation_id: str = Field(foreign_key="automation.id", max_length=40)
    version: int
    status: str = "draft"
    spec: dict[str, Any] = json_column()
    source: str = ""
    """The text as it was written; empty where the spec came as JSON."""
    plan: dict[str, Any] | None = optional_json()
    """What the engine runs; None where the spec has errors."""
    validation: dict[str, Any] = json_column()
    digest: str = Field(max_length=64)
    """SHA-256 of the canonical spec."""
    created_by: str | None = None
    created_at: str = Field(default_factory=stamp)
    published_at: str | None = None


class AutomationTrigger(Table, table=True):
    """One trigger of a published version. Its id and HTTP handle stay from version to version, by its key."""

    __table_args__: ClassVar = (
        UniqueConstraint("automation_id", "key"),
        Index("ix_automation_trigger_event", "project_id", "event_type"),
        Index("ix_automation_trigger_due", "next_fire_at"),
    )

    id: str = id_column("trg")
    project_id: str = Field(foreign_key="project.id", max_length=40)
    automation_id: str = Field(foreign_key="automation.id", max_length=40)
    version: int
    key: str = Field(max_length=64)
    name: str
    kind: str = Field(max_length=16)
    """http, schedule, event, entity or manual."""
    active: bool = True
    """False while the automation has no published version, is paused or archived."""
    enabled: bool = True
    config: dict[str, Any] = json_column()
    """The trigger as the plan has it."""
    concurrency_policy: str = "allow"
    max_concurrent_runs: int = 1
    event_type: str | None = Field(default=None, max_length=200)
    """An event's name, or a pattern that ends in `*`."""
    source_type: str | None = None
    source_id: str | None = None
    condition: str = ""
    http_handle: str | None = Field(default=None, unique=True, max_length=80)
    secret_sealed: bytes | None = optional_bytes()
    secret_data_key_id: str | None = Field(default=None, max_length=40)
    last_fire_at: str | None = None
    next_fire_at: str | None = None
    created_at: str = Field(default_factory=stamp)
    updated_at: str = Field(default_factory=stamp)


class AutomationDependency(Table, table=True):
    """One thing that a published version uses, and where. Replaced as a whole at publication."""

    __table_args__: ClassVar = (Index("ix_automation_dependency_target", "project_id", "kind", "target"),)

    id: str = id_column("dep")
    project_id: str = Field(foreign_key="project.id", max_length=40)
    automation_id: str = Field(foreign_key="automation.id", index=True, max_length=40)
    version: int
    kind: str = Field(max_length=16)
    """action, provider, integration, automation or event."""
    target: str = Field(max_length=200)
    """An action's full name, a provider's id, an integration's id, an automation's handle, an event's name or pattern."""
    place: str = Field(max_length=16)
    """step, cleanup or trigger."""
    key: str = Field(max_length=64)
    """The step's or the trigger's."""
    outward: bool = False
    """Whether this place makes a call to the provider."""


class Run(Table, table=True):
    """One run. `owner` is the hub process that works at it; who writes with an `epoch` that is over writes nothing."""

    __table_args__: ClassVar = (
        UniqueConstraint("project_id", "external_id"),
        UniqueConstraint("project_id", "trigger_fire_id"),
        Index("ix_run_page", "project_id", "created_at", "id"),
        Index("ix_run_automation", "automation_id", "status"),
        Index("ix_run_due", "status", "wake_at"),
        Index("ix_run_source_event", "project_id", "source_event_id"),
    )

    id: str = id_column("run")
    project_id: str = Field(foreign_key="project.id", max_length=40)
    automation_id: str = Field(foreign_key="automation.id", max_length=40)
    automation_version_id: str = Field(foreign_key="automation_version.id", max_length=40)
    automation_version: int
    status: str = Field(default="queued", max_length=16)
    engine: str = "journal"
    mode: str = "live"
    test: bool = False
    inputs: dict[str, Any] = json_column()
    result: dict[str, Any] | None = optional_json()
    source_type: str | None = None
    source_id: str | None = None
    source_label: str | None = None
    source_event_id: str | None = Field(default=None, max_length=40)
    trigger_id: str | None = Field(default=None, max_length=40)
    trigger_fire_id: str | None = Field(default=None, max_length=200)
    external_id: str | None = Field(default=None, max_length=255)
    concurrency_key: str | None = Field(default=None, max_length=255)
    concurrency_limit: int = 1
    parent_run_id: str | None = Field(default=None, index=True, max_length=40)
    parent_automation_id: str | None = Field(default=None, max_length=40)
    parent_step_key: str | None = None
    retry_of: str | None = Field(default=None, max_length=40)
    depth: int = 0
    """Runs and events above this one: the guard against endless loops."""
    principal_id: str | None = Field(default=None, max_length=40)
    owner: str = ""
    epoch: int = 0
    last_sequence: int = _count()
    error_type: str | None = None
    error_message: str | None = None
    cancel_requested_at: str | None = None
    cancel_reason: str | None = None
    wake_at: str | None = None
    wall_clock_deadline_at: str | None = None
    started_at: str | None = None
    completed_at: str | None = None
    created_at: str = Field(default_factory=stamp)
    updated_at: str = Field(default_factory=stamp)


class RunStep(Table, table=True):
    """One step of a run at its `path` (`each[3].send` in a loop). `idempotency_key` changes after a known failure alone."""

    __table_args__: ClassVar = (UniqueConstraint("run_id", "path"), Index("ix_run_step_order", "run_id", "seq"))

    id: str = id_column("step")
    project_id: str = Field(foreign_key="project.id", max_length=40)
    run_id: str = Field(foreign_key="run.id", max_length=40)
    path: str = Field(max_length=400)
    step_key: str = Field(max_length=64)
    step_name: str | None = None
    kind: str = Field(max_length=16)
    status: str = Field(default="pending", max_length=16)
    seq: int = _count()
    attempt: int = 0
    idempotency_key: str = Field(default="", max_length=255)
    inputs: dict[str, Any] | None = optional_json()
    parameters: dict[str, Any] | None = optional_json()
    result: Any = optional_json()
    error_type: str | None = None
    error_message: str | None = None
    invocation_id: str | None = Field(default=None, max_length=40)
    job_id: str | None = Field(default=None, max_length=40)
    wait_id: str | None = Field(default=None, max_length=40)
    child_run_id: str | None = Field(default=None, max_length=40)
    next_attempt_at: str | None = None
    deadline_at: str | None = None
    started_at: str | None = None
    completed_at: str | None = None
    created_at: str = Field(default_factory=stamp)
    updated_at: str = Field(default_factory=stamp)


class RunEvent(Table, table=True):
    """One entry of a run's log; `sequence` counts from 1 in each run."""

    __table_args__: ClassVar = (UniqueConstraint("run_id", "sequence"),)

    id: str = id_column("rev")
    project_id: str = Field(foreign_key="project.id", max_length=40)
    run_id: str = Field(foreign_key="run.id", max_length=40)
    sequence: int = _count()
    event_type: str = Field(max_length=80)
    step_id: str | None = Field(default=None, max_length=40)
    step_key: str | None = None
    payload: dict[str, Any] = json_column()
    created_at: str = Field(default_factory=stamp)


class RunWait(Table, table=True):
    """What a suspended step waits for. `kind` is event, signal, timer, job or run; `status` open, met, timed_out or closed."""

    __table_args__: ClassVar = (
        Index("ix_run_wait_event", "project_id", "status", "event_type"),
        Index("ix_run_wait_due", "status", "wake_at"),
    )

    id: str = id_column("wait")
    project_id: str = Field(foreign_key="project.id", max_length=40)
    run_id: str = Field(foreign_key="run.id", index=True, max_length=40)
    step_id: str = Field(max_length=40)
    step_key: str
    kind: str = Field(max_length=16)
    status: str = Field(default="open", max_length=16)
    event_type: str | None = Field(default=None, max_length=200)
    source_id: str | None = None
    match: dict[str, Any] = json_column()
    condition: str = ""
    event_id: str | None = Field(default=None, max_length=40)
    """The source event that met it."""
    result: Any = optional_json()
    wake_at: str | None = None
    created_at: str = Field(default_factory=stamp)
    closed_at: str | None = None


class Job(Table, table=True):
    """Work for a worker. `status` is queued, claimed, completed, failed, cancelled or dead.

    A claim raises `fence`; a heartbeat or report changes the row only where its fence and the hash of its lease token match.
    """

    __table_args__: ClassVar = (
        Index("ix_job_queue", "project_id", "status", "queue", "available_at"),
        Index("ix_job_lease", "status", "lease_until"),
        Index("ix_job_attempt", "step_id", "step_attempt", unique=True),
    )

    id: str = id_column("job")
    project_id: str = Field(foreign_key="project.id", max_length=40)
    kind: str = "action_execution"
    origin: str = "automation_action_step"
    queue: str = Field(default="default", max_length=64)
    action_name: str
    run_id: str | None = Field(default=None, index=True, max_length=40)
    step_id: str | None = Field(default=None, max_length=40)
    step_path: str | None = Field(default=None, max_length=400)
    step_attempt: int | None = None
    """Which attempt at the run's step this is; None for a call that no run makes."""
    invocation_id: str | None = Field(default=None, max_length=40)
    spec: dict[str, Any] = json_column()
    attempt_seconds: int = 300
    """How long one attempt may take, heartbeats or not."""
    status: str = Field(default="queued", max_length=16)
    claim_attempt: int = 0
    max_attempts: int = 1
    session_id: str | None = Field(default=None, index=True, max_length=40)
    fence: int = _count()
    lease_hash: str = ""
    lease_until: str | None = None
    deadline_at: str | None = None
    """The end of the attempt, heartbeats or not."""
    available_at: str = Field(default_factory=stamp)
    cancel_requested_at: str | None = None
    cancel_reason: str | None = None
    claimed_at: str | None = None
    heartbeat_at: str | None = None
    result: Any = optional_json()
    error_type: str | None = None
    error_message: str | None = None
    created_at: str = Field(default_factory=stamp)
    updated_at: str = Field(default_factory=stamp)
    completed_at: str | None = None


class WorkerSession(Table, table=True):
    """A worker process as it was last seen."""

    __table_args__: ClassVar = (UniqueConstraint("project_id", "worker_instance_id"),)

    id: str = id_column("wsess")
    project_id: str = project_column()
    worker_instance_id: str = Field(max_length=200)
    name: str | None = None
    version: str | None = None
    concurrency_limit: int = 1
    status: str = "active"
    queues: list[str] = list_column()
    action_names: list[str] = list_column()
    capabilities: list[str] = list_column()
    models: list[dict[str, Any]] = list_column()
    principal_id: str | None = Field(default=None, max_length=40)
    api_key_id: str | None = Field(default=None, max_length=40)
    hub: str = ""
    """The hub process that holds its socket."""
    connection_id: str = ""
    """The socket; a later one of the same worker takes its place. Empty while there is none."""
    token_hash: str = ""
    """Of the token that lets the same process take its place again."""
    last_job_id: str | None = Field(default=None, max_length=40)
    last_seen_at: str | None = None
    created_at: str = Field(default_factory=stamp)
    updated_at: str = Field(default_factory=stamp)
