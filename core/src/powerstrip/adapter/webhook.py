"""What comes in from a provider."""

import json as jsonlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
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
        """The body as url-encoded form fields; the first of equal names wins."""
        fields: dict[str, str] = {}
        for name, value in parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True):
            fields.setdefault(name, value)
        return fields


@dataclass(frozen=True)
class Incoming:
    """One event of a delivery. `key` is the provider's own id for it (dedupes; None: the body's digest), `account` routes it."""

    data: Any
    key: str | None = None
    account: str | None = None


@dataclass(frozen=True)
class Reply:
    """An answer that the provider waits for (a challenge), in place of an event. Plain text, at most 4 KiB."""

    text: str
