"""What uses an integration, and what became of it."""

from litestar.params import FromPath

from powerstrip.api.given import GivenHub, GivenVisit
from powerstrip.api.route import PROJECT, route
from powerstrip.api.shapes.impact import HistoryStep, IntegrationHistory, IntegrationImpact

TAG = "integrations"
INTEGRATION = f"{PROJECT}/integrations/{{id:str}}"


@route(
    "GET",
    f"{INTEGRATION}/impact",
    "integrations.manage",
    id="getIntegrationImpact",
    tag=TAG,
    summary="List what uses an integration",
)
async def get_integration_impact(visit: GivenVisit, hub: GivenHub, id: FromPath[str]) -> IntegrationImpact:
    """Principals, API keys and actions of the last 30 days, copies, and what is built on it. Nothing of another project."""
    return IntegrationImpact.of(await hub.integrations.impact(visit.project.id, id))


@route(
    "GET",
    f"{INTEGRATION}/history",
    "audit.view",
    id="getIntegrationHistory",
    tag=TAG,
    summary="List what became of an integration",
)
async def get_integration_history(visit: GivenVisit, hub: GivenHub, id: FromPath[str]) -> IntegrationHistory:
    """Its changes, with each change of its status and the reason where one was given."""
    steps = await hub.integrations.history(visit.project.id, id)
    return IntegrationHistory(items=[HistoryStep.of(step) for step in steps])


HANDLERS = [get_integration_impact, get_integration_history]
