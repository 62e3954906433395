"""A request's head: what of it counts, within limits."""

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl

from powerstrip.api.problems import AddressTooLong, HeadersTooLarge
from powerstrip.problems import BadInput, NotFound
from powerstrip.value import Value

MAX_HEADERS = 100
MAX_HEADER_BYTES = 16 * 1024
MAX_PATH = 2048
MAX_QUERY = 8192
MAX_PARAMETERS = 100
MAX_USER_AGENT = 300

_BEARER = re.compile(rb"bearer ([\x21-\x7e]+)", re.IGNORECASE)
_UNFIT = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff\ufffd]")
"""What no address of ours holds. A text with one of these would be a failure of one database and not of the other."""
_ONCE = frozenset({b"content-type", b"content-length", b"content-encoding", b"idempotency-key", b"host", b"transfer-encoding"})
_PROOF = {b"x-idempotency-key", b"x-powerstrip-timestamp", b"x-powerstrip-signature"}
"""What deliveries to HTTP triggers bring along."""
_READ = _ONCE | _PROOF | {b"accept", b"authorization", b"user-agent", b"last-event-id", b"cookie", b"sec-fetch-site"}


class Head(Value):
    """`token` is the bearer token, None where there is none that counts. Header names are in lower case."""

    method: str
    path: str
    token: str | None
    ip: str | None
    fields: dict[bytes, bytes]

    @property
    def user_agent(self) -> str | None:
        """The client's own words about itself, printable and short."""
        text = self.fields.get(b"user-agent", b"")[:MAX_USER_AGENT].decode("latin-1")
        return "".join(letter for letter in text if letter.isprintable()) or None

    @property
    def full(self) -> bool:
        """Whether the caller takes fields beyond the published shapes: `Accept: application/json; profile=full` (RFC 6906)."""
        return b"profile=full" in self.fields.get(b"accept", b"").replace(b'"', b"").replace(b" ", b"").lower()

    @property
    def idempotency_key(self) -> str | None:
        """The caller's key for "do this once". Raises `BadInput` for one that is not 1 to 255 printable ASCII characters."""
        raw = self.fields.get(b"idempotency-key")
        if raw is None:
            return None
        text = raw.decode("latin-1")
        if not 1 <= len(text) <= 255 or not text.isascii() or not text.isprintable():
            message = "Give 1 to 255 printable ASCII characters"
            raise BadInput(f"Idempotency-Key: {message}", details={"errors": [{"path": "Idempotency-Key", "message": message}]})
        return text


def read_head(scope: Any) -> Head:
    """The head of an ASGI request. Raises `HeadersTooLarge`, `AddressTooLong`, `NotFound` and `BadInput`."""
    path: str = scope["path"]
    if len(path) > MAX_PATH or len(scope["query_string"]) > MAX_QUERY:
        raise AddressTooLong("The address is too long")
    if _UNFIT.search(path):
        raise NotFound("There is nothing at this address")
    fields, tokens = _fields(scope["headers"])
    client = scope.get("client")
    return Head(scope["method"], path, _token(tokens), client[0] if client else None, fields)


def read_query(raw: bytes) -> list[tuple[str, str]]:
    """The query's parameters in order. Raises `BadInput`."""
    if not raw:
        return []
    try:
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MAX_PARAMETERS)
    except ValueError:
        raise BadInput(f"The query is not URL-encoded UTF-8 of at most {MAX_PARAMETERS} parameters") from None
    if any(_UNFIT.search(name) or _UNFIT.search(value) for name, value in pairs):
        raise BadInput("The query holds a control character")
    return pairs


def check_query(pairs: list[tuple[str, str]], known: Iterable[str], repeatable: Iterable[str]) -> None:
    """Refuse unknown parameters, and repeated ones where one is meant: a filter with a typing error must not show everything."""
    allowed, seen = frozenset(known), set[str]()
    for name, _ in pairs:
        prefix = f"{name.partition('.')[0]}.*"
        if name not in allowed and prefix not in allowed:
            names = ", ".join(sorted(allowed)) or "none"
            raise BadInput(f"There is no such query parameter here; there are: {names}")
        if name in seen and name not in repeatable:
            raise _twice("query parameter", name)
        seen.add(name)


def _twice(what: str, name: str) -> BadInput:
    return BadInput(f"A {what} is given twice", details={"errors": [{"path": name, "message": "Give it once"}]})


def _fields(headers: Iterable[tuple[bytes, bytes]]) -> tuple[dict[bytes, bytes], list[bytes]]:
    """The headers that are read, and every Authorization."""
    fields: dict[bytes, bytes] = {}
    tokens: list[bytes] = []
    count = size = 0
    for name, value in headers:
        count += 1
        size += len(name) + len(value)
        if name in _READ:
            if name == b"authorization":
                tokens.append(value)
            elif name in fields and name in _ONCE:
                raise BadInput(
                    "A header is given twice", details={"errors": [{"path": name.decode(), "message": "Give it once"}]}
                )
            else:
                fields[name] = value
    if count > MAX_HEADERS or size > MAX_HEADER_BYTES:
        raise HeadersTooLarge(f"Send at most {MAX_HEADERS} headers of {MAX_HEADER_BYTES} bytes together")
    return fields, tokens


def _token(values: list[bytes]) -> str | None:
    """The bearer token of the one Authorization header; two headers are as good as none (RFC 9110, 11.6.2)."""
    match = _BEARER.fullmatch(values[0]) if len(values) == 1 else None
    return match[1].decode("ascii") if match else None
