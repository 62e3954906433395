"""Calls: what was asked of providers, what came of it, and what a sandbox did not send."""

import json
from typing import Any, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from powerstrip.client import Client, HubError
from powerstrip.client.shapes import Invocation, SandboxRequest
from powerstrip_tui.dialogs.choosing import Choose
from powerstrip_tui.listing import Listing
from powerstrip_tui.texts import lasted, line, literal, moment, pretty, when
from powerstrip_tui.view import View
from powerstrip_tui.widgets.badges import CALL, badge
from powerstrip_tui.widgets.facts import facts, heading, request
from powerstrip_tui.widgets.table import Column, Rows

EVERYTHING = "everything"
FILTERS = {
    "status:failed": "failed",
    "status:active": "under way",
    "status:completed": "completed",
    "mode:live": "live",
    "mode:sandbox": "sandbox",
}


class Calls(Listing[Invocation]):
    """The calls of the project, or those of one provider, one integration or one run."""

    HEADING = "Calls"
    EMPTY = "No call yet. Open a service on Home and try one of its actions."
    ABOUT = "What was asked of providers, newest first; new calls come by themselves. Enter shows one call in full."
    EVERY = 3.0
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "narrow", "Show only", id="calls.narrow"),
        Binding("o", "run", "Its run", id="calls.run"),
    ]

    def __init__(self, of: str = "", **fixed: str) -> None:
        """`fixed` are filters of the client's that stay, `of` says them in words."""
        super().__init__()
        self._of, self._fixed = of, fixed
        self._only: dict[str, str] = {}
        self._names: dict[str, str] = {}

    def columns(self) -> tuple[Column[Invocation], ...]:
        """What a row shows; the integration by its name."""
        return (
            Column[Invocation]("Started", lambda row: when(row["started_at"]), 11),
            Column[Invocation]("State", lambda row: badge(CALL, row["status"]), 12),
            Column[Invocation]("Action", lambda row: row["action_name"], 26),
            Column[Invocation]("Mode", lambda row: row.get("mode", ""), 8, spare=3),
            Column[Invocation]("Integration", lambda row: self._through(row), 14, spare=2),
            Column[Invocation]("Took", took, 8, spare=4),
            Column[Invocation]("By", lambda row: row["source"], 10, spare=5),
            Column[Invocation]("What went wrong", lambda row: row.get("error_message", ""), spare=1),
        )

    def _through(self, row: Invocation) -> str:
        return self._names.get(row.get("integration_id", ""), "")

    @property
    def narrowed(self) -> bool:
        """Whether only some are asked for."""
        return bool(self._fixed or self._only)

    async def load(self) -> None:
        """The newest, and from then on what comes."""
        filters: dict[str, Any] = self._fixed | self._only
        await self.table.read(self.hub.invocations.list(**filters))
        seen = {row.get("integration_id", "") for row in self.table.rows}
        if seen - self._names.keys():
            self._names = dict.fromkeys(seen, "(deleted)") | {"": ""} | await names_of(self.hub)
            self.table.insert(())

    def shown(self) -> str:
        """Which calls."""
        told = [FILTERS.get(f"{field}:{value}", self._names.get(value, value)) for field, value in self._only.items()]
        return " · ".join([*([self._of] if self._of else []), *(told or [EVERYTHING])])

    @on(Rows.Chosen)
    def _open(self, event: Rows.Chosen) -> None:
        self.app.push_screen(OneCall(event.row["id"]))

    @work(group="doing")
    async def action_narrow(self) -> None:
        """Show some only: by state, by mode, by integration, by action. One of each kind at a time; `everything` ends all."""
        async with self.asking():
            self._names = await names_of(self.hub)
            chosen = await self.app.push_screen_wait(Choose("Show only", await self._choices(), search=True))
            if chosen is None:
                return
            field, _, value = chosen.partition(":")
            self._only = self._only | {field: value} if value else {}
            self.table.fill([])
            self.tell()
            self.reload()

    async def _choices(self) -> list[tuple[str, str]]:
        """What can be shown alone, but for what is fixed: actions of services that are connected, and those that were called."""
        provider = self._fixed.get("provider", "")
        seen = {row["action_name"] for row in self.table.rows}
        ready = {each["name"] for each in await self.hub.catalog.actions() if each["readiness"] == "ready"}
        actions = sorted(each for each in seen | ready if each.startswith(f"{provider}." if provider else ""))
        through = sorted(
            (name, each) for each, name in self._names.items() if name.startswith(f"{provider}/" if provider else "")
        )
        choices = [(EVERYTHING, EVERYTHING), *FILTERS.items()]
        choices += [(f"integration_id:{each}", f"through {name}") for name, each in through]
        choices += [(f"action_name:{each}", each) for each in actions]
        return [each for each in choices if each[0].partition(":")[0] not in self._fixed]

    def action_run(self) -> None:
        """The run that made the call under the cursor."""
        if (row := self.current) is not None:
            open_run(self, row)


