"""The Linear adapter's object, its one address, and how Linear says no."""

from typing import Any, TypeVar

from powerstrip.adapter import (
    Account,
    Adapter,
    ApiKey,
    AuthFailed,
    Http,
    Model,
    OAuth2,
    PowerstripError,
    Rate,
    RateLimited,
    Rejected,
    Response,
    Unavailable,
)

M = TypeVar("M", bound=Model)

linear = Adapter(
    id="linear",
    title="Linear",
    description="Work with issues, comments and projects, and hear what happens to them.",
    category="Issue Tracking",
    base_url="https://api.linear.app",
    auth=(
        OAuth2(
            authorize_url="https://linear.app/oauth/authorize",
            token_url="https://api.linear.app/oauth/token",  # noqa: S106 - an address
            revoke_url="https://api.linear.app/oauth/revoke",
            scopes=("read", "write"),
            scope_separator=",",
        ),
        ApiKey(
            header="Authorization",
            help="At linear.app: Settings, Security & access, Personal API keys. It begins with lin_api_.",
        ),
    ),
    rate=Rate(calls=5, seconds=1.0),
    aka=("linear app", "linear.app", "linear issues"),
    docs_url="https://linear.app/developers/graphql",
    icon="linear",
)


async def ask(http: Http, query: str, returns: type[M], **variables: Any) -> M:
    """Ask Linear's one GraphQL address. `returns` is the model of the whole answer."""
    given = {name: value for name, value in variables.items() if value is not None}
    return await http.post("/graphql", json={"query": " ".join(query.split()), "variables": given}, returns=returns)


@linear.errors
def check(response: Response) -> PowerstripError | None:
    """GraphQL errors come with HTTP 200 or 400. Source: linear.app/developers, "Error handling" and "Rate limiting"."""
    if response.status not in (200, 400, 401, 403, 429):
        return None
    match response.json():
        case {"errors": [{**error}, *_]}:
            pass
        case _:
            return None
    extensions: dict[str, Any] = error.get("extensions") or {}
    words = str(extensions.get("userPresentableMessage") or error.get("message") or "Linear refused the request")
    match str(extensions.get("code") or extensions.get("type") or "").upper().replace(" ", "_"):
        case "AUTHENTICATION_ERROR":
            return AuthFailed(words)
        case "RATELIMITED":
            return RateLimited(words, _seconds(response.headers.get("retry-after", "")))
        case "INTERNAL_ERROR" | "LOCK_TIMEOUT" | "NETWORK_ERROR":
            return Unavailable(words)
        case _:
            return AuthFailed(words) if response.status == 401 else Rejected(words, response.status)


def _seconds(text: str) -> float | None:
    return float(text) if text.isascii() and text.isdecimal() and len(text) < 6 else None


class _Viewer(Model):
    class Data(Model):
        class Organization(Model):
            id: str
            name: str

        organization: Organization

    data: Data


@linear.account
async def account(http: Http) -> Account:
    """The workspace that the key belongs to."""
    found = (await ask(http, "query { organization { id name } }", _Viewer)).data.organization
    return Account(id=found.id, name=found.name)
