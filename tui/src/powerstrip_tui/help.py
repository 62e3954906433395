"""What the keys do."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen
from textual.widgets import Static

KEYS = """\
up, down     choose a provider
/            search; Enter keeps what fits, Escape clears the search
tab          from one part to the next; then up and down scroll
r            ask the hub again
?            this page
q            leave

●  connected, or built in         ○  needs setup
✕  unavailable: the reason is shown beside it

The bar on top says which hub and project this is, and whether its calls
are real (LIVE) or only recorded (SANDBOX).

Press any of  ?  q  Escape  Enter  to go back."""


class Help(ModalScreen[None]):
    """A page over the dashboard."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,q,enter", "dismiss", "Back", key_display="Esc"),
    ]

    def compose(self) -> ComposeResult:
        """The page."""
        yield Static(KEYS, markup=False, id="keys")
