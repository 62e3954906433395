"""Project secrets: in, and never out."""

from typing import Any

from litestar.params import FromPath, JSONBody

from powerstrip.api.given import GivenHub, GivenVisit
from powerstrip.api.route import PROJECT, Cursor, Limit, route
from powerstrip.api.shapes.base import listed
from powerstrip.api.shapes.secrets import (
    CreateSecretRequest,
    Secret,
    SecretListResponse,
    SecretVersion,
    SecretVersionListResponse,
    UpdateSecretRequest,
)

TAG = "secrets"
SECRETS = f"{PROJECT}/secrets"
SECRET = f"{SECRETS}/{{secret:str}}"


@route("GET", SECRETS, "secrets.view", id="listSecrets", tag=TAG, summary="List secrets")
async def list_secrets(visit: GivenVisit, hub: GivenHub, limit: Limit = 50, cursor: Cursor = None) -> SecretListResponse:
    """Newest first, with the names of their values and never a value."""

    async def fetch(after: tuple[str, str] | None, wanted: int) -> list[Any]:
        return await hub.secrets.list(visit.project.id, after=after, limit=wanted)

    page = await visit.page(cursor, limit, fetch, lambda row: (row.created_at, row.id))
    return SecretListResponse(**listed([Secret.of(row) for row in page.rows], page.next_cursor))


@route("POST", SECRETS, "secrets.manage", id="createSecret", tag=TAG, summary="Create a secret", status=201)
async def create_secret(visit: GivenVisit, hub: GivenHub, data: JSONBody[CreateSecretRequest]) -> Secret:
    """With its first version. Its name is unique in the project."""
    row = await hub.secrets.create(visit.project, visit.actor, data.name, data.values, data.description, reference=data.reference)
    return Secret.of(row)


@route("GET", SECRET, "secrets.view", id="getSecret", tag=TAG, summary="Get a secret")
async def get_secret(visit: GivenVisit, hub: GivenHub, secret: FromPath[str]) -> Secret:
    """By its id or name, without values."""
    return Secret.of(await hub.secrets.get(visit.project.id, secret))


@route("PATCH", SECRET, "secrets.manage", id="updateSecret", tag=TAG, summary="Update a secret")
async def update_secret(visit: GivenVisit, hub: GivenHub, secret: FromPath[str], data: JSONBody[UpdateSecretRequest]) -> Secret:
    """New values make a new version; the one before is kept as the way back."""
    row = await hub.secrets.update(
        visit.project, visit.actor, secret, description=data.description, values=data.values, reference=data.reference
    )
    return Secret.of(row)


@route("DELETE", SECRET, "secrets.manage", id="deleteSecret", tag=TAG, summary="Delete a secret", status=204)
async def delete_secret(visit: GivenVisit, hub: GivenHub, secret: FromPath[str]) -> None:
    """With every version, for good."""
    await hub.secrets.delete(visit.project, visit.actor, secret)


@route("GET", f"{SECRET}/versions", "secrets.view", id="listSecretVersions", tag=TAG, summary="List secret versions")
async def list_secret_versions(visit: GivenVisit, hub: GivenHub, secret: FromPath[str]) -> SecretVersionListResponse:
    """Newest first, the destroyed ones too."""
    rows = await hub.secrets.versions(visit.project.id, secret)
    return SecretVersionListResponse(items=[SecretVersion.of(row) for row in rows])


@route(
    "GET", f"{SECRET}/versions/{{version:str}}", "secrets.view", id="getSecretVersion", tag=TAG, summary="Get a secret version"
)
async def get_secret_version(visit: GivenVisit, hub: GivenHub, secret: FromPath[str], version: FromPath[str]) -> SecretVersion:
    """By its number, or `latest`."""
    return SecretVersion.of(await hub.secrets.version(visit.project.id, secret, version))


HANDLERS = [
    list_secrets,
    create_secret,
    get_secret,
    update_secret,
    delete_secret,
    list_secret_versions,
    get_secret_version,
]
"""The routes."""
