"""What goes in and out of a project's own actions."""

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from powerstrip.edge import SigningKey
from powerstrip.store import OwnAction
from powerstrip.value import Value, field

Kind: TypeAlias = Literal["http", "worker"]
DAY = 86_400
DEFAULT_OVERLAP = DAY
MAX_OVERLAP = 7 * DAY
"""Seconds that a replaced secret signs beside the new one."""


class Hints(Value):
    """Safe-use hints. An action is tried again by itself only where it is read-only or idempotent."""

    read_only: bool = False
    idempotent: bool = False
    destructive: bool = False


class NewOwnAction(Value):
    """An action to register. `endpoint_url` is for `http` alone, `queue` for `worker` alone."""

    name: str
    kind: Kind = "http"
    title: str = ""
    description: str = ""
    endpoint_url: str | None = None
    input_schema: Mapping[str, Any] | None = None
    output_schema: Mapping[str, Any] | None = None
    hints: Hints = field(default_factory=Hints)
    tags: Mapping[str, str] = field(default_factory=dict[str, str])
    queue: str = "default"
    timeout_seconds: int = 60


class OwnActionChanges(Value):
    """What is None stays. `clear_hints` takes all hints away."""

    title: str | None = None
    description: str | None = None
    endpoint_url: str | None = None
    input_schema: Mapping[str, Any] | None = None
    output_schema: Mapping[str, Any] | None = None
    hints: Hints | None = None
    clear_hints: bool = False
    tags: Mapping[str, str] | None = None
    queue: str | None = None
    timeout_seconds: int | None = None


class IssuedAction(Value):
    """An action with the secret that was just made, to be shown once. A worker action has none."""

    row: OwnAction
    key: SigningKey | None


def secret_ref(action_id: str) -> str:
    """What a receiver finds its key by."""
    return f"actions/{action_id}"
