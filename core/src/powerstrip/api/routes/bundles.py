"""Bundles: integrations out of one project and into another, on this hub or elsewhere."""

from litestar.params import FromQuery, JSONBody

from powerstrip.api.given import GivenHub, GivenVisit
from powerstrip.api.route import PROJECT, route
from powerstrip.api.shapes.bundles import (
    BundleKey,
    ExportIntegrationsRequest,
    ImportIntegrationsRequest,
    ImportResult,
    IntegrationBundle,
)

TAG = "integrations"
INTEGRATIONS = f"{PROJECT}/integrations"
SEALS = "project.manage"
"""What sealing credentials to another hub takes beside `integrations.manage`: they leave this one for good."""


@route("GET", f"{INTEGRATIONS}/bundle-key", "integrations.view", id="getBundleKey", tag=TAG, summary="Get the bundle key")
async def get_bundle_key(hub: GivenHub) -> BundleKey:
    """The hub's public key. Bundles that are sealed to it open here and nowhere else."""
    return BundleKey(public_key=hub.integrations.bundle_key)


@route("POST", f"{INTEGRATIONS}/export", "integrations.manage", id="exportIntegrations", tag=TAG, summary="Export integrations")
async def export_integrations(visit: GivenVisit, hub: GivenHub, data: JSONBody[ExportIntegrationsRequest]) -> IntegrationBundle:
    """Names, providers and settings. With `seal_to`, which needs `project.manage` too, the credentials sealed to that key."""
    if data.seal_to is not None:
        visit.identity.require(SEALS, visit.project.id)
    return IntegrationBundle(**await hub.integrations.export(visit.project, visit.actor, data.seal_to))


@route("POST", f"{INTEGRATIONS}/import", "integrations.manage", id="importIntegrations", tag=TAG, summary="Import integrations")
async def import_integrations(
    visit: GivenVisit, hub: GivenHub, data: JSONBody[ImportIntegrationsRequest], plan: FromQuery[bool] = False
) -> ImportResult:
    """All or nothing. One that has a credential here keeps it. With `plan` nothing is done, and the answer is what would be."""
    if plan:
        return ImportResult.of(await hub.integrations.compare_bundle(visit.project, visit.actor, data.bundle))
    done = await hub.integrations.import_bundle(
        visit.project, visit.actor, data.bundle, skip=data.skip_conflicts, accept_impact=data.accept_impact
    )
    return ImportResult.of(done)


HANDLERS = [get_bundle_key, export_integrations, import_integrations]
