"""Events that came in, endpoints, and what people set off."""

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from powerstrip import inbound
from powerstrip.api.shapes.base import Asked, Id, Object, Told
from powerstrip.api.times import Time

EventSource = Literal["webhook", "sync", "synthetic"]
Processing = Literal["pending", "processing", "succeeded", "retrying", "failed", "dead", "missing"]
Receipt = Literal["received", "refused", "conflict"]
FireMode = Literal["preview", "deliver"]
EventIds = list[Id]


class IntegrationEventSourceEventStatus(Told):
    """How far the processing of an event is; `missing` where it was not handed on."""

    id: str | None = None
    status: Processing
    attempts: int | None = None
    last_error: str | None = None
    processed_at: datetime | None = None


class IntegrationEventReceipt(Told):
    """One row of the ledger."""

    id: str
    provider: str
    integration_id: str
    event_type: str
    schema_version: int = 1
    source: EventSource
    dedup_key: str
    received_at: datetime
    occurred_at: datetime | None = None
    payload_summary: Object | None = None
    payload: Object | None = None
    raw_payload_truncated: bool = False
    source_event: IntegrationEventSourceEventStatus
    status: Receipt
    """refused: not the provider's own, or no event. conflict: the id was there before with another content."""
    reason: str | None = None
    endpoint_id: str | None = None
    duplicates: int
    """How often it came again."""
    raw_kept_until: datetime | None = None
    replay_of: str | None = None

    @classmethod
    def of(cls, entry: inbound.Entry, *, payload: bool = False) -> "IntegrationEventReceipt":
        """From the row; the payload only where it is asked for."""
        row, source = entry.row, entry.source
        return cls(
            id=row.id,
            provider=row.provider,
            integration_id=row.integration_id or (f"synthetic:{row.provider}" if row.source == "synthetic" else ""),
            event_type=row.event_type,
            source=row.source,  # pyright: ignore[reportArgumentType]
            dedup_key=row.dedup_key,
            received_at=row.received_at,  # pyright: ignore[reportArgumentType]
            occurred_at=row.occurred_at,  # pyright: ignore[reportArgumentType]
            payload_summary=entry.summary,
            payload=entry.data if payload else None,
            source_event=IntegrationEventSourceEventStatus(
                id=source.id if source else None,
                status=entry.processing,  # pyright: ignore[reportArgumentType]
                attempts=source.attempts if source else None,
                last_error=source.last_error if source else None,
                processed_at=source.processed_at if source else None,  # pyright: ignore[reportArgumentType]
            ),
            status=row.status,  # pyright: ignore[reportArgumentType]
            reason=row.reason or None,
            endpoint_id=row.endpoint_id,
            duplicates=row.duplicates,
            raw_kept_until=row.raw_until,  # pyright: ignore[reportArgumentType]
            replay_of=row.replay_of,
        )


class IntegrationEventListResponse(Told):
    """A page of the ledger, newest first."""

    items: list[IntegrationEventReceipt]
    next_cursor: str | None = None
    has_more: bool


class EventStage(Told):
    """One stage of an event's way through the house."""

    name: str
    state: Literal["done", "stopped", "waiting", "skipped"]
    at: datetime | None = None
    detail: str
    more: Object | None = None


class EventTrace(Told):
    """The way of one event: received, verified, named, matched, processed, and each consumer."""

    id: str
    stages: list[EventStage]


class IntegrationEventSample(Told):
    """A made-up event of a provider."""

    id: str
    provider: str
    event_type: str
    name: str
    description: str
    payload: Object
    meta: Object = Field(default_factory=dict[str, Any])


class IntegrationEventSamplesResponse(Told):
    """One sample for each event."""

    samples: list[IntegrationEventSample]


class IntegrationEventFireRequest(Asked):
    """A synthetic event: from a sample, or of one's own making."""

    mode: FireMode = "preview"
    sample_id: str | None = Field(default=None, max_length=300)
    provider: str | None = Field(default=None, max_length=64)
    event_type: str | None = Field(default=None, max_length=200)
    payload: Object | None = None
    integration_id: str | None = Field(default=None, max_length=80)
    dedup_key: str | None = Field(default=None, min_length=1, max_length=200)
    meta: Object = Field(default_factory=dict[str, Any])
    """Told back. Of the event's own meta nothing is overridden."""


class IntegrationEventFireEvent(Told):
    """The event that was, or would be, set off."""

    id: str | None = None
    provider: str
    event_type: str
    source: Literal["synthetic"] = "synthetic"
    integration_id: str
    dedup_key: str | None = None
    payload: Object
    meta: Object


class IntegrationEventFireTriggerMatch(Told):
    """A trigger that takes the event."""

    trigger_id: str
    name: str
    target_count: int


class IntegrationEventFireWaiterMatch(Told):
    """A run that waits for such an event."""

    run_id: str
    step_name: str
    matches: bool
    event_type: str | None = None
    condition: str | None = None
    reason: str | None = None


