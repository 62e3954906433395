"""Runs: what automations did, step for step, live."""

from contextlib import aclosing
from typing import Any, ClassVar, cast

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from powerstrip.client import Client, ClientError
from powerstrip.client.runs import Run, RunDifference, RunStep
from powerstrip_tui.dialogs.asking import Ask, Confirm, Page
from powerstrip_tui.dialogs.choosing import Choose
from powerstrip_tui.listing import Listing
from powerstrip_tui.texts import lasted, line, literal, moment, paragraphs, pretty, when
from powerstrip_tui.view import View
from powerstrip_tui.widgets.badges import RUN, badge
from powerstrip_tui.widgets.table import Column, Rows, Table

ENDED = ("completed", "failed", "cancelled")
STATES = ("everything", "queued", "running", "suspended", "completed", "failed", "cancelled")
DIFFERENCES_SHOWN = 100


class Runs(Listing[Run]):
    """The runs of the project, or of one automation, or those of one event."""

    HEADING = "Runs"
    EMPTY = "No run yet."
    ABOUT = "What automations did, newest first. Enter shows one run, step for step."
    EVERY = 5.0
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "narrow", "Show only", id="runs.narrow"),
        Binding("space", "mark", "Mark to compare", id="runs.mark"),
        Binding("=", "compare", "Compare", key_display="=", id="runs.compare"),
    ]

    def __init__(self, automation_id: str | None = None, source_event_id: str | None = None, status: str | None = None) -> None:
        super().__init__()
        self._of = {"automation_id": automation_id, "source_event_id": source_event_id}
        self._status = status
        self._names: dict[str, str] = {}
        self._marked = ""

    def columns(self) -> tuple[Column[Run], ...]:
        """What a row shows; the automation by its name."""
        return (
            Column[Run]("Started", lambda row: when(row["created_at"]), 11),
            Column[Run]("State", lambda row: badge(RUN, row["status"]), 12),
            Column[Run]("Automation", lambda row: self._names.get(row["automation_id"], row["automation_id"])),
            Column[Run]("Mode", lambda row: row["mode"], 8, spare=2),
            Column[Run]("Run", lambda row: row["id"], 30, spare=4),
            Column[Run]("Version", lambda row: row["automation_version"], 7, spare=3),
            Column[Run]("What went wrong", lambda row: row.get("error_message", "")),
        )

    @property
    def narrowed(self) -> bool:
        """Whether only some are asked for."""
        return any((self._status, *self._of.values()))

    async def load(self) -> None:
        """The newest; later on, what is new among them."""
        pages = self.hub.runs.list(status=self._status, **self._of)
        first = await pages.page(limit=50)
        if any(row["automation_id"] not in self._names for row in first.items):
            self._names = await names_of(self.hub)
        if self.table.rows:
            self.table.insert(first.items)
        else:
            await self.table.read(pages)

    def shown(self) -> str:
        """Which runs, and which is marked."""
        parts = [self._status or "everything"]
        if self._of["automation_id"]:
            parts.append("of one automation")
        if self._of["source_event_id"]:
            parts.append("started by one event")
        if self._marked:
            parts.append(f"{self._marked} is marked: = compares it with the run under the cursor")
        return " · ".join(parts)

    @on(Rows.Chosen)
    def _open(self, event: Rows.Chosen) -> None:
        self.app.push_screen(OneRun(event.row["id"]))

    @work(group="doing")
    async def action_narrow(self) -> None:
        """Show runs in one state."""
        chosen = await self.app.push_screen_wait(Choose("Show only", [(each, each) for each in STATES]))
        if chosen is not None:
            self._status = None if chosen == "everything" else chosen
            self.table.fill([])
            self.tell()
            self.reload()

    def action_mark(self) -> None:
        """Remember the run under the cursor, to compare another with it."""
        row = self.current
        self._marked = "" if row is None or row["id"] == self._marked else row["id"]
        self.tell()

    @work(group="doing")
    async def action_compare(self) -> None:
        """What this run has differently from the marked one."""
        row = self.current
        if row is None or not self._marked or row["id"] == self._marked:
            self.notify("Mark one run with Space, then put the cursor on another")
            return
        async with self.asking("Comparing"):
            found = await self.hub.runs.diff(self._marked, row["id"])
            page = differences(found)
            self.app.push_screen(Page("What is different", page.plain, shown=page))


async def names_of(hub: Client) -> dict[str, str]:
    """The automations' names by their ids."""
    return {each["id"]: each["name"] async for each in hub.automations.list(status="all")}


