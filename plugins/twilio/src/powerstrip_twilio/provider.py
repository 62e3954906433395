"""The Twilio adapter's object, its settings, and how Twilio says no."""

from typing import Annotated

from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_pascal

from powerstrip.adapter import (
    Account,
    Adapter,
    AuthFailed,
    Basic,
    Http,
    Model,
    NoPick,
    Pick,
    PowerstripError,
    Rejected,
    Response,
    segment,
)

Phone = Annotated[str, Field(pattern=r"^\+[1-9][0-9]{6,14}$", examples=["+15005550006"])]
"""A number in E.164: `+`, country code, number, no blanks."""


class Settings(Model):
    """The account, and who speaks where nobody is named."""

    account_sid: Annotated[str, NoPick("The credential belongs to it.")] = Field(
        title="Account SID", pattern=r"^AC[0-9a-f]{32}$", examples=["AC" + "0" * 32]
    )
    """At console.twilio.com, Account Info. It is no secret."""
    from_number: Annotated[Phone, Pick("phone_number")] | None = Field(None, title="From number")
    """The number that texts and calls come from when they name none."""


twilio = Adapter(
    id="twilio",
    title="Twilio",
    description="Send texts and WhatsApp messages, call people, verify and look up numbers, and hear what comes back.",
    category="Messaging",
    base_url="https://api.twilio.com/2010-04-01",
    apis={
        "lookups": "https://lookups.twilio.com/v2",
        "messaging": "https://messaging.twilio.com/v1",
        "verify": "https://verify.twilio.com/v2",
    },
    auth=(
        Basic(
            user_setting="account_sid",
            password_field="auth_token",  # noqa: S106 - a name
            password_title="Auth token",  # noqa: S106 - a label
            help="At console.twilio.com, Account Info. Webhooks are signed with it, too.",
        ),
        Basic(
            kind="api_key_pair",
            user_field="api_key_sid",
            user_title="API key SID",
            password_field="api_key_secret",  # noqa: S106 - a name
            password_title="API key secret",  # noqa: S106 - a label
            help="At console.twilio.com, API keys & tokens. The SID begins with SK.",
        ),
    ),
    config=Settings,
    aka=("sms", "whatsapp", "text messages"),
    docs_url="https://www.twilio.com/docs/usage/api",
    icon="twilio",
)


class Wire(Model):
    """Twilio's forms write PascalCase."""

    model_config = ConfigDict(alias_generator=lambda name: {"sender": "From"}.get(name, to_pascal(name)))


@twilio.errors
def check(response: Response) -> PowerstripError | None:
    """Twilio's own code and words. Source: www.twilio.com/docs/usage/twilios-response and its error dictionary.

    20003 is a wrong key; a 403 of another kind refuses this one call (a country, a product), not the key.
    """
    if response.status < 400 or response.status >= 500 or response.status == 429:
        return None
    match response.json():
        case {"code": int(code), "message": str(message)}:
            words = f"{code}: {message}"
            return AuthFailed(words) if code == 20003 or response.status == 401 else Rejected(words, response.status)
        case _:
            return None


def account_path(http: Http, path: str) -> str:
    """A path below this integration's account."""
    return f"/Accounts/{segment(http.config['account_sid'])}{path}"


class _Account(Model):
    sid: str
    friendly_name: str


@twilio.account
async def account(http: Http) -> Account:
    """The Twilio account that the credential belongs to."""
    found = await http.get(account_path(http, ".json"), returns=_Account)
    return Account(id=found.sid, name=found.friendly_name)
