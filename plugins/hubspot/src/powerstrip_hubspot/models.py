"""What goes to HubSpot and what comes back.

HubSpot keeps all of a record in text properties; the usual ones have fields of their own here, any other goes into `properties`.
"""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, EmailStr, Field, model_validator

from powerstrip.adapter import Model, NoPick, Pick
from powerstrip_hubspot.provider import Wire

Kind = Literal["contacts", "companies", "deals", "tickets"]
Operator = Literal[
    "EQ",
    "NEQ",
    "LT",
    "LTE",
    "GT",
    "GTE",
    "BETWEEN",
    "IN",
    "NOT_IN",
    "HAS_PROPERTY",
    "NOT_HAS_PROPERTY",
    "CONTAINS_TOKEN",
    "NOT_CONTAINS_TOKEN",
]
Text = Annotated[str, Field(max_length=65_536)]
Short = Annotated[str, Field(max_length=1000)]
ContactRef = Annotated[str, Pick("contact"), Field(min_length=1, max_length=254, examples=["ada@example.com"])]
CompanyRef = Annotated[str, Pick("company"), Field(pattern=r"^[0-9]{1,20}$", examples=["4521"])]
DealRef = Annotated[str, Pick("deal"), Field(pattern=r"^[0-9]{1,20}$", examples=["9001"])]
TicketRef = Annotated[str, Pick("ticket"), Field(pattern=r"^[0-9]{1,20}$", examples=["777"])]
Owner = Annotated[str, Pick("owner"), Field(max_length=40, description="Id of the user it belongs to.", examples=["1201"])]
Shown = Annotated[list[Annotated[Short, Pick("property")]], Field(description="Properties to give beside the usual ones.")]
Further = Annotated[dict[str, Text], Field(max_length=500, description="Further properties, by HubSpot's own names.")]
Amount = Annotated[Decimal, Field(ge=0, max_digits=20, decimal_places=6, examples=["1200.50"])]

SPELLING = {
    "first_name": "firstname",
    "last_name": "lastname",
    "job_title": "jobtitle",
    "lifecycle_stage": "lifecyclestage",
    "owner": "hubspot_owner_id",
    "close_date": "closedate",
    "priority": "hs_ticket_priority",
}
"""Our names of properties that HubSpot calls otherwise."""


def spelled(model: Model, names: Mapping[str, str] = SPELLING, leave: tuple[str, ...] = ()) -> dict[str, str]:
    """A model's filled fields as HubSpot's properties: text, by its own names, those of `properties` among them."""
    fields = model.model_dump(mode="json", exclude_none=True, exclude={"properties", *leave})
    further: dict[str, str] = getattr(model, "properties", {})
    return {names.get(name, name): str(value) for name, value in fields.items()} | further


class Record(Wire):
    """A record as HubSpot has it. `properties` are those that were asked for or written, and the usual ones."""

    id: str = Field(examples=["123"])
    properties: dict[str, str | None] = Field(examples=[{"email": "ada@example.com"}])
    created_at: datetime | None = None
    updated_at: datetime | None = None
    archived: bool = False


class _Contact(Model):
    email: EmailStr | None = None
    """The email address."""
    first_name: Short | None = None
    """The first name."""
    last_name: Short | None = None
    """The last name."""
    phone: Short | None = None
    """The phone number."""
    company: Short | None = None
    """The company's name, as text; `object.associate` ties to a company's record."""
    job_title: Short | None = None
    """What the person does."""
    lifecycle_stage: Short | None = Field(None, examples=["lead"])
    """How far the person is: subscriber, lead, customer, or a stage of your own, by its internal name."""
    owner: Owner | None = None
    """The user it belongs to, by id."""
    properties: Further = Field(default_factory=dict)


class NewContact(_Contact):
    email: EmailStr = Field(examples=["ada@example.com"])  # pyright: ignore[reportIncompatibleVariableOverride]
    """The email address: HubSpot keeps one contact for each."""


