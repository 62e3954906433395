"""Gmail: sending, finding and reading mail. Source: developers.google.com/workspace/gmail/api/reference/rest."""

import asyncio
import base64
import binascii
import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import getaddresses
from typing import Annotated, Any

from pydantic import ConfigDict, Field, field_validator, model_validator

from powerstrip.adapter import Choice, Content, Http, Model, Page, Pick, Query, Rejected, Unavailable, segment
from powerstrip_google.provider import Wire, google

LINE = r"^[^\r\n]*$"
MAX_MESSAGE = 25 * 1024 * 1024
"""Bytes of a message with its attachments, which Gmail sends."""
MAX_SIMPLE = 5 * 1024 * 1024
"""Bytes of a message that goes as JSON; a larger one is uploaded."""
PAGE = 20

Addresses = Annotated[
    str | list[str], Field(description="One or more, with names if you like.", examples=["Ada <ada@example.com>"])
]
MessageRef = Annotated[str, Pick("message"), Field(min_length=1, max_length=100, examples=["18c2f0invented"])]


class Attachment(Model):
    """A file to attach."""

    name: str = Field(min_length=1, max_length=255, pattern=LINE, examples=["offer.pdf"])
    """As the reader sees it."""
    content: Content
    """What is in it."""
    content_type: str = Field("application/octet-stream", pattern=r"^[\w.+-]+/[\w.+-]+$")
    """Its media type."""


class NewMail(Model):
    """A mail to send."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"to": "ada@example.com", "subject": "Hello", "text": "Hi Ada"}]})

    to: Addresses
    subject: str = Field(max_length=998, pattern=LINE, examples=["Hello"])
    """Its subject."""
    text: str | None = Field(None, max_length=5_000_000)
    """Its text. Give a text, HTML, or both."""
    html: str | None = Field(None, max_length=5_000_000)
    """The same as HTML."""
    cc: Addresses | None = None
    bcc: Addresses | None = None
    sender: str | None = Field(None, max_length=320, pattern=LINE, examples=["Sales <sales@example.com>"])
    """One of the account's addresses, as Gmail's settings have them. Left out, the account's own."""
    reply_to: str | None = Field(None, max_length=320, pattern=LINE)
    """Where answers go."""
    attachments: list[Attachment] | None = Field(None, max_length=50, description="Files to attach, 25 MB altogether.")
    in_reply_to: MessageRef | None = Field(None, description="The message that it answers: it joins its conversation.")

    @field_validator("to", "cc", "bcc")
    @classmethod
    def _addresses(cls, given: str | list[str] | None) -> str | list[str] | None:
        for each in [given] if isinstance(given, str) else given or []:
            found = getaddresses([each])
            if "\n" in each or "\r" in each or not found or not all("@" in address for _, address in found):
                raise ValueError("write addresses as ada@example.com or Ada <ada@example.com>")
        return given

    @model_validator(mode="after")
    def _has_body(self) -> "NewMail":
        if self.text is None and self.html is None:
            raise ValueError("give a text, HTML, or both")
        return self


class Sent(Wire):
    """The mail as Gmail keeps it."""

    id: str
    thread_id: str
    label_ids: list[str] = Field(default_factory=list[str], examples=[["SENT"]])


class _Header(Wire):
    name: str
    value: str


class _PartBody(Wire):
    size: int = 0
    data: str | None = Field(default=None, examples=["SGVsbG8"])
    attachment_id: str | None = None


class _Part(Wire):
    mime_type: str = Field(default="", examples=["text/plain"])
    filename: str = ""
    headers: list[_Header] = Field(default_factory=list[_Header])
    body: _PartBody = _PartBody()
    parts: list["_Part"] = Field(default_factory=list["_Part"], examples=[[]])

    def header(self, name: str) -> str:
        """A header's value, empty where there is none. Words that are encoded (RFC 2047) are read."""
        raw = next((each.value for each in self.headers if each.name.lower() == name.lower()), "")
        try:
            return (str(make_header(decode_header(raw))) if "=?" in raw else "") or raw
        except (HeaderParseError, LookupError, ValueError):
            return raw

    def walk(self) -> Iterator["_Part"]:
        """This part and all within it."""
        yield self
        for part in self.parts:
            yield from part.walk()


class MessageWire(Wire):
    """A message as Gmail sends it."""

    id: str
    thread_id: str
    label_ids: list[str] = Field(default_factory=list[str], examples=[["INBOX"]])
    snippet: str = ""
    history_id: str = Field("0", examples=["1200"])
    internal_date: str = Field("0", pattern=r"^[0-9]{1,16}$", examples=["1764500000000"])
    payload: _Part = _Part()


