"""Runs a plan over the journal: what has ended is taken from there, what has not is done.

Whatever has to wait raises `Suspended`; the whole is begun anew when something happened, and goes quickly over what is behind.
"""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any, TypeAlias, cast

from powerstrip.automations.engine.leaves import Leaves, StepFailed, Suspended
from powerstrip.automations.engine.records import StepRow
from powerstrip.automations.engine.scopes import Scope, holds
from powerstrip.automations.engine.state import MAX_PATH, RunState, earliest, ended, note
from powerstrip.automations.expressions import ConditionFailed, TemplateFailed, render
from powerstrip.automations.spec import Branch, ForEach, Parallel, Step
from powerstrip.clock import now, rfc3339, stamp
from powerstrip.value import Value

Job: TypeAlias = Callable[[], Coroutine[Any, Any, None]]
CONTAINERS = (Branch, ForEach, Parallel)
TIMED_OUT = "It took longer than its timeout"


class Ending(Value):
    """How a run ended."""

    status: str
    result: dict[str, Any] | None = None
    error_type: str | None = None
    error_message: str | None = None


class Interpreter:
    """One pass over a plan."""

    def __init__(self, state: RunState, leaves: Leaves) -> None:
        self._state = state
        self._leaves = leaves
        facts = state.facts
        about = {"id": facts.id, "automation": facts.automation, "started_at": facts.started_at, "mode": facts.mode}
        self._scope = Scope(facts.inputs, about)

    async def run(self, keep_failure: Callable[[str, str], Coroutine[Any, Any, None]]) -> Ending:
        """Go as far as it goes. Raises `Suspended` with the time of the next thing that is due.

        `keep_failure` puts on record that the main part failed, before the cleanup begins.
        """
        facts = self._state.facts
        failure = facts.failure
        if failure is None and not facts.cancelled:
            failure = await self._main()
            if failure is not None and self._state.plan.cleanup:
                await keep_failure(*failure)
        await self._cleanup()
        if facts.cancelled:
            return Ending("cancelled")
        return Ending("failed", None, *failure) if failure else self._result()

    async def _main(self) -> tuple[str, str] | None:
        """The steps; what they failed with."""
        due = self._state.facts.deadline_at
        try:
            async with asyncio.timeout(_seconds_left(due)):
                await self.block(self._state.plan.steps, "", self._scope)
        except TimeoutError:
            return "timeout", "The run took longer than its timeout"
        except StepFailed as failed:
            return failed.error_type, f"Step {failed.step_key}: {failed.message}"
        except Suspended as waiting:
            raise Suspended(earliest((waiting.due, due))) from None
        return None

    async def _cleanup(self) -> None:
        """Every step of the cleanup, whatever became of the one before."""
        for step in self._state.plan.cleanup:
            try:
                await self.step(step, "", self._scope, "cleanup")
            except StepFailed:
                continue

    def _result(self) -> Ending:
        plan = self._state.plan
        try:
            if plan.outputs is None:
                return Ending("completed", self._scope.context)
            return Ending("completed", render(plan.outputs, self._scope.values()))
        except TemplateFailed as failed:
            return Ending("failed", None, failed.code, f"The outputs: {failed.message}")

    async def block(self, steps: tuple[Step, ...], prefix: str, scope: Scope) -> None:
        """One step after the other. Raises `StepFailed` and `Suspended`."""
        for step in steps:
            await self.step(step, prefix, scope)

    async def step(self, step: Step, prefix: str, scope: Scope, kind: str = "") -> None:
        """One step, unless it has ended before."""
        path = prefix + step.key
        if len(path) > MAX_PATH:
            raise StepFailed(step.key, "too_deep", f"Its place in loops is longer than {MAX_PATH} characters")
        row = self._state.steps.get(path)
        if row is None or not row.ended:
            row = await self._perform(step, row or self._state.new_step(step, path, kind or step.kind), prefix, scope)
        scope.keep(step, row)
        if row.status in ("failed", "cancelled") and step.on_error == "fail":
            raise StepFailed(step.key, row.error_type or "failed", row.error_message or "It failed")

    async def _perform(self, step: Step, row: StepRow, prefix: str, scope: Scope) -> StepRow:
        try:
            if row.status == "pending" and step.condition and not await holds(step.condition, scope.values()):
                skipped = ended(row, "skipped")
                return self._state.put(skipped, note(skipped, "skipped"))
            if isinstance(step.task, CONTAINERS):
                return await self._container(step, row, prefix, scope)
            return await self._leaves.run(step, row, scope)
        except (ConditionFailed, TemplateFailed) as failed:
            code = failed.code if isinstance(failed, TemplateFailed) else "condition_failed"
            return await self._leaves.fail(self._state.steps[row.path], code, str(failed))

    async def _container(self, step: Step, row: StepRow, prefix: str, scope: Scope) -> StepRow:
        if row.status == "pending":
            due = rfc3339(datetime.fromtimestamp(now().timestamp() + step.timeout, tz=now().tzinfo)) if step.timeout else None
            row = row._replace(status="running", attempt=1, started_at=stamp(), deadline_at=due)
            row = self._state.put(row, note(row, "started"))
        try:
            async with asyncio.timeout(_seconds_left(row.deadline_at)):
                output = await self._inside(step, row, prefix, scope)
        except TimeoutError:
            return await self._leaves.fail(row, "timeout", TIMED_OUT)
        except StepFailed as failed:
            return await self._leaves.fail(row, failed.error_type, f"Step {failed.step_key}: {failed.message}")
        except Suspended as waiting:
            raise Suspended(earliest((waiting.due, row.deadline_at))) from None
        return await self._leaves.complete(row, output)

    async def _inside(self, step: Step, row: StepRow, prefix: str, scope: Scope) -> Any:
        match step.task:
            case Branch() as task:
                return await self._branch(task, row, prefix, scope)
            case ForEach() as task:
                return await self._for_each(task, row, scope)
            case Parallel() as task:
                await self.together([_job(self.block, arm.steps, prefix, scope) for arm in task.arms], len(task.arms))
                return {arm.key: _last(arm.steps, scope) for arm in task.arms}
            case _:
                raise AssertionError(step.kind)

    async def _branch(self, task: Branch, row: StepRow, prefix: str, scope: Scope) -> Any:
        """The way once taken stays: what it was decided by may look different later."""
        if row.inputs is None:
            taken = await self._choose(task, scope)
            row = self._state.put(row._replace(inputs={"case": taken}))
        case = cast("int | None", (row.inputs or {}).get("case"))
        steps = task.otherwise if case is None else task.cases[case].steps
        await self.block(steps, prefix, scope)
        return _last(steps, scope)

    async def _choose(self, task: Branch, scope: Scope) -> int | None:
        for place, case in enumerate(task.cases):
            if await holds(case.condition, scope.values()):
                return place
        return None

    async def _for_each(self, task: ForEach, row: StepRow, scope: Scope) -> list[Any]:
        if row.inputs is None:
            row = self._state.put(row._replace(inputs={"items": _items(task, row, scope)}))
        items = (row.inputs or {})["items"]
        scopes = [scope.within({task.as_name: item, "index": place}) for place, item in enumerate(items)]
        jobs = [_job(self.block, task.steps, f"{row.path}[{place}].", each) for place, each in enumerate(scopes)]
        await self.together(jobs, task.concurrency)
        return [_last(task.steps, each) for each in scopes]

    async def together(self, jobs: list[Job], most: int) -> None:
        """Some ways side by side, `most` at a time. A way that waits is tried again when something happened to the run.

        After a failure no further way begins; it is raised when those that have begun are at their ends.
        """
        waiting, tasks, parked = list(enumerate(jobs)), dict[asyncio.Task[None], int](), dict[int, str | None]()
        failures: dict[int, StepFailed] = {}
        seen = self._state.news.count
        try:
            while True:
                while waiting and not failures and len(tasks) + len(parked) < most:
                    place, job = waiting.pop(0)
                    tasks[asyncio.create_task(job())] = place
                if not tasks:
                    break
                await self._one_ends(set(tasks), seen)
                for task in [each for each in tasks if each.done()]:
                    _note_end(task, tasks.pop(task), parked, failures)
                if self._state.news.count > seen:
                    seen = self._state.news.count
                    await self._leaves.refresh()
                    waiting, parked = [(place, jobs[place]) for place in parked] + waiting, {}
        finally:
            await _stop(tasks)
        if failures:
            raise failures[min(failures)]
        if parked:
            raise Suspended(earliest(parked.values()))

    async def _one_ends(self, tasks: "set[asyncio.Task[None]]", seen: int) -> None:
        """Wait for an end, or for news of the run."""
        news = asyncio.create_task(self._state.news.past(seen))
        try:
            await asyncio.wait({*tasks, news}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            news.cancel()


def _job(block: Callable[[tuple[Step, ...], str, Scope], Coroutine[Any, Any, None]], *of: Any) -> Job:
    return lambda: block(*of)


def _note_end(task: "asyncio.Task[None]", place: int, parked: dict[int, str | None], failures: dict[int, StepFailed]) -> None:
    try:
        task.result()
    except Suspended as waits:
        parked[place] = waits.due
    except StepFailed as failed:
        failures[place] = failed


async def _stop(tasks: "dict[asyncio.Task[None], int]") -> None:
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.gather(*tasks, return_exceptions=True)


def _items(task: ForEach, row: StepRow, scope: Scope) -> list[Any]:
    items = render(task.items, scope.values())
    if not isinstance(items, list):
        raise StepFailed(row.step_key, "not_a_list", "What it should run over is no list")
    if len(cast(list[Any], items)) > task.limit:
        raise StepFailed(row.step_key, "too_many_items", f"There are more than {task.limit} items, which is its limit")
    return cast(list[Any], items)


def _last(steps: tuple[Step, ...], scope: Scope) -> Any:
    """The output of the last of some steps."""
    return scope.steps.get(steps[-1].key, {}).get("output") if steps else None


def _seconds_left(due: str | None) -> float | None:
    """Seconds until a time; raises `TimeoutError` where it is over."""
    if due is None:
        return None
    left = (datetime.fromisoformat(due) - now()).total_seconds()
    if left <= 0:
        raise TimeoutError
    return left
