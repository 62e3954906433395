"""The rows of runs, and the statements over them that every run needs."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, inspect, select, type_coerce, update
from sqlalchemy.types import NullType
from sqlmodel import SQLModel, col

from powerstrip.automations.engine import ids
from powerstrip.clock import row_id, stamp
from powerstrip.store import Prepared, Run, RunEvent, RunStep, RunWait, insert_row, insert_rows
from powerstrip.value import Value, field

OPEN = ("queued", "running", "suspended")
"""States of a run that has not ended."""
ENDED = ("completed", "failed", "cancelled")
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


class Fenced(Exception):
    """Another works at the run, or it has ended: whoever gets this writes nothing more."""


class Note(Value):
    """An entry for a run's log."""

    event_type: str
    payload: Mapping[str, Any] = field(default_factory=dict[str, Any])
    step_id: str | None = None
    step_key: str | None = None


class StepRow(NamedTuple):
    """A step as it stands. Changed by `_replace`, so that a write that waits in the queue keeps what it was given."""

    id: str
    path: str
    step_key: str
    kind: str
    seq: int
    step_name: str | None = None
    status: str = "pending"
    attempt: int = 0
    group: int = 0
    inputs: dict[str, Any] | None = None
    parameters: dict[str, Any] | None = None
    result: Any = None
    error_type: str | None = None
    error_message: str | None = None
    invocation_id: str | None = None
    job_id: str | None = None
    wait_id: str | None = None
    child_run_id: str | None = None
    next_attempt_at: str | None = None
    deadline_at: str | None = None
    started_at: str | None = None
    completed_at: str | None = None
    stored: bool = False
    """Whether it was handed to the journal before."""

    @property
    def ended(self) -> bool:
        """Whether nothing more happens here."""
        return self.status in ("completed", "failed", "skipped", "cancelled")

    @property
    def key(self) -> str:
        """The idempotency key that counts now."""
        return ids.idempotency_key(self.id, self.group)


class WaitRow(Value):
    """What a step waits for."""

    id: str
    step_id: str
    kind: str
    status: str
    result: Any = None


STEP_GIVEN = ("inputs", "parameters")
"""What a step is given: it seldom changes after its start."""
STEP_CHANGES = (
    "status", "attempt", "idempotency_key", "inputs", "parameters", "result", "error_type", "error_message", "invocation_id",
    "job_id", "wait_id", "child_run_id", "next_attempt_at", "deadline_at", "started_at", "completed_at", "updated_at",
)  # fmt: skip
_update_step = Prepared(
    update(RunStep).where(col(RunStep.id) == bindparam("of_id")).values({name: bindparam(f"to_{name}") for name in STEP_CHANGES})
)


def bare(table: type[SQLModel]) -> list[Any]:
    """A table's columns as the driver gives them: JSON as text."""
    columns: Any = inspect(table).columns
    return [type_coerce(each, NullType()).label(each.name) for each in columns]


_steps = Prepared(select(*bare(RunStep)).where(col(RunStep.run_id) == bindparam("run_id")).order_by(col(RunStep.seq)))
_waits = Prepared(select(*bare(RunWait)).where(col(RunWait.run_id) == bindparam("run_id"), col(RunWait.closed_at).is_(None)))
_run = Prepared(select(*bare(Run)).where(col(Run.id) == bindparam("id")))
_advance = Prepared(
    update(Run)
    .where(col(Run.id) == bindparam("of_id"), col(Run.epoch) == bindparam("of_epoch"))
    .values(last_sequence=col(Run.last_sequence) + bindparam("more"), updated_at=bindparam("at"))
)
_push = Prepared(
    update(Run)
    .where(col(Run.id) == bindparam("of_id"))
    .values(last_sequence=col(Run.last_sequence) + bindparam("more"), updated_at=bindparam("at"))
)
_sequence = Prepared(select(col(Run.last_sequence)).where(col(Run.id) == bindparam("id")))


def dumps(value: Any) -> str | None:
    """A JSON column's text; None for none."""
    return None if value is None else _ENCODER.encode(value)


def loads(text: Any) -> Any:
    """The value of a JSON column's text."""
    return json.loads(text) if isinstance(text, str) else text


def run_row(connection: Connection, run_id: str) -> Any:
    """The run as the driver gives it, or None."""
    return _run.first(connection, id=run_id)


