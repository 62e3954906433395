"""What can be done: providers, actions, events."""

import asyncio
from collections.abc import Sequence

from litestar.params import FromPath

from powerstrip.api import catalogues
from powerstrip.api.given import GivenHub, GivenVisit
from powerstrip.api.route import PROJECT, route
from powerstrip.api.shapes.calls import ActionCatalogEntry, ActionCatalogListResponse, EventCatalogResponse
from powerstrip.api.shapes.integrations import IntegrationProvider, IntegrationProviderForms, IntegrationProvidersResponse
from powerstrip.problems import NotFound

PROVIDERS = f"{PROJECT}/integrations/providers"
ACTIONS = f"{PROJECT}/catalog/actions"


@route("GET", PROVIDERS, "catalog.view", id="listIntegrationProviders", tag="integration-providers", summary="List providers")
async def list_integration_providers(visit: GivenVisit, hub: GivenHub) -> IntegrationProvidersResponse:
    """Every installed provider, how ready it is for this project, and what it can do."""
    connections = await hub.integrations.connections(visit.project.id)
    told = await asyncio.to_thread(
        catalogues.providers, await hub.catalog_of(visit.project), connections, await hub.connecting.apps.providers()
    )
    await _addressed(visit, hub, told.providers)
    return told


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
    catalog, platform = await hub.catalog_of(visit.project), await hub.connecting.apps.providers()
    told = await asyncio.to_thread(catalogues.provider, catalog, provider, connections, platform)
    await _addressed(visit, hub, [told])
    return told


async def _addressed(visit: GivenVisit, hub: GivenHub, told: Sequence[IntegrationProvider]) -> None:
    """Add the project's endpoints, and what is still to be done at the provider. Where the hub's public address is known."""
    for view in await hub.inbound.endpoints.list(visit.project.id):
        if "://" not in view.url or not view.row.enabled:
            continue
        facts = {
            "path_suffix": view.row.id,
            "url": view.url,
            "delivery": "webhook",
            "signature_mode": view.scheme,
            "status": "missing_secret" if view.waiting else "configured",
            "notes": ". ".join(view.steps),
        }
        for each in told:
            if each.name == view.row.provider:
                each.webhook_endpoints.append(facts)


@route("GET", ACTIONS, "catalog.view", id="listCatalogActions", tag="catalog", summary="List actions")
async def list_catalog_actions(visit: GivenVisit, hub: GivenHub) -> ActionCatalogListResponse:
    """Every action of every provider, and how ready it is for you in this project."""
    connections = await hub.integrations.connections(visit.project.id)
    platform = await hub.connecting.apps.providers()
    catalog = await hub.catalog_of(visit.project)
    told = await asyncio.to_thread(catalogues.actions, catalog, connections, visit.permitted, platform)
    workers = await hub.workers.offered(visit.project.id)
    own = [catalogues.own_action(row, workers, visit.permitted) for row in await hub.own_actions.list(visit.project.id)]
    return ActionCatalogListResponse(items=[*told.items, *own])


@route("GET", f"{ACTIONS}/{{action_name:str}}", "catalog.view", id="getCatalogAction", tag="catalog", summary="Get an action")
async def get_catalog_action(visit: GivenVisit, hub: GivenHub, action_name: FromPath[str]) -> ActionCatalogEntry:
    """By its name or an alias."""
    connections = await hub.integrations.connections(visit.project.id)
    platform = await hub.connecting.apps.providers()
    catalog = await hub.catalog_of(visit.project)
    try:
        return await asyncio.to_thread(catalogues.action, catalog, action_name, connections, visit.permitted, platform)
    except NotFound:
        row = await hub.own_actions.find(visit.project.id, action_name)
        if row is None:
            raise
    return catalogues.own_action(row, await hub.workers.offered(visit.project.id), visit.permitted)


@route("GET", f"{PROJECT}/catalog/events", "catalog.view", id="listCatalogEvents", tag="catalog", summary="List events")
async def list_catalog_events(visit: GivenVisit, hub: GivenHub) -> EventCatalogResponse:
    """Every source of events and what it sends."""
    connections = await hub.integrations.connections(visit.project.id)
    return await asyncio.to_thread(catalogues.events, hub.catalog, connections)


HANDLERS = [
    list_integration_providers,
    get_integration_provider,
    list_catalog_actions,
    get_catalog_action,
    list_catalog_events,
]
