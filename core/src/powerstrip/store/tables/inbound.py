"""What comes in: endpoints and their secrets, the ledger of provider events, and the source events made of them."""

from typing import Any, ClassVar

from sqlalchemy import BigInteger, Column, Index, LargeBinary, Text, UniqueConstraint
from sqlmodel import Field

from powerstrip.clock import row_id, stamp
from powerstrip.store.tables.base import ROWID, JsonText, Table, id_column, json_column, list_column, project_column


class Endpoint(Table, table=True):
    """An address that a provider sends to. Without `integration_id` it serves every account of the provider in the project."""

    id: str = id_column("hook")
    project_id: str = project_column()
    provider: str = Field(max_length=64)
    integration_id: str | None = Field(default=None, index=True, max_length=40)
    enabled: bool = True
    created_by: str | None = None
    created_at: str = Field(default_factory=stamp)
    updated_at: str = Field(default_factory=stamp)


class EndpointSecret(Table, table=True):
    """One sealed secret of an endpoint. With `expires_at` it is an older one that is taken a while longer."""

    id: str = id_column("hsec")
    project_id: str = project_column()
    endpoint_id: str = Field(foreign_key="endpoint.id", index=True, max_length=40)
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    data_key_id: str
    expires_at: str | None = None
    created_at: str = Field(default_factory=stamp)


class SeenToken(Table, table=True):
    """A one-time token of an endpoint's provider, and the digest of the body it came with."""

    endpoint_id: str = Field(primary_key=True, max_length=40)
    token: str = Field(primary_key=True, max_length=64)
    """Its SHA-256."""
    digest: str = Field(max_length=64)
    created_at: str = Field(default_factory=stamp, index=True)


class ProviderEvent(Table, table=True):
    """One event as it came, or a delivery that was refused. `seq` is the order of receipt.

    `channel` and `dedup_key` together are unique: a repeat adds to `duplicates` and makes no row.
    """

    __table_args__: ClassVar = (
        UniqueConstraint("channel", "dedup_key"),
        Index("ix_provider_event_page", "project_id", "received_at", "id"),
        Index("ix_provider_event_tail", "project_id", "seq"),
        Index("ix_provider_event_raw", "raw_until"),
    )

    seq: int | None = Field(default=None, sa_column=Column(ROWID, primary_key=True, autoincrement=True))
    id: str = Field(default_factory=lambda: row_id("pev"), unique=True, max_length=40)
    project_id: str = Field(foreign_key="project.id", max_length=40)
    channel: str = Field(max_length=120)
    """The endpoint's id, or what else it came by: `poll:<integration>`, `synthetic:<project>`."""
    endpoint_id: str | None = Field(default=None, max_length=40)
    integration_id: str | None = Field(default=None, max_length=40)
    provider: str = Field(max_length=64)
    event_type: str = Field(default="", max_length=200)
    source: str = "webhook"
    status: str = "received"
    """received, refused or conflict."""
    reason: str = ""
    dedup_key: str = Field(max_length=300)
    provider_key: str | None = None
    """The provider's own id of the event."""
    account: str | None = None
    digest: str = Field(default="", max_length=64)
    """SHA-256 of the event, to tell a repeat from another one under the same id."""
    duplicates: int = 0
    data: Any = Field(default=None, sa_column=Column(JsonText, nullable=True))
    """The event of a conflict. That of a received one lies in its source event."""
    raw_id: str | None = Field(default=None, max_length=40)
    """The row of the same delivery that keeps its raw body."""
    raw: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    """Sealed: body and headers as they came, until `raw_until`."""
    raw_size: int = 0
    data_key_id: str | None = Field(default=None, max_length=40)
    raw_until: str | None = None
    replay_of: str | None = Field(default=None, max_length=40)
    occurred_at: str | None = None
    received_at: str = Field(default_factory=stamp)


