"""From an event to runs: which triggers it fires, in the transaction in which the event counts as processed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

from sqlalchemy import Connection, and_, bindparam, select, type_coerce, update
from sqlalchemy.types import NullType
from sqlmodel import Session, col

from powerstrip.automations.engine import Engine, NewRun, Started
from powerstrip.automations.engine import ids as derive
from powerstrip.automations.engine.claiming import Plans
from powerstrip.automations.engine.ending import plan_json
from powerstrip.automations.engine.inputs import complete_inputs, concurrency_key
from powerstrip.automations.engine.leaves import scrubbed
from powerstrip.automations.engine.matching import entity_patterns, fits, patterns, why_not
from powerstrip.automations.engine.records import bare, loads
from powerstrip.automations.expressions import TemplateFailed, render
from powerstrip.automations.spec import Plan, Trigger
from powerstrip.clock import stamp
from powerstrip.events import Came, Match, NewEvent, Preview, SourceEventRow, Unwanted, Waiter
from powerstrip.events.source import MAX_DEPTH
from powerstrip.problems import Problem
from powerstrip.store import Automation, AutomationTrigger, AutomationVersion, Prepared, Project, RunWait

CONSUMER = "automations"
"""The name by which events know this consumer."""
DIRECT = ("http_trigger", "schedule")
"""Sources whose events are for one trigger, which is their `source_id`."""
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


_columns: list[Any] = [
    *bare(AutomationTrigger),
    col(Automation.handle).label("handle"),
    col(Automation.created_by).label("author"),
    type_coerce(col(Automation.default_inputs), NullType()).label("default_inputs"),
    col(AutomationVersion.id).label("version_id"),
    col(AutomationVersion.published_at).label("published_at"),
    col(Project.mode).label("project_mode"),
]
_in_force = (
    select(*_columns)
    .join(Automation, col(Automation.id) == col(AutomationTrigger.automation_id))
    .join(
        AutomationVersion,
        and_(
            col(AutomationVersion.automation_id) == col(AutomationTrigger.automation_id),
            col(AutomationVersion.version) == col(AutomationTrigger.version),
        ),
    )
    .join(Project, col(Project.id) == col(AutomationTrigger.project_id))
    .where(
        col(AutomationTrigger.project_id) == bindparam("project_id"),
        col(AutomationTrigger.active).is_(True),
        col(AutomationTrigger.enabled).is_(True),
    )
    .order_by(col(AutomationTrigger.automation_id), col(AutomationTrigger.key))
)
"""Triggers in force with what a run of theirs needs, those of one automation together."""
_direct = Prepared(_in_force.where(col(AutomationTrigger.id) == bindparam("id")))
_fired = Prepared(
    update(AutomationTrigger).where(col(AutomationTrigger.id) == bindparam("of_id")).values(last_fire_at=bindparam("at"))
)


class Triggers:
    """The consumer of events for automations, and what tells beforehand what an event would start."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._plans = Plans()

    def take_all(self, connection: Connection, events: Sequence[SourceEventRow]) -> list[Came]:
        """Start the runs that events are for, and let waiting steps have them. What comes again starts nothing more."""
        look = _Look(connection)
        fires = [[self._fire(connection, row, event) for row in look.triggers(event)] for event in events]
        started = iter(self._engine.start_all(connection, [fire.run for each in fires for fire in each if fire.run is not None]))
        fired = set[str]()
        told: list[Came] = []
        for event, each in zip(events, fires, strict=True):
            begun: list[Started] = []
            for fire in each:
                if fire.run is not None:
                    begun.append(next(started))
                    fire.told |= {"state": begun[-1].state, "run_id": begun[-1].run_id}
            fired |= {fire.told["trigger_id"] for fire in each if fire.told["state"] in ("started", "queued")}
            waits = self._engine.event_in(connection, event) if look.awaited(event) else []
            runs = [run.run_id for run in begun if run.state != "skipped"]
            outcome = {"triggers": [fire.told for fire in each], "runs": runs, "waits": waits}
            told.append(Came(outcome, partial(self._begin, begun) if begun else None))
        for trigger_id in fired:
            _fired.run(connection, of_id=trigger_id, at=stamp())
        return told

    def _begin(self, started: Sequence[Started]) -> None:
        for each in started:
            self._engine.begin(each)

    def _fire(self, connection: Connection, row: Any, event: SourceEventRow) -> "_Fire":
        """What becomes of one trigger: the run, or why there is none."""
        told: dict[str, Any] = {"trigger_id": row.id, "trigger": row.key, "automation": row.handle}
        reason = why_not_fired(row, event)
        if reason:
            return _Fire({**told, "state": "not_matched", "reason": reason})
        if event.depth + 1 > MAX_DEPTH:
            return _Fire({**told, "state": "refused", "reason": f"It came of {event.depth} runs in a row: a loop?"})
        plan = self._plans.of(row.version_id, row.published_at, lambda: plan_json(connection, row.version_id))
        try:
            return _Fire(told, _new_run(row, event, plan))
        except (Problem, TemplateFailed) as problem:
            return _Fire({**told, "state": "refused", "reason": problem.message})

    def preview(self, session: Session, event: SourceEventRow) -> Preview:
        """What the event would set off now: an `events.Previewer`."""
        connection = session.connection()
        found = [row for row in _Look(connection).triggers(event) if not why_not_fired(row, event)]
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