class OneRun(View):
    """One run: its steps as they happen, what each was given and gave, what a sandbox would have sent."""

    HEADING = "Run"
    ABOUT = "One run, live: steps, jobs, waits; beside outward steps what a sandbox would have sent."
    EVERY = 15.0
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "cancel", "Cancel", id="run.cancel"),
        Binding("s", "signal", "Signal", id="run.signal"),
        Binding("e", "resume", "Resume", id="run.resume"),
        Binding("T", "retry", "Run again", id="run.retry"),
        Binding("L", "log", "Log", id="run.log"),
        Binding("i", "calls", "Its calls", id="run.calls"),
    ]

    def __init__(self, id: str) -> None:
        super().__init__()
        self._ref = id
        self._run: Run | None = None
        self._steps: list[RunStep] = []
        self._heard = 0
        self._name = ""

    def body(self) -> ComposeResult:
        """The run in two lines, its steps, and the step under the cursor."""
        yield Static(classes="facts", markup=False)
        yield Table[RunStep](STEPS, key=lambda row: row["id"], empty="No step yet.", name="steps")
        with VerticalScroll(classes="detail"):
            yield Static(classes="step", markup=False)

    @property
    def table(self) -> Table[RunStep]:
        """The steps."""
        return cast("Table[RunStep]", self.query_one(Table))

    def on_mount(self) -> None:
        """Begin in the steps."""
        super().on_mount()
        self.table.view.focus()

    async def load(self) -> None:
        """Ask for run and steps, and listen until it has ended."""
        await self.look()
        if self._run is not None and self._run["status"] not in ENDED and not self.works("watch"):
            self.listen()

    async def look(self) -> None:
        """Run and steps as they are now."""
        self._run = await self.hub.runs.get(self._ref)
        if not self._name:
            self._name = (await names_of(self.hub)).get(self._run["automation_id"], self._run["automation_id"])
        self._steps = await self.hub.runs.steps(self._ref)
        self.query_one(".facts", Static).update(facts_of(self._run, self._name))
        self.table.fill(self._steps)
        self._show(self.table.current)

    @work(exclusive=True, group="watch")
    async def listen(self) -> None:
        """Look again at each entry of its log."""
        try:
            async with aclosing(self.hub.runs.watch(self._ref, since=self._heard)) as log:
                async for entry in log:
                    self._heard = entry["sequence"]
                    if not self.is_current:
                        return
                    self.soon()
        except ClientError as error:
            self.app.heard(error)  # the next load listens again

    @on(Rows.Highlighted)
    def _moved(self, event: Rows.Highlighted) -> None:
        self._show(event.row)

    def _show(self, step: RunStep | None) -> None:
        self.query_one(".step", Static).update(step_of(step) if step is not None else "")

    @on(Rows.Chosen)
    def _open(self, event: Rows.Chosen) -> None:
        page = step_of(event.row)
        self.app.push_screen(Page(f"Step {line(event.row['path'] or event.row['step_key'])}", page.plain, shown=page))

    # What can be done

    @work(group="doing")
    async def action_cancel(self) -> None:
        """Stop it."""
        sure = Confirm("Stop this run?", "Nothing new begins but its cleanup. What was sent stays sent.")
        if await self.app.push_screen_wait(sure):
            async with self.asking("Stopping"):
                await self.hub.runs.cancel(self._ref, "stopped in the dashboard")
                await self.look()

    @work(group="doing")
    async def action_signal(self) -> None:
        """Let a step that waits go on."""
        waiting = [each for each in self._steps if each["status"] == "suspended"]
        if not waiting:
            self.notify("No step of this run waits")
            return
        key = waiting[0]["step_key"]
        if len(waiting) > 1:
            key = await self.app.push_screen_wait(
                Choose("Which step?", [(each["step_key"], each["step_key"]) for each in waiting])
            )
        if key is None:
            return
        given = await self.app.push_screen_wait(
            Ask(f"What {line(key)} is given", "A JSON object; it becomes the step's output.", value="{}")
        )
        if given is not None and (value := self._object(given)) is not None:
            async with self.asking("Signalling"):
                await self.hub.runs.signal(self._ref, key, value)
                await self.look()

    @work(group="doing")
    async def action_resume(self) -> None:
        """Go on with a failed run where it failed."""
        if self._run is None or self._run["status"] != "failed":
            self.notify("Only a run that failed is resumed")
            return
        unknown = self._run.get("error_type") == "unknown"
        heading = "Nobody knows whether the step took effect. Look at the provider first." if unknown else "How does it go on?"
        ways = [("retry", "Do the step again"), ("skip", "Skip it, with an output that you give")]
        way = await self.app.push_screen_wait(Choose(heading, ways))
        output = None
        if way == "skip":
            given = await self.app.push_screen_wait(Ask("The step's output", "A JSON object.", value="{}"))
            output = self._object(given) if given is not None else None
        if way == "retry" or output is not None:
            async with self.asking("Resuming"):
                await self.hub.runs.resume(self._ref, "skip" if way == "skip" else "retry", output)
                self.reload()

    @work(group="doing")
    async def action_retry(self) -> None:
        """A new run from one of its steps."""
        outer = [each for each in self._steps if "/" not in each["path"] and "." not in each["path"]]
        choices = [
            ("", "From where it failed, or from the beginning"),
            *((each["step_key"], f"From {each['step_key']}") for each in outer),
        ]
        step = await self.app.push_screen_wait(Choose("A new run of the same version and inputs", choices))
        if step is None:
            return
        async with self.asking("Starting"):
            fresh = await self.hub.runs.retry(self._ref, step or None)
            self.app.push_screen(OneRun(fresh["id"]))

    def action_calls(self) -> None:
        """The calls that it made."""
        from powerstrip_tui.screens.calls import Calls

        self.app.push_screen(Calls("of one run", run_id=self._ref))

    @work(group="doing")
    async def action_log(self) -> None:
        """Its log, entry for entry."""
        async with self.asking("Reading the log"):
            entries = await self.hub.runs.events(self._ref)
            lines = [
                f"{each['sequence']:>4}  {moment(each['created_at'])}  {each['event_type']:<22} {each.get('step_key', '')}"
                for each in entries
            ]
            self.app.push_screen(Page("Log", "\n".join(lines)))

    def _object(self, text: str) -> Any:
        """A JSON object that a person typed; None, with a word on it, where it is none."""
        import json

        try:
            value = json.loads(text)
        except ValueError as error:
            self.notify(f"This is no JSON: {line(error)}", severity="error")
            return None
        if not isinstance(value, dict):
            self.notify('Write a JSON object, such as {"approved": true}', severity="error")
            return None
        return value  # pyright: ignore[reportUnknownVariableType] - plain JSON


