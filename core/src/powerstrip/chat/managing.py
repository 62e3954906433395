"""Everyday requests: what is looked up is answered at once, what changes anything is shown first and waits for a yes."""

import asyncio
from typing import Any

from powerstrip.actions import Invoke
from powerstrip.chat.copying import Copying
from powerstrip.chat.desk import Desk
from powerstrip.chat.intent import Intent
from powerstrip.chat.offering import Offering
from powerstrip.chat.receiving import Receiving
from powerstrip.chat.state import YES_NO, Choice, Field, Form, Person, Reply, State
from powerstrip.chat.tending import Tending
from powerstrip.chat.wording import said
from powerstrip.connect import IntegrationChanges
from powerstrip.problems import Problem
from powerstrip.store import Integration

ALIASES = {
    "text": ("text", "body", "text_body", "message", "content", "input"), "body": ("body", "text", "description", "content"), "from_address": ("sender", "from_address", "from"),
    "from_number": ("sender", "from_number"), "title": ("title", "summary", "name"), "message_id": ("message_id", "message_sid", "id"),
    "content": ("body", "content", "text"), "number": ("number",), "input": ("input", "prompt", "text"), "email": ("email", "emails", "query"), "jql": ("jql", "query"),
    "values": ("values", "rows"), "list": ("list", "list_id"), "template": ("template",), "tag": ("tag", "name"),
}  # fmt: skip
"""How an input that a sentence states may be called by an adapter."""
MENDABLE = ("rejected",)
"""Errors of calls that other inputs may avoid."""
SHOWN = 1500
"""Characters of an answer that are shown in the conversation."""


