"""A change before it is made: what would be different, and what would stop working."""

from typing import Any, Literal

from powerstrip.connect.drafts import Draft
from powerstrip.connect.impact import Impact
from powerstrip.problems import Conflict
from powerstrip.store import Actor, Integration
from powerstrip.value import Value, asdict

Operation = Literal["update", "delete", "expire", "rotate", "copy"]


class Change(Value):
    """One thing that would be different. Of a credential only what becomes of it is told: kept, replaced, dropped, removed."""

    field: str
    before: Any
    after: Any


class Breakage(Value):
    """One thing that would stop working. `kind` is `principal` for somebody else's calls, or a dependent's."""

    kind: str
    id: str | None
    name: str | None
    why: str


class Plan(Value):
    """What an operation on an integration would do. Nothing of it was done, and nobody outside was asked.

    For a copy, the integration is the one that would be written over, and its id None where a new one would be made.
    """

    operation: Operation
    integration_id: str | None
    integration_name: str
    provider: str
    changes: tuple[Change, ...]
    breaks: tuple[Breakage, ...] = ()
    impact: Impact | None = None

    def as_json(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)


def plan_of(operation: Operation, row: Integration, actor: Actor, impact: Impact, changes: list[Change], *, stops: bool) -> Plan:
    """The plan of an operation. `stops`: calls with the integration fail afterwards, until somebody mends it."""
    breaks = breakages(row, actor, impact) if stops else ()
    return Plan(operation, row.id, row.name, row.provider, tuple(changes), breaks, impact)


def breakages(row: Integration, actor: Actor, impact: Impact) -> tuple[Breakage, ...]:
    """What stops when the integration does: what is built on it, and calls of others, unless they fail already."""
    built = [
        Breakage(each.kind, each.id, each.name, f"is built on it ({', '.join(each.parts)})" if each.parts else "is built on it")
        for each in impact.dependents
    ]
    if row.status != "active":
        return tuple(built)
    others = [
        Breakage("principal", use.id, use.name, f"called with it {use.calls} times in 30 days, last at {use.last_used_at}")
        for use in impact.principals
        if use.id != actor.principal_id
    ]
    return (*built, *others)


def require_accepted(plan: Plan, accepted: bool) -> None:
    """Raise `Conflict` with the plan where a change would break something and nobody said that this is meant."""
    if not plan.breaks or accepted:
        return
    first = plan.breaks[0]
    more = f" and {len(plan.breaks) - 1} more" if len(plan.breaks) > 1 else ""
    raise Conflict(
        f"This would stop what uses {plan.integration_name}: {first.kind} {first.name or first.id} {first.why}{more}. "
        "Look at the plan, and say `accept_impact` where it is meant",
        code="impact",
        details={"breaks": [asdict(each) for each in plan.breaks[:50]], "count": len(plan.breaks)},
    )


def draft_changes(row: Integration, draft: Draft) -> list[Change]:
    """What a draft changes, field by field."""
    pairs: list[tuple[str, Any, Any]] = [("name", row.name, draft.name), ("status", row.status, draft.status)]
    names = sorted({*row.config, *draft.config})
    pairs += [(f"config.{name}", row.config.get(name), draft.config.get(name)) for name in names]
    pairs += [("destination", row.origin, draft.origin), ("auth_kind", row.auth_kind, draft.auth_kind)]
    changes = [Change(*pair) for pair in pairs if pair[1] != pair[2]]
    had = "stored" if row.credential_version else None
    if draft.drops:
        changes.append(Change("credentials", had, "dropped: they were entered for the destination before"))
    if draft.credentials is not None:
        changes.append(Change("credentials", had, "replaced"))
    return changes
