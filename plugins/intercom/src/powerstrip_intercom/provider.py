"""The Intercom adapter's object, its settings, and how Intercom says no."""

import time
from typing import Annotated, Any, Literal, cast

from pydantic import Field

from powerstrip.adapter import (
    Account,
    Adapter,
    Bearer,
    Http,
    Model,
    OAuth2,
    Pick,
    PowerstripError,
    Rate,
    RateLimited,
    Rejected,
    Response,
)

VERSION = {"Intercom-Version": "2.14"}
"""Of the API; each request names it, so that a change of the app's own setting changes nothing here."""


class Settings(Model):
    """Where the workspace lives, and who acts where nobody is named."""

    region: Literal["us", "eu", "au"] = Field("us", title="Region")
    """Where Intercom keeps the workspace: Settings, Workspace, General."""
    admin_id: Annotated[str, Pick("admin")] | None = Field(None, title="Teammate", pattern=r"^[0-9]{1,20}$", examples=["814860"])
    """Who replies and sends where an action names nobody; left out, the teammate whose credential it is."""


intercom = Adapter(
    id="intercom",
    title="Intercom",
    description="Work with contacts, conversations, messages, tickets and tags of an Intercom workspace, and hear what happens.",
    category="Messaging",
    base_url="https://api.intercom.io",
    apis={"eu": "https://api.eu.intercom.io", "au": "https://api.au.intercom.io"},
    auth=(
        OAuth2(
            authorize_url="https://app.intercom.com/oauth",
            token_url="https://api.intercom.io/auth/eagle/token",  # noqa: S106 - an address
            refreshes=False,
            help="You sign in at Intercom in the browser. What the hub may do is set in the app, in Intercom's Developer Hub.",
        ),
        Bearer(
            kind="access_token",
            title="Access token",
            help="In Intercom's Developer Hub: your app, Configure, Authentication: Access token.",
        ),
    ),
    config=Settings,
    rate=Rate(calls=100, seconds=1.0),
    aka=("inter com", "help desk"),
    docs_url="https://developers.intercom.com/docs/references/introduction/",
    icon="intercom",
)


def at(http: Http, path: str) -> str:
    """The path in the workspace's region."""
    region = http.config.get("region", "us")
    return f"{region}:{path}" if region in intercom.apis else path


@intercom.errors
def check(response: Response) -> PowerstripError | None:
    """Intercom's messages with their fields. A 403 refuses one call: the app lacks a permission, or the plan does not have it.

    A 429 says when the window ends in `X-RateLimit-Reset`. Source: developers.intercom.com, "Error codes" and "Rate limiting".
    """
    status = response.status
    if status < 400 or status == 401 or status >= 500:
        return None
    match response.json():
        case {"errors": [*errors]} if errors:
            words = "; ".join(filter(None, map(_words, errors)))
        case _:
            words = ""
    if status == 429:
        return None if "retry-after" in response.headers else RateLimited(words or "Intercom is rate limiting", _wait(response))
    return Rejected(words, status) if words else Rejected("Intercom refused the request", status) if status == 403 else None


def _words(error: Any) -> str:
    match error:
        case {"message": str(message), "field": str(field)} if field:
            return f"{message} ({field})"
        case {"message": str(text)} | {"code": str(text)}:
            return text
        case _:
            return ""


def _wait(response: Response) -> float | None:
    reset = response.headers.get("x-ratelimit-reset", "")
    return max(1.0, min(3600.0, float(reset) - time.time())) if reset.isascii() and reset.isdigit() and len(reset) < 12 else None


class _App(Model):
    id_code: str = Field(examples=["abcd1234"])
    name: str = ""
    region: str = ""


class _Me(Model):
    id: str = Field(examples=["814860"])
    email: str = ""
    app: _App | None = None


async def _me(http: Http) -> _Me:
    return await http.get(at(http, "/me"), headers=VERSION, returns=_Me)


async def acting(http: Http, named: str | None) -> str:
    """The teammate who acts: the one named, else the integration's, else the credential's own."""
    return named or str(cast(Any, http.config).get("admin_id") or "") or (await _me(http)).id


@intercom.account
async def account(http: Http) -> Account:
    """The workspace, by the id that its webhooks name."""
    me = await _me(http)
    if me.app is None:
        raise Rejected("The token belongs to no workspace")
    return Account(id=me.app.id_code, name=me.app.name or me.app.id_code, detail=me.email)
