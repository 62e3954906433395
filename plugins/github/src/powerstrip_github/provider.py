"""The GitHub adapter's object, and how GitHub says no."""

import time
from typing import Annotated, Any

from pydantic import Field

from powerstrip.adapter import (
    Account,
    Adapter,
    Bearer,
    GitHubApp,
    Http,
    Model,
    OAuth2,
    Pick,
    PowerstripError,
    Rate,
    RateLimited,
    Rejected,
    Response,
    segment,
)

Repo = Annotated[
    str,
    Pick("repo"),
    Field(pattern=r"^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$", description="owner/name", examples=["octo-org/hello-world"]),
]


class Settings(Model):
    """Whose repositories are offered first."""

    org: Annotated[str, Pick("org")] | None = Field(None, title="Organisation", pattern=r"^[A-Za-z0-9-]{1,39}$")
    """Its repositories are the ones to choose from; left out, those that the credential may see."""


github = Adapter(
    id="github",
    title="GitHub",
    description="Work with issues, pull requests, files, workflows and releases, and hear what happens in a repository.",
    category="Code and DevOps",
    base_url="https://api.github.com",
    auth=(
        OAuth2(
            authorize_url="https://github.com/login/oauth/authorize",
            token_url="https://github.com/login/oauth/access_token",  # noqa: S106 - an address
            scopes=("repo", "workflow", "read:org", "admin:repo_hook"),
        ),
        GitHubApp(
            help="At github.com/settings/apps: the app's page has its id and key; an installation's address ends in its id."
        ),
        Bearer(
            kind="token",
            title="Personal access token",
            help="At github.com/settings/tokens: a fine-grained token (github_pat_…), or a classic one (ghp_…).",
        ),
    ),
    config=Settings,
    rate=Rate(calls=15, seconds=1.0),
    aka=("gh", "git hub", "github issues", "github actions"),
    docs_url="https://docs.github.com/en/rest",
    icon="github",
)


def repo_path(repo: str, path: str = "") -> str:
    """A path below a repository."""
    owner, _, name = repo.partition("/")
    return f"/repos/{segment(owner)}/{segment(name)}{path}"


@github.errors
def check(response: Response) -> PowerstripError | None:
    """GitHub's message with the fields it is about. A 403 refuses one call or asks to wait: the credential is good.

    Sources: docs.github.com/en/rest/using-the-rest-api, "Troubleshooting" and "Rate limits for the REST API".
    """
    if response.status not in (403, 404, 409, 422, 429):
        return None
    words = _words(response.json())
    if response.status == 429 or _is_limit(response, words):
        return RateLimited(words, _wait(response))
    return Rejected(words, response.status)


def _is_limit(response: Response, words: str) -> bool:
    spent = response.headers.get("x-ratelimit-remaining") == "0" or "retry-after" in response.headers
    return response.status == 403 and (spent or "rate limit" in words.lower())


def _wait(response: Response) -> float | None:
    """Seconds, by `retry-after` or until the hour is over."""
    headers = response.headers
    if (after := headers.get("retry-after", "")).isdecimal():
        return float(after)
    if (reset := headers.get("x-ratelimit-reset", "")).isdecimal() and headers.get("x-ratelimit-remaining") == "0":
        return max(1.0, min(3600.0, float(reset) - time.time()))
    return None


def _words(body: Any) -> str:
    match body:
        case {"message": str(message), "errors": [*errors]}:
            return "; ".join([message, *filter(None, map(_detail, errors))])
        case {"message": str(message)}:
            return message
        case _:
            return "GitHub refused the request"


def _detail(error: Any) -> str:
    match error:
        case str():
            return error
        case {"message": str(message)}:
            return message
        case {"field": field, "code": code}:
            return f"{field}: {code}"
        case _:
            return ""


class _User(Model):
    id: int
    login: str
    name: str | None = None


class _Installed(Model):
    class Row(Model):
        owner: _User

    repositories: list[Row] = Field(default_factory=list)


@github.account
async def account(http: Http) -> Account:
    """The user that the token belongs to; for an app's installation, whose repositories it is for."""
    try:
        user = await http.get("/user", returns=_User)
    except Rejected as error:
        if error.status != 403:
            raise
        found = await http.get("/installation/repositories", params={"per_page": 1}, returns=_Installed)
        if not found.repositories:
            raise Rejected("The installation has no repository: choose some on its page at GitHub") from None
        user = found.repositories[0].owner
    return Account(id=str(user.id), name=user.name or user.login, detail=user.login)
