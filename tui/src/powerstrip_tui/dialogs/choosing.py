"""One of several things, chosen with the arrows or by typing."""

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from powerstrip_tui.dialogs.dialog import Dialog
from powerstrip_tui.texts import line


class Choose(Dialog[str]):
    """Answers with the first part of the chosen pair; the second is what people read. With `search` a field narrows the list."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "take", "Take it", key_display="Enter", id="take")]

    def __init__(self, heading: str, choices: Sequence[tuple[str, str]], *, search: bool = False) -> None:
        super().__init__(heading)
        self._choices, self._search = choices, search

    def body(self) -> ComposeResult:
        """The field, where there is one, and the list."""
        if self._search:
            yield Input(placeholder="Type to narrow", compact=True)
        yield OptionList(*self._options(""), compact=True)

    def on_mount(self) -> None:
        """Begin where letters count."""
        self.query_one(Input if self._search else OptionList).focus()

    def _options(self, typed: str) -> list[Option]:
        words = typed.lower().split()
        fitting = [each for each in self._choices if all(word in each[1].lower() for word in words)]
        return [Option(Content(line(text)), id=f"c{self._choices.index((value, text))}") for value, text in fitting]

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        listing = self.query_one(OptionList)
        listing.clear_options().add_options(self._options(event.value))
        listing.highlighted = 0 if listing.option_count else None

    @on(Input.Submitted)
    def action_take(self) -> None:
        """Answer with what the cursor is on."""
        option = self.query_one(OptionList).highlighted_option
        if option is not None and option.id:
            self.dismiss(self._choices[int(option.id[1:])][0])

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.action_take()
