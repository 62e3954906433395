"""The two doors of the engine: what runs its steps, and what an engine is.

A `StepExecutor` runs actions of one kind; the engine knows none of them. An `Engine` keeps runs: it starts each once, records
what its steps gave, and goes on from there after a crash. Every engine passes
the suite in `core/tests/automations/test_engine_*.py`.
"""

from collections.abc import Callable, Sequence
from typing import Any, Literal, Protocol, TypeAlias

from sqlalchemy import Connection

from powerstrip.automations.engine.records import StepRow, WaitRow
from powerstrip.events import SourceEventRow
from powerstrip.store import Actor, Project
from powerstrip.value import Hidden, Value

Mode: TypeAlias = Literal["live", "sandbox"]
OutcomeStatus: TypeAlias = Literal["completed", "failed", "unknown"]

MAX_OUTPUT = 256 * 1024
"""Bytes of a step's output as JSON. A step that gives more fails with `output_too_large`."""


class StepCall(Value):
    """One attempt at an action step, with its templates filled.

    `idempotency_key` (at most 80 printable ASCII characters) is the same for every repetition whose earlier end is not known, in
    whichever process; after an end that is known to be a failure, the next attempt has another. (`step_id`, `attempt`) names the
    attempt: it comes again, with `again` set, where a process ended in the middle of it. `timeout` is in seconds.
    """

    project: Project
    actor: Actor
    run_id: str
    mode: Mode
    step_id: str
    path: str
    step_key: str
    attempt: int
    idempotency_key: str
    action: str
    action_kind: str
    parameters: dict[str, Any]
    integration: str | None = None
    queue: str = "default"
    timeout: float | None = None
    again: bool = False


class Outcome(Value):
    """How an attempt ended. `unknown`: nobody here knows whether it took effect; it is repeated only with the same key.

    `retryable` lets the step's retry policy count; `retry_after` is the least wait in seconds. `would_send` lists what a sandbox
    did not send (method, url, headers, body), `mode` how the call was made.
    """

    status: OutcomeStatus
    output: Any = None
    error_type: str | None = None
    error: str | None = None
    retryable: bool = False
    retry_after: float | None = None
    invocation_id: str | None = None
    job_id: str | None = None
    mode: Mode = "live"
    would_send: tuple[dict[str, Any], ...] = ()


class Pending(Value):
    """The attempt goes on elsewhere; `Engine.step_done` will tell its end. Till then it is the executor's to keep."""

    job_id: str


class StepExecutor(Protocol):
    """Runs the actions of one kind (`server`, `http`, `worker`).

    The engine writes the attempt down before it calls `start`, in the same queue of the store: whatever the executor writes
    through `Store.write` or `Store.hot` stands on disk no earlier than that. Raising a `Problem` is a failure that is not
    retried, but for one with `retry_after` or status 503, and `Conflict` `in_flight`, which are asked again.
    """

    async def start(self, call: StepCall) -> Outcome | Pending:
        """Begin an attempt. Called again for the same (`step_id`, `attempt`) it joins what is there and makes no second one:
        the outcome where it has ended, `Pending` where it is under way."""
        ...

    async def cancel(self, call: StepCall, job_id: str, reason: str) -> None:
        """Nobody wants the outcome of a pending attempt any more: the run was cancelled, or the step's time is over."""
        ...


