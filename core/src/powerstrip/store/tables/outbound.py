"""Webhooks to others: who is told of what, the secrets that sign, and the deliveries on their way."""

from typing import ClassVar

from sqlalchemy import Column, Index, LargeBinary, Text, UniqueConstraint
from sqlmodel import Field

from powerstrip.clock import stamp
from powerstrip.store.tables.base import Table, id_column, json_column, list_column, project_column


class Webhook(Table, table=True):
    """An address that is told of a project's events. An empty `url` is told nothing."""

    __table_args__: ClassVar = (UniqueConstraint("project_id", "name_key"),)

    id: str = id_column("wbh")
    project_id: str = project_column()
    name: str
    name_key: str = Field(max_length=400)
    url: str = Field(default="", sa_column=Column(Text, nullable=False))
    events: list[str] = list_column()
    """Patterns such as `run.*`; none means every event."""
    enabled: bool = True
    disabled_reason: str = ""
    """Why the hub itself switched it off."""
    failing_since: str | None = None
    secret_version: int = 0
    tags: dict[str, str] = json_column()
    created_by: str | None = None
    updated_by: str | None = None
    created_at: str = Field(default_factory=stamp)
    updated_at: str = Field(default_factory=stamp)


class WebhookSecret(Table, table=True):
    """One version of a webhook's signing key, sealed. It signs until `expires_at`; the newest has no end."""

    __table_args__: ClassVar = (UniqueConstraint("webhook_id", "version"),)

    id: str = id_column("whsec")
    project_id: str = project_column()
    webhook_id: str = Field(foreign_key="webhook.id", index=True, max_length=40)
    version: int
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    data_key_id: str
    expires_at: str | None = None
    created_by: str | None = None
    created_at: str = Field(default_factory=stamp)


class WebhookMessage(Table, table=True):
    """What is sent of one event: kept once, however many webhooks are told."""

    __table_args__: ClassVar = (UniqueConstraint("project_id", "event_id"),)

    id: str = id_column("whmsg")
    project_id: str = project_column()
    event_id: str = Field(max_length=40)
    event_type: str
    run_id: str | None = Field(default=None, max_length=40)
    body: str = Field(sa_column=Column(Text, nullable=False))
    created_at: str = Field(default_factory=stamp, index=True)


class WebhookDelivery(Table, table=True):
    """One message to one webhook. `due_at` is when the next try may begin, or when the one under way counts as lost.

    A delivery that has ended has no `due_at`.
    """

    __table_args__: ClassVar = (
        UniqueConstraint("message_id", "webhook_id"),
        Index("ix_webhook_delivery_due", "webhook_id", "due_at"),
        Index("ix_webhook_delivery_page", "project_id", "webhook_id", "created_at", "id"),
    )

    id: str = id_column("whdel")
    project_id: str = Field(foreign_key="project.id", max_length=40)
    webhook_id: str = Field(foreign_key="webhook.id", max_length=40)
    message_id: str = Field(foreign_key="webhook_message.id", max_length=40)
    event_type: str
    run_id: str | None = Field(default=None, max_length=40)
    mode: str = "live"
    status: str = "pending"
    attempts: int = 0
    first_attempt: int = 0
    """`attempts` when it was last resent by hand: the schedule begins there."""
    due_at: str | None = None
    lease: str | None = Field(default=None, max_length=40)
    """Whose try is under way."""
    response_status: int | None = None
    response_text: str = Field(default="", sa_column=Column(Text, nullable=False))
    last_error: str = ""
    latency_ms: int | None = None
    delivered_at: str | None = None
    created_at: str = Field(default_factory=stamp)
    updated_at: str = Field(default_factory=stamp)
