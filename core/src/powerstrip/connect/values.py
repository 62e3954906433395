"""What goes in and out of this room."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from powerstrip.adapter import Page
from powerstrip.value import Hidden, Value, field

Mode: TypeAlias = Literal["live", "sandbox"]
ErrorType: TypeAlias = Literal["auth_failed", "rate_limited", "unavailable", "rejected", "timeout", "adapter_broken"]


class NewIntegration(Value):
    """A connection to be made. `credentials` and `config` are JSON objects as they came in.

    `auth_kind` names the way to sign in where a provider has several; `mode` None takes the project's.
    """

    name: str
    provider: str
    credentials: Hidden[Mapping[str, Any] | None] = None
    config: Mapping[str, Any] = field(default_factory=dict[str, Any])
    auth_kind: str | None = None
    mode: Mode | None = None


class IntegrationChanges(Value):
    """What is to be changed; None keeps what is there. `config` and `credentials` are replaced as a whole."""

    name: str | None = None
    credentials: Hidden[Mapping[str, Any] | None] = None
    config: Mapping[str, Any] | None = None
    status: str | None = None

    @property
    def fields(self) -> list[str]:
        """Names of the fields that are given."""
        return [name for name in ("name", "credentials", "config", "status") if getattr(self, name) is not None]


class Probe(Value):
    """What a connection test found. `error` is in the provider's own words; `simulated` in a sandbox, which asks nobody."""

    ok: bool
    account_id: str | None = None
    account_name: str | None = None
    error: str | None = None
    error_type: ErrorType | None = None
    simulated: bool = False


@dataclass(frozen=True)
class Picked(Page):
    """Choices of a picker. `cached_age` is in seconds, 0 for fresh ones; `complete` is false where the hub stopped looking."""

    cached_age: float = 0.0
    complete: bool = True
