"""The draft of an automation: its trigger, its step, and what of the one goes into the other."""

import asyncio
import json
import re
from dataclasses import dataclass, field
from typing import Any

from powerstrip.catalog import ActionManifest
from powerstrip.chat.desk import Desk
from powerstrip.chat.managing import fitted
from powerstrip.chat.mapping import TEXTS, Given, fitting, given_event, given_fields, path_of, told
from powerstrip.chat.state import Person, State
from powerstrip.problems import NotFound
from powerstrip.store import Integration

BUILT_IN = frozenset({"entity", "schedule", "webhook", "http_trigger", ""})
MAX_FIELDS = 40
PLACES = {
    "channel": ("default_channel", "channel"), "bucket": ("bucket",), "sender": ("from_address", "from_number", "sender"),
    "from_address": ("from_address",), "from_number": ("from_number",),
}  # fmt: skip
"""Fields without which nothing can be called, and which an action leaves out where its connection has one of these settings."""
INPUT_TYPES = {"integer": "integer", "number": "number", "boolean": "boolean", "json": "any"}


@dataclass
class Drafted:
    """A draft. `missing` are fields of the action that nobody stated and that nothing of the trigger fits."""

    trigger: dict[str, Any]
    given: Given
    event: str
    inputs: dict[str, Any] = field(default_factory=dict[str, Any])
    action: ActionManifest | None = None
    bound: Integration | None = None
    parameters: dict[str, Any] = field(default_factory=dict[str, Any])
    missing: list[str] = field(default_factory=list[str])
    left: list[str] = field(default_factory=list[str])
    """What the sentence states and neither the trigger nor the action takes."""

    @property
    def spec(self) -> dict[str, Any]:
        """As it is checked, rehearsed and saved."""
        steps: list[dict[str, Any]] = []
        if self.action is not None:
            step: dict[str, Any] = {
                "name": self.action.name.split(".")[-1],
                "action": self.action.name,
                "action_kind": "server",
                "parameters": self.parameters,
            }
            steps.append(step | ({"integration": self.bound.name} if self.bound is not None else {}))
        inputs = {"inputs": self.inputs} if self.inputs else {}
        return {**inputs, "triggers": [self.trigger], "steps": steps}


