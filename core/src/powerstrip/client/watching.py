"""Registrations that the hub keeps at providers, and polls."""

from collections.abc import Mapping, Sequence
from typing import Any

from powerstrip.client.session import Session, path
from powerstrip.client.shapes import Json, Poll, Subscription, SubscriptionPlan, SubscriptionStatus


class Subscriptions:
    """Webhook registrations of one endpoint."""

    def __init__(self, session: Session, root: str, endpoint: str) -> None:
        self._session = session
        self._root = root + path("endpoints", endpoint, "subscriptions")

    async def status(self) -> SubscriptionStatus:
        """What is subscribed, and what can be."""
        return await self._session.get(self._root)

    async def plan(self, watch: Mapping[str, Any] | None = None, events: Sequence[str] = ()) -> SubscriptionPlan:
        """What `publish` would do."""
        return await self._session.ask("POST", self._root, query={"plan": "true"}, body=_wanted(watch, events))

    async def publish(self, watch: Mapping[str, Any] | None = None, events: Sequence[str] = ()) -> Subscription:
        """Make the provider send these events, or all; again and again it stays one registration."""
        return await self._session.ask("POST", self._root, body=_wanted(watch, events))

    async def check(self, id: str) -> Subscription:
        """Compare with the provider now, and mend."""
        return await self._session.ask("POST", self._root + path(id, "check"))

    async def remove(self, id: str) -> None:
        """Delete it, at the provider too."""
        await self._session.ask("DELETE", self._root + path(id))


class Polls:
    """Looking for events where a provider sends none."""

    def __init__(self, session: Session, root: str) -> None:
        self._session = session
        self._root = root + path("polls")

    async def list(self, *, integration_id: str | None = None) -> "list[Poll]":
        """Every poll of the project's integrations, on or off."""
        return (await self._session.get(self._root, {"integration_id": integration_id}))["items"]

    async def enable(
        self, integration_id: str, poll: str, watch: Mapping[str, Any] | None = None, *, seconds: int | None = None
    ) -> Poll:
        """Switch it on; the first look gives no events."""
        body: Json = {"integration_id": integration_id, "poll": poll, "watch": dict(watch or {})}
        every = {} if seconds is None else {"seconds": seconds}
        return await self._session.ask("POST", self._root + path("enable"), body=body | every)

    async def disable(self, integration_id: str, poll: str) -> Poll:
        """Switch it off; where it was is kept."""
        return await self._put("disable", integration_id, poll)

    async def now(self, integration_id: str, poll: str) -> Poll:
        """Look at once, and wait for what comes of it."""
        return await self._put("now", integration_id, poll)

    async def _put(self, what: str, integration_id: str, poll: str) -> Poll:
        body = {"integration_id": integration_id, "poll": poll}
        return await self._session.ask("POST", self._root + path(what), body=body)


def _wanted(watch: Mapping[str, Any] | None, events: Sequence[str]) -> Json:
    return {"watch": dict(watch or {}), "events": [*events]}