@dataclass(slots=True)
class _Fire:
    """A trigger that an event came to: what people are told of it, and the run to start."""

    told: dict[str, Any]
    run: NewRun | None = None


class _Look:
    """What a transaction sees of triggers and waits, looked up once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known: dict[tuple[str, str], list[Any]] = {}
        self._awaited: dict[str, set[str]] = {}

    def triggers(self, event: SourceEventRow) -> list[Any]:
        """The triggers in force that listen to this name or source."""
        if event.source_type not in DIRECT:
            heard = (col(AutomationTrigger.kind) != "entity") & col(AutomationTrigger.event_type).in_(patterns(event.name))
            own = (col(AutomationTrigger.kind) == "entity") & col(AutomationTrigger.event_type).in_(entity_patterns(event))
            return list(self._connection.execute(_in_force.where(heard | own), {"project_id": event.project_id}))
        key = (event.project_id, event.source_id or "")
        if key not in self._known:
            self._known[key] = list(_direct.all(self._connection, project_id=key[0], id=key[1]))
        return self._known[key]

    def awaited(self, event: SourceEventRow) -> bool:
        """Whether a step waits for an event of this name."""
        project_id = event.project_id
        if project_id not in self._awaited:
            self._awaited[project_id] = {row.event_type for row in _awaited.all(self._connection, project_id=project_id)}
        return not self._awaited[project_id].isdisjoint(patterns(event.name))


def why_not_fired(row: Any, event: SourceEventRow) -> str:
    """Why a trigger does not take an event; empty where it does."""
    if row.source_type is not None and row.source_type != event.source_type:
        return "The event is of another kind of source"
    if row.source_id is not None and row.source_id not in (event.source_id, event.integration_id, event.provider):
        return "The event is from another source"
    return fits(row.condition, event.envelope())


def _new_run(row: Any, event: SourceEventRow, plan: Plan) -> NewRun:
    trigger = _trigger_of(row.config)
    inputs = _inputs(trigger, plan, loads(row.default_inputs), event)
    concurrency = trigger.concurrency or plan.concurrency
    return NewRun(
        id=derive.run_id(row.automation_id, event.id),
        project_id=event.project_id,
        automation_id=row.automation_id,
        version_id=row.version_id,
        version=row.version,
        inputs=inputs,
        mode="sandbox" if "sandbox" in (event.mode, row.project_mode) else "live",
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


@lru_cache(maxsize=500)
def _trigger_of(config: str) -> Trigger:
    return Trigger.model_validate_json(config)


def _inputs(trigger: Trigger, plan: Plan, defaults: Mapping[str, Any], event: SourceEventRow) -> dict[str, Any]:
    given: Mapping[str, Any] = event.data if trigger.kind == "http" else event.envelope()
    if trigger.inputs is not None:
        given = {**given, **render(trigger.inputs, event.envelope())}
    return complete_inputs(plan, defaults, scrubbed(given))