class IntegrationEventFireResponse(Told):
    """What was set off, and who hears of it."""

    mode: FireMode
    sample_id: str | None = None
    event: IntegrationEventFireEvent
    triggers: list[IntegrationEventFireTriggerMatch]
    waiters: list[IntegrationEventFireWaiterMatch]
    delivered: bool
    deduped: bool

    @classmethod
    def of(cls, fired: inbound.Fired, meta: Object) -> "IntegrationEventFireResponse":
        """From what was set off."""
        fire = fired.fire
        event = IntegrationEventFireEvent(
            id=fired.id,
            provider=fired.provider,
            event_type=fired.event_type,
            integration_id=fired.integration_id,
            dedup_key=fire.dedup_key,
            payload=fired.payload,
            meta=meta,
        )
        triggers = [
            IntegrationEventFireTriggerMatch(trigger_id=each.trigger_id, name=each.name, target_count=each.target_count)
            for each in fired.preview.triggers
        ]
        waiters = [
            IntegrationEventFireWaiterMatch(
                run_id=each.run_id,
                step_name=each.step_name,
                matches=each.matches,
                event_type=each.event_type or None,
                condition=each.condition or None,
                reason=each.reason or None,
            )
            for each in fired.preview.waiters
        ]
        return cls(
            mode=fire.mode,
            sample_id=fire.sample_id,
            event=event,
            triggers=triggers,
            waiters=waiters,
            delivered=fired.delivered,
            deduped=fired.deduped,
        )


class ReplayEventsRequest(Asked):
    """Which events to hand on once more: by id, or all of a time."""

    ids: EventIds | None = Field(default=None, min_length=1, max_length=1000)
    since: Time | None = None
    until: Time | None = None
    provider: str | None = Field(default=None, max_length=64)
    integration_id: Id | None = None
    event_type: str | None = Field(default=None, max_length=200)
    sandbox: bool = False
    """Hand them on as events of a sandbox: what they set off sends nothing."""


class ReplayEventsResponse(Told):
    """New rows, and those that could not be replayed with the reason."""

    ids: list[str]
    skipped: dict[str, str]


class DeadLetter(Told):
    """A source event that is not tried again by itself."""

    id: str
    event_type: str
    source_type: str
    provider: str
    integration_id: str | None = None
    integration_event_id: str | None = None
    status: Literal["dead", "failed"]
    attempts: int
    last_error: str | None = None
    received_at: datetime
    processed_at: datetime | None = None


class DeadLetterListResponse(Told):
    """A page of dead letters, newest first."""

    items: list[DeadLetter]
    next_cursor: str | None = None
    has_more: bool


class RedriveRequest(Asked):
    """Which dead letters to process again; all of them (at most 1,000) where none are named."""

    ids: EventIds | None = Field(default=None, min_length=1, max_length=1000)


class RedriveResponse(Told):
    """How many are being processed again."""

    redriven: int


class CreateEndpointRequest(Asked):
    """An address for one integration, or for every account of a provider in the project."""

    integration_id: Id | None = None
    provider: str | None = Field(default=None, max_length=64)
    secret: str | None = Field(default=None, min_length=1, max_length=4096, repr=False)
    """The secret that the provider made, where it makes one. It may follow later, by a rotation."""


class UpdateEndpointRequest(Asked):
    """Switch it on or off."""

    enabled: bool


class RotateEndpointRequest(Asked):
    """A new secret: given where the provider makes it, else made here."""

    secret: str | None = Field(default=None, min_length=1, max_length=4096, repr=False)
    overlap_seconds: int = Field(default=inbound.OVERLAP, ge=0, le=inbound.MAX_OVERLAP)
    """How much longer the secret before it is taken."""


class Endpoint(Told):
    """An address that a provider sends to. `secret`, and the address with it, are told once."""

    id: str
    provider: str
    integration_id: str | None = None
    url: str
    enabled: bool
    scheme: str
    """How deliveries prove to be the provider's own; `none` is shown with its reason."""
    secret_made_by: Literal["hub", "provider", "handover", "none"]
    waits_for_secret: bool
    """It takes nothing until its secret is there."""
    reason: str | None = None
    steps: list[str]
    """What is to be done at the provider, in order."""
    secret: str | None = None
    created_by: str | None = None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, view: inbound.EndpointView) -> "Endpoint":
        """From what the room shows."""
        row = view.row
        return cls(
            id=row.id,
            provider=row.provider,
            integration_id=row.integration_id,
            url=view.url,
            enabled=row.enabled,
            scheme=view.scheme,
            secret_made_by=view.made_by,  # pyright: ignore[reportArgumentType]
            waits_for_secret=view.waiting,
            reason=view.reason or None,
            steps=list(view.steps),
            secret=view.secret,
            created_by=row.created_by,
            created_at=row.created_at,  # pyright: ignore[reportArgumentType]
            updated_at=row.updated_at,  # pyright: ignore[reportArgumentType]
        )


class EndpointListResponse(Told):
    """Every endpoint of the project."""

    items: list[Endpoint]
