"""Starting a run as a step of another."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection
from sqlmodel import Session, col, select

from powerstrip.automations.engine import ids
from powerstrip.automations.engine.inputs import complete_inputs, concurrency_key
from powerstrip.automations.engine.ports import NewRun, Started
from powerstrip.automations.engine.records import StepRow
from powerstrip.automations.engine.state import RunState
from powerstrip.automations.spec import Plan
from powerstrip.events.source import MAX_DEPTH
from powerstrip.problems import Conflict
from powerstrip.store import Automation, AutomationVersion, Store


class Starting:
    """See `leaves.Children`."""

    def __init__(self, store: Store, start_in: Callable[[Connection, NewRun], Started], begin: Callable[[Started], None]) -> None:
        self._store = store
        self._start_in = start_in
        self.begin = begin

    async def prepare(
        self, state: RunState, row: StepRow, handle: str, inputs: Mapping[str, Any]
    ) -> Callable[[Connection], Started]:
        """See `leaves.Children`."""
        facts = state.facts
        if facts.depth + 1 > MAX_DEPTH:
            raise Conflict(f"Runs that start runs go at most {MAX_DEPTH} deep", code="too_deep")
        automation, version = await self._store.read(lambda session: published(session, facts.project.id, handle))
        plan = Plan.model_validate(version.plan)
        values = complete_inputs(plan, automation.default_inputs, inputs)
        new = NewRun(
            id=ids.child_id(row.id, 1),
            project_id=facts.project.id,
            automation_id=automation.id,
            version_id=version.id,
            version=version.version,
            inputs=values,
            mode=facts.mode,
            source_type="automation",
            source_id=facts.automation,
            parent_run_id=facts.id,
            parent_automation_id=facts.automation_id,
            parent_step_key=row.step_key,
            depth=facts.depth + 1,
            principal_id=facts.actor.principal_id,
            policy="queue" if plan.concurrency.policy == "queue" else "allow",
            limit=plan.concurrency.limit,
            concurrency_key=concurrency_key(plan.concurrency, values),
            timeout=plan.timeout,
        )
        return lambda connection: self._start_in(connection, new)


def published(session: Session, project_id: str, handle: str) -> tuple[Automation, AutomationVersion]:
    """An automation that may run, and the version in force. Raises `Conflict` where there is none."""
    query = select(Automation).where(col(Automation.project_id) == project_id, col(Automation.handle) == handle)
    automation = session.exec(query).first()
    if automation is None or automation.published_version is None or automation.status != "active":
        raise Conflict("The automation has no version in force: publish one, or take it out of its pause", code="not_runnable")
    query = select(AutomationVersion).where(
        col(AutomationVersion.automation_id) == automation.id, col(AutomationVersion.version) == automation.published_version
    )
    return automation, session.exec(query).one()