class AttachedFile(Model):
    """A file that is attached to a message."""

    name: str
    content_type: str
    size: int = Field(description="Bytes.")
    attachment: str | None = Field(None, description="Its id, to read it with.")


class Mail(Model):
    """A message, without its text."""

    id: str
    thread_id: str
    sender: str = Field(examples=["Ada <ada@example.com>"])
    to: str = ""
    cc: str = ""
    subject: str = ""
    snippet: str = Field("", description="How it begins.")
    received_at: datetime
    label_ids: list[str] = Field(default_factory=list[str], examples=[["INBOX", "UNREAD"]])


class FullMail(Mail):
    """A message with its text."""

    text: str = ""
    html: str | None = None
    attachments: list[AttachedFile] = Field(default_factory=list[AttachedFile])


def _facts(raw: MessageWire) -> dict[str, Any]:
    part = raw.payload
    return {
        "id": raw.id,
        "thread_id": raw.thread_id,
        "sender": part.header("From"),
        "to": part.header("To"),
        "cc": part.header("Cc"),
        "subject": part.header("Subject"),
        "snippet": raw.snippet,
        "received_at": datetime.fromtimestamp(min(int(raw.internal_date), 253_402_300_799_000) / 1000, UTC),
        "label_ids": raw.label_ids,
    }


def full(raw: MessageWire) -> FullMail:
    """A message as people meet it."""
    parts = list(raw.payload.walk())
    files = [
        AttachedFile(name=each.filename, content_type=each.mime_type, size=each.body.size, attachment=each.body.attachment_id)
        for each in parts
        if each.filename
    ]
    return FullMail(**_facts(raw), text=_text(parts, "text/plain"), html=_text(parts, "text/html") or None, attachments=files)


def _text(parts: list[_Part], kind: str) -> str:
    """The first text of a kind that is no attachment."""
    found = next((each for each in parts if each.mime_type == kind and not each.filename and each.body.data), None)
    return decoded(found.body.data or "").decode("utf-8", "replace") if found else ""


