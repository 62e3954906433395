"""The signed headers of a webhook's delivery."""

from collections.abc import Sequence
from datetime import datetime

from powerstrip.edge import KEY_BYTES, SIGNATURES, SigningKey, prove, standard_secret

__all__ = ["KEY_BYTES", "SIGNATURES", "SigningKey", "secret_ref", "shown", "sign", "standard_secret"]


def secret_ref(webhook_id: str) -> str:
    """What a receiver finds its key by."""
    return f"webhooks/{webhook_id}"


def sign(
    webhook_id: str, event_type: str, delivery_id: str, body: bytes, keys: Sequence[SigningKey], at: datetime
) -> list[tuple[str, str]]:
    """The headers of one try. `keys` are those that are valid, the newest first; there is at least one."""
    return [*prove(secret_ref(webhook_id), delivery_id, body, keys, at), ("X-Mobius-Event-Type", event_type)]


def shown(headers: Sequence[tuple[str, str]]) -> list[list[str]]:
    """Headers for a ledger, signatures as placeholders."""
    return [[name, "<signature>" if name.lower() in SIGNATURES else value] for name, value in headers]
