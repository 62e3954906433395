"""Failures of the hub itself, named by what the caller can do. Adapter errors are in `powerstrip.adapter`.

Problem
├── BadInput           400  mend the request
├── Unauthenticated    401  send a valid key
├── Forbidden          403  ask for the permission
├── NotFound           404  it is not there, or not yours
├── Conflict           409  it exists already, or is in use
├── TooLarge           413  send less
├── Unprocessable      422  well formed, and still impossible
├── TooMany            429  wait `retry_after` seconds
└── StoreUnavailable   503  wait; nothing was done
"""

from typing import Any, ClassVar


class Problem(Exception):
    """A failure with a stable `code` for programs, a `message` for people and `details` that never hold a rejected value."""

    status: ClassVar[int] = 500
    code: str = "internal"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        details: dict[str, Any] | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.details = details or {}
        self.retry_after = retry_after


class BadInput(Problem):
    """The request is malformed or breaks a rule; `details["errors"]` lists paths and reasons."""

    status = 400
    code = "invalid_request"


class Unauthenticated(Problem):
    """No valid key came with the request."""

    status = 401
    code = "unauthenticated"


class Forbidden(Problem):
    """The key is valid, its principal may not do this."""

    status = 403
    code = "forbidden"


class NotFound(Problem):
    """There is no such thing, or it belongs to somebody else: the two look alike."""

    status = 404
    code = "not_found"


class Conflict(Problem):
    """It collides with what is there."""

    status = 409
    code = "conflict"


class TooLarge(Problem):
    """The request is larger than the limit in `details["limit_bytes"]`."""

    status = 413
    code = "too_large"


class Unprocessable(Problem):
    """The request is well formed, and cannot be done as it stands."""

    status = 422
    code = "unprocessable"


class TooMany(Problem):
    """Too many requests; `retry_after` is in seconds."""

    status = 429
    code = "rate_limited"


class StoreUnavailable(Problem):
    """The database did not answer in time or refused; nothing was done and a repeat is safe."""

    status = 503
    code = "store_unavailable"
