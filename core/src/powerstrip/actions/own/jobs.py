"""Calls of worker actions: put on record together with their job, and closed together with it."""

import json
from functools import partial
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection, bindparam, update
from sqlmodel import col, select

from powerstrip.actions import records
from powerstrip.actions.beginning import Beginning, Begun, Claims, Earlier, Wanted
from powerstrip.actions.outputs import summary_of
from powerstrip.actions.own.targets import OwnTarget, misfit
from powerstrip.actions.own.work import JobState, NewJob, StepRef, Work
from powerstrip.clock import stamp
from powerstrip.problems import Unprocessable
from powerstrip.store import Idempotency, Invocation, Prepared, Store
from powerstrip.value import Value
from powerstrip.vault import Place, Vault

LOST_ATTEMPTS = 3
"""How often a job is given out. A destructive action that is not idempotent is, once: nobody knows what a lost worker did."""

_of_job = Prepared(
    update(Invocation)
    .where(col(Invocation.project_id) == bindparam("of_project"), col(Invocation.id) == bindparam("of_id"))
    .values(job_id=bindparam("to_job"))
)
_open_call = Prepared(
    select(Invocation).where(
        col(Invocation.project_id) == bindparam("project_id"),
        col(Invocation.id) == bindparam("id"),
        col(Invocation.status) == "active",
    )
)
_keyed = Prepared(select(Idempotency.key).where(col(Idempotency.invocation_id) == bindparam("invocation_id")))
_close = Prepared(
    update(Invocation)
    .where(
        col(Invocation.project_id) == bindparam("of_project"),
        col(Invocation.id) == bindparam("of_id"),
        col(Invocation.status) == "active",
    )
    .values(
        status=bindparam("to_status"),
        output=bindparam("to_output"),
        output_summary=bindparam("to_summary"),
        error_type=bindparam("to_type"),
        error_message=bindparam("to_message"),
        finished_at=bindparam("to_time"),
    )
)


class Dispatched(Value):
    """A call that workers are at, or that was made before: then `earlier` is its record."""

    invocation_id: str
    job_id: str | None
    begun: Begun | None = None
    earlier: Any = None


class WorkerCalls:
    """Begins calls of worker actions and keeps their ends."""

    def __init__(self, store: Store, vault: Vault, beginning: Beginning, hub: str) -> None:
        self._store = store
        self._vault = vault
        self._beginning = beginning
        self._hub = hub
        self._work: Work | None = None

    def use(self, work: Work) -> None:
        """At composition: what gives the jobs to workers."""
        self._work = work

    @property
    def work(self) -> Work:
        """What gives the jobs to workers. Raises `Unprocessable` where this hub has none."""
        if self._work is None:
            raise Unprocessable("This hub takes no workers", code="no_workers")
        return self._work

    async def begin(self, wanted: Wanted, claims: Claims, step: StepRef | None = None) -> Dispatched:
        """Put the call and its job on record, or find what its key led to before."""
        work = self.work
        done = await self._store.hot(partial(self._begin, work, wanted, claims, step))
        if done.job_id is not None:
            work.wake(wanted.project.id)
        return done

    def _begin(self, work: Work, wanted: Wanted, claims: Claims, step: StepRef | None, connection: Connection) -> Dispatched:
        begun = self._beginning.begin(connection, wanted, claims)
        if isinstance(begun, Earlier):
            return self._join(connection, work, wanted, begun.row, step)
        if begun.mode == "sandbox" or wanted.call.dry_run:
            return Dispatched(begun.id, None, begun)
        return Dispatched(begun.id, self._enqueue(connection, work, wanted, begun.id, step), begun)

    def _join(self, connection: Connection, work: Work, wanted: Wanted, row: Any, step: StepRef | None) -> Dispatched:
        """What was there: the job that is at it, its end, or another try of one whose end nobody knows."""
        if row.job_id is None:
            return Dispatched(row.id, None, earlier=row)
        state = work.adopt(connection, row.job_id, step) if step is not None else None
        if row.status == "active":
            return Dispatched(row.id, row.job_id, earlier=row)
        same = state is not None and step is not None and state.step is not None and state.step.attempt == step.attempt
        if row.error_type != "unknown" or same or not (step is not None or wanted.target.repeatable):
            return Dispatched(row.id, row.job_id, earlier=row)
        records.resume.run(
            connection, of_project=wanted.project.id, of_id=row.id, to_status="active", to_hub=self._hub, to_time=stamp()
        )
        return Dispatched(row.id, self._enqueue(connection, work, wanted, row.id, step), earlier=row)

    def _enqueue(self, connection: Connection, work: Work, wanted: Wanted, invocation_id: str, step: StepRef | None) -> str:
        target = wanted.target
        assert isinstance(target, OwnTarget)
        hints = target.action.annotations
        job = NewJob(
            project_id=wanted.project.id,
            action_name=target.name,
            parameters=json.loads(wanted.text),
            queue=target.queue,
            attempt_seconds=target.attempt_seconds,
            max_attempts=1 if hints.destructive and not hints.idempotent else LOST_ATTEMPTS,
            invocation_id=invocation_id,
            idempotency_key=wanted.call.idempotency_key or invocation_id,
            step=step,
        )
        job_id = work.enqueue(connection, job)
        _of_job.run(connection, of_project=wanted.project.id, of_id=invocation_id, to_job=job_id)
        return job_id

    def reopen(self, connection: Connection, state: JobState) -> None:
        """A dead job is given out again: its call is open again."""
        if state.invocation_id is not None:
            project, call = state.project_id, state.invocation_id
            records.resume.run(connection, of_project=project, of_id=call, to_status="active", to_hub=self._hub, to_time=stamp())

    def close(self, connection: Connection, state: JobState) -> None:
        """Write the end of a job down as the end of its call, in the transaction that ends the job."""
        if state.invocation_id is None:
            return
        row = _open_call.first(connection, project_id=state.project_id, id=state.invocation_id)
        if row is None:
            return
        output = state.result if state.status == "completed" else None
        sealed = None
        if output is not None and _keyed.first(connection, invocation_id=row.id) is not None:
            place = Place(state.project_id, row.id, "output", row.mode)
            sealed = self._vault.seal(connection, place, json.dumps(output).encode()).blob
        _close.run(
            connection,
            of_project=state.project_id,
            of_id=row.id,
            to_status="completed" if state.status == "completed" else "failed",
            to_output=sealed,
            to_summary=summary_of(output or {}),
            to_type=error_type_of(state),
            to_message=state.error,
            to_time=stamp(),
        )


def error_type_of(state: JobState) -> str | None:
    """How a job's end is told of a call. What a lost worker did, nobody knows."""
    match state.status:
        case "completed":
            return None
        case "dead":
            return "unknown"
        case "cancelled":
            return "cancelled"
        case _:
            return state.error_type or "rejected"


def fits(target: OwnTarget, result: dict[str, Any]) -> str | None:
    """What keeps a worker's result from being the action's output; None where it fits."""
    try:
        target.action.output.model_validate(result)
    except ValidationError as error:
        return misfit(error)
    return None
