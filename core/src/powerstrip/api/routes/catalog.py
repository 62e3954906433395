"""What can be done: providers, actions, events."""

import asyncio

from litestar.params import FromPath

from powerstrip.api import catalogues
from powerstrip.api.given import GivenHub, GivenVisit
from powerstrip.api.route import PROJECT, route
from powerstrip.api.shapes.calls import ActionCatalogEntry, ActionCatalogListResponse, EventCatalogResponse
from powerstrip.api.shapes.integrations import IntegrationProviderForms, IntegrationProvidersResponse

PROVIDERS = f"{PROJECT}/integrations/providers"
ACTIONS = f"{PROJECT}/catalog/actions"


@route("GET", PROVIDERS, "catalog.view", id="listIntegrationProviders", tag="integration-providers", summary="List providers")
async def list_integration_providers(visit: GivenVisit, hub: GivenHub) -> IntegrationProvidersResponse:
    """Every installed provider, how ready it is for this project, and what it can do."""
    connections = await hub.integrations.connections(visit.project.id)
    return await asyncio.to_thread(catalogues.providers, hub.catalog, connections)


@route(
    "GET",
    f"{PROVIDERS}/{{provider:str}}",
    "catalog.view",
    id="getIntegrationProvider",
    tag="integration-providers",
    summary="Get a provider with its forms",
)
async def get_integration_provider(visit: GivenVisit, hub: GivenHub, provider: FromPath[str]) -> IntegrationProviderForms:
    """What is to be filled in for each way to sign in, as JSON Schema."""
    connections = await hub.integrations.connections(visit.project.id)
    return await asyncio.to_thread(catalogues.provider, hub.catalog, provider, connections)


@route("GET", ACTIONS, "catalog.view", id="listCatalogActions", tag="catalog", summary="List actions")
async def list_catalog_actions(visit: GivenVisit, hub: GivenHub) -> ActionCatalogListResponse:
    """Every action of every provider, and how ready it is for you in this project."""
    connections = await hub.integrations.connections(visit.project.id)
    permitted = visit.permitted
    return await asyncio.to_thread(catalogues.actions, hub.catalog, connections, permitted)


@route("GET", f"{ACTIONS}/{{action_name:str}}", "catalog.view", id="getCatalogAction", tag="catalog", summary="Get an action")
async def get_catalog_action(visit: GivenVisit, hub: GivenHub, action_name: FromPath[str]) -> ActionCatalogEntry:
    """By its name or an alias."""
    connections = await hub.integrations.connections(visit.project.id)
    return await asyncio.to_thread(catalogues.action, hub.catalog, action_name, connections, visit.permitted)


@route("GET", f"{PROJECT}/catalog/events", "catalog.view", id="listCatalogEvents", tag="catalog", summary="List events")
async def list_catalog_events(visit: GivenVisit, hub: GivenHub) -> EventCatalogResponse:
    """Every source of events and what it sends."""
    return await asyncio.to_thread(catalogues.events, hub.catalog)


HANDLERS = [
    list_integration_providers,
    get_integration_provider,
    list_catalog_actions,
    get_catalog_action,
    list_catalog_events,
]
