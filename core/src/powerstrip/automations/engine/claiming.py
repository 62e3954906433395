"""Taking a run in hand: its rows, its plan, and what they are about."""

from collections.abc import Callable
from typing import Any, cast

from sqlalchemy import Connection, bindparam, update
from sqlmodel import Session, col

from powerstrip.automations.engine.ports import Claimed
from powerstrip.automations.engine.records import Note, advance, loads, run_row, step_rows, wait_rows
from powerstrip.automations.engine.state import Facts, News, RunState
from powerstrip.automations.engine.writing import Write
from powerstrip.automations.spec import Plan
from powerstrip.clock import monotonic, stamp
from powerstrip.store import Actor, Automation, AutomationVersion, Bulk, Prepared, Project, Run, Store, alive
from powerstrip.value import Value

FRESH = 5.0
"""Seconds for which what is known of a version's project and automation counts."""
MAX_KNOWN = 500

_take = Prepared(
    update(Run)
    .where(col(Run.id) == bindparam("of_id"), col(Run.epoch) == bindparam("of_epoch"))
    .values(
        status=bindparam("to_status"),
        owner=bindparam("to_owner"),
        epoch=bindparam("to_epoch"),
        started_at=bindparam("to_started"),
        wake_at=bindparam("to_wake"),
    )
)


def claim(connection: Connection, run_id: str, hub: str, *, sole: bool) -> Claimed | None:
    """Take a run that is to go on. None where it has ended, waits in a queue, or another process, which is alive, is at it."""
    run, at = run_row(connection, run_id), stamp()
    if run is None or run.status not in ("running", "suspended"):
        return None
    if run.status == "running" and not sole and run.owner not in ("", hub) and run.owner in connection.execute(alive()).scalars():
        return None
    epoch, started = run.epoch + 1, run.started_at or at
    values = {
        "to_status": "running",
        "to_owner": hub,
        "to_epoch": epoch,
        "to_started": started,
        "to_wake": None,
    }
    if not _take.run(connection, of_id=run_id, of_epoch=run.epoch, **values):
        return None
    advance(connection, run_id, epoch, [Note("run.resumed" if run.started_at else "run.started")], run.project_id)
    steps, waits = (step_rows(connection, run_id), wait_rows(connection, run_id)) if run.started_at or run.retry_of else ([], {})
    return Claimed(run, epoch, started, steps, waits)


class Definition(Value):
    """What a version is about."""

    plan: Plan
    project: Project
    handle: str
    author: str | None


class Plans:
    """Plans that were read before. A version's plan changes when it is published again, and at no other time."""

    def __init__(self) -> None:
        self._plans: dict[str, tuple[str | None, Plan]] = {}

    def of(self, version_id: str, published_at: str | None, read: Callable[[], Any]) -> Plan:
        """The plan of a version; `read` gives it as JSON values where it is not known."""
        known = self._plans.get(version_id)
        if known is not None and known[0] == published_at:
            return known[1]
        if len(self._plans) >= MAX_KNOWN:
            self._plans.clear()
        plan = Plan.model_validate(read())
        self._plans[version_id] = published_at, plan
        return plan


class Definitions:
    """Plans by version, with their project and automation, which are looked at again after a while."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._plans = Plans()
        self._known: dict[str, tuple[float, Definition]] = {}

    async def get(self, version_id: str) -> Definition:
        """What is known of a version."""
        known = self._known.get(version_id)
        if known is not None and monotonic() - known[0] < FRESH:
            return known[1]
        found = await self._store.read(lambda session: self._look(session, version_id))
        if len(self._known) >= MAX_KNOWN:
            self._known.clear()
        self._known[version_id] = monotonic(), found
        return found

    def _look(self, session: Session, version_id: str) -> Definition:
        version = session.get_one(AutomationVersion, version_id)
        automation = session.get_one(Automation, version.automation_id)
        plan = self._plans.of(version_id, version.published_at, lambda: version.plan)
        project = session.get_one(Project, version.project_id)
        return Definition(plan, project, automation.handle, version.created_by or automation.created_by)

    async def state_of(self, claimed: Claimed, store: Store, news: News, write_all: Bulk[Write, Any]) -> RunState:
        """The run as its interpreter wants it."""
        run = claimed.run
        about = await self.get(run.automation_version_id)
        failure = (run.error_type, run.error_message or "") if run.error_type and not run.cancel_requested_at else None
        facts = Facts(
            id=run.id,
            project=about.project,
            actor=Actor(run.principal_id or about.author, f"automation {about.handle}"),
            automation_id=run.automation_id,
            automation=about.handle,
            version_id=run.automation_version_id,
            epoch=claimed.epoch,
            mode="sandbox" if run.mode == "sandbox" else "live",
            depth=run.depth,
            inputs=cast(dict[str, Any], loads(run.inputs)),
            started_at=claimed.started_at,
            deadline_at=run.wall_clock_deadline_at,
            cancelled=run.cancel_requested_at is not None,
            failure=failure,
        )
        steps = {row.path: row for row in claimed.steps}
        resumed = frozenset(path for path, row in steps.items() if row.status == "running")
        return RunState(facts, about.plan, store, write_all, steps, claimed.waits, news, resumed=resumed)
