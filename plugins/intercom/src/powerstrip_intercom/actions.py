"""What can be done with people in Intercom. Source: developers.intercom.com/docs/references/rest-api (2.14)."""

from typing import Any

from pydantic import Field

from powerstrip.adapter import Http, Model, Rejected, segment
from powerstrip_intercom.models import (
    Company,
    CompanyUpsert,
    Contact,
    ContactChange,
    Contacts,
    ContactSearch,
    Filter,
    Message,
    NewContact,
    NewNote,
    NewTicket,
    Note,
    Search,
    Sent,
    Tag,
    Tagging,
    Ticket,
    WhichContact,
)
from powerstrip_intercom.provider import VERSION, acting, at, intercom


class Starting(Model):
    """Where the next page begins."""

    starting_after: str | None = None


class Pages(Model):
    """What a list says of its pages."""

    next: Starting | None = None


class _Found(Model):
    data: list[Contact]
    total_count: int = 0
    pages: Pages | None = None


def following(pages: Pages | None) -> str | None:
    """The cursor of the next page."""
    return pages.next.starting_after if pages and pages.next else None


def searched(wanted: Search, *more: Filter) -> dict[str, Any]:
    """A search as Intercom reads it. It wants at least one condition: without any, everything that was ever made."""
    filters = [*wanted.filters, *more] or [Filter(field="created_at", operator=">", value=0)]
    paging = {"per_page": wanted.limit} | ({"starting_after": wanted.cursor} if wanted.cursor else {})
    plain = [each.model_dump(mode="json") for each in filters]
    return {"query": plain[0] if len(plain) == 1 else {"operator": "AND", "value": plain}, "pagination": paging}


async def find_contacts(http: Http, wanted: Search, *more: Filter) -> Contacts:
    """One page of the contacts that fit."""
    path = at(http, "/contacts/search")
    found = await http.post(path, json=searched(wanted, *more), headers=VERSION, returns=_Found)
    return Contacts(contacts=found.data, total=found.total_count, next=following(found.pages))


async def contact_of(http: Http, ref: str) -> Contact:
    """The contact behind an id or an email address. Raises `Rejected` for an address of nobody."""
    if "@" not in ref:
        return await http.get(at(http, f"/contacts/{segment(ref)}"), headers=VERSION, returns=Contact)
    found = await find_contacts(http, Search(limit=1), Filter(field="email", value=ref))
    if not found.contacts:
        raise Rejected("Intercom has no contact of this email address", 404)
    return found.contacts[0]


async def _id_of(http: Http, ref: str) -> str:
    return (await contact_of(http, ref)).id if "@" in ref else ref


def _fields(contact: NewContact | ContactChange) -> dict[str, Any]:
    """A contact's fields as Intercom has them."""
    given = contact.model_dump(mode="json", exclude_none=True, exclude={"owner", "contact"})
    given |= {"owner_id": int(contact.owner)} if contact.owner else {}
    return {name: value for name, value in given.items() if name != "custom_attributes" or value}


@intercom.action("contact.create")
async def create_contact(http: Http, contact: NewContact) -> Contact:
    """Create a contact. Intercom refuses a second user of the same email address."""
    return await http.post(at(http, "/contacts"), json=_fields(contact), headers=VERSION, returns=Contact)


@intercom.action("contact.update", idempotent=True)
async def update_contact(http: Http, change: ContactChange) -> Contact:
    """Change a contact, named by id or email address."""
    fields = _fields(change)
    if change.contact is None:
        fields.pop("email", None)
    if not fields:
        raise Rejected("There is nothing to change: name at least one field")
    id = await _id_of(http, change.contact or str(change.email))  # noqa: A001 - the field's own word
    return await http.put(at(http, f"/contacts/{segment(id)}"), json=fields, headers=VERSION, returns=Contact)


@intercom.action("contact.search", read_only=True)
async def search_contacts(http: Http, wanted: ContactSearch) -> Contacts:
    """Find contacts by email address, name or conditions."""
    more = [Filter(field="email", value=wanted.email)] if wanted.email else []
    more += [Filter(field="name", operator="~", value=wanted.query)] if wanted.query else []
    return await find_contacts(http, wanted, *more)


@intercom.action("contact.get", read_only=True)
async def get_contact(http: Http, which: WhichContact) -> Contact:
    """Read a contact, named by id or email address."""
    return await contact_of(http, which.contact)


@intercom.action("message.send")
async def send_message(http: Http, message: Message) -> Sent:
    """Send a message to a contact, in the Messenger or by email. It begins a conversation once they answer."""
    contact = await contact_of(http, message.contact or str(message.email))
    body: dict[str, Any] = {
        "message_type": message.channel,
        "body": message.text,
        "from": {"type": "admin", "id": await acting(http, message.admin)},
        "to": {"type": "lead" if contact.role == "lead" else "user", "id": contact.id},
    }
    body |= {"subject": message.subject, "template": message.template} if message.channel == "email" else {}
    return await http.post(at(http, "/messages"), json=body, headers=VERSION, returns=Sent)


@intercom.action("ticket.create")
async def create_ticket(http: Http, ticket: NewTicket) -> Ticket:
    """Open a ticket for a contact."""
    whose = {"email": ticket.email} if ticket.email else {"id": await _id_of(http, str(ticket.contact))}
    told = {"_default_title_": ticket.title} | ({"_default_description_": ticket.body} if ticket.body else {})
    body: dict[str, Any] = {
        "ticket_type_id": ticket.ticket_type,
        "contacts": [whose],
        "ticket_attributes": {**ticket.attributes, **told},
    }
    body |= {"company_id": ticket.company} if ticket.company else {}
    return await http.post(at(http, "/tickets"), json=body, headers=VERSION, returns=Ticket)


@intercom.action("tag.add", title="Tag a contact or a conversation", idempotent=True)
async def add_tag(http: Http, tagging: Tagging) -> Tag:
    """Put a tag on a contact or a conversation."""
    tag = await http.post(at(http, "/tags"), json={"name": tagging.tag}, headers=VERSION, returns=Tag)
    if tagging.conversation_id:
        path = f"/conversations/{segment(tagging.conversation_id)}/tags"
        body = {"id": tag.id, "admin_id": await acting(http, tagging.admin)}
    else:
        path = f"/contacts/{segment(await _id_of(http, tagging.contact or str(tagging.email)))}/tags"
        body = {"id": tag.id}
    return await http.post(at(http, path), json=body, headers=VERSION, returns=Tag)


@intercom.action("note.create")
async def create_note(http: Http, note: NewNote) -> Note:
    """Write a note on a contact; teammates alone see it."""
    path = at(http, f"/contacts/{segment(await _id_of(http, note.contact))}/notes")
    body = {"body": note.text, "admin_id": await acting(http, note.admin)}
    return await http.post(path, json=body, headers=VERSION, returns=Note)


class _Company(Company):
    type: str = Field("company", examples=["company"])


@intercom.action("company.upsert", title="Create or update company", idempotent=True)
async def upsert_company(http: Http, company: CompanyUpsert) -> Company:
    """Create the company of your own id, or change the one that there is."""
    body = {name: value for name, value in company.model_dump(mode="json", exclude_none=True).items() if value != {}}
    return await http.post(at(http, "/companies"), json=body, headers=VERSION, returns=_Company)
