"""A request's body: read on demand, within limits, strictly."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl

from powerstrip.api.head import Head
from powerstrip.api.problems import RequestTimeout, UnsupportedMedia
from powerstrip.problems import BadInput, TooLarge
from powerstrip.strictjson import strict_json

MAX_JSON = 1024 * 1024
"""Bytes of a JSON body."""
SECONDS = 30.0
"""How long a JSON body may take to arrive."""

Receive = Callable[[], Awaitable[Any]]
MAX_FIELDS = 100
_FORM = re.compile(rb'application/x-www-form-urlencoded(?:\s*;\s*charset="?utf-8"?)?\s*', re.IGNORECASE)
_JSON = re.compile(rb'application/json(?:\s*;\s*charset="?utf-8"?)?\s*', re.IGNORECASE)


class Body:
    """The body of one request. It is the `receive` of what stands behind it, too: a body that was read is given again."""

    __slots__ = ("_head", "_receive", "_text")

    def __init__(self, head: Head, receive: Receive) -> None:
        self._head = head
        self._receive = receive
        self._text: bytes | None = None

    async def __call__(self) -> Any:
        """The next ASGI message."""
        if self._text is None:
            return await self._receive()
        text, self._text = self._text, None
        return {"type": "http.request", "body": text, "more_body": False}

    @property
    def absent(self) -> bool:
        """Whether the request comes without a body, as far as its headers tell."""
        fields = self._head.fields
        return fields.get(b"content-length", b"0") == b"0" and b"transfer-encoding" not in fields

    def empty_object(self) -> str:
        """Let an absent body stand for `{}`."""
        self._text = b"{}"
        return "{}"

    async def json(self) -> str:
        """The body as JSON text, checked by `strict_json`.

        Raises `UnsupportedMedia`, `TooLarge`, `RequestTimeout` and `BadInput`.
        """
        fields = self._head.fields
        if not _JSON.fullmatch(fields.get(b"content-type", b"")):
            raise UnsupportedMedia("Send the body as JSON, with Content-Type: application/json")
        self.check_encoding()
        check_length(fields.get(b"content-length"), MAX_JSON)
        text = await self._read()
        strict_json(text)
        self._text = text
        return text.decode()

    async def form(self) -> dict[str, str]:
        """The body as the fields of an HTML form, each given once. Raises as `json` does."""
        if not _FORM.fullmatch(self._head.fields.get(b"content-type", b"")):
            raise UnsupportedMedia("Send the form as application/x-www-form-urlencoded")
        self.check_encoding()
        check_length(self._head.fields.get(b"content-length"), MAX_JSON)
        try:
            text = (await self._read()).decode("ascii")
            pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
        except ValueError:
            raise BadInput(f"The form is not URL-encoded UTF-8 of at most {MAX_FIELDS} fields") from None
        if len({name for name, _ in pairs}) < len(pairs):
            raise BadInput("The form holds a field twice")
        return dict(pairs)

    def check_encoding(self) -> None:
        """Raises `UnsupportedMedia` for a compressed body: it is small on the way and large here."""
        if self._head.fields.get(b"content-encoding", b"identity").lower() != b"identity":
            raise UnsupportedMedia("Send the body without a Content-Encoding")

    async def _read(self) -> bytes:
        try:
            async with asyncio.timeout(SECONDS):
                return await read_all(self._receive, MAX_JSON)
        except TimeoutError:
            raise RequestTimeout(f"The body did not arrive within {SECONDS:.0f} seconds") from None


async def read_all(receive: Receive, limit: int) -> bytes:
    """All of a body. Raises `TooLarge` as soon as it is longer, and `BadInput` where it ends early."""
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise BadInput("The body is not complete")
        body += message.get("body", b"")
        if len(body) > limit:
            raise too_large(limit)
        if not message.get("more_body"):
            return body


def check_length(declared: bytes | None, limit: int) -> None:
    """Raises `TooLarge` or `BadInput` by the Content-Length alone."""
    if declared is None:
        return
    if not declared.isdigit() or len(declared) > 19:
        raise BadInput("The Content-Length is not a number")
    if int(declared) > limit:
        raise too_large(limit)


def too_large(limit: int) -> TooLarge:
    """The refusal that says how much is allowed."""
    return TooLarge(f"The body is larger than {limit} bytes", details={"limit_bytes": limit})
