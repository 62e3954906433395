"""Integrations, their tests, rotation and pickers."""

import asyncio
from typing import Any

from litestar import Response
from litestar.params import FromPath, FromQuery, JSONBody

from powerstrip.access import require_open
from powerstrip.adapter import Query
from powerstrip.api.given import GivenHub, GivenVisit
from powerstrip.api.route import PROJECT, Cursor, Filter, Limit, route
from powerstrip.api.shapes.base import listed
from powerstrip.api.shapes.impact import ExpireIntegrationRequest, IntegrationPlan
from powerstrip.api.shapes.integrations import (
    AccessToken,
    Choice,
    CopyIntegrationRequest,
    CreateIntegrationRequest,
    DayOfCalls,
    Integration,
    IntegrationListResponse,
    IntegrationStatus,
    IntegrationTest,
    PickerResponse,
    RotateIntegrationRequest,
    UpdateIntegrationRequest,
)
from powerstrip.connect import IntegrationChanges, NewIntegration, Plan

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
    used = await hub.integrations.last_uses(page.rows)
    rows = [Integration.of(row, used.get(row.id)) for row in page.rows]
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
    also={200: IntegrationPlan},
)
async def copy_integration(
    visit: GivenVisit, hub: GivenHub, data: JSONBody[CopyIntegrationRequest], plan: FromQuery[bool] = False
) -> Response[Integration]:
    """From another project whose integrations you manage and that is not archived, credential included.

    With `replace` it is written over one that has the name. With `plan` nothing is done, and the answer is what would be.
    """
    source = await hub.access.projects.find(visit.identity, data.source_project_id)
    visit.identity.require("integrations.manage", source.id)
    require_open(source)
    what = (visit.project, visit.actor, source.id, data.source_integration_id, data.name)
    if plan:
        return _planned(await hub.integrations.plan_copy(*what))
    row = await hub.integrations.copy(*what, replace=data.replace, accept_impact=data.accept_impact)
    return Response(Integration.of(row))


@route("GET", INTEGRATION, "integrations.view", id="getIntegration", tag=TAG, summary="Get an integration")
async def get_integration(visit: GivenVisit, hub: GivenHub, id: FromPath[str]) -> Integration:
    """Its credential is never in it. `last_day` counts its calls, `token` tells of its access token."""
    row = await hub.integrations.get(visit.project.id, id)
    recent = await hub.integrations.recent(row)
    adapter = await asyncio.to_thread(hub.catalog.adapter, row.provider) if hub.catalog.has(row.provider) else None
    state = await hub.tokens.state(row, adapter)
    token = None if state is None else AccessToken.of(state)
    return Integration.of(row, recent.last_used_at, DayOfCalls(calls=recent.calls, failures=recent.failures), token)


@route("PUT", INTEGRATION, "integrations.manage", id="updateIntegration", tag=TAG, summary="Update an integration")
async def update_integration(
    visit: GivenVisit, hub: GivenHub, id: FromPath[str], data: JSONBody[UpdateIntegrationRequest], plan: FromQuery[bool] = False
) -> Integration | IntegrationPlan:
    """Where the destination changes, the credential is dropped unless it is given anew.

    A change that would stop what others do is refused with the code `impact`, unless `accept_impact`. With `plan` nothing is
    done, and the answer is what would be.
    """
    changes = IntegrationChanges(data.name, data.credentials, data.config, data.status)
    if plan:
        return IntegrationPlan.of(await hub.integrations.plan_update(visit.project, visit.actor, id, changes))
    row = await hub.integrations.update(visit.project, visit.actor, id, changes, accept_impact=data.accept_impact)
    return Integration.of(row)


@route(
    "DELETE",
    INTEGRATION,
    "integrations.manage",
    id="deleteIntegration",
    tag=TAG,
    summary="Delete an integration",
    status=204,
    also={200: IntegrationPlan},
)
async def delete_integration(
    visit: GivenVisit, hub: GivenHub, id: FromPath[str], plan: FromQuery[bool] = False, accept_impact: FromQuery[bool] = False
) -> Response[None]:
    """With its credential, for good. Refused as an update is. With `plan` nothing is done, and the answer is what would be."""
    if plan:
        return _planned(await hub.integrations.plan_delete(visit.project, visit.actor, id))
    await hub.integrations.delete(visit.project, visit.actor, id, accept_impact=accept_impact)
    return Response(None)


@route("POST", f"{INTEGRATION}/expire", "integrations.manage", id="expireIntegration", tag=TAG, summary="Expire an integration")
async def expire_integration(
    visit: GivenVisit, hub: GivenHub, id: FromPath[str], data: JSONBody[ExpireIntegrationRequest], plan: FromQuery[bool] = False
) -> Integration | IntegrationPlan:
    """By hand, as after a leak: no call uses the credential until there is another. Refused and planned as an update is."""
    if plan:
        return IntegrationPlan.of(await hub.integrations.plan_expire(visit.project, visit.actor, id))
    row = await hub.integrations.expire(visit.project, visit.actor, id, data.reason, accept_impact=data.accept_impact)
    return Integration.of(row)


@route("POST", f"{INTEGRATION}/test", "integrations.test", id="testIntegration", tag=TAG, summary="Test an integration")
async def test_integration(visit: GivenVisit, hub: GivenHub, id: FromPath[str]) -> IntegrationTest:
    """Ask the provider whose credential it is."""
    return IntegrationTest.of(await hub.integrations.test(visit.project, visit.actor, id))


@route("POST", f"{INTEGRATION}/rotate", "integrations.manage", id="rotateIntegration", tag=TAG, summary="Replace a credential")
async def rotate_integration(
    visit: GivenVisit, hub: GivenHub, id: FromPath[str], data: JSONBody[RotateIntegrationRequest], plan: FromQuery[bool] = False
) -> Integration | IntegrationPlan:
    """Nothing changes where the provider refuses the new one. With `plan` nothing is done, and the provider is not asked."""
    if plan:
        return IntegrationPlan.of(await hub.integrations.plan_rotate(visit.project, visit.actor, id, data.credentials))
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


def _planned(plan: Plan) -> Response[Any]:
    """A plan where the answer is another one as a rule."""
    return Response(IntegrationPlan.of(plan), status_code=200)


HANDLERS = [
    list_integrations,
    create_integration,
    copy_integration,
    get_integration,
    update_integration,
    delete_integration,
    expire_integration,
    test_integration,
    rotate_integration,
    pick_value,
]
