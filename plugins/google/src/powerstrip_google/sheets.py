"""Google Sheets: ranges and rows. Source: developers.google.com/workspace/sheets/api/reference/rest."""

from typing import Annotated, Any, Literal, cast

from pydantic import ConfigDict, Field, model_validator

from powerstrip.adapter import Choice, Http, Model, Page, Pick, Query, Rejected, segment
from powerstrip_google.provider import Wire, file_id, google

Spreadsheet = Annotated[
    str, Pick("spreadsheet"), Field(min_length=1, max_length=300, description="Id or address.", examples=["1AbC_invented-sheet"])
]
Tab = Annotated[str, Pick("sheet_tab"), Field(max_length=200, description="Left out, the first.", examples=["Leads"])]
Range = Annotated[
    str, Field(max_length=100, pattern=r"^[A-Za-z0-9:]*$", description="In A1 notation, without the tab.", examples=["A1:C20"])
]
Cell = str | int | float | bool | None
Row = list[Cell]
Rows = Annotated[list[Row] | Row, Field(description="Rows of cells, or one row. An empty cell (null) is left as it is.")]
Entry = Annotated[
    Literal["as_typed", "as_is"], Field(description="as_typed: dates and formulas are recognised. as_is: kept as they are.")
]
_ENTRY = {"as_typed": "USER_ENTERED", "as_is": "RAW"}


class TabFacts(Wire):
    """A tab of a spreadsheet."""

    class Grid(Wire):
        row_count: int = 0

    sheet_id: int = 0
    title: str
    grid_properties: Grid = Field(default_factory=Grid)


class _Spreadsheet(Wire):
    class Sheet(Wire):
        properties: TabFacts

    sheets: list[Sheet]


async def tabs(http: Http, spreadsheet: str) -> list[TabFacts]:
    """The tabs of a spreadsheet, in their order."""
    path = f"sheets:/spreadsheets/{segment(file_id(spreadsheet))}"
    found = await http.get(path, params={"fields": "sheets.properties"}, returns=_Spreadsheet)
    return [each.properties for each in found.sheets]


async def _tab(http: Http, spreadsheet: str, tab: str | None) -> str:
    """The tab's name; that of the first where none is given."""
    if tab:
        return tab
    if not (found := await tabs(http, spreadsheet)):
        raise Rejected("The spreadsheet has no tab that holds cells")
    return found[0].title


def a1(tab: str, cells: str = "") -> str:
    """A range as Google writes it: the tab in quotes, those within it doubled."""
    name = "'" + tab.replace("'", "''") + "'"
    return f"{name}!{cells}" if cells else name


def values_path(spreadsheet: str, range: str, verb: str = "") -> str:
    """The path of a range's values."""
    return f"sheets:/spreadsheets/{segment(file_id(spreadsheet))}/values/{segment(range)}{verb}"


class Values(Wire):
    """A range's values; rows end at their last filled cell, and the range at its last filled row."""

    range: str = Field("", examples=["Leads!A1:C2"])
    values: list[Row] = Field(default_factory=list[Row], examples=[[["Ana", 42, "Lisbon"]]])


async def read_values(http: Http, spreadsheet: str, range: str, **params: str) -> Values:
    """The values of a range."""
    return await http.get(values_path(spreadsheet, range), params=params, returns=Values)


def named(header: Row, row: Row) -> dict[str, Cell]:
    """A row by the names in the header; columns without a name are left out."""
    return {str(name): row[at] if at < len(row) else None for at, name in enumerate(header) if name not in (None, "")}


class NewRows(Model):
    """Rows to append."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"spreadsheet": "1AbC_invented-sheet", "sheet_tab": "Leads", "values": [["Ana", 42, "Lisbon"]]}]
        }
    )

    spreadsheet: Spreadsheet
    sheet_tab: Tab | None = None
    values: Rows | None = None
    records: list[dict[str, Cell]] | None = Field(None, max_length=1000, examples=[[{"Name": "Ana", "City": "Lisbon"}]])
    """Instead of values: rows by the names of the first row's columns."""
    entry: Entry = "as_typed"

    @model_validator(mode="after")
    def _one(self) -> "NewRows":
        if bool(self.values) == bool(self.records):
            raise ValueError("give rows as values, or as records")
        return self


class Written(Model):
    """Where the values went."""

    range: str = Field(alias="updatedRange", examples=["Leads!A7:C7"])
    rows: int = Field(0, alias="updatedRows", examples=[1])
    cells: int = Field(0, alias="updatedCells", examples=[3])


class _AppendReply(Wire):
    updates: Written


def _as_rows(values: list[Row] | Row | None) -> list[Row]:
    """One row, given alone, as a list of rows."""
    given = cast(list[Any], values or [])
    return given if not given or isinstance(given[0], list) else [given]


async def _in_columns(http: Http, spreadsheet: str, tab: str, records: list[dict[str, Cell]]) -> list[Row]:
    """Records as rows, in the order of the tab's first row. Raises `Rejected` for a column that is not there."""
    found = await read_values(http, spreadsheet, a1(tab, "1:1"))
    header = [str(name) for name in found.values[0]] if found.values else []
    unknown = sorted({name for record in records for name in record} - set(header))
    if unknown:
        raise Rejected(f"The tab's first row has no column {', '.join(unknown[:5])}")
    return [[record.get(name) for name in header] for record in records]


