"""How what the hub sends by itself proves where it comes from: two sets of headers over the same body, made with the same key.

- `X-Mobius-*`, as `deepnoodle-mobius` 0.0.23 verifies them (`mobius/signing.py`): HMAC-SHA256 in hex over
  `v1.<delivery id>.<unix seconds>.<body>`. There is one signature, by the newest key.
- Standard Webhooks (https://github.com/standard-webhooks/standard-webhooks, specification 1.0): HMAC-SHA256 in base64 over
  `<delivery id>.<unix seconds>.<body>`, as many signatures as keys are valid.

While a replaced key still signs, it makes a `X-Mobius-Previous-*` pair too, for receivers that know the first form only.
"""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime

from powerstrip.value import Hidden, Value

KEY_BYTES = 32
_VERSION = "v1"
SIGNATURES = frozenset(("x-mobius-signature", "x-mobius-previous-signature", "webhook-signature"))
"""Headers, in lower case, that a ledger shows as placeholders."""


class SigningKey(Value):
    """One version of a signing secret."""

    version: int
    key: Hidden[bytes]

    @property
    def text(self) -> str:
        """As its owner gets it: base64."""
        return base64.b64encode(self.key).decode()


def standard_secret(key: str) -> str:
    """A base64 key as libraries of Standard Webhooks take it."""
    return f"whsec_{key}"


def prove(ref: str, delivery_id: str, body: bytes, keys: Sequence[SigningKey], at: datetime) -> list[tuple[str, str]]:
    """The headers of one try. `ref` is what a receiver finds its key by; `keys` are those that are valid, the newest first."""
    stamp = str(int(at.timestamp()))
    newest, *older = keys
    headers = [
        ("X-Mobius-Signature", _mobius(newest, delivery_id, stamp, body)),
        ("X-Mobius-Signature-Version", _VERSION),
        ("X-Mobius-Timestamp", stamp),
        ("X-Mobius-Delivery-Id", delivery_id),
        ("X-Mobius-Secret-Ref", ref),
        ("X-Mobius-Secret-Version", str(newest.version)),
        ("Idempotency-Key", delivery_id),
        ("webhook-id", delivery_id),
        ("webhook-timestamp", stamp),
        ("webhook-signature", " ".join(_standard(key, delivery_id, stamp, body) for key in keys)),
    ]
    for key in older[:1]:
        headers.append(("X-Mobius-Previous-Signature", _mobius(key, delivery_id, stamp, body)))
        headers.append(("X-Mobius-Previous-Secret-Version", str(key.version)))
    return headers


def _mobius(key: SigningKey, delivery_id: str, stamp: str, body: bytes) -> str:
    text = b".".join((_VERSION.encode(), delivery_id.encode(), stamp.encode(), body))
    return "sha256=" + hmac.digest(key.key, text, hashlib.sha256).hex()


def _standard(key: SigningKey, delivery_id: str, stamp: str, body: bytes) -> str:
    text = b".".join((delivery_id.encode(), stamp.encode(), body))
    return "v1," + base64.b64encode(hmac.digest(key.key, text, hashlib.sha256)).decode()
