"""The Salesforce adapter's object, its settings and ways to sign in, and how Salesforce says no.

Sources: developer.salesforce.com/docs/atlas.en-us.api_rest.meta (REST API) and help.salesforce.com, "OAuth Authorization Flows".
"""

from typing import Any, cast

from pydantic import Field

from powerstrip.adapter import (
    Account,
    Adapter,
    ClientCredentials,
    Http,
    JwtBearer,
    Model,
    OAuth2,
    PowerstripError,
    Rate,
    RateLimited,
    Rejected,
    Response,
    Unavailable,
)

VERSION = "v62.0"


class Settings(Model):
    """Which organisation, and where people sign in."""

    instance_url: str | None = Field(
        None,
        title="Instance URL",
        pattern=r"^https://([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+salesforce\.com$",
        max_length=200,
        examples=["https://acme.my.salesforce.com"],
    )
    """The organisation's own address: Setup, My Domain. Signing in through the browser fills it in."""
    login_host: str = Field(
        "login.salesforce.com",
        title="Login host",
        pattern=r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+salesforce\.com$",
        max_length=200,
        examples=["login.salesforce.com"],
    )
    """`test.salesforce.com` for a sandbox of Salesforce's own, or the host of My Domain."""
    api_version: str = Field(VERSION, title="API version", pattern=r"^v[0-9]{2,3}\.0$", examples=["v62.0"])
    """Of the REST API."""


TOKEN = "/services/oauth2/token"  # noqa: S105 - a path

salesforce = Adapter(
    id="salesforce",
    title="Salesforce",
    description="Work with records of any object of a Salesforce organisation, query and search them, and hear when they change.",
    category="Sales & CRM",
    base_url="https://login.salesforce.com",
    base_url_field="instance_url",
    hosts=("*.salesforce.com",),
    auth=(
        OAuth2(
            authorize_url="https://{login_host}/services/oauth2/authorize",
            token_url="https://{login_host}/services/oauth2/token",  # noqa: S106 - an address
            revoke_url="https://{login_host}/services/oauth2/revoke",
            scopes=("api", "refresh_token"),
            tells=(("instance_url", "instance_url"),),
            help="You sign in at Salesforce in the browser, and consent to what the hub may do there.",
        ),
        JwtBearer(
            token_url=TOKEN,
            audience="https://{login_host}",
            help="The private key whose certificate the app holds: Setup, App Manager, the app, Digital signatures.",
            issuer_help="The app's consumer key: Setup, App Manager, the app, OAuth settings.",
            subject_help="User name of the person to act as, such as ada@acme.example.com. An admin must approve the app for it.",
        ),
        ClientCredentials(
            kind="client_credentials",
            connect="service",
            token_url=TOKEN,
            client_auth="post",
            help="The app's consumer secret, on the same page. The app must have a user that it runs as.",
            client_help="The app's consumer key: Setup, App Manager, the app, OAuth settings.",
        ),
    ),
    config=Settings,
    rate=Rate(calls=20, seconds=1.0),
    aka=("sales force", "sfdc", "sales cloud", "service cloud"),
    docs_url="https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/",
    icon="salesforce",
)

LIMIT_WAIT = 3600.0
"""Seconds: the limit is one of a rolling day, and some of it is free again within the hour."""
LOCKED_WAIT = 5.0
_LIMITS = frozenset(("REQUEST_LIMIT_EXCEEDED", "TXN_SECURITY_METERING_ERROR"))
_LATER = frozenset(("UNABLE_TO_LOCK_ROW", "SERVER_UNAVAILABLE", "QUERY_TIMEOUT"))


def data(http: Http, path: str = "") -> str:
    """A path of the REST API, in the integration's version."""
    return f"/services/data/{http.config.get('api_version') or VERSION}{path}"


@salesforce.errors
def check(response: Response) -> PowerstripError | None:
    """Salesforce's messages with the fields they are about. A 403 refuses one call, or says that the day's calls are spent.

    A 300 says that more than one record has an external id. Source: REST API Developer Guide, "Status Codes and Error Responses".
    """
    status = response.status
    if status == 300:
        return Rejected("More than one record has this value: it does not tell which one is meant", status)
    if status < 400 or status == 401 or status >= 500:
        return None
    words, codes = _told(response.json())
    if codes & _LIMITS:
        return RateLimited(words, LIMIT_WAIT)
    if codes & _LATER:
        return Unavailable(words, LOCKED_WAIT)
    return None if status == 429 else Rejected(words or "Salesforce refused the request", status)


def _told(body: Any) -> tuple[str, set[str]]:
    """All that an error says, and its codes."""
    rows = cast(list[Any], body) if isinstance(body, list) else [body]
    errors = [cast(dict[str, Any], each) for each in rows if isinstance(each, dict)]
    codes = {str(each.get("errorCode") or each.get("statusCode") or each.get("error")) for each in errors}
    return "; ".join(filter(None, map(words_of, errors))), codes


def words_of(error: dict[str, Any]) -> str:
    """One error in Salesforce's words, with its fields."""
    text = str(error.get("message") or error.get("error_description") or error.get("errorCode") or "")
    fields = error.get("fields")
    named = ", ".join(map(str, cast(list[Any], fields))) if isinstance(fields, list) else ""
    return f"{text} ({named})" if named and named not in text else text


class _Organization(Model):
    Id: str = Field(examples=["00D000000000001AAA"])  # the wire's spelling, as in every row of a query
    Name: str = ""


class _Organizations(Model):
    records: list[_Organization] = Field(min_length=1)


@salesforce.account
async def account(http: Http) -> Account:
    """The organisation, by its id in 18 characters: outbound messages name it."""
    found = await http.get(
        data(http, "/query"), params={"q": "SELECT Id, Name FROM Organization LIMIT 1"}, returns=_Organizations
    )
    own = found.records[0]
    return Account(id=own.Id, name=own.Name or own.Id, detail=str(http.config.get("instance_url") or ""))
