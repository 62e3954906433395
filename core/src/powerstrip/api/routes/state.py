"""The hub as its operator sees it: what it runs on, what is installed, which exceptions are in force."""

from typing import Literal

import powerstrip
from powerstrip.access import PLATFORM
from powerstrip.api import findings
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
    """What the hub is made of and how it is set. Nothing in it is secret."""

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


class HubFinding(Told):
    """One thing that was looked at. `hint` says what to do where it is not ok."""

    check: str
    state: Literal["ok", "warning", "broken"]
    message: str
    hint: str = ""


class HubFindings(Told):
    """What `powerstrip doctor` tells, told by the running hub itself."""

    healthy: bool
    """Nothing is broken; warnings do not count."""
    findings: list[HubFinding]


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


@route("GET", "/v1/platform/findings", PLATFORM, id="getHubFindings", tag="platform", summary="See what is sound and what is not")
async def get_hub_findings(hub: GivenHub) -> HubFindings:
    """Programs, folder, database, master key, engine, settings, exceptions, adapters: looked at now."""
    found = await findings.of_hub(hub)
    broken = any(each.state == "broken" for each in found)
    return HubFindings(healthy=not broken, findings=[HubFinding.model_validate(each, from_attributes=True) for each in found])


HANDLERS = [get_hub_state, get_hub_findings]
