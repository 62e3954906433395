"""How runs begin, end, are stopped and taken up again: what changes a run from outside, in the caller's transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, update
from sqlmodel import col

from powerstrip.automations.engine.finished import Finished
from powerstrip.automations.engine.ports import Choice, Claimed, NewRun, Started
from powerstrip.automations.engine.records import (
    ENDED,
    Note,
    StepRow,
    advance,
    bare,
    changed,
    dumps,
    event_of,
    loads,
    put_step,
    run_row,
    step_rows,
)
from powerstrip.automations.spec import Plan
from powerstrip.clock import now, rfc3339, stamp
from powerstrip.events import Events
from powerstrip.problems import Conflict, NotFound
from powerstrip.store import (
    Automation,
    AutomationVersion,
    Prepared,
    RowsFind,
    RowsUpdate,
    Run,
    RunEvent,
    RunStep,
    RunWait,
    insert_rows,
)

_by_id = RowsFind(Run, keys=("id",), columns=("id",))
_ended = RowsUpdate(
    Run,
    keys=("id",),
    sets=("status", "result", "completed_at", "error_type", "error_message", "owner", "wake_at", "updated_at"),
)
_handle = Prepared(select(col(Automation.handle)).where(col(Automation.id) == bindparam("id")))
_used = Prepared(update(Automation).where(col(Automation.id) == bindparam("of_id")).values(last_run_at=bindparam("at")))
_waiting = Prepared(
    select(col(Run.id)).where(col(Run.automation_id) == bindparam("automation_id"), col(Run.status) == "queued").limit(1)
)
MAX_QUEUED = 1000
"""Runs of one automation that wait for others; further ones are skipped."""


@dataclass
class Changes:
    """What a transaction did that this process has to follow up after it: runs to look at, runs to let go, calls to take back."""

    wake: list[str] = field(default_factory=list[str])
    stop: list[str] = field(default_factory=list[str])
    jobs: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    """Runs and paths of steps whose pending attempts nobody wants any more."""


class Lives:
    """Begins and ends runs. `owner` is the process that is to work at what begins here; empty where any may."""

    def __init__(self, events: Events, owner: str, engine: str) -> None:
        self._events = events
        self._owner = owner
        self._engine = engine

    def start(self, connection: Connection, new: NewRun, changes: Changes) -> Started:
        """Put a run on record, once."""
        return self.start_all(connection, [new], changes)[0]

    def start_all(self, connection: Connection, news: Sequence[NewRun], changes: Changes) -> list[Started]:
        """Put runs on record, each once, in order."""
        known = {row.id for row in _by_id.all(connection, [{"id": new.id} for new in news])}
        rows: list[dict[str, Any]] = []
        told: list[Started] = []
        for new in news:
            if new.id in known:
                told.append(Started(new.id, "existing"))
                continue
            state = "running"
            if new.policy != "allow":  # those before it count
                self._put(connection, rows)
                rows = []
                state = self._place(connection, new, changes)
            if state == "skipped":
                told.append(Started(new.id, "skipped"))
                continue
            known.add(new.id)
            rows.append(self._row(new, state))
            told.append(self._begun(new, rows[-1], changes))
        self._put(connection, rows)
        return told

    def _place(self, connection: Connection, new: NewRun, changes: Changes) -> str:
        """The state in which a run begins under its concurrency policy; `skipped` where it does not."""
        active = _active(connection, new)
        if len(active) >= new.limit and new.policy == "replace":
            for each in active[: len(active) - new.limit + 1]:
                self.cancel(connection, each, "A newer run takes its place", changes)
        elif len(active) >= new.limit or (new.policy == "queue" and _queued(connection, new)):
            return "skipped" if new.policy == "skip" or _queued(connection, new) >= MAX_QUEUED else "queued"
        return "running"

    def _begun(self, new: NewRun, row: dict[str, Any], changes: Changes) -> Started:
        """A run that may begin is this process's from the first, where it is its own to work at."""
        if row["status"] != "running":
            return Started(new.id, "queued")
        if row["epoch"] == 0:
            changes.wake.append(new.id)
            return Started(new.id, "started")
        run = SimpleNamespace(**row | {"inputs": new.inputs})
        return Started(new.id, "started", Claimed(run, row["epoch"], row["started_at"], [], {}))

    def _put(self, connection: Connection, rows: list[dict[str, Any]]) -> None:
        insert_rows(connection, Run, rows)
        insert_rows(connection, RunEvent, [entry for row in rows for entry in _first_entries(row)])
        for automation_id in {row["automation_id"] for row in rows}:
            _used.run(connection, of_id=automation_id, at=stamp())

    def _row(self, new: NewRun, status: str) -> dict[str, Any]:
        at = stamp()
        same = {name: getattr(new, name) for name in _SAME}
        taken = status == "running" and self._owner != "" and new.retry_of is None
        deadline = rfc3339(now() + timedelta(seconds=new.timeout)) if new.timeout is not None else None
        return same | {
            "automation_version_id": new.version_id,
            "automation_version": new.version,
            "status": status,
            "engine": self._engine,
            "inputs": dumps(new.inputs),
            "concurrency_limit": new.limit,
            "owner": self._owner if status == "running" else "",
            "epoch": int(taken),
            "last_sequence": 1 + taken,
            "started_at": at if taken else None,
            "completed_at": None,
            "wake_at": None,
            "result": None,
            "error_type": None,
            "error_message": None,
            "cancel_requested_at": None,
            "cancel_reason": None,
            "wall_clock_deadline_at": deadline,
            "created_at": at,
            "updated_at": at,
        }

    def finish(
        self,
        connection: Connection,
        run: Any,
        epoch: int,
        status: str,
        changes: Changes,
        *,
        error: tuple[str | None, str | None] = (None, None),
    ) -> None:
        """The end of a run that nobody is at work at. Raises `Fenced` where its epoch is over."""
        end = Finished(run, epoch, status, error=error)
        advance(connection, run.id, epoch, [end.note()], run.project_id)
        self.finish_all(connection, [(end, changes)])

    def finish_all(self, connection: Connection, ends: Sequence[tuple[Finished, Changes]]) -> None:
        """Runs' ends: on record, told to parents and to whoever listens; the next in the queues begin.

        The log has its entries already, which has shown that the epochs hold.
        """
        _ended.run(connection, [end.values() for end, _ in ends])
        for end, _ in ends:
            if end.open:
                self._close(connection, end.run.id, end.at)
        handles = {each: self._handle(connection, each) for each in dict.fromkeys(end.run.automation_id for end, _ in ends)}
        self._events.emit_all(connection, [end.event(handles[end.run.automation_id]) for end, _ in ends])
        for end, changes in ends:
            self._tell_parent(connection, end.run, end.told() | {"result": end.result}, changes)
        queues = {(end.run.automation_id, end.run.concurrency_key): changes for end, changes in ends}
        for key, changes in queues.items():
            self._promote(connection, *key, changes)

    def _handle(self, connection: Connection, automation_id: str) -> str:
        found = _handle.first(connection, id=automation_id)
        assert found is not None
        return found.handle

    def _close(self, connection: Connection, run_id: str, at: str) -> None:
        connection.execute(
            update(RunWait)
            .where(col(RunWait.run_id) == run_id, col(RunWait.status) == "open")
            .values(status="closed", closed_at=at)
        )
        open_steps = (col(RunStep.run_id) == run_id, col(RunStep.status).in_(("pending", "running", "suspended")))
        connection.execute(update(RunStep).where(*open_steps).values(status="cancelled", completed_at=at, updated_at=at))

    def _tell_parent(self, connection: Connection, run: Any, told: dict[str, Any], changes: Changes) -> None:
        if run.parent_run_id is None:
            return
        found = connection.execute(
            select(*bare(RunWait)).where(
                col(RunWait.run_id) == run.parent_run_id, col(RunWait.kind) == "run", col(RunWait.status) == "open"
            )
        )
        for wait in found:
            if loads(wait.match).get("run_id") == run.id:
                meet(connection, wait, told)
                changes.wake.append(run.parent_run_id)

    def _promote(self, connection: Connection, automation_id: str, concurrency_key: str | None, changes: Changes) -> None:
        """Begin the runs of the same queue for which there is room now."""
        if _waiting.first(connection, automation_id=automation_id) is None:
            return
        key = col(Run.concurrency_key)
        same = (col(Run.automation_id) == automation_id, key.is_(None) if concurrency_key is None else key == concurrency_key)
        waiting = connection.execute(
            select(col(Run.id), col(Run.concurrency_limit))
            .where(*same, col(Run.status) == "queued")
            .order_by(col(Run.created_at), col(Run.id))
            .limit(50)
        ).all()
        if not waiting:
            return
        active = connection.execute(
            select(func.count()).select_from(Run).where(*same, col(Run.status).in_(("running", "suspended")))
        ).scalar_one()
        for each in waiting:
            if active >= each.concurrency_limit:
                return
            changed(connection, each.id, status="running", owner=self._owner)
            changes.wake.append(each.id)
            active += 1

    def cancel(self, connection: Connection, run_id: str, reason: str, changes: Changes, plan: Plan | None = None) -> None:
        """Stop a run and the runs that it waits for. With a cleanup it goes on to that, else it is over."""
        run = run_row(connection, run_id)
        if run is None or run.status in ENDED or run.cancel_requested_at is not None:
            return
        plan = plan or plan_of(connection, run.automation_version_id)
        steps = [row for row in step_rows(connection, run_id) if not row.ended]
        changes.jobs += [(run_id, row.path) for row in steps if row.job_id is not None]
        changes.stop.append(run_id)
        epoch = run.epoch + 1
        changed(connection, run_id, epoch=epoch, cancel_requested_at=stamp(), cancel_reason=reason, owner="", wake_at=None)
        advance(connection, run_id, epoch, [Note("run.cancelling", {"reason": reason})], run.project_id)
        self._close(connection, run_id, stamp())
        for row in steps:
            if row.kind == "automation" and row.child_run_id is not None:
                self.cancel(connection, row.child_run_id, "The run that started it was cancelled", changes)
        if plan.cleanup and run.status != "queued":
            changed(connection, run_id, status="running", owner=self._owner)
            changes.wake.append(run_id)
        else:
            self.finish(connection, run, epoch, "cancelled", changes)

    def resume(self, connection: Connection, run: Any, choice: Choice, changes: Changes) -> None:
        """Go on where a run failed. Raises `Conflict` where it did not, or where no step of it can be done again."""
        if run.status != "failed":
            raise Conflict("Only a failed run can be resumed", code="not_failed", details={"status": run.status})
        plan = plan_of(connection, run.automation_version_id)
        again = _to_redo(step_rows(connection, run.id), plan)
        if not again:
            raise Conflict("No step of this run has failed: there is nothing to go on from", code="nothing_to_resume")
        epoch = run.epoch + 1
        at = {"epoch": epoch, "error_type": None, "error_message": None, "completed_at": None, "wall_clock_deadline_at": None}
        changed(connection, run.id, status="running", owner=self._owner, **at)
        leaves = [row for row in again if row.kind not in ("branch", "for_each", "parallel", "cleanup")]
        for row in again:
            skip = choice.way == "skip" and row in leaves and row.status == "failed"
            put_step(connection, run.project_id, run.id, _skipped(row, choice.output) if skip else _renewed(row))
        notes = [Note("run.resumed", {"way": choice.way, "steps": [row.path for row in leaves]})]
        advance(connection, run.id, epoch, notes, run.project_id)
        changes.wake.append(run.id)


