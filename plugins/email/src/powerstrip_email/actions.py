"""Sending mail, and trying the login. Sources: RFC 5322 (mails), RFC 2045 (MIME), RFC 5321 (SMTP)."""

from collections.abc import Iterable
from datetime import UTC, datetime
from email.errors import MessageError
from email.headerregistry import Address as Mailbox
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid, parseaddr
from typing import Annotated

from pydantic import ConfigDict, Field, model_validator

from powerstrip.adapter import Choice, Content, Mail, Model, Page, Pick, Query, Rejected, Unavailable
from powerstrip.adapter.mail import bare_address
from powerstrip_email.provider import Address, email
from powerstrip_email.reading import read_letter

HeaderName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9-]{0,75}$")]
HeaderValue = Annotated[str, Field(max_length=998, pattern=r"^[^\r\n]*$")]
People = Annotated[list[Address], Field(max_length=50)]
OWN = {
    "from", "to", "cc", "bcc", "subject", "date", "message-id", "reply-to", "sender", "mime-version", "in-reply-to", "references",
    "content-type", "content-transfer-encoding", "content-disposition", "return-path", "received",
}  # fmt: skip
"""Headers that have a field of their own, or that nobody sets by hand."""
POLICY = SMTP.clone(cte_type="7bit")
"""Every body is written in 7 bits, so that every server takes it."""


class _Message(Model):
    to: Annotated[People, Field(min_length=1)] = Field(examples=[["ada@example.com"]])
    """Who receives; all see each other. At most 50 with copies."""
    subject: HeaderValue = Field(min_length=1, examples=["Your receipt"])
    """The subject line."""
    text: str | None = Field(None, examples=["Thank you."])
    """The mail as plain text. Give this, `html` or both."""
    html: str | None = Field(None, examples=["<p>Thank you.</p>"])
    """The mail as HTML."""
    sender: Address | None = None
    """Who writes. The integration's from address when left out."""
    cc: People = Field(default_factory=list[str])
    """Who gets a copy."""
    bcc: People = Field(default_factory=list[str])
    """Who gets a copy unseen: no header names them."""
    reply_to: Address | None = None
    """Where answers go."""
    in_reply_to: HeaderValue | None = None
    """The Message-ID of the mail that this one answers, so that both stand together."""
    headers: dict[HeaderName, HeaderValue] = Field(default_factory=dict[str, str])
    """Further header lines by name, such as `X-Order`."""

    @model_validator(mode="after")
    def _whole(self) -> "_Message":
        if not self.text and not self.html:
            raise ValueError("Give a text, an html or both")
        if len(self.to) + len(self.cc) + len(self.bcc) > 50:
            raise ValueError("At most 50 people get a mail, copies included")
        if taken := next((name for name in self.headers if name.lower() in OWN), ""):
            raise ValueError(f"The header {taken} is made from the other fields")
        return self


class Message(_Message):
    """One mail."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"sender": "shop@example.com", "to": ["ada@example.com"], "subject": "Your receipt", "text": "Thank you."}
            ]
        }
    )


class Attachment(Model):
    """A file that goes along."""

    name: str = Field(min_length=1, max_length=255, pattern=r"^[^\r\n\x00/\\]+$", examples=["invoice.pdf"])
    """The file's name as the reader sees it."""
    content: Content
    """What is in it."""
    content_type: str = Field(
        "application/octet-stream", pattern=r"^[a-z]+/[A-Za-z0-9][A-Za-z0-9.+-]{0,126}$", examples=["application/pdf"]
    )
    """Its media type."""
    inline: bool = False
    """Shown inside the HTML body, which names it `cid:` and the file's name."""


class MessageWithFiles(_Message):
    """One mail with files."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "sender": "shop@example.com",
                    "to": ["ada@example.com"],
                    "subject": "Your receipt",
                    "text": "It is attached.",
                    "attachments": [{"name": "receipt.txt", "content": "VGhhbmsgeW91Lg==", "content_type": "text/plain"}],
                }
            ]
        }
    )

    attachments: list[Attachment] = Field(min_length=1, max_length=50)
    """Files to attach. Most servers take 20 to 35 MB for the whole mail; files grow by a third on their way."""


class Sent(Model):
    """A mail that the server took."""

    message_id: str = Field(examples=["<176427.1.8@example.com>"])
    """The mail's Message-ID, which answers to it name."""
    recipients: int = Field(1, examples=[1])
    """How many addresses it was taken for."""
    message: str = Field("", examples=["2.0.0 Ok: queued as 0A1B2C3D4E"])
    """What the server said."""


@email.action("message.send", title="Send a mail")
async def send(mail: Mail, message: Message) -> Sent:
    """Send a mail by your own mail server: to everybody, or to nobody where the server refuses somebody."""
    return await _send(mail, message, ())


@email.action("message.send_with_attachments", title="Send a mail with files")
async def send_with_attachments(mail: Mail, message: MessageWithFiles) -> Sent:
    """Send a mail with files by your own mail server."""
    return await _send(mail, message, message.attachments)


async def _send(mail: Mail, message: _Message, files: Iterable[Attachment]) -> Sent:
    written = message.sender or mail.config.get("from_address")
    if not written:
        raise Rejected("Name a sender, or set the integration's from_address")
    sender = _person(str(written))
    made = _written(message, sender)
    for file in files:
        await _attach(made, file)
    people = [_person(each).addr_spec for each in (*message.to, *message.cc, *message.bcc)]
    recipients = list(dict.fromkeys(people))
    taken = await mail.send(made, sender=sender.addr_spec, recipients=recipients)
    return Sent(message_id=str(made["Message-ID"]), recipients=len(recipients), message=taken.message)


