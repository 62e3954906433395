"""From failures to HTTP: one shape, one table.

| failure                         | status | code                     |
| a `Problem` of the hub          | its own | its own                 |
| `AuthFailed`                    | 424    | provider_auth_failed     |
| `RateLimited`                   | 429    | provider_rate_limited    |
| `Rejected`                      | 422    | provider_rejected        |
| `Unavailable`                   | 502    | provider_unavailable     |
| `AdapterBroken`                 | 502    | adapter_broken           |
| `OutOfTime`                     | 504    | provider_timeout         |
| anything else                   | 500    | internal                 |

The failures of a provider are errors over HTTP only where the provider was asked for the caller's sake, as by a picker. An
action's invocation answers 200 with the status `failed`. 424 is a refused credential, so that nobody takes it for the
caller's own key; 502 and 504 say that somebody else's server failed.
"""

import math
from typing import Any, ClassVar

from pydantic_core import to_json

from powerstrip.adapter import AuthFailed, PowerstripError, RateLimited, Rejected, Unavailable
from powerstrip.connect import AdapterBroken, OutOfTime
from powerstrip.problems import Problem
from powerstrip.value import Value, field

PROVIDER: dict[type[Exception], tuple[int, str]] = {
    AuthFailed: (424, "provider_auth_failed"),
    RateLimited: (429, "provider_rate_limited"),
    Rejected: (422, "provider_rejected"),
    Unavailable: (502, "provider_unavailable"),
    AdapterBroken: (502, "adapter_broken"),
    OutOfTime: (504, "provider_timeout"),
}
INTERNAL = "The hub failed at this, and not by your request. Its log tells more under this answer's X-Request-Id"
JSON_TYPE = (b"content-type", b"application/json")


class MethodNotAllowed(Problem):
    """The address is known, this method of it is not. `details["allowed"]` lists those that are."""

    status: ClassVar[int] = 405
    code = "method_not_allowed"


class RequestTimeout(Problem):
    """The body did not come in time."""

    status: ClassVar[int] = 408
    code = "request_timeout"


class AddressTooLong(Problem):
    """The path or the query is longer than any of ours."""

    status: ClassVar[int] = 414
    code = "address_too_long"


class UpgradeRequired(Problem):
    """The address is that of a WebSocket."""

    status: ClassVar[int] = 426
    code = "upgrade_required"


class UnsupportedMedia(Problem):
    """The body is of a type, or in an encoding, that is not read."""

    status: ClassVar[int] = 415
    code = "unsupported_media_type"


class HeadersTooLarge(Problem):
    """Too many headers, or too long ones."""

    status: ClassVar[int] = 431
    code = "headers_too_large"


class Answer(Value):
    """A whole HTTP answer."""

    status: int
    body: bytes
    headers: list[tuple[bytes, bytes]] = field(default_factory=list[tuple[bytes, bytes]])


def answer_of(error: BaseException) -> Answer:
    """The answer that tells of a failure. No detail of an unexpected one goes out."""
    match error:
        case Problem():
            return _shaped(error.status, error.code, error.message, error.details, _headers(error))
        case PowerstripError() | AdapterBroken() | OutOfTime():
            return _of_provider(error)
        case _:
            return _shaped(500, "internal", INTERNAL, {}, [])


def not_allowed(methods: list[str]) -> MethodNotAllowed:
    """The refusal that says what an address takes."""
    return MethodNotAllowed("This address does not take this method", details={"allowed": methods})


def json_answer(status: int, value: Any) -> Answer:
    """A JSON answer of ready values."""
    return Answer(status, to_json(value), [JSON_TYPE])


def _shaped(status: int, code: str, message: str, details: dict[str, Any], headers: list[tuple[bytes, bytes]]) -> Answer:
    shape = {"error": {"code": code, "message": message, "details": details}}
    return Answer(status, to_json(shape), [JSON_TYPE, *headers])


def _headers(problem: Problem) -> list[tuple[bytes, bytes]]:
    headers = _retry(problem.retry_after)
    if problem.status == 401:
        headers.append((b"www-authenticate", b'Bearer realm="powerstrip"'))
    if isinstance(problem, MethodNotAllowed):
        headers.append((b"allow", ", ".join(problem.details["allowed"]).encode()))
    return headers


def _retry(seconds: float | None) -> list[tuple[bytes, bytes]]:
    return [] if seconds is None else [(b"retry-after", b"%d" % max(1, math.ceil(seconds)))]


def _of_provider(error: Exception) -> Answer:
    status, code = next(entry for kind, entry in PROVIDER.items() if isinstance(error, kind))
    message = str(getattr(error, "message", "")) or "The provider did not answer in time"
    return _shaped(status, code, message, {}, _retry(getattr(error, "retry_after", None)))
