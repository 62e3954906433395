"""The door to the workers: what runs worker actions as jobs is handed in at composition."""

from collections.abc import Mapping
from typing import Any, Literal, Protocol, TypeAlias

from sqlalchemy import Connection

from powerstrip.value import Value

JobEnd: TypeAlias = Literal["completed", "failed", "cancelled", "dead"]


class StepRef(Value):
    """The attempt at a run's step that a job is."""

    run_id: str
    step_id: str
    path: str
    attempt: int


class NewJob(Value):
    """Work for a worker. One attempt may take `attempt_seconds`; a lost one is given out again up to `max_attempts`."""

    project_id: str
    action_name: str
    parameters: Mapping[str, Any]
    queue: str
    attempt_seconds: int
    max_attempts: int
    invocation_id: str
    idempotency_key: str
    step: StepRef | None = None


class JobState(Value):
    """A job as it stands: `queued`, `claimed`, or one of its ends."""

    id: str
    project_id: str
    action_name: str
    invocation_id: str | None
    status: str
    result: dict[str, Any] | None = None
    error_type: str | None = None
    error: str | None = None
    step: StepRef | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing more will come of it."""
        return self.status in ("completed", "failed", "cancelled", "dead")


class Work(Protocol):
    """Gives jobs to workers. What takes a connection works in the caller's transaction, and `wake` follows its commit."""

    def enqueue(self, connection: Connection, job: NewJob) -> str:
        """Put a job on its queue; gives its id."""
        ...

    def adopt(self, connection: Connection, job_id: str, step: StepRef) -> JobState:
        """The job as it stands; one that has not ended belongs to this attempt from here on."""
        ...

    def wake(self, project_id: str) -> None:
        """There may be work: tell the workers."""
        ...

    async def wait(self, job_id: str, seconds: float) -> JobState:
        """The job as it stands once it has ended or the time is over."""
        ...
