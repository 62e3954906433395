"""Pages and what stands on them. Source: developers.notion.com/reference/page and /reference/block."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import ConfigDict, Field, model_validator

from powerstrip.adapter import Http, Model, Rejected, segment
from powerstrip_notion.properties import Property, Value, plain_value, spelled
from powerstrip_notion.provider import DatabaseRef, PageRef, get, id_of, notion, patch, post
from powerstrip_notion.sources import source_of
from powerstrip_notion.text import MAX_BLOCKS, Block, blocks, rich

MAX_READ = 10
"""Pages of blocks that are read of one page: a thousand blocks."""
Text = Annotated[str, Field(max_length=200_000)]
Values = Annotated[
    dict[str, Value],
    Field(
        description="By name. Texts, numbers, dates and options are given plainly, several as a list; or as Notion spells them.",
        examples=[{"Status": "Done"}],
    ),
]


class Parent(Model):
    """What something is in."""

    type: str = Field(examples=["page_id"])
    page_id: str | None = None
    database_id: str | None = None
    data_source_id: str | None = None


class PageWire(Model):
    """A page as Notion sends it."""

    id: str
    url: str = Field("", examples=["https://www.notion.so/Invented-598337872cf94fdf8782e53db20768a5"])
    created_time: datetime
    last_edited_time: datetime
    in_trash: bool = False
    archived: bool = False
    parent: Parent | None = None
    properties: dict[str, Any] = Field(default_factory=dict, examples=[{}])


class Page(Model):
    """A page with its properties."""

    id: str
    title: str = ""
    url: str = Field("", examples=["https://www.notion.so/Invented-598337872cf94fdf8782e53db20768a5"])
    properties: dict[str, Any] = Field(default_factory=dict, examples=[{"Status": "Done"}])
    """By name, as plain values."""
    database: str | None = Field(None, description="The data source that it is in.")
    parent: str | None = Field(None, description="The page that it is on.")
    archived: bool = False
    created_at: datetime
    edited_at: datetime


def public(raw: PageWire) -> Page:
    """A page as people meet it."""
    parent = raw.parent or Parent(type="workspace")
    return Page(
        id=raw.id,
        title=title_of(raw.properties),
        url=raw.url,
        properties={name: plain_value(each) for name, each in raw.properties.items()},
        database=parent.data_source_id or parent.database_id,
        parent=parent.page_id,
        archived=raw.in_trash or raw.archived,
        created_at=raw.created_time,
        edited_at=raw.last_edited_time,
    )


def title_of(properties: dict[str, Any]) -> str:
    """A page's title: one of its properties is of that type."""
    for each in properties.values():
        match each:
            case {"type": "title"}:
                return plain_value(each) or ""
            case _:
                pass
    return ""


class NewPage(Model):
    """A page to make."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "title": "Kick-off",
                    "database": "b55c9c91-384d-452b-81db-d1ef79372b75",
                    "properties": {"Status": "Done"},
                    "text": "# Agenda\n- Who\n- What",
                }
            ]
        }
    )

    title: str = Field("", max_length=2000, examples=["Kick-off"])
    """What it is called."""
    database: DatabaseRef | None = None
    page: PageRef | None = Field(None, description="The page that it goes on, where it goes into no database.")
    properties: Values = Field(default_factory=dict[str, Value])
    text: Text = Field("", description="What stands on it: paragraphs, # headings, - lists, [ ] tasks, > quotes.")

    @model_validator(mode="after")
    def _somewhere(self) -> "NewPage":
        if bool(self.database) == bool(self.page):
            raise ValueError("name the database that the page goes into, or the page that it goes on")
        if self.page and self.properties:
            raise ValueError("only a page in a database has properties beside its title")
        return self


@notion.action("page.create", title="Create a page")
async def create_page(http: Http, new: NewPage) -> Page:
    """Make a page in a database or on another page."""
    properties: dict[str, Any] = {"title": {"title": rich(new.title)}} if new.title else {}
    if new.database:
        source = await source_of(http, new.database)
        properties |= spelled(source.properties, new.properties)
        parent: dict[str, Any] = {"type": "data_source_id", "data_source_id": source.id}
    else:
        parent = {"type": "page_id", "page_id": id_of(new.page or "")}
    content = blocks(new.text)
    body = {"parent": parent, "properties": properties, "children": content[:MAX_BLOCKS] or None}
    made = await post(http, "/pages", body, PageWire)
    await _append(http, made.id, content[MAX_BLOCKS:])
    return public(made)


class PageChange(Model):
    """What to change about a page. What is left out stays."""

    page: PageRef
    title: str | None = Field(None, max_length=2000)
    """Its new title."""
    properties: Values = Field(default_factory=dict[str, Value])


class _Typed(Model):
    properties: dict[str, Property] = Field(
        default_factory=dict[str, Property], examples=[{"Status": {"id": "abc", "type": "status"}}]
    )


@notion.action("page.update", title="Change a page", idempotent=True)
async def update_page(http: Http, change: PageChange) -> Page:
    """Change a page's title and properties."""
    path = f"/pages/{segment(id_of(change.page))}"
    properties: dict[str, Any] = {"title": {"title": rich(change.title)}} if change.title is not None else {}
    if change.properties:
        properties |= spelled((await get(http, path, _Typed)).properties, change.properties)
    if not properties:
        raise Rejected("Nothing to change: give a title or properties")
    return public(await patch(http, path, {"properties": properties}, PageWire))


