"""A table for very many rows: only what is seen is drawn, and further pages are read when they are near."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar, cast

from rich.segment import Segment
from textual import events, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.style import Style
from textual.widgets import Input, Static

from powerstrip.client import Pages
from powerstrip_tui.texts import line
from powerstrip_tui.widgets.export import as_csv, file_name

if TYPE_CHECKING:
    from powerstrip_tui.app import Dashboard

R = TypeVar("R")
PAGE_ROWS = 100
NEAR = 60
"""Rows from the end at which the next page is read."""
GAP = 2


@dataclass(frozen=True)
class Column(Generic[R]):
    """A column: its title, and what stands in it for a row (a text from outside, or a Content that is safe already).

    `width` is in columns of the terminal; 0 shares what is left. Where room is short, columns with the highest `spare` go
    first; those with 0 stay.
    """

    title: str
    cell: Callable[[R], object]
    width: int = 0
    spare: int = 0

    def content(self, row: R) -> Content:
        """The cell, safe to draw."""
        found = self.cell(row)
        return found if isinstance(found, Content) else Content(line(found))

    def text(self, row: R) -> str:
        """The cell as it came, for files and the clipboard."""
        found = self.cell(row)
        return found.plain if isinstance(found, Content) else "" if found is None else str(found)


class Rows(ScrollView, Generic[R], can_focus=True):
    """The rows and the cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False, system=True),
        Binding("down,j", "move(1)", "Down", show=False, system=True),
        Binding("pageup,ctrl+u,ctrl+b", "page(-1)", "Page up", show=False, system=True),
        Binding("pagedown,ctrl+d,ctrl+f", "page(1)", "Page down", show=False, system=True),
        Binding("home,g", "first", "First row", show=False, system=True),
        Binding("end,G", "last", "Last row", show=False, system=True),
        Binding("left,h", "column(-1)", "Column to the left", show=False, system=True),
        Binding("right,l", "column(1)", "Column to the right", show=False, system=True),
        Binding("enter", "choose", "Open", show=False, id="table.open"),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {"table--head", "table--cursor", "table--cell", "table--dim"}

    class Highlighted(Message):
        """The cursor is on another row, None where there are no rows."""

        def __init__(self, table: "Rows[Any]", row: Any) -> None:
            super().__init__()
            self.table, self.row = table, row

        @property
        def control(self) -> "Rows[Any]":
            """The rows it came from."""
            return self.table

    class Chosen(Message):
        """A row was opened, by Enter or by a second click."""

        def __init__(self, table: "Rows[Any]", row: Any) -> None:
            super().__init__()
            self.table, self.row = table, row

        @property
        def control(self) -> "Rows[Any]":
            """The rows it came from."""
            return self.table

    class NearEnd(Message):
        """The cursor comes near the last row that was read."""

    def __init__(self, columns: Sequence[Column[R]], id: str | None = None) -> None:
        super().__init__(id=id)
        self.columns = [*columns]
        self.rows: list[R] = []
        self.cursor = 0
        self.column = 0
        self._shown: list[tuple[int, Column[R], int]] = []

    # What is shown

    def put(self, rows: list[R], keep: Callable[[R], bool] | None = None) -> None:
        """Show these rows; the cursor goes to the one that `keep` picks, else stays where it is."""
        self.rows = rows
        if keep is not None:
            self.cursor = next((at for at, row in enumerate(rows) if keep(row)), self.cursor)
        self.cursor = max(0, min(self.cursor, len(rows) - 1))
        self._measure()
        self._tell()

    def add(self, rows: Iterable[R]) -> None:
        """Show these below the others."""
        was_empty = not self.rows
        self.rows.extend(rows)
        self._measure()
        if was_empty:
            self._tell()

    @property
    def current(self) -> R | None:
        """The row under the cursor."""
        return self.rows[self.cursor] if self.rows else None

    def on_resize(self) -> None:
        """Share the room anew."""
        self._measure()

    def _measure(self) -> None:
        """Which columns fit, and how wide they are."""
        room = self.size.width - 1
        kept = [*enumerate(self.columns)]

        def needed() -> int:
            return sum((column.width or 12) + GAP for _, column in kept) - GAP

        while needed() > room and any(column.spare for _, column in kept):
            kept.remove(max(kept, key=lambda each: each[1].spare))
        sharing = [column for _, column in kept if not column.width]
        left = room - sum(column.width for _, column in kept if column.width) - GAP * (len(kept) - 1)
        share = max(4, left // len(sharing)) if sharing else 0
        self._shown = [(at, column, column.width or share) for at, column in kept]
        if sharing and self._shown:
            rest = max(0, left - share * len(sharing))
            last = max(at for at, (_, column, _) in enumerate(self._shown) if not column.width)
            at, column, wide = self._shown[last]
            self._shown[last] = (at, column, wide + rest)
        if self._shown and self.column not in [at for at, _, _ in self._shown]:
            self.column = self._shown[0][0]
        self.virtual_size = Size(self.size.width, len(self.rows) + 1)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """One line: the heads stay on top, the rows scroll below them."""
        base = self.visual_style
        if y == 0:
            parts = [Content(line(column.title)) for _, column, _ in self._shown]
            return self._strip(parts, base + self.get_visual_style("table--head"), None)
        at = y - 1 + self.scroll_offset.y
        if at >= len(self.rows):
            return Strip([Segment(" " * self.size.width, base.rich_style)])
        row = self.rows[at]
        parts = [column.content(row) for _, column, _ in self._shown]
        if at != self.cursor:
            return self._strip(parts, base, None)
        style = base + self.get_visual_style("table--cursor") if self.has_focus else base + self.get_visual_style("table--dim")
        return self._strip(parts, style, self.get_visual_style("table--cell") if self.has_focus else None)

    def _strip(self, parts: list[Content], style: Style, cell: Style | None) -> Strip:
        pieces: list[Content] = [Content(" ")]
        for part, (at, _, wide) in zip(parts, self._shown, strict=True):
            fitted = part.truncate(wide, ellipsis=True, pad=True)
            if cell is not None and at == self.column:
                fitted = fitted.stylize(cell)
            pieces += [fitted, Content(" " * GAP)]
        whole = Content("").join(pieces).truncate(self.size.width, pad=True)
        return Strip([Segment(text, styled.rich_style) for text, styled in whole.render(style, end="") if text])

    # The cursor

    def _tell(self) -> None:
        self.post_message(self.Highlighted(self, self.current))
        if self.near_end:
            self.post_message(self.NearEnd())

    @property
    def near_end(self) -> bool:
        """Whether the cursor, or what is seen, is near the last row that was read."""
        return max(self.cursor, self.scroll_offset.y + self.size.height) >= len(self.rows) - NEAR

    def go(self, at: int) -> None:
        """Put the cursor on a row."""
        at = max(0, min(at, len(self.rows) - 1))
        if at != self.cursor:
            self.cursor = at
            self._tell()
        top, height = self.scroll_offset.y, max(1, self.size.height - 1)
        if at < top:
            self.scroll_to(y=at, animate=False, immediate=True)
        elif at >= top + height:
            self.scroll_to(y=at - height + 1, animate=False, immediate=True)
        self.refresh()

    def action_move(self, by: int) -> None:
        """Up or down."""
        self.go(self.cursor + by)

    def action_page(self, by: int) -> None:
        """A page."""
        self.go(self.cursor + by * max(1, self.size.height - 2))

    def action_first(self) -> None:
        """To the top."""
        self.go(0)

    def action_last(self) -> None:
        """To the last row that was read."""
        self.go(len(self.rows) - 1)

    def action_column(self, by: int) -> None:
        """Another column, for copying its cell."""
        shown = [at for at, _, _ in self._shown]
        if shown:
            at = shown.index(self.column) if self.column in shown else 0
            self.column = shown[max(0, min(at + by, len(shown) - 1))]
            self.refresh()

    def action_choose(self) -> None:
        """Open the row."""
        if (row := self.current) is not None:
            self.post_message(self.Chosen(self, row))

    def on_click(self, event: events.Click) -> None:
        """The first click puts the cursor there, one on the cursor opens."""
        at = event.y - 1 + self.scroll_offset.y
        if event.y < 1 or at >= len(self.rows):
            return
        if at == self.cursor and event.chain > 1:
            self.action_choose()
        self.go(at)

    def watch_has_focus(self, value: bool) -> None:
        """The cursor looks different where keys go elsewhere."""
        super().watch_has_focus(value)
        self.refresh()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """With the wheel too, further pages are read."""
        super().watch_scroll_y(old_value, new_value)
        if self.near_end:
            self.post_message(self.NearEnd())

    def get_region_of_cursor(self) -> Region:
        """Where the cursor is."""
        return Region(0, self.cursor + 1, self.size.width, 1)


class Table(Vertical, Generic[R]):
    """Rows with a filter, copying and a file of them all.

    `await table.read(pages)` reads the first page, and the others as the cursor comes near; `table.fill(rows)` takes what is
    there; `table.insert(rows)` puts new ones on top. `key` tells rows apart, so that the cursor stays on its row.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "Filter", key_display="/", priority=True, id="table.filter"),
        Binding("y", "copy_cell", "Copy cell", show=False, id="table.copy-cell"),
        Binding("Y", "copy_row", "Copy row", show=False, id="table.copy-row"),
        Binding("E", "export", "Export", show=False, id="table.export"),
    ]
    app: "Dashboard"

    def __init__(
        self,
        columns: Sequence[Column[R]],
        *,
        key: Callable[[R], object],
        empty: str = "Nothing yet.",
        name: str = "rows",
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self._columns, self._key, self._name = columns, key, name
        self.empty = empty
        """What is said where there is no row."""
        self._rows: list[R] = []
        self._pages: Pages[R] | None = None
        self._cursor: str | None = None
        self._reading = False

    def compose(self) -> ComposeResult:
        """The filter, the rows, and what is said of them."""
        yield Input(placeholder="Filter what is shown", compact=True, classes="filter")
        yield Rows(self._columns)
        yield Static(classes="count", markup=False)

    def on_mount(self) -> None:
        """The filter is there when it is asked for."""
        self.query_one(Input).display = False

    @property
    def view(self) -> "Rows[R]":
        """The rows as they are drawn."""
        return cast("Rows[R]", self.query_one(Rows))

    @property
    def current(self) -> R | None:
        """The row under the cursor."""
        return self.view.current

    @property
    def rows(self) -> list[R]:
        """Every row that was read, whatever the filter."""
        return self._rows

    # Filling

    async def read(self, pages: Pages[R]) -> None:
        """Show a list from its first page on. Read again, what is new comes on top, and what was read below it stays.

        Before another list, or the same with another filter, `fill([])`.
        """
        page = await pages.page(limit=PAGE_ROWS)
        below = self._below(page.items) if self._pages is not None and page.next_cursor is not None else []
        self._pages = pages
        if not below:
            self._cursor = page.next_cursor
        self._set([*page.items, *below])

    def _below(self, items: list[R]) -> list[R]:
        """The rows that were read below these; none where the two do not meet."""
        keys = [self._key(row) for row in self._rows]
        last = self._key(items[-1]) if items else None
        return self._rows[keys.index(last) + 1 :] if last in keys else []

    def fill(self, rows: Iterable[R]) -> None:
        """Show these, and no others."""
        self._pages = self._cursor = None
        self._set([*rows])

    def insert(self, rows: Iterable[R]) -> None:
        """New ones on top; those that are there already are replaced where they stand."""
        known = {self._key(row): at for at, row in enumerate(self._rows)}
        new: list[R] = []
        for row in rows:
            at = known.get(self._key(row))
            if at is None:
                new.append(row)
            else:
                self._rows[at] = row
        self._set([*new, *self._rows])

    def _set(self, rows: list[R]) -> None:
        self._rows = rows
        self._show()

    def _show(self) -> None:
        """Draw what passes the filter."""
        view = self.view
        current = view.current
        keep = None if current is None else self._key(current)
        view.put(self._passing(self._rows), None if keep is None else lambda row: self._key(row) == keep)
        self._count()

    def _passing(self, rows: list[R]) -> list[R]:
        words = self.query_one(Input).value.lower().split()
        return [row for row in rows if self._fits(row, words)] if words else [*rows]

    def _fits(self, row: R, words: list[str]) -> bool:
        text = " ".join(column.text(row) for column in self._columns).lower()
        return all(word in text for word in words)

    def _count(self) -> None:
        shown, read, more = len(self.view.rows), len(self._rows), self._cursor is not None
        if not read:
            words = self.empty
        else:
            words = f"{shown:,} of {read:,}" if shown != read else f"{read:,}"
            words += " so far; more as you scroll" if more else " in all"
        self.query_one(".count", Static).update(Content(words))

    def on_rows_near_end(self, event: Rows.NearEnd) -> None:
        """Read on."""
        event.stop()
        if self._cursor is not None and not self._reading and self.view.near_end:
            self._reading = True
            self._read_on()

    @work(group="read-on")
    async def _read_on(self) -> None:
        from powerstrip_tui.view import View

        view = self.screen
        try:
            if isinstance(view, View):
                async with view.asking("Reading on"):
                    await self._next_pages(whole=False)
        finally:
            self._reading = False

    async def _next_pages(self, *, whole: bool) -> None:
        pages = self._pages
        while pages is not None and self._cursor is not None:
            page = await pages.page(self._cursor, PAGE_ROWS)
            if pages is not self._pages:
                return  # another list was begun meanwhile
            self._cursor = page.next_cursor
            self._rows.extend(page.items)
            self.view.add(self._passing(page.items))
            self._count()
            if not whole:
                return

    # Doing

    def action_filter(self) -> None:
        """Type what rows must hold, at once: what is typed next belongs there."""
        field = self.query_one(Input)
        field.display = True
        self.screen.set_focus(field)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """In the filter a slash is a letter."""
        return action != "filter" or not self.query_one(Input).has_focus

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter while typing."""
        event.stop()
        self._show()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Back to the rows, filtered."""
        event.stop()
        self.view.focus()

    def on_key(self, event: events.Key) -> None:
        """Escape takes the filter away first."""
        field = self.query_one(Input)
        if event.key == "escape" and field.display:
            event.stop()
            field.value = ""
            field.display = False
            self.view.focus()
        elif event.key == "down" and field.has_focus:
            event.stop()
            self.view.focus()

    def action_copy_cell(self) -> None:
        """The cell under the cursor, to the clipboard."""
        if (row := self.current) is not None:
            self._copy(self.view.columns[self.view.column].text(row), "the cell")

    def action_copy_row(self) -> None:
        """The row, to the clipboard: as JSON where it is an object of the API."""
        if (row := self.current) is not None:
            import json

            self._copy(json.dumps(row, indent=2, ensure_ascii=False, default=str), "the row")

    def _copy(self, text: str, what: str) -> None:
        self.app.copy_to_clipboard(text)
        self.app.notify(f"Copied {what}", timeout=2)

    @work(exclusive=True, group="export")
    async def action_export(self) -> None:
        """Write every row that passes the filter to a CSV file, those too that were not read yet."""
        from io import StringIO

        from powerstrip_tui.view import View

        view = self.screen
        if not isinstance(view, View):
            return
        async with view.asking("Reading every row"):
            await self._next_pages(whole=True)
            text = as_csv([column.title for column in self._columns], self._cells())
            name = file_name(self._name)
            self.app.deliver_text(StringIO(text), save_filename=name, mime_type="text/csv")
            return

    def _cells(self) -> Iterable[list[str]]:
        for row in self._passing(self._rows):
            yield [column.text(row) for column in self._columns]


AnyTable = Table[Any]
