"""Steps that do something: call an action, wait, start another automation. Each leaves its row in a state to go on from."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol, cast

from sqlalchemy import Connection, select
from sqlmodel import col

from powerstrip.automations.engine import ids
from powerstrip.automations.engine.ports import MAX_OUTPUT, Outcome, Pending, Started, StepCall, StepExecutor
from powerstrip.automations.engine.records import Note, StepRow, WaitRow, close_wait, dumps, wait_rows
from powerstrip.automations.engine.scopes import Scope
from powerstrip.automations.engine.state import RunState, earliest, ended, note, size_of
from powerstrip.automations.expressions import render
from powerstrip.automations.spec import Action, Sleep, Step, SubAutomation, WaitForEvent
from powerstrip.clock import now, rfc3339, stamp
from powerstrip.events import at_depth
from powerstrip.problems import Conflict, Problem
from powerstrip.store import RunWait, insert_row
from powerstrip.vault import find_secrets

SHORT = 1.0
"""Seconds up to which a wait keeps its place in memory."""
GRACE = 2.0
"""Seconds beyond a step's timeout in which an executor may still tell an end of its own."""
BUSY = 0.5
"""Seconds between questions for a call that another process is still at."""
UNKNOWN = "Whether it took effect is not known: look at the provider, then resume the run"


class Suspended(Exception):
    """The run has to wait; `due` is when to look again at the latest."""

    def __init__(self, due: str | None = None) -> None:
        super().__init__(due)
        self.due = due


class StepFailed(Exception):
    """A step has failed, and its plan does not go on from there."""

    def __init__(self, step_key: str, error_type: str, message: str) -> None:
        super().__init__(error_type)
        self.step_key = step_key
        self.error_type = error_type
        self.message = message


class Children(Protocol):
    """Starts runs of other automations, as steps."""

    async def prepare(
        self, state: RunState, row: StepRow, handle: str, inputs: Mapping[str, Any]
    ) -> Callable[[Connection], Started]:
        """What starts the child in a transaction. Raises a `Problem` where it cannot be started."""
        ...

    @property
    def begin(self) -> Callable[[Started], None]:
        """To be told that the child is on record."""
        ...


