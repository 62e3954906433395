"""A draft put into force by conversation, and the way back: the plan first, done after a yes."""

from typing import Any

from powerstrip.automations import Draft, Plan
from powerstrip.chat.desk import Desk
from powerstrip.chat.parser.everyday import Everyday
from powerstrip.chat.state import YES_NO, Person, Reply, State
from powerstrip.chat.timing import in_words
from powerstrip.store import AutomationVersion

MANAGE = "automations.manage"


class Publishing:
    """Plans that a version of an automation runs, or that none does."""

    def __init__(self, desk: Desk, person: Person, state: State) -> None:
        self.desk, self.person, self.state = desk, person, state

    async def start(self, asked: Everyday) -> Reply | None:
        """The plan; None where it turns out to speak of nothing that is here. Raises `Forbidden`."""
        name = asked.name or self.state.saved or await self._only(published=asked.kind == "unpublish")
        if not name:
            return None
        self.person.require(MANAGE)
        return await (self._plan(name) if asked.kind == "publish" else self._plan_back(name))

    async def carry_out(self, plan: dict[str, Any]) -> Reply:
        """Do what was agreed to. Raises problems."""
        self.person.require(MANAGE)
        project, actor, name = self.person.project, self.person.actor, str(plan["name"])
        if plan["do"] == "unpublish":
            await self.desk.automations.unpublish(project, actor, name)
            return Reply(
                f"{name} is a draft again: nothing starts it. Say publish {name} to put it into force once more.", done=True
            )
        known = await self.desk.automations.publish(project, actor, name, plan["version"])
        asleep = f" It is paused, so that its triggers start nothing: say resume {name}." if known.row.status == "paused" else ""
        before = plan.get("before")
        older = f" `powerstrip automations publish {name} --version {before}` goes back to version {before}." if before else ""
        return Reply(
            f"{name} is published.{asleep} To undo it say unpublish {name}: it is a draft again, and nothing starts it. Or pause {name} for a"
            f" while. Runs that are active go on either way.{older}",
            done=True,
        )

    async def _only(self, *, published: bool) -> str:
        """The one automation that can be meant without its name; empty where there are several, or none."""
        rows = [each.row for each in await self.desk.automations.list(self.person.project.id, limit=200)]
        fitting = [row.handle for row in rows if (row.published_version is not None) == published and row.latest_version]
        return fitting[0] if len(fitting) == 1 else ""

    async def _plan(self, name: str) -> Reply:
        project = self.person.project
        row = (await self.desk.automations.get(project.id, name)).row
        if not row.latest_version:
            return Reply(f"{name} has no version yet: `powerstrip automations apply FILE --handle {name}` stores one.", done=True)
        version = await self.desk.automations.version(project.id, name, row.latest_version)
        if row.published_version == version.version:
            return Reply(f"{name} is published already (version {version.version}).", done=True)
        checked = await self.desk.automations.check(project.id, _draft(version), name)
        if checked.plan is None or not checked.valid:
            found = "\n".join(f"- {each.message}" for each in checked.findings)
            return Reply(f"{name} cannot be published as it is:\n{found}", done=True)
        place = f", in place of version {row.published_version}" if row.published_version else ""
        real = "This project is a sandbox: nothing is sent." if project.mode == "sandbox" else "What it calls takes effect."
        text = f"Plan: publish {name}, version {version.version}{place}. From then on {_starts(checked.plan)}. {_calls(checked.plan)} {real}"
        return self._ask(text, do="publish", name=name, version=version.version, before=row.published_version)

    async def _plan_back(self, name: str) -> Reply:
        row = (await self.desk.automations.get(self.person.project.id, name)).row
        if row.published_version is None:
            return Reply(f"{name} is not published: nothing starts it.", done=True)
        text = f"Plan: take version {row.published_version} of {name} out of force. Nothing starts it then; runs that are active go on."
        return self._ask(text, do="unpublish", name=name)

    def _ask(self, text: str, **plan: Any) -> Reply:
        self.state.plan, self.state.waiting = plan, "confirm"
        return Reply(f"{text} Go ahead?", choices=YES_NO, plan=plan)


def _draft(version: AutomationVersion) -> Draft:
    return Draft(text=version.source) if version.source else Draft(value=version.spec)


def _starts(plan: Plan) -> str:
    """What starts it, in words."""
    found: list[str] = []
    for each in (each for each in plan.triggers if each.enabled):
        match each.kind:
            case "schedule":
                found.append(in_words(each.cron, each.time_zone) if each.cron else f"every {each.every:g} seconds")
            case "event" | "entity":
                found.append(f"on {each.event}{f' where {each.condition}' if each.condition else ''}")
            case "http":
                found.append("by requests to an address of its own")
            case _:
                continue
    return f"it starts {' and '.join(found)}" if found else "it can be started; it has no trigger that starts it by itself"


def _calls(plan: Plan) -> str:
    """What it calls, in words."""
    tasks = [step.task for step, _ in plan.every_step()]
    calls = [
        f"{each.action}{f' through {each.integration}' if each.integration else ''}" for each in tasks if each.kind == "action"
    ]
    return f"It calls {', '.join(dict.fromkeys(calls))}." if calls else "It calls nothing."
