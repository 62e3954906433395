"""From a sentence to a draft automation: its providers connected on the way, what is open asked for, the draft tried in the sandbox and
shown, saved unpublished after a yes."""

import json
import re
from collections.abc import Awaitable, Callable
from typing import Any

from powerstrip.automations import Checked, Draft, NewAutomation, Rehearsed
from powerstrip.chat.desk import Desk
from powerstrip.chat.drafting import BUILT_IN, Drafted, Drafting
from powerstrip.chat.managing import fitted
from powerstrip.chat.mending import changes
from powerstrip.chat.offering import Offering
from powerstrip.chat.parser.schedule import cron_of
from powerstrip.chat.parser.text import fold
from powerstrip.chat.state import Choice, Person, Reply, State
from powerstrip.chat.timing import in_words
from powerstrip.problems import Conflict, Problem
from powerstrip.value import asdict, replace

BODY = 600
"""Characters of a request's body that are shown; the plan beside the text has more."""
MORE_BODY = 4_000
NAMED = 8
"""Values of a trigger that a question names."""


class Automating:
    """Makes the draft of a goal."""

    def __init__(self, desk: Desk, person: Person, state: State) -> None:
        self.desk, self.person, self.state = desk, person, state
        self.drafting = Drafting(desk, person, state)
        self.offering = Offering(desk, person, state)

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

    # -- questions

    async def next(self) -> Reply:
        """Ask for what is still open, or show the draft."""
        if await self._lacks_fields():
            self.state.asked.append("fields")
            self.state.waiting = "fields"
            what = self.drafting.entity().replace("_", " ") or "form"
            return Reply(
                f"Which fields has the {what}? Name them, such as: name, email, phone. Say default where it does not matter."
            )
        drafted = await self.drafting.draft()
        for name in drafted.missing:
            if f"map:{name}" not in self.state.asked:
                return await self._ask(drafted, name)
        return await self._propose(drafted)

    def take_fields(self, text: str) -> None:
        """The fields that an answer names."""
        named = re.split(
            r"\s*[,;\n]\s*|\s+(?:and|und|et|y|e|en)\s+",
            re.sub(r"^\W*(?:it has|the fields are|fields?:?)\s+", "", text.strip(), flags=re.IGNORECASE),
        )
        self.state.goal["entity_fields"] = [each.strip(" .\"'") for each in named if 0 < len(each.strip(" .\"'")) <= 64]

    async def take_value(self, name: str, text: str) -> Reply | None:
        """An answer for a field of the action: a value, a choice, or words for a value of the trigger. A reply where it offers others."""
        drafted = await self.drafting.draft()
        reference = drafted.given.named(text)
        if not reference:
            taken = await self.offering.answered(text)
            if isinstance(taken, tuple):
                return Reply(f"Several hold that. Which {name.replace('_', ' ')}?", choices=taken)
            text = taken
        self.state.offer = {}
        schema = (drafted.action.input_schema if drafted.action else {}).get("properties", {}).get(name, {})
        self.state.goal.setdefault("inputs", {})[name] = f"${{{reference}}}" if reference else _typed(text, schema)
        return None

    async def change(self, text: str) -> Reply | None:
        """The draft with what a message names anew, shown again; None where it names nothing of it."""
        drafted, goal = await self.drafting.draft(), self.state.goal
        changed = changes(text, drafted.action, self.desk.parser.lexicon) if drafted.action else {}
        cron = cron_of(fold(text)) if goal.get("schedule") and not changed else ""
        if cron:
            goal["schedule"] = cron
        elif changed and drafted.action:
            schema = drafted.action.input_schema
            kept = {
                name: value
                for name, value in goal.get("inputs", {}).items()
                if not set(fitted({name: value}, schema)) & set(changed)
            }
            goal["inputs"] = kept | changed
        return await self.next() if changed or cron else None

    async def _lacks_fields(self) -> bool:
        event = str(self.state.goal.get("event", ""))
        fielded = event.startswith("entity.record.") or event == "http_trigger.received"
        return fielded and "fields" not in self.state.asked and not await self.drafting.fields()

    async def _ask(self, drafted: Drafted, name: str) -> Reply:
        assert drafted.action is not None
        self.state.asked.append(f"map:{name}")
        self.state.waiting = f"map:{name}"
        schema = drafted.action.input_schema["properties"][name]
        bound = drafted.bound.id if drafted.bound else ""
        choices = await self.offering.offer(bound, schema, drafted.parameters)
        why = f" {schema['description'].rstrip('.')}." if schema.get("description") else ""
        names = ", ".join(drafted.given.names()[:NAMED])
        of = f" It may be a value of the trigger: {names}." if names else ""
        label = str(schema.get("title") or name.replace("_", " ")).lower()
        return Reply(
            f"{drafted.action.title or drafted.action.name} needs the {label}.{why}{of} What shall it be?",
            choices=choices,
        )

    # -- the draft

    async def _propose(self, drafted: Drafted) -> Reply:
        """Show the draft, with what a check finds and what the sandbox would have sent."""
        spec = drafted.spec
        checked = await self.desk.automations.check(self.person.project.id, Draft(value=spec))
        self.state.plan, self.state.waiting = {"do": "automation", "spec": spec}, "save"
        step: dict[str, Any] = spec["steps"][0] if spec["steps"] else {}
        of = f" of the connection {step['integration']}" if step.get("integration") else ""
        entity = f" of {drafted.trigger['entity']}" if drafted.trigger.get("entity") else ""
        condition = f" where {drafted.trigger['condition']}" if drafted.trigger.get("condition") else ""
        gives = list((drafted.action.output_schema.get("properties", {})) if drafted.action else {})[:NAMED]
        lines = [
            f"Draft: {_begins(drafted)}{entity}{condition}, call {step.get('action') or '(nothing yet)'}{of}.",
            *([f"Takes: {', '.join(drafted.inputs)}."] if drafted.inputs else ()),
            *(f"- {name}: {_line(value)}" for name, value in step.get("parameters", {}).items()),
            *([f"Gives: {', '.join(gives)}."] if gives else ()),
            *(f"Not taken into it: {each}." for each in drafted.left),
            *(f"Still open: {each.message}" for each in checked.findings),
        ]
        tried, shown = await self._tried(drafted, checked)
        lines += [*tried, "Save it, unpublished?"]
        plan = {**self.state.plan, "sandbox": shown} if shown else self.state.plan
        return Reply("\n".join(lines), choices=(Choice("yes", "Save the draft"), Choice("no", "Leave it")), plan=plan)

    async def _tried(self, drafted: Drafted, checked: Checked) -> tuple[list[str], dict[str, Any]]:
        """The draft's run in the sandbox, in lines and as a value; why there is none."""
        if checked.plan is None or not checked.valid:
            return ["It was not tried in the sandbox: what is open comes first."], {}
        calls = [drafted.action.name] if drafted.action else []
        if refused := [each for each in calls if not self.person.may_execute(each)]:
            return [f"It was not tried in the sandbox: you have no permission to call {refused[0]}."], {}
        self.person.require("actions.invoke")
        self.person.hear("sandbox", drafted.action.name if drafted.action else "")
        sample = drafted.given.sample
        try:
            ran = await self.desk.rehearsals.rehearse(self.person.project, self.person.actor, checked.plan, sample, drafted.event)
        except Problem as problem:
            return [f"It could not be tried in the sandbox: {problem.message}"], {}
        return _told(ran), _shown(ran, sample)

    async def save(self) -> Reply:
        """Save the draft that was shown. It is not published: nothing runs."""
        self.person.require("automations.manage")
        self.state.saved = ""
        spec, self.state.plan, self.state.waiting = self.state.plan["spec"], {}, ""
        goal = self.state.goal
        stem = re.sub(r"[^a-z0-9]+", "-", f"{goal.get('event', 'automation')} {goal.get('action', '')}".lower()).strip("-")[:50]
        stem = stem.strip("-")
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
            self.person.hear("saved", handle)
            self.state.saved = handle
            return Reply(
                f"Saved as the draft {handle}. Nothing runs until it is published: say publish it, or `powerstrip automations publish {handle}`.",
                done=True,
            )
        return Reply("The draft was not saved: too many drafts have this name already.", done=True)

    async def save_and(self, following: Callable[[], Awaitable[Reply | None]]) -> Reply:
        """Save the draft that was shown, and go on with what is wanted of it."""
        saved = await self.save()
        if not self.state.saved:
            return saved
        reply = await following()
        return replace(reply, text=f"Saved as the draft {self.state.saved}. {reply.text}") if reply else saved