class SourceEvent(Table, table=True):
    """One thing that happened, and how far its processing is. `next_at` is empty once it has ended."""

    __table_args__: ClassVar = (
        UniqueConstraint("project_id", "source_type", "source_id", "key"),
        Index("ix_source_event_due", "next_at", "seq"),
        Index("ix_source_event_page", "project_id", "received_at", "id"),
        Index("ix_source_event_status", "project_id", "status", "received_at"),
    )

    seq: int | None = Field(default=None, sa_column=Column(ROWID, primary_key=True, autoincrement=True))
    id: str = Field(default_factory=lambda: row_id("evt"), unique=True, max_length=40)
    project_id: str = Field(foreign_key="project.id", max_length=40)
    name: str = Field(max_length=200)
    source_type: str = Field(max_length=40)
    source_id: str = Field(default="", max_length=80)
    key: str | None = Field(default=None, max_length=300)
    provider: str = Field(default="", max_length=64)
    integration_id: str | None = Field(default=None, max_length=40)
    provider_event_id: str | None = Field(default=None, index=True, max_length=40)
    mode: str = "live"
    test: bool = False
    depth: int = 0
    data: dict[str, Any] = json_column()
    status: str = "pending"
    attempts: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    last_error: str | None = None
    outcome: dict[str, Any] = json_column()
    """By consumer: what came of it, once it was done."""
    occurred_at: str | None = None
    received_at: str = Field(default_factory=stamp)
    processed_at: str | None = None
    next_at: str | None = None


class Subscription(Table, table=True):
    """A webhook registration at the provider that the hub wants for an endpoint, and what is known of it.

    `lease` names who is at it and `next_at` is then when that ends; else `next_at` is when to look again.
    """

    __table_args__: ClassVar = (UniqueConstraint("endpoint_id", "watch_key"), Index("ix_subscription_due", "next_at"))

    id: str = id_column("sub")
    project_id: str = project_column()
    endpoint_id: str = Field(foreign_key="endpoint.id", max_length=40)
    integration_id: str = Field(index=True, max_length=40)
    watch: dict[str, Any] = json_column()
    watch_key: str = Field(max_length=64)
    """SHA-256 of `watch`."""
    events: list[str] = list_column()
    """The adapter's ids that the admin chose; empty for all."""
    state: str = "pending"
    """pending, active, failed or removing."""
    wish: str = Field(default="", max_length=64)
    """Digest of what the provider was told last; empty while it was told nothing."""
    registration: dict[str, Any] = json_column()
    """What the provider has: its id, url, events, whether it is active, when it ends."""
    drift: str | None = None
    """How the provider's side was found to differ from what it was told, the last time it did."""
    drift_at: str | None = None
    error: str | None = None
    failures: int = 0
    renew_at: str | None = None
    checked_at: str | None = None
    lease: str | None = Field(default=None, max_length=40)
    next_at: str | None = None
    created_by: str | None = None
    created_at: str = Field(default_factory=stamp)
    updated_at: str = Field(default_factory=stamp)


class Poll(Table, table=True):
    """One of an adapter's polls, switched on for an integration. `cursor` moves in the transaction that keeps its events.

    `lease` names who is at it and `next_at` is then when that ends; else `next_at` is when to look again, empty while stopped.
    """

    __table_args__: ClassVar = (UniqueConstraint("integration_id", "name"), Index("ix_poll_due", "next_at"))

    id: str = id_column("poll")
    project_id: str = project_column()
    integration_id: str = Field(max_length=40)
    provider: str = Field(max_length=64)
    name: str = Field(max_length=200)
    """The adapter's id of the poll."""
    watch: dict[str, Any] = json_column()
    seconds: int
    cursor: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    stopped: str | None = None
    """Why nobody looks any more; empty while somebody does."""
    error: str | None = None
    """What went wrong the last time; empty after a look that went well."""
    failures: int = 0
    found: int = 0
    """Events so far."""
    looked_at: str | None = None
    lease: str | None = Field(default=None, max_length=40)
    next_at: str | None = None
    created_by: str | None = None
    created_at: str = Field(default_factory=stamp)
    updated_at: str = Field(default_factory=stamp)
