"""A delivery as it came, as one text to seal: its address and headers on the first line, its body after it."""

import base64
import json
from collections.abc import Iterable
from typing import Any

from powerstrip.adapter import Delivery

_DROPPED = frozenset({b"authorization", b"cookie", b"proxy-authorization"})
"""Headers that hold what proves a sender: they are of no use later."""


def pack(delivery: Delivery) -> bytes:
    """For the seal."""
    head = {"method": delivery.method, "url": delivery.url, "headers": dict(delivery.headers)}
    return json.dumps(head, separators=(",", ":")).encode() + b"\n" + delivery.body


def unpack(raw: bytes) -> Delivery:
    """What `pack` was given."""
    head, _, body = raw.partition(b"\n")
    facts: dict[str, Any] = json.loads(head)
    return Delivery(body, facts["headers"], facts["method"], facts["url"])


def shown(delivery: Delivery) -> dict[str, Any]:
    """For people: text where it is text."""
    try:
        body = {"body": delivery.body.decode(), "body_encoding": "text"}
    except UnicodeDecodeError:
        body = {"body": base64.b64encode(delivery.body).decode(), "body_encoding": "base64"}
    return {"method": delivery.method, "headers": dict(delivery.headers), **body}


def headers_of(pairs: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Header names in lower case; the first of equal ones. Those that prove the sender are left out."""
    found: dict[str, str] = {}
    for name, value in pairs:
        if name not in _DROPPED:
            found.setdefault(name.decode("latin-1"), value.decode("latin-1"))
    return found
