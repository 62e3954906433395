"""What can go wrong at a provider, named by what the hub does next.

PowerstripError
├── AuthFailed      the credential is refused        → the integration expires, a person is asked to reconnect
├── RateLimited     too many calls                   → wait `retry_after` seconds, then repeat if that is safe
├── Unavailable     no answer, or a broken one       → repeat if that is safe, else report
└── Rejected        the provider says no             → report in the provider's own words; never repeated

A message is shown to people. It must never hold a credential; the edge removes those it knows.
"""

from collections.abc import Generator
from contextlib import contextmanager


class PowerstripError(Exception):
    """A failure at a provider that a person can read."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message)
        self.message = message


class AuthFailed(PowerstripError):
    """The provider refused the credential (HTTP 401 or 403, unless the adapter says otherwise)."""


class RateLimited(PowerstripError):
    """The provider asks for fewer calls. `retry_after` is in seconds, None when the provider named none."""

    def __init__(self, message: str = "", retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unavailable(PowerstripError):
    """The provider could not be reached, took too long or failed (HTTP 5xx). `retry_after` is in seconds."""

    def __init__(self, message: str = "", retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Rejected(PowerstripError):
    """The provider understood and said no (other 4xx). `status` is its HTTP status, where there was one."""

    def __init__(self, message: str = "", status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


@contextmanager
def already_gone() -> Generator[None]:
    """A block that removes something. That it is gone already (404, 410) is no error: a delete may be repeated."""
    try:
        yield
    except Rejected as error:
        if error.status not in (404, 410):
            raise
