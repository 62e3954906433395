"""What a provider's HTTP status means when its adapter says nothing else: the one table of defaults.

| status       | error         |
| 401, 403     | `AuthFailed`  |
| 429          | `RateLimited` with Retry-After |
| 408, 5xx     | `Unavailable` with Retry-After |
| 3xx but 304  | `Rejected`: redirects are not followed |
| other 4xx    | `Rejected` in the provider's own words |

Sources: RFC 9110, sections 15 (status codes) and 10.2.3 (Retry-After).
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any, TypeAlias, cast
from xml.etree import ElementTree

from powerstrip.adapter.adapter import Check
from powerstrip.adapter.errors import AuthFailed, PowerstripError, RateLimited, Rejected, Unavailable
from powerstrip.adapter.http import Response
from powerstrip.clock import now

MAX_MESSAGE = 500
"""Characters of a provider's own words that are kept."""
MAX_READ = 64 * 1024
"""Bytes of an error's body that are looked at."""
MAX_RETRY_AFTER = 3600.0
"""Seconds; a provider that names more is asked again after this long."""

_WORDS = ("message", "error_description", "detail", "description", "title", "reason", "error_message", "text")
_NESTED = ("error", "errors", "fault", "response", "data")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_DEPTH = 4

Json: TypeAlias = Any


def check_status(response: Response, check: Check | None = None) -> None:
    """Raise the error that this answer is, or return.

    `check` is the adapter's own mapping. It goes first; where it finds nothing, or cannot read an error's body, the
    table above holds.
    """
    error = _own(response, check) or default_error(response)
    if error is not None:
        raise error


def default_error(response: Response) -> PowerstripError | None:
    """The error that an HTTP status alone stands for; None for one that is fine."""
    status = response.status
    if status < 300 or status == 304:
        return None
    if status < 400:
        return Rejected(f"The provider redirects ({status}) and redirects are not followed: check the base URL", status)
    words = message_of(response)
    if status in (401, 403):
        return AuthFailed(words or f"The provider refused the credential ({status})")
    if status == 429:
        return RateLimited(words or "The provider asks for fewer calls (429)", retry_after(response.headers))
    if status == 408 or status >= 500:
        return Unavailable(words or f"The provider is out of order ({status})", retry_after(response.headers))
    return Rejected(words or f"The provider refused the request ({status})", status)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait by the `retry-after` header (a number or an HTTP date), 0 to 3600; None for no or an odd one."""
    text = headers.get("retry-after", "").strip()
    if _NUMBER.fullmatch(text):
        return _clamp(float(text))
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return _clamp(((at if at.tzinfo else at.replace(tzinfo=UTC)) - now()).total_seconds())


def message_of(response: Response) -> str:
    """The provider's own words about an error, from JSON, XML or plain text: at most 500 characters, empty for none."""
    body = response.body[:MAX_READ].strip()
    kind = response.headers.get("content-type", "").lower()
    if body.startswith((b"{", b"[", b'"')):
        words = _from_json(_parsed_json(body), 0)
    elif body.startswith(b"<") and "html" not in kind:
        words = _from_xml(body)
    elif kind.startswith("text/plain"):
        words = body.decode("utf-8", "replace")
    else:
        words = ""
    printable = "".join(letter if letter.isprintable() else " " for letter in words)
    return " ".join(printable.split())[:MAX_MESSAGE]


def _own(response: Response, check: Check | None) -> PowerstripError | None:
    if check is None:
        return None
    try:
        return check(response)
    except PowerstripError as error:
        return error if default_error(response) is None else None


def _clamp(seconds: float) -> float:
    return min(max(seconds, 0.0), MAX_RETRY_AFTER)


def _parsed_json(body: bytes) -> Json:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _from_json(value: Json, depth: int) -> str:
    """The first sentence under a key that usually holds one, then a code, then the same one level down."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return next(filter(None, (_from_json(item, depth + 1) for item in cast(list[Json], value)[:3])), "")
    if not isinstance(value, dict) or depth > _DEPTH:
        return ""
    fields = {str(key).lower(): item for key, item in cast(dict[str, Json], value).items()}
    said = (fields[key] for key in _WORDS if isinstance(fields.get(key), str) and fields[key])
    nested = (_from_json(fields[key], depth + 1) for key in _NESTED if fields.get(key))
    code = fields.get("code")
    return next(said, "") or next(filter(None, nested), "") or (code if isinstance(code, str) else "")


def _from_xml(body: bytes) -> str:
    """`Code: Message`, as AWS and its kin answer. A document with a DTD is not read: error texts need no entities."""
    try:
        text = body.decode()
        if "<!" in text or "\0" in text:  # with NUL it may be UTF-16, which hides a DTD and which expat would notice
            return ""
        root = ElementTree.fromstring(text)  # noqa: S314 - no DTD, so no entity to expand, and at most 64 KiB
    except (UnicodeDecodeError, ElementTree.ParseError):
        return ""
    found = {node.tag.rpartition("}")[2].lower(): (node.text or "").strip() for node in root.iter()}
    return ": ".join(part for part in (found.get("code", ""), found.get("message", "")) if part)
