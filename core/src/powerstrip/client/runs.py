"""Runs of automations: start, follow, stop, resume."""

import json
from collections.abc import AsyncGenerator, Mapping
from typing import Any, Literal, NotRequired, TypeAlias, TypedDict

from powerstrip.client.integrations import given
from powerstrip.client.pages import Pages
from powerstrip.client.session import Session, path
from powerstrip.client.shapes import Json

RunStatus: TypeAlias = Literal["queued", "running", "suspended", "completed", "failed", "cancelled"]
Way: TypeAlias = Literal["retry", "skip"]


class Run(TypedDict):
    """One run. `error_type` unknown: look at the provider, then resume it."""

    id: str
    automation_id: str
    automation_version: int
    status: RunStatus
    mode: Literal["live", "sandbox"]
    inputs: Json
    result: NotRequired[Json]
    error_type: NotRequired[str]
    error_message: NotRequired[str]
    wake_at: NotRequired[str]
    retry_of: NotRequired[str]
    started_at: NotRequired[str]
    completed_at: NotRequired[str]
    created_at: str
    updated_at: str


class RunStep(TypedDict):
    """One step of a run; `would_have_sent` lists what a sandbox did not send."""

    id: str
    path: str
    step_key: str
    kind: str
    status: str
    attempt: int
    inputs: NotRequired[Json]
    result: NotRequired[Any]
    would_have_sent: NotRequired[list[Json]]
    error_type: NotRequired[str]
    error_message: NotRequired[str]
    started_at: NotRequired[str]
    completed_at: NotRequired[str]


class RunEvent(TypedDict):
    """An entry of a run's log."""

    id: str
    run_id: str
    sequence: int
    event_type: str
    step_key: NotRequired[str]
    payload: NotRequired[Json]
    created_at: str


class RunDifference(TypedDict):
    """One thing that two runs have differently; `path` is a step's, empty for the whole run."""

    path: str
    field: str
    before: NotRequired[Any]
    after: NotRequired[Any]


class Runs:
    """The runs of a project."""

    def __init__(self, session: Session, root: str) -> None:
        self._session = session
        self._project = root
        self._root = root + path("runs")

    async def start(
        self,
        automation: str,
        inputs: Mapping[str, Any] | None = None,
        *,
        external_id: str | None = None,
        sandbox: bool | None = None,
    ) -> Run:
        """Start a run. The same `external_id` gives the same run while that is active."""
        body = given(inputs=inputs, external_id=external_id, sandbox=sandbox)
        return await self._session.ask("POST", self._project + path("automations", automation, "runs"), body=body)

    def list(
        self, *, status: str | None = None, automation_id: str | None = None, source_event_id: str | None = None
    ) -> Pages[Run]:
        """Newest first."""
        query = {"status": status, "automation_id": automation_id, "source_event_id": source_event_id}
        return Pages(self._session, self._root, query)

    async def get(self, id: str) -> Run:
        """One run."""
        return await self._session.get(self._root + path(id))

    async def steps(self, id: str) -> "list[RunStep]":
        """Its steps, in the order in which they began."""
        return (await self._session.get(self._root + path(id, "steps")))["items"]

    async def events(self, id: str, *, since: int = 0, limit: int = 200) -> "list[RunEvent]":
        """Its log after an entry."""
        query = {"since_sequence": since, "limit": limit}
        return (await self._session.get(self._root + path(id, "events"), query))["items"]

    async def watch(self, id: str, *, since: int = 0) -> AsyncGenerator[RunEvent]:
        """Its log as it grows, to the run's end."""
        headers = {"last-event-id": str(since)} if since else {}
        async with self._session.stream(self._root + path(id, "events.stream"), headers) as lines:
            async for line in lines:
                if line.startswith("data: "):
                    yield json.loads(line.removeprefix("data: "))

    async def cancel(self, id: str, reason: str | None = None) -> Run:
        """Stop it; its cleanup still runs."""
        return await self._session.ask("POST", self._root + path(id, "cancellations"), body=given(reason=reason))

    async def signal(self, id: str, step: str, result: Mapping[str, Any] | None = None) -> Run:
        """Let a step that waits for an event go on with this."""
        return await self._session.ask("POST", self._root + path(id, "signals"), body=given(step_key=step, result=result))

    async def resume(self, id: str, way: Way = "retry", output: Mapping[str, Any] | None = None) -> Run:
        """Go on where it failed: do the step again, or skip it with this as its output."""
        return await self._session.ask("POST", self._root + path(id, "resume"), body=given(way=way, output=output))

    async def retry(self, id: str, from_step: str | None = None) -> Run:
        """A new run from the step at which it failed, or from this one."""
        return await self._session.ask("POST", self._root + path(id, "retry"), body=given(from_step=from_step))

    async def diff(self, id: str, other: str) -> "list[RunDifference]":
        """What two runs have differently."""
        return (await self._session.get(self._root + path(id, "diff"), {"other": other}))["differences"]
