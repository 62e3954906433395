"""A call of an action, and what it would have sent: apart from the other shapes, which are loaded after calls are answered."""

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from powerstrip import store
from powerstrip.actions import Unsent
from powerstrip.api.shapes.base import Asked, Object, Told

DEFAULT_SECONDS = 30


class InvokeActionRequest(Asked):
    """One call of an action."""

    input: Object = Field(default_factory=dict[str, Any])
    """What the action's input schema asks for."""
    timeout_seconds: int = Field(default=DEFAULT_SECONDS, ge=1, le=120)
    dry_run: bool = False
    """Check the input and send nothing; for read-only actions."""
    integration: str | None = Field(default=None, max_length=400)
    """Id or name, where the project has several of this provider."""
    sandbox: bool = False
    """Send nothing, whatever the integration's mode: record what would have been sent and answer with a mock."""
    simulate: Literal["unauthorized", "rate_limited", "server_error", "timeout"] | None = None
    """Let a sandboxed call fail in this way."""


class SandboxRequest(Told):
    """A request that was not sent. `body` is text, or base64 as `body_encoding` says; secrets stand as placeholders."""

    id: str
    integration_id: str | None = None
    invocation_id: str | None = None
    provider: str
    action_name: str
    method: str
    url: str
    headers: list[list[str]]
    body: str
    body_encoding: str
    body_size: int
    body_sha256: str
    idempotency_key: str | None = None
    answer_status: int
    answer: str
    created_at: datetime

    @classmethod
    def of(cls, row: store.WouldSend | Unsent) -> "SandboxRequest":
        """From the row, or from a call's result."""
        return cls.model_validate(row, from_attributes=True)
