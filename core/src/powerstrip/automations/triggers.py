"""From an event to runs: which triggers it fires, in the transaction in which the event counts as processed."""

from collections.abc import Mapping
from typing import Any, Literal

from sqlalchemy import Connection, bindparam, select, update
from sqlmodel import Session, col

from powerstrip.automations.engine import Engine, NewRun
from powerstrip.automations.engine import ids as derive
from powerstrip.automations.engine.ending import plan_of
from powerstrip.automations.engine.inputs import complete_inputs, concurrency_key
from powerstrip.automations.engine.leaves import scrubbed
from powerstrip.automations.engine.matching import entity_patterns, fits, patterns, why_not
from powerstrip.automations.engine.records import bare, loads
from powerstrip.automations.expressions import TemplateFailed, render
from powerstrip.automations.spec import Plan, Trigger
from powerstrip.clock import stamp
from powerstrip.events import Match, NewEvent, Preview, SourceEventRow, Unwanted, Waiter
from powerstrip.events.source import MAX_DEPTH
from powerstrip.problems import Problem
from powerstrip.store import Automation, AutomationTrigger, AutomationVersion, Prepared, Project, RunWait

CONSUMER = "automations"
"""The name by which events know this consumer."""
DIRECT = ("http_trigger", "schedule")
"""Sources whose events are for one trigger, which is their `source_id`."""
Mode = Literal["live", "sandbox"]
_heard = Prepared(
    select(col(AutomationTrigger.event_type))
    .distinct()
    .where(
        col(AutomationTrigger.project_id) == bindparam("project_id"),
        col(AutomationTrigger.event_type).is_not(None),
        col(AutomationTrigger.active).is_(True),
        col(AutomationTrigger.enabled).is_(True),
    )
)
_awaited = Prepared(
    select(col(RunWait.event_type))
    .distinct()
    .where(
        col(RunWait.project_id) == bindparam("project_id"),
        col(RunWait.status) == "open",
        col(RunWait.event_type).is_not(None),
    )
)


