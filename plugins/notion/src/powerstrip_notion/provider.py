"""The Notion adapter's object, Notion's version, and how Notion says no. Source: developers.notion.com/reference."""

import re
from typing import Annotated, Any, TypeVar

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
    Rejected,
    Response,
    Unavailable,
)

M = TypeVar("M", bound=Model)
VERSION = {"Notion-Version": "2025-09-03"}
"""The API's edition: in this one a database has data sources, which hold its pages."""

PageRef = Annotated[
    str,
    Pick("page"),
    Field(min_length=1, max_length=500, description="Id or address.", examples=["59833787-2cf9-4fdf-8782-e53db20768a5"]),
]
DatabaseRef = Annotated[
    str,
    Pick("database"),
    Field(min_length=1, max_length=500, description="Id or address.", examples=["b55c9c91-384d-452b-81db-d1ef79372b75"]),
]

notion = Adapter(
    id="notion",
    title="Notion",
    description="Work with pages and databases: create, change, read, search, append and comment, and hear of what changes.",
    category="Productivity",
    base_url="https://api.notion.com/v1",
    auth=(
        OAuth2(
            authorize_url="https://api.notion.com/v1/oauth/authorize",
            token_url="https://api.notion.com/v1/oauth/token",  # noqa: S106 - an address
            revoke_url="https://api.notion.com/v1/oauth/revoke",
            authorize_params=(("owner", "user"),),
            client_auth="basic",
            body="json",
            pkce=False,
        ),
        Bearer(
            kind="integration_token",
            title="Integration token",
            help=(
                "At notion.so/profile/integrations, the integration: Internal integration secret (ntn_…). Then share pages with "
                "it: on the page, ···, Connections."
            ),
        ),
    ),
    rate=Rate(calls=3, seconds=1.0),
    aka=("notion.so", "notion database", "wiki"),
    docs_url="https://developers.notion.com/reference/intro",
    icon="notion",
)


@notion.errors
def check(response: Response) -> PowerstripError | None:
    """A 403 refuses one call: the integration lacks a capability. A 409 is a collision that another attempt escapes.

    Source: developers.notion.com/reference/status-codes.
    """
    match response.status, response.json() if response.status in (403, 409) else None:
        case 403, {"message": str(message)}:
            return Rejected(f"{message} (give the integration this capability at Notion, Integrations, Capabilities)", 403)
        case 403, _:
            return Rejected("Notion refused the request", 403)
        case 409, {"message": str(message)}:
            return Unavailable(message)
        case _:
            return None


async def get(http: Http, path: str, returns: type[M], **params: Any) -> M:
    """GET from Notion."""
    return await http.get(path, returns=returns, params=params, headers=VERSION)


async def post(http: Http, path: str, body: dict[str, Any], returns: type[M]) -> M:
    """POST to Notion; what is None is left out."""
    return await http.post(path, json=_given(body), returns=returns, headers=VERSION)


async def patch(http: Http, path: str, body: dict[str, Any], returns: type[M]) -> M:
    """PATCH at Notion; what is None is left out."""
    return await http.patch(path, json=_given(body), returns=returns, headers=VERSION)


def _given(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if value is not None}


_ID = re.compile(r"([0-9a-fA-F]{8})-?([0-9a-fA-F]{4})-?([0-9a-fA-F]{4})-?([0-9a-fA-F]{4})-?([0-9a-fA-F]{12})$")


def id_of(text: str) -> str:
    """The id in an address of notion.so, or in an id with or without dashes; another text as it is."""
    place = text.partition("?")[0].partition("#")[0].rstrip("/") if text.startswith("https://") else text
    found = _ID.search(place)
    return "-".join(found.groups()).lower() if found else text


class _Bot(Model):
    workspace_name: str | None = None
    workspace_id: str | None = None


class _Me(Model):
    id: str
    name: str | None = None
    bot: _Bot = _Bot()


@notion.account
async def account(http: Http) -> Account:
    """The workspace that the integration is in."""
    me = await get(http, "/users/me", _Me)
    return Account(id=me.bot.workspace_id or me.id, name=me.bot.workspace_name or me.name or me.id, detail=me.name or "")