class Managing:
    """Requests about integrations that are there, and calls."""

    def __init__(self, desk: Desk, person: Person, state: State) -> None:
        self.desk, self.person, self.state = desk, person, state
        self.copying, self.offering = Copying(desk, person, state), Offering(desk, person, state)
        self.tending = Tending(desk, person, state)

    async def start(self, intent: Intent) -> Reply:
        """Answer what only looks; plan what changes."""
        looks = {
            "list": self._list,
            "usage": self._usage,
            "capabilities": self._capabilities,
            "help": self._help,
            "events": Receiving(self.desk, self.person).answer,
        }
        if intent.intent in looks:
            return await looks[intent.intent](intent)
        if intent.intent == "call_action":
            return await self._plan_call(intent)
        if intent.intent == "copy":
            return await self.copying.begin(intent)
        found = await self._found(intent)
        if isinstance(found, Reply):
            return found
        self.state.integration_id = found.id
        if intent.intent == "status":
            return self._status(found)
        if intent.intent == "test":
            return await self._test(found)
        if intent.intent == "rotate":
            return await self._rotate(found)
        return await self._plan_change(intent, found)

    async def do(self) -> Reply:
        """Do what was planned and agreed to, with the person's permissions."""
        if self.state.plan.get("do") == "copy":
            return await self.copying.carry_out()
        plan, self.state.plan, self.state.waiting = self.state.plan, {}, ""
        try:
            return await self._carry_out(plan)
        except Problem as problem:
            return Reply(f"That was not done: {problem.message}", done=True)

    async def rotate(self, values: dict[str, str]) -> Reply:
        """Replace a credential by what the masked form brought."""
        self.person.require("integrations.manage")
        self.person.hear("probing", self.desk.title(self.state.provider))
        try:
            row = await self.desk.integrations.rotate(self.person.project, self.person.actor, self.state.integration_id, values)
        except Problem as problem:
            return Reply(
                f"The new credential was not taken: {problem.message} The old one stays in use. Try again, or say cancel."
            )
        self.state.waiting = ""
        return Reply(f"The credential of {row.name} is replaced and was accepted.", done=True)

    # -- finding what is meant

    async def _found(self, intent: Intent) -> Integration | Reply:
        self.person.require("integrations.view")
        rows = await self.desk.matching(self.person.project.id, intent.provider, str(intent.config.get("name", "")))
        if len(rows) == 1:
            return rows[0]
        if rows:
            self.state.waiting = "integration"
            choices = tuple(Choice(row.name, row.name, f"{self.desk.title(row.provider)}, {row.status}") for row in rows)
            return Reply("Which one? " + ", ".join(row.name for row in rows), choices=choices)
        if intent.provider or intent.config.get("name"):
            what = intent.config.get("name") or self.desk.title(intent.provider)
            return Reply(f"There is no connection {what} in this project. Say connect {what} to make one.", done=True)
        self.state.waiting = "integration"
        every = await self.desk.integrations.list(self.person.project.id, limit=50)
        return Reply("Which connection do you mean?", choices=tuple(Choice(row.name, row.name, row.status) for row in every))

    # -- looking

    async def _list(self, intent: Intent) -> Reply:
        self.person.require("integrations.view")
        rows = await self.desk.integrations.list(self.person.project.id, provider=intent.provider or None, limit=100)
        if not rows:
            return Reply("Nothing is connected yet. Say for example: connect Slack.", done=True)
        return Reply(
            "\n".join(f"- {row.name}: {self.desk.title(row.provider)}, {row.status}, {row.mode}" for row in rows), done=True
        )

    def _status(self, row: Integration) -> Reply:
        why = f" ({row.status_reason})" if getattr(row, "status_reason", None) else ""
        return Reply(f"{row.name} ({self.desk.title(row.provider)}) is {row.status}{why}.", done=True)

    async def _test(self, row: Integration) -> Reply:
        self.person.require("integrations.test")
        self.person.hear("probing", self.desk.title(row.provider))
        probe = await self.desk.integrations.test(self.person.project, self.person.actor, row.id)
        if probe.ok:
            whose = (
                f" It is the account {probe.account_name or probe.account_id}." if probe.account_name or probe.account_id else ""
            )
            simulated = " This is a sandbox: nobody was asked." if probe.simulated else ""
            return Reply(f"{row.name} works.{whose}{simulated}", done=True)
        return Reply(f"{row.name} does not work: {probe.error} Say rotate {row.name} to give it a new credential.", done=True)

    async def _usage(self, intent: Intent) -> Reply:
        found = await self._found(intent)
        if isinstance(found, Reply):
            return found
        impact = await self.desk.integrations.impact(self.person.project.id, found.id)
        lines = [
            f"- {each.kind.replace('_', ' ')} {each.name}" + (f": {', '.join(each.parts)}" if each.parts else "")
            for each in impact.dependents
        ]
        calls = sum(each.calls for each in impact.actions)
        built = "\n".join(lines) or "Nothing is built on it."
        return Reply(f"{found.name}: {calls} calls since {impact.since[:10]}.\n{built}", done=True)

    async def _capabilities(self, intent: Intent) -> Reply:
        if not intent.provider or not self.desk.catalog.has(intent.provider):
            titles = ", ".join(each.title for each in self.desk.catalog.providers() if not each.built_in)
            asked = f"{intent.vendor} has no adapter of its own. " if intent.vendor else ""
            return Reply(f"{asked}Installed here: {titles}.", done=True)
        manifest = (await self.desk.integrations.catalogs.of(self.person.project.id)).provider(intent.provider)
        actions = "\n".join(f"- {action.name}: {action.title or action.summary}" for action in manifest.actions)
        events = ", ".join(event.name for event in manifest.events)
        return Reply(f"{manifest.title} can:\n{actions}" + (f"\nEvents: {events}" if events else ""), done=True)

    async def _help(self, intent: Intent) -> Reply:
        if intent.provider and self.desk.catalog.has(intent.provider):
            manifest = await asyncio.to_thread(self.desk.catalog.provider, intent.provider)
            ways = "\n".join(
                f"- {auth.kind.replace('_', ' ')}: {auth.help or 'see the documentation'}" for auth in manifest.auths
            )
            return Reply(
                f"{manifest.title}: {manifest.description}\n{ways}"
                + (f"\nIts documentation: {manifest.docs_url}" if manifest.docs_url else ""),
                done=True,
            )
        return Reply(
            "Say what you want in a sentence: connect a service, call an action, do something when something happens, or ask for the list, "
            "the state, a test or the uses of a connection. Keys are typed in masked fields only; they are sealed, and never shown again.",
            done=True,
        )

    # -- planning

    async def _rotate(self, row: Integration) -> Reply:
        self.person.require("integrations.manage")
        manifest = await asyncio.to_thread(self.desk.catalog.provider, row.provider)
        auth = next((each for each in manifest.auths if each.kind == row.auth_kind), manifest.auths[0])
        if auth.connect == "redirect":
            return Reply(f"{row.name} is renewed by signing in again: `powerstrip integrations reconnect {row.name}`.", done=True)
        self.state.waiting, self.state.provider, self.state.auth_kind = "rotate", row.provider, auth.kind
        shown = tuple(
            Field(name, schema.get("title") or name.replace("_", " "), schema.get("description", ""), name in auth.secret_fields)
            for name, schema in auth.form.get("properties", {}).items()
        )
        return Reply(
            f"Plan: replace the credential of {row.name}. {auth.help}",
            form=Form(row.provider, auth.kind, f"New credential of {row.name}", shown, auth.help),
        )

    async def _plan_change(self, intent: Intent, row: Integration) -> Reply:
        self.person.require("integrations.manage")
        plan: dict[str, Any] = {"do": intent.intent, "integration": row.id, "name": row.name}
        hit = await self._stops(intent.intent, row)
        words = {
            "delete": "delete {} with its credential, for good",
            "disable": "make {} inactive; its credential is kept",
            "enable": "make {} active",
        }
        self.state.plan, self.state.waiting = plan, "confirm"
        return Reply(f"Plan: {words[intent.intent].format(row.name)}.{hit} Go ahead?", choices=YES_NO, plan=plan)

    async def _stops(self, change: str, row: Integration) -> str:
        """What would stop working, as every client's plan has it."""
        project, actor = self.person.project, self.person.actor
        match change:
            case "delete":
                found = await self.desk.integrations.plan_delete(project, actor, row.id)
            case "disable":
                found = await self.desk.integrations.plan_update(project, actor, row.id, IntegrationChanges(status="inactive"))
            case _:
                return ""
        lines = [f"{each.kind.replace('_', ' ')} {each.name or each.id} ({each.why})" for each in found.breaks[:10]]
        more = f", and {len(found.breaks) - 10} more" if len(found.breaks) > 10 else ""
        return f" These stop working: {', '.join(lines)}{more}." if lines else ""

    async def _plan_call(self, intent: Intent) -> Reply:
        if intent.needs_clarification:
            able = [each for each in intent.providers if await self.desk.active(self.person.project.id, each)]
            if len(able) != 1:
                self.state.waiting, self.state.options = "provider", able or intent.providers
                return Reply(
                    "With which one? " + ", ".join(self.desk.title(each) for each in self.state.options),
                    choices=tuple(Choice(each, self.desk.title(each)) for each in self.state.options),
                )
            intent.provider, intent.action = able[0], self.desk.parser.lexicon.providers[able[0]].default
        if not self.desk.catalog.has(intent.provider):
            return Reply(
                f"{self.desk.title(intent.provider)} has no adapter here, so {intent.action} cannot be called.", done=True
            )
        manifest = await asyncio.to_thread(self.desk.catalog.provider, intent.provider)
        action = next((each for each in manifest.actions if each.name == intent.action), None)
        if action is None:
            return Reply(f"The installed adapter of {manifest.title} has no action {intent.action}.", done=True)
        inputs = fitted(intent.inputs, action.input_schema)
        if missing := [name for name in action.input_schema.get("required", ()) if name not in inputs]:
            self.state.plan, self.state.waiting = {"do": "call", "action": action.name, "inputs": inputs}, f"input:{missing[0]}"
            bound = await self.desk.active(self.person.project.id, intent.provider)
            schema = action.input_schema["properties"][missing[0]]
            choices = await self.offering.offer(bound.id if bound else "", schema, inputs)
            return Reply(f"{action.title or action.name} needs {missing[0].replace('_', ' ')}. What is it?", choices=choices)
        self.state.plan = {"do": "call", "action": action.name, "inputs": inputs}
        if action.annotations.read_only:
            return await self.do()
        self.state.waiting = "confirm"
        return Reply(
            f"Plan: call {action.name}{f' with {said(inputs)}' if inputs else ''}. Go ahead?",
            choices=YES_NO,
            plan=self.state.plan,
        )

    async def change_inputs(self, changed: dict[str, Any]) -> Reply:
        """The planned call with other inputs, shown anew."""
        name, inputs = self.state.plan["action"], {**self.state.plan["inputs"], **changed}
        return await self._plan_call(Intent("call_action", name.split(".")[0], action=name, inputs=inputs))

    async def fill_input(self, name: str, text: str) -> Reply:
        """The answer to a question for an input of the planned call."""
        taken = await self.offering.answered(text)
        if isinstance(taken, tuple):
            return Reply(f"Several hold that. Which {name.replace('_', ' ')}?", choices=taken)
        self.state.plan["inputs"][name], self.state.offer = taken, {}
        intent = Intent(
            "call_action",
            self.state.plan["action"].split(".")[0],
            action=self.state.plan["action"],
            inputs=self.state.plan["inputs"],
        )
        return await self._plan_call(intent)

    # -- doing

    async def _carry_out(self, plan: dict[str, Any]) -> Reply:
        if plan.get("do") == "call":
            return await self._call(plan)
        if plan.get("do") not in ("delete", "disable", "enable"):
            return await self.tending.carry_out(plan)
        self.person.require("integrations.manage")
        project, actor, changed = self.person.project, self.person.actor, plan["integration"]
        if plan["do"] == "delete":
            await self.desk.integrations.delete(project, actor, changed, accept_impact=True)
            return Reply(f"{plan['name']} is deleted.", done=True)
        status = {"disable": "inactive", "enable": "active"}[plan["do"]]
        await self.desk.integrations.update(project, actor, changed, IntegrationChanges(status=status), accept_impact=True)
        return Reply(f"{plan['name']} is {status}.", done=True)

    async def _call(self, plan: dict[str, Any]) -> Reply:
        self.person.require("actions.invoke")
        if not self.person.may_execute(plan["action"]):
            return Reply(f"You have no permission to call {plan['action']}.", done=True)
        self.person.hear("calling", plan["action"])
        result = await self.desk.actions.invoke(
            self.person.project, self.person.actor, plan["action"], Invoke(plan["inputs"], source="api")
        )
        if result.status == "completed":
            return Reply(outcome(result.output), done=True)
        return self._failed(plan, str(result.error), mendable=result.error_type in MENDABLE)

    def _failed(self, plan: dict[str, Any], error: str, *, mendable: bool) -> Reply:
        """What went wrong; a call of which something can be said otherwise stays open."""
        why = error if error.endswith((".", "!", "?")) else f"{error}."
        if not mendable:
            return Reply(f"It failed: {why}", done=True)
        self.state.plan, self.state.waiting = plan, "mend"
        return Reply(f"It failed: {why} Say what is to be different, and it is called again; or cancel.")


def outcome(output: Any) -> str:
    """What a call gave, as people read it, cut where it is long."""
    if output in (None, "", {}, []):
        return "Done."
    text = said(output, deep=True)
    return f"Done.\n{text if len(text) <= SHOWN else text[:SHOWN].rstrip() + '…'}"


def fitted(inputs: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """Inputs by the action's own field names; what it does not take is left out."""
    fields = schema.get("properties", {})
    found: dict[str, Any] = {}
    for name, value in inputs.items():
        field = next((each for each in (name, *ALIASES.get(name, ())) if each in fields), "")
        if field:
            kind = fields[field].get("type")
            found[field] = [value] if kind == "array" and not isinstance(value, list) else value
    return found