class Drafting:
    """Makes the draft of a goal as the project is now."""

    def __init__(self, desk: Desk, person: Person, state: State) -> None:
        self.desk, self.person, self.state = desk, person, state

    async def draft(self) -> Drafted:
        """The draft, as far as it goes."""
        drafted = await self._triggered()
        name = str(self.state.goal.get("action", ""))
        if name and self.desk.catalog.has(name.split(".")[0]):
            drafted.action = await asyncio.to_thread(self.desk.catalog.action, name)
            provider = name.split(".")[0]
            if provider not in BUILT_IN:
                drafted.bound = await self.desk.active(self.person.project.id, provider)
            await self._fill(drafted, drafted.action)
        return drafted

    async def fields(self) -> dict[str, str]:
        """The fields of the record or form that is spoken of, with their types: named in the sentence, answered, or the project's."""
        named = [_field(each) for each in self.state.goal.get("entity_fields", ())]
        if entity := self.entity():
            try:
                kind = await self.desk.entities.type(self.person.project.id, entity)
            except NotFound:
                pass
            else:
                return {str(each["name"]): INPUT_TYPES.get(str(each.get("type")), "string") for each in kind.fields}
        return dict.fromkeys([each for each in named if each][:MAX_FIELDS], "any")

    def entity(self) -> str:
        """The entity type that is spoken of."""
        name = str(self.state.goal.get("entity", "")).lower().removesuffix(" form").removesuffix(" record")
        return re.sub(r"[^a-z0-9]+", "_", name).strip("_")

    async def _triggered(self) -> Drafted:
        goal = self.state.goal
        event = str(goal.get("event", ""))
        if goal.get("schedule"):
            at = {"scheduled_at": "2026-01-05T09:00:00Z", "fired_at": "2026-01-05T09:00:00Z", "missed": 0, "trigger": "time"}
            return Drafted(
                {"key": "time", "kind": "schedule", "cron": goal["schedule"]},
                Given(at, {"inputs.event.scheduled_at": at["scheduled_at"]}), "schedule.fired",
            )  # fmt: skip
        if event == "http_trigger.received" or event.startswith("entity.record."):
            return await self._fielded(event)
        example, narrowed, left = await self._example(event), dict[str, Any](), list[str]()
        for name, value in goal.get("narrowed", {}).items():
            if path := path_of(example, name):
                narrowed[path] = value.removeprefix("#") if isinstance(value, str) else value
            else:
                left.append(f"{name} {value}")
        trigger: dict[str, Any] = {"key": "event", "kind": "event", "event": event}
        if narrowed:
            trigger["condition"] = " && ".join(f"event.{path} == {json.dumps(value)}" for path, value in narrowed.items())
        return Drafted(trigger, given_event(example, narrowed), event, left=left)

    async def _fielded(self, event: str) -> Drafted:
        """A trigger whose values are fields: a record's, or those of a form that is posted to the hub."""
        types, entity = await self.fields(), self.entity()
        sample, values = given_fields(list(types))
        inputs = {name: {"type": kind} for name, kind in types.items()}
        if not entity or not event.startswith("entity.record."):
            return Drafted({"key": "form", "kind": "http"}, Given(sample, values), "http_trigger.received", inputs)
        change = event.rsplit(".", 1)[1]
        side = "before" if change == "deleted" else "after"
        trigger: dict[str, Any] = {"key": "record", "kind": "entity", "entity": entity, "change": change}
        if types:
            trigger["inputs"] = {name: f"${{default(event.{side}.{name}, null)}}" for name in types}
        whole = {
            "entity": entity, "key": "sample-1", "record_id": "record_sample", "version": 1, "before": None, "after": None,
            "changed": list(types), side: sample,
        }  # fmt: skip
        return Drafted(trigger, Given(whole, values or {"inputs.event.key": "sample-1"}), event, inputs)

    async def _example(self, event: str) -> dict[str, Any]:
        provider = event.split(".")[0]
        if not self.desk.catalog.has(provider):
            return {}
        manifest = await asyncio.to_thread(self.desk.catalog.provider, provider)
        found = next((each for each in manifest.events if each.name == event), None)
        return found.example or {} if found else {}

    async def _fill(self, drafted: Drafted, action: ActionManifest) -> None:
        """What was stated; beyond it what the trigger gives under a name that fits, and texts that tell of the event."""
        schema, goal = action.input_schema, self.state.goal
        properties: dict[str, Any] = schema.get("properties", {})
        found = fitted(dict(goal.get("inputs", {})), schema)
        texting = action.provider == "twilio" or "phone" in json.dumps(properties.get("to", {})).lower()
        required = list(schema.get("required", ()))
        wanted = [*required, *(each for each in await self._unsettled(drafted, action) if each not in required)]
        what = f"{self.desk.title(drafted.event.split('.')[0])}: {' '.join(drafted.event.split('.')[1:]).replace('_', ' ')}"
        if drafted.trigger["kind"] in ("entity", "http"):
            what = f"{(self.entity() or 'form').replace('_', ' ').capitalize()} {drafted.event.rsplit('.', 1)[1]}"
        for name in wanted:
            if name in found:
                continue
            value = fitting(name, properties[name], drafted.given, texting=texting)
            unsaid = drafted.trigger["kind"] == "schedule" and f"map:{name}" not in self.state.asked
            if value is None and not unsaid and name in TEXTS and properties[name].get("type", "string") == "string":
                value = told(what, drafted.given, long=name not in ("subject", "title", "summary"))
            if value is not None:
                found[name] = value
            else:
                drafted.missing.append(name)
        mails = "to" in properties or "subject" in properties
        body = next((each for each in ("text", "text_body", "body") if each in properties), "")
        if mails and body and body not in found:
            found[body] = told(what, drafted.given, long=True)
        if drafted.inputs:
            found |= {name: f"${{inputs.{name}}}" for name in drafted.inputs if name in properties and name not in found}
        drafted.parameters = found

    async def _unsettled(self, drafted: Drafted, action: ActionManifest) -> list[str]:
        """Optional fields that the connection could settle once for all, and does not."""
        if drafted.bound is None:
            return []
        manifest = await asyncio.to_thread(self.desk.catalog.provider, action.provider)
        settings = manifest.config_schema.get("properties", {})
        return [
            name
            for name in action.input_schema.get("properties", {})
            if (known := [each for each in PLACES.get(name, ()) if each in settings])
            and not any(map(drafted.bound.config.get, known))
        ]


def _field(name: str) -> str:
    plain = re.sub(r"[^a-z0-9]+", "_", name.lower().replace("e-mail", "email")).strip("_")
    return plain if re.fullmatch(r"[a-z][a-z0-9_]{0,63}", plain) else ""
