"""Which names and patterns an event answers to, and which waiting steps it meets."""

from collections.abc import Mapping
from typing import Any, cast

from sqlalchemy import Connection, select
from sqlmodel import col

from powerstrip.automations.engine.records import bare, loads
from powerstrip.automations.expressions.conditions import compiled
from powerstrip.events import NewEvent, SourceEventRow
from powerstrip.store import RunWait

ENVELOPE = ("event", "meta")
RECORD = "entity.record."
MOST = 500
"""Waiting steps that one event may meet."""


def patterns(name: str) -> list[str]:
    """An event's name, and every pattern that it fits: `a.b.c` fits `a.b.*`, `a.*` and `*`."""
    parts = name.split(".")[:20]
    return [name, *(".".join(parts[:count]) + ".*" for count in range(len(parts) - 1, 0, -1)), "*"]


def entity_patterns(event: NewEvent | SourceEventRow) -> list[str]:
    """What a change of a record answers to as an entity's own event: `thing.updated` and `thing.*`."""
    change = event.name.removeprefix(RECORD)
    known = event.source_type == "entity" and change != event.name and event.source_id is not None
    return [f"{event.source_id}.{change}", f"{event.source_id}.*"] if known else []


def fits(condition: str, envelope: Mapping[str, Any]) -> str:
    """Why a condition keeps an event out; empty where it lets it in."""
    if not condition:
        return ""
    verdict = compiled(condition, ENVELOPE).judge(envelope)
    return "" if verdict.matches else verdict.reason or "The condition does not hold"


def agrees(match: Mapping[str, Any], envelope: Mapping[str, Any]) -> bool:
    """Whether the value at each path is the wanted one. Paths begin with `event` or `meta`, else in the event."""
    return all(_at(path, envelope) == wanted for path, wanted in match.items())


def _at(path: str, envelope: Mapping[str, Any]) -> Any:
    parts = path.split(".")
    value: Any = envelope if parts[0] in ENVELOPE else envelope["event"]
    for part in parts:
        if not isinstance(value, Mapping) or part not in value:
            return None
        value = cast(Mapping[str, Any], value)[part]
    return value


def waits_for(connection: Connection, event: SourceEventRow) -> list[Any]:
    """The open waits that this event meets, oldest first."""
    query = select(*bare(RunWait)).where(
        col(RunWait.project_id) == event.project_id,
        col(RunWait.status) == "open",
        col(RunWait.event_type).in_(patterns(event.name)),
    )
    envelope = event.envelope()
    found = connection.execute(query.order_by(col(RunWait.created_at)).limit(MOST))
    return [wait for wait in found if not why_not(wait, event, envelope)]


def why_not(wait: Any, event: SourceEventRow, envelope: Mapping[str, Any]) -> str:
    """Why a waiting step does not take an event; empty where it does."""
    if wait.source_id is not None and wait.source_id not in (event.source_id, event.integration_id):
        return "The event is from another source"
    if not agrees(loads(wait.match), envelope):
        return "A value differs from what the step matches"
    return fits(wait.condition, envelope)