@google.action("sheet.append_rows", title="Append rows", aliases=("sheets.append_rows",))
async def append_rows(http: Http, new: NewRows) -> Written:
    """Add rows below the last one of a tab."""
    tab = await _tab(http, new.spreadsheet, new.sheet_tab)
    rows = await _in_columns(http, new.spreadsheet, tab, new.records) if new.records else _as_rows(new.values)
    params = {"valueInputOption": _ENTRY[new.entry], "insertDataOption": "INSERT_ROWS"}
    path = values_path(new.spreadsheet, a1(tab), ":append")
    return (await http.post(path, params=params, json={"values": rows}, returns=_AppendReply)).updates


class Reading(Model):
    """What to read."""

    spreadsheet: Spreadsheet
    sheet_tab: Tab | None = None
    range: Range = ""
    header: bool = False
    """Whether the first row of the range names the columns: the others come by name too."""
    show: Literal["formatted", "plain", "formulas"] = "formatted"
    """formatted: as the sheet shows it. plain: numbers as numbers. formulas: what was typed."""


class Read(Model):
    """What is in a range."""

    range: str = Field(examples=["Leads!A1:C2"])
    values: list[Row] = Field(examples=[[["Ana", 42, "Lisbon"]]])
    records: list[dict[str, Cell]] | None = Field(None, examples=[[{"Name": "Ana"}]])


@google.action("sheet.read", title="Read a range", read_only=True)
async def read(http: Http, reading: Reading) -> Read:
    """Read a range, or all that a tab holds."""
    tab = await _tab(http, reading.spreadsheet, reading.sheet_tab)
    show = {"formatted": "FORMATTED_VALUE", "plain": "UNFORMATTED_VALUE", "formulas": "FORMULA"}[reading.show]
    found = await read_values(http, reading.spreadsheet, a1(tab, reading.range), valueRenderOption=show)
    records = [named(found.values[0], row) for row in found.values[1:]] if reading.header and found.values else None
    return Read(range=found.range, values=found.values, records=records)


class Writing(Model):
    """What to write where."""

    spreadsheet: Spreadsheet
    sheet_tab: Tab | None = None
    range: Annotated[Range, Field(min_length=1)]
    values: Rows
    entry: Entry = "as_typed"


@google.action("sheet.update", title="Write a range", idempotent=True)
async def update(http: Http, writing: Writing) -> Written:
    """Write values into a range, in place of those there are."""
    tab = await _tab(http, writing.spreadsheet, writing.sheet_tab)
    path = values_path(writing.spreadsheet, a1(tab, writing.range))
    body = {"values": _as_rows(writing.values)}
    return await http.put(path, params={"valueInputOption": _ENTRY[writing.entry]}, json=body, returns=Written)


class Clearing(Model):
    """What to empty."""

    spreadsheet: Spreadsheet
    sheet_tab: Tab | None = None
    range: Annotated[Range, Field(min_length=1)]


class Cleared(Wire):
    """What was emptied."""

    cleared_range: str = Field(examples=["Leads!A2:C20"])


@google.action("sheet.clear", title="Empty a range", idempotent=True, destructive=True)
async def clear(http: Http, clearing: Clearing) -> Cleared:
    """Remove the values of a range; its format stays."""
    tab = await _tab(http, clearing.spreadsheet, clearing.sheet_tab)
    return await http.post(values_path(clearing.spreadsheet, a1(tab, clearing.range), ":clear"), json={}, returns=Cleared)


class NewSpreadsheet(Model):
    """A spreadsheet to make."""

    title: str = Field(min_length=1, max_length=300, examples=["Intake"])
    """Its name in Drive."""
    sheet_tabs: list[str] | None = Field(None, max_length=50, examples=[["Leads"]])
    """Names of its tabs; left out, one with Google's own name."""


class Made(Model):
    """The new spreadsheet."""

    spreadsheet: str = Field(alias="spreadsheetId", examples=["1AbC_invented-sheet"])
    url: str = Field("", alias="spreadsheetUrl", examples=["https://docs.google.com/spreadsheets/d/1AbC_invented-sheet/edit"])


@google.action("sheet.create", title="Create a spreadsheet")
async def create(http: Http, new: NewSpreadsheet) -> Made:
    """Make an empty spreadsheet."""
    body: dict[str, Any] = {"properties": {"title": new.title}}
    body |= {"sheets": [{"properties": {"title": name}} for name in new.sheet_tabs]} if new.sheet_tabs else {}
    return await http.post("sheets:/spreadsheets", json=body, returns=Made)


@google.picker("sheet_tab", depends=("spreadsheet",))
async def sheet_tabs(http: Http, query: Query) -> Page:
    """Tabs of the spreadsheet."""
    found = await tabs(http, str(query.values.get("spreadsheet", "")))
    return Page([Choice(each.title, each.title) for each in found])