def _begins(drafted: Drafted) -> str:
    cron = drafted.trigger.get("cron")
    return in_words(str(cron), str(drafted.trigger.get("time_zone") or "UTC")) if cron else f"on {drafted.event}"


def _told(ran: Rehearsed) -> list[str]:
    lines = ["Tried in the sandbox with a sample event; nothing was sent:"]
    for step in ran.steps:
        if not step.would_send:
            lines.append(f"- {step.path}: {step.error or f'{step.status}; nothing would leave the hub'}")
        for each in step.would_send:
            lines.append(f"- {step.path} would have sent {each['method']} {each['url']}")
            if each["body"]:
                lines.append(f"  {_body(each, BODY)}")
        if step.would_send and step.error:
            lines.append(f"  It failed: {step.error}")
    if ran.error and not any(step.error for step in ran.steps):
        lines.append(f"It {ran.status}: {ran.error}")
    return lines


def _shown(ran: Rehearsed, sample: dict[str, Any]) -> dict[str, Any]:
    steps = [
        {
            **asdict(step),
            "would_send": [
                {"method": each["method"], "url": each["url"], "body": _body(each, MORE_BODY)} for each in step.would_send
            ],
        }
        for step in ran.steps
    ]
    return {"status": ran.status, "error": ran.error, "event": sample, "steps": steps}


def _body(sent: dict[str, Any], most: int) -> str:
    text = str(sent["body"])
    if sent.get("encoding") == "base64":
        return f"({len(text) * 3 // 4} bytes)"
    return text if len(text) <= most else f"{text[:most]}…"


def _line(value: Any) -> str:
    return value.replace("\n", " / ") if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _typed(text: str, schema: dict[str, Any]) -> Any:
    """An answer as the field's type has it, where it can be read so."""
    kind = schema.get("type")
    if kind == "array" and not text.lstrip().startswith("["):
        return [each.strip() for each in text.split(",") if each.strip()]
    if kind in ("integer", "number", "boolean", "object", "array") or "type" not in schema:
        try:
            return json.loads(fold(text) if kind == "boolean" else text)
        except ValueError:
            return text
    return text
