"""What can be done in HubSpot. Source: developers.hubspot.com/docs/api/crm (objects v3, associations v4, lists v3)."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic import Field

from powerstrip.adapter import Http, Model, Rejected, segment
from powerstrip_hubspot.models import (
    Associated,
    Association,
    CompanyChange,
    CompanySearch,
    ContactChange,
    ContactId,
    ContactSearch,
    ContactToDelete,
    DealChange,
    DealSearch,
    Deleted,
    ListMembers,
    Members,
    NewCompany,
    NewContact,
    NewDeal,
    NewNote,
    NewTicket,
    Record,
    Records,
    Search,
    TicketChange,
    Ties,
    spelled,
)
from powerstrip_hubspot.provider import Wire, hubspot

OBJECTS = "/crm/v3/objects"
DEAL = {"name": "dealname", "stage": "dealstage", "owner": "hubspot_owner_id", "close_date": "closedate"}
TICKET = {
    **{"title": "subject", "body": "content", "pipeline": "hs_pipeline", "stage": "hs_pipeline_stage"},
    **{"priority": "hs_ticket_priority", "owner": "hubspot_owner_id"},
}
USUAL = {
    "contacts": ("email", "firstname", "lastname", "phone", "company", "lifecyclestage", "hubspot_owner_id"),
    "companies": ("name", "domain", "industry", "city", "country", "hubspot_owner_id"),
    "deals": ("dealname", "amount", "dealstage", "pipeline", "closedate", "hubspot_owner_id"),
    "tickets": ("subject", "content", "hs_pipeline", "hs_pipeline_stage", "hs_ticket_priority", "hubspot_owner_id"),
}
"""Properties that are always given."""
TIES = {
    ("deals", "contact"): 3,
    ("deals", "company"): 341,
    ("tickets", "contact"): 16,
    ("tickets", "company"): 339,
    ("notes", "contact"): 202,
    ("notes", "company"): 190,
    ("notes", "deal"): 214,
    ("notes", "ticket"): 228,
}
"""HubSpot's own types of associations without a label. Source: …/crm/associations, "Association type ID values"."""


class _After(Model):
    after: str


class _Paging(Model):
    next: _After | None = None


class _Found(Wire):
    results: list[Record]
    total: int = 0
    paging: _Paging | None = None


def _by(contact: str) -> dict[str, str] | None:
    """What tells HubSpot that a contact is named by its email address."""
    return {"idProperty": "email"} if "@" in contact else None


async def _contact_id(http: Http, contact: str) -> str:
    """The id behind an email address; an id is taken as it is."""
    if "@" not in contact:
        return contact
    path = f"{OBJECTS}/contacts/{segment(contact)}"
    return (await http.get(path, params={"idProperty": "email", "properties": "email"}, returns=Record)).id


async def _ties(http: Http, kind: str, to: Ties) -> list[dict[str, Any]]:
    """The associations of a new record of this kind."""
    names = {name: getattr(to, name, None) for name in ("contact", "company", "deal", "ticket")}
    given = {name: str(value) for name, value in names.items() if value}
    if "contact" in given:
        given["contact"] = await _contact_id(http, given["contact"])
    return [
        {
            "to": {"id": value},
            "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": TIES[kind, name]}],
        }
        for name, value in given.items()
    ]


async def _create(http: Http, kind: str, properties: dict[str, str], ties: list[dict[str, Any]] | None = None) -> Record:
    body = {"properties": properties} | ({"associations": ties} if ties else {})
    return await http.post(f"{OBJECTS}/{kind}", json=body, returns=Record)


async def _update(http: Http, kind: str, id: str, properties: dict[str, str]) -> Record:
    if not properties:
        raise Rejected("There is nothing to change: name at least one property")
    by = _by(id) if kind == "contacts" else None
    return await http.patch(f"{OBJECTS}/{kind}/{segment(id)}", json={"properties": properties}, params=by, returns=Record)


async def search(http: Http, kind: str, wanted: Search, show: Sequence[str] = (), *more: dict[str, Any]) -> Records:
    """One page of the records of a kind that fit."""
    filters = [*(each.plain() for each in wanted.filters), *more]
    body: dict[str, Any] = {"limit": wanted.limit, "properties": [*USUAL[kind], *show]}
    body |= {"filterGroups": [{"filters": filters}]} if filters else {}
    body |= {"query": wanted.query} if wanted.query else {}
    body |= {"after": wanted.cursor} if wanted.cursor else {}
    body |= {"sorts": [wanted.sort]} if wanted.sort else {}
    found = await http.post(f"{OBJECTS}/{kind}/search", json=body, returns=_Found)
    after = found.paging.next.after if found.paging and found.paging.next else None
    return Records(records=found.results, total=found.total, next=after)


@hubspot.action("contact.create")
async def create_contact(http: Http, contact: NewContact) -> Record:
    """Create a contact. HubSpot refuses a second one of the same email address."""
    return await _create(http, "contacts", spelled(contact))


@hubspot.action("contact.update", idempotent=True)
async def update_contact(http: Http, change: ContactChange) -> Record:
    """Change a contact, named by id or email address."""
    named = change.contact or str(change.email)
    return await _update(http, "contacts", named, spelled(change, leave=("contact",) if change.contact else ("contact", "email")))


class _Upserted(Model):
    results: list[Record] = Field(min_length=1)


@hubspot.action("contact.upsert", title="Create or update contact", idempotent=True)
async def upsert_contact(http: Http, contact: NewContact) -> Record:
    """Create the contact of an email address, or change the one that there is."""
    one = {"idProperty": "email", "id": contact.email, "properties": spelled(contact)}
    return (await http.post(f"{OBJECTS}/contacts/batch/upsert", json={"inputs": [one]}, returns=_Upserted)).results[0]