class ContactChange(_Contact):
    model_config = ConfigDict(json_schema_extra={"examples": [{"email": "ada@example.com", "last_name": "King"}]})

    contact: ContactRef | None = None
    """Its id or its email address. Left out, `email` tells which contact it is."""

    @model_validator(mode="after")
    def _names_one(self) -> "ContactChange":
        if not (self.contact or self.email):
            raise ValueError("name the contact, by id or email address")
        return self


class ContactId(Model):
    contact: ContactRef
    """Its id or its email address."""
    show: Shown = Field(default_factory=list[str], max_length=100)


class ContactToDelete(Model):
    contact: ContactRef
    """Its id or its email address."""


class Filter(Model):
    """One condition on a property."""

    property: Short = Field(examples=["lifecyclestage"])
    """The property, by HubSpot's own name."""
    operator: Operator = "EQ"
    """How to compare."""
    value: Short | None = Field(None, examples=["lead"])
    """What to compare with; none for `HAS_PROPERTY` and `NOT_HAS_PROPERTY`."""
    values: list[Short] | None = Field(None, max_length=100)
    """The values of `IN` and `NOT_IN`."""
    high_value: Short | None = None
    """The upper end of `BETWEEN`; `value` is the lower one."""

    def plain(self) -> dict[str, Any]:
        """As HubSpot reads it."""
        given: dict[str, Any] = {"propertyName": self.property, "operator": self.operator}
        further = {"value": self.value, "values": self.values, "highValue": self.high_value}
        return given | {name: value for name, value in further.items() if value is not None}


class Search(Model):
    query: str | None = Field(None, max_length=3000)
    """Words to look for in the usual properties."""
    filters: list[Filter] = Field(default_factory=list[Filter], max_length=6)
    """Conditions, all of which must hold."""
    sort: str | None = Field(None, max_length=200, examples=["-createdate"])
    """A property to sort by, after `-` downwards."""
    limit: int = Field(20, ge=1, le=200)
    """How many at most."""
    cursor: str | None = Field(None, max_length=200)
    """`next` of the page before. HubSpot shows the first 10,000 that fit."""


class ContactSearch(Search):
    email: EmailStr | None = None
    """The contact of this email address."""
    show: Shown = Field(default_factory=list[str], max_length=100)


class CompanySearch(Search):
    show: list[Annotated[Short, Pick("company_property")]] = Field(default_factory=list[str], max_length=100)
    """Properties to give beside the usual ones."""


class DealSearch(Search):
    show: list[Annotated[Short, Pick("deal_property")]] = Field(default_factory=list[str], max_length=100)
    """Properties to give beside the usual ones."""


class Records(Model):
    records: list[Record]
    total: int = 0
    next: str | None = None


class _Company(Model):
    name: Short | None = Field(None, examples=["Acme"])
    """The company's name."""
    domain: Short | None = Field(None, examples=["acme.example.com"])
    """Its domain, by which HubSpot tells companies apart."""
    industry: Short | None = None
    """By HubSpot's internal name, such as COMPUTER_SOFTWARE."""
    phone: Short | None = None
    """The phone number."""
    city: Short | None = None
    """Where it is."""
    country: Short | None = None
    """Which country it is in."""
    owner: Owner | None = None
    """The user it belongs to, by id."""
    properties: Further = Field(default_factory=dict)


class NewCompany(_Company):
    @model_validator(mode="after")
    def _is_named(self) -> "NewCompany":
        if not (self.name or self.domain):
            raise ValueError("give the company a name or a domain")
        return self


class CompanyChange(_Company):
    company: CompanyRef
    """Its id."""


class Ties(Model):
    """Records that a new one belongs to."""

    contact: ContactRef | None = None
    """A contact that it belongs to, by id or email address."""
    company: CompanyRef | None = None
    """A company that it belongs to, by id."""


class _Deal(Model):
    amount: Amount | None = None
    """What it is worth, in the account's currency."""
    close_date: date | None = None
    """The day on which it is, or was, to be closed."""
    owner: Owner | None = None
    """The user it belongs to, by id."""
    properties: Further = Field(default_factory=dict)


