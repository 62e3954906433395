"""The HubSpot adapter's object, its settings, and how HubSpot says no."""

from typing import Annotated, Any, cast

from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_camel

from powerstrip.adapter import (
    Account,
    Adapter,
    ApiKey,
    Bearer,
    Http,
    Model,
    NoPick,
    OAuth2,
    PowerstripError,
    Rate,
    RateLimited,
    Rejected,
    Response,
    Unavailable,
    segment,
)


class Settings(Model):
    """Nothing, for working with records."""

    app_id: Annotated[str, NoPick("The developer key belongs to the account, which may have many apps.")] = Field(
        "", title="App id", pattern=r"^[0-9]{0,20}$", examples=["54321"]
    )
    """Only for signing in by developer key: the app whose webhooks the hub keeps. On the app's page, Auth."""


hubspot = Adapter(
    id="hubspot",
    title="HubSpot",
    description="Work with contacts, companies, deals, tickets and notes of a HubSpot CRM, and hear when they change.",
    category="Sales & CRM",
    base_url="https://api.hubapi.com",
    auth=(
        OAuth2(
            authorize_url="https://app.hubspot.com/oauth/authorize",
            token_url="https://api.hubapi.com/oauth/v1/token",  # noqa: S106 - an address
            scopes=(
                "oauth",
                *(f"crm.objects.{kind}.{right}" for kind in ("contacts", "companies", "deals") for right in ("read", "write")),
                *("tickets", "crm.objects.owners.read", "crm.lists.read", "crm.lists.write"),
            ),
            help="You choose the HubSpot account in the browser, and consent to what the hub may do there.",
        ),
        Bearer(
            kind="private_app_token",
            title="Private app token",
            help="In HubSpot: Settings, Integrations, Private apps, the app, Auth: Access token. It begins with pat-.",
        ),
        ApiKey(
            kind="developer_key",
            query="hapikey",
            field="developer_key",
            title="Developer API key",
            help="Keeps the webhooks of an app, and nothing else. In the developer account: Keys, Developer API key.",
        ),
    ),
    config=Settings,
    rate=Rate(calls=10, seconds=1.0),
    aka=("hub spot", "hubspot crm"),
    docs_url="https://developers.hubspot.com/docs/api/overview",
    icon="hubspot",
)

SECOND, DAY = 10.0, 3600.0
"""Seconds to wait where HubSpot names none: the window of its burst limit is ten seconds; a day's limit is asked for hourly."""


class Wire(Model):
    """HubSpot writes camelCase."""

    model_config = ConfigDict(alias_generator=to_camel)


@hubspot.errors
def check(response: Response) -> PowerstripError | None:
    """HubSpot's message, with what was wrong with each property.

    A 403 refuses one call: a scope is missing, the credential is good. 423 and 477 mean "not now". HubSpot often names no time
    to wait with a 429. Source: developers.hubspot.com/docs/api/error-handling and …/api/usage-details.
    """
    status = response.status
    if status not in (400, 403, 404, 409, 423, 429, 477):
        return None
    match response.json():
        case {"message": str(message)} as body:
            words = "; ".join(dict.fromkeys([message, *_details(cast(dict[str, Any], body))]))
        case _:
            words = "HubSpot refused the request"
            body = {}
    if status == 429:
        return None if "retry-after" in response.headers else RateLimited(words, DAY if _daily(body) else SECOND)
    if status in (423, 477):
        return Unavailable(words, SECOND)
    return Rejected(words, status)


def _daily(body: Any) -> bool:
    return "DAILY" in str(body.get("policyName", "")).upper()


def _details(body: dict[str, Any]) -> list[str]:
    rows = cast(list[Any], body["errors"]) if isinstance(body.get("errors"), list) else []
    return [text for each in rows if (text := _detail(each))]


def _detail(error: Any) -> str:
    match error:
        case {"message": str(message), "context": {"requiredGranularScopes": [*scopes]}}:
            return f"{message} {', '.join(map(str, scopes))}"
        case {"message": str(message), "context": {"propertyName": [name, *_]}}:
            return f"{name}: {message}"
        case {"message": str(message)}:
            return message
        case _:
            return ""


class _Details(Wire):
    portal_id: int
    account_type: str = ""
    ui_domain: str = ""


class _AppSettings(Wire):
    target_url: str = ""


@hubspot.account
async def account(http: Http) -> Account:
    """The HubSpot account that was consented to, by its portal id; for a developer key, the app."""
    if app := http.config.get("app_id"):
        await http.get(f"/webhooks/v3/{segment(app)}/settings", returns=_AppSettings)
        return Account(id=f"app-{app}", name=f"HubSpot app {app}")
    found = await http.get("/account-info/v3/details", returns=_Details)
    return Account(id=str(found.portal_id), name=f"HubSpot {found.portal_id}", detail=found.account_type)
