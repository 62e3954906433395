"""Worker steps of runs: each attempt is a job, and its end is told to the engine."""

import json
from typing import Any

from sqlalchemy import Connection

from powerstrip.actions import Actions, Invoke, JobState, Result, StepRef
from powerstrip.automations.engine import MAX_OUTPUT, Engine, Outcome, Pending, StepCall
from powerstrip.automations.workers.workers import Workers

FAILED = "The worker failed"


class WorkerExecutor:
    """The `StepExecutor` of worker actions, and the `EndListener` that tells an engine of ends."""

    def __init__(self, actions: Actions, workers: Workers) -> None:
        self._actions = actions
        self._workers = workers
        self._engine: Engine | None = None
        workers.add_listener(self)

    def use_engine(self, engine: Engine) -> None:
        """At composition: whose steps these are."""
        self._engine = engine

    async def start(self, call: StepCall) -> Outcome | Pending:
        """Put the attempt on a queue, or find what it led to."""
        step = StepRef(call.run_id, call.step_id, call.path, call.attempt)
        asked = Invoke(
            call.parameters,
            sandbox=call.mode == "sandbox",
            idempotency_key=call.idempotency_key,
            source="automation",
            run_id=call.run_id,
            step_name=call.step_key,
        )
        seconds = max(1, round(call.timeout)) if call.timeout else None
        result = await self._actions.start_job(
            call.project, call.actor, call.action, asked, step, queue=call.queue, seconds=seconds
        )
        if result.status == "active":
            assert result.job_id is not None
            return Pending(result.job_id)
        return _outcome_of(result)

    async def cancel(self, call: StepCall, job_id: str, reason: str) -> None:
        """Stop the job; what it still gives is not waited for."""
        await self._workers.cancel(call.project.id, call.actor, job_id, reason)

    def ended(self, connection: Connection, state: JobState) -> None:
        """Tell the engine, in the transaction that ends the job."""
        if self._engine is not None and state.step is not None:
            step = state.step
            self._engine.step_done_in(connection, step.run_id, step.path, step.attempt, outcome_of(state))

    def after(self, state: JobState) -> None:
        """Let the engine look at once."""
        if self._engine is not None and state.step is not None:
            self._engine.wake(state.step.run_id)


def outcome_of(state: JobState) -> Outcome:
    """A job's end as an engine takes it. A job whose worker was lost may have taken effect."""
    facts: dict[str, Any] = {"invocation_id": state.invocation_id, "job_id": state.id}
    match state.status:
        case "completed":
            return _sized(Outcome("completed", state.result or {}, **facts))
        case "dead" if state.error_type != "no_worker":
            return Outcome("unknown", error_type="unknown", error=state.error, retryable=True, **facts)
        case "cancelled":
            return Outcome("failed", error_type="cancelled", error=state.error, **facts)
        case _:
            retryable = state.error_type != "output_mismatch"
            return Outcome("failed", error_type=state.error_type or "rejected", error=state.error, retryable=retryable, **facts)


def _outcome_of(result: Result) -> Outcome:
    facts: dict[str, Any] = {"invocation_id": result.invocation_id, "job_id": result.job_id, "mode": result.mode}
    if result.status == "completed":
        sent = tuple(
            {"method": row.method, "url": row.url, "headers": row.headers, "body": row.body} for row in result.would_send
        )
        return _sized(Outcome("completed", result.output or {}, would_send=sent, **facts))
    status = "unknown" if result.error_type == "unknown" else "failed"
    retryable = result.error_type not in ("cancelled", "output_mismatch")
    return Outcome(status, error_type=result.error_type, error=result.error or FAILED, retryable=retryable, **facts)


def _sized(outcome: Outcome) -> Outcome:
    if len(json.dumps(outcome.output)) <= MAX_OUTPUT:
        return outcome
    message = f"The worker gave more than {MAX_OUTPUT} bytes"
    return Outcome("failed", error_type="output_too_large", error=message, job_id=outcome.job_id, mode=outcome.mode)
