"""What else can be done at Mailgun, and the values to choose from.

Source: documentation.mailgun.com/docs/mailgun/api-reference.
"""

from datetime import datetime
from typing import Annotated, Any, Literal
from urllib.parse import parse_qs, urlsplit

from pydantic import ConfigDict, EmailStr, Field

from powerstrip.adapter import Choice, Http, Model, Page, Part, Pick, Query, multipart, segment
from powerstrip_mailgun.provider import at, dashed, domain_of, mailgun
from powerstrip_mailgun.sending import Domain

Kind = Literal["bounces", "unsubscribes", "complaints"]
Limit = Annotated[int, Field(ge=1, le=300)]
Cursor = Annotated[str, Field(max_length=2048)]
MailingList = Annotated[str, Pick("mailing_list"), Field(min_length=3, max_length=512)]


class _Paging(Model):
    next: str | None = None


class EventQuery(Model):
    """Which events to list."""

    event: (
        Literal["accepted", "delivered", "failed", "rejected", "opened", "clicked", "unsubscribed", "complained", "stored"] | None
    ) = None
    """Only events of this kind."""
    recipient: EmailStr | None = None
    """Only what happened to mails to this address."""
    message_id: Annotated[str, Field(max_length=998)] | None = Field(
        None, json_schema_extra={"x-no-picker": "email.send answers with it"}
    )
    """Only what happened to this mail, by its Message-ID without angle brackets."""
    tags: Annotated[str, Field(max_length=512)] | None = None
    """Only mails with this tag; ` AND ` and ` OR ` may stand between several."""
    mailing_list: MailingList | None = None
    """Only mails that were sent to this mailing list."""
    begin: datetime | None = None
    """From when on. Mailgun keeps events for days to a month, by plan."""
    end: datetime | None = None
    """Until when."""
    oldest_first: bool = False
    """The newest come first otherwise."""
    limit: Limit = 100
    """Events a page."""
    cursor: Cursor | None = None
    """`next` of the page before."""
    domain: Domain | None = None
    """Events of this domain. The integration's when left out."""


class Event(Model):
    """One thing that happened to a mail."""

    model_config = ConfigDict(alias_generator=dashed)

    id: str
    event: str = Field(examples=["delivered"])
    timestamp: float = Field(examples=[1_790_000_000.25])
    """Seconds since 1970."""
    recipient: str | None = Field(None, examples=["ada@example.com"])
    severity: str | None = None
    reason: str | None = None
    tags: list[str] | None = None
    message: dict[str, Any] | None = None
    delivery_status: dict[str, Any] | None = None
    user_variables: dict[str, Any] | list[Any] | None = None


class _Events(Model):
    items: list[Event]
    paging: _Paging = Field(default_factory=_Paging)


class Events(Model):
    """A page of events."""

    events: list[Event]
    next: str | None = None


@mailgun.action("event.list", read_only=True)
async def list_events(http: Http, query: EventQuery) -> Events:
    """List what happened to mails. A page that came back empty may fill later: the newest events take a while to be listed."""
    path = f"/v3/{domain_of(http, query.domain)}/events"
    if query.cursor:
        found = await http.get(at(http, f"{path}/{segment(query.cursor)}"), returns=_Events)
    else:
        params = {
            "event": query.event,
            "recipient": query.recipient,
            "message-id": query.message_id,
            "tags": query.tags,
            "list": query.mailing_list,
            "begin": query.begin.timestamp() if query.begin else None,
            "end": query.end.timestamp() if query.end else None,
            "ascending": "yes" if query.oldest_first else "no",
            "limit": query.limit,
        }
        found = await http.get(at(http, path), params=params, returns=_Events)
    last = urlsplit(found.paging.next or "").path.rpartition("/")[2]
    return Events(events=found.items, next=last or None if found.items else None)


class SuppressionQuery(Model):
    """Which suppressed addresses to list."""

    kind: Kind = "bounces"
    """Why Mailgun does not send to them."""
    begins_with: Annotated[str, Field(max_length=320)] = ""
    """Only addresses that begin so."""
    limit: Annotated[int, Field(ge=1, le=1000)] = 100
    """Addresses a page."""
    cursor: Cursor | None = None
    """`next` of the page before."""
    domain: Domain | None = None
    """Those of this domain. The integration's when left out."""