class Leaves:
    """Runs the leaves of one run's plan."""

    def __init__(
        self,
        state: RunState,
        executors: Mapping[str, StepExecutor],
        children: Children,
        keep: Callable[[Coroutine[Any, Any, Any]], "asyncio.Task[Any]"],
    ) -> None:
        self._state = state
        self._executors = executors
        self._children = children
        self._keep = keep

    async def refresh(self) -> None:
        """Learn what arrived for the steps that wait."""
        await self._state.settled()
        run = self._state.facts.id
        self._state.waits = await self._state.store.hot(lambda connection: wait_rows(connection, run))

    async def run(self, step: Step, row: StepRow, scope: Scope) -> StepRow:
        """Bring a step to its end. Raises `Suspended`, and `TemplateFailed` where it cannot be filled."""
        match step.task:
            case Action() as task:
                return await self._action(step, task, row, scope)
            case Sleep() as task:
                return await self._sleep(step, task, row, scope)
            case WaitForEvent() as task:
                return await self._wait(step, task, row, scope)
            case SubAutomation() as task:
                return await self._sub(step, task, row, scope)
            case _:
                raise AssertionError(step.kind)

    async def complete(self, row: StepRow, output: Any, **facts: Any) -> StepRow:
        """The step's good end. What is too large is a failure; what looks like a credential is not kept."""
        text = dumps(output) or ""
        if size_of(text) > MAX_OUTPUT:
            return await self.fail(row, "output_too_large", f"Its output is larger than {MAX_OUTPUT // 1024} KB", **facts)
        done = ended(row, "completed", result=scrubbed(output, text), error_type=None, error_message=None, **facts)
        wait = self._state.waits.get(row.id)
        return self._state.put(done, note(done, "completed", attempt=done.attempt), also=_taken(wait))

    async def fail(self, row: StepRow, error_type: str, message: str, **facts: Any) -> StepRow:
        """The step's bad end."""
        done = ended(row, "failed", error_type=error_type, error_message=message, **facts)
        told = note(done, "failed", attempt=done.attempt, error_type=error_type, error=message)
        return self._state.put(done, told, also=_taken(self._state.waits.get(row.id)))

    # Actions

    async def _action(self, step: Step, task: Action, row: StepRow, scope: Scope) -> StepRow:
        if row.status == "pending":
            row = row._replace(parameters=task.parameters, inputs=render(task.parameters, scope.values()))
            row = _begun(row, step)
        while True:
            await self._pause(row)
            outcome = await self._attempt(step, task, row)
            row = self._state.steps[row.path]
            again = self._next_attempt(step, row, outcome)
            if again is None:
                return await self._end(row, outcome)
            told = note(row, "retrying", attempt=row.attempt, at=again.next_attempt_at, error_type=outcome.error_type)
            row = self._state.put(again, told, also=_taken(self._state.waits.pop(row.id, None)))

    async def _pause(self, row: StepRow) -> None:
        """Wait for the time of the next attempt: a short while here, longer ones with the run laid aside."""
        if row.next_attempt_at is None:
            return
        seconds = (datetime.fromisoformat(row.next_attempt_at) - now()).total_seconds()
        if seconds > SHORT:
            raise Suspended(earliest((row.next_attempt_at, row.deadline_at)))
        await asyncio.sleep(max(seconds, 0))

    async def _attempt(self, step: Step, task: Action, row: StepRow) -> Outcome:
        """One attempt, or the end of the one that is under way."""
        executor = self._executors.get(task.action_kind)
        if row.status == "suspended" and row.job_id is not None and row.next_attempt_at is None:
            return await self._job_end(executor, task, row)
        if row.status == "running" and row.path in self._state.resumed:
            call = self._state.call(row, task, _left(row), again=True)
        else:
            row = row._replace(status="running", attempt=row.attempt + 1, next_attempt_at=None, job_id=None)
            words: dict[str, Any] = {"attempt": row.attempt, "action": task.action, "key": row.key}
            row = self._state.put(row, note(row, "started", **words))
            call = self._state.call(row, task, _left(row))
        if executor is None:
            return Outcome("failed", error_type="no_executor", error=f"This hub runs no actions of the kind {task.action_kind}")
        came = await self._call(executor, call)
        return came if isinstance(came, Outcome) else await self._wait_for_job(row, came)

    async def _call(self, executor: StepExecutor, call: StepCall) -> Outcome | Pending:
        """Ask the executor. The call goes on to its own end, whatever becomes of the run meanwhile."""
        task = self._keep(_asked(executor, call, self._state.facts.depth))
        if call.timeout is None:
            return await asyncio.shield(task)
        try:
            async with asyncio.timeout(call.timeout + GRACE):
                return await asyncio.shield(task)
        except TimeoutError:
            return Outcome("unknown", error_type="timeout", error=UNKNOWN, retryable=True)

    async def _wait_for_job(self, row: StepRow, pending: Pending) -> Outcome:
        """Lay the step aside until its end is told, unless that was quicker."""
        wait_id = ids.wait_id(row.id, row.attempt)
        facts = self._state.facts

        def open_wait(connection: Connection) -> None:
            if not _has_wait(connection, wait_id):
                values = wait_values(facts.project.id, facts.id, row, wait_id, "job", match={"attempt": row.attempt})
                insert_row(connection, RunWait, values)

        waiting = row._replace(status="suspended", job_id=pending.job_id, wait_id=wait_id)
        waiting = self._state.put(waiting, note(waiting, "suspended", job_id=pending.job_id), also=open_wait)
        await self.refresh()
        return await self._job_end(None, None, waiting)

    async def _job_end(self, executor: StepExecutor | None, task: Action | None, row: StepRow) -> Outcome:
        wait = self._state.waits.get(row.id)
        if wait is not None and wait.status == "met":
            return outcome_of(wait.result)
        if row.deadline_at is not None and row.deadline_at <= stamp():
            if executor is not None and task is not None and row.job_id is not None:
                await executor.cancel(self._state.call(row, task, None), row.job_id, "The step's time is over")
            return Outcome("failed", error_type="timeout", error="It took longer than its timeout", job_id=row.job_id)
        raise Suspended(row.deadline_at)

    def _next_attempt(self, step: Step, row: StepRow, outcome: Outcome) -> StepRow | None:
        """The row as it waits for its next attempt; None where there is none. A known failure opens a new key."""
        over = row.deadline_at is not None and row.deadline_at <= stamp()
        if outcome.status == "completed" or not outcome.retryable or over or row.attempt >= step.retry.max_attempts:
            return None
        policy = step.retry
        delay = min(policy.delay * policy.factor ** (row.attempt - 1), policy.max_delay)
        at = rfc3339(now() + timedelta(seconds=max(delay, outcome.retry_after or 0)))
        group = row.group + (outcome.status == "failed")
        return row._replace(status="suspended", next_attempt_at=at, group=group, invocation_id=outcome.invocation_id)

    async def _end(self, row: StepRow, outcome: Outcome) -> StepRow:
        facts = {"invocation_id": outcome.invocation_id or row.invocation_id, "job_id": outcome.job_id or row.job_id}
        if outcome.status == "completed":
            return await self.complete(row, outcome.output, **facts)
        kind = "unknown" if outcome.status == "unknown" else outcome.error_type or "failed"
        return await self.fail(row, kind, outcome.error or (UNKNOWN if kind == "unknown" else "It failed"), **facts)

    # Waits

    async def _sleep(self, step: Step, task: Sleep, row: StepRow, scope: Scope) -> StepRow:
        if row.status == "pending":
            until = _until(task, scope)
            if until is None:
                return await self.fail(row, "bad_time", "`until` is no time with a zone: write such as 2030-01-31T09:00:00Z")
            row = _begun(row, step)._replace(status="suspended", attempt=1, next_attempt_at=until)
            row = self._state.put(row, note(row, "suspended", until=until))
        assert row.next_attempt_at is not None
        if row.next_attempt_at > stamp():
            raise Suspended(row.next_attempt_at)
        return await self.complete(row, {"until": row.next_attempt_at})

    async def _wait(self, step: Step, task: WaitForEvent, row: StepRow, scope: Scope) -> StepRow:
        if row.status == "pending":
            row = await self._open_wait(step, task, row, scope)
        wait = self._state.waits.get(row.id)
        if wait is not None and wait.status == "met":
            return await self.complete(row, _mapped(task, wait.result))
        if row.deadline_at is not None and row.deadline_at <= stamp():
            return await self.fail(row, "timeout", "The event did not come in time")
        raise Suspended(row.deadline_at)

    async def _open_wait(self, step: Step, task: WaitForEvent, row: StepRow, scope: Scope) -> StepRow:
        values, wait_id, facts = scope.values(), ids.wait_id(row.id, 1), self._state.facts
        match, source = render(task.match, values), render(task.source_id, values) if task.source_id else None
        row = _begun(row, step)._replace(status="suspended", attempt=1, wait_id=wait_id, inputs={"match": match})
        wait = wait_values(facts.project.id, facts.id, row, wait_id, "event", match=match)
        wait |= {"event_type": task.event, "source_id": source, "condition": task.condition}
        opened = Note("wait.opened", {"path": row.path, "event": task.event, "wait_id": wait_id}, row.id, row.step_key)

        def begin(connection: Connection) -> None:
            insert_row(connection, RunWait, wait)

        return self._state.put(row, note(row, "started"), opened, also=begin)

    # Other automations

    async def _sub(self, step: Step, task: SubAutomation, row: StepRow, scope: Scope) -> StepRow:
        if row.status == "pending":
            row = _begun(row, step)
            row = row._replace(attempt=1, inputs=render(task.inputs or {}, scope.values()))
            try:
                start = await self._children.prepare(self._state, row, task.automation, row.inputs or {})
            except Problem as problem:
                return await self.fail(row, problem.code, problem.message)
            row = await self._start_child(task, row, start)
        if not task.wait:
            return self._state.steps[row.path]
        wait = self._state.waits.get(row.id)
        if wait is not None and wait.status == "met":
            return await self._child_end(row, wait.result)
        if row.deadline_at is not None and row.deadline_at <= stamp():
            return await self.fail(row, "timeout", "The other automation's run took longer than the step's timeout")
        raise Suspended(row.deadline_at)

    async def _start_child(self, task: SubAutomation, row: StepRow, start: Callable[[Connection], Started]) -> StepRow:
        child, facts = ids.child_id(row.id, 1), self._state.facts
        wait_id = ids.wait_id(row.id, 1) if task.wait else None
        row = row._replace(child_run_id=child, wait_id=wait_id, status="suspended")
        row = row if task.wait else ended(row, "completed", result={"run_id": child})

        begun: list[Started] = []

        def begin(connection: Connection) -> None:
            if wait_id is not None:
                values = wait_values(facts.project.id, facts.id, row, wait_id, "run", match={"run_id": child})
                insert_row(connection, RunWait, values)
            begun.append(start(connection))

        row = self._state.put(row, note(row, "suspended" if task.wait else "completed", run_id=child), also=begin)
        await self.refresh()
        self._children.begin(begun[-1])
        return row

    async def _child_end(self, row: StepRow, told: Mapping[str, Any]) -> StepRow:
        if told.get("status") == "completed":
            return await self.complete(row, told.get("result"))
        message = f"Its run {row.child_run_id} ended as {told.get('status')}: {told.get('error') or 'no reason given'}"
        return await self.fail(row, str(told.get("error_type") or "child_failed"), message)


