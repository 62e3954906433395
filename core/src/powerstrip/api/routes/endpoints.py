"""Endpoints: the addresses that providers send to."""

from litestar.params import FromPath, JSONBody

from powerstrip.api.given import GivenHub, GivenVisit
from powerstrip.api.route import PROJECT, Filter, route
from powerstrip.api.shapes.events import (
    CreateEndpointRequest,
    Endpoint,
    EndpointListResponse,
    RotateEndpointRequest,
    UpdateEndpointRequest,
)

TAG = "endpoints"
ENDPOINTS = f"{PROJECT}/endpoints"
ENDPOINT = f"{ENDPOINTS}/{{id:str}}"


@route("GET", ENDPOINTS, "integrations.view", id="listEndpoints", tag=TAG, summary="List endpoints")
async def list_endpoints(visit: GivenVisit, hub: GivenHub, integration_id: Filter = None) -> EndpointListResponse:
    """Oldest first, without their secrets."""
    found = await hub.inbound.endpoints.list(visit.project.id, integration_id=integration_id)
    return EndpointListResponse(items=[Endpoint.of(each) for each in found])


@route("POST", ENDPOINTS, "integrations.manage", id="createEndpoint", tag=TAG, summary="Make an endpoint", status=201)
async def create_endpoint(visit: GivenVisit, hub: GivenHub, data: JSONBody[CreateEndpointRequest]) -> Endpoint:
    """The answer has the secret, if the hub makes it. It is not told again."""
    made = await hub.inbound.endpoints.create(
        visit.project, visit.actor, integration_id=data.integration_id, provider=data.provider, secret=data.secret
    )
    return Endpoint.of(made)


@route("GET", ENDPOINT, "integrations.view", id="getEndpoint", tag=TAG, summary="Get an endpoint")
async def get_endpoint(visit: GivenVisit, hub: GivenHub, id: FromPath[str]) -> Endpoint:
    """Its address, and what is to be done at the provider."""
    return Endpoint.of(await hub.inbound.endpoints.get(visit.project.id, id))


@route("PATCH", ENDPOINT, "integrations.manage", id="updateEndpoint", tag=TAG, summary="Switch an endpoint on or off")
async def update_endpoint(visit: GivenVisit, hub: GivenHub, id: FromPath[str], data: JSONBody[UpdateEndpointRequest]) -> Endpoint:
    """Off, it answers as one that never was."""
    return Endpoint.of(await hub.inbound.endpoints.enable(visit.project, visit.actor, id, data.enabled))


@route("POST", f"{ENDPOINT}/rotate", "integrations.manage", id="rotateEndpoint", tag=TAG, summary="Replace an endpoint's secret")
async def rotate_endpoint(visit: GivenVisit, hub: GivenHub, id: FromPath[str], data: JSONBody[RotateEndpointRequest]) -> Endpoint:
    """The secret before it is taken a while longer, so that nothing is lost between the two."""
    changed = await hub.inbound.endpoints.rotate(
        visit.project, visit.actor, id, secret=data.secret, overlap_seconds=data.overlap_seconds
    )
    return Endpoint.of(changed)


@route("POST", f"{ENDPOINT}/confirm", "integrations.manage", id="confirmEndpoint", tag=TAG, summary="Show a handed-over secret")
async def confirm_endpoint(visit: GivenVisit, hub: GivenHub, id: FromPath[str]) -> Endpoint:
    """What the provider handed over in its first delivery, to be entered there. It is shown for a day; each time is on record."""
    return Endpoint.of(await hub.inbound.endpoints.confirm(visit.project, visit.actor, id))


@route("DELETE", ENDPOINT, "integrations.manage", id="deleteEndpoint", tag=TAG, summary="Delete an endpoint", status=204)
async def delete_endpoint(visit: GivenVisit, hub: GivenHub, id: FromPath[str]) -> None:
    """With its secrets, for good. What came to it stays."""
    await hub.inbound.endpoints.delete(visit.project, visit.actor, id)


HANDLERS = [list_endpoints, create_endpoint, get_endpoint, update_endpoint, rotate_endpoint, confirm_endpoint, delete_endpoint]
