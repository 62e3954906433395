"""What every small window is."""

from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, ClassVar, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from powerstrip_tui.moves import moving
from powerstrip_tui.standing import telling
from powerstrip_tui.texts import line
from powerstrip_tui.widgets.keys import Keys

if TYPE_CHECKING:
    from powerstrip_tui.app import Dashboard

T = TypeVar("T")


class Dialog(ModalScreen[T | None]):
    """A window with a title. It answers with a value, or with None when it is left by Escape."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Back", key_display="Esc", id="leave"), *moving()]
    DEFAULT_CLASSES = "dialog"
    HEADING: ClassVar[str] = ""
    app: "Dashboard"

    def __init__(self, heading: str = "") -> None:
        super().__init__()
        self._heading = heading or self.HEADING

    def compose(self) -> ComposeResult:
        """The window."""
        with VerticalScroll(classes="window", can_focus=False) as window:
            window.border_title = Content(line(self._heading))
            yield from self.body()
        yield Keys()

    def body(self) -> ComposeResult:
        """What is in it."""
        yield Static()

    def say(self, words: str) -> None:
        """Say something in the line below."""
        self.query_one(".hint", Static).update(Content(line(words)))

    def telling(self, doing: str) -> AbstractAsyncContextManager[None]:
        """Ask the hub inside; an error of the client ends the block and is said in the line below."""
        return telling(self, doing, self.say)

    def action_leave(self) -> None:
        """Without an answer."""
        self.dismiss(None)
