"""New rows of a sheet, found by looking below the last one.

The cursor is the number of the last filled row. A row that is put between others, or changed, is not told. Where rows were
removed, counting begins anew (`round`), so that a later row with the number of an earlier one is told as another.
Source: developers.google.com/workspace/sheets/api/guides/concepts (A1 notation; values end at the last filled row).
"""

from powerstrip.adapter import Http, Incoming, Model, Polled, Rejected, Since
from powerstrip_google.provider import file_id, google
from powerstrip_google.sheets import Row, Spreadsheet, Tab, TabFacts, a1, named, read_values, tabs

CHUNK = 1000
"""Rows of one look. Rows below as many empty ones are not seen."""


class Watched(Model):
    """Which tab."""

    spreadsheet: Spreadsheet
    sheet_tab: Tab | None = None


class _Mark(Model):
    last: int = 0
    round: int = 0
    counting: bool = True
    """Whether rows are counted and none is told: at the beginning, and after rows were removed."""


@google.poll("sheet.row.added", seconds=60)
async def added(http: Http, since: Since[Watched]) -> Polled:
    """Rows that were added below the last one."""
    mark = _Mark.model_validate_json(since.cursor) if since.cursor else _Mark()
    tab = await _tab(http, since.watch)
    first = max(mark.last, 1)
    end = min(first + CHUNK, tab.grid_properties.row_count)
    rows = await _rows(http, since.watch, tab, first, end) if first <= end else []
    if not rows and mark.last:  # the last row is gone
        back = _Mark(last=max(mark.last - CHUNK, 0), round=mark.round if mark.counting else mark.round + 1)
        return Polled(back.model_dump_json(), more=True)
    last = first + len(rows) - 1 if rows else 0
    more = last == end < tab.grid_properties.row_count
    after = _Mark(last=last, round=mark.round, counting=mark.counting and more)
    new = (
        []
        if mark.counting
        else [each for each in enumerate(rows, first) if each[0] > mark.last and any(cell not in (None, "") for cell in each[1])]
    )
    header = await _header(http, since.watch, tab) if new else []
    return Polled(after.model_dump_json(), [_told(since.watch, tab, mark.round, header, *each) for each in new], more=more)


async def _tab(http: Http, watch: Watched) -> TabFacts:
    found = await tabs(http, watch.spreadsheet)
    chosen = [each for each in found if watch.sheet_tab in (None, "", each.title)]
    if not chosen:
        raise Rejected("The spreadsheet has no such tab any more")
    return chosen[0]


async def _rows(http: Http, watch: Watched, tab: TabFacts, first: int, end: int) -> list[Row]:
    return (await read_values(http, watch.spreadsheet, a1(tab.title, f"{first}:{end}"))).values


async def _header(http: Http, watch: Watched, tab: TabFacts) -> Row:
    rows = await _rows(http, watch, tab, 1, 1)
    return rows[0] if rows else []


def _told(watch: Watched, tab: TabFacts, round: int, header: Row, number: int, row: Row) -> Incoming:
    spreadsheet = file_id(watch.spreadsheet)
    key = f"{spreadsheet}/{tab.sheet_id}/{number}"
    data = {
        "kind": "row",
        "key": key,
        "spreadsheet": spreadsheet,
        "sheet_tab": tab.title,
        "row": number,
        "values": row,
        "record": named(header, row) if number > 1 else {},
    }
    return Incoming(data, key=f"{key}/{round}")
