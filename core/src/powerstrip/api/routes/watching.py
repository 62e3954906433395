"""Registrations that the hub keeps at providers, and polls where there are none."""

from typing import Any

from litestar import Response
from litestar.params import FromPath, FromQuery, JSONBody

from powerstrip.api.given import GivenHub, GivenVisit
from powerstrip.api.route import PROJECT, Filter, route
from powerstrip.api.shapes.watching import (
    EnablePollRequest,
    Poll,
    PollListResponse,
    PollReference,
    PublishSubscriptionRequest,
    Subscription,
    SubscriptionPlan,
    SubscriptionStatus,
)

SUBSCRIPTIONS = f"{PROJECT}/endpoints/{{id:str}}/subscriptions"
SUBSCRIPTION = f"{SUBSCRIPTIONS}/{{subscription:str}}"
POLLS = f"{PROJECT}/polls"
ENDPOINTS_TAG, POLLS_TAG = "endpoints", "polls"


@route(
    "GET", SUBSCRIPTIONS, "integrations.view", id="listSubscriptions", tag=ENDPOINTS_TAG, summary="Subscriptions of an endpoint"
)
async def list_subscriptions(visit: GivenVisit, hub: GivenHub, id: FromPath[str]) -> SubscriptionStatus:
    """As they are wanted and as they were found last, and what the endpoint can be subscribed to."""
    return SubscriptionStatus.of(await hub.inbound.subscriptions.status(visit.project.id, id))


@route(
    "POST", SUBSCRIPTIONS, "integrations.manage", id="publishSubscription", tag=ENDPOINTS_TAG,
    summary="Subscribe an endpoint at its provider", also={200: SubscriptionPlan}, status=201,
)  # fmt: skip
async def publish_subscription(
    visit: GivenVisit,
    hub: GivenHub,
    id: FromPath[str],
    data: JSONBody[PublishSubscriptionRequest],
    plan: FromQuery[bool] = False,
) -> Response[Any]:
    """Again and again it stays one registration. With `plan` the provider is only asked, and the answer is what would be."""
    subscriptions = hub.inbound.subscriptions
    if plan:
        planned = await subscriptions.plan(visit.project.id, visit.actor, id, data.watch, data.events)
        return Response(SubscriptionPlan.of(planned), status_code=200)
    made = await subscriptions.publish(visit.project.id, visit.actor, id, data.watch, data.events)
    return Response(Subscription.of(made), status_code=201)


@route(
    "POST", f"{SUBSCRIPTION}/check", "integrations.manage", id="checkSubscription", tag=ENDPOINTS_TAG,
    summary="Compare a subscription with the provider, and mend it", bodiless=True,
)  # fmt: skip
async def check_subscription(visit: GivenVisit, hub: GivenHub, id: FromPath[str], subscription: FromPath[str]) -> Subscription:
    """What differs is told as `drift`."""
    return Subscription.of(await hub.inbound.subscriptions.check(visit.project.id, visit.actor, id, subscription))


@route(
    "DELETE", SUBSCRIPTION, "integrations.manage", id="removeSubscription", tag=ENDPOINTS_TAG,
    summary="Delete a subscription, at the provider too", status=204,
)  # fmt: skip
async def remove_subscription(visit: GivenVisit, hub: GivenHub, id: FromPath[str], subscription: FromPath[str]) -> None:
    """Where the provider does not do it now, the answer says why, and the hub goes on trying."""
    await hub.inbound.subscriptions.remove(visit.project.id, visit.actor, id, subscription)


@route("GET", POLLS, "integrations.view", id="listPolls", tag=POLLS_TAG, summary="List polls")
async def list_polls(visit: GivenVisit, hub: GivenHub, integration_id: Filter = None) -> PollListResponse:
    """Every poll that the adapters of the project's integrations have, on or off."""
    found = await hub.inbound.polls.list(visit.project.id, integration_id=integration_id)
    return PollListResponse(items=[Poll.of(each) for each in found])


@route("POST", f"{POLLS}/enable", "integrations.manage", id="enablePoll", tag=POLLS_TAG, summary="Switch a poll on")
async def enable_poll(visit: GivenVisit, hub: GivenHub, data: JSONBody[EnablePollRequest]) -> Poll:
    """The first look finds out where "now" is and gives no events."""
    polls = hub.inbound.polls
    return Poll.of(await polls.enable(visit.project, visit.actor, data.integration_id, data.poll, data.watch, data.seconds))


@route("POST", f"{POLLS}/disable", "integrations.manage", id="disablePoll", tag=POLLS_TAG, summary="Switch a poll off")
async def disable_poll(visit: GivenVisit, hub: GivenHub, data: JSONBody[PollReference]) -> Poll:
    """Where it was is kept: switched on again it goes on from there."""
    return Poll.of(await hub.inbound.polls.disable(visit.project, visit.actor, data.integration_id, data.poll))


@route("POST", f"{POLLS}/now", "integrations.manage", id="pollNow", tag=POLLS_TAG, summary="Look at once")
async def poll_now(visit: GivenVisit, hub: GivenHub, data: JSONBody[PollReference]) -> Poll:
    """The answer comes after the look: `error` says what went wrong, `found` counts all events so far."""
    return Poll.of(await hub.inbound.polls.now(visit.project, visit.actor, data.integration_id, data.poll))


HANDLERS = [
    list_subscriptions,
    publish_subscription,
    check_subscription,
    remove_subscription,
    list_polls,
    enable_poll,
    disable_poll,
    poll_now,
]
