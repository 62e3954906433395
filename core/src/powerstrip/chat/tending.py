"""What is there, kept in order by conversation: names and settings changed, automations started and paused, others told of events."""

import asyncio
import json
import re
from typing import Any

from powerstrip.automations import AutomationChanges, Plan, StartRun
from powerstrip.chat.desk import Desk
from powerstrip.chat.looking import Looking
from powerstrip.chat.parser.everyday import Everyday
from powerstrip.chat.parser.text import fold
from powerstrip.chat.publishing import Publishing
from powerstrip.chat.state import YES_NO, Person, Reply, State
from powerstrip.chat.wording import label, said
from powerstrip.connect import IntegrationChanges
from powerstrip.outbound import NewWebhook
from powerstrip.store import Integration

_OTHER = re.compile(r"\b(?:to|into|make it|make that|call it|it should be|auf|en)\s+(\"[^\"]+\"|'[^']+'|\S+)\W*$", re.IGNORECASE)
"""Another value for what is planned, at the end of a message."""
SECONDS = 10.0
"""How long the end of a run is waited for."""


class Tending:
    """Plans what changes something; answers at once what only looks."""

    def __init__(self, desk: Desk, person: Person, state: State) -> None:
        self.desk, self.person, self.state = desk, person, state
        self.looking = Looking(desk, person)
        self.publishing = Publishing(desk, person, state)

    async def start(self, asked: Everyday) -> Reply | None:
        """The answer or the plan; None where it turns out to speak of nothing that is here."""
        match asked.kind:
            case "greet" | "overview" | "test_all" | "count" | "failures":
                return await self.looking.answer(asked)
            case "rename":
                return await self._plan_rename(asked)
            case "set":
                return await self._plan_setting(asked)
            case "run":
                return await self._plan_run(asked)
            case "pause" | "resume":
                return self._plan_status(asked)
            case "publish" | "unpublish":
                return await self.publishing.start(asked)
            case "webhook":
                return self._plan_webhook(asked)

    async def carry_out(self, plan: dict[str, Any]) -> Reply:
        """Do what was agreed to. Raises problems."""
        project, actor, name = self.person.project, self.person.actor, str(plan.get("name", ""))
        match plan["do"]:
            case "rename":
                self.person.require("integrations.manage")
                await self.desk.integrations.update(project, actor, plan["integration"], IntegrationChanges(name=plan["to"]))
                return Reply(f"{name} is called {plan['to']} now.", done=True)
            case "set":
                self.person.require("integrations.manage")
                row = await self.desk.integrations.get(project.id, plan["integration"])
                changes = IntegrationChanges(config={**row.config, plan["setting"]: plan["to"]})
                await self.desk.integrations.update(project, actor, row.id, changes)
                return Reply(f"The {plan['label']} of {name} is {plan['to']} now.", done=True)
            case "pause" | "resume":
                self.person.require("automations.manage")
                status = "paused" if plan["do"] == "pause" else "active"
                await self.desk.automations.update(project, actor, name, AutomationChanges(status=status))
                return Reply(f"{name} is {status}.", done=True)
            case "publish" | "unpublish":
                return await self.publishing.carry_out(plan)
            case "webhook":
                self.person.require("webhooks.manage")
                await self.desk.webhooks.create(project, actor, NewWebhook(name, plan["url"], plan["events"]))
                return Reply(
                    f"The webhook {name} is made. Its signing secret is not shown in a conversation: `powerstrip webhooks rotate-secret {name}` "
                    f"makes one and shows it. Try it with `powerstrip webhooks ping {name}`.",
                    done=True,
                )
            case _:
                return await self._run(plan)

    async def change(self, text: str) -> Reply | None:
        """The plan of a new name or value with another one, shown again; None where the message brings none."""
        plan = self.state.plan
        other = _OTHER.search(text)
        if plan.get("do") not in ("rename", "set") or not other:
            return None
        what = plan.get("label", plan["name"])
        return await self.start(Everyday(plan["do"], plan["name"], what, other[1].strip("\"'“”")))

    # -- plans

    def _plan(self, text: str, **plan: Any) -> Reply:
        self.state.plan, self.state.waiting = plan, "confirm"
        return Reply(f"Plan: {text} Go ahead?", choices=YES_NO, plan=plan)

    async def _plan_rename(self, asked: Everyday) -> Reply | None:
        provider = "" if asked.name else self.desk.parser.parse(f"connect {asked.what}").provider
        if not asked.name and (not provider or len(asked.what.split()) > 1):
            spoken = re.fullmatch(r"[\w.-]+", asked.what)
            return Reply(f"There is no connection {asked.what} in this project.", done=True) if spoken else None
        rows = await self.desk.matching(self.person.project.id, provider, asked.name)
        if len(rows) != 1:
            names = ", ".join(row.name for row in rows)
            return Reply(f"Which one? Say its name: {names}." if rows else f"There is no connection {asked.what}.", done=True)
        self.person.require("integrations.manage")
        (row,) = rows
        return self._plan(f"rename {row.name} to {asked.to}.", do="rename", integration=row.id, name=row.name, to=asked.to)

    async def _plan_setting(self, asked: Everyday) -> Reply | None:
        """A setting of a connection that is there, by what its adapter calls it."""
        rows = await self.desk.integrations.list(self.person.project.id, limit=200)
        wanted = "" if asked.name else self.desk.parser.parse(f"connect {asked.what}").provider
        rows = [row for row in rows if row.name == asked.name or (not asked.name and wanted in ("", row.provider))]
        words, found = fold(asked.what), list[tuple[Integration, str, dict[str, Any]]]()
        for row in rows:
            manifest = await asyncio.to_thread(self.desk.catalog.provider, row.provider)
            known = manifest.config_schema.get("properties", {})
            fitting = [name for name, schema in known.items() if _speaks_of(words, name, schema)]
            if fitting:
                name = max(fitting, key=len)
                found.append((row, name, known[name]))
        if not found:
            return None
        self.person.require("integrations.manage")
        if len(found) > 1:
            names = ", ".join(row.name for row, _, _ in found)
            return Reply(f"Several connections have that: {names}. Say which, such as: set the {label(found[0][1], found[0][2])} of "
                         f"{found[0][0].name} to {asked.to}.", done=True)  # fmt: skip
        row, name, schema = found[0]
        value = typed(asked.to, schema)
        before = f" from {said(row.config[name])}" if name in row.config else ""
        text = f"change the {label(name, schema)} of {row.name}{before} to {said(value)}."
        return self._plan(text, do="set", integration=row.id, name=row.name, setting=name, label=label(name, schema), to=value)

    def _plan_status(self, asked: Everyday) -> Reply:
        self.person.require("automations.manage")
        words = {
            "pause": f"pause {asked.name}. Its triggers start nothing until it is resumed; runs that are active go on.",
            "resume": f"resume {asked.name}. Its triggers start runs again.",
        }
        return self._plan(words[asked.kind], do=asked.kind, name=asked.name)

    def _plan_webhook(self, asked: Everyday) -> Reply:
        self.person.require("webhooks.manage")
        events = _events(asked.what)
        named = re.search(r"\b(?:called|named) ([\w-]+)", asked.what)
        name = named[1] if named else (re.sub(r"^https?://(?:www\.)?|[:/?#].*$", "", asked.to) or "webhook")
        told = f"of {' and '.join(events)}" if events else "of every event"
        return self._plan(
            f"make the webhook {name}, which tells {asked.to} {told}.", do="webhook", name=name, url=asked.to, events=events
        )

    async def _plan_run(self, asked: Everyday) -> Reply:
        self.person.require("runs.manage")
        handle, project = asked.name, self.person.project
        automation = (await self.desk.automations.get(project.id, handle)).row
        if automation.published_version is None:
            return Reply(
                f"{handle} is a draft, so it cannot be started. Say publish {handle}.",
                done=True,
            )
        version = await self.desk.automations.version(project.id, handle, automation.published_version)
        declared = {each.name: each for each in Plan.model_validate(version.plan).inputs}
        if unknown := [name for name in asked.inputs if name not in declared]:
            takes = ", ".join(declared) or "nothing"
            return Reply(f"{handle} does not take {', '.join(unknown)}; it takes {takes}.", done=True)
        inputs = {name: typed(value, {"type": declared[name].type}) for name, value in asked.inputs.items()}
        missing = [
            name for name, each in declared.items()
            if each.required and each.default is None and name not in inputs and automation.default_inputs.get(name) is None
        ]  # fmt: skip
        if missing:
            example = " and ".join(f"{name} = …" for name in missing)
            return Reply(f"{handle} needs {' and '.join(missing)}. Say: run {handle} with {example}", done=True)
        sandbox = asked.sandbox or project.mode == "sandbox"
        with_ = f" with {said(inputs)}" if inputs else ""
        where = "in the sandbox: nothing is sent" if sandbox else "live: what it calls takes effect"
        return self._plan(f"start {handle}{with_}, {where}.", do="run", name=handle, inputs=inputs, sandbox=sandbox)

    async def _run(self, plan: dict[str, Any]) -> Reply:
        self.person.require("runs.manage")
        project, actor, name = self.person.project, self.person.actor, plan["name"]
        self.person.hear("calling", name)
        asked = StartRun(plan["inputs"], source_type="api", source_label="chat", sandbox=plan["sandbox"])
        run = await self.desk.runs.start(project, actor, name, asked)
        run = await self.desk.runs.wait(project.id, run.id, SECONDS) or run
        look = f"`powerstrip runs show {run.id}` shows its steps."
        if run.status == "completed":
            gave = f" It gave {said(run.result)}." if run.result else ""
            return Reply(f"{name} has run and completed.{gave} {look}", done=True)
        if run.status in ("failed", "cancelled"):
            return Reply(f"{name} was started and {run.status}: {run.error_message or 'no reason was kept'} {look}", done=True)
        return Reply(f"{name} is started; it is {run.status}. {look}", done=True)


def typed(text: str, schema: dict[str, Any]) -> Any:
    """A value as the field's type has it, where the words can be read so."""
    value = text.strip().strip("\"'“”")
    if schema.get("type") in ("integer", "number", "boolean", "object", "array", "any"):
        try:
            return json.loads(value.lower() if schema["type"] == "boolean" else value)
        except ValueError:
            return value
    return value


def _speaks_of(words: str, name: str, schema: dict[str, Any]) -> bool:
    """Whether a setting is meant: all words of its title or name stand there."""
    called = (fold(str(schema.get("title", ""))), name.replace("_", " "))
    return any(each and re.search(rf"\b{re.escape(each)}\b", words) for each in called)


def _events(words: str) -> list[str]:
    """Which events a webhook is to be told of; none of them means all."""
    if literal := re.findall(r"\b[a-z][a-z0-9_]*(?:\.[a-z0-9_*]+)+", words):
        return list(dict.fromkeys(literal))
    if "run" in words:
        ends = [end for end, stem in (("failed", "fail"), ("completed", "complet|success|succeed|finish"), ("cancelled", "cancel")) if re.search(stem, words)]  # fmt: skip
        return [f"run.{end}" for end in ends] or ["run.*"]
    return []
