"""The figures of the last day."""

import asyncio
from datetime import timedelta

from powerstrip.api.given import GivenHub, GivenVisit
from powerstrip.api.route import PROJECT, route
from powerstrip.api.shapes.activity import Activity, HourOfActivity
from powerstrip.clock import now, rfc3339

HOURS = 24


@route("GET", f"{PROJECT}/activity", "project.view", id="getActivity", tag="projects", summary="Count a day by the hour")
async def get_activity(visit: GivenVisit, hub: GivenHub) -> Activity:
    """Calls, events and runs of each of the last 24 hours, the oldest first. Figures only: nothing of what is in them."""
    first = now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=HOURS - 1)
    since = rfc3339(first)
    asked = (hub.actions.hours, hub.inbound.history.hours, hub.flow.runs.hours)
    calls, events, runs = await asyncio.gather(*(hours(visit.project.id, since) for hours in asked))
    stamps = [rfc3339(first + timedelta(hours=each)) for each in range(HOURS)]
    return Activity(hours=[HourOfActivity.of(at, calls, events, runs) for at in stamps])


HANDLERS = [get_activity]