class Triggers:
    """The consumer of events for automations, and what tells beforehand what an event would start."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def take(self, connection: Connection, event: SourceEventRow) -> dict[str, Any]:
        """Start the runs that this event is for, and let waiting steps have it. An event that comes again starts nothing more."""
        fired = [self._fire(connection, row, event) for row in _candidates(connection, event)]
        waits = self._engine.event_in(connection, event)
        runs = [each["run_id"] for each in fired if each.get("state") in ("started", "queued", "existing")]
        return {"triggers": fired, "runs": runs, "waits": waits}

    def _fire(self, connection: Connection, row: Any, event: SourceEventRow) -> dict[str, Any]:
        """What became of one trigger: the run, or why there is none."""
        told: dict[str, Any] = {"trigger_id": row.id, "trigger": row.key, "automation": row.handle}
        reason = why_not_fired(row, event)
        if reason:
            return {**told, "state": "not_matched", "reason": reason}
        if event.depth + 1 > MAX_DEPTH:
            return {**told, "state": "refused", "reason": f"It came of {event.depth} runs in a row: a loop?"}
        try:
            new = _new_run(connection, row, event)
        except (Problem, TemplateFailed) as problem:
            return {**told, "state": "refused", "reason": problem.message}
        started = self._engine.start_in(connection, new)
        if started.state in ("started", "queued"):
            fired = update(AutomationTrigger).where(col(AutomationTrigger.id) == row.id)
            connection.execute(fired.values(last_fire_at=stamp()))
        return {**told, "state": started.state, "run_id": started.run_id}

    def preview(self, session: Session, event: SourceEventRow) -> Preview:
        """What the event would set off now: an `events.Previewer`."""
        connection = session.connection()
        found = [row for row in _candidates(connection, event) if not why_not_fired(row, event)]
        query = select(*bare(RunWait)).where(
            col(RunWait.project_id) == event.project_id,
            col(RunWait.status) == "open",
            col(RunWait.event_type).in_(patterns(event.name)),
        )
        envelope, waiters = event.envelope(), list[Waiter]()
        for wait in connection.execute(query.limit(100)):
            reason = why_not(wait, event, envelope)
            waiters.append(Waiter(wait.run_id, wait.step_key, not reason, wait.event_type or "", wait.condition, reason))
        return Preview([Match(row.id, row.name) for row in found], waiters)


def listens(connection: Connection, project_id: str) -> Unwanted:
    """Which events of a project a trigger or a waiting step answers to by their names: an `events.Listens`."""
    heard: set[str] = {row.event_type for each in (_heard, _awaited) for row in each.all(connection, project_id=project_id)}

    def unwanted(event: NewEvent | SourceEventRow) -> Mapping[str, Any] | None:
        direct = event.source_type in DIRECT
        wanted = direct or not heard.isdisjoint((*patterns(event.name), *entity_patterns(event)))
        return None if wanted else {"triggers": [], "runs": [], "waits": []}

    return unwanted


def _candidates(connection: Connection, event: SourceEventRow) -> list[Any]:
    """The triggers in force that listen to this name or source, those of one automation together."""
    mine = col(AutomationTrigger.id) == event.source_id
    if event.source_type not in DIRECT:
        heard = (col(AutomationTrigger.kind) != "entity") & col(AutomationTrigger.event_type).in_(patterns(event.name))
        own = (col(AutomationTrigger.kind) == "entity") & col(AutomationTrigger.event_type).in_(entity_patterns(event))
        mine = heard | own
    query = (
        select(*bare(AutomationTrigger), col(Automation.handle).label("handle"), col(Automation.created_by).label("author"))
        .join(Automation, col(Automation.id) == col(AutomationTrigger.automation_id))
        .where(
            col(AutomationTrigger.project_id) == event.project_id,
            mine,
            col(AutomationTrigger.active).is_(True),
            col(AutomationTrigger.enabled).is_(True),
        )
    )
    return list(connection.execute(query.order_by(col(AutomationTrigger.automation_id), col(AutomationTrigger.key))))


def why_not_fired(row: Any, event: SourceEventRow) -> str:
    """Why a trigger does not take an event; empty where it does."""
    if row.source_type is not None and row.source_type != event.source_type:
        return "The event is of another kind of source"
    if row.source_id is not None and row.source_id not in (event.source_id, event.integration_id, event.provider):
        return "The event is from another source"
    return fits(row.condition, event.envelope())


def _new_run(connection: Connection, row: Any, event: SourceEventRow) -> NewRun:
    trigger = Trigger.model_validate(loads(row.config))
    version = connection.execute(
        select(*bare(AutomationVersion)).where(
            col(AutomationVersion.automation_id) == row.automation_id, col(AutomationVersion.version) == row.version
        )
    ).one()
    plan = plan_of(connection, version.id)
    inputs = _inputs(connection, row, trigger, plan, event)
    concurrency = trigger.concurrency or plan.concurrency
    return NewRun(
        id=derive.run_id(row.automation_id, event.id),
        project_id=event.project_id,
        automation_id=row.automation_id,
        version_id=version.id,
        version=row.version,
        inputs=inputs,
        mode=_mode(connection, event),
        test=event.test,
        source_type="trigger",
        source_id=event.source_id,
        source_label=event.name,
        source_event_id=event.id,
        trigger_id=row.id,
        trigger_fire_id=f"{row.automation_id}:{event.id}",
        depth=event.depth + 1,
        principal_id=row.author,
        policy=concurrency.policy,
        limit=concurrency.limit,
        concurrency_key=concurrency_key(concurrency, inputs),
        timeout=plan.timeout,
    )


def _inputs(connection: Connection, row: Any, trigger: Trigger, plan: Plan, event: SourceEventRow) -> dict[str, Any]:
    envelope = event.envelope()
    given: Mapping[str, Any] = event.data if trigger.kind == "http" else envelope
    if trigger.inputs is not None:
        given = {**given, **render(trigger.inputs, envelope)}
    query = select(col(Automation.default_inputs)).where(col(Automation.id) == row.automation_id)
    defaults = connection.execute(query).scalar_one()
    return complete_inputs(plan, defaults, scrubbed(given))


def _mode(connection: Connection, event: SourceEventRow) -> Mode:
    if event.mode == "sandbox":
        return "sandbox"
    query = select(col(Project.mode)).where(col(Project.id) == event.project_id)
    return "sandbox" if connection.execute(query).scalar_one() == "sandbox" else "live"