class PageQuestion(Model):
    """Which page to read."""

    page: PageRef
    content: bool = True
    """Whether to read what stands on it, too."""


class PageText(Page):
    """A page with what stands on it."""

    text: str = ""
    """As plain text, the first thousand blocks; what is folded away is left out."""


class _Children(Model):
    results: list[Block] = Field(default_factory=list[Block])
    next_cursor: str | None = None


@notion.action("page.get", title="Read a page", read_only=True)
async def get_page(http: Http, which: PageQuestion) -> PageText:
    """Read a page with its properties and its text."""
    path = segment(id_of(which.page))
    found = public(await get(http, f"/pages/{path}", PageWire))
    text = await _text(http, f"/blocks/{path}/children") if which.content else ""
    return PageText(**dict(found), text=text)


async def _text(http: Http, path: str) -> str:
    lines: list[str] = []
    cursor: str | None = None
    for _ in range(MAX_READ):
        part = await get(http, path, _Children, page_size=100, start_cursor=cursor)
        lines += [block.text() for block in part.results]
        if (cursor := part.next_cursor) is None:
            break
    return "\n".join(lines)


class Archiving(Model):
    """Which page to put into the trash, or take out of it."""

    page: PageRef
    restore: bool = False
    """Take it out of the trash instead."""


@notion.action("page.archive", title="Archive a page", idempotent=True, destructive=True)
async def archive_page(http: Http, which: Archiving) -> Page:
    """Put a page into the trash, from which it can be restored for a while."""
    path = f"/pages/{segment(id_of(which.page))}"
    return public(await patch(http, path, {"in_trash": not which.restore}, PageWire))


class MoreText(Model):
    """Text for a page."""

    page: PageRef
    text: Annotated[Text, Field(min_length=1)] = Field(examples=["- Call back Ana"])
    """Paragraphs, # headings, - lists, [ ] tasks, > quotes."""


class Added(Model):
    """The blocks that were added."""

    block_ids: list[str] = Field(examples=[["c02fc1d3-db8b-45c5-a222-27595b15aea7"]])


@notion.action("block.append", title="Append to a page")
async def append_blocks(http: Http, more: MoreText) -> Added:
    """Add text at the end of a page."""
    if not (content := blocks(more.text)):
        raise Rejected("There is no text to append")
    return Added(block_ids=await _append(http, id_of(more.page), content))


async def _append(http: Http, id: str, content: list[dict[str, Any]]) -> list[str]:
    """Add blocks, as many at a time as Notion takes."""
    made: list[str] = []
    for at in range(0, len(content), MAX_BLOCKS):
        part = await patch(http, f"/blocks/{segment(id)}/children", {"children": content[at : at + MAX_BLOCKS]}, _Children)
        made += [block.id for block in part.results]
    return made