@hubspot.action("contact.get", read_only=True)
async def get_contact(http: Http, which: ContactId) -> Record:
    """Read a contact, named by id or email address."""
    params = {"properties": ",".join([*USUAL["contacts"], *which.show])} | (_by(which.contact) or {})
    return await http.get(f"{OBJECTS}/contacts/{segment(which.contact)}", params=params, returns=Record)


@hubspot.action("contact.search", read_only=True)
async def search_contacts(http: Http, wanted: ContactSearch) -> Records:
    """Find contacts by words, email address or conditions."""
    mail = [{"propertyName": "email", "operator": "EQ", "value": wanted.email}] if wanted.email else []
    return await search(http, "contacts", wanted, wanted.show, *mail)


@hubspot.action("contact.delete", idempotent=True, destructive=True)
async def delete_contact(http: Http, which: ContactToDelete) -> Deleted:
    """Archive a contact. HubSpot lets people restore it for 90 days."""
    contact = await _contact_id(http, which.contact)
    await http.send("DELETE", f"{OBJECTS}/contacts/{segment(contact)}")
    return Deleted(contact=contact)


@hubspot.action("company.create")
async def create_company(http: Http, company: NewCompany) -> Record:
    """Create a company."""
    return await _create(http, "companies", spelled(company))


@hubspot.action("company.update", idempotent=True)
async def update_company(http: Http, change: CompanyChange) -> Record:
    """Change a company."""
    return await _update(http, "companies", change.company, spelled(change, leave=("company",)))


@hubspot.action("company.search", read_only=True)
async def search_companies(http: Http, wanted: CompanySearch) -> Records:
    """Find companies by words or conditions."""
    return await search(http, "companies", wanted, wanted.show)


@hubspot.action("deal.create")
async def create_deal(http: Http, deal: NewDeal) -> Record:
    """Create a deal, for a contact and a company where they are named."""
    return await _create(http, "deals", spelled(deal, DEAL, leave=("contact", "company")), await _ties(http, "deals", deal))


@hubspot.action("deal.update", idempotent=True)
async def update_deal(http: Http, change: DealChange) -> Record:
    """Change a deal, or move it to another stage."""
    return await _update(http, "deals", change.deal, spelled(change, DEAL, leave=("deal",)))


@hubspot.action("deal.search", read_only=True)
async def search_deals(http: Http, wanted: DealSearch) -> Records:
    """Find deals by words or conditions."""
    return await search(http, "deals", wanted, wanted.show)


@hubspot.action("ticket.create")
async def create_ticket(http: Http, ticket: NewTicket) -> Record:
    """Open a ticket, for a contact and a company where they are named."""
    return await _create(
        http, "tickets", spelled(ticket, TICKET, leave=("contact", "company")), await _ties(http, "tickets", ticket)
    )


@hubspot.action("ticket.update", idempotent=True)
async def update_ticket(http: Http, change: TicketChange) -> Record:
    """Change a ticket, or move it to another stage."""
    return await _update(http, "tickets", change.ticket, spelled(change, TICKET, leave=("ticket",)))


@hubspot.action("note.create")
async def create_note(http: Http, note: NewNote) -> Record:
    """Write a note on a contact, a company, a deal or a ticket."""
    if note.email and note.contact and note.email != note.contact:
        raise Rejected("Name one contact: `contact` and `email` differ")
    ties = await _ties(http, "notes", note.model_copy(update={"contact": note.contact or note.email}))
    at = note.at or datetime.now(UTC)
    if at.tzinfo is None:
        raise Rejected("at: give the time with its zone, such as 2026-01-01T09:00:00Z")
    stamp = at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    properties = {"hs_note_body": note.text, "hs_timestamp": stamp} | ({"hubspot_owner_id": note.owner} if note.owner else {})
    return await _create(http, "notes", properties, ties)


class _Labelled(Wire):
    from_object_id: str | int = Field(examples=["9001"])
    to_object_id: str | int = Field(examples=["123"])
    labels: list[str] = Field(default_factory=list[str])


class _Tied(Model):
    results: list[_Labelled | dict[str, Any]] = Field(default_factory=list[Any])


@hubspot.action("object.associate", title="Associate two records", idempotent=True)
async def associate(http: Http, tie: Association) -> Associated:
    """Tie two records to each other, such as a deal to a contact."""
    path = f"/crm/v4/objects/{tie.from_kind}/{segment(tie.from_id)}/associations/default/{tie.to_kind}/{segment(tie.to_id)}"
    found = await http.put(path, returns=_Tied)
    labels = [label for each in found.results if isinstance(each, _Labelled) for label in each.labels]
    return Associated(from_id=tie.from_id, to_id=tie.to_id, labels=list(dict.fromkeys(labels)))


class _Changed(Wire):
    records_ids_added: list[str | int] = Field(default_factory=list[str | int], examples=[["123"]])
    record_ids_missing: list[str | int] = Field(default_factory=list[str | int], examples=[[]])


@hubspot.action("list.add_contacts", title="Put contacts on a list", idempotent=True)
async def add_to_list(http: Http, members: ListMembers) -> Members:
    """Put contacts on a list that is filled by hand."""
    ids = await asyncio.gather(*(_contact_id(http, each) for each in members.contacts))
    path = f"/crm/v3/lists/{segment(members.list)}/memberships/add"
    done = await http.put(path, json=ids, returns=_Changed)
    return Members(added=[str(each) for each in done.records_ids_added], missing=[str(each) for each in done.record_ids_missing])