async def _asked(executor: StepExecutor, call: StepCall, depth: int) -> Outcome | Pending:
    """The executor's answer, with what it refuses as an outcome. While another process is at the same call, it is asked again."""
    while True:
        try:
            with at_depth(depth):
                return await executor.start(call)
        except Conflict as problem:
            if problem.code != "in_flight":
                return _refused(problem)
            await asyncio.sleep(problem.retry_after or BUSY)
        except Problem as problem:
            return _refused(problem)


def _refused(problem: Problem) -> Outcome:
    again = problem.retry_after is not None or problem.status == 503
    return Outcome("failed", error_type=problem.code, error=problem.message, retryable=again, retry_after=problem.retry_after)


def wait_values(project_id: str, run_id: str, row: StepRow, wait_id: str, kind: str, *, match: Any = None) -> dict[str, Any]:
    """A new wait's row."""
    return {
        "id": wait_id,
        "project_id": project_id,
        "run_id": run_id,
        "step_id": row.id,
        "step_key": row.step_key,
        "kind": kind,
        "status": "open",
        "match": dumps(match or {}),
        "condition": "",
        "wake_at": row.deadline_at,
        "created_at": stamp(),
    }


def _has_wait(connection: Connection, wait_id: str) -> bool:
    return connection.execute(select(col(RunWait.id)).where(col(RunWait.id) == wait_id)).first() is not None


