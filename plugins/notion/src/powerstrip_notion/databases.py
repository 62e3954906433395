"""Databases, and finding pages. Source: developers.notion.com/reference/query-a-data-source and /reference/post-search."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from powerstrip.adapter import Http, Model, segment
from powerstrip_notion.pages import Page, PageWire, public, title_of
from powerstrip_notion.properties import READ_ONLY, Value, equals
from powerstrip_notion.provider import DatabaseRef, notion, post
from powerstrip_notion.sources import source_of
from powerstrip_notion.text import Piece, plain

Limit = Annotated[int, Field(ge=1, le=100, description="Entries on a page.")]
Cursor = Annotated[str, Field(description="As `next` of the page before.")]


class DatabaseQuestion(Model):
    """Which database."""

    database: DatabaseRef


class PropertyFacts(Model):
    """A property of a database."""

    name: str = Field(examples=["Status"])
    type: str = Field(examples=["select"])
    writable: bool = True


class Database(Model):
    """A database with its properties."""

    id: str
    """Of its data source."""
    title: str = ""
    url: str = Field("", examples=["https://www.notion.so/b55c9c91384d452b81dbd1ef79372b75"])
    properties: list[PropertyFacts]


@notion.action("database.get", title="Read a database's properties", read_only=True)
async def get_database(http: Http, which: DatabaseQuestion) -> Database:
    """Read what properties the pages of a database have."""
    source = await source_of(http, which.database)
    facts = [
        PropertyFacts(name=name, type=each.type, writable=each.type not in READ_ONLY) for name, each in source.properties.items()
    ]
    return Database(id=source.id, title=source.name, url=source.url, properties=facts)


class DatabaseQuery(DatabaseQuestion):
    """Which pages of a database."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"database": "b55c9c91-384d-452b-81db-d1ef79372b75", "where": {"Status": "Done"}}]}
    )

    where: dict[str, Value] = Field(default_factory=dict[str, Value], examples=[{"Status": "Done"}])
    """Only pages whose properties have these values; null finds empty ones."""
    filter: dict[str, Any] | None = Field(None, description="Or a filter as Notion spells it.", examples=[None])
    sort_by: str | None = Field(None, max_length=200, description="A property's name.", examples=[None])
    descending: bool = Field(False, description="The largest or latest first.")
    limit: Limit = 50
    cursor: Cursor | None = None


class Pages(Model):
    """A page of pages."""

    pages: list[Page]
    next: str | None = None


class PagesWire(Model):
    """Pages as Notion sends them."""

    results: list[PageWire] = Field(default_factory=list[PageWire])
    next_cursor: str | None = None


@notion.action("database.query", title="Find pages of a database", read_only=True)
async def query_database(http: Http, query: DatabaseQuery) -> Pages:
    """Find pages of a database by their properties."""
    source = await source_of(http, query.database)
    tests = equals(source.properties, query.where) + ([query.filter] if query.filter else [])
    sorts = (
        [{"property": query.sort_by, "direction": "descending" if query.descending else "ascending"}] if query.sort_by else None
    )
    body = {
        "filter": (tests[0] if len(tests) == 1 else {"and": tests}) if tests else None,
        "sorts": sorts,
        "page_size": query.limit,
        "start_cursor": query.cursor,
    }
    found = await post(http, f"/data_sources/{segment(source.id)}/query", body, PagesWire)
    return Pages(pages=[public(each) for each in found.results], next=found.next_cursor)


Kind = Literal["page", "database"]


class Search(Model):
    """What to look for."""

    query: str = Field("", max_length=500, examples=["onboarding"])
    """Words of the title; left out, everything that is shared with the integration."""
    kind: Kind | None = Field(None, description="Only pages, or only databases.")
    limit: Limit = 50
    cursor: Cursor | None = None


class Found(Model):
    """A page or a database."""

    id: str
    kind: Kind
    title: str = ""
    url: str = Field("", examples=["https://www.notion.so/Invented-598337872cf94fdf8782e53db20768a5"])
    edited_at: datetime | None = None


class Results(Model):
    """A page of what was found."""

    results: list[Found]
    next: str | None = None


class _Row(Model):
    object: str = Field(examples=["page"])
    id: str
    url: str = Field("", examples=["https://www.notion.so/Invented-598337872cf94fdf8782e53db20768a5"])
    last_edited_time: datetime | None = None
    title: list[Piece] = Field(default_factory=list[Piece])
    properties: dict[str, Any] = Field(default_factory=dict, examples=[{}])


class _Rows(Model):
    results: list[_Row] = Field(default_factory=list[_Row])
    next_cursor: str | None = None


def _found(row: _Row) -> Found:
    kind: Kind = "page" if row.object == "page" else "database"
    return Found(
        id=row.id, kind=kind, title=plain(row.title) or title_of(row.properties), url=row.url, edited_at=row.last_edited_time
    )


async def find(http: Http, search: Search) -> Results:
    """Pages and databases, the last changed first."""
    wanted = {"page": "page", "database": "data_source", None: None}[search.kind]
    body = {
        "query": search.query or None,
        "filter": {"property": "object", "value": wanted} if wanted else None,
        "sort": {"timestamp": "last_edited_time", "direction": "descending"},
        "page_size": search.limit,
        "start_cursor": search.cursor,
    }
    found = await post(http, "/search", body, _Rows)
    return Results(results=[_found(each) for each in found.results], next=found.next_cursor)


@notion.action("search", title="Search", read_only=True)
async def search(http: Http, search: Search) -> Results:
    """Find pages and databases by their title, the last changed first."""
    return await find(http, search)