class Suppressed(Model):
    """An address that Mailgun does not send to."""

    address: str = Field(examples=["ada@example.com"])
    created_at: str | None = Field(None, examples=["Mon, 23 Nov 2026 10:15:00 UTC"])
    code: str | None = Field(None, coerce_numbers_to_str=True, examples=["550"])
    error: str | None = None
    tags: list[str] | None = None


class _Suppressed(Model):
    items: list[Suppressed]
    paging: _Paging = Field(default_factory=_Paging)


class Suppressions(Model):
    """A page of suppressed addresses."""

    suppressions: list[Suppressed]
    next: str | None = None


@mailgun.action("suppression.list", read_only=True)
async def list_suppressions(http: Http, query: SuppressionQuery) -> Suppressions:
    """List addresses that Mailgun does not send to, and why."""
    after = {"page": "next", "address": query.cursor} if query.cursor else {"page": "", "address": ""}
    params = {"limit": query.limit, "term": query.begins_with, **after}
    found = await http.get(_suppressed(http, query.kind, query.domain), params=params, returns=_Suppressed)
    pivot = parse_qs(urlsplit(found.paging.next or "").query).get("address", [""])[0]
    return Suppressions(suppressions=found.items, next=pivot or None if len(found.items) == query.limit else None)


class NewSuppressions(Model):
    """Addresses that Mailgun shall not send to."""

    emails: list[EmailStr] = Field(min_length=1, max_length=1000, examples=[["ada@example.com"]])
    """The addresses."""
    kind: Kind = "unsubscribes"
    """Why: they want no mail, it does not arrive, or they called it spam."""
    tags: list[str] = Field(default_factory=list[str], max_length=100)
    """Of unsubscribes: only mails with one of these tags. All mails when left out."""
    reason: Annotated[str, Field(max_length=1000)] = ""
    """Of bounces: what their server said."""
    domain: Domain | None = None
    """For mails of this domain. The integration's when left out."""


class Told(Model):
    """What Mailgun says of it."""

    message: str = Field(examples=["1 addresses have been added to the unsubscribes table"])


@mailgun.action("suppression.add", title="Stop sending to addresses", idempotent=True)
async def add_suppressions(http: Http, new: NewSuppressions) -> Told:
    """Let Mailgun send nothing more to these addresses. One that is there already stays there."""
    more: dict[str, Any] = {"unsubscribes": {"tags": new.tags or ["*"]}, "bounces": {"code": "550", "error": new.reason}}
    rows = [{"address": each} | more.get(new.kind, {}) for each in new.emails]
    return await http.post(_suppressed(http, new.kind, new.domain), json=rows, returns=Told)


class OldSuppression(Model):
    """An address that Mailgun may send to again."""

    email: EmailStr = Field(examples=["ada@example.com"])
    """The address."""
    kind: Kind = "unsubscribes"
    """The table it is in."""
    domain: Domain | None = None
    """For mails of this domain. The integration's when left out."""


@mailgun.action("suppression.remove", title="Send to an address again", idempotent=True)
async def remove_suppression(http: Http, old: OldSuppression) -> Told:
    """Let Mailgun send to an address again. Make sure that its owner agrees."""
    path = f"{_suppressed(http, old.kind, old.domain)}/{segment(old.email)}"
    return await http.delete(path, returns=Told)


def _suppressed(http: Http, kind: Kind, domain: str | None) -> str:
    return at(http, f"/v3/{domain_of(http, domain)}/{kind}")


class DomainRef(Model):
    """Which domain."""

    domain: Domain | None = None
    """The integration's when left out."""


class Record(Model):
    """A DNS record that the domain needs, and whether Mailgun found it."""

    record_type: str = Field(examples=["TXT"])
    name: str | None = Field(None, examples=["mg.example.com"])
    value: str = Field(examples=["v=spf1 include:mailgun.org ~all"])
    priority: str | None = None
    valid: str = Field(examples=["valid"])


class _State(Model):
    name: str = Field(examples=["mg.example.com"])
    state: str = Field(examples=["active"])


class _Verified(Model):
    message: str = ""
    domain: _State
    sending_dns_records: list[Record] | None = None
    receiving_dns_records: list[Record] | None = None


