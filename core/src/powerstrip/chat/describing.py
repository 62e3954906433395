"""Actions for an API without an adapter: from its own description, or from one operation in words and a sample of its answer."""

import asyncio
import re
from typing import Any

from powerstrip.adapter import PowerstripError
from powerstrip.chat.desk import Desk
from powerstrip.chat.operations import Operation, operation_in, sample_in
from powerstrip.chat.parser.settings import connection_name
from powerstrip.chat.parser.text import fold, read
from powerstrip.chat.parser.things import Things
from powerstrip.chat.state import Choice, Person, Reply, State
from powerstrip.connect.definitions import Source
from powerstrip.problems import Problem

_URL = re.compile(r"https?://[^\s\"'<>]+", re.IGNORECASE)
_FILE = re.compile(r"\bfile_[a-z0-9]{10,60}\b")
_DOCUMENT = re.compile(r"[\"']?(?:openapi|swagger)[\"']?\s*:", re.IGNORECASE)
SHOWN = 6
_HOW = "Give its address (https), paste it, or name a file that was uploaded to the hub (file_…). Without one, say no."


class Describing:
    """Asks what an integration can do, and imports it."""

    def __init__(self, desk: Desk, person: Person, state: State) -> None:
        self.desk, self.person, self.state = desk, person, state

    def ask(self) -> Reply | None:
        """The first question; None where it was asked before."""
        if "description" in self.state.asked:
            return None
        self.state.asked.append("description")
        self.state.waiting = "description"
        name = self.state.goal.get("vendor") or "the API"
        return Reply(f"Has {name} a description (OpenAPI or Swagger)? Each of its operations becomes an action. {_HOW}")

    async def take(self, waiting: str, text: str, *, no: bool, yes: bool) -> Reply | str:
        """An answer. A reply goes on here; a text says what is done, and the connection's own questions go on."""
        if waiting == "import":
            if yes:
                return await self._import()
            self.state.plan = {}
            return self._operation() if no else "Not imported."
        if waiting == "description":
            return await self._description(text, no=no, yes=yes)
        if waiting == "sample":
            return await self._sample(text, no=no)
        if no:
            return ""
        return await self._words(text)

    # -- a description

    async def _description(self, text: str, *, no: bool, yes: bool) -> Reply | str:
        source: dict[str, Any] = {}
        if _DOCUMENT.search(text):
            source = {"document": text.strip()}
        elif url := _URL.search(text):
            source = {"url": url[0].rstrip(".,;)")}
        elif file := _FILE.search(text):
            source = {"file": file[0]}
        if source:
            return await self._plan(source)
        if name := connection_name(Things(read(text))):
            self.state.name = name
            return Reply(f"It will be called {name}. And the description? {_HOW}")
        if operation_in(text).path:
            return await self._words(text)
        if yes and not no:
            return Reply(_HOW)
        if no or re.match(r"\W*(?:i )?(?:don t|do not|doesn t|it has none|none|there is none|keine?|non|no)\b", fold(text)):
            return self._operation()
        return Reply(f"That is no description. {_HOW}")

    async def _plan(self, source: dict[str, Any]) -> Reply:
        """Read it, and show what an import would make of it."""
        self.person.require("integrations.manage")
        self.person.hear("description", "")
        try:
            outlook = await self.desk.definitions.plan(self.person.project, self.state.integration_id, await self._source(source))
        except (Problem, PowerstripError) as problem:
            self.state.waiting = "operation" if source.get("adds") else "description"
            again = "Say it in other words, or default." if source.get("adds") else _HOW
            return Reply(f"That cannot be imported: {problem} {again}")
        imported = outlook.imported
        names = list(imported.definition["operations"])
        more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        left = f" {len(imported.refused)} cannot be imported." if imported.refused else ""
        self.state.plan, self.state.waiting = {"do": "import", "integration": self.state.integration_id, **source}, "import"
        return Reply(
            f"Plan: give {self.state.name} an action for each of {len(names)} operation{'s' if len(names) != 1 else ''}: "
            f"{', '.join(names[:SHOWN])}{more}.{left} Go ahead?",
            choices=(Choice("yes", "Import"), Choice("no", "Leave it")),
            plan={"do": "import", "integration": self.state.integration_id, "operations": names},
        )

    async def _import(self) -> str:
        plan, self.state.plan = self.state.plan, {}
        self.person.require("integrations.manage")
        project, integration = self.person.project, plan["integration"]
        await self.desk.definitions.apply(project, self.person.actor, integration, await self._source(plan))
        manifest = (await self.desk.integrations.catalogs.of(project.id)).provider(self.state.provider)
        names = [each.name for each in manifest.actions if each.integration == integration]
        self.person.hear("saved", self.state.name)
        return f"Imported. It can be called now: {', '.join(names[:SHOWN])}{', …' if len(names) > SHOWN else ''} (`powerstrip call {names[0]}`)."

    async def _source(self, given: dict[str, Any]) -> Source:
        adds = bool(given.get("adds"))
        if file := given.get("file"):
            row, path = await self.desk.files.get(self.person.project.id, file)
            return Source(await asyncio.to_thread(path.read_bytes), name=row.name, adds=adds)
        if document := given.get("document"):
            return Source(document.encode("utf-8", "replace"), name="by hand" if adds else "pasted", adds=adds)
        return Source(url=given["url"], name=given["url"], adds=adds)

    # -- one operation

    def _operation(self) -> Reply:
        self.state.waiting = "operation"
        return Reply(
            "What is the first thing to call there? Say method and path and what it does, such as: GET /tickets/{id} reads a ticket. "
            "Say default to leave it; any path can be called by hand then."
        )

    async def _words(self, text: str) -> Reply:
        known = self.state.plan.get("operation")
        operation = operation_in(text, known)
        self.state.plan, self.state.waiting = {"operation": operation.stored()}, "operation"
        if not operation.path:
            return Reply("At which path, below the base URL? Such as /tickets or /tickets/{id}.")
        if operation.sample is not None:
            return await self._made(operation)
        self.state.waiting = "sample"
        words = f"{operation.verb.upper()} {operation.path}"
        return Reply(
            f"And a sample of what {words} answers, as JSON? It gives the action a typed output. Say default where there is none."
        )

    async def _sample(self, text: str, *, no: bool) -> Reply | str:
        operation = Operation(**self.state.plan["operation"])
        if not no:
            operation.sample = sample_in(text)
            if operation.sample is None:
                return Reply('That is no JSON. Paste an answer such as {"id": 7, "subject": "Hello"}, or say default.')
        return await self._made(operation)

    async def _made(self, operation: Operation) -> Reply:
        return await self._plan({"document": operation.document(), "adds": True})
