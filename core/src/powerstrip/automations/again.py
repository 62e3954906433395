"""A run beside another: begun anew from a step of it, or compared with it."""

from typing import Any

from sqlalchemy import Connection
from sqlmodel import Session, col, select

from powerstrip.automations.engine import Engine, NewRun
from powerstrip.automations.engine.ending import own_run, plan_of
from powerstrip.automations.engine.ids import step_id
from powerstrip.automations.engine.records import StepRow, loads, put_step, step_rows
from powerstrip.automations.runs import ENDED
from powerstrip.automations.spec import Plan
from powerstrip.clock import new_id
from powerstrip.problems import Conflict, NotFound
from powerstrip.store import Actor, AuditLog, Project, Run, RunStep, Store, scope
from powerstrip.value import Value


class Difference(Value):
    """One thing that two runs have differently. `path` is a step's, or a word such as `inputs`."""

    path: str
    field: str
    before: Any
    after: Any


class Again:
    """Retries runs and compares them."""

    def __init__(self, store: Store, engine: Engine, audit: AuditLog) -> None:
        self._store = store
        self._engine = engine
        self._audit = audit

    async def retry(self, project: Project, actor: Actor, run_id: str, from_step: str | None = None) -> str:
        """Start a new run with the inputs and version of one that has ended, and the id of that.

        What the other did before the step it failed at, or before `from_step` (a step of the outermost level), counts as done.
        Raises `NotFound`, and `Conflict` where the run has not ended or there is nothing to begin from.
        """
        fresh = new_id("run")

        def work(connection: Connection) -> None:
            run = own_run(connection, project.id, run_id)
            if run.status not in ENDED:
                raise Conflict("The run has not ended: cancel it first", code="run_active")
            plan = plan_of(connection, run.automation_version_id)
            steps = step_rows(connection, run_id)
            kept = _before(plan, steps, _first(plan, steps, from_step))
            self._engine.start_in(connection, _copy(run, fresh, actor))
            for row in kept:
                put_step(connection, project.id, fresh, _as_new(row, fresh))
            changes = {"retry_of": run_id, "kept_steps": len(kept)}
            self._audit.append(connection, actor, "create", "run", fresh, project_id=project.id, changes=changes)

        await self._store.hot(work)
        self._engine.wake(fresh)
        return fresh

    async def diff(self, project_id: str, before: str, after: str) -> list[Difference]:
        """What two runs have differently: inputs, steps (state, input, output, failure), result. Raises `NotFound`."""

        def look(session: Session) -> list[Difference]:
            first, second = (_told(session, project_id, each) for each in (before, after))
            places = dict.fromkeys([*first, *second])
            return [
                Difference(path, name, first.get(path, {}).get(name), second.get(path, {}).get(name))
                for path in places
                for name in dict.fromkeys([*first.get(path, {}), *second.get(path, {})])
                if first.get(path, {}).get(name) != second.get(path, {}).get(name)
            ]

        return await self._store.read(look)


def _told(session: Session, project_id: str, run_id: str) -> dict[str, dict[str, Any]]:
    run: Run = scope(session, project_id).get(Run, run_id)
    whole = {name: getattr(run, name) for name in ("automation_version", "status", "inputs", "result", "error_type")}
    told: dict[str, dict[str, Any]] = {"": whole}
    query = select(RunStep).where(col(RunStep.run_id) == run_id).order_by(col(RunStep.seq))
    for step in session.exec(query):
        told[step.path] = {name: getattr(step, name) for name in ("status", "attempt", "inputs", "result", "error_type")}
    return told


def _first(plan: Plan, steps: list[StepRow], wanted: str | None) -> str:
    """The outermost step to begin from."""
    keys = [step.key for step in plan.steps]
    if wanted is not None:
        if wanted not in keys:
            raise NotFound("The plan has no such step at its outermost level")
        return wanted
    ended = {row.path: row.status for row in steps}
    lenient = {step.key for step in plan.steps if step.on_error == "continue"}
    for key in keys:
        if ended.get(key) not in ("completed", "skipped") and not (key in lenient and ended.get(key) == "failed"):
            return key
    raise Conflict("Every step of this run went well: name one to begin from", code="nothing_to_retry")


def _before(plan: Plan, steps: list[StepRow], first: str) -> list[StepRow]:
    """The rows of the outermost steps before one, with what is within them."""
    keys = [step.key for step in plan.steps]
    done = plan.model_copy(update={"steps": plan.steps[: keys.index(first)], "cleanup": ()})
    inside = {step.key for step, _ in done.every_step()}
    return [row for row in steps if row.step_key in inside and row.ended]


def _as_new(row: StepRow, run_id: str) -> StepRow:
    return row._replace(id=step_id(run_id, row.path), stored=False, job_id=None, wait_id=None, child_run_id=None)


def _copy(run: Any, fresh: str, actor: Actor) -> NewRun:
    return NewRun(
        id=fresh,
        project_id=run.project_id,
        automation_id=run.automation_id,
        version_id=run.automation_version_id,
        version=run.automation_version,
        inputs=loads(run.inputs),
        mode="sandbox" if run.mode == "sandbox" else "live",
        test=bool(run.test),
        source_type="retry",
        source_id=run.id,
        retry_of=run.id,
        depth=run.depth,
        principal_id=actor.principal_id,
    )