def _mark(step: RunStep) -> Content:
    sent = step.get("would_have_sent")
    return Content.styled(f"✉ would have sent {len(sent)}", "$text-warning") if sent else Content("")


def _took(step: RunStep) -> str:
    return lasted(step.get("started_at", ""), step.get("completed_at", ""))


STEPS: tuple[Column[RunStep], ...] = (
    Column("State", lambda row: badge(RUN, row["status"]), 12),
    Column("Step", lambda row: row["path"] or row["step_key"]),
    Column("Kind", lambda row: row["kind"], 14, spare=2),
    Column("Try", lambda row: row["attempt"], 3, spare=3),
    Column("Took", _took, 8, spare=1),
    Column("Sandbox", _mark, 19, spare=1),
)


def facts_of(run: Run, name: str) -> Content:
    """The run in short."""
    mode = "SANDBOX: nothing was sent" if run["mode"] == "sandbox" else "live"
    parts = [
        Content.assemble(
            badge(RUN, run["status"]), "  ", literal(name, "bold"), f"  version {run['automation_version']}  {mode}"
        ),
        Content.assemble((f"{line(run['id'])}  started {when(run['created_at'])}", "$foreground-muted")),
    ]
    if wake := run.get("wake_at"):
        parts.append(Content(f"Wakes {when(wake)}"))
    if words := run.get("error_message"):
        parts.append(Content.styled(line(f"{run.get('error_type', '')}: {words}"), "$text-error"))
    return Content("\n").join(parts)


def step_of(step: RunStep) -> Content:
    """A step in full: what it was given and gave, what went wrong, and what a sandbox did not send."""
    parts = [
        Content.assemble(
            badge(RUN, step["status"]),
            "  ",
            literal(step["path"] or step["step_key"], "bold"),
            f"  {step['kind']}, try {step['attempt']}",
        )
    ]
    if words := step.get("error_message"):
        parts.append(Content.styled(line(f"{step.get('error_type', '')}: {words}"), "$text-error"))
    for sent in step.get("would_have_sent", []):
        headers = "\n".join(f"{name}: {value}" for name, value in sent.get("headers", []))
        request = f"{sent.get('method', '')} {sent.get('url', '')}\n{headers}\n\n{sent.get('body', '')}"
        parts.append(Content.assemble(("Would have sent\n", "bold $text-warning"), paragraphs(request)))
    for title, field in (("Given", "inputs"), ("Gave (a mock)" if step.get("would_have_sent") else "Gave", "result")):
        if step.get(field) is not None:
            parts.append(Content.assemble((f"{title}\n", "bold"), pretty(step.get(field))))
    return Content("\n").join(parts)


def differences(found: list[RunDifference]) -> Content:
    """What two runs have differently, one thing after the other."""
    if not found:
        return Content("Nothing: inputs, steps and results are the same.")
    parts: list[Content] = []
    for each in found[:DIFFERENCES_SHOWN]:
        where = f"{each['path'] or 'the run'} · {each['field']}"
        parts.append(
            Content.assemble(
                (line(where), "bold"),
                "\n  − ",
                literal(each.get("before"), "$text-error"),
                "\n  + ",
                literal(each.get("after"), "$text-success"),
            )
        )
    if len(found) > DIFFERENCES_SHOWN:
        parts.append(Content(f"… and {len(found) - DIFFERENCES_SHOWN} more"))
    return Content("\n").join(parts)
