"""The hub as its operator sees it: what it runs on, what is installed, which exceptions are in force."""

import powerstrip
from powerstrip.access import PLATFORM
from powerstrip.api.given import GivenHub
from powerstrip.api.route import route
from powerstrip.api.shapes.base import Told


class UnusablePlugin(Told):
    """An installed plugin that cannot be used, and why."""

    name: str
    distribution: str
    version: str
    reason: str
    blocked: bool


class HubState(Told):
    """What `powerstrip doctor` tells of a data folder, told by the running hub itself. Nothing in it is secret."""

    version: str
    database: str
    public_url: str | None = None
    requests_per_second: int
    """That one API key may make."""
    keep_raw_days: int
    """How long raw deliveries are kept, sealed."""
    exceptions: list[str]
    """Exceptions from the safe defaults, each a sentence."""
    adapters: list[str]
    """Id and version of each."""
    unusable: list[UnusablePlugin]


@route("GET", "/v1/platform", PLATFORM, id="getHubState", tag="platform", summary="See the hub's own state")
async def get_hub_state(hub: GivenHub) -> HubState:
    """Version, database, adapters, exceptions in force."""
    settings = hub.settings
    return HubState(
        version=powerstrip.__version__,
        database=settings.database,
        public_url=settings.public_url or None,
        requests_per_second=settings.rate_limit,
        keep_raw_days=settings.keep_raw_days,
        exceptions=settings.exceptions(),
        adapters=[f"{each.id} {each.version}".strip() for each in hub.catalog.providers()],
        unusable=[
            UnusablePlugin(
                name=each.name, distribution=each.distribution, version=each.version, reason=each.reason, blocked=each.blocked
            )
            for each in hub.catalog.broken()
        ],
    )


HANDLERS = [get_hub_state]