def _first_entries(row: dict[str, Any]) -> list[dict[str, Any]]:
    """What a new run's log begins with."""
    notes = [Note("run.queued", {"source": row["source_type"]}), Note("run.started")][: row["last_sequence"]]
    run_id, project_id, at = row["id"], row["project_id"], row["created_at"]
    return [event_of(project_id, run_id, number, note, at) for number, note in enumerate(notes, 1)]


_SAME = (
    "id", "project_id", "automation_id", "mode", "test", "source_type", "source_id", "source_label", "source_event_id",
    "trigger_id", "trigger_fire_id", "external_id", "parent_run_id", "parent_automation_id", "parent_step_key", "retry_of",
    "depth", "principal_id", "concurrency_key",
)  # fmt: skip


def meet(connection: Connection, wait: Any, result: Any, event_id: str | None = None) -> None:
    """Give a wait what it waited for. Its run is due from now on."""
    values = {"status": "met", "result": result, "event_id": event_id}
    connection.execute(update(RunWait).where(col(RunWait.id) == wait.id, col(RunWait.status) == "open").values(**values))
    due = update(Run).where(col(Run.id) == wait.run_id, col(Run.status) == "suspended")
    connection.execute(due.values(wake_at=stamp()))
    told = Note("wait.met", {"wait_id": wait.id, "event_id": event_id}, wait.step_id, wait.step_key)
    advance(connection, wait.run_id, None, [told], wait.project_id)


