"""API keys."""

from typing import Any

from litestar.params import FromPath, JSONBody

from powerstrip.access import NewKey, TagFilter
from powerstrip.api.given import GivenHub, GivenVisit
from powerstrip.api.route import PROJECT, Cursor, Limit, Tag, route
from powerstrip.api.shapes.access import APIKey, APIKeyCreateResult, APIKeyListResponse, CreateAPIKeyRequest
from powerstrip.api.shapes.base import listed

TAG = "api-keys"
KEYS = f"{PROJECT}/api-keys"
KEY = f"{KEYS}/{{id:str}}"


@route("GET", KEYS, "keys.view", id="listAPIKeys", tag=TAG, summary="List API keys")
async def list_api_keys(
    visit: GivenVisit, hub: GivenHub, limit: Limit = 50, cursor: Cursor = None, tag: Tag = None
) -> APIKeyListResponse:
    """Keys that are not revoked, without their secret part."""
    tags = TagFilter.read(tag or ())

    async def fetch(after: tuple[str, str] | None, wanted: int) -> list[Any]:
        return await hub.access.keys.list(visit.project.id, tags=tags, after=after, limit=wanted)

    page = await visit.page(cursor, limit, fetch, lambda row: (row.created_at, row.id))
    return APIKeyListResponse(**listed([APIKey.of(row) for row in page.rows], page.next_cursor))


@route("POST", KEYS, "keys.manage", id="createAPIKey", tag=TAG, summary="Create an API key", status=201)
async def create_api_key(visit: GivenVisit, hub: GivenHub, data: JSONBody[CreateAPIKeyRequest]) -> APIKeyCreateResult:
    """`key` is in this answer and never again. Its principal may hold no more than you do."""
    new = NewKey(data.name, data.principal_id, data.expires_at, data.tags, data.include_handle)
    return APIKeyCreateResult.made(await hub.access.keys.create(visit.identity, visit.project, new))


@route("GET", KEY, "keys.view", id="getAPIKey", tag=TAG, summary="Get an API key")
async def get_api_key(visit: GivenVisit, hub: GivenHub, id: FromPath[str]) -> APIKey:
    """Without its secret part."""
    return APIKey.of(await hub.access.keys.get(visit.project.id, id))


@route("DELETE", KEY, "keys.manage", id="revokeAPIKey", tag=TAG, summary="Revoke an API key", status=204)
async def revoke_api_key(visit: GivenVisit, hub: GivenHub, id: FromPath[str]) -> None:
    """It ends at once, for good."""
    await hub.access.keys.revoke(visit.identity, visit.project.id, id)


HANDLERS = [list_api_keys, create_api_key, get_api_key, revoke_api_key]
