"""What Salesforce tells: records made, changed and deleted, by outbound messages or found by a poll.

An outbound message is SOAP 1.1 with up to a hundred notifications. It is not signed; it names its organisation, which must be the
endpoint's. It wants to hear `Ack`. Source: developer.salesforce.com, "Outbound Messaging" in the SOAP API Developer Guide.
"""

from collections.abc import Iterator
from typing import Any, Literal, TypeAlias
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from pydantic import Field

from powerstrip.adapter import Acknowledgement, Delivery, Incoming, Model, Rejected, variant
from powerstrip.adapter.signatures import salesforce_organization
from powerstrip_salesforce.provider import salesforce

Change: TypeAlias = Literal["created", "updated", "deleted"]
OUTBOUND = "{http://soap.sforce.com/2005/09/outbound}"
XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
ACK = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>'
    '<notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack></notificationsResponse>'
    "</soapenv:Body></soapenv:Envelope>"
)
ABOUT = {
    "created": "A record was made.",
    "updated": "A record was changed, or an outbound message does not say when it was made.",
    "deleted": "A record was put into the recycle bin. Polls alone find that.",
}


class _Event(Model):
    id: str = Field(examples=["003000000000001AAA"])
    """The record."""
    object: str = Field(examples=["Contact"])
    fields: dict[str, Any] = Field(default_factory=dict[str, Any], examples=[{"LastName": "King"}])
    """What was asked for: the fields of the outbound message, or of the poll."""
    organization: str | None = Field(None, examples=["00D000000000001AAA"])


for _change, _words in ABOUT.items():
    salesforce.event(f"record.{_change}", entity="record", key="id")(
        variant(_Event, f"record.{_change}", _words, {"change": _change})
    )


def told(change: Change, kind: str, id: str, fields: dict[str, Any], organization: str | None = None) -> dict[str, Any]:
    """An event's data."""
    data = {"change": change, "object": kind, "id": id, "fields": fields}
    return data | ({"organization": organization} if organization else {})


@salesforce.webhook(verify=salesforce_organization(), acknowledges=Acknowledgement(ACK, "text/xml"))
def receive(delivery: Delivery) -> list[Incoming]:
    """The notifications of one outbound message. A session id that comes along is not taken out of it."""
    message = _parsed(delivery.body).find(f".//{OUTBOUND}notifications")
    organization = message.findtext(f"{OUTBOUND}OrganizationId", "").strip() if message is not None else ""
    if message is None or not organization:
        raise Rejected("This is no outbound message of Salesforce")
    return [_incoming(each, organization) for each in message.findall(f"{OUTBOUND}Notification")]


def _parsed(body: bytes) -> Element:
    """The message. Raises `Rejected` for what is not well formed, and for a DTD or an entity of its own."""
    try:
        text = body.decode()
        if "<!" in text or "\0" in text:
            raise Rejected("An outbound message holds no declarations")
        return ElementTree.fromstring(text)  # noqa: S314 - no DTD, so no entity to expand, and the hub limits the size
    except (UnicodeDecodeError, ElementTree.ParseError, ValueError):
        raise Rejected("This is no XML in UTF-8") from None


def _incoming(notification: Element, organization: str) -> Incoming:
    key, record = notification.findtext(f"{OUTBOUND}Id"), notification.find(f"{OUTBOUND}sObject")
    if not key or record is None:
        raise Rejected("A notification of the outbound message names no record")
    fields = dict(_fields(record))
    kind, which = record.get(f"{XSI}type", "").rpartition(":")[2], fields.pop("Id", None)
    if not kind or not which:
        raise Rejected("A notification of the outbound message names no record")
    return Incoming(told(_change_of(fields), kind, which, fields, organization), key.strip(), organization)


def _fields(record: Element) -> Iterator[tuple[str, str | None]]:
    for each in record:
        empty = each.get(f"{XSI}nil") in ("true", "1")
        yield each.tag.rpartition("}")[2], None if empty else (each.text or "")


def _change_of(fields: dict[str, str | None]) -> Change:
    """Made, where the message says that it was made when it was last changed; else changed."""
    made = fields.get("CreatedDate")
    last = fields.get("SystemModstamp") or fields.get("LastModifiedDate")
    return "created" if made and made == last else "updated"
