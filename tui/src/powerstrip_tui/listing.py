"""Screens around one table, with a line over it that says what is shown, or around one list of things of several kinds."""

from collections.abc import Sequence
from typing import Any, ClassVar, Generic, TypeVar, cast

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import OptionList, Static

from powerstrip_tui.view import View
from powerstrip_tui.widgets.table import Column, Rows, Table

R = TypeVar("R")
NONE_OF_THESE = "None of these."


class Listing(View, Generic[R]):
    """One table. Say its `COLUMNS`, and fill `self.table` in `load`; rows are told apart by their `id`, or by `key`."""

    COLUMNS: ClassVar[Sequence[Column[Any]]] = ()
    EMPTY: ClassVar[str] = "Nothing yet."

    def body(self) -> ComposeResult:
        """The line, and the table."""
        yield Static(classes="hint shown", markup=False)
        yield Table[R](self.columns(), key=self.key, empty=self.EMPTY, name=self.HEADING.lower().replace(" ", "-"))

    def columns(self) -> Sequence[Column[Any]]:
        """What a row shows."""
        return self.COLUMNS

    def key(self, row: R) -> object:
        """What tells a row from others."""
        return cast("dict[str, Any]", row)["id"]

    def shown(self) -> str:
        """What is shown, in words; empty where that is everything."""
        return ""

    @property
    def narrowed(self) -> bool:
        """Whether only some are asked for."""
        return False

    def tell(self) -> None:
        """Say what is shown."""
        words = self.shown()
        self.table.empty = NONE_OF_THESE if self.narrowed else self.EMPTY
        line = self.query_one(".shown", Static)
        line.update(Content(f" {words}"))
        line.display = bool(words)

    @property
    def table(self) -> Table[R]:
        """The table."""
        return cast("Table[R]", self.query_one(Table))

    @property
    def current(self) -> R | None:
        """The row under the cursor."""
        return self.table.current

    def on_mount(self) -> None:
        """Begin in the rows."""
        super().on_mount()
        self.query_one(Rows).focus()
        self.tell()


class Choosing(View):
    """A screen around one list whose options have ids such as `integration:int_1`. Say what opening one does in `enter`."""

    @property
    def under_cursor(self) -> tuple[str, str]:
        """Kind and which of the option under the cursor; empty where there is none."""
        option = self.query_one(OptionList).highlighted_option
        return _parts(option.id if option else None)

    def enter(self, kind: str, which: str) -> None:
        """Open this one."""

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        self.enter(*_parts(event.option.id))

    def action_choose(self) -> None:
        """Open what is under the cursor."""
        self.enter(*self.under_cursor)


def _parts(id: str | None) -> tuple[str, str]:
    kind, _, which = (id or "").partition(":")
    return kind, which
