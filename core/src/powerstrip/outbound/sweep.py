"""Old deliveries are forgotten: what has ended, and messages that nobody waits for."""

from datetime import timedelta

from sqlalchemy import Connection
from sqlmodel import col, delete, select

from powerstrip.clock import now, rfc3339
from powerstrip.store import WebhookDelivery, WebhookMessage

KEPT = timedelta(days=30)
"""How long a delivery that has ended is kept, for people to look at and to resend."""


def forget_old(connection: Connection) -> int:
    """Remove what is too old; returns how many deliveries went."""
    before = rfc3339(now() - KEPT)
    ended = col(WebhookDelivery.due_at).is_(None), col(WebhookDelivery.updated_at) < before
    gone = connection.execute(delete(WebhookDelivery).where(*ended)).rowcount
    used = select(WebhookDelivery.id).where(col(WebhookDelivery.message_id) == col(WebhookMessage.id)).exists()
    connection.execute(delete(WebhookMessage).where(col(WebhookMessage.created_at) < before, ~used))
    return gone