def plan_of(connection: Connection, version_id: str) -> Plan:
    """The plan of a stored version."""
    return Plan.model_validate(plan_json(connection, version_id))


def plan_json(connection: Connection, version_id: str) -> Any:
    """The same as JSON values."""
    return connection.execute(select(col(AutomationVersion.plan)).where(col(AutomationVersion.id) == version_id)).scalar_one()


def own_run(connection: Connection, project_id: str, run_id: str) -> Any:
    """A run of this project. Raises `NotFound`."""
    run = run_row(connection, run_id)
    if run is None or run.project_id != project_id:
        raise NotFound("There is no run with this id in this project")
    return run


def _active(connection: Connection, new: NewRun) -> list[str]:
    """Runs of the same automation and key that have begun and not ended, oldest first."""
    query = select(col(Run.id)).where(*_alike(new), col(Run.status).in_(("running", "suspended")))
    return list(connection.execute(query.order_by(col(Run.created_at), col(Run.id))).scalars())


def _queued(connection: Connection, new: NewRun) -> int:
    query = select(func.count()).select_from(Run).where(*_alike(new), col(Run.status) == "queued")
    return connection.execute(query).scalar_one()


def _alike(new: NewRun) -> tuple[Any, Any]:
    key = col(Run.concurrency_key)
    return col(Run.automation_id) == new.automation_id, key.is_(
        None
    ) if new.concurrency_key is None else key == new.concurrency_key


def _to_redo(steps: list[StepRow], plan: Plan) -> list[StepRow]:
    """What failed or was cut off and was not meant to be passed over, and the whole cleanup."""
    lenient = {step.key for step, _ in plan.every_step() if step.on_error == "continue"}
    cleanup = {step.key for step, late in plan.every_step() if late}
    failed = [row for row in steps if row.status in ("failed", "cancelled") and row.step_key not in lenient]
    if not any(row.step_key not in cleanup for row in failed):
        return []
    return [row for row in steps if row.step_key in cleanup or row in failed]


def _renewed(row: StepRow) -> StepRow:
    """A step before its first attempt, with a key that was not used."""
    return StepRow(
        row.id, row.path, row.step_key, row.kind, row.seq, row.step_name, attempt=row.attempt, group=row.group + 1, stored=True
    )


def _skipped(row: StepRow, output: Any) -> StepRow:
    return row._replace(
        status="completed",
        result=output,
        error_type=None,
        error_message=None,
        next_attempt_at=None,
        completed_at=stamp(),
        stored=True,
    )
