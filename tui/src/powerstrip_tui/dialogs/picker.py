"""Values of a provider to choose from: searched while typing, read page by page."""

import asyncio
from collections.abc import Callable
from typing import ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from powerstrip.client import Pages
from powerstrip.client.shapes import Choice
from powerstrip_tui.dialogs.dialog import Dialog
from powerstrip_tui.texts import line, literal

PAUSE = 0.25
"""Seconds without a key before the provider is asked."""
NEAR = 5


class Picker(Dialog[str]):
    """Answers with the value of what is chosen. `ask` gives the pages for a search."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "down", "To the list", show=False),
        Binding("enter", "take", "Choose", key_display="Enter", id="picker.take"),
    ]

    def __init__(self, heading: str, ask: Callable[[str], Pages[Choice]]) -> None:
        super().__init__(f"Choose: {heading}")
        self._ask = ask
        self._choices: list[Choice] = []
        self._pages: Pages[Choice] | None = None
        self._cursor: str | None = None

    def body(self) -> ComposeResult:
        """A search, the list, what is said of it."""
        yield Input(placeholder="Search", compact=True)
        yield OptionList(compact=True)
        yield Static("Asking…", classes="hint", markup=False)

    def on_mount(self) -> None:
        """The first page."""
        self._begin("")

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._begin(event.value)

    @work(exclusive=True, group="pick")
    async def _begin(self, search: str) -> None:
        if search:
            await asyncio.sleep(PAUSE)
        self.say("Asking…")
        self._pages, self._cursor, self._choices = self._ask(search.strip()), None, []
        await self._more(first=True)

    async def _more(self, *, first: bool = False) -> None:
        assert self._pages is not None
        async with self.telling("Asking for values"):
            page = await self._pages.page(self._cursor)
            self._cursor = page.next_cursor
            self._choices += page.items
            self._show(first)

    def _show(self, first: bool) -> None:
        """Those that fit what is typed: the provider may not search, so it is done here too."""
        words = self.query_one(Input).value.lower().split()
        fitting = [each for each in self._choices if all(word in f"{each['label']} {each['value']}".lower() for word in words)]
        shown = fitting or self._choices
        listing = self.query_one(OptionList)
        at = listing.highlighted
        self._shown = shown
        listing.clear_options().add_options([Option(self._line(each)) for each in shown])
        listing.highlighted = (0 if first or at is None else min(at, len(shown) - 1)) if shown else None
        more = ", more as you go down" if self._cursor else ""
        self.say(f"{len(shown)} found{more}" if shown else "Nothing was found. Escape, and type the value itself.")

    def _line(self, choice: Choice) -> Content:
        parts = [literal(choice["label"], "bold")]
        if choice["value"] != choice["label"]:
            parts.append(literal(choice["value"], "$foreground-muted"))
        if detail := choice.get("detail"):
            parts.append(Content(line(detail)))
        return Content("  ").join(parts)

    @on(OptionList.OptionHighlighted)
    def _near_the_end(self, event: OptionList.OptionHighlighted) -> None:
        if self._cursor is not None and event.option_index >= len(self._choices) - NEAR:
            self._read_on()

    @work(exclusive=True, group="pick")
    async def _read_on(self) -> None:
        await self._more()

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._shown[event.option_index]["value"])

    @on(Input.Submitted)
    def action_take(self) -> None:
        """Take the one that is marked."""
        at = self.query_one(OptionList).highlighted
        if at is not None:
            self.dismiss(self._shown[at]["value"])

    def action_down(self) -> None:
        """From the search to the list."""
        self.query_one(OptionList).focus()

    def on_key(self, event: events.Key) -> None:
        """Up at the top goes back to the search."""
        listing = self.query_one(OptionList)
        if event.key == "up" and listing.has_focus and listing.highlighted in (0, None):
            event.stop()
            self.query_one(Input).focus()
