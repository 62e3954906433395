"""Values to choose from. Sources: developers.hubspot.com/docs/api/crm/owners, …/pipelines, …/properties and …/lists."""

from collections.abc import Callable

from pydantic import Field

from powerstrip.adapter import Choice, Http, Model, Page, Query
from powerstrip_hubspot.actions import search
from powerstrip_hubspot.models import Record, Search
from powerstrip_hubspot.provider import Wire, hubspot

PAGE = 100


class _Owner(Wire):
    id: str
    email: str = ""
    first_name: str = ""
    last_name: str = ""


class _After(Model):
    after: str


class _Next(Model):
    next: _After | None = None


class _Owners(Model):
    results: list[_Owner]
    paging: _Next | None = None


@hubspot.picker("owner")
async def owners(http: Http, query: Query) -> Page:
    """Users that records can belong to."""
    found = await http.get("/crm/v3/owners", params={"limit": PAGE, "after": query.cursor}, returns=_Owners)
    choices = [Choice(each.id, f"{each.first_name} {each.last_name}".strip() or each.email, each.email) for each in found.results]
    return Page(choices, found.paging.next.after if found.paging and found.paging.next else None)


class _Named(Wire):
    id: str
    label: str = ""


class _Pipeline(_Named):
    stages: list[_Named] = Field(default_factory=list[_Named])


class _Pipelines(Model):
    results: list[_Pipeline]


async def _pipelines(http: Http, kind: str) -> list[_Pipeline]:
    return (await http.get(f"/crm/v3/pipelines/{kind}", returns=_Pipelines)).results


async def _stages(http: Http, kind: str, query: Query) -> Page:
    """The stages of the pipeline that was chosen; of all where none was."""
    chosen = query.values.get("pipeline")
    found = [each for each in await _pipelines(http, kind) if chosen in (None, "", each.id)]
    return Page([Choice(stage.id, stage.label or stage.id, each.label) for each in found for stage in each.stages])


@hubspot.picker("pipeline")
async def pipelines(http: Http, query: Query) -> Page:
    """Pipelines that deals go through."""
    return Page([Choice(each.id, each.label or each.id) for each in await _pipelines(http, "deals")])


@hubspot.picker("stage", depends=("pipeline",))
async def stages(http: Http, query: Query) -> Page:
    """Stages of a deal."""
    return await _stages(http, "deals", query)


@hubspot.picker("ticket_pipeline")
async def ticket_pipelines(http: Http, query: Query) -> Page:
    """Pipelines that tickets go through."""
    return Page([Choice(each.id, each.label or each.id) for each in await _pipelines(http, "tickets")])


@hubspot.picker("ticket_stage", depends=("pipeline",))
async def ticket_stages(http: Http, query: Query) -> Page:
    """Stages of a ticket."""
    return await _stages(http, "tickets", query)


class _Property(Wire):
    name: str
    label: str = ""
    type: str = ""


class _Properties(Model):
    results: list[_Property]


async def _properties(http: Http, kind: str) -> Page:
    found = await http.get(f"/crm/v3/properties/{kind}", params={"archived": False}, returns=_Properties)
    return Page([Choice(each.name, each.label or each.name, each.type) for each in found.results])


@hubspot.picker("property")
async def properties(http: Http, query: Query) -> Page:
    """Properties of contacts."""
    return await _properties(http, "contacts")


@hubspot.picker("company_property")
async def company_properties(http: Http, query: Query) -> Page:
    """Properties of companies."""
    return await _properties(http, "companies")


@hubspot.picker("deal_property")
async def deal_properties(http: Http, query: Query) -> Page:
    """Properties of deals."""
    return await _properties(http, "deals")


@hubspot.picker("ticket_property")
async def ticket_properties(http: Http, query: Query) -> Page:
    """Properties of tickets."""
    return await _properties(http, "tickets")


class _List(Wire):
    list_id: str | int = Field(examples=["42"])
    name: str
    processing_type: str = ""


class _Lists(Wire):
    lists: list[_List]
    offset: int = 0
    has_more: bool = False


@hubspot.picker("list", searches=True)
async def lists(http: Http, query: Query) -> Page:
    """Lists of contacts that are filled by hand."""
    offset = int(query.cursor) if query.cursor and query.cursor.isdecimal() else 0
    body = {"query": query.search, "offset": offset, "count": PAGE, "processingTypes": ["MANUAL", "SNAPSHOT"]}
    found = await http.post("/crm/v3/lists/search", json=body, returns=_Lists)
    choices = [Choice(str(each.list_id), each.name, each.processing_type.lower()) for each in found.lists]
    return Page(choices, str(found.offset) if found.has_more else None)


def _person(record: Record) -> Choice:
    told = record.properties
    name = " ".join(filter(None, (told.get("firstname"), told.get("lastname"))))
    return Choice(record.id, name or told.get("email") or record.id, told.get("email") or "")


def _titled(title: str, detail: str) -> Callable[[Record], Choice]:
    return lambda record: Choice(record.id, record.properties.get(title) or record.id, record.properties.get(detail) or "")


SHOWN: dict[str, Callable[[Record], Choice]] = {
    "contacts": _person,
    "companies": _titled("name", "domain"),
    "deals": _titled("dealname", "dealstage"),
    "tickets": _titled("subject", "hs_pipeline_stage"),
}


async def _records(http: Http, kind: str, query: Query) -> Page:
    changed = "-lastmodifieddate" if kind == "contacts" else "-hs_lastmodifieddate"
    wanted = Search(query=query.search[:1000] or None, limit=PAGE, cursor=query.cursor, sort=changed)
    found = await search(http, kind, wanted)
    return Page([SHOWN[kind](each) for each in found.records], found.next)


@hubspot.picker("contact", searches=True)
async def contacts(http: Http, query: Query) -> Page:
    """Contacts, the last changed first."""
    return await _records(http, "contacts", query)


@hubspot.picker("company", searches=True)
async def companies(http: Http, query: Query) -> Page:
    """Companies, the last changed first."""
    return await _records(http, "companies", query)


@hubspot.picker("deal", searches=True)
async def deals(http: Http, query: Query) -> Page:
    """Deals, the last changed first."""
    return await _records(http, "deals", query)


@hubspot.picker("ticket", searches=True)
async def tickets(http: Http, query: Query) -> Page:
    """Tickets, the last changed first."""
    return await _records(http, "tickets", query)


async def _of_kind(http: Http, field: str, query: Query) -> Page:
    kind = str(query.values.get(field))
    return await _records(http, kind if kind in SHOWN else "contacts", query)


@hubspot.picker("from_record", searches=True, depends=("from_kind",))
async def from_records(http: Http, query: Query) -> Page:
    """Records of the one kind."""
    return await _of_kind(http, "from_kind", query)


@hubspot.picker("to_record", searches=True, depends=("to_kind",))
async def to_records(http: Http, query: Query) -> Page:
    """Records of the other kind."""
    return await _of_kind(http, "to_kind", query)
