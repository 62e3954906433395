"""Sending mail. Source: documentation.mailgun.com/docs/mailgun/api-reference/send/mailgun/messages."""

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, model_validator

from powerstrip.adapter import Content, Http, Model, NoPick, Part, Pick, Rejected, multipart
from powerstrip_mailgun.provider import Address, DomainName, at, domain_of, mailgun

Domain = Annotated[DomainName, Pick("domain")]
HeaderName = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,76}$")]
HeaderValue = Annotated[str, Field(max_length=998, pattern=r"^[^\r\n]*$")]
Switch = Literal["yes", "no"]


class Attachment(Model):
    """A file that goes along. Mailgun takes 25 MB for the whole mail."""

    name: str = Field(min_length=1, max_length=255, examples=["invoice.pdf"])
    """The file's name as the reader sees it."""
    content: Content
    """What is in it."""
    content_type: str = Field("application/octet-stream", max_length=255, pattern=r"^[^\r\n]*$")
    """Its media type."""
    inline: bool = False
    """Shown inside the HTML body, which names it `cid:` and the file's name."""


class _Mail(Model):
    to: list[Address] = Field(min_length=1, max_length=1000, examples=[["ada@example.com"]])
    """Who receives: up to 1000. All see each other, unless `recipient_variables` are given: then each gets a mail alone."""
    sender: Address | None = None
    """Who writes. The integration's from address when left out."""
    cc: list[Address] = Field(default_factory=list[str], max_length=1000)
    """Who gets a copy."""
    bcc: list[Address] = Field(default_factory=list[str], max_length=1000)
    """Who gets a copy unseen."""
    reply_to: Address | None = None
    """Where answers go."""
    attachments: list[Attachment] = Field(default_factory=list[Attachment], max_length=100)
    """Files to attach, 25 MB altogether."""
    headers: dict[HeaderName, HeaderValue] = Field(default_factory=dict[str, str])
    """Further header lines by name, such as `X-Order`."""
    tags: list[Annotated[str, Field(max_length=128)]] = Field(default_factory=list[str], max_length=10)
    """Up to ten words to find and count mails by."""
    variables: dict[str, str] = Field(default_factory=dict[str, str])
    """Texts of yours, told with every event as `user_variables`."""
    recipient_variables: dict[str, dict[str, Any]] = Field(default_factory=dict[str, dict[str, Any]])
    """By address: what `%recipient.name%` stands for in each one's mail."""
    send_at: datetime | None = None
    """When to send: at most three days ahead, or what your plan allows."""
    tracking: Switch | None = None
    """Whether opens and clicks are noticed. The domain's setting when left out."""
    require_tls: bool = False
    """Send over TLS or not at all."""
    test_mode: bool = False
    """Let Mailgun take the mail, count it, and not deliver it."""
    domain: Domain | None = None
    """The domain that sends. The integration's when left out."""


class Email(_Mail):
    """One mail with its text."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"sender": "shop@mg.example.com", "to": ["ada@example.com"], "subject": "Your receipt", "text": "Thank you."}
            ]
        }
    )

    subject: HeaderValue = Field(min_length=1)
    """The subject line."""
    text: str | None = None
    """The mail as plain text. Give this, `html` or both."""
    html: str | None = None
    """The mail as HTML."""

    @model_validator(mode="after")
    def _says_something(self) -> "Email":
        if not self.text and not self.html:
            raise ValueError("Give a text, an html or both")
        return self


class TemplateEmail(_Mail):
    """One mail made from a template."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "sender": "shop@mg.example.com",
                    "to": ["ada@example.com"],
                    "subject": "Welcome",
                    "template": "welcome",
                    "data": {"name": "Ada"},
                }
            ]
        }
    )

    template: Annotated[str, Pick("template"), Field(min_length=1, max_length=256)]
    """The template's name."""
    subject: HeaderValue | None = None
    """The subject line. The template's own when left out, where it has one."""
    data: dict[str, Any] = Field(default_factory=dict[str, Any])
    """What the template's fields are filled with."""
    version: Annotated[str, NoPick("A tag of the template's own."), Field(max_length=256)] | None = None
    """A version's tag. The active version when left out."""
    with_text: bool = False
    """Whether Mailgun makes a plain text beside the HTML."""


class Sent(Model):
    """A mail that Mailgun took."""

    id: str = Field(examples=["<20261123101500.1.0A1B2C3D4E5F@mg.example.com>"])
    """The mail's Message-ID. Events have it, without the angle brackets, in `message.headers`."""
    message: str = Field("", examples=["Queued. Thank you."])


@mailgun.action("email.send", title="Send an email")
async def send(http: Http, email: Email) -> Sent:
    """Send an email. Mailgun takes it and sends later; the events tell what became of it."""
    bodies = (("text", email.text), ("html", email.html))
    own = [("subject", email.subject), *((name, text) for name, text in bodies if text)]
    return await _send(http, email, own)


@mailgun.action("email.send_template", title="Send an email from a template")
async def send_template(http: Http, email: TemplateEmail) -> Sent:
    """Send an email made from a template that is kept in Mailgun."""
    given = {
        "template": email.template,
        "subject": email.subject,
        "t:variables": json.dumps(email.data, ensure_ascii=False) if email.data else None,
        "t:version": email.version,
        "t:text": "yes" if email.with_text else None,
    }
    return await _send(http, email, [(name, text) for name, text in given.items() if text])


async def _send(http: Http, mail: _Mail, own: list[tuple[str, str]]) -> Sent:
    parts = [*(Part(name, text) for name, text in (*_envelope(http, mail), *own)), *map(_attached, mail.attachments)]
    body, kind = await asyncio.to_thread(multipart, parts)
    path = at(http, f"/v3/{domain_of(http, mail.domain)}/messages")
    return await http.post(path, content=body, headers={"Content-Type": kind}, returns=Sent)


def _envelope(http: Http, mail: _Mail) -> Iterator[tuple[str, str]]:
    """What both kinds of mail have, as Mailgun spells it."""
    sender = mail.sender or http.config.get("from_address")
    if not sender:
        raise Rejected("Name a sender, or set the integration's from_address")
    yield "from", sender
    for kind, people in (("to", mail.to), ("cc", mail.cc), ("bcc", mail.bcc), ("o:tag", mail.tags)):
        yield from ((kind, each) for each in people)
    if mail.reply_to:
        yield "h:Reply-To", mail.reply_to
    yield from ((f"h:{name}", value) for name, value in mail.headers.items())
    yield from ((f"v:{name}", value) for name, value in mail.variables.items())
    if mail.recipient_variables:
        yield "recipient-variables", json.dumps(mail.recipient_variables, ensure_ascii=False)
    if mail.send_at:
        at_utc = mail.send_at.replace(tzinfo=mail.send_at.tzinfo or UTC)
        yield "o:deliverytime", format_datetime(at_utc)
    if mail.tracking:
        yield "o:tracking", mail.tracking
    if mail.require_tls:
        yield "o:require-tls", "yes"
    if mail.test_mode:
        yield "o:testmode", "yes"


def _attached(file: Attachment) -> Part:
    kind = "inline" if file.inline else "attachment"
    return Part(kind, file.content, filename=file.name, media_type=file.content_type)
