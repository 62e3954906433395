"""The email adapter's object and its settings."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, ConfigDict, Field

from powerstrip.adapter import Account, Adapter, Mail, MailLogin, MailServers, Model

Address = Annotated[str, Field(min_length=3, max_length=512, pattern=r"^[^\r\n]*[^\s@]@[^\s@]+>?$", examples=["ada@example.com"])]
"""An address, alone or with a name: `Ada <ada@example.com>`."""
Host = Annotated[str, Field(min_length=1, max_length=253, pattern=r"^[A-Za-z0-9.:_-]+$")]
Port = Annotated[int, Field(ge=1, le=65_535)]


def _usual(word: object) -> object:
    """`ssl` is how many say `tls`."""
    return {"ssl": "tls"}.get(word, word) if isinstance(word, str) else word


Security = Annotated[Literal["starttls", "tls", "none"], BeforeValidator(_usual)]


class Settings(Model):
    """Where the servers are, and who writes where a mail names nobody."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"host": "smtp.example.com", "imap_host": "imap.example.com", "from_address": "Shop <shop@example.com>"}]
        }
    )

    host: Host = Field(title="SMTP host", examples=["smtp.example.com"])
    """The server that takes mail, such as smtp.example.com."""
    port: Port | None = Field(None, title="SMTP port")
    """587 with STARTTLS and 465 with TLS when left out."""
    security: Security = Field("starttls", title="SMTP security")
    """`starttls` or `tls` (also called SSL). `none` is only let out to addresses that the operator lists."""
    imap_host: Host | None = Field(None, title="IMAP host", examples=["imap.example.com"])
    """The server with the mailboxes, for mail that comes in. Left out, nothing is read."""
    imap_port: Port | None = Field(None, title="IMAP port")
    """993 with TLS and 143 with STARTTLS when left out."""
    imap_security: Security = Field("tls", title="IMAP security")
    """The same for IMAP."""
    from_address: Address | None = Field(None, title="From address")
    """Who writes when a mail names no sender."""


email = Adapter(
    id="email",
    title="Email (SMTP and IMAP)",
    description="Send mail by your own mail server, and hear what comes into a mailbox.",
    category="Email",
    base_url="",
    auth=MailLogin(
        help="What a mail program asks for. Where the account has two-factor sign-in, the provider makes an app password for it.",
    ),
    config=Settings,
    mail=MailServers(),
    aka=("smtp", "imap", "mail server", "own mail"),
    docs_url="https://www.rfc-editor.org/rfc/rfc6409",
    icon="email",
)


@email.account
async def account(mail: Mail) -> Account:
    """Sign in at the SMTP server, which tells no name: the mailbox is known by the from address, or by the server."""
    greeting = await mail.login()
    name = str(mail.config.get("from_address") or mail.config.get("host") or greeting.server)
    return Account(id=name.lower(), name=name, detail=greeting.server)