class Engine(Protocol):
    """What the rest of the hub asks of an engine. What takes a connection is part of the caller's transaction."""

    name: str
    watchers: list[Callable[[str], None]]
    """Told a run's id, in the event loop, when there may be news of it."""
    end_watchers: list[Callable[[str, Any], None]]
    """Told a run's id, in the event loop, when it has ended, with its row where this process has it at hand."""

    def use(self, kind: str, executor: StepExecutor) -> None:
        """Hand in what runs actions of a kind. At composition."""
        ...

    def start_in(self, connection: Connection, new: "NewRun") -> "Started":
        """Put a run on record, once for its id, and say what became of it under its concurrency policy."""
        ...

    def start_all(self, connection: Connection, news: "Sequence[NewRun]") -> "list[Started]":
        """The same for many, in order."""
        ...

    def begin(self, started: "Started") -> None:
        """Work at a run that was put on record, now that it is committed. In the event loop.

        Where nobody calls it, or the process ends before, the run is found and taken up a moment later.
        """
        ...

    def event_in(self, connection: Connection, event: SourceEventRow) -> list[str]:
        """Give an event to the runs that wait for it; the ids of those that take it."""
        ...

    def step_done_in(self, connection: Connection, run_id: str, path: str, attempt: int, outcome: Outcome) -> bool:
        """Keep the end of a pending attempt. False where nobody waits for it any more: too late, or told before."""
        ...

    def wake(self, run_id: str) -> None:
        """Look at a run at once. From any thread; harmless where there is nothing to do, or the transaction is not over yet."""
        ...

    async def step_done(self, run_id: str, path: str, attempt: int, outcome: Outcome) -> bool:
        """`step_done_in` and `wake` in one, committed when it returns."""
        ...

    async def signal(self, project_id: str, run_id: str, step_key: str, result: Any) -> None:
        """Give a suspended wait its result. Raises `NotFound`, and `Conflict` where the step does not wait."""
        ...

    async def cancel(self, project_id: str, run_id: str, reason: str) -> None:
        """Stop a run: nothing new begins but its cleanup. Twice is once; a run that has ended stays as it is."""
        ...

    async def resume(self, project_id: str, run_id: str, choice: "Choice") -> None:
        """Go on with a run that has failed, at the step where it did. Raises `Conflict` where there is none."""
        ...

    async def start(self) -> None:
        """Take up what an earlier process left, and begin to work."""
        ...

    async def close(self) -> None:
        """Let go: what is in the middle is left to the next process."""
        ...


class Choice(Value):
    """What a person decides about the step that a run stands at.

    `retry` runs it anew with a new key, `skip` goes on with `output` as what it gave: for a step that ended unknown, after a look
    at the provider.
    """

    way: Literal["retry", "skip"] = "retry"
    output: Any = None


class NewRun(Value):
    """A run to start. `id` decides whether it is new; `inputs` are complete; `plan_version_id` is the version that runs."""

    id: str
    project_id: str
    automation_id: str
    version_id: str
    version: int
    inputs: dict[str, Any]
    mode: Mode = "live"
    test: bool = False
    source_type: str | None = None
    source_id: str | None = None
    source_label: str | None = None
    source_event_id: str | None = None
    trigger_id: str | None = None
    trigger_fire_id: str | None = None
    external_id: str | None = None
    parent_run_id: str | None = None
    parent_automation_id: str | None = None
    parent_step_key: str | None = None
    retry_of: str | None = None
    depth: int = 0
    principal_id: str | None = None
    policy: Literal["allow", "queue", "skip", "replace"] = "allow"
    limit: int = 1
    concurrency_key: str | None = None
    timeout: float | None = None


class Claimed(Value):
    """A run with its rows, for this process alone. `run` is the row as it was before, but for one that was just begun."""

    run: Any
    epoch: int
    started_at: str
    steps: list[StepRow]
    waits: dict[str, WaitRow]

    @classmethod
    def of(cls, run: Any, steps: list[StepRow]) -> "Claimed":
        """A run to look at."""
        return cls(run, run.epoch, run.started_at or run.created_at, steps, {})


class Started(Value):
    """What became of a `NewRun`: `existing` where its id was known, `skipped` where the policy let it fall.

    `claim` is there where the run began in the hands of this process: hand it to `Engine.begin` once it is committed.
    """

    run_id: str
    state: Literal["started", "queued", "existing", "skipped"]
    claim: Hidden[Claimed | None] = None
