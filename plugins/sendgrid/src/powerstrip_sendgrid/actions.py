"""What can be done at SendGrid, and the values to choose from. Source: www.twilio.com/docs/sendgrid/api-reference."""

import base64
from datetime import datetime
from email.utils import parseaddr
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, EmailStr, Field, RootModel, model_validator

from powerstrip.adapter import Choice, Http, Model, NoPick, Page, Pick, Query, Rejected, segment
from powerstrip_sendgrid.provider import at, sendgrid

Addresses = Annotated[list[EmailStr], Field(max_length=1000)]


class Attachment(Model):
    name: str = Field(min_length=1, max_length=255, examples=["invoice.pdf"])
    """The file's name."""
    content: bytes
    """What is in it."""
    content_type: str = Field("application/octet-stream", max_length=255)
    """Its media type."""
    content_id: Annotated[str, NoPick("a name of your own")] | None = Field(
        None, max_length=255, description="For a picture inside the HTML: `cid:…`."
    )


class _Mail(Model):
    to: Annotated[Addresses, Field(min_length=1)] = Field(
        description="One mail, which all of them see.", examples=[["ada@example.com"]]
    )
    sender: Annotated[EmailStr, Pick("sender")] | None = Field(None, description="Left out, the integration's from address.")
    cc: Addresses = Field(default_factory=list)
    """Who gets a copy, for all to see."""
    bcc: Addresses = Field(default_factory=list)
    """Who gets a copy that nobody sees."""
    reply_to: EmailStr | None = None
    """Where answers go."""
    categories: list[str] = Field(default_factory=list, max_length=10)
    """Words to count the mail under."""
    custom_args: dict[str, str] = Field(default_factory=dict, description="Texts of your own, told with every event.")
    send_at: datetime | None = Field(None, description="At most 72 hours ahead.")
    attachments: list[Attachment] = Field(default_factory=list, max_length=100)
    """Files that go along."""


class Email(_Mail):
    subject: str = Field(min_length=1, max_length=998)
    """The subject line."""
    text: str | None = None
    """The mail as plain text."""
    html: str | None = None
    """The mail as HTML."""

    @model_validator(mode="after")
    def _says_something(self) -> "Email":
        if not self.text and not self.html:
            raise ValueError("give a text or html")
        return self

    model_config = ConfigDict(json_schema_extra={"examples": [{"to": ["ada@example.com"], "subject": "Hello", "text": "Hi Ada"}]})


class TemplateEmail(_Mail):
    template: Annotated[str, Pick("template")] = Field(description="A dynamic template's id, d-….", examples=["d-sample"])
    data: dict[str, Any] = Field(default_factory=dict, description="What the template's fields are filled with.")


class Sent(Model):
    message_id: str = Field(examples=["LRzXl_NHStOGhQ4kofSm_A"])
    """The events of the mail begin with it in `sg_message_id`."""


def _envelope(http: Http, mail: _Mail) -> dict[str, Any]:
    """What both kinds of mail have, as SendGrid spells it."""
    sender = mail.sender or http.config.get("from_address")
    if not sender:
        raise Rejected("Name a sender, or set the integration's from_address")
    people = {"to": mail.to, "cc": mail.cc, "bcc": mail.bcc}
    person: dict[str, Any] = {kind: [_person(each) for each in found] for kind, found in people.items() if found}
    body: dict[str, Any] = {"personalizations": [person], "from": _person(sender)}
    body |= {"reply_to": _person(mail.reply_to)} if mail.reply_to else {}
    body |= {"categories": mail.categories} if mail.categories else {}
    body |= {"custom_args": mail.custom_args} if mail.custom_args else {}
    body |= {"send_at": int(mail.send_at.timestamp())} if mail.send_at else {}
    return body | ({"attachments": [_attached(each) for each in mail.attachments]} if mail.attachments else {})


def _person(address: str) -> dict[str, str]:
    name, email = parseaddr(address)
    return {"email": email, "name": name} if name else {"email": email}


def _attached(file: Attachment) -> dict[str, str]:
    body = {"filename": file.name, "type": file.content_type, "content": base64.b64encode(file.content).decode()}
    return body | ({"content_id": file.content_id, "disposition": "inline"} if file.content_id else {})


async def _send(http: Http, body: dict[str, Any]) -> Sent:
    reply = await http.send("POST", at(http, "/mail/send"), json=body)
    return Sent(message_id=reply.headers.get("x-message-id", ""))


@sendgrid.action("email.send", title="Send an email")
async def send(http: Http, email: Email) -> Sent:
    """Send an email. SendGrid takes it and sends later; the events tell what became of it."""
    parts = (("text/plain", email.text), ("text/html", email.html))
    content = [{"type": kind, "value": text} for kind, text in parts if text]
    return await _send(http, _envelope(http, email) | {"subject": email.subject, "content": content})


@sendgrid.action("email.send_with_template", title="Send an email from a template")
async def send_with_template(http: Http, email: TemplateEmail) -> Sent:
    """Send an email made from a dynamic template."""
    body: dict[str, Any] = _envelope(http, email) | {"template_id": email.template}
    if email.data:
        body["personalizations"][0]["dynamic_template_data"] = email.data
    return await _send(http, body)


class Contact(Model):
    email: EmailStr
    """The address that the contact is known by."""
    first_name: str | None = Field(None, max_length=50)
    """First name."""
    last_name: str | None = Field(None, max_length=50)
    """Last name."""
    city: str | None = Field(None, max_length=60)
    """Where they live."""
    country: str | None = Field(None, max_length=50)
    """The country they live in."""
    phone_number: str | None = None
    """A telephone number, as text."""
    custom_fields: dict[str, str | float] = Field(default_factory=dict, description="By the field's id.")