def _written(message: _Message, sender: Mailbox) -> EmailMessage:
    """The mail without its files. Copies unseen are in the envelope alone."""
    made = EmailMessage(policy=POLICY)
    made["From"] = sender
    made["To"] = [_person(each) for each in message.to]
    if message.cc:
        made["Cc"] = [_person(each) for each in message.cc]
    if message.reply_to:
        made["Reply-To"] = _person(message.reply_to)
    made["Subject"] = message.subject
    made["Date"] = format_datetime(datetime.now(UTC))
    made["Message-ID"] = make_msgid(domain=sender.domain)
    if message.in_reply_to:
        made["In-Reply-To"] = made["References"] = message.in_reply_to
    for name, value in message.headers.items():
        made[name] = value
    if message.text:
        made.set_content(message.text)
    if message.html and message.text:
        made.add_alternative(message.html, subtype="html")
    elif message.html:
        made.set_content(message.html, subtype="html")
    return made


async def _attach(made: EmailMessage, file: Attachment) -> None:
    data = b"".join([piece async for piece in file.content.chunks()])
    kind, _, sub = file.content_type.partition("/")
    shown = made.get_body(("html",)) if file.inline else None
    if isinstance(shown, EmailMessage):
        cid = f"<{_token(file.name)}>"
        shown.add_related(data, maintype=kind, subtype=sub, filename=file.name, cid=cid, disposition="inline")
    else:
        made.add_attachment(data, maintype=kind, subtype=sub, filename=file.name)


def _token(name: str) -> str:
    """A file's name as a Content-ID."""
    return "".join(letter if (letter.isalnum() and letter.isascii()) or letter in "._-" else "_" for letter in name)


def _person(text: str) -> Mailbox:
    """An address with its name. The domain is written in ASCII. Raises `Rejected` for what is none."""
    name, address = parseaddr(text)
    try:
        return Mailbox(name, addr_spec=bare_address(address))
    except (ValueError, IndexError, MessageError):
        raise Rejected("An address is not valid: write name@example.com, or Name <name@example.com>") from None


class Nothing(Model):
    """Nothing to say."""


class Tried(Model):
    """Where the login holds."""

    smtp_server: str = Field(examples=["mail.example.com"])
    max_size: int | None = Field(None, examples=[36_700_160])
    """Bytes of a mail that the server takes, where it says so."""
    imap: bool = Field(False, examples=[True])
    """Whether it also let the user in at the IMAP server. False where none is set."""


@email.action("login.test", title="Try the login", read_only=True)
async def try_login(mail: Mail, _: Nothing) -> Tried:
    """Sign in at the SMTP server, and at the IMAP server where one is set, and send nothing."""
    greeting = await mail.login()
    imap = bool(mail.config.get("imap_host"))
    if imap:
        await mail.login("imap")
    return Tried(smtp_server=greeting.server, max_size=greeting.max_size, imap=imap)


@email.picker("mailbox")
async def mailboxes(mail: Mail, query: Query) -> Page:
    """The mailboxes of the account."""
    found = await mail.mailboxes()
    return Page([Choice(each.name, each.name, each.role) for each in sorted(found, key=lambda each: _rank(each.name))])


def _rank(name: str) -> tuple[bool, str]:
    return name.upper() != "INBOX", name


class MessageRef(Model):
    """Which mail."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"uid": 17, "mailbox": "INBOX"}]})

    uid: int = Field(ge=1, lt=2**32, json_schema_extra={"x-no-picker": "An event told it."})
    """Its number in the mailbox, as the event told it."""
    mailbox: Annotated[str, Pick("mailbox"), Field(min_length=1, max_length=255)] = "INBOX"
    """The mailbox that it is in."""
    validity: int | None = Field(None, ge=0, lt=2**32)
    """The mailbox's validity, as the event told it. With another one the number means another mail, and nothing is read."""


class File(Model):
    """A file of a mail."""

    name: str = Field("", examples=["receipt.txt"])
    content_type: str = Field("application/octet-stream", examples=["text/plain"])
    content: Content


class FullMessage(Model):
    """A mail with its files."""

    uid: int
    subject: str = Field("", examples=["Hello"])
    sender: str = Field("", examples=["Ada <ada@example.com>"])
    to: list[str] = Field(default_factory=list[str])
    message_id: str = ""
    text: str = ""
    html: str = ""
    attachments: list[File] = Field(default_factory=list[File])


@email.action("message.get", title="Read a mail", read_only=True)
async def get(mail: Mail, which: MessageRef) -> FullMessage:
    """Read a mail with its files, of 8 MB at most. It stays unread."""
    found = await mail.read(which.mailbox, only=which.uid, cap=8 * 1024 * 1024)
    if which.validity is not None and found.validity != which.validity:
        raise Rejected("The mailbox was made anew since, so its numbers mean other mails")
    letter = next(iter(found.letters), None)
    if letter is None:
        raise Rejected("There is no such mail in this mailbox any more")
    if letter.cut:
        raise Unavailable(f"The mail has {letter.size} bytes, and 8 MB are read at most")
    read = read_letter(letter)
    return FullMessage(
        uid=letter.uid,
        subject=read.subject,
        sender=read.sender,
        to=read.to,
        message_id=read.message_id,
        text=read.text,
        html=read.html,
        attachments=[File(name=each.name, content_type=each.content_type, content=Content(each.data)) for each in read.files],
    )
