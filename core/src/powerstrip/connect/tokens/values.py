"""What goes to a token endpoint and what comes back, as values that tell nothing when they are printed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from powerstrip.adapter.token_auth import ClientAuth


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """This hub as a provider's OAuth client. `secret` is empty for a public client (`method` "none")."""

    id: str
    secret: str = field(default="", repr=False)
    method: ClientAuth = "post"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A token endpoint's answer, checked.

    `expires_at` is a stamp as `clock.rfc3339` makes it, None where the token does not expire as far as is known. `scopes` is None
    where the server named none, which by RFC 6749, 5.1 means those that were asked for. `extra` is the rest of it.
    """

    access_token: str = field(repr=False)
    token_type: str = "bearer"  # noqa: S105 - a kind of token
    refresh_token: str | None = field(default=None, repr=False)
    expires_at: str | None = None
    scopes: tuple[str, ...] | None = None
    extra: Mapping[str, Any] = field(default_factory=dict[str, Any], repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceStart:
    """What a person is shown, and what the hub polls with (RFC 8628, 3.2). `interval` and `lifetime` are in seconds."""

    device_code: str = field(repr=False)
    user_code: str
    verification_url: str
    complete_url: str = ""
    """The same with the code in it; empty where the server gives none."""
    interval: float = 5.0
    lifetime: float = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A device that nobody has confirmed yet: ask again after `interval` seconds (RFC 8628, 3.5)."""

    interval: float