class NewDeal(_Deal, Ties):
    name: Short = Field(min_length=1, examples=["Acme, 50 seats"])
    """What the deal is called."""
    pipeline: Annotated[Short, Pick("pipeline")] = "default"
    """The pipeline that it goes through, by id."""
    stage: Annotated[Short, Pick("stage")] = Field("appointmentscheduled", examples=["qualifiedtobuy"])
    """Where it stands in the pipeline, by id."""


class DealChange(_Deal):
    deal: DealRef
    """Its id."""
    name: Short | None = None
    """What it is to be called."""
    pipeline: Annotated[Short, Pick("pipeline")] | None = None
    """The pipeline that it moves to, by id; then name the stage too."""
    stage: Annotated[Short, Pick("stage")] | None = None
    """The stage that it moves to, by id."""


class _Ticket(Model):
    body: Text | None = None
    """What the matter is."""
    priority: Literal["LOW", "MEDIUM", "HIGH", "URGENT"] | None = None
    """How urgent it is."""
    owner: Owner | None = None
    """The user it belongs to, by id."""
    properties: Further = Field(default_factory=dict)


class NewTicket(_Ticket, Ties):
    title: Short = Field(min_length=1, examples=["Cannot sign in"])
    """The ticket in a few words."""
    pipeline: Annotated[Short, Pick("ticket_pipeline")] = "0"
    """The pipeline that it goes through, by id; 0 is the first one."""
    stage: Annotated[Short, Pick("ticket_stage")] = "1"
    """Where it stands in the pipeline, by id; 1 is "new"."""


class TicketChange(_Ticket):
    ticket: TicketRef
    """Its id."""
    title: Short | None = None
    """What it is to be called."""
    pipeline: Annotated[Short, Pick("ticket_pipeline")] | None = None
    """The pipeline that it moves to, by id; then name the stage too."""
    stage: Annotated[Short, Pick("ticket_stage")] | None = None
    """The stage that it moves to, by id."""


class NewNote(Ties):
    text: Text = Field(min_length=1, examples=["Called, will decide in May."])
    """The note; HTML is kept."""
    email: EmailStr | None = Field(None, examples=["ada@example.com"])
    """A contact that it belongs to, by email address: as `contact`."""
    deal: DealRef | None = None
    """A deal that it belongs to, by id."""
    ticket: TicketRef | None = None
    """A ticket that it belongs to, by id."""
    at: datetime | None = Field(None, examples=["2026-01-01T09:00:00Z"])
    """When it was, with a time zone; left out, now."""
    owner: Owner | None = None
    """The user it belongs to, by id."""


class Association(Model):
    from_kind: Kind = Field(examples=["deals"])
    """The kind of the one record."""
    from_id: Annotated[Short, Pick("from_record")] = Field(pattern=r"^[0-9]{1,20}$", examples=["9001"])
    """The one record, by id."""
    to_kind: Kind = Field(examples=["contacts"])
    """The kind of the other record."""
    to_id: Annotated[Short, Pick("to_record")] = Field(pattern=r"^[0-9]{1,20}$", examples=["123"])
    """The other record, by id."""


class Associated(Model):
    from_id: Annotated[str, NoPick("an answer")] = Field(examples=["9001"])
    to_id: Annotated[str, NoPick("an answer")] = Field(examples=["123"])
    labels: list[str] = Field(default_factory=list[str])


class ListMembers(Model):
    contacts: list[ContactRef] = Field(min_length=1, max_length=100, examples=[["123"]])
    """Contacts to put on it, by id or email address."""
    list: Annotated[str, Pick("list")] = Field(pattern=r"^[0-9]{1,20}$", examples=["42"])
    """The list, by id. It must be one that is filled by hand."""


class Members(Model):
    added: list[str] = Field(default_factory=list[str], examples=[["123"]])
    missing: list[str] = Field(default_factory=list[str], examples=[[]])


class Deleted(Model):
    contact: str = Field(examples=["123"])
