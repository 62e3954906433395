"""From a sentence to a draft automation: its providers connected on the way, the spec shown, saved unpublished after a yes."""

import asyncio
import re
from typing import Any

from powerstrip.automations import Draft, NewAutomation
from powerstrip.chat.desk import Desk
from powerstrip.chat.managing import fitted
from powerstrip.chat.state import Choice, Person, Reply, State
from powerstrip.problems import Conflict, Problem

BUILT_IN = frozenset({"entity", "schedule", "webhook", "http_trigger", ""})


class Automating:
    """Makes the draft of a goal."""

    def __init__(self, desk: Desk, person: Person, state: State) -> None:
        self.desk, self.person, self.state = desk, person, state

    async def missing(self) -> list[str]:
        """Providers that the goal needs and that are not connected, the trigger's first."""
        goal = self.state.goal
        wanted = [
            str(goal.get("event", "")).split(".")[0],
            str(goal.get("action", "")).split(".")[0] or str(goal.get("provider", "")),
        ]
        found: list[str] = []
        for provider in dict.fromkeys(wanted):
            if provider not in BUILT_IN and not await self.desk.active(self.person.project.id, provider):
                found.append(provider)
        return found

    async def propose(self) -> Reply:
        """Show the draft, with what a check finds."""
        spec = await self._spec()
        checked = await self.desk.automations.check(self.person.project.id, Draft(value=spec))
        self.state.plan, self.state.waiting = {"do": "automation", "spec": spec}, "save"
        trigger = self.state.goal.get("schedule") or self.state.goal.get("event")
        steps: list[dict[str, Any]] = spec["steps"]
        step: dict[str, Any] = steps[0] if steps else {}
        of = f" of the connection {step['integration']}" if step.get("integration") else ""
        lines = [
            f"Draft: on {trigger}, call {step.get('action') or '(nothing yet)'}{of}.",
            *(f"- {name}: {value}" for name, value in step.get("parameters", {}).items()),
            *(f"Still open: {each.message}" for each in checked.findings),
            "Save it, unpublished?",
        ]
        text = "\n".join(lines)
        return Reply(text, choices=(Choice("yes", "Save the draft"), Choice("no", "Leave it")), plan=self.state.plan)

    async def save(self) -> Reply:
        """Save the draft that was shown. It is not published: nothing runs."""
        self.person.require("automations.manage")
        spec, self.state.plan, self.state.waiting = self.state.plan["spec"], {}, ""
        goal = self.state.goal
        stem = re.sub(r"[^a-z0-9]+", "-", f"{goal.get('event', 'automation')} {goal.get('action', '')}".lower()).strip("-")[:50]
        for number in range(1, 20):
            handle = stem if number == 1 else f"{stem}-{number}"
            try:
                await self.desk.automations.create(
                    self.person.project, self.person.actor, NewAutomation(handle, handle.replace("-", " "))
                )
                await self.desk.automations.add_version(self.person.project, self.person.actor, handle, Draft(value=spec))
            except Conflict:
                continue
            except Problem as problem:
                return Reply(f"The draft was not saved: {problem.message}", done=True)
            return Reply(
                f"Saved as the draft {handle}. Try it in the sandbox, then publish it: `powerstrip automations publish {handle}`.",
                done=True,
            )
        return Reply("The draft was not saved: too many drafts have this name already.", done=True)

    async def _spec(self) -> dict[str, Any]:
        goal = self.state.goal
        action = str(goal.get("action", ""))
        steps: list[dict[str, Any]] = []
        if action:
            provider = action.split(".")[0]
            step = {
                "name": action.split(".")[-1],
                "action": action,
                "action_kind": "server",
                "parameters": await self._parameters(action),
            }
            if provider not in BUILT_IN and (bound := await self.desk.active(self.person.project.id, provider)):
                step["integration"] = bound.name
            steps.append(step)
        return {"triggers": [self._trigger()], "steps": steps}

    def _trigger(self) -> dict[str, Any]:
        goal = self.state.goal
        event = str(goal.get("event", ""))
        if goal.get("schedule"):
            return {"key": "time", "kind": "schedule", "cron": goal["schedule"]}
        if event.startswith("entity.record.") and goal.get("entity"):
            entity = re.sub(r"[^a-z0-9]+", "_", str(goal["entity"]).lower().removesuffix(" form")).strip("_")
            return {"key": "record", "kind": "entity", "entity": entity, "change": event.rsplit(".", 1)[1]}
        if event == "http_trigger.received" or event.startswith("entity.record."):
            return {"key": "form", "kind": "http"}
        return {"key": "event", "kind": "event", "event": event}

    async def _parameters(self, action: str) -> dict[str, Any]:
        """What was stated; what the action needs beyond it is taken from the event's fields of that name, or told in words."""
        goal = self.state.goal
        if not self.desk.catalog.has(action.split(".")[0]):
            return dict(goal.get("inputs", {}))
        manifest = await asyncio.to_thread(self.desk.catalog.action, action)
        found = fitted(dict(goal.get("inputs", {})), manifest.input_schema)
        event = str(goal.get("event", ""))
        for name in manifest.input_schema.get("required", ()):
            if name not in found:
                schema = manifest.input_schema["properties"][name]
                plain = schema.get("type") == "string" and name in ("text", "body", "text_body", "subject", "title", "message")
                found[name] = f"{event} happened" if plain else f"${{event.{name}}}"
        return found
