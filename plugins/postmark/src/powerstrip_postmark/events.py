"""What Postmark tells by webhook.

Postmark does not sign what it sends: it is known by the user name and password that the hub puts into the webhook's URL. Source:
https://postmarkapp.com/developer/webhooks/webhooks-overview.
"""

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from powerstrip.adapter import Delivery, Incoming, Rejected
from powerstrip.adapter.signatures import basic_password
from powerstrip_postmark.provider import Wire, postmark


class _Sent(Wire):
    """What is told about every sent email."""

    message_id: str
    message_stream: str | None = None
    server_id: str | None = None
    tag: str | None = None
    metadata: dict[str, str] = Field(default_factory=dict[str, str])


@postmark.event("email.delivered")
class Delivered(_Sent):
    """The recipient's server took the email."""

    record_type: Literal["Delivery"]
    recipient: str
    delivered_at: datetime
    details: str | None = None


class _Returned(_Sent):
    id: str
    type: str
    email: str
    bounced_at: datetime
    name: str | None = None
    description: str | None = None
    details: str | None = None
    subject: str | None = None
    sender: str | None = None
    inactive: bool | None = None
    """Whether Postmark has stopped sending to this address."""
    can_activate: bool | None = None


@postmark.event("email.bounced")
class Bounced(_Returned):
    """The email came back."""

    record_type: Literal["Bounce"]


@postmark.event("email.spam_complaint")
class SpamComplaint(_Returned):
    """The recipient called the email spam."""

    record_type: Literal["SpamComplaint"]


class _Seen(_Sent):
    recipient: str
    received_at: datetime
    platform: str | None = None
    user_agent: str | None = None


@postmark.event("email.opened")
class Opened(_Seen):
    """The recipient opened the email."""

    record_type: Literal["Open"]
    first_open: bool


@postmark.event("email.clicked")
class Clicked(_Seen):
    """The recipient followed a link in the email."""

    record_type: Literal["Click"]
    original_link: str
    click_location: str | None = None


class Person(Wire):
    """One party of an email."""

    email: str
    name: str = ""


class ReceivedFile(Wire):
    """A file attached to an email that came in."""

    name: str
    content: str
    """The file in base64."""
    content_type: str = "application/octet-stream"
    content_length: int = 0
    content_id: str | None = None


@postmark.event("email.received")
class Received(Wire):
    """An email came in at the server's inbound address."""

    message_id: str
    from_full: Person
    to_full: list[Person]
    cc_full: list[Person] = Field(default_factory=list[Person])
    subject: str
    date: str
    """As the sender's mail program wrote it."""
    text_body: str = ""
    html_body: str = ""
    stripped_text_reply: str = ""
    """The text without what it quotes, where Postmark could tell."""
    original_recipient: str = ""
    mailbox_hash: str = ""
    """What stood after `+` in the address."""
    tag: str = ""
    message_stream: str | None = None
    attachments: list[ReceivedFile] = Field(default_factory=list[ReceivedFile])


@postmark.webhook(verify=basic_password())
def receive(delivery: Delivery) -> Incoming:
    """One event. Postmark gives it no id of its own, so the body tells it from others."""
    data: Any = delivery.json()
    match data:
        case {"ServerID": int(server)}:
            return Incoming(data, account=str(server))
        case {}:
            return Incoming(data)
        case _:
            raise Rejected("A Postmark delivery is one JSON object")
