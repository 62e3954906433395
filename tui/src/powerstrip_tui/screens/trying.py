"""An action tried: in the sandbox first, with what would have been sent beside the mock; then for real."""

import json
from collections.abc import Sequence
from typing import Any, ClassVar, cast

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.widgets import Select, Static

from powerstrip.client import Pages
from powerstrip.client.shapes import ActionEntry, CallResult, Choice, Integration
from powerstrip_tui.dialogs.asking import Confirm
from powerstrip_tui.texts import line, literal, paragraphs, pretty
from powerstrip_tui.view import View
from powerstrip_tui.widgets.badges import STATUS, badge
from powerstrip_tui.widgets.facts import facts, heading, request
from powerstrip_tui.widgets.form import Form


class Trying(View):
    """A form made of the action's schema, and what came of it."""

    HEADING = "Try an action"
    ABOUT = "Ctrl+s tries it in a sandbox: nothing is sent. After that, Ctrl+g calls it for real, once it is confirmed."
    EVERY = None
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+g", "for_real", "For real", key_display="^g", id="trying.real"),
        Binding("ctrl+l", "example", "Example", key_display="^l", id="trying.example"),
        Binding("ctrl+r", "copy", "Copy the answer", key_display="^r", show=False, id="trying.copy"),
    ]
    CSS = """
    Trying #about { padding: 0 1; height: auto; max-height: 3; }
    Trying #which { margin: 0 1 1 1; width: 60; max-width: 100%; }
    Trying.-wide #came { layout: horizontal; }
    Trying #came { height: auto; }
    Trying .came { height: auto; width: 1fr; margin-right: 1; }
    """

    def __init__(self, action: ActionEntry, integrations: Sequence[Integration]) -> None:
        super().__init__()
        self._action = action
        self._integrations = [*integrations]
        self._tried: dict[str, Any] | None = None
        self._result: CallResult | None = None

    def body(self) -> ComposeResult:
        """Which integration, the form, and what came of it."""
        action = self._action
        told = (line(action.get("description", "").partition("\n")[0]), "$foreground-muted")
        yield Static(Content.assemble(literal(action["name"], "bold"), "  ", told), id="about")
        if len(self._integrations) > 1:
            options = [(_named(each), each["name"]) for each in self._integrations]
            yield Select(options, value=self._integrations[0]["name"], allow_blank=False, compact=True, id="which")
        with Container(classes="split"):
            yield Form(action.get("input_schema") or {}, pick=self._pick if self._integrations else None, classes="main")
            with VerticalScroll(classes="aside"):
                yield Static(Content(WAITING), id="state")
                with Container(id="came"):
                    yield Static(classes="came", id="sent")
                    yield Static(classes="came", id="answer")

    def on_mount(self) -> None:
        """Begin in the form."""
        self.query_one(Form).begin()

    @property
    def _which(self) -> Integration | None:
        if len(self._integrations) < 2:
            return next(iter(self._integrations), None)
        name = cast("Select[str]", self.query_one("#which", Select)).value
        return next(each for each in self._integrations if each["name"] == name)

    def _pick(self, picker: str, search: str, values: dict[str, str]) -> Pages[Choice]:
        which = self._which
        assert which is not None
        return self.hub.integrations.pick(which["id"], picker, search=search, values=values)

    @on(Form.Submitted)
    def _submitted(self, event: Form.Submitted) -> None:
        self._try(event.values, real=False)

    @work(exclusive=True, group="call")
    async def _try(self, values: dict[str, Any], *, real: bool) -> None:
        which = self._which
        async with self.asking("Calling for real" if real else "Trying it in a sandbox") as asked:
            where = which["name"] if which else None
            # In a sandbox project every call is sandboxed already; elsewhere it is asked for.
            sandbox = not real and self.app.link.mode == "live"
            result = await self.hub.call(self._action["name"], values, integration=where, sandbox=sandbox)
            self._result, self._tried = result, values
            self._show(result)
        self.query_one(Form).tell(asked.reasons)

    def _show(self, result: CallResult) -> None:
        mode = result.get("mode", "live")
        state = {"completed": "● done", "failed": "✕ failed", "active": "◌ under way"}[result["status"]]
        style = {"completed": "$text-success", "failed": "$text-error", "active": "$text-warning"}[result["status"]]
        told = "SANDBOX: nothing was sent" if mode == "sandbox" else "LIVE: it was called"
        parts = [Content.assemble((state, f"bold {style}"), f"  {told}")]
        if result["status"] == "failed":
            kind = result.get("error_type") or "failed"
            parts.append(facts((("Why", result.get("error")), ("Kind", kind), ("Next", NEXT.get(kind)))))
        if mode == "sandbox" and self.app.link.mode == "live" and result["status"] == "completed":
            parts.append(Content.styled("Ctrl+g calls it for real.", "$text-accent"))
        self.query_one("#state", Static).update(Content("\n").join(parts))
        sent = result.get("would_have_sent") or []
        shown = [request(each) for each in sent]
        title = "Would have sent" if mode == "sandbox" else "Sent"
        self.query_one("#sent").display = bool(sent)
        self.query_one("#sent", Static).update(Content("\n").join([heading(title), *shown]))
        answer = pretty(result["output"]) if "output" in result else paragraphs(result.get("error") or "nothing")
        name = "Mock answer" if mode == "sandbox" else "Answer"
        self.query_one("#answer", Static).update(Content.assemble(heading(name), "\n", answer))

    def action_for_real(self) -> None:
        """Call it for real with what was tried, after a question."""
        if self.app.link.mode == "sandbox":
            self.notify("This project is a sandbox: nothing is ever sent from it. Press p for a live project.")
            return
        if self._tried is None:
            self.notify("Try it in the sandbox first: Ctrl+s.")
            return
        values, which = self._tried, self._which

        def answered(yes: bool | None) -> None:
            if yes:
                self._try(values, real=True)

        where = f"{which['provider']}/{which['name']}" if which else "no integration"
        told = facts((("Action", self._action["name"]), ("With", where), ("Risk", self._action["risk"])))
        self.app.push_screen(Confirm("Call it for real?", Content.assemble(told, "\n\n", pretty(values))), answered)

    async def action_example(self) -> None:
        """Fill the form with the action's example."""
        examples = self._action.get("examples")
        if not examples:
            self.notify("This action has no example.")
            return
        old = self.query_one(Form)
        new = Form(
            self._action.get("input_schema") or {},
            values=examples[0],
            pick=self._pick if self._integrations else None,
            classes="main",
        )
        await self.query_one(".split").mount(new, before=old)
        await old.remove()
        new.begin()

    def action_copy(self) -> None:
        """The whole answer, to the clipboard."""
        if self._result is not None:
            self.app.copy_to_clipboard(json.dumps(self._result, indent=2, ensure_ascii=False))
            self.notify("Copied the answer", timeout=2)


def _named(integration: Integration) -> Content:
    return Content.assemble(line(integration["name"]), "  ", badge(STATUS, integration["status"]))


WAITING = "Fill the form and press Ctrl+s: it is tried in a sandbox, and nothing is sent.\nCtrl+l fills in an example."
NEXT = {
    "auth_failed": "rotate the integration's credentials",
    "rate_limited": "wait a minute and try again",
    "unavailable": "the service does not answer: try again later",
    "rejected": "mend what it refuses in the form, and try again",
    "timeout": "it may have been done: look at the provider before trying again",
}
