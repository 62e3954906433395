"""Webhooks to others, and their deliveries."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from powerstrip import outbound, store
from powerstrip.api.shapes.access import Mode
from powerstrip.api.shapes.base import Asked, Name, TagMap, Told
from powerstrip.api.shapes.signing import NewSecret, secret_facts
from powerstrip.outbound import DEFAULT_OVERLAP, Issued, secret_ref

WebhookDeliveryStatus = Literal["pending", "processing", "delivered", "failed"]
MAX_URL = 16_384


class CreateWebhookRequest(Asked):
    """A new webhook."""

    name: Name
    url: str = Field(default="", max_length=MAX_URL)
    """Where events go. Empty until one is chosen: try some with `ping`."""
    events: list[str] = Field(max_length=1000)
    """Such as `run.completed` or `run.*`; an empty list means every event."""
    enabled: bool = True
    tags: TagMap = Field(default_factory=dict[str, str])


class UpdateWebhookRequest(Asked):
    """What is left out stays as it is."""

    name: Name | None = None
    url: str | None = Field(default=None, max_length=MAX_URL)
    events: list[str] | None = Field(default=None, max_length=1000)
    enabled: bool | None = None
    tags: TagMap | None = None


class PingWebhookRequest(Asked):
    """Where to send the test; the webhook's own address where nothing is said."""

    url: str | None = Field(default=None, max_length=MAX_URL)


class RotateSecretRequest(Asked):
    """How long the secret of before goes on signing, in seconds."""

    overlap_seconds: int = DEFAULT_OVERLAP


class Webhook(Told):
    """An address that is told of events. The signing secret is in it only when it is made."""

    id: str
    name: str
    url: str
    events: list[str]
    enabled: bool
    disabled_reason: str | None = None
    failing_since: datetime | None = None
    secret_ref: str
    secret_version: int | None = None
    signing_secret: str | None = Field(default=None, repr=False)
    """32 bytes as base64, shown this once."""
    standard_webhooks_secret: str | None = Field(default=None, repr=False)
    """The same key as libraries of Standard Webhooks take it."""
    tags: TagMap
    created_by: str | None = None
    updated_by: str | None = None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: store.Webhook) -> "Webhook":
        """From the row."""
        facts = {name: getattr(row, name) for name in cls.model_fields if hasattr(row, name)}
        more = {"secret_ref": secret_ref(row.id), "secret_version": None, "disabled_reason": row.disabled_reason or None}
        return cls.model_validate(facts | more)

    @classmethod
    def issued(cls, made: Issued) -> "Webhook":
        """The same with its new secret."""
        return cls.of(made.row).model_copy(update=secret_facts(made.key))


class WebhookListResponse(Told):
    """A page of webhooks."""

    items: list[Webhook]
    next_cursor: str | None = None
    has_more: bool


class RotateSecretResult(NewSecret):
    """A new signing secret, shown this once."""

    @classmethod
    def of(cls, made: Issued) -> "RotateSecretResult":
        """From what was made."""
        return cls.shown(secret_ref(made.row.id), made.key)


class PingWebhookResult(Told):
    """What a test delivery came to. `simulated`: a sandbox sends nothing."""

    success: bool
    status_code: int | None = None
    latency_ms: int | None = None
    error: str | None = None
    simulated: bool

    @classmethod
    def of(cls, ping: outbound.Ping) -> "PingWebhookResult":
        """From what the target did."""
        return cls(
            success=ping.success,
            status_code=ping.status_code,
            latency_ms=ping.latency_ms,
            error=ping.error,
            simulated=ping.simulated,
        )


class WebhookDeliveryRecord(Told):
    """One delivery. A sandbox's counts as delivered and was not sent: its `mode` tells, and the sandbox's ledger has it."""

    id: str
    webhook_id: str
    run_id: str | None = None
    event_type: str
    status: WebhookDeliveryStatus
    mode: Mode
    attempts: int
    next_attempt_at: datetime | None = None
    response_status: int | None = None
    response_text: str | None = None
    """The beginning of the target's last answer, for those who may change the webhook."""
    last_error: str | None = None
    latency_ms: int | None = None
    created_at: datetime
    delivered_at: datetime | None = None

    @classmethod
    def of(cls, row: store.WebhookDelivery, *, edits: bool) -> "WebhookDeliveryRecord":
        """From the row; `edits` tells that the reader may change the webhook."""
        facts = {name: getattr(row, name) for name in cls.model_fields if hasattr(row, name)}
        more = {
            "last_error": row.last_error or None,
            "response_text": (row.response_text or None) if edits else None,
            "next_attempt_at": row.due_at if row.status == "pending" else None,
        }
        return cls.model_validate(facts | more)


class WebhookDeliveryListResponse(Told):
    """A page of deliveries."""

    items: list[WebhookDeliveryRecord]
    next_cursor: str | None = None
    has_more: bool
