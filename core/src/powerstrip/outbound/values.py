"""What goes in and out of webhooks."""

from powerstrip.outbound.signing import SigningKey
from powerstrip.store import Webhook
from powerstrip.value import Value, field

MAX_OVERLAP = 7 * 86_400
DEFAULT_OVERLAP = 86_400
"""Seconds that a replaced secret goes on signing."""


class NewWebhook(Value):
    """A webhook to be. Without a `url` it is told nothing until it gets one; no `events` means all of them."""

    name: str
    url: str = ""
    events: list[str] = field(default_factory=list[str])
    enabled: bool = True
    tags: dict[str, str] = field(default_factory=dict[str, str])


class WebhookChanges(Value):
    """What may be changed; None leaves it as it is."""

    name: str | None = None
    url: str | None = None
    events: list[str] | None = None
    enabled: bool | None = None
    tags: dict[str, str] | None = None


class Issued(Value):
    """A webhook's row, and its new signing key, which is shown once."""

    row: Webhook
    key: SigningKey


class Ping(Value):
    """What a test delivery came to. `simulated`: a sandbox sends nothing."""

    success: bool
    status_code: int | None = None
    latency_ms: int | None = None
    error: str | None = None
    simulated: bool = False
