"""Registrations that the hub keeps at providers, and polls."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from powerstrip import inbound, store
from powerstrip.api.shapes.base import Asked, Id, Object, Told

EventIds = Annotated[list[Annotated[str, Field(max_length=200)]], Field(max_length=500)]


class PublishSubscriptionRequest(Asked):
    """What to hear at an endpoint."""

    watch: Object = Field(default_factory=dict)
    """The provider's form, such as which repository."""
    events: EventIds = Field(default_factory=list)
    """The adapter's ids; all of them when left out."""


class Subscription(Told):
    """A webhook registration at the provider, as it is wanted and as it was found last."""

    id: str
    endpoint_id: str
    integration_id: str
    watch: Object
    events: list[str]
    """Chosen ones; empty for all."""
    state: Literal["pending", "active", "failed", "removing"]
    registration: Object
    """What the provider has: its id, url, events, active, expires_at."""
    drift: str | None = None
    """How the provider's side differed from what it was told, the last time it did. It was mended."""
    drift_at: datetime | None = None
    error: str | None = None
    checked_at: datetime | None = None
    next_check_at: datetime | None = None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: store.Subscription) -> "Subscription":
        """From the row."""
        facts = {name: getattr(row, name) for name in cls.model_fields if name != "next_check_at"}
        return cls.model_validate(facts | {"next_check_at": row.next_at})


class SubscriptionStatus(Told):
    """Subscriptions of an endpoint, and what it can be subscribed to."""

    items: list[Subscription]
    supported: bool
    reason: str | None = None
    """Why the hub cannot make registrations for this endpoint; `steps` are then for a person."""
    steps: list[str]
    events: list[str]
    """The adapter's events."""
    watch_schema: Object

    @classmethod
    def of(cls, status: inbound.Status) -> "SubscriptionStatus":
        """From what the room says."""
        offer = status.offer
        return cls(
            items=[Subscription.of(row) for row in status.rows],
            supported=not offer.why_not,
            reason=offer.why_not or None,
            steps=list(offer.steps),
            events=list(offer.events),
            watch_schema=offer.watch,
        )


class SubscriptionPlan(Told):
    """What publishing would do at the provider; `steps` is empty where all is as wanted."""

    url: str
    events: list[str]
    watch: Object
    steps: list[str]
    drift: str | None = None
    simulated: bool
    """The integration is a sandbox: nothing is sent."""

    @classmethod
    def of(cls, plan: inbound.Plan) -> "SubscriptionPlan":
        """From what was planned."""
        return cls.model_validate(plan, from_attributes=True)


class EnablePollRequest(Asked):
    """What to look at, and how often."""

    integration_id: Id
    poll: Annotated[str, Field(min_length=1, max_length=200)]
    watch: Object = Field(default_factory=dict)
    seconds: int | None = None
    """Between looks, 30 to 604800; the adapter's own measure when left out."""


class PollReference(Asked):
    """Which poll."""

    integration_id: Id
    poll: Annotated[str, Field(min_length=1, max_length=200)]


class Poll(Told):
    """A poll that an integration's adapter has. `enabled` ones are looked at."""

    integration_id: str
    provider: str
    poll: str
    summary: str
    enabled: bool
    seconds: int
    watch: Object
    watch_schema: Object
    stopped: str | None = None
    """Why nobody looks now."""
    error: str | None = None
    """What went wrong at the last look."""
    failures: int = 0
    found: int = 0
    """Events so far."""
    looked_at: datetime | None = None
    next_look_at: datetime | None = None

    @classmethod
    def of(cls, view: inbound.PollView) -> "Poll":
        """From what the room says."""
        row = view.row
        facts = {name: getattr(view, name) for name in ("integration_id", "provider", "summary", "seconds", "watch_schema")}
        kept = {name: getattr(row, name) for name in ("watch", "stopped", "error", "failures", "found", "looked_at") if row}
        on = row is not None and row.next_at is not None
        return cls.model_validate(
            {"watch": {}} | facts | kept | {"poll": view.name, "enabled": on, "next_look_at": row.next_at if row else None}
        )


class PollListResponse(Told):
    """Polls of the project's integrations."""

    items: list[Poll]
