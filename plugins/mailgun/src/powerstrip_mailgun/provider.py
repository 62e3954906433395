"""The Mailgun adapter's object, its settings, and how Mailgun says no."""

import re
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from powerstrip.adapter import (
    Account,
    Adapter,
    Basic,
    Http,
    Model,
    Pick,
    PowerstripError,
    RateLimited,
    Rejected,
    Response,
    segment,
)

Address = Annotated[str, Field(min_length=3, max_length=512, pattern=r"^[^\r\n]*[^\s@]@[^\s@]+>?$", examples=["ada@example.com"])]
"""An address, alone or with a name: `Ada <ada@example.com>`."""
DomainName = Annotated[str, Field(min_length=3, max_length=253, pattern=r"^[A-Za-z0-9.-]+$", examples=["mg.example.com"])]


class Settings(Model):
    """Where the account lives, which domain sends, and who writes where a mail names nobody."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"region": "us", "domain": "mg.example.com", "from_address": "Shop <shop@mg.example.com>"}]
        }
    )

    region: Literal["us", "eu"] = Field("us", title="Region")
    """`eu` where the domain was made in Mailgun's European region. Keys and domains of one are unknown to the other."""
    domain: Annotated[DomainName, Pick("domain")] = Field(title="Sending domain")
    """The domain that sends, as Mailgun lists it."""
    from_address: Address | None = Field(None, title="From address")
    """Who writes when a mail names no sender."""


mailgun = Adapter(
    id="mailgun",
    title="Mailgun",
    description="Send email by domain, by template too, keep suppressions and mailing lists, and hear what became of the mail.",
    category="Email",
    base_url="https://api.mailgun.net",
    apis={"eu": "https://api.eu.mailgun.net"},
    auth=Basic(
        kind="api_key",
        user="api",
        password_field="api_key",  # noqa: S106 - a name
        password_title="API key",  # noqa: S106 - a label
        help="At app.mailgun.com: account menu, API Security. A domain's sending key sends mail and does nothing else.",
    ),
    config=Settings,
    aka=("mail gun", "sinch mailgun"),
    docs_url="https://documentation.mailgun.com/docs/mailgun/api-reference",
    icon="mailgun",
)


def dashed(name: str) -> str:
    """Mailgun's events are spelled with dashes."""
    return name.replace("_", "-")


_AFTER = re.compile(r"try again after (\d{1,4}) seconds?", re.IGNORECASE | re.ASCII)


def at(http: Http, path: str) -> str:
    """The path in the integration's region."""
    return f"eu:{path}" if http.config.get("region") == "eu" else path


def domain_of(http: Http, named: object = None) -> str:
    """The domain that is named, else the integration's, as a part of a path."""
    return segment(named or http.config.get("domain") or "")


@mailgun.errors
def check(response: Response) -> PowerstripError | None:
    """A 403 refuses one call (the domain may not send, the key may not do this), not the key. A 429 says its wait in words.

    Source: documentation.mailgun.com/docs/mailgun/api-reference, "Response Codes" and its messages' examples.
    """
    if response.status not in (403, 429):
        return None
    match response.json():
        case {"message": str(words)}:
            pass
        case _:
            words = ""
    if response.status == 403:
        return Rejected(words or "Mailgun does not allow this call with this key", 403)
    found = _AFTER.search(words)
    return RateLimited(words, float(found[1])) if found else None


class _Found(Model):
    id: str = Field(examples=["5b32f9b0c1a2e3d4f5061728"])
    name: str = Field(examples=["mg.example.com"])
    state: str = Field("active", examples=["active"])


class _Domain(Model):
    domain: _Found


@mailgun.account
async def account(http: Http) -> Account:
    """The sending domain, as the account that the key belongs to has it. A domain's sending key may not ask."""
    found = (await http.get(at(http, f"/v4/domains/{domain_of(http)}"), returns=_Domain)).domain
    return Account(id=found.id, name=found.name, detail=found.state)
