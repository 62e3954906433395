"""The Stripe adapter's object, its spelling of forms, and how Stripe says no."""

from collections.abc import Iterator
from typing import Any

from powerstrip.adapter import (
    Account,
    Adapter,
    AuthFailed,
    Bearer,
    Http,
    IdempotencyKey,
    Model,
    OAuth2,
    PowerstripError,
    Rate,
    Rejected,
    Response,
    Unavailable,
)
from powerstrip.adapter.model import by_wire

stripe = Adapter(
    id="stripe",
    title="Stripe",
    description="Take payments, keep customers, subscriptions and invoices, and hear what becomes of them.",
    category="Sales & CRM",
    base_url="https://api.stripe.com",
    auth=(
        Bearer(
            kind="api_key",
            field="secret_key",
            title="Secret or restricted key",
            help="At dashboard.stripe.com/apikeys: a secret key (sk_live_…, sk_test_…) or, better, a restricted one (rk_…).",
        ),
        OAuth2(
            authorize_url="https://connect.stripe.com/oauth/authorize",
            token_url="https://connect.stripe.com/oauth/token",  # noqa: S106 - an address
            scopes=("read_write",),
        ),
    ),
    rate=Rate(calls=25, seconds=1.0),  # a sandbox's limit at Stripe; live mode allows 100
    idempotency=IdempotencyKey("Idempotency-Key"),
    aka=("stripe payments", "stripe billing", "stripe checkout"),
    docs_url="https://docs.stripe.com/api",
    icon="stripe",
)


def pairs(model: Model) -> dict[str, str]:
    """A model as Stripe's forms spell it: `items[0][price]=…`, `metadata[order]=…`, times in unix seconds.

    Source: docs.stripe.com/api, "Request bodies are form-encoded".
    """
    return dict(_flat("", by_wire(model)))


def _flat(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, each in value.items():  # pyright: ignore[reportUnknownVariableType]
            yield from _flat(f"{name}[{key}]" if name else str(key), each)  # pyright: ignore[reportUnknownArgumentType]
    elif isinstance(value, list):
        for number, each in enumerate(value):  # pyright: ignore[reportUnknownVariableType,reportUnknownArgumentType]
            yield from _flat(f"{name}[{number}]", each)
    else:
        yield name, str(value).lower() if isinstance(value, bool) else str(value)


@stripe.errors
def check(response: Response) -> PowerstripError | None:
    """Stripe's error object, in words: what was wrong, its code, and the field it was about.

    Source: docs.stripe.com/api/errors. A 403 means that a restricted key may not do this one thing: the key itself is good.
    """
    if response.status in (401, 429) or (response.status < 400 and not response.body.lstrip().startswith(b'{"error"')):
        return None
    match response.json():
        case {"error": {**error}}:
            words = _words(error)
        case _:
            return None
    if response.status >= 500 or error.get("code") in ("lock_timeout", "idempotency_key_in_use"):
        return Unavailable(words)
    if error.get("code") in ("api_key_expired", "platform_api_key_expired", "account_invalid"):
        return AuthFailed(words)
    return Rejected(words, response.status)


def _words(error: dict[str, Any]) -> str:
    text = str(error.get("message") or error.get("type") or "Stripe refused the request")
    code = error.get("decline_code") or error.get("code")
    about = f"{text} (field {error['param']})" if error.get("param") else text
    return f"{code}: {about}" if code else about


class _Account(Model):
    id: str
    email: str | None = None
    business_profile: dict[str, Any] | None = None


@stripe.account
async def account(http: Http) -> Account:
    """The Stripe account that the key belongs to."""
    found = await http.get("/v1/account", returns=_Account)
    name = (found.business_profile or {}).get("name")
    return Account(id=found.id, name=str(name or found.email or found.id))
