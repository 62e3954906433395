"""A question for one line, a question for yes, and a page to read."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Input, Static

from powerstrip_tui.dialogs.dialog import Dialog
from powerstrip_tui.texts import paragraphs


class Ask(Dialog[str]):
    """Asks for one line. Enter answers; an empty line is no answer."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "submit", "Go on", key_display="Enter", id="submit")]

    def __init__(self, heading: str, help: str = "", *, value: str = "", secret: bool = False) -> None:
        super().__init__(heading)
        self._help, self._value, self._secret = help, value, secret

    def body(self) -> ComposeResult:
        """The line, and what is to be known of it."""
        yield Input(self._value, password=self._secret, compact=True)
        if self._help:
            yield Static(Content(paragraphs(self._help)), classes="hint")

    @on(Input.Submitted)
    def action_submit(self) -> None:
        """Answer."""
        self.dismiss(self.query_one(Input).value.strip() or None)


class Confirm(Dialog[bool]):
    """Asks before something that cannot be taken back. `y` is yes; everything else leaves."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "yes", "Yes", id="yes"),
        Binding("n,enter,q", "leave", "No", id="no"),
    ]

    def __init__(self, question: str, facts: str | Content = "") -> None:
        super().__init__(question)
        self._facts = facts if isinstance(facts, Content) else Content(paragraphs(facts))

    def body(self) -> ComposeResult:
        """What to know before the answer."""
        yield Static(self._facts)
        yield Static("Press y to do it, Escape to leave it.", classes="hint")

    def action_yes(self) -> None:
        """Do it."""
        self.dismiss(True)


class Page(Dialog[None]):
    """A page to read; `y` copies it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "copy", "Copy", id="copy"),
        Binding("q,enter", "leave", "Back", show=False),
    ]

    def __init__(self, heading: str, text: str, *, shown: Content | None = None) -> None:
        super().__init__(heading)
        self._text, self._shown = text, shown

    def body(self) -> ComposeResult:
        """The text."""
        yield Static(self._shown or Content(paragraphs(self._text)))

    def on_mount(self) -> None:
        """Let the arrows scroll."""
        window = self.query_one(".window")
        window.can_focus = True
        window.focus()

    def action_copy(self) -> None:
        """The whole text, to the clipboard."""
        self.app.copy_to_clipboard(self._text)
        self.notify("Copied", timeout=2)
