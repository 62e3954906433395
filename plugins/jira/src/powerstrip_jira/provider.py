"""The Jira adapter's object, its settings, and how Jira says no."""

from typing import Annotated, Any

from pydantic import Field

from powerstrip.adapter import Account, Adapter, Basic, Http, Model, NoPick, OAuth2, PowerstripError, Rate, Rejected, Response


class Settings(Model):
    """Which site, and who signs in."""

    site: str = Field(
        title="Site",
        pattern=r"^[a-z0-9][a-z0-9-]{0,62}\.(atlassian\.net|jira-dev\.com|jira\.com)$",
        examples=["acme.atlassian.net"],
    )
    """The address in the browser, without https://."""
    email: str = Field("", title="Email", max_length=254, examples=["ada@example.com"])
    """Of the account whose API token it is. Only for signing in by token."""
    cloud_id: Annotated[str, NoPick("The browser shows it, at the address below.")] = Field(
        "", title="Cloud id", pattern=r"^[0-9a-f-]{0,36}$"
    )
    """Only for signing in through the browser: at https://<site>/_edge/tenant_info."""


jira = Adapter(
    id="jira",
    title="Jira",
    description="Work with issues in Jira Cloud: create, change, move on, comment, search, log work, and hear what happens.",
    category="Issue Tracking",
    base_url="https://{site}/rest/api/3",
    apis={"cloud": "https://api.atlassian.com/ex/jira/{cloud_id}/rest/api/3"},
    auth=(
        OAuth2(
            authorize_url="https://auth.atlassian.com/authorize",
            token_url="https://auth.atlassian.com/oauth/token",  # noqa: S106 - an address
            scopes=("read:jira-work", "write:jira-work", "read:jira-user", "offline_access"),
            authorize_params=(("audience", "api.atlassian.com"), ("prompt", "consent")),
        ),
        Basic(
            user_setting="email",
            password_field="api_token",  # noqa: S106 - a name
            password_title="API token",  # noqa: S106 - a label
            help="At id.atlassian.com: Security, API tokens. It belongs to the email in the settings.",
        ),
    ),
    config=Settings,
    rate=Rate(calls=10, seconds=1.0),
    aka=("atlassian", "jira cloud", "jira software"),
    docs_url="https://developer.atlassian.com/cloud/jira/platform/rest/v3/intro/",
    icon="jira",
)


def at(http: Http, path: str) -> str:
    """The path where this integration's way of signing in is taken: at the site, or at Atlassian's gateway."""
    return f"cloud:{path}" if http.config.get("cloud_id") else path


@jira.errors
def check(response: Response) -> PowerstripError | None:
    """Jira's messages, and what was wrong with each field. A 403 refuses one call: the account lacks a permission.

    Source: developer.atlassian.com/cloud/jira/platform/rest/v3/intro, "Status codes".
    """
    if response.status not in (400, 403, 404, 409, 422):
        return None
    match response.json():
        case {"errorMessages": [*messages], "errors": {**fields}}:
            words = [*map(str, messages), *(f"{name}: {text}" for name, text in fields.items())]
            return Rejected("; ".join(words) or "Jira refused the request", response.status)
        case {"errorMessages": [*messages]} if messages:
            return Rejected("; ".join(map(str, messages)), response.status)
        case {"message": str(message)}:
            return Rejected(message, response.status)
        case _:
            return Rejected("Jira refused the request", response.status) if response.status == 403 else None


class _Myself(Model):
    accountId: str  # noqa: N815 - Jira's own spelling
    displayName: str = ""  # noqa: N815 - Jira's own spelling


@jira.account
async def account(http: Http) -> Account:
    """The Atlassian account that signs in, at this site."""
    me = await http.get(at(http, "/myself"), returns=_Myself)
    return Account(id=f"{me.accountId}@{http.config.get('site', '')}", name=me.displayName or me.accountId)


def document(text: str) -> dict[str, Any]:
    """Plain text as Atlassian's document format: a paragraph for each block between blank lines, breaks for its lines.

    Source: developer.atlassian.com/cloud/jira/platform/apis/document/structure.
    """
    return {"type": "doc", "version": 1, "content": [_paragraph(block) for block in text.split("\n\n") if block.strip()]}


def _paragraph(block: str) -> dict[str, Any]:
    parts: list[dict[str, Any]] = []
    for line in filter(None, block.split("\n")):
        parts += [{"type": "hardBreak"}] if parts else []
        parts.append({"type": "text", "text": line})
    return {"type": "paragraph", "content": parts}
