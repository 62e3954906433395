"""Webhooks to others, and their deliveries."""

from collections.abc import Sequence
from typing import Any, Literal, NotRequired, TypedDict

from powerstrip.client.integrations import given
from powerstrip.client.pages import Pages
from powerstrip.client.session import Session, path


class Webhook(TypedDict):
    """An address that is told of events."""

    id: str
    name: str
    url: str
    events: list[str]
    enabled: bool
    created_at: str
    updated_at: str
    secret_ref: NotRequired[str]
    disabled_reason: NotRequired[str]
    failing_since: NotRequired[str]
    tags: NotRequired[dict[str, str]]


class NewWebhook(Webhook):
    """A webhook as it is shown once, when it is made."""

    secret_version: int
    signing_secret: str
    standard_webhooks_secret: str


class NewSecret(TypedDict):
    """A signing secret as it is shown once."""

    secret_ref: str
    secret_version: int
    signing_secret: str
    standard_webhooks_secret: str


class PingResult(TypedDict):
    """What a test delivery came to."""

    success: bool
    simulated: NotRequired[bool]
    status_code: NotRequired[int]
    latency_ms: NotRequired[int]
    error: NotRequired[str]


class Delivery(TypedDict):
    """One delivery. The answer's text is there for those who may change the webhook."""

    id: str
    webhook_id: str
    event_type: str
    status: Literal["pending", "processing", "delivered", "failed"]
    mode: str
    attempts: int
    created_at: str
    next_attempt_at: NotRequired[str]
    delivered_at: NotRequired[str]
    response_status: NotRequired[int]
    response_text: NotRequired[str]
    last_error: NotRequired[str]
    latency_ms: NotRequired[int]
    run_id: NotRequired[str]


class Webhooks:
    """The webhooks of a project. Secrets are shown once."""

    def __init__(self, session: Session, root: str) -> None:
        self._session = session
        self._root = root + path("webhooks")

    def list(self, *, enabled: bool | None = None) -> Pages[Webhook]:
        """Newest first."""
        return Pages(self._session, self._root, {"enabled": None if enabled is None else str(enabled).lower()})

    async def create(self, name: str, events: Sequence[str] = (), *, url: str = "", enabled: bool | None = None) -> NewWebhook:
        """Make one; no `events` means every event."""
        body = given(name=name, events=[*events], url=url or None, enabled=enabled)
        return await self._session.ask("POST", self._root, body=body)

    async def get(self, id: str) -> Webhook:
        """One by its id."""
        return await self._session.get(self._root + path(id))

    async def update(
        self,
        id: str,
        *,
        name: str | None = None,
        url: str | None = None,
        events: Sequence[str] | None = None,
        enabled: bool | None = None,
    ) -> Webhook:
        """Change what is given and keep the rest."""
        body = given(name=name, url=url, events=None if events is None else [*events], enabled=enabled)
        return await self._session.ask("PATCH", self._root + path(id), body=body)

    async def delete(self, id: str) -> None:
        """Delete it with its deliveries, for good."""
        await self._session.ask("DELETE", self._root + path(id))

    async def rotate_secret(self, id: str, *, overlap_seconds: int | None = None) -> NewSecret:
        """Make a new signing secret; the old one signs too for the overlap."""
        body: dict[str, Any] = given(overlap_seconds=overlap_seconds)
        return await self._session.ask("POST", self._root + path(id, "secret", "rotate"), body=body)

    async def ping(self, id: str, *, url: str | None = None) -> PingResult:
        """Send one signed test. What the target refuses is an answer, not an exception."""
        return await self._session.ask("POST", self._root + path(id, "ping"), body=given(url=url))

    def deliveries(self, id: str) -> Pages[Delivery]:
        """Newest first."""
        return Pages(self._session, self._root + path(id, "deliveries"))

    async def resend(self, id: str, delivery_id: str) -> Delivery:
        """Send a delivery that has ended once more, under its own id."""
        return await self._session.ask("POST", self._root + path(id, "deliveries", delivery_id, "resend"))
