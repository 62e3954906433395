"""Values to choose from. Source: developers.notion.com/reference/post-search and /reference/get-users."""

from pydantic import Field

from powerstrip.adapter import Choice, Http, Model, Page, Query
from powerstrip_notion.databases import Kind, Search, find
from powerstrip_notion.provider import get, notion

PAGE = 50


async def _choices(http: Http, query: Query, kind: Kind) -> Page:
    found = await find(http, Search(query=query.search[:500], kind=kind, limit=PAGE, cursor=query.cursor))
    shown = [
        Choice(each.id, each.title or "Untitled", each.edited_at.date().isoformat() if each.edited_at else "")
        for each in found.results
    ]
    return Page(shown, found.next)


@notion.picker("database", searches=True)
async def databases(http: Http, query: Query) -> Page:
    """Databases that are shared with the integration, the last changed first."""
    return await _choices(http, query, "database")


@notion.picker("page", searches=True)
async def pages(http: Http, query: Query) -> Page:
    """Pages that are shared with the integration, the last changed first."""
    return await _choices(http, query, "page")


class _Person(Model):
    email: str | None = None


class _User(Model):
    id: str
    name: str | None = None
    type: str | None = None
    person: _Person | None = None


class _Users(Model):
    results: list[_User] = Field(default_factory=list[_User])
    next_cursor: str | None = None


@notion.picker("user")
async def users(http: Http, query: Query) -> Page:
    """People and bots of the workspace."""
    found = await get(http, "/users", _Users, page_size=100, start_cursor=query.cursor)
    shown = [
        Choice(each.id, each.name or each.id, (each.person and each.person.email) or each.type or "") for each in found.results
    ]
    return Page(shown, found.next_cursor)
