"""Endpoints, provider events, source events."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

SEQ = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _id(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.String(length=40), nullable=nullable)


def _text(name: str, length: int | None = None, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.String(length=length), nullable=nullable)


def upgrade() -> None:
    """Endpoints, what came to them, what was made of it."""
    _endpoints()
    _provider_events()
    _source_events()


def _endpoints() -> None:
    op.create_table(
        "endpoint",
        _id("id"),
        _id("project_id"),
        _text("provider", 64),
        _id("integration_id", nullable=True),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        _text("created_by", nullable=True),
        _text("created_at"),
        _text("updated_at"),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_endpoint_project_id", "endpoint", ["project_id"])
    op.create_index("ix_endpoint_integration_id", "endpoint", ["integration_id"])
    op.create_table(
        "endpoint_secret",
        _id("id"),
        _id("project_id"),
        _id("endpoint_id"),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        _text("data_key_id"),
        _text("expires_at", nullable=True),
        _text("created_at"),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"]),
        sa.ForeignKeyConstraint(["endpoint_id"], ["endpoint.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_endpoint_secret_project_id", "endpoint_secret", ["project_id"])
    op.create_index("ix_endpoint_secret_endpoint_id", "endpoint_secret", ["endpoint_id"])
    op.create_table(
        "seen_token",
        _id("endpoint_id"),
        _text("token", 64),
        _text("digest", 64),
        _text("created_at"),
        sa.PrimaryKeyConstraint("endpoint_id", "token"),
    )
    op.create_index("ix_seen_token_created_at", "seen_token", ["created_at"])


def _provider_events() -> None:
    op.create_table(
        "provider_event",
        sa.Column("seq", SEQ, autoincrement=True, nullable=False),
        _id("id"),
        _id("project_id"),
        _text("channel", 120),
        _id("endpoint_id", nullable=True),
        _id("integration_id", nullable=True),
        _text("provider", 64),
        _text("event_type", 200),
        _text("source"),
        _text("status"),
        _text("reason"),
        _text("dedup_key", 300),
        _text("provider_key", nullable=True),
        _text("account", nullable=True),
        _text("digest", 64),
        sa.Column("duplicates", sa.Integer(), nullable=False),
        sa.Column("data", sa.Text(), nullable=True),
        _id("raw_id", nullable=True),
        sa.Column("raw", sa.LargeBinary(), nullable=True),
        sa.Column("raw_size", sa.Integer(), nullable=False),
        _id("data_key_id", nullable=True),
        _text("raw_until", nullable=True),
        _id("replay_of", nullable=True),
        _text("occurred_at", nullable=True),
        _text("received_at"),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"]),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("id"),
        sa.UniqueConstraint("channel", "dedup_key"),
    )
    op.create_index("ix_provider_event_page", "provider_event", ["project_id", "received_at", "id"])
    op.create_index("ix_provider_event_tail", "provider_event", ["project_id", "seq"])
    op.create_index("ix_provider_event_raw", "provider_event", ["raw_until"])


def _source_events() -> None:
    op.create_table(
        "source_event",
        sa.Column("seq", SEQ, autoincrement=True, nullable=False),
        _id("id"),
        _id("project_id"),
        _text("name", 200),
        _text("source_type", 40),
        _text("source_id", 80),
        _text("key", 300, nullable=True),
        _text("provider", 64),
        _id("integration_id", nullable=True),
        _id("provider_event_id", nullable=True),
        _text("mode"),
        sa.Column("test", sa.Boolean(), nullable=False),
        sa.Column("depth", sa.Integer(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        _text("status"),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        _text("last_error", nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        _text("occurred_at", nullable=True),
        _text("received_at"),
        _text("processed_at", nullable=True),
        _text("next_at", nullable=True),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"]),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("id"),
        sa.UniqueConstraint("project_id", "source_type", "source_id", "key"),
    )
    op.create_index("ix_source_event_due", "source_event", ["next_at", "seq"])
    op.create_index("ix_source_event_page", "source_event", ["project_id", "received_at", "id"])
    op.create_index("ix_source_event_status", "source_event", ["project_id", "status", "received_at"])
    op.create_index("ix_source_event_provider_event_id", "source_event", ["provider_event_id"])
