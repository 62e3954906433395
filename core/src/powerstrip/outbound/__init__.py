"""Signed webhooks to others: an outbox in the transaction of the event, and a sender that tries until it is delivered."""

from powerstrip.outbound.outbound import Outbound
from powerstrip.outbound.signing import SigningKey, secret_ref, standard_secret
from powerstrip.outbound.values import DEFAULT_OVERLAP, Issued, NewWebhook, Ping, WebhookChanges
from powerstrip.outbound.webhooks import Webhooks

__all__ = [
    "DEFAULT_OVERLAP",
    "Issued",
    "NewWebhook",
    "Outbound",
    "Ping",
    "SigningKey",
    "WebhookChanges",
    "Webhooks",
    "secret_ref",
    "standard_secret",
]
