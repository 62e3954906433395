"""Where there is no hub yet: what kind of first project it shall have."""

from typing import Literal, TypeAlias

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from powerstrip_tui.dialogs.dialog import Dialog
from powerstrip_tui.texts import at_home, paragraphs

Kind: TypeAlias = Literal["live", "sandbox"]
OFFER = """
Powerstrip is a hub that keeps the keys of your services: connect them once, then call them, and hear of what happens there.

Make a hub in this folder now? Its first project can be a sandbox, in which everything is tried and nothing is sent, or live."""


class Making(Dialog[Kind]):
    """Welcome, and one choice."""

    HEADING = "Welcome"

    def __init__(self, missing: str) -> None:
        super().__init__()
        self._missing = missing

    def body(self) -> ComposeResult:
        """The choice."""
        where = self.app.link.where
        yield Static(Content(f"{paragraphs(self._missing.replace(where, at_home(where)))}\n{OFFER}\n"))
        yield OptionList(
            Option("A hub with a sandbox project: to try things out", id="sandbox"),
            Option("A hub with a live project: its calls are real", id="live"),
            Option("Not now: leave", id="leave"),
            compact=True,
        )

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        match event.option.id:
            case "sandbox":
                self.dismiss("sandbox")
            case "live":
                self.dismiss("live")
            case _:
                self.dismiss(None)