def decoded(data: str) -> bytes:
    """Bytes from Gmail's base64url. Raises `Unavailable` for what is none."""
    try:
        return base64.b64decode(data + "=" * (-len(data) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise Unavailable("Gmail's answer is not as documented: a body is no base64") from None


def message_path(message: str) -> str:
    """The path of a message of the account."""
    return f"gmail:/users/me/messages/{segment(message)}"


async def fetch(http: Http, message: str, form: str = "full") -> MessageWire:
    """One message: with all its parts, or its headers alone (`metadata`)."""
    return await http.get(message_path(message), params={"format": form}, returns=MessageWire)


def _joined(addresses: str | list[str]) -> str:
    return addresses if isinstance(addresses, str) else ", ".join(addresses)


def compose(mail: NewMail, answered: MessageWire | None = None) -> bytes:
    """The mail as RFC 5322 has it. Raises `Rejected` for an attachment or address that cannot be written, or too large a mail."""
    message = EmailMessage(policy=SMTP)
    heads = {"From": mail.sender, "Reply-To": mail.reply_to, "Subject": mail.subject, "To": _joined(mail.to)}
    heads |= {"Cc": _joined(mail.cc) if mail.cc else None, "Bcc": _joined(mail.bcc) if mail.bcc else None}
    if answered is not None and (origin := answered.payload.header("Message-ID")):
        heads |= {"In-Reply-To": origin, "References": f"{answered.payload.header('References')} {origin}".strip()}
    try:
        for name, value in heads.items():
            if value:
                message[name] = value
        message.set_content(mail.text) if mail.text is not None else message.set_content(mail.html or "", subtype="html")
        if mail.text is not None and mail.html is not None:
            message.add_alternative(mail.html, subtype="html")
        for each in mail.attachments or []:
            main, _, sub = each.content_type.partition("/")
            message.add_attachment(each.content.read(), maintype=main, subtype=sub, filename=each.name)
        raw = message.as_bytes()
    except (ValueError, LookupError, TypeError):
        raise Rejected("The mail cannot be written: look at its addresses and its attachments' media types") from None
    if len(raw) > MAX_MESSAGE:
        raise Rejected("The mail has more than 25 MB with its attachments: Gmail does not send it")
    return raw


@google.action("mail.send", title="Send a mail")
async def send_mail(http: Http, mail: NewMail) -> Sent:
    """Send a mail from the account."""
    answered = await fetch(http, mail.in_reply_to, "metadata") if mail.in_reply_to else None
    raw = await asyncio.to_thread(compose, mail, answered)
    thread = {"threadId": answered.thread_id} if answered else {}
    if len(raw) <= MAX_SIMPLE:
        body = {"raw": base64.urlsafe_b64encode(raw).decode()} | thread
        return await http.post("gmail:/users/me/messages/send", json=body, returns=Sent)
    boundary = "powerstrip-" + hashlib.sha256(raw).hexdigest()[:40]  # which the message cannot hold
    facts = json.dumps(thread).encode()
    begin = f"--{boundary}\r\nContent-Type: application/json\r\n\r\n".encode() + facts
    begin += f"\r\n--{boundary}\r\nContent-Type: message/rfc822\r\n\r\n".encode()
    return await http.post(
        "gmail_upload:/users/me/messages/send",
        params={"uploadType": "multipart"},
        content=begin + raw + f"\r\n--{boundary}--\r\n".encode(),
        headers={"Content-Type": f"multipart/related; boundary={boundary}"},
        returns=Sent,
    )


class MailSearch(Model):
    """What to look for."""

    query: str = Field("", max_length=1000, examples=["from:ada@example.com is:unread"])
    """As in Gmail's search box."""
    label: Annotated[str, Pick("label")] | None = Field(None, max_length=100, description="Only mail with it: its id.")
    limit: int = Field(10, ge=1, le=50, description="Messages on a page.")
    cursor: str | None = Field(None, description="As `next` of the page before.")


class Mails(Model):
    """A page of messages, the newest first."""

    messages: list[Mail]
    next: str | None = None


class _Listed(Wire):
    class Row(Wire):
        id: str

    messages: list[Row] = Field(default_factory=list[Row])
    next_page_token: str | None = None


async def find(http: Http, query: str, label: str | None, limit: int, cursor: str | None) -> tuple[list[str], str | None]:
    """Ids of messages, and the next page's token."""
    params = {"q": query or None, "labelIds": label, "maxResults": limit, "pageToken": cursor}
    found = await http.get("gmail:/users/me/messages", params=params, returns=_Listed)
    return [each.id for each in found.messages], found.next_page_token


async def _heads(http: Http, ids: list[str]) -> list[MessageWire]:
    return list(await asyncio.gather(*(fetch(http, each, "metadata") for each in ids)))


@google.action("mail.search", title="Find mails", read_only=True)
async def search_mails(http: Http, search: MailSearch) -> Mails:
    """Find mails, the newest first, by Gmail's own search words."""
    ids, following = await find(http, search.query, search.label, search.limit, search.cursor)
    return Mails(messages=[Mail(**_facts(each)) for each in await _heads(http, ids)], next=following)


class OneMail(Model):
    """Which message."""

    message: MessageRef = Field(description="Its id.")


@google.action("mail.get", title="Read a mail", read_only=True)
async def get_mail(http: Http, which: OneMail) -> FullMail:
    """Read a mail with its text, and what is attached."""
    return full(await fetch(http, which.message))


class OneAttachment(OneMail):
    """Which attachment of which message."""

    attachment: str = Field(min_length=1, max_length=2000, description="As the mail names it.", examples=["ANGjdJinvented"])


class AttachmentContent(Model):
    """An attachment."""

    content: Content


class _AttachmentWire(Wire):
    data: str = Field(examples=["SGVsbG8"])


@google.action("mail.get_attachment", title="Read an attachment", read_only=True)
async def get_attachment(http: Http, which: OneAttachment) -> AttachmentContent:
    """Read a file that is attached to a mail."""
    path = f"{message_path(which.message)}/attachments/{segment(which.attachment)}"
    return AttachmentContent(content=Content(decoded((await http.get(path, returns=_AttachmentWire)).data)))


class _Labels(Wire):
    class Row(Wire):
        id: str
        name: str = ""
        type: str = ""

    labels: list[Row] = Field(default_factory=list[Row])


@google.picker("label")
async def labels(http: Http, query: Query) -> Page:
    """Labels of the account's mail, Gmail's own among them."""
    found = await http.get("gmail:/users/me/labels", returns=_Labels)
    return Page([Choice(each.id, each.name or each.id, each.type) for each in found.labels])


@google.picker("message", searches=True)
async def messages(http: Http, query: Query) -> Page:
    """Mails, the newest first."""
    ids, following = await find(http, query.search, None, PAGE, query.cursor)
    shown = [_facts(each) for each in await _heads(http, ids)]
    return Page([Choice(each["id"], each["subject"] or each["snippet"], each["sender"]) for each in shown], following)
