"""What comes in from a provider."""

import json as jsonlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from email import message_from_bytes
from email.policy import HTTP
from typing import Any, Literal
from urllib.parse import parse_qsl

from powerstrip.adapter.errors import Rejected


@dataclass(frozen=True)
class Delivery:
    """One verified delivery: raw body, lower-case header names, and the URL it came to."""

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    method: str = "POST"
    url: str = ""

    def json(self) -> Any:
        """The body as JSON. Raises `Rejected` when it is none."""
        try:
            return jsonlib.loads(self.body)
        except (ValueError, RecursionError):
            raise Rejected("The delivery is not JSON") from None

    def form(self) -> dict[str, str]:
        """The body as the fields of a form, url-encoded or in parts (files are left out); the first of equal names wins."""
        kind = self.headers.get("content-type", "")
        if kind.lower().startswith("multipart/form-data"):
            pairs = _texts(kind, self.body)
        else:
            pairs = parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True)
        fields: dict[str, str] = {}
        for name, value in pairs:
            fields.setdefault(name, value)
        return fields


def _texts(kind: str, body: bytes) -> list[tuple[str, str]]:
    """The texts of a form in parts (RFC 7578). Raises `Rejected` where it is none."""
    try:
        whole = message_from_bytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body, policy=HTTP)
        parts = [part for part in whole.iter_parts() if part.get_filename() is None] if whole.is_multipart() else []
        named = [(part.get_param("name", header="content-disposition"), part.get_payload(decode=True)) for part in parts]
        return [(str(name), value.decode("utf-8", "replace")) for name, value in named if isinstance(value, bytes)]
    except (ValueError, LookupError, TypeError, AttributeError):
        raise Rejected("The delivery is not a form") from None


@dataclass(frozen=True)
class Incoming:
    """One event of a delivery. `key` is the provider's own id for it (dedupes; None: the body's digest), `account` routes it."""

    data: Any
    key: str | None = None
    account: str | None = None


@dataclass(frozen=True)
class Acknowledgement:
    """What a provider must hear before it counts a delivery as taken, where a bare 200 will not do. Always the same text."""

    text: str
    media_type: Literal["text/plain", "text/xml", "application/json"] = "text/plain"


@dataclass(frozen=True)
class Reply:
    """An answer that the provider waits for (a challenge), in place of an event. Plain text, at most 4 KiB."""

    text: str
