"""What can be done at Postmark, and the values to choose from.

Source of the paths and names: Postmark's developer documentation, https://postmarkapp.com/developer.
"""

from email.utils import parseaddr
from typing import Any, TypeVar

from pydantic import Field

from powerstrip.adapter import Account, Choice, Http, Page, Query, Rejected, segment
from powerstrip_postmark.models import (
    Batch,
    BatchResults,
    BatchSent,
    BounceList,
    BounceQuery,
    Bounces,
    DeliveryStats,
    Email,
    Message,
    MessageRef,
    Nothing,
    Paged,
    Sent,
    SentMessage,
    TemplateEmail,
    TemplateList,
    Templates,
)
from powerstrip_postmark.provider import Wire, postmark

M = TypeVar("M", bound=Message)

PAGE = 100
"""Choices on a picker's page."""
RECENT = 500
"""Sent messages that the senders are taken from, Postmark's largest page."""
REACH = 10_000
"""How deep Postmark lets a list be read: offset and count together."""


@postmark.action("email.send", title="Send an email")
async def send(http: Http, email: Email) -> Sent:
    """Send one email."""
    return await http.post("/email", json=_filled(http, email), returns=Sent)


@postmark.action("email.send_with_template", title="Send an email from a template")
async def send_with_template(http: Http, email: TemplateEmail) -> Sent:
    """Send one email made from a template kept in Postmark."""
    wire: dict[str, Any] = _filled(http, email).model_dump(mode="json", by_alias=True, exclude_none=True)
    template = wire.pop("Template")  # an alias begins with a letter, so that a number is always an id
    named = {"TemplateId": int(template)} if template.isdecimal() else {"TemplateAlias": template}
    return await http.post("/email/withTemplate", json=wire | named, returns=Sent)


@postmark.action("email.send_batch", title="Send several emails")
async def send_batch(http: Http, batch: Batch) -> BatchSent:
    """Send up to 500 emails in one request. Each is taken or refused by itself: look at the results."""
    messages = [_filled(http, email) for email in batch.messages]
    results = (await http.post("/email/batch", json=messages, returns=BatchResults)).root
    refused = sum(result.error_code != 0 for result in results)
    return BatchSent(accepted=len(results) - refused, refused=refused, results=results)


@postmark.action("template.list", title="List templates", read_only=True)
async def list_templates(http: Http, page: Paged) -> Templates:
    """List the templates of the server."""
    found = await http.get("/templates", params={"Count": page.limit, "Offset": _offset(page.cursor)}, returns=TemplateList)
    return Templates(
        templates=found.templates,
        total_count=found.total_count,
        next=_next(page.cursor, page.limit, found.total_count),
    )


@postmark.action("bounce.list", title="List bounces", read_only=True)
async def list_bounces(http: Http, query: BounceQuery) -> Bounces:
    """List emails that came back, the latest first."""
    params = {
        "count": query.limit,
        "offset": _offset(query.cursor),
        "type": query.type,
        "inactive": query.inactive,
        "emailFilter": query.email,
        "messageID": query.message_id,
        "tag": query.tag,
        "fromdate": query.from_date,
        "todate": query.to_date,
        "messagestream": query.message_stream,
    }
    found = await http.get("/bounces", params=params, returns=BounceList)
    return Bounces(
        bounces=found.bounces,
        total_count=found.total_count,
        next=_next(query.cursor, query.limit, found.total_count),
    )


@postmark.action("message.get", title="Get a sent email", read_only=True)
async def get_message(http: Http, message: MessageRef) -> SentMessage:
    """Read a sent email and what became of it. Postmark keeps it for 45 days unless set otherwise."""
    return await http.get(f"/messages/outbound/{segment(message.message_id)}/details", returns=SentMessage)


@postmark.action("delivery.stats", title="Get delivery statistics", read_only=True)
async def delivery_stats(http: Http, nothing: Nothing) -> DeliveryStats:
    """Count bounces by kind, and the addresses that are no longer sent to."""
    return await http.get("/deliverystats", returns=DeliveryStats)


@postmark.picker("template")
async def templates(http: Http, query: Query) -> Page:
    """Templates to send with: by alias, or by number where there is no alias. Layouts are left out."""
    params = {"Count": PAGE, "Offset": _offset(query.cursor), "TemplateType": "Standard"}
    found = await http.get("/templates", params=params, returns=TemplateList)
    return Page(
        choices=[Choice(each.alias or str(each.template_id), each.name, each.alias or "") for each in found.templates],
        next=_next(query.cursor, PAGE, found.total_count),
    )


class _Stream(Wire):
    id: str
    name: str
    description: str | None = None
    message_stream_type: str = ""


class _Streams(Wire):
    message_streams: list[_Stream] = Field(default_factory=list[_Stream])


@postmark.picker("message_stream")
async def message_streams(http: Http, query: Query) -> Page:
    """Streams to send through. Those for incoming mail are left out."""
    found = await http.get("/message-streams", returns=_Streams)
    sending = [each for each in found.message_streams if each.message_stream_type != "Inbound"]
    return Page([Choice(each.id, each.name, each.description or "") for each in sending])


class _Sent(Wire):
    message_id: str = ""
    sender: str | None = None
    subject: str | None = None
    status: str = ""


class _Outbound(Wire):
    total_count: int = 0
    messages: list[_Sent] = Field(default_factory=list[_Sent])


@postmark.picker("message")
async def messages(http: Http, query: Query) -> Page:
    """Sent emails, the latest first. Postmark reaches back 45 days unless set otherwise."""
    params = {"count": PAGE, "offset": _offset(query.cursor)}
    found = await http.get("/messages/outbound", params=params, returns=_Outbound)
    choices = [Choice(each.message_id, each.subject or each.message_id, each.status) for each in found.messages]
    return Page(choices, _next(query.cursor, PAGE, found.total_count))


@postmark.picker("sender")
async def senders(http: Http, query: Query) -> Page:
    """The integration's from address and those that sent the last 500 emails.

    Postmark tells the list of sender signatures only to an account token, which this integration does not hold. An address
    that has not sent yet can be typed in.
    """
    found = await http.get("/messages/outbound", params={"count": RECENT, "offset": 0}, returns=_Outbound)
    default = http.config.get("from_address") or ""
    pairs = [parseaddr(text) for text in (default, *(each.sender or "" for each in found.messages))]
    names: dict[str, str] = {}
    for name, address in pairs:
        names[address] = names.get(address) or name
    return Page([Choice(address, address, name) for address, name in names.items() if address])


class _Server(Wire):
    id: str
    name: str
    delivery_type: str = ""


@postmark.account
async def account(http: Http) -> Account:
    """The Postmark server that the token belongs to."""
    server = await http.get("/server", returns=_Server)
    return Account(id=server.id, name=server.name, detail=server.delivery_type)


def _filled(http: Http, message: M) -> M:
    """The message with the integration's sender and stream where it names none. Raises `Rejected` without any sender."""
    sender = message.sender or http.config.get("from_address")
    if not sender:
        raise Rejected("Say who sends: give a sender, or set a from address on the integration")
    stream = message.message_stream or http.config.get("message_stream")
    return message.model_copy(update={"sender": sender, "message_stream": stream})


def _offset(cursor: str | None) -> int:
    return int(cursor or 0)


def _next(cursor: str | None, limit: int, total: int) -> str | None:
    """The cursor of the page after this one, None when there is none or Postmark would not read that far."""
    after = _offset(cursor) + limit
    return str(after) if after < min(total, REACH) else None
