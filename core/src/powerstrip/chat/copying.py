"""Copying a connection into another project by conversation: both projects' permission, the plan first."""

from powerstrip.chat.desk import Desk
from powerstrip.chat.intent import Intent
from powerstrip.chat.state import Choice, Person, Reply, State
from powerstrip.problems import NotFound, Problem
from powerstrip.store import Integration, Project


class Copying:
    """From "copy the Stripe connection to staging" to the copy."""

    def __init__(self, desk: Desk, person: Person, state: State) -> None:
        self.desk, self.person, self.state = desk, person, state

    async def begin(self, intent: Intent) -> Reply:
        """Find the two projects and the connection, and show what a copy would do."""
        here = self.person.project
        if not intent.target_project and _is(here, intent.source_project or here.handle):
            self.state.waiting = "project"
            return Reply("Into which project? Give its handle.")
        source, target = here, here
        for name in (intent.source_project, intent.target_project):
            if not name or _is(here, name):
                continue
            try:
                other = await self.person.elsewhere(_handle(name))
            except NotFound:
                return Reply(f"You have no project {name}; `powerstrip projects list` shows those there are.", done=True)
            if name == intent.source_project:
                source = other
            else:
                target = other
        self._require(source, target)
        if source.id == target.id:
            return Reply(f"It is in the project {source.handle} already: a copy goes into another one.", done=True)
        row = await self._found(intent, source)
        return row if isinstance(row, Reply) else await self._plan(row, source, target)

    async def carry_out(self) -> Reply:
        """Copy what was shown, with the person's permission in both projects as it is now."""
        plan, self.state.plan, self.state.waiting = self.state.plan, {}, ""
        source, target = await self._project(plan["source"]), await self._project(plan["target"])
        self._require(source, target)
        what = (target, self.person.actor, source.id, plan["integration"], None)
        try:
            row = await self.desk.integrations.copy(*what, replace=plan["replaces"], accept_impact=plan["replaces"])
        except Problem as problem:
            return Reply(f"That was not done: {problem.message}", done=True)
        self.person.hear("saved", row.name)
        state = "" if row.status == "active" else f" It is {row.status} there: {row.status_reason or 'connect it'}."
        return Reply(f"{row.name} is in the project {target.handle} too.{state}", done=True)

    async def _plan(self, row: Integration, source: Project, target: Project) -> Reply:
        planned = await self.desk.integrations.plan_copy(target, self.person.actor, source.id, row.id, None)
        replaces = planned.integration_id is not None
        changes = [f"- {each.field}: {_change(each.before, each.after)}" for each in planned.changes]
        breaks = [f"- this stops working: {each.name or each.kind} ({each.why})" for each in planned.breaks]
        what = f"write over {planned.integration_name} in" if replaces else "make it in"
        self.state.plan = {
            "do": "copy", "integration": row.id, "name": row.name, "source": source.id, "target": target.id, "replaces": replaces,
        }  # fmt: skip
        self.state.waiting = "confirm"
        lines = [f"Plan: copy {row.name} of {source.handle}, and {what} {target.handle}:", *changes, *breaks, "Go ahead?"]
        return Reply("\n".join(lines), choices=(Choice("yes", "Copy it"), Choice("no", "Leave it")), plan=self.state.plan)

    async def _found(self, intent: Intent, source: Project) -> Integration | Reply:
        name = str(intent.config.get("name", ""))
        rows = await self.desk.matching(source.id, intent.provider, name)
        if len(rows) == 1:
            return rows[0]
        if not rows and not intent.provider and not name:
            rows = await self.desk.integrations.list(source.id, limit=50)
        if rows:
            self.state.waiting = "integration"
            choices = tuple(Choice(row.name, row.name, f"{self.desk.title(row.provider)}, {row.status}") for row in rows)
            return Reply("Which one? " + ", ".join(row.name for row in rows), choices=choices)
        what = name or self.desk.title(intent.provider)
        return Reply(f"There is no connection {what} in the project {source.handle}.", done=True)

    def _require(self, *projects: Project) -> None:
        """`elsewhere` asks for the permission in the other ones."""
        if self.person.project.id in {each.id for each in projects}:
            self.person.require("integrations.manage")

    async def _project(self, id: str) -> Project:
        return self.person.project if id == self.person.project.id else await self.person.elsewhere(id)


def _is(project: Project, name: str) -> bool:
    return _handle(name) in (project.id, project.handle) or name.casefold() == project.name.casefold()


def _handle(name: str) -> str:
    return name.strip().strip("\"'.").lower().replace(" ", "-")


def _change(before: object, after: object) -> str:
    return f"{after}" if before in (None, "") else f"{before}, then {after}"
