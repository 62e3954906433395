"""Action steps that the hub calls itself: integrations' actions, and HTTP actions of the project's own."""

from powerstrip.actions import Actions, Invoke, Result
from powerstrip.automations.engine.ports import Outcome, Pending, StepCall

SECONDS = 60.0
MOST_SECONDS = 120.0
"""How long one call may take, where the step says nothing, and at most."""
RETRYABLE = frozenset({"rate_limited", "unavailable", "timeout", "unknown"})


class ServerExecutor:
    """Runs an attempt as a call with the step's key: the log of calls knows a repetition, and what may be repeated at all."""

    def __init__(self, actions: Actions) -> None:
        self._actions = actions

    async def start(self, call: StepCall) -> Outcome | Pending:
        """See `StepExecutor`. After a crash the same key finds the earlier call: its result, or its end as unknown."""
        seconds = min(max(call.timeout or SECONDS, 1.0), MOST_SECONDS)
        invoke = Invoke(
            call.parameters,
            integration=call.integration,
            sandbox=call.mode == "sandbox",
            timeout_seconds=seconds,
            idempotency_key=call.idempotency_key,
            source="automation",
            run_id=call.run_id,
            step_name=call.step_key,
        )
        return outcome_of_call(await self._actions.invoke(call.project, call.actor, call.action, invoke))

    async def cancel(self, call: StepCall, job_id: str, reason: str) -> None:
        """Nothing of this kind is ever pending."""


def outcome_of_call(result: Result) -> Outcome:
    """What the engine is told of a call's end."""
    status = "unknown" if result.error_type == "unknown" else "failed"
    return Outcome(
        status="completed" if result.status == "completed" else status,
        output=result.output,
        error_type=result.error_type,
        error=result.error,
        retryable=result.error_type in RETRYABLE,
        retry_after=result.retry_after,
        invocation_id=result.invocation_id,
        mode=result.mode,
    )
