"""The adapter's way to its mail servers: SMTP to send (RFC 5321), IMAP to read (RFC 3501). It stands beside `Http`.

It holds no credential and opens nothing. What is asked of it becomes a `Request`, as with `Http`; the hub's edge connects, signs
in, limits, guards, sends and records, and answers in the models below. An adapter that declares `mail` is given a `Mail`.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any, Final, Literal, TypeAlias

from pydantic import Field

from powerstrip.adapter.auth import Auth, Credentials, Settings, basic_header, form_of, placeholder, secret_field
from powerstrip.adapter.errors import Rejected
from powerstrip.adapter.http import Request, Sender, read
from powerstrip.adapter.model import Model

MAX_RECIPIENTS: Final = 50
MAX_MESSAGE: Final = 32 * 1024 * 1024
"""Bytes of a mail as it is sent: files grow by a third on their way."""
MAX_LETTERS: Final = 50
MAX_LETTER: Final = 8 * 1024 * 1024
LOGIN_HEADER: Final = "AUTH"
MAIL_APIS: Final = ("smtp", "imap")
_ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@([A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*|\[[0-9A-Za-z.:]{3,45}\])", re.ASCII
)


@dataclass(frozen=True)
class MailServer:
    """Where a server is: the names of the `config` fields that hold its host, its port, and how its line is secured.

    The last holds `starttls`, `tls` or `none`; `none` is only let out to addresses that the operator lists.
    """

    host: str
    port: str
    security: str


@dataclass(frozen=True)
class MailServers:
    """The servers of one integration. One without a host is not there."""

    smtp: MailServer = field(default_factory=lambda: MailServer("host", "port", "security"))
    imap: MailServer = field(default_factory=lambda: MailServer("imap_host", "imap_port", "imap_security"))


@dataclass(frozen=True, kw_only=True)
class MailLogin(Auth):
    """User name and password, for SMTP's AUTH (RFC 4954) and IMAP's LOGIN or AUTHENTICATE alike."""

    kind: str = "smtp_login"

    def form(self) -> Any:
        user = (str, Field(title="User name", description="Often the whole address.", min_length=1, max_length=512))
        return form_of("MailCredentials", username=user, password=secret_field("Password", self.help))

    def sign(self, request: Request, credentials: Credentials, settings: Settings, now: datetime) -> Request:
        return request.with_header_pairs((LOGIN_HEADER, basic_header(credentials["username"], credentials["password"])))

    def show(self, request: Request, fields: Collection[str], settings: Settings, now: datetime) -> Request:
        return request.with_header_pairs((LOGIN_HEADER, f"{placeholder('username')} {placeholder('password')}"))


class Accepted(Model):
    """What the server said when it took a mail."""

    message: str = Field("", examples=["2.0.0 Ok: queued as 0A1B2C3D4E"])


class Greeting(Model):
    """A server that let the user in."""

    server: str = Field(examples=["mail.example.com"])
    max_size: int | None = Field(None, examples=[36_700_160])
    """Bytes of a mail that it takes, where it says so."""


Role: TypeAlias = Literal["", "all", "archive", "drafts", "flagged", "junk", "sent", "trash"]


class Mailbox(Model):
    """A mailbox: a folder of mails."""

    name: str = Field(examples=["INBOX"])
    role: Role = Field("", examples=[""])
    """What it is for, where the server says so (RFC 6154)."""


class Mailboxes(Model):
    """The mailboxes of a user."""

    mailboxes: list[Mailbox]


class Letter(Model):
    """One mail in a mailbox. `raw` is the mail itself (RFC 5322), its beginning alone where it is `cut`."""

    uid: int
    received_at: datetime
    """When it came into this mailbox."""
    size: int = Field(examples=[512])
    """Bytes of the whole mail."""
    seen: bool = False
    cut: bool = Field(False, examples=[False])
    raw: bytes = Field(examples=["U3ViamVjdDogSGVsbG8NCg0KSGkNCg=="])


class Letters(Model):
    """What was found in a mailbox.

    UIDs grow and are not used twice while `validity` stays the same; with another one they mean other mails (RFC 3501, 2.3.1.1).
    """

    validity: int
    next_uid: int
    """The next mail that comes gets at least this."""
    letters: list[Letter]
    more: bool = Field(False, examples=[False])


@dataclass(frozen=True)
class Mail:
    """Mail servers as one integration sees them. All methods raise the four errors of `powerstrip.adapter`.

    `config` holds the integration's settings (never a credential).
    """

    sender: Sender
    config: Mapping[str, Any] = field(default_factory=dict[str, Any])

    async def send(self, message: EmailMessage, *, sender: str, recipients: Collection[str]) -> Accepted:
        """Hand one mail to the server: to all of the recipients, or to nobody where it refuses one of them.

        `sender` and `recipients` are bare addresses, which are the envelope; the message's own headers are sent as they are.
        """
        if not 1 <= len(recipients) <= MAX_RECIPIENTS:
            raise Rejected(f"A mail goes to 1 to {MAX_RECIPIENTS} addresses")
        envelope = [("MAIL-FROM", bare_address(sender)), *(("RCPT-TO", bare_address(each)) for each in recipients)]
        return read(await self.sender(_request("SEND", "smtp", Accepted, headers=envelope, body=_written(message))), Accepted)

    async def login(self, api: Literal["smtp", "imap"] = "smtp") -> Greeting:
        """Sign in and leave again."""
        return read(await self.sender(_request("LOGIN", api, Greeting)), Greeting)

    async def mailboxes(self) -> list[Mailbox]:
        """The mailboxes that can be read."""
        return read(await self.sender(_request("LIST", "imap", Mailboxes)), Mailboxes).mailboxes

    async def read(
        self,
        mailbox: str,
        *,
        first: int | None = None,
        only: int | None = None,
        since: datetime | None = None,
        limit: int = 20,
        cap: int = 256 * 1024,
    ) -> Letters:
        """Mails of a mailbox in the order of their UIDs; reading marks nothing as seen.

        From the UID `first` on, `only` that one, those that came in on the day of `since` or later, or both; without any of
        these none, only how it stands. At most `limit` of them, of each at most `cap` bytes.
        """
        if not mailbox or not mailbox.isprintable():
            raise Rejected("A mailbox's name is one line of text")
        asked = {"mailbox": mailbox, "first": first, "only": only, "since": since.date().isoformat() if since else None}
        asked |= {"limit": min(max(limit, 1), MAX_LETTERS), "cap": min(max(cap, 1), MAX_LETTER)}
        params = tuple((name, str(value)) for name, value in asked.items() if value is not None)
        return read(await self.sender(_request("READ", "imap", Letters, params=params)), Letters)


def bare_address(text: str) -> str:
    """An envelope's address with its domain in ASCII. Raises `Rejected` for what is none, such as one with line breaks."""
    local, _, domain = text.rpartition("@")
    try:
        plain = f"{local}@{domain if domain.isascii() else domain.encode('idna').decode()}"
    except UnicodeError:
        plain = ""
    if not _ADDRESS.fullmatch(plain) or len(plain) > 254:
        raise Rejected("An address is not valid: write name@example.com, in ASCII before the @")
    return plain


def _written(message: EmailMessage) -> bytes:
    """The mail as it goes over the wire. Raises `Rejected` for one that is too large, or whose headers cannot be written."""
    try:
        data = message.as_bytes(policy=message.policy.clone(linesep=SMTP.linesep))
    except (ValueError, UnicodeError, LookupError, TypeError):
        raise Rejected("The mail's headers hold what a header cannot carry") from None
    if len(data) > MAX_MESSAGE:
        raise Rejected(f"A mail with its files holds at most {MAX_MESSAGE // 1024 // 1024} MB as it is sent")
    return data


def _request(
    method: str,
    api: str,
    returns: type[Model],
    *,
    params: tuple[tuple[str, str], ...] = (),
    headers: Collection[tuple[str, str]] = (),
    body: bytes = b"",
) -> Request:
    target = f"{api}:/"
    return Request(method, target, params, tuple(headers), body, returns, read_only=method != "SEND")
