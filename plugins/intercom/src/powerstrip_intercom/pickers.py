"""Values to choose from."""

from powerstrip.adapter import Choice, Http, Model, Page, Query
from powerstrip_intercom.actions import Pages, find_contacts, following
from powerstrip_intercom.models import Company, Conversation, Filter, Search
from powerstrip_intercom.provider import VERSION, at, intercom

PAGE = 50


class _Named(Model):
    id: str
    name: str | None = None
    email: str | None = None


class _Admins(Model):
    admins: list[_Named]


class _Teams(Model):
    teams: list[_Named]


class _Data(Model):
    data: list[_Named]


def _page(rows: list[_Named]) -> Page:
    return Page([Choice(each.id, each.name or each.email or each.id, each.email or "") for each in rows])


@intercom.picker("admin")
async def admins(http: Http, query: Query) -> Page:
    """Teammates."""
    return _page((await http.get(at(http, "/admins"), headers=VERSION, returns=_Admins)).admins)


@intercom.picker("team")
async def teams(http: Http, query: Query) -> Page:
    """Teams."""
    return _page((await http.get(at(http, "/teams"), headers=VERSION, returns=_Teams)).teams)


@intercom.picker("tag")
async def tags(http: Http, query: Query) -> Page:
    """Tags, by name."""
    found = await http.get(at(http, "/tags"), headers=VERSION, returns=_Data)
    return Page([Choice(each.name, each.name) for each in found.data if each.name])


@intercom.picker("ticket_type")
async def ticket_types(http: Http, query: Query) -> Page:
    """Kinds of tickets."""
    return _page((await http.get(at(http, "/ticket_types"), headers=VERSION, returns=_Data)).data)


class _CompanyPages(Model):
    page: int = 1
    total_pages: int = 1


class _Companies(Model):
    data: list[Company]
    pages: _CompanyPages | None = None


@intercom.picker("company")
async def companies(http: Http, query: Query) -> Page:
    """Companies."""
    page = int(query.cursor) if query.cursor and query.cursor.isdecimal() else 1
    params = {"page": page, "per_page": PAGE}
    found = await http.get(at(http, "/companies"), params=params, headers=VERSION, returns=_Companies)
    choices = [Choice(each.id, each.name or each.company_id or each.id, each.company_id or "") for each in found.data]
    return Page(choices, str(page + 1) if found.pages and found.pages.total_pages > page else None)


@intercom.picker("contact", searches=True)
async def contacts(http: Http, query: Query) -> Page:
    """Contacts, by name or email address."""
    words = query.search.strip()[:200]
    field = "email" if "@" in words else "name"
    more = [Filter(field=field, operator="~", value=words)] if words else []
    found = await find_contacts(http, Search(limit=PAGE, cursor=query.cursor), *more)
    return Page([Choice(each.id, each.name or each.email or each.id, each.email or "") for each in found.contacts], found.next)


class _Conversations(Model):
    conversations: list[Conversation]
    pages: Pages | None = None


@intercom.picker("conversation")
async def conversations(http: Http, query: Query) -> Page:
    """Conversations, the latest first."""
    params = {"per_page": PAGE, "starting_after": query.cursor}
    found = await http.get(at(http, "/conversations"), params=params, headers=VERSION, returns=_Conversations)
    choices = [Choice(each.id, each.title or f"Conversation {each.id}", each.state or "") for each in found.conversations]
    return Page(choices, following(found.pages))
