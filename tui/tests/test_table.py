"""The table: many rows, pages that are read as they are needed, copies and files."""

import csv
import time
from io import StringIO

import pytest
from pressing import press, screen, settled, type_text
from textual.app import ComposeResult
from textual.content import Content

from powerstrip.client.pages import Page
from powerstrip_tui.view import View
from powerstrip_tui.widgets.export import as_csv
from powerstrip_tui.widgets.table import Column, Rows, Table

COLUMNS = [
    Column[dict]("NAME", lambda row: row["name"], 24),
    Column[dict]("NUMBER", lambda row: row["number"], 8, spare=1),
    Column[dict]("STATE", lambda row: Content.styled("● fine", "$text-success"), 8, spare=2),
    Column[dict]("WORDS", lambda row: row["words"]),
]


def row(number: int, words: str = "some words") -> dict:
    return {"name": f"row {number}", "number": number, "words": words}


class Listing(View):
    """A screen with a table."""

    EVERY = None

    def body(self) -> ComposeResult:
        yield Table(COLUMNS, key=lambda row: row["number"], name="things", empty="No things yet.")

    def on_mount(self) -> None:
        self.query_one(Rows).focus()


class CountedPages:
    """Pages of made-up rows, that count how often they are asked."""

    def __init__(self, rows: int) -> None:
        self.rows, self.asked = rows, 0

    async def page(self, cursor: str | None = None, limit: int = 100) -> Page:
        self.asked += 1
        start = int(cursor or 0)
        end = min(start + limit, self.rows)
        return Page([row(number) for number in range(start, end)], str(end) if end < self.rows else None)


@pytest.fixture
async def listing(app):
    """A running dashboard with the table on top."""
    async with app.run_test(size=(100, 30)) as pilot:
        await settled(pilot)
        view = Listing()
        await app.push_screen(view)
        await settled(pilot)
        yield pilot, view.query_one(Table)


async def test_ten_thousand_rows_scroll_without_a_wait(listing) -> None:
    pilot, table = listing
    table.fill(row(number) for number in range(12_000))
    await press(pilot, "G")
    assert "row 11999" in screen(pilot.app)
    began = time.process_time()
    for key in ("g", *["pagedown"] * 20, *["j"] * 20):
        await pilot.press(key)
    assert (time.process_time() - began) / 41 < 0.25  # seconds of work a key, on a slow machine
    assert "12,000" in screen(pilot.app)


async def test_further_pages_are_read_when_they_are_near(listing) -> None:
    pilot, table = listing
    pages = CountedPages(1000)
    await table.read(pages)
    await press(pilot)
    assert pages.asked == 1
    assert "100 so far" in screen(pilot.app)
    await press(pilot, "G")
    assert pages.asked == 2
    await press(pilot, *["G"] * 9)
    assert pages.asked == 10
    assert "row 999" in screen(pilot.app)
    assert "so far" not in screen(pilot.app)


async def test_a_filter_narrows_and_escape_takes_it_away(listing) -> None:
    pilot, table = listing
    table.fill([row(1, "apples and pears"), row(2, "pears"), row(3, "plums")])
    await press(pilot, "slash")
    await type_text(pilot, "Pears apples")
    await press(pilot, "enter")
    assert "1 of 3" in screen(pilot.app)
    assert "row 2" not in screen(pilot.app)
    await press(pilot, "slash", "escape")
    assert "row 2" in screen(pilot.app)


async def test_the_cursor_stays_on_its_row_when_new_ones_come(listing) -> None:
    pilot, table = listing
    table.fill(row(number) for number in range(10))
    await press(pilot, "j", "j", "j")
    assert table.current["number"] == 3
    table.insert([row(100), row(101), row(5, "changed")])
    await press(pilot)
    assert table.current["number"] == 3
    assert [each["number"] for each in table.rows[:3]] == [100, 101, 0]
    assert "changed" in screen(pilot.app)


async def test_a_list_that_is_read_again_stays_where_one_was(listing) -> None:
    pilot, table = listing
    await table.read(CountedPages(1000))
    await press(pilot, *["G"] * 3)
    at, read = table.current, len(table.rows)
    assert read >= 300
    again = CountedPages(1000)
    await table.read(again)
    assert (table.current, len(table.rows), again.asked) == (at, read, 1)
    await press(pilot, "G")
    assert len(table.rows) > read
    assert len({each["number"] for each in table.rows}) == len(table.rows)


async def test_what_is_gone_from_a_list_is_gone_from_the_table(listing) -> None:
    _, table = listing
    await table.read(CountedPages(5))
    await table.read(CountedPages(4))
    assert [each["number"] for each in table.rows] == [0, 1, 2, 3]


async def test_cells_and_rows_are_copied_whole(listing) -> None:
    pilot, table = listing
    long = "[red]" + "x" * 5000
    table.fill([row(1, long)])
    await press(pilot, "l", "l", "l", "y")
    assert pilot.app.clipboard == long
    await press(pilot, "Y")
    assert f'"words": "{long}"' in pilot.app.clipboard


async def test_hostile_cells_are_shown_and_not_obeyed(listing) -> None:
    pilot, table = listing
    said = ("[red]a[/red] \x1b[2J \u202eb \u200bc \x07", "שלום", "日本語" * 40, "x" * 1_000_000)
    table.fill(row(number, words) for number, words in enumerate(said))
    await press(pilot, "G", "g")
    text = screen(pilot.app)
    assert r"[red]a[/red] \u{1b}[2J \u{202e}b \u{200b}c \u{7}" in text
    assert not {"\x1b", "\u202e", "\u200b", "\x07"} & set(text)
    assert "שלום" in text


async def test_narrow_screens_drop_what_can_be_spared(listing) -> None:
    pilot, table = listing
    table.fill([row(1)])
    await pilot.resize_terminal(52, 20)
    await press(pilot)
    assert "STATE" not in screen(pilot.app)
    assert "NAME" in screen(pilot.app)
    assert "WORDS" in screen(pilot.app)


async def test_the_mouse_chooses_a_row(listing) -> None:
    pilot, table = listing
    table.fill(row(number) for number in range(10))
    await press(pilot)
    await pilot.click(Rows, offset=(3, 5))
    assert table.current["number"] == 4


async def test_an_export_reads_every_page_and_is_harmless(listing, monkeypatch) -> None:
    pilot, table = listing
    written: list[tuple[str, str]] = []
    monkeypatch.setattr(pilot.app, "deliver_text", lambda file, **more: written.append((file.read(), more["save_filename"])))
    await table.read(CountedPages(250))
    await press(pilot, "E")
    await pilot.app.workers.wait_for_complete()
    ((text, name),) = written
    rows = [*csv.reader(StringIO(text))]
    assert len(rows) == 251
    assert rows[0] == ["NAME", "NUMBER", "STATE", "WORDS"]
    assert name.startswith("powerstrip-things-")
    assert name.endswith(".csv")


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\t=1", "  =cmd|' /C calc'!A0", "\r=1"])
def test_a_cell_that_a_spreadsheet_would_obey_is_made_text(cell) -> None:
    ((written,),) = [row for row in csv.reader(StringIO(as_csv(["A"], [[cell]]), newline="")) if row != ["A"]]
    assert written == f"'{cell}"
    assert as_csv(["A"], [['plain, "quoted"']]).splitlines()[1] == '"plain, ""quoted"""'
