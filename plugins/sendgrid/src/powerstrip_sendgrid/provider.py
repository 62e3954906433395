"""The SendGrid adapter's object, its settings, and how SendGrid says no."""

from typing import Annotated, Literal

from pydantic import EmailStr, Field

from powerstrip.adapter import Account, Adapter, Bearer, Http, Model, Pick, PowerstripError, Rate, Rejected, Response


class Settings(Model):
    """Where the account lives, and who writes where a mail names nobody."""

    region: Literal["us", "eu"] = Field("us", title="Region")
    """`eu` for subusers that SendGrid keeps in the European Union."""
    from_address: Annotated[EmailStr, Pick("sender")] | None = Field(None, title="From address")
    """A verified sender, or any address of an authenticated domain."""


sendgrid = Adapter(
    id="sendgrid",
    title="SendGrid",
    description="Send email, by template too, keep contacts and lists, and hear what became of the mail.",
    category="Email",
    base_url="https://api.sendgrid.com/v3",
    apis={"eu": "https://api.eu.sendgrid.com/v3"},
    auth=Bearer(
        kind="api_key",
        field="api_key",
        title="API key",
        help="At app.sendgrid.com: Settings, API Keys. It begins with SG. and is shown once.",
    ),
    config=Settings,
    rate=Rate(calls=10, seconds=1.0),
    aka=("send grid", "twilio sendgrid", "twilio email"),
    docs_url="https://www.twilio.com/docs/sendgrid/api-reference",
    icon="sendgrid",
)


def at(http: Http, path: str) -> str:
    """The path in the integration's region."""
    return f"eu:{path}" if http.config.get("region") == "eu" else path


@sendgrid.errors
def check(response: Response) -> PowerstripError | None:
    """SendGrid's errors, each with its field. A 403 refuses one call: the key lacks a scope, or the sender is not verified.

    Source: www.twilio.com/docs/sendgrid/api-reference/how-to-use-the-sendgrid-v3-api/responses.
    """
    if response.status < 400 or response.status >= 500 or response.status in (401, 429):
        return None
    match response.json():
        case {"errors": [*errors]} if errors:
            return Rejected("; ".join(map(_words, errors)), response.status)
        case _:
            return None


def _words(error: object) -> str:
    match error:
        case {"message": str(message), "field": str(field)}:
            return f"{field}: {message}"
        case {"message": str(message)}:
            return message
        case _:
            return "SendGrid refused the request"


class _Username(Model):
    username: str
    user_id: int


@sendgrid.account
async def account(http: Http) -> Account:
    """The SendGrid account that the key belongs to. The key needs the scope user.username.read."""
    found = await http.get(at(http, "/user/username"), returns=_Username)
    return Account(id=str(found.user_id), name=found.username)
