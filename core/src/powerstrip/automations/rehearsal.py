"""A draft tried before it is kept: the engine's own interpreter over a journal in memory, every call in the sandbox.

Nothing of the run is kept but what its calls leave, as any call in a sandbox does: their invocations, and the requests that
were not sent.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from powerstrip.actions import Actions, Invoke
from powerstrip.automations.engine.calling import SECONDS, outcome_of_call
from powerstrip.automations.engine.inputs import complete_inputs
from powerstrip.automations.engine.interpreter import Interpreter
from powerstrip.automations.engine.leaves import Leaves, Suspended, scrubbed
from powerstrip.automations.engine.ports import Outcome, Started, StepCall
from powerstrip.automations.engine.records import Note, StepRow, stored
from powerstrip.automations.engine.state import Facts, RunState
from powerstrip.automations.engine.writing import Write
from powerstrip.automations.expressions import TemplateFailed, render
from powerstrip.automations.spec import Action, Plan, Trigger
from powerstrip.clock import new_id, stamp
from powerstrip.events.source import envelope
from powerstrip.problems import Conflict
from powerstrip.store import Actor, Project, Store
from powerstrip.value import Value


class RehearsedStep(Value):
    """How one step ended; `would_send` lists what went no further than the sandbox (method, url, headers, body)."""

    path: str
    action: str
    status: str
    error: str
    would_send: tuple[dict[str, Any], ...]


class Rehearsed(Value):
    """How a rehearsal ended: completed, failed, or waiting for what only a real run waits for."""

    status: str
    steps: tuple[RehearsedStep, ...]
    error: str = ""


class Rehearsals:
    """Tries plans."""

    def __init__(self, store: Store, actions: Actions) -> None:
        self._store = store
        self._actions = actions

    async def rehearse(self, project: Project, actor: Actor, plan: Plan, event: Mapping[str, Any], name: str) -> Rehearsed:
        """Run a plan as if this event had fired its first trigger. Raises `BadInput` where the event lacks what is declared."""
        sandbox = _Sandbox(self._actions)
        inputs = _inputs(plan, event, name)
        facts = Facts(
            id=new_id("rehearsal"), project=project, actor=actor, automation_id="", automation="draft", version_id="", epoch=0,
            mode="sandbox", depth=0, inputs=inputs, started_at=stamp(), deadline_at=None, cancelled=False, failure=None,
        )  # fmt: skip
        state = _InMemory(facts, plan, self._store, _unwritten)
        leaves = Leaves(state, {"server": sandbox, "http": sandbox}, _NoChildren(), asyncio.ensure_future)  # pyright: ignore[reportArgumentType]
        try:
            ending = await Interpreter(state, leaves).run(_forgotten)
        except Suspended:
            return Rehearsed("waiting", _told(state, sandbox), "It waits here; a rehearsal does not")
        return Rehearsed(ending.status, _told(state, sandbox), ending.error_message or "")


def _inputs(plan: Plan, event: Mapping[str, Any], name: str) -> dict[str, Any]:
    """As `triggers` makes a run's inputs of an event."""
    trigger: Trigger | None = next(iter(plan.triggers), None)
    whole = envelope(event, {"id": "sample", "name": name, "mode": "sandbox", "test": True, "occurred_at": stamp()})
    given: Mapping[str, Any] = event if trigger is not None and trigger.kind == "http" else whole
    if trigger is not None and trigger.inputs is not None:
        try:
            given = {**given, **render(trigger.inputs, whole)}
        except TemplateFailed as failed:
            raise Conflict(f"The trigger's inputs: {failed.message}", code="template_failed") from None
    return complete_inputs(plan, {}, scrubbed(given))


def _told(state: RunState, sandbox: "_Sandbox") -> tuple[RehearsedStep, ...]:
    tasks = {step.key: step.task for step, _ in state.plan.every_step()}
    return tuple(
        RehearsedStep(row.path, task.action if isinstance(task := tasks[row.step_key], Action) else row.kind, row.status,
                      row.error_message or "", tuple(sandbox.unsent.get(row.path, ())))
        for row in sorted(state.steps.values(), key=lambda row: row.seq)
    )  # fmt: skip


class _InMemory(RunState):
    """A run's state that reaches no store."""

    def put(self, row: StepRow, *notes: Note, also: Any = None) -> StepRow:
        self.steps[row.path] = kept = stored(row)
        return kept


def _unwritten(connection: Any, writes: Sequence[Write]) -> NoReturn:
    raise AssertionError("a rehearsal is not written down")


class _NoChildren:
    """A rehearsal starts no other automation: that one is rehearsed alone."""

    def begin(self, started: Started) -> None:
        return

    async def prepare(self, state: RunState, row: StepRow, handle: str, inputs: Mapping[str, Any]) -> NoReturn:
        raise Conflict(f"A rehearsal does not start {handle}", code="not_rehearsed")


class _Sandbox:
    """Calls of the hub's own, in the sandbox whatever the project is."""

    def __init__(self, actions: Actions) -> None:
        self._actions = actions
        self.unsent: dict[str, list[dict[str, Any]]] = {}

    async def start(self, call: StepCall) -> Outcome:
        invoke = Invoke(
            call.parameters, integration=call.integration, sandbox=True, timeout_seconds=call.timeout or SECONDS,
            source="automation", step_name=call.step_key,
        )  # fmt: skip
        result = await self._actions.invoke(call.project, call.actor, call.action, invoke)
        self.unsent.setdefault(call.path, []).extend(
            {"method": each.method, "url": each.url, "headers": each.headers, "body": each.body, "encoding": each.body_encoding}
            for each in result.would_send
        )
        return outcome_of_call(result)

    async def cancel(self, call: StepCall, job_id: str, reason: str) -> None:
        return


async def _forgotten(error_type: str, message: str) -> None:
    """A rehearsal's failure is in its ending."""
