"""What goes to a token endpoint and what comes back, as values that tell nothing when they are printed."""

from collections.abc import Mapping
from typing import Any

from powerstrip.adapter.token_auth import ClientAuth
from powerstrip.value import Hidden, Value, field


class Client(Value, kw_only=True):
    """This hub as a provider's OAuth client. `secret` is empty for a public client (`method` "none")."""

    id: str
    secret: Hidden[str] = ""
    method: ClientAuth = "post"


class Grant(Value, kw_only=True):
    """A token endpoint's answer, checked.

    `expires_at` is a stamp as `clock.rfc3339` makes it, None where the token does not expire as far as is known. `scopes` is None
    where the server named none, which by RFC 6749, 5.1 means those that were asked for. `extra` is the rest of it.
    """

    access_token: Hidden[str]
    token_type: str = "bearer"  # noqa: S105 - a kind of token
    refresh_token: Hidden[str | None] = None
    expires_at: str | None = None
    scopes: tuple[str, ...] | None = None
    extra: Hidden[Mapping[str, Any]] = field(default_factory=dict[str, Any])


class DeviceStart(Value, kw_only=True):
    """What a person is shown, and what the hub polls with (RFC 8628, 3.2). `interval` and `lifetime` are in seconds."""

    device_code: Hidden[str]
    user_code: str
    verification_url: str
    complete_url: str = ""
    """The same with the code in it; empty where the server gives none."""
    interval: float = 5.0
    lifetime: float = 600.0


class Pending(Value, kw_only=True):
    """A device that nobody has confirmed yet: ask again after `interval` seconds (RFC 8628, 3.5)."""

    interval: float