class Verified(Model):
    """How the domain stands."""

    domain: str
    state: Literal["active", "unverified", "disabled"] | str = Field(examples=["active"])
    """`active` once its records for sending are in place."""
    message: str = ""
    sending: list[Record] = Field(default_factory=list[Record])
    receiving: list[Record] = Field(default_factory=list[Record])


@mailgun.action("domain.verify", title="Verify a domain", idempotent=True)
async def verify_domain(http: Http, which: DomainRef) -> Verified:
    """Let Mailgun look at the domain's DNS records again, and tell which it found."""
    found = await http.put(at(http, f"/v4/domains/{domain_of(http, which.domain)}/verify"), returns=_Verified)
    return Verified(
        domain=found.domain.name,
        state=found.domain.state,
        message=found.message,
        sending=found.sending_dns_records or [],
        receiving=found.receiving_dns_records or [],
    )


class NewMember(Model):
    """Somebody for a mailing list."""

    mailing_list: MailingList = Field(examples=["news@mg.example.com"])
    """The list's address."""
    email: EmailStr = Field(examples=["ada@example.com"])
    """The member's address."""
    name: Annotated[str, Field(max_length=256)] | None = None
    """The member's name."""
    subscribed: bool = True
    """Whether the list's mails go to them."""


class _Member(Model):
    address: str = Field(examples=["ada@example.com"])
    name: str | None = None
    subscribed: bool = True


class Member(Model):
    """A member of a mailing list."""

    member: _Member
    message: str = ""


@mailgun.action("list.add_member", title="Add somebody to a mailing list", idempotent=True)
async def add_member(http: Http, new: NewMember) -> Member:
    """Add somebody to a mailing list, or change the member that is there."""
    fields = {"address": new.email, "name": new.name, "subscribed": "yes" if new.subscribed else "no", "upsert": "yes"}
    body, kind = multipart(Part(name, text) for name, text in fields.items() if text)
    path = at(http, f"/v3/lists/{segment(new.mailing_list)}/members")
    return await http.post(path, content=body, headers={"Content-Type": kind}, returns=Member)


class _Domains(Model):
    items: list[_State]
    total_count: int = 0


@mailgun.picker("domain", searches=True)
async def domains(http: Http, query: Query) -> Page:
    """The account's domains."""
    skip = _number(query)
    params = {"limit": 100, "skip": skip, "search": query.search or None}
    found = await http.get(at(http, "/v4/domains"), params=params, returns=_Domains)
    choices = [Choice(each.name, each.name, "" if each.state == "active" else each.state) for each in found.items]
    return Page(choices, _following(skip, found))


class _Template(Model):
    name: str = Field(examples=["welcome"])
    description: str | None = None


class _Templates(Model):
    items: list[_Template] | None = None
    paging: _Paging = Field(default_factory=_Paging)


@mailgun.picker("template")
async def templates(http: Http, query: Query) -> Page:
    """The domain's templates."""
    path = at(http, f"/v3/{domain_of(http, query.values.get('domain'))}/templates")
    params = {"limit": 100, "page": "next" if query.cursor else None, "p": query.cursor}
    found = await http.get(path, params=params, returns=_Templates)
    items = found.items or []
    choices = [Choice(each.name, each.name, each.description or "") for each in items]
    return Page(choices, items[-1].name if len(items) == 100 else None)


class _List(Model):
    address: str = Field(examples=["news@mg.example.com"])
    name: str = ""
    members_count: int = 0


class _Lists(Model):
    items: list[_List]
    total_count: int = 0


@mailgun.picker("mailing_list")
async def mailing_lists(http: Http, query: Query) -> Page:
    """The account's mailing lists."""
    skip = _number(query)
    found = await http.get(at(http, "/v3/lists"), params={"limit": 100, "skip": skip}, returns=_Lists)
    choices = [Choice(each.address, each.name or each.address, f"{each.members_count} members") for each in found.items]
    return Page(choices, _following(skip, found))


def _number(query: Query) -> int:
    return int(query.cursor) if query.cursor and query.cursor.isdecimal() else 0


def _following(skip: int, found: _Domains | _Lists) -> str | None:
    seen = skip + len(found.items)
    return str(seen) if found.items and seen < found.total_count else None
