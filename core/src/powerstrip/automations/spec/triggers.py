"""Reads the triggers of a spec."""

import re
from typing import Any

from powerstrip.automations.expressions import ConditionRefused
from powerstrip.automations.expressions.conditions import compiled
from powerstrip.automations.spec.fields import Fields
from powerstrip.automations.spec.findings import Findings, Path
from powerstrip.automations.spec.plan import Concurrency, Trigger
from powerstrip.automations.spec.schedules import MIN_SECONDS, ScheduleRefused, check_cron, check_zone

EVENT_PATTERN = re.compile(r"\*|[a-z0-9][a-z0-9_-]*(?:\.[a-z0-9_-]+)*(?:\.\*)?")
"""An event's name, or the beginning of one with `.*`, or `*`."""
MAX_EVENT = 200
KINDS = ("event", "schedule", "http", "manual", "entity")
POLICIES = ("allow", "queue", "skip", "replace")
ENVELOPE = ("event", "meta")
CHANGES = ("created", "updated", "deleted", "*")


def read_trigger(value: Any, path: Path, findings: Findings, zone: str) -> Trigger | None:
    """One trigger, in either spelling: kind-specific fields stand in `config` or beside `kind`."""
    outer = Fields(value, path, findings, "A trigger")
    if not outer.valid:
        return None
    place = path[-1]
    key = outer.key("key") if outer.has("key") else f"trigger-{int(place) + 1 if isinstance(place, int) else 1}"
    kind = outer.choice("kind", "", KINDS)
    if not kind:
        outer.error((), "missing", f"A trigger needs `kind`: one of {', '.join(KINDS)}")
        return None
    common = {"key": key, "name": outer.text("name", most=200), "kind": kind, "enabled": outer.flag("enabled", True)}
    concurrency = _concurrency(outer)
    nested = outer.has("config")
    config = Fields(outer.raw("config", {}), outer.at("config"), findings, "A trigger's config") if nested else outer
    fields = _of_kind(kind, config, zone)
    if config.has("inputs"):
        fields["inputs"] = config.mapping("inputs")
    config.close()
    if nested:
        outer.close()
    return Trigger.model_validate(common | fields | {"concurrency": concurrency})


def read_condition(fields: Fields, name: str, names: tuple[str, ...]) -> str:
    """A CEL condition over these names; what is wrong with it becomes a finding."""
    text = fields.text(name, most=4000)
    if text:
        try:
            compiled(text, names)
        except ConditionRefused as error:
            fields.error(name, "bad_condition", str(error))
    return text


def read_event(fields: Fields, *names: str) -> str:
    """An event's name or pattern, under the first of these fields that is there."""
    name = next((each for each in names if fields.has(each)), names[0])
    text = fields.text(name, required=True, most=MAX_EVENT)
    if text and not EVENT_PATTERN.fullmatch(text):
        fields.error(name, "bad_event", "Write an event such as slack.message.posted, a pattern such as slack.*, or *")
    return text


def _concurrency(fields: Fields) -> Concurrency | None:
    policy = fields.choice("concurrency_policy", "", POLICIES)
    limit = fields.whole("max_concurrent_runs", 1, 1, 1000)
    return Concurrency.model_validate({"policy": policy or "allow", "limit": limit}) if policy or limit != 1 else None


def _of_kind(kind: str, config: Fields, zone: str) -> dict[str, Any]:
    match kind:
        case "event":
            return _event(config)
        case "entity":
            return _entity(config)
        case "schedule":
            return _schedule(config, zone)
        case "http":
            return {"signed": config.flag("signed")}
        case _:
            return {}


def _event(config: Fields) -> dict[str, Any]:
    return {
        "event": read_event(config, "event", "event_type"),
        "source_type": config.text("source_type", most=64) or None,
        "source_id": config.text("source_id", most=200) or None,
        "condition": read_condition(config, "condition", ENVELOPE),
    }


def _entity(config: Fields) -> dict[str, Any]:
    entity = config.text("entity", required=True, most=128)
    change = config.choice("change", "*", CHANGES)
    return {
        "event": f"{entity}.{change}",
        "source_type": "entity",
        "source_id": config.text("source_id", most=200) or None,
        "condition": read_condition(config, "condition", ENVELOPE),
    }


def _schedule(config: Fields, zone: str) -> dict[str, Any]:
    cron, every = config.text("cron"), config.duration("every", least=MIN_SECONDS)
    zone = config.text("time_zone", zone) or zone
    misfire = config.choice("misfire", "once", ("once", "skip"))
    if bool(cron) == config.has("every"):
        config.error((), "bad_schedule", "A schedule has either `cron` or `every`")
    for name, check, text in (("cron", check_cron, cron), ("time_zone", check_zone, zone)):
        try:
            if text:
                check(text)
        except ScheduleRefused as error:
            config.error(name, "bad_schedule", str(error))
    return {"cron": cron, "every": every, "time_zone": zone, "misfire": misfire}
