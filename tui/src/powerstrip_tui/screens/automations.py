"""Automations: what happens by itself, its spec with what is wrong in it, its versions."""

import json
from typing import Any, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from powerstrip.client.automations import Automation, AutomationVersion, SpecFinding, Trigger
from powerstrip_tui.dialogs.asking import Ask, Confirm
from powerstrip_tui.dialogs.choosing import Choose
from powerstrip_tui.listing import Listing
from powerstrip_tui.texts import line, literal, when
from powerstrip_tui.view import View
from powerstrip_tui.widgets.badges import AUTOMATION, badge
from powerstrip_tui.widgets.table import Column, Rows

SPEC_LINES = 2000

COLUMNS: tuple[Column[Automation], ...] = (
    Column("State", lambda row: badge(AUTOMATION, row["status"]), 12),
    Column("Automation", lambda row: row["name"]),
    Column("Handle", lambda row: row["handle"], 24, spare=2),
    Column("Published", lambda row: row.get("published_version") or "none", 9, spare=3),
    Column("Newest", lambda row: row["latest_version"], 6, spare=4),
    Column("Starts by", lambda row: ", ".join(starts_by(each) for each in row["triggers"]) or "hand (x)", 28, spare=1),
)


def starts_by(trigger: Trigger) -> str:
    """A trigger in a few words."""
    what = trigger.get("event_type") or trigger.get("http_handle") or ""
    if trigger["kind"] == "schedule":
        what = str(trigger["config"].get("cron") or trigger["config"].get("every") or "")
    return f"{trigger['kind']} {what}".strip() + ("" if trigger["enabled"] else " (off)")


class Automations(Listing[Automation]):
    """The automations of the project."""

    HEADING = "Automations"
    COLUMNS = COLUMNS
    EMPTY = "No automation yet: `powerstrip automations apply FILE`, or say in the chat (C) what should happen."
    ABOUT = "What happens by itself. Enter shows one with its spec; x runs it."
    EVERY = 15.0
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("x", "run", "Run", id="automations.run"),
        Binding("o", "runs", "Its runs", id="automations.runs"),
        Binding("s", "pause", "Pause/resume", id="automations.pause"),
    ]

    async def load(self) -> None:
        """All that are not archived."""
        await self.table.read(self.hub.automations.list())

    @on(Rows.Chosen)
    def _open(self, event: Rows.Chosen) -> None:
        self.app.push_screen(OneAutomation(event.row["handle"]))

    @work(group="doing")
    async def action_run(self) -> None:
        """Start a run of the one under the cursor."""
        if (row := self.current) is not None:
            await started(self, row)

    def action_runs(self) -> None:
        """Its runs."""
        from powerstrip_tui.screens.runs import Runs

        if (row := self.current) is not None:
            self.app.push_screen(Runs(automation_id=row["id"]))

    @work(group="doing")
    async def action_pause(self) -> None:
        """Keep its triggers from firing, or let them."""
        if (row := self.current) is not None:
            await paused(self, row)
            self.reload()


