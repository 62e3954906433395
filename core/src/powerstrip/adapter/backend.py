"""Back ends: plugins that hold the hub's master key, or secrets, somewhere else.

A distribution names one in the entry-point group `powerstrip.backends`; its object answers the hook `powerstrip_backend`.
Back ends run before the hub's edge stands, in a thread, and open no connection themselves: they are given a way out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from powerstrip.adapter.adapter import hookimpl


class BackendFailed(Exception):
    """The back end has no answer. The message is one line for the operator and holds no secret."""


@dataclass(frozen=True, slots=True)
class BackendAnswer:
    """What a server answered. The body may be secret and is not shown."""

    status: int
    body: bytes

    def __repr__(self) -> str:
        return f"BackendAnswer({self.status})"


class WayOut(Protocol):
    """One back end's way to its server.

    `settings` are the operator's variables `POWERSTRIP_<SCHEME>_*`, without that prefix. `send` makes one request in at most
    30 seconds: https, or http to this machine; no redirects, no proxies, at most 1 MiB. Raises `BackendFailed`.
    """

    @property
    def settings(self) -> Mapping[str, str]:
        """The operator's variables for this back end."""
        ...

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> BackendAnswer:
        """Make one request."""
        ...


class Backend:
    """Base of back ends. `scheme` begins the references that are its own, as in `vault:secret/data/powerstrip#master_key`."""

    scheme: str
    title: str

    @hookimpl
    def powerstrip_backend(self) -> "Backend":
        """Answers the hook."""
        return self

    def master_key(self, reference: str, way: WayOut) -> bytes:
        """The 32 bytes that a reference (without its scheme) names. Raises `BackendFailed`."""
        raise BackendFailed(f"{self.title} holds no master keys")

    def wrap(self, reference: str, material: bytes, way: WayOut) -> str:
        """Hand a new master key over; gives the reference (without scheme) that `master_key` reads it by."""
        raise BackendFailed(f"{self.title} takes no master keys")

    def secret(self, reference: str, way: WayOut) -> Mapping[str, str]:
        """The fields of a secret that is kept there. Raises `BackendFailed`."""
        raise BackendFailed(f"{self.title} holds no secrets")
