"""Cursors: where the next page begins, signed and bound to the question it belongs to."""

import base64
import binascii
import hashlib
import hmac
import json
from typing import Generic, TypeVar

from powerstrip.problems import BadInput
from powerstrip.value import Value

SIGNATURE = 16
"""Bytes."""
MAX_CURSOR = 4096
"""Characters."""

Row = TypeVar("Row")


class Page(Value, Generic[Row]):
    """Rows of a list, and the cursor of what follows; None where nothing does."""

    rows: list[Row]
    next_cursor: str | None


class Cursors:
    """Makes and reads cursors. `key` is 32 secret bytes; a `binding` says which list, of whom, by which filters."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def write(self, binding: str, position: tuple[str, str]) -> str:
        """The cursor of a position (an order value and an id)."""
        place = json.dumps(position, separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(self._sign(binding, place) + place).decode().rstrip("=")

    def read(self, binding: str, cursor: str) -> tuple[str, str]:
        """The position. Raises `BadInput` for a cursor that was not made for this very list."""
        raw = _decode(cursor)
        signature, place = raw[:SIGNATURE], raw[SIGNATURE:]
        if not hmac.compare_digest(signature, self._sign(binding, place)):
            raise _bad()
        order, key = json.loads(place)
        return order, key

    def _sign(self, binding: str, place: bytes) -> bytes:
        question = binding.encode()
        return hmac.digest(self._key, b"%d:%b%b" % (len(question), question, place), hashlib.sha256)[:SIGNATURE]


def _decode(cursor: str) -> bytes:
    """Base64url of one spelling only."""
    if len(cursor) > MAX_CURSOR:
        raise _bad()
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        raise _bad() from None
    if base64.urlsafe_b64encode(raw).decode().rstrip("=") != cursor:
        raise _bad()
    return raw


def _bad() -> BadInput:
    message = "Pass next_cursor as the page before gave it, with the same filters"
    return BadInput(f"The cursor is not of this list: {message}", details={"errors": [{"path": "cursor", "message": message}]})