class OneAutomation(View):
    """One automation: triggers, spec with its findings, versions."""

    HEADING = "Automation"
    ABOUT = "One automation: what starts it, its spec with what is wrong in it, its versions."
    EVERY = None
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("x", "run", "Run", id="automation.run"),
        Binding("o", "runs", "Its runs", id="automation.runs"),
        Binding("v", "versions", "Version", id="automation.versions"),
        Binding("u", "publish", "Publish", id="automation.publish"),
        Binding("e", "edit", "Edit", id="automation.edit"),
        Binding("s", "pause", "Pause/resume", id="automation.pause"),
        Binding("A", "archive", "Archive", show=False, id="automation.archive"),
        Binding("y", "copy", "Copy spec", show=False, id="automation.copy"),
    ]

    CSS = """
    OneAutomation .page { overflow-x: auto; }
    OneAutomation .spec { width: auto; text-wrap: nowrap; }
    """

    def __init__(self, handle: str) -> None:
        super().__init__()
        self._handle = handle
        self._automation: Automation | None = None
        self._version: AutomationVersion | None = None
        self._number: int | None = None

    def body(self) -> ComposeResult:
        """One page."""
        with VerticalScroll(classes="page"):
            yield Static(classes="facts", markup=False)
            yield Static(classes="findings", markup=False)
            yield Static(classes="spec", markup=False)

    def on_mount(self) -> None:
        """Let the arrows scroll."""
        super().on_mount()
        self.query_one(VerticalScroll).focus()

    async def load(self) -> None:
        """Ask for it, and for the version that is looked at: the newest, where none was chosen."""
        self._automation = await self.hub.automations.get(self._handle)
        number = self._number or self._automation["latest_version"]
        self._version = await self.hub.automations.version(self._handle, number) if number else None
        self.query_one(".facts", Static).update(facts_of(self._automation, self._version))
        findings = _findings(self._version)
        self.query_one(".findings", Static).update(findings_of(findings))
        self.query_one(".spec", Static).update(spec_of(source_of(self._version), findings))

    @work(group="doing")
    async def action_run(self) -> None:
        """Start a run."""
        if self._automation is not None:
            await started(self, self._automation)

    def action_runs(self) -> None:
        """Its runs."""
        from powerstrip_tui.screens.runs import Runs

        if self._automation is not None:
            self.app.push_screen(Runs(automation_id=self._automation["id"]))

    @work(group="doing")
    async def action_versions(self) -> None:
        """Look at another version."""
        async with self.asking("Reading the versions"):
            rows = await self.hub.automations.versions(self._handle)
            choices = [
                (str(each["version"]), f"{each['version']:>4}  {each['status']:<11} {when(each['created_at'])}") for each in rows
            ]
            chosen = await self.app.push_screen_wait(Choose("Which version?", choices))
            if chosen is not None:
                self._number = int(chosen)
                self.reload()

    @work(group="doing")
    async def action_publish(self) -> None:
        """Let new runs use the version that is looked at."""
        version = self._version
        if version is None:
            return
        errors = [each for each in _findings(version) if each["severity"] == "error"]
        if errors:
            self.notify("This version has errors: it cannot be published until they are mended", severity="error")
            return
        facts = f"New runs of {self._handle} use it, and its triggers start them. Runs under way keep their version."
        if await self.app.push_screen_wait(Confirm(f"Publish version {version['version']}?", facts)):
            async with self.asking("Publishing"):
                await self.hub.automations.publish(self._handle, version["version"])
                self.reload()

    @work(group="doing")
    async def action_pause(self) -> None:
        """Keep its triggers from firing, or let them."""
        if self._automation is not None:
            await paused(self, self._automation)
            self.reload()

    @work(group="doing")
    async def action_archive(self) -> None:
        """Take it out of use."""
        if await self.app.push_screen_wait(
            Confirm(f"Archive {line(self._handle)}?", "No new run starts. Its runs and versions stay.")
        ):
            async with self.asking("Archiving"):
                await self.hub.automations.archive(self._handle)
                self.dismiss()

    def action_copy(self) -> None:
        """The spec, to the clipboard."""
        self.app.copy_to_clipboard(source_of(self._version))
        self.notify("Copied the spec", timeout=2)

    @work(group="doing")
    async def action_edit(self) -> None:
        """Change the spec in the editor of `$VISUAL` or `$EDITOR`; what is saved is checked, and kept as a new version."""
        before = source_of(self._version)
        after = edited(self, before)
        if after is None or after == before:
            return
        async with self.asking("Checking"):
            check = await self.hub.automations.check(source=after, handle=self._handle)
            page = Content("\n").join([findings_of(check["findings"]), spec_of(after, check["findings"])])
            question = "Keep it as a new draft?" if check["valid"] else "It has errors. Keep it as a draft all the same?"
            if await self.app.push_screen_wait(Confirm(question, page)):
                await self.hub.automations.add_version(self._handle, source=after)
                self._number = None
                self.reload()


async def started(view: View, automation: Automation) -> None:
    """Ask for inputs and mode, start a run and show it. To be awaited in a worker."""
    from powerstrip_tui.screens.runs import OneRun

    ways = [("sandbox", "In a sandbox: nothing is sent"), ("live", "For real, as the project's mode has it")]
    way = await view.app.push_screen_wait(Choose(f"Run {line(automation['name'])}", ways))
    if way is None:
        return
    wanted = dict.fromkeys(await _inputs(view, automation), "")
    text = await view.app.push_screen_wait(Ask("Inputs", "A JSON object.", value=json.dumps(wanted)))
    if text is None:
        return
    try:
        inputs: Any = json.loads(text)
    except ValueError as error:
        view.notify(f"This is no JSON: {line(error)}", severity="error")
        return
    async with view.asking("Starting"):
        run = await view.hub.runs.start(automation["handle"], inputs, sandbox=way == "sandbox")
        view.app.push_screen(OneRun(run["id"]))


