"""The catalog of actions and events, calls of actions, the sandbox's ledger, files."""

from datetime import datetime
from typing import Literal

from powerstrip import store
from powerstrip.api.shapes.access import Mode
from powerstrip.api.shapes.base import Object, Told
from powerstrip.api.shapes.integrations import CapabilityReadiness, CapabilityReadinessReason
from powerstrip.api.shapes.invoking import SandboxRequest


class SandboxRequestListResponse(Told):
    """A page of the ledger, newest first."""

    items: list[SandboxRequest]
    next_cursor: str | None = None
    has_more: bool


class ActionInvocationResult(Told):
    """How a call ended. What the provider refused or failed at is `failed`, with its words in `error`."""

    status: Literal["active", "completed", "failed"]
    """`active`: workers are still at it."""
    job_id: str | None = None
    """The job of a worker action."""
    output: Object | None = None
    error: str | None = None
    error_type: str | None = None
    retry_after: float | None = None
    """Seconds to wait before a repeat, where the provider named them."""
    invocation_id: str
    mode: Mode
    would_have_sent: list[SandboxRequest] | None = None


class ActionInvocationEntry(Told):
    """One row of the log of calls."""

    id: str
    run_id: str | None = None
    job_id: str | None = None
    step_name: str | None = None
    action_name: str
    provider: str
    integration_id: str | None = None
    principal_id: str | None = None
    source: str
    mode: Mode
    dry_run: bool
    parameters: Object
    output_summary: Object
    status: str
    retry_count: int
    error_type: str | None = None
    error_message: str | None = None
    started_at: datetime
    finished_at: datetime | None = None
    """Left out while `status` is `active`: such a call has no end yet."""

    @classmethod
    def of(cls, row: store.Invocation) -> "ActionInvocationEntry":
        """From the row, without the sealed output."""
        return cls.model_validate(row, from_attributes=True)


class ActionInvocationListResponse(Told):
    """A page of the log, newest first."""

    items: list[ActionInvocationEntry]
    next_cursor: str | None = None
    has_more: bool


class ActionAnnotationsResponse(Told):
    """Safe-use hints."""

    read_only: bool
    idempotent: bool
    destructive: bool


class ActionExecutionMetadata(Told):
    """Where an action runs."""

    supported_locations: list[Literal["managed", "worker", "environment"]]
    default_location: Literal["managed", "worker", "environment"]
    queue: str | None = None
    """Where workers find it."""


class ActionCatalogEntry(Told):
    """One action that can be called."""

    name: str
    title: str
    description: str
    endpoint_kind: Literal["builtin", "http", "worker"]
    integration: str | None = None
    """The provider's id; none for an action of the project's own."""
    source: Literal["platform", "custom"]
    readiness: CapabilityReadiness
    readiness_reason: CapabilityReadinessReason | None = None
    message: str | None = None
    risk: Literal["low", "medium", "high", "critical"]
    annotations: ActionAnnotationsResponse
    input_schema: Object
    output_schema: Object
    endpoint_url: str | None = None
    """Of an HTTP action of the project's own."""
    examples: list[Object]
    aliases: list[str]
    deprecated: str | None = None
    execution: ActionExecutionMetadata


class ActionCatalogListResponse(Told):
    """Every action of every provider."""

    items: list[ActionCatalogEntry]


class EventCatalogEventType(Told):
    """One kind of event."""

    name: str
    description: str | None = None


class EventCatalogSource(Told):
    """A provider that sends events."""

    prefix: str
    kind: Literal["integration", "capability"]
    display_name: str
    description: str | None = None
    readiness: CapabilityReadiness
    readiness_reason: CapabilityReadinessReason | None = None
    event_types: list[EventCatalogEventType]


class EventCatalogReservedPrefix(Told):
    """A word that no provider may have as its id."""

    prefix: str
    kind: Literal["capability", "utility"]


class EventCatalogResponse(Told):
    """Every source of events."""

    items: list[EventCatalogSource]
    reserved_prefixes: list[EventCatalogReservedPrefix]


class File(Told):
    """A file kept for a call until it expires."""

    id: str
    name: str
    media_type: str
    size: int
    sha256: str
    created_by: str | None = None
    created_at: datetime
    expires_at: datetime

    @classmethod
    def of(cls, row: store.StoredFile) -> "File":
        """From the row."""
        return cls.model_validate(row, from_attributes=True)


class FileListResponse(Told):
    """A page of files, newest first."""

    items: list[File]
    next_cursor: str | None = None
    has_more: bool
