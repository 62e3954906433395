"""What goes to Intercom and what comes back. Times come as seconds since 1970 and are told as dates."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, EmailStr, Field, model_validator

from powerstrip.adapter import Model, Pick

ID = r"^[A-Za-z0-9_-]{1,64}$"
Text = Annotated[str, Field(min_length=1, max_length=50_000)]
ContactRef = Annotated[str, Pick("contact"), Field(min_length=1, max_length=254, examples=["ada@example.com"])]
ConversationId = Annotated[str, Pick("conversation"), Field(pattern=ID, examples=["215468465"])]
AdminId = Annotated[str, Pick("admin"), Field(pattern=r"^[0-9]{1,20}$", examples=["814860"])]
TeamId = Annotated[str, Pick("team"), Field(pattern=r"^[0-9]{1,20}$", examples=["5017690"])]
Attributes = Annotated[dict[str, Any], Field(max_length=200, description="Attributes of your own, by name.")]
Operator = Literal["=", "!=", "IN", "NIN", "<", "<=", ">", ">=", "~", "!~", "^", "$"]


class Contact(Model):
    """A person: a user, or a lead who has not signed up."""

    id: str = Field(examples=["63a0c1d2e3f4a5b6c7d8e9f0"])
    role: str | None = Field(None, examples=["user"])
    email: str | None = None
    name: str | None = None
    phone: str | None = None
    external_id: str | None = None
    owner_id: int | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    custom_attributes: dict[str, Any] = Field(default_factory=dict[str, Any])


class _ContactFields(Model):
    email: EmailStr | None = None
    """The email address."""
    name: str | None = Field(None, max_length=255)
    """The person's name."""
    phone: str | None = Field(None, max_length=40)
    """The phone number, with its country code."""
    external_id: Annotated[str, Field(max_length=255)] | None = Field(None, json_schema_extra={"x-no-picker": "your own id"})
    """Your own id of the person."""
    owner: AdminId | None = None
    """The teammate whom the contact belongs to, by id."""
    custom_attributes: Attributes = Field(default_factory=dict)


class NewContact(_ContactFields):
    model_config = ConfigDict(json_schema_extra={"examples": [{"email": "ada@example.com", "name": "Ada King"}]})

    role: Literal["user", "lead"] = "user"
    """A user has signed up; a lead has not yet."""

    @model_validator(mode="after")
    def _can_be_told_apart(self) -> "NewContact":
        if self.role == "user" and not (self.email or self.external_id):
            raise ValueError("a user has an email address or an id of your own")
        return self


class ContactChange(_ContactFields):
    model_config = ConfigDict(json_schema_extra={"examples": [{"email": "ada@example.com", "name": "Ada King"}]})

    contact: ContactRef | None = None
    """Its id or email address. Left out, `email` tells which contact it is."""

    @model_validator(mode="after")
    def _names_one(self) -> "ContactChange":
        if not (self.contact or self.email):
            raise ValueError("name the contact, by id or email address")
        return self


class WhichContact(Model):
    contact: ContactRef
    """Its id or email address."""


class Filter(Model):
    """One condition on a field."""

    field: str = Field(max_length=200, examples=["custom_attributes.plan"])
    """The field, by Intercom's name."""
    operator: Operator = "="
    """How to compare; `~` is "contains", `^` "begins with", `$` "ends with"."""
    value: str | int | bool | list[str] = Field(examples=["pro"])
    """What to compare with: a list for `IN` and `NIN`, times as seconds since 1970."""


class Search(Model):
    filters: list[Filter] = Field(default_factory=list[Filter], max_length=15)
    """Conditions, all of which must hold."""
    limit: int = Field(20, ge=1, le=150)
    """How many at most."""
    cursor: str | None = Field(default=None, max_length=500)
    """`next` of the page before."""


class ContactSearch(Search):
    email: EmailStr | None = None
    """The contact of this email address."""
    query: str | None = Field(None, max_length=200)
    """What the name contains."""


class Contacts(Model):
    contacts: list[Contact]
    total: int = 0
    next: str | None = None


class Conversation(Model):
    id: str = Field(examples=["215468465"])
    title: str | None = None
    state: str | None = Field(None, examples=["open"])
    open: bool | None = None
    priority: str | None = None
    admin_assignee_id: int | None = None
    team_assignee_id: int | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


class Conversations(Model):
    conversations: list[Conversation]
    total: int = 0
    next: str | None = None


class ConversationRef(Model):
    conversation_id: ConversationId
    """Which conversation, by id."""


class _Acts(ConversationRef):
    admin: AdminId | None = None
    """The teammate who does it, by id; left out, the integration's own."""


class Reply(_Acts):
    text: Text = Field(examples=["Thanks, we are looking into it."])
    """What to say; HTML is kept."""
    note: bool = False
    """Whether only teammates see it."""
    attachment_urls: list[str] = Field(default_factory=list[str], max_length=10, examples=[["https://example.com/a.png"]])
    """Addresses of files to attach."""


class Closing(_Acts):
    text: Text | None = None
    """A last word, if any."""


