"""What a publication leaves in the database: the triggers to match and the index of what depends on what.

Everything here runs in the caller's transaction.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlmodel import Session, col, delete, select

from powerstrip.automations.spec import Dependency, Plan, Trigger, dependencies, next_fire
from powerstrip.catalog import Connection
from powerstrip.clock import new_id, now, rfc3339, stamp
from powerstrip.connect import Dependent
from powerstrip.store import Automation, AutomationDependency, AutomationTrigger, Integration, scope


def put_triggers(session: Session, automation: Automation, version: int, plan: Plan) -> None:
    """Make the automation's trigger rows those of the plan. A trigger that keeps its key keeps its id and HTTP handle.

    One that the plan no longer has is kept asleep: a later version, or a way back, may have it again at the same address.
    """
    before = {row.key: row for row in _all_triggers(session, automation)}
    for trigger in plan.triggers:
        row = before.pop(trigger.key, None)
        if row is None or row.kind != trigger.kind:
            if row is not None:
                session.delete(row)
                session.flush()
            row = AutomationTrigger(
                project_id=automation.project_id,
                automation_id=automation.id,
                version=version,
                key=trigger.key,
                name="",
                kind=trigger.kind,
                http_handle=new_id("hook") if trigger.kind == "http" else None,
            )
        _fill(row, trigger, version, plan)
        session.add(row)
    for row in before.values():
        row.active, row.next_fire_at = False, None
        session.add(row)
    session.flush()


def _fill(row: AutomationTrigger, trigger: Trigger, version: int, plan: Plan) -> None:
    schedule = (trigger.cron, trigger.every, trigger.time_zone)
    changed = schedule != (row.config.get("cron"), row.config.get("every"), row.config.get("time_zone")) or not row.active
    row.version, row.name, row.active, row.enabled = version, trigger.name or trigger.key, True, trigger.enabled
    row.config = trigger.model_dump(mode="json")
    row.event_type, row.source_type, row.source_id = trigger.event or None, trigger.source_type, trigger.source_id
    row.condition = trigger.condition
    concurrency = trigger.concurrency or plan.concurrency
    row.concurrency_policy, row.max_concurrent_runs = concurrency.policy, concurrency.limit
    if trigger.kind == "schedule" and (changed or row.next_fire_at is None):
        row.next_fire_at = rfc3339(next_fire(*schedule, now()))
    row.updated_at = stamp()


def set_active(session: Session, automation: Automation, active: bool) -> None:
    """Let the automation's triggers fire, or keep them from it. A schedule that begins again owes nothing."""
    for row in triggers_of(session, automation):
        if active and not row.active and row.kind == "schedule":
            config = row.config
            row.next_fire_at = rfc3339(next_fire(config["cron"], config["every"], config["time_zone"], now()))
        row.active, row.updated_at = active, stamp()
        session.add(row)


def triggers_of(session: Session, automation: Automation) -> list[AutomationTrigger]:
    """The triggers of the published version, oldest first."""
    return [row for row in _all_triggers(session, automation) if row.version == automation.published_version]


def _all_triggers(session: Session, automation: Automation) -> list[AutomationTrigger]:
    return scope(session, automation.project_id).all(AutomationTrigger, col(AutomationTrigger.automation_id) == automation.id)


def put_dependencies(
    session: Session,
    automation: Automation,
    version: int,
    plan: Plan | None,
    connections: Mapping[str, Sequence[Connection]],
) -> None:
    """Replace what the index says of this automation; without a plan it uses nothing."""
    session.exec(delete(AutomationDependency).where(col(AutomationDependency.automation_id) == automation.id))
    for each in dependencies(plan, connections) if plan else ():
        session.add(_dependency(automation, version, each))
    session.flush()


def _dependency(automation: Automation, version: int, each: Dependency) -> AutomationDependency:
    return AutomationDependency(
        project_id=automation.project_id,
        automation_id=automation.id,
        version=version,
        kind=each.kind,
        target=each.target,
        place=each.place,
        key=each.key,
        outward=each.outward,
    )


def impact_source(session: Session, integration: Integration) -> list[Dependent]:
    """The published automations that are built on an integration: a `connect.ImpactSource`.

    Where a step names no integration and the project has several, or got one later, all of the provider's count: better one too
    many than one that breaks unseen.
    """
    uses = dependents(session, integration.project_id, "integration", integration.id)
    uses += _unnamed(session, integration, {(use.automation_id, use.place, use.key) for use in uses})
    return gathered(session, integration.project_id, uses)


def _unnamed(session: Session, integration: Integration, known: set[tuple[str, str, str]]) -> list[AutomationDependency]:
    """Uses of the provider at places for which the index has no integration."""
    project = integration.project_id
    named = {
        (use.automation_id, use.place, use.key)
        for use in scope(session, project).all(
            AutomationDependency, col(AutomationDependency.kind) == "integration", order="automation_id"
        )
    }
    uses = dependents(session, project, "provider", integration.provider)
    return [use for use in uses if (use.automation_id, use.place, use.key) not in named | known]


def dependents(session: Session, project_id: str, kind: str, target: str) -> list[AutomationDependency]:
    """What uses a thing, in the project's published versions."""
    query = select(AutomationDependency).where(
        col(AutomationDependency.project_id) == project_id,
        col(AutomationDependency.kind) == kind,
        col(AutomationDependency.target) == target,
    )
    return list(session.exec(query.order_by(col(AutomationDependency.automation_id), col(AutomationDependency.key))))


def action_users(session: Session, project_id: str, name: str) -> list[str]:
    """Handles of the automations whose published versions call this action."""
    return [each.name for each in gathered(session, project_id, dependents(session, project_id, "action", name))]


def all_calls(session: Session, project_id: str) -> list[AutomationDependency]:
    """Which automations the project's automations start."""
    return scope(session, project_id).all(
        AutomationDependency, col(AutomationDependency.kind) == "automation", order="automation_id"
    )


def gathered(session: Session, project_id: str, uses: Iterable[AutomationDependency]) -> list[Dependent]:
    """Uses by automation, each with its steps and triggers, and the actions that are called there."""
    by_automation: dict[str, list[AutomationDependency]] = {}
    for use in uses:
        by_automation.setdefault(use.automation_id, []).append(use)
    return [_dependent(session, scope(session, project_id).get(Automation, found), rows) for found, rows in by_automation.items()]


def _dependent(session: Session, automation: Automation, uses: Sequence[AutomationDependency]) -> Dependent:
    keys = {use.key for use in uses}
    actions: list[Any] = list(
        session.exec(
            select(AutomationDependency).where(
                col(AutomationDependency.automation_id) == automation.id,
                col(AutomationDependency.kind) == "action",
                col(AutomationDependency.key).in_(keys),
            )
        )
    )
    return Dependent(
        kind="automation",
        id=automation.id,
        name=automation.handle,
        version=str(uses[0].version),
        parts=tuple(dict.fromkeys(f"{use.place} {use.key}" for use in uses)),
        actions=tuple(dict.fromkeys(row.target for row in actions)),
    )