def step_rows(connection: Connection, run_id: str) -> list[StepRow]:
    """The run's steps in their order."""
    return [_step_of(row) for row in _steps.all(connection, run_id=run_id)]


def wait_rows(connection: Connection, run_id: str) -> dict[str, WaitRow]:
    """What steps of the run wait for, or were given and have not taken, by the step's id."""
    found = _waits.all(connection, run_id=run_id)
    return {row.step_id: WaitRow(row.id, row.step_id, row.kind, row.status, loads(row.result)) for row in found}


def advance(connection: Connection, run_id: str, epoch: int | None, notes: Iterable[Note], project_id: str) -> None:
    """Add to the run's log. With an epoch raises `Fenced` where the run has another; without, the run's own is left alone.

    It touches the run's row, which holds off every other writer until the commit.
    """
    entries, at = list(notes), stamp()
    if epoch is None:
        _push.run(connection, of_id=run_id, more=len(entries), at=at)
    elif not _advance.run(connection, of_id=run_id, of_epoch=epoch, more=len(entries), at=at):
        raise Fenced(run_id)
    if not entries:
        return
    found = _sequence.first(connection, id=run_id)
    assert found is not None
    first = found.last_sequence - len(entries) + 1
    insert_rows(
        connection, RunEvent, [event_of(project_id, run_id, first + place, note, at) for place, note in enumerate(entries)]
    )


def event_of(project_id: str, run_id: str, sequence: int, note: Note, at: str) -> dict[str, Any]:
    """The row of an entry."""
    return {
        "id": row_id("rev"),
        "project_id": project_id,
        "run_id": run_id,
        "sequence": sequence,
        "event_type": note.event_type,
        "step_id": note.step_id,
        "step_key": note.step_key,
        "payload": _ENCODER.encode(dict(note.payload)),
        "created_at": at,
    }


def put_step(connection: Connection, project_id: str, run_id: str, row: StepRow) -> None:
    """Insert the step, or change it."""
    at = stamp()
    if row.stored:
        values = {f"to_{name}": value for name, value in step_values(row, at).items() if name != "id"}
        _update_step.run(connection, of_id=row.id, **values)
    else:
        insert_row(connection, RunStep, step_values(row, at, of=(project_id, run_id)))


def step_values(row: StepRow, at: str, *, given: bool = True, of: tuple[str, str] | None = None) -> dict[str, Any]:
    """The columns of a step that change; without what it was given where that is as it was. All with project and run: `of`."""
    values = {
        "id": row.id,
        "status": row.status,
        "attempt": row.attempt,
        "idempotency_key": row.key,
        "result": dumps(row.result),
        "error_type": row.error_type,
        "error_message": row.error_message,
        "invocation_id": row.invocation_id,
        "job_id": row.job_id,
        "wait_id": row.wait_id,
        "child_run_id": row.child_run_id,
        "next_attempt_at": row.next_attempt_at,
        "deadline_at": row.deadline_at,
        "started_at": row.started_at,
        "completed_at": row.completed_at,
        "updated_at": at,
    }
    if given:
        values |= {"inputs": dumps(row.inputs), "parameters": dumps(row.parameters)}
    if of is not None:
        values |= {"project_id": of[0], "run_id": of[1], "path": row.path, "step_key": row.step_key, "step_name": row.step_name}
        values |= {"kind": row.kind, "seq": row.seq, "created_at": at}
    return values


def _step_of(row: Any) -> StepRow:
    same = {name: getattr(row, name) for name in StepRow._fields if name not in ("group", "stored")}
    return StepRow(
        **same | {name: loads(same[name]) for name in (*STEP_GIVEN, "result")},
        group=ids.group_of(row.idempotency_key),
        stored=True,
    )


def changed(connection: Connection, run_id: str, **values: Any) -> None:
    """Set columns of a run."""
    connection.execute(update(Run).where(col(Run.id) == run_id).values(**values, updated_at=stamp()))


def close_wait(connection: Connection, wait_id: str, status: str | None = None) -> None:
    """A wait is over: taken, or of no use any more."""
    values = {"closed_at": stamp()} | ({"status": status} if status else {})
    connection.execute(update(RunWait).where(col(RunWait.id) == wait_id).values(**values))


def stored(row: StepRow) -> StepRow:
    """The row as one that the journal has."""
    return row._replace(stored=True)
