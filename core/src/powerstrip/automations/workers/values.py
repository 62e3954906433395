"""What goes in and out of the workers' room."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol, TypeAlias

from sqlalchemy import Connection

from powerstrip.actions import JobState
from powerstrip.value import Hidden, Value

Report: TypeAlias = Literal["completed", "failed", "cancelled"]


class Claimant(Value):
    """A registered worker and what it takes. Empty queues or names mean any."""

    project_id: str
    session_id: str
    limit: int
    queues: tuple[str, ...] = ()
    action_names: tuple[str, ...] = ()

    def takes(self, queue: str, action: str) -> bool:
        """Whether a job of this queue and action may be given to it."""
        return (not self.queues or queue in self.queues) and (not self.action_names or action in self.action_names)


class Claimed(Value):
    """A job as its worker gets it."""

    id: str
    kind: str
    origin: str
    queue: str
    action_name: str
    run_id: str | None
    step_id: str | None
    spec: dict[str, Any]
    attempt: int
    lease_token: Hidden[str]


class Beat(Value):
    """The answer to a heartbeat. `held` is false where the lease is gone; `cancel` is why the job is to be stopped."""

    held: bool
    cancel: str | None = None
    cancel_at: str | None = None


class Told(Value):
    """A report as a worker makes it."""

    job_id: str
    lease_token: Hidden[str]
    status: Report = "completed"
    result: Mapping[str, Any] | None = None
    error_type: str | None = None
    error: str | None = None


class Taken(Value):
    """What became of a report: `accepted` with the job's state, `again` for one that was told before, or `refused`."""

    verdict: Literal["accepted", "again", "refused"]
    state: JobState | None = None


class Registration(Value):
    """What a worker says of itself."""

    worker_instance_id: str
    session_token: Hidden[str | None] = None
    concurrency_limit: int = 1
    name: str | None = None
    version: str | None = None
    queues: Sequence[str] = ()
    action_names: Sequence[str] = ()
    capabilities: Sequence[str] = ()
    models: Sequence[dict[str, str]] = ()


class Registered(Value):
    """A registered worker: its session, the token that takes it up again, and the socket whose place it took."""

    session_id: str
    token: Hidden[str]
    replaced: str = ""
    again: bool = False


class EndListener(Protocol):
    """Is told of the end of every job."""

    def ended(self, connection: Connection, state: JobState) -> None:
        """In the transaction that ends the job. May run again after a lost connection."""
        ...

    def after(self, state: JobState) -> None:
        """Once it is committed."""
        ...
