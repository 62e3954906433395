"""What can go wrong between a program and a hub."""

from collections.abc import Mapping
from typing import Any, cast


class ClientError(Exception):
    """The base of all: the hub said no, could not be reached, or was not asked."""


class HubError(ClientError):
    """The hub answered with an error.

    `code` is stable and for programs, `message` is for people and `details` names fields and reasons. `retry_after` is in
    seconds, None where the hub named none.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        details: Mapping[str, Any] | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details = dict(details or {})
        self.retry_after = retry_after

    @property
    def reasons(self) -> list[tuple[str, str]]:
        """Each field's path and what is wrong with it; the path is empty where the whole is meant."""
        entries: list[Any] = self.details.get("errors") or []
        told = [cast(dict[str, Any], entry) for entry in entries if isinstance(entry, dict)]
        pairs = [(str(entry.get("path") or ""), str(entry.get("message") or entry.get("reason") or "")) for entry in told]
        return [(path, words) for path, words in pairs if path or words]


class HubUnreachable(ClientError):
    """No answer came from the hub: it is down, the address is wrong, or the network failed. The work may have been done."""


class BadAddress(ClientError, ValueError):
    """Nothing was asked: what was given makes no address of a hub or of something in it."""
