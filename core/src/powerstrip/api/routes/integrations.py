"""Integrations, their tests, rotation and pickers."""

from typing import Any

from litestar.params import FromPath, FromQuery, JSONBody

from powerstrip.access import require_open
from powerstrip.adapter import Query
from powerstrip.api.given import GivenHub, GivenVisit
from powerstrip.api.route import PROJECT, Cursor, Filter, Limit, route
from powerstrip.api.shapes.base import listed
from powerstrip.api.shapes.integrations import (
    Choice,
    CopyIntegrationRequest,
    CreateIntegrationRequest,
    Integration,
    IntegrationListResponse,
    IntegrationStatus,
    IntegrationTest,
    PickerResponse,
    RotateIntegrationRequest,
    UpdateIntegrationRequest,
)
from powerstrip.connect import IntegrationChanges, NewIntegration

TAG = "integrations"
INTEGRATIONS = f"{PROJECT}/integrations"
INTEGRATION = f"{INTEGRATIONS}/{{id:str}}"
VALUE = "value."


@route("GET", INTEGRATIONS, "integrations.view", id="listIntegrations", tag=TAG, summary="List integrations")
async def list_integrations(
    visit: GivenVisit,
    hub: GivenHub,
    provider: Filter = None,
    status: FromQuery[IntegrationStatus | None] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> IntegrationListResponse:
    """Newest first. Credentials are never in it."""

    async def fetch(after: tuple[str, str] | None, wanted: int) -> list[Any]:
        return await hub.integrations.list(visit.project.id, provider=provider, status=status, after=after, limit=wanted)

    page = await visit.page(cursor, limit, fetch, lambda row: (row.created_at, row.id))
    rows = [Integration.of(row) for row in page.rows]
    return IntegrationListResponse(**listed(rows, page.next_cursor), data=rows)


@route("POST", INTEGRATIONS, "integrations.manage", id="createIntegration", tag=TAG, summary="Connect a provider", status=201)
async def create_integration(visit: GivenVisit, hub: GivenHub, data: JSONBody[CreateIntegrationRequest]) -> Integration:
    """`provider` and `name` together are unique in the project; the provider stays as it is."""
    new = NewIntegration(data.name, data.provider, data.credentials, data.config, data.auth_kind, data.mode)
    return Integration.of(await hub.integrations.create(visit.project, visit.actor, new, probe=data.probe))


@route(
    "POST",
    f"{INTEGRATIONS}/copy",
    "integrations.manage",
    id="copyIntegration",
    tag=TAG,
    summary="Copy an integration",
    status=201,
)
async def copy_integration(visit: GivenVisit, hub: GivenHub, data: JSONBody[CopyIntegrationRequest]) -> Integration:
    """From another project whose integrations you manage and that is not archived, credential included."""
    source = await hub.access.projects.find(visit.identity, data.source_project_id)
    visit.identity.require("integrations.manage", source.id)
    require_open(source)
    row = await hub.integrations.copy(visit.project, visit.actor, source.id, data.source_integration_id, data.name)
    return Integration.of(row)


@route("GET", INTEGRATION, "integrations.view", id="getIntegration", tag=TAG, summary="Get an integration")
async def get_integration(visit: GivenVisit, hub: GivenHub, id: FromPath[str]) -> Integration:
    """Its credential is never in it."""
    return Integration.of(await hub.integrations.get(visit.project.id, id))


@route("PUT", INTEGRATION, "integrations.manage", id="updateIntegration", tag=TAG, summary="Update an integration")
async def update_integration(
    visit: GivenVisit, hub: GivenHub, id: FromPath[str], data: JSONBody[UpdateIntegrationRequest]
) -> Integration:
    """Where the destination changes, the credential is dropped unless it is given anew."""
    changes = IntegrationChanges(data.name, data.credentials, data.config, data.status)
    return Integration.of(await hub.integrations.update(visit.project, visit.actor, id, changes))


@route("DELETE", INTEGRATION, "integrations.manage", id="deleteIntegration", tag=TAG, summary="Delete an integration", status=204)
async def delete_integration(visit: GivenVisit, hub: GivenHub, id: FromPath[str]) -> None:
    """With its credential, for good."""
    await hub.integrations.delete(visit.project, visit.actor, id)


@route("POST", f"{INTEGRATION}/test", "integrations.test", id="testIntegration", tag=TAG, summary="Test an integration")
async def test_integration(visit: GivenVisit, hub: GivenHub, id: FromPath[str]) -> IntegrationTest:
    """Ask the provider whose credential it is."""
    return IntegrationTest.of(await hub.integrations.test(visit.project, visit.actor, id))


@route("POST", f"{INTEGRATION}/rotate", "integrations.manage", id="rotateIntegration", tag=TAG, summary="Replace a credential")
async def rotate_integration(
    visit: GivenVisit, hub: GivenHub, id: FromPath[str], data: JSONBody[RotateIntegrationRequest]
) -> Integration:
    """Nothing changes where the provider refuses the new one."""
    row = await hub.integrations.rotate(
        visit.project,
        visit.actor,
        id,
        data.credentials,
        probe=data.probe,
        accept_other_account=data.accept_other_account,
    )
    return Integration.of(row)


@route(
    "GET",
    f"{INTEGRATION}/pickers/{{picker:str}}",
    "integrations.use",
    id="pickValue",
    tag=TAG,
    summary="List values to choose from",
    archived=False,
    query=(f"{VALUE}*",),
)
async def pick_value(
    visit: GivenVisit, hub: GivenHub, id: FromPath[str], picker: FromPath[str], search: Filter = None, cursor: Cursor = None
) -> PickerResponse:
    """Values of the provider, such as its channels. `value.<field>` gives the other fields that were filled."""
    values = {name.removeprefix(VALUE): value for name, value in visit.query if name.startswith(VALUE)}
    place = visit.read_cursor(cursor)
    query = Query(cursor=place[0] if place else None, search=search or "", values=values)
    found = await hub.integrations.pick(visit.project, visit.actor, id, picker, query)
    following = visit.write_cursor((found.next, "")) if found.next is not None else None
    return PickerResponse(
        choices=[Choice(value=each.value, label=each.label, detail=each.detail) for each in found.choices],
        next_cursor=following,
        has_more=following is not None,
        complete=found.complete,
        cached_age=found.cached_age,
    )


HANDLERS = [
    list_integrations,
    create_integration,
    copy_integration,
    get_integration,
    update_integration,
    delete_integration,
    test_integration,
    rotate_integration,
    pick_value,
]