class Assignment(_Acts):
    model_config = ConfigDict(json_schema_extra={"examples": [{"conversation_id": "215468465", "assignee": "814860"}]})

    assignee: AdminId | None = None
    """The teammate to give it to, by id."""
    team: TeamId | None = None
    """The team to give it to, by id. With neither, nobody has it."""
    text: Text | None = None
    """A word to go with it, if any."""

    @model_validator(mode="after")
    def _one(self) -> "Assignment":
        if self.assignee and self.team:
            raise ValueError("give it to a teammate or to a team")
        return self


class Message(Model):
    model_config = ConfigDict(json_schema_extra={"examples": [{"email": "ada@example.com", "text": "Hello Ada"}]})

    contact: ContactRef | None = None
    """To whom: a contact's id or email address."""
    email: EmailStr | None = None
    """To whom, by email address: as `contact`."""
    text: Text = Field(examples=["Hello Ada"])
    """What to say; HTML in emails."""
    subject: str | None = Field(None, max_length=500)
    """The subject of an email."""
    channel: Literal["inapp", "email"] = "inapp"
    """In the Messenger, or by email."""
    template: Literal["plain", "personal"] = "plain"
    """How an email looks."""
    admin: AdminId | None = None
    """The teammate who writes, by id; left out, the integration's own."""

    @model_validator(mode="after")
    def _whole(self) -> "Message":
        if bool(self.contact) == bool(self.email):
            raise ValueError("name one contact: as `contact` or as `email`")
        if self.channel == "email" and not self.subject:
            raise ValueError("an email has a subject")
        return self


class Sent(Model):
    id: str = Field(examples=["403918330"])
    message_type: str = Field("inapp", examples=["inapp"])
    conversation_id: str | None = None
    created_at: datetime | None = None


class NewTicket(Model):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"ticket_type": "1234", "title": "Cannot sign in", "email": "ada@example.com"}]}
    )

    ticket_type: Annotated[str, Pick("ticket_type"), Field(pattern=r"^[0-9]{1,20}$")] = Field(examples=["1234"])
    """What kind of ticket, by id."""
    title: str = Field(min_length=1, max_length=500, examples=["Cannot sign in"])
    """The ticket in a few words."""
    body: Text | None = None
    """What the matter is."""
    contact: ContactRef | None = None
    """Whose it is: a contact's id or email address."""
    email: EmailStr | None = None
    """Whose it is, by email address; Intercom makes the contact if there is none."""
    company: Annotated[str, Pick("company"), Field(pattern=ID)] | None = Field(None, examples=["63a0c1d2"])
    """The company it is about, by id."""
    attributes: Attributes = Field(default_factory=dict)

    @model_validator(mode="after")
    def _whose(self) -> "NewTicket":
        if bool(self.contact) == bool(self.email):
            raise ValueError("name one contact: as `contact` or as `email`")
        return self


class Ticket(Model):
    id: str = Field(examples=["494"])
    ticket_id: str | None = Field(None, examples=["53"])
    open: bool | None = None
    created_at: datetime | None = None


class Tagging(Model):
    model_config = ConfigDict(json_schema_extra={"examples": [{"tag": "VIP", "email": "ada@example.com"}]})

    tag: Annotated[str, Pick("tag"), Field(min_length=1, max_length=200, examples=["VIP"])]
    """The tag, by name; it is made if there is none."""
    contact: ContactRef | None = None
    """The contact to tag, by id or email address."""
    email: EmailStr | None = None
    """The contact to tag, by email address: as `contact`."""
    conversation_id: ConversationId | None = None
    """The conversation to tag, by id."""
    admin: AdminId | None = None
    """The teammate who tags a conversation, by id; left out, the integration's own."""

    @model_validator(mode="after")
    def _one(self) -> "Tagging":
        if sum(map(bool, (self.contact, self.email, self.conversation_id))) != 1:
            raise ValueError("name one thing to tag: a contact, by `contact` or `email`, or a conversation")
        return self


class Tag(Model):
    id: str = Field(examples=["7522907"])
    name: str = Field("", examples=["VIP"])


class NewNote(WhichContact):
    text: Text = Field(examples=["Called, will decide in May."])
    """The note."""
    admin: AdminId | None = None
    """The teammate who writes it, by id; left out, the integration's own."""


class Note(Model):
    id: str = Field(examples=["17495962"])
    created_at: datetime | None = None


class CompanyUpsert(Model):
    company_id: Annotated[str, Field(min_length=1, max_length=255)] = Field(
        examples=["acme-1"], json_schema_extra={"x-no-picker": "your own id"}
    )
    """Your own id of the company: it tells whether there is one."""
    name: str | None = Field(None, max_length=255, examples=["Acme"])
    """The company's name."""
    plan: str | None = Field(None, max_length=255)
    """The plan it is on."""
    website: str | None = Field(None, max_length=255)
    """Its website."""
    custom_attributes: Attributes = Field(default_factory=dict)


class Company(Model):
    id: str = Field(examples=["63a0c1d2"])
    company_id: str | None = Field(None, examples=["acme-1"])
    name: str | None = None
