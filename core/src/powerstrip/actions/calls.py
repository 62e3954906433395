"""What goes in and out of an action call."""

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from powerstrip.connect import ErrorType
from powerstrip.value import Value, field

Mode: TypeAlias = Literal["live", "sandbox"]
CallErrorType: TypeAlias = ErrorType | Literal["unknown"]
"""`unknown`: a write went out and no sure answer came (none, or a gateway's), so nobody here knows whether it took effect."""


class Invoke(Value):
    """One call. `input` is a JSON object by our field names.

    `integration` names one by id or name where the project has several; `sandbox` asks for a sandboxed call of a live one;
    `simulate` asks a sandbox for a failure (unauthorized, rate_limited, server_error, timeout); `dry_run` sends nothing and
    gives no output. With an `idempotency_key` (1 to 255 printable ASCII characters) a repeat gives the first call's result.
    """

    input: Mapping[str, Any]
    integration: str | None = None
    dry_run: bool = False
    sandbox: bool = False
    simulate: str | None = None
    timeout_seconds: float = 60
    idempotency_key: str | None = None
    source: str = "api"
    run_id: str | None = None
    job_id: str | None = None
    step_name: str | None = None


class Unsent(Value):
    """A request that was not sent, as the ledger has it: see `WouldSend`, whose rows are slower to make."""

    id: str
    integration_id: str | None
    invocation_id: str | None
    provider: str
    action_name: str
    method: str
    url: str
    headers: list[list[str]]
    body: str
    body_encoding: str
    body_size: int
    body_sha256: str
    idempotency_key: str | None
    answer_status: int
    answer: str
    created_at: str


class Result(Value):
    """How a call ended, or `active` while workers are still at it. `would_send` lists what a sandbox or a dry run did not send;
    `replayed` is true for a repeat.
    """

    status: Literal["active", "completed", "failed"]
    invocation_id: str
    mode: Mode
    output: dict[str, Any] | None = None
    job_id: str | None = None
    error: str | None = None
    error_type: str | None = None
    """One of `CallErrorType`, or what a worker named."""
    would_send: list[Unsent] = field(default_factory=list[Unsent])
    replayed: bool = False
    retry_after: float | None = None
    """Seconds to wait before a repeat, where somebody named them; unknown in a replay."""