async def names_of(hub: Client) -> dict[str, str]:
    """The integrations' names by their ids; none where the key may not see them."""
    try:
        return {each["id"]: f"{each['provider']}/{each['name']}" async for each in hub.integrations.list()}
    except HubError as error:
        if error.status != 403:
            raise
        return {}


def took(row: Invocation) -> str:
    """How long it took; empty while it is under way."""
    return lasted(row["started_at"], row.get("finished_at", ""))


def open_run(view: View, row: Invocation) -> None:
    """Show the run that made a call; where none did, say so."""
    if run := row.get("run_id"):
        from powerstrip_tui.screens.runs import OneRun

        view.app.push_screen(OneRun(run))
    else:
        view.notify("No run made this call")


class OneCall(View):
    """One call: what it was given and gave, why it failed, what a sandbox did not send, and whose it was."""

    HEADING = "Call"
    ABOUT = "One call: its input and output as the log keeps them, secrets hidden; why it failed; what a sandbox did not send."
    EVERY = 5.0
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("o", "run", "Its run", id="call.run"),
        Binding("n", "integration", "Its integration", id="call.integration"),
        Binding("y", "copy", "Copy", id="call.copy"),
    ]

    def __init__(self, id: str) -> None:
        super().__init__()
        self._ref = id
        self._row: Invocation | None = None
        self._sent: list[SandboxRequest] = []

    def body(self) -> ComposeResult:
        """One page."""
        with VerticalScroll(classes="page"):
            yield Static(classes="call", markup=False)

    def on_mount(self) -> None:
        """Let the arrows scroll."""
        super().on_mount()
        self.query_one(VerticalScroll).focus()

    async def load(self) -> None:
        """Ask for the call, and in a sandbox for what it did not send."""
        self._row = row = await self.hub.invocations.get(self._ref)
        sent = self._sent
        if row.get("mode") == "sandbox" and not sent:
            sent = await self._unsent()
        self._sent = sent
        name = (await names_of(self.hub)).get(row.get("integration_id", ""), row.get("integration_id", ""))
        self.query_one(".call", Static).update(page_of(row, sent, name))

    async def _unsent(self) -> list[SandboxRequest]:
        try:
            return (await self.hub.sandbox.requests(invocation_id=self._ref).page()).items
        except HubError as error:
            if error.status != 403:  # the log may be seen without the ledger
                raise
            return []

    def action_run(self) -> None:
        """The run that made it."""
        if self._row is not None:
            open_run(self, self._row)

    def action_integration(self) -> None:
        """The integration that it went through."""
        if self._row is None:
            return
        if where := self._row.get("integration_id"):
            from powerstrip_tui.screens.integration import OneIntegration

            self.app.push_screen(OneIntegration(where))
        else:
            self.notify("It went through no integration")

    def action_copy(self) -> None:
        """Everything about it, to the clipboard."""
        if self._row is not None:
            whole = {**self._row, "would_have_sent": self._sent} if self._sent else self._row
            self.app.copy_to_clipboard(json.dumps(whole, indent=2, ensure_ascii=False))
            self.notify("Copied the call", timeout=2)


def page_of(row: Invocation, sent: list[SandboxRequest], integration: str) -> Content:
    """A call in full."""
    mode = "SANDBOX: nothing was sent" if row.get("mode") == "sandbox" else "live"
    dry = "  dry run: the input was checked, and no more" if row.get("dry_run") else ""
    lines = facts(
        (
            ("Integration", integration),
            ("Started", moment(row["started_at"])),
            ("Took", took(row)),
            ("Repeats", row["retry_count"] or None),
            ("Asked for by", row["source"]),
            ("Run", row.get("run_id")),
            ("Step", row.get("step_name")),
            ("Job", row.get("job_id")),
            ("Call", row["id"]),
        )
    )
    head = Content.assemble(badge(CALL, row["status"]), "  ", literal(row["action_name"], "bold"), f"  {mode}{dry}")
    parts = [head]
    if words := row.get("error_message"):
        parts.append(Content.styled(line(f"{row.get('error_type', '')}: {words}"), "$text-error"))
    parts += [lines, Content("")]
    if row.get("parameters"):
        parts += [heading("Input, secrets hidden"), Content(pretty(row.get("parameters"))), Content("")]
    if sent:
        parts += [heading("Would have sent"), *(request(each) for each in sent), Content("")]
    if row.get("output_summary"):
        mock = " (a mock)" if row.get("mode") == "sandbox" else ""
        parts += [heading(f"Output{mock}"), Content(pretty(row.get("output_summary"))), Content("")]
    return Content("\n").join(parts)