async def _inputs(view: View, automation: Automation) -> list[str]:
    """The names of the inputs of the version in force."""
    number = automation.get("published_version")
    if not number:
        return []
    async with view.asking():
        version = await view.hub.automations.version(automation["handle"], number)
        given: Any = version["spec"].get("inputs") or {}
        return [*given] if isinstance(given, dict) else [str(each.get("name", "")) for each in given]  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType, reportUnknownMemberType]
    return []


async def paused(view: View, automation: Automation) -> None:
    """Pause one that is active, and the other way round. To be awaited in a worker."""
    if automation["status"] not in ("active", "paused"):
        view.notify("It is not published: there is nothing to pause")
        return
    status = "paused" if automation["status"] == "active" else "active"
    async with view.asking("Pausing" if status == "paused" else "Resuming"):
        await view.hub.automations.update(automation["handle"], status=status)


def edited(view: View, text: str) -> str | None:
    """The text after a person has edited it; None where no editor could be opened."""
    import os
    import shlex
    import subprocess
    from pathlib import Path
    from tempfile import TemporaryDirectory

    from textual.app import SuspendNotSupported

    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    with TemporaryDirectory(prefix="powerstrip-") as folder:
        file = Path(folder) / "spec.yaml"
        file.write_text(text, encoding="utf-8")
        try:
            with view.app.suspend():
                subprocess.run([*shlex.split(editor), str(file)], check=True)  # noqa: S603 - the person's own editor
        except SuspendNotSupported:
            view.notify(
                "An editor cannot be opened here: copy the spec with y, and keep it with `powerstrip automations apply`",
                severity="error",
            )
            return None
        except (OSError, ValueError, subprocess.CalledProcessError) as error:
            view.notify(f"{line(editor)} could not be run: {line(error)}. Name an editor in $EDITOR", severity="error")
            return None
        return file.read_text(encoding="utf-8")


def source_of(version: AutomationVersion | None) -> str:
    """The spec as it was written, else as JSON."""
    if version is None:
        return ""
    return version.get("source") or json.dumps(version["spec"], indent=2, ensure_ascii=False)


def _findings(version: AutomationVersion | None) -> list[SpecFinding]:
    return [] if version is None else version["validation"].get("findings", [])


def facts_of(automation: Automation, version: AutomationVersion | None) -> Content:
    """The automation in lines."""
    shown = f"version {version['version']} ({version['status']})" if version else "no version"
    parts = [
        Content.assemble(
            badge(AUTOMATION, automation["status"]),
            "  ",
            literal(automation["name"], "bold"),
            "  ",
            literal(automation["handle"], "$foreground-muted"),
            f"  {shown}",
        )
    ]
    if words := automation.get("description"):
        parts.append(literal(words))
    for each in automation["triggers"]:
        following = f"  next {when(next_fire)}" if (next_fire := each.get("next_fire_at")) else ""
        parts.append(Content.assemble("  starts by ", literal(starts_by(each)), following))
    return Content("\n").join([*parts, Content("")])


def findings_of(findings: list[SpecFinding]) -> Content:
    """What was found, errors first."""
    if not findings:
        return Content.styled("✓ Nothing is wrong with it\n", "$text-success")
    parts: list[Content] = []
    for each in sorted(findings, key=lambda each: each["severity"]):
        mark, style = ("✕", "$text-error") if each["severity"] == "error" else ("!", "$text-warning")
        where = f"{at}:{each.get('column', 1)} " if (at := each.get("line")) else ""
        hint = f"  {words}" if (words := each.get("hint")) else ""
        parts.append(Content.assemble((f"{mark} {where}", f"bold {style}"), literal(each["message"] + hint)))
    return Content("\n").join([*parts, Content("")])


def spec_of(text: str, findings: list[SpecFinding]) -> Content:
    """The spec with numbered lines; those in which something was found stand out, with a mark under the place."""
    by_line: dict[int, list[SpecFinding]] = {}
    for each in findings:
        by_line.setdefault(each.get("line", 0), []).append(each)
    parts: list[Content] = []
    for number, words in enumerate(text.splitlines()[:SPEC_LINES], 1):
        found = by_line.get(number, [])
        style = "" if not found else "$text-error" if any(each["severity"] == "error" for each in found) else "$text-warning"
        parts.append(Content.assemble((f"{number:>4} ", "$foreground-muted"), (line(words), style)))
        for each in found:
            column = each.get("column", 1)
            parts.append(Content.assemble(" " * (4 + column), ("^ ", f"bold {style}"), (line(each["message"]), style)))
    return Content("\n").join(parts)