ListId = Annotated[str, Pick("list")]


class Upsert(Model):
    model_config = ConfigDict(json_schema_extra={"examples": [{"contacts": [{"email": "ada@example.com", "first_name": "Ada"}]}]})

    contacts: list[Contact] = Field(min_length=1, max_length=30_000)
    """People to add or to change."""
    lists: list[ListId] = Field(default_factory=list, description="Lists that they join.")


class Job(Model):
    job_id: str


@sendgrid.action("contact.upsert", idempotent=True)
async def upsert_contacts(http: Http, upsert: Upsert) -> Job:
    """Add contacts, or change those there are, by email address. SendGrid does it within minutes."""
    return await _upsert(http, upsert.contacts, upsert.lists)


async def _upsert(http: Http, contacts: list[Contact], lists: list[str]) -> Job:
    rows = [each.model_dump(exclude_none=True, exclude_defaults=True) for each in contacts]
    body: dict[str, Any] = {"contacts": rows} | ({"list_ids": lists} if lists else {})
    return await http.put(at(http, "/marketing/contacts"), json=body, returns=Job)


class Joining(Model):
    list: ListId = Field(examples=["ca7ba4f5-0000-4000-8000-000000000000"])
    """The list."""
    emails: Annotated[Addresses, Field(min_length=1)] = Field(examples=[["ada@example.com"]])
    """The people's addresses."""


@sendgrid.action("list.add_contacts", idempotent=True)
async def add_to_list(http: Http, joining: Joining) -> Job:
    """Put people on a list, by email address."""
    return await _upsert(http, [Contact.model_validate({"email": each}) for each in joining.emails], [joining.list])


class Suppressions(Model):
    kind: Literal["bounces", "blocks", "invalid_emails", "spam_reports", "unsubscribes"] = "bounces"
    """Why SendGrid does not send to them."""
    limit: int = Field(100, ge=1, le=500)
    """How many at most."""
    cursor: str | None = Field(None, pattern=r"^[0-9]{1,9}$")
    """`next` of the page before."""


class Suppressed(Model):
    email: str = Field(examples=["ada@example.com"])
    reason: str | None = None
    created: datetime


class _Suppressed(RootModel[list[Suppressed]]):
    pass


class SuppressedList(Model):
    suppressions: list[Suppressed]
    next: str | None = None


@sendgrid.action("suppression.list", read_only=True)
async def list_suppressions(http: Http, query: Suppressions) -> SuppressedList:
    """List addresses that SendGrid does not send to, and why."""
    offset = int(query.cursor or 0)
    path = at(http, f"/suppression/{query.kind}")
    found = (await http.get(path, params={"limit": query.limit, "offset": offset}, returns=_Suppressed)).root
    return SuppressedList(suppressions=found, next=str(offset + query.limit) if len(found) == query.limit else None)


class Paged(Model):
    limit: int = Field(100, ge=1, le=200)
    """How many at most."""
    cursor: str | None = None
    """`next` of the page before."""


class Template(Model):
    id: str = Field(examples=["d-sample"])
    name: str


class _Meta(Model):
    next: str | None = None


class _Templates(Model):
    result: list[Template]
    meta: _Meta = Field(default_factory=_Meta, alias="_metadata")


class Templates(Model):
    templates: list[Template]
    next: str | None = None


def _token(address: str | None) -> str | None:
    """The page's mark in the address of the next page."""
    return address.partition("page_token=")[2].partition("&")[0] or None if address else None


@sendgrid.action("template.list", read_only=True)
async def list_templates(http: Http, page: Paged) -> Templates:
    """List dynamic templates."""
    params = {"generations": "dynamic", "page_size": page.limit, "page_token": page.cursor}
    found = await http.get(at(http, "/templates"), params=params, returns=_Templates)
    return Templates(templates=found.result, next=_token(found.meta.next))


@sendgrid.picker("template")
async def templates(http: Http, query: Query) -> Page:
    """Dynamic templates."""
    found = await list_templates(http, Paged(limit=100, cursor=query.cursor))
    return Page([Choice(each.id, each.name) for each in found.templates], found.next)


class _Senders(Model):
    class Row(Model):
        id: int
        from_email: str
        from_name: str | None = None
        verified: bool = False

    results: list[Row]


@sendgrid.picker("sender")
async def senders(http: Http, query: Query) -> Page:
    """Verified senders. Every address of an authenticated domain may write, too."""
    params = {"limit": 100, "lastSeenID": query.cursor}
    found = (await http.get(at(http, "/verified_senders"), params=params, returns=_Senders)).results
    choices = [Choice(each.from_email, each.from_name or each.from_email) for each in found if each.verified]
    return Page(choices, str(found[-1].id) if len(found) == 100 else None)


@sendgrid.picker("list")
async def lists(http: Http, query: Query) -> Page:
    """Lists of contacts."""
    params = {"page_size": 100, "page_token": query.cursor}
    found = await http.get(at(http, "/marketing/lists"), params=params, returns=_Templates)
    return Page([Choice(each.id, each.name) for each in found.result], _token(found.meta.next))


def webhook_path(http: Http, id: str = "") -> str:
    """The event webhook's settings."""
    return at(http, "/user/webhooks/event/settings" + (f"/{segment(id)}" if id else ""))
