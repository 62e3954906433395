"""A project's own actions; its workers and their jobs."""

from collections.abc import Mapping
from typing import Any, Literal, NotRequired, TypedDict

from powerstrip.client.integrations import given
from powerstrip.client.pages import Pages
from powerstrip.client.session import Session, path


class Hints(TypedDict, total=False):
    """Safe-use hints."""

    read_only: bool
    idempotent: bool
    destructive: bool


class OwnAction(TypedDict):
    """An action that the project registered."""

    id: str
    name: str
    title: str
    description: str
    endpoint_kind: Literal["http", "worker"]
    annotations: Hints
    timeout_seconds: int
    created_at: str
    updated_at: str
    endpoint_url: NotRequired[str]
    queue: NotRequired[str]
    input_schema: NotRequired[dict[str, Any]]
    output_schema: NotRequired[dict[str, Any]]
    tags: NotRequired[dict[str, str]]
    secret_ref: NotRequired[str]
    secret_version: NotRequired[int]
    signing_secret: NotRequired[str]
    standard_webhooks_secret: NotRequired[str]


class NewSigningSecret(TypedDict):
    """A signing secret as it is shown once."""

    secret_ref: str
    secret_version: int
    signing_secret: str
    standard_webhooks_secret: str


class Job(TypedDict):
    """Work for a worker."""

    id: str
    queue: str
    action_name: str
    status: Literal["queued", "claimed", "completed", "failed", "cancelled", "dead"]
    claim_attempt: int
    max_attempts: int
    created_at: str
    updated_at: str
    run_id: NotRequired[str]
    invocation_id: NotRequired[str]
    session_id: NotRequired[str]
    result: NotRequired[dict[str, Any]]
    error_type: NotRequired[str]
    error_message: NotRequired[str]
    completed_at: NotRequired[str]


class WorkerSession(TypedDict):
    """A worker process as it was last seen."""

    id: str
    worker_instance_id: str
    concurrency_limit: int
    instance_status: Literal["active", "stale", "draining"]
    stale: bool
    busy_job_count: int
    queues: list[str]
    action_names: list[str]
    current_jobs: list[dict[str, Any]]
    name: NotRequired[str]
    version: NotRequired[str]
    last_seen_at: NotRequired[str]


class WorkerSessions(TypedDict):
    """The project's workers and their sums."""

    items: list[WorkerSession]
    totals: dict[str, int]


class OwnActions:
    """The actions that the project registered. Secrets are shown once."""

    def __init__(self, session: Session, root: str) -> None:
        self._session = session
        self._root = root + path("actions")

    def list(self) -> Pages[OwnAction]:
        """Newest first."""
        return Pages(self._session, self._root)

    async def create(
        self,
        name: str,
        *,
        kind: Literal["http", "worker"] = "http",
        url: str | None = None,
        title: str | None = None,
        description: str | None = None,
        input_schema: Mapping[str, Any] | None = None,
        output_schema: Mapping[str, Any] | None = None,
        hints: Hints | None = None,
        queue: str | None = None,
        timeout_seconds: int | None = None,
    ) -> OwnAction:
        """Register one. An HTTP action's signing secret is in the answer, this once."""
        body = given(
            name=name,
            endpoint_kind=kind,
            endpoint_url=url,
            title=title,
            description=description,
            input_schema=input_schema,
            output_schema=output_schema,
            annotations=hints,
            queue=queue,
            timeout_seconds=timeout_seconds,
        )
        return await self._session.ask("POST", self._root, body=body)

    async def get(self, name: str) -> OwnAction:
        """One by its name."""
        return await self._session.get(self._root + path(name))

    async def update(
        self,
        name: str,
        *,
        url: str | None = None,
        title: str | None = None,
        description: str | None = None,
        input_schema: Mapping[str, Any] | None = None,
        output_schema: Mapping[str, Any] | None = None,
        hints: Hints | None = None,
        queue: str | None = None,
        timeout_seconds: int | None = None,
    ) -> OwnAction:
        """Change what is given and keep the rest."""
        body = given(
            endpoint_url=url,
            title=title,
            description=description,
            input_schema=input_schema,
            output_schema=output_schema,
            annotations=hints,
            queue=queue,
            timeout_seconds=timeout_seconds,
        )
        return await self._session.ask("PATCH", self._root + path(name), body=body)

    async def delete(self, name: str) -> None:
        """Remove it."""
        await self._session.ask("DELETE", self._root + path(name))

    async def rotate_secret(self, name: str, *, overlap_seconds: int | None = None) -> NewSigningSecret:
        """Make a new signing secret; the old one signs too for the overlap."""
        body: dict[str, Any] = given(overlap_seconds=overlap_seconds)
        return await self._session.ask("POST", self._root + path(name, "secret", "rotate"), body=body)


class Workers:
    """The project's workers and their jobs."""

    def __init__(self, session: Session, root: str) -> None:
        self._session = session
        self._sessions = root + path("worker-sessions")
        self._jobs = root + path("jobs")

    async def list(self) -> WorkerSessions:
        """Those seen last first."""
        return await self._session.get(self._sessions)

    async def drain(self, id: str) -> WorkerSessions:
        """Send one home: it finishes what it has, and ends."""
        return await self._session.ask("POST", self._sessions + path(id, "drain"))

    def jobs(self, *, status: str | None = None, action: str | None = None, queue: str | None = None) -> Pages[Job]:
        """Newest first; with the status `dead`, those that no worker could finish."""
        return Pages(self._session, self._jobs, {"status": status, "action_name": action, "queue": queue})

    async def job(self, id: str) -> Job:
        """One job."""
        return await self._session.get(self._jobs + path(id))

    async def cancel(self, id: str, reason: str = "cancelled") -> Job:
        """Stop one; its worker is told."""
        return await self._session.ask("POST", self._jobs + path(id, "cancellations"), body={"reason": reason})

    async def retry(self, id: str) -> Job:
        """Give a dead one out again."""
        return await self._session.ask("POST", self._jobs + path(id, "retry"))