def outcome_of(kept: Any) -> Outcome:
    """An outcome as it lay in its wait."""
    values: dict[str, Any] = dict(kept)
    values["would_send"] = tuple(values.get("would_send", ()))
    return Outcome(**values)


def _taken(wait: WaitRow | None) -> Callable[[Connection], None] | None:
    return None if wait is None else lambda connection: close_wait(connection, wait.id)


def _begun(row: StepRow, step: Step) -> StepRow:
    due = rfc3339(now() + timedelta(seconds=step.timeout)) if step.timeout is not None else None
    return row._replace(status="started", started_at=stamp(), deadline_at=due)


def _left(row: StepRow) -> float | None:
    """Seconds of the step's time that are left, a moment at least."""
    if row.deadline_at is None:
        return None
    return max((datetime.fromisoformat(row.deadline_at) - now()).total_seconds(), 0.05)


def _until(task: Sleep, scope: Scope) -> str | None:
    if task.seconds is not None:
        return rfc3339(now() + timedelta(seconds=task.seconds))
    with contextlib.suppress(ValueError, OverflowError):
        at = datetime.fromisoformat(str(render(task.until, scope.values())))
        return rfc3339(at) if at.tzinfo is not None else None
    return None


def _mapped(task: WaitForEvent, given: Any) -> Any:
    """A signal's result as it is; an event through the step's mapping."""
    kept = cast(dict[str, Any], given)
    if "signal" in kept:
        return kept["signal"]
    return render(task.mapping, kept) if task.mapping else kept


def scrubbed(value: Any, text: str | None = None) -> Any:
    """A value without the texts that are plainly credentials: a run's rows are read by many. `text` is its JSON, where known."""
    if not value or not find_secrets(value, dumps(value) if text is None else text):
        return value
    return _hidden(value)


def _hidden(value: Any) -> Any:
    match value:
        case str():
            return "[hidden: it looks like a credential]" if find_secrets(value) else value
        case dict():
            return {name: _hidden(item) for name, item in cast(dict[str, Any], value).items()}
        case list():
            return [_hidden(item) for item in cast(list[Any], value)]
        case _:
            return value


__all__ = ["Children", "Leaves", "StepFailed", "Suspended", "outcome_of", "scrubbed", "wait_values"]
