"""Runs, their steps, their log; deliveries to HTTP triggers."""

from datetime import datetime
from typing import Any, ClassVar, Literal

from pydantic import Field

from powerstrip import automations, store
from powerstrip.api.shapes.automations import ORG
from powerstrip.api.shapes.base import Asked, Object, Told, told_fields
from powerstrip.api.shapes.invoking import SandboxRequest

RunStatus = Literal["queued", "running", "suspended", "completed", "failed", "cancelled"]


class AutomationRunSource(Asked):
    """Who or what started a run."""

    type: str | None = Field(default=None, max_length=40)
    id: str | None = Field(default=None, max_length=200)
    label: str | None = Field(default=None, max_length=200)
    trigger_id: str | None = Field(default=None, max_length=80)
    trigger_fire_id: str | None = Field(default=None, min_length=1, max_length=200)


class StartAutomationRunRequest(Asked):
    """A run to start. `sandbox` lets no step send anything."""

    inputs: Object = Field(default_factory=dict[str, Any])
    source: AutomationRunSource | None = None
    external_id: str | None = Field(default=None, min_length=1, max_length=255)
    sandbox: bool = False

    def start(self) -> "automations.StartRun":
        """As the room takes it."""
        source = self.source or AutomationRunSource()
        return automations.StartRun(
            self.inputs,
            self.external_id,
            source.type,
            source.id,
            source.label,
            source.trigger_id,
            source.trigger_fire_id,
            self.sandbox,
        )


class AutomationRun(Told):
    """One run. `error_type` unknown says that nobody knows whether the step it stopped at took effect: look, then resume it.

    `mode`, `test`, `source_event_id`, `external_id`, `retry_of` and `cancel_reason` are sent to those who ask with
    `Accept: application/json; profile=full`: the published models of a run refuse fields that they do not know.
    """

    BEYOND: ClassVar = frozenset({"mode", "test", "source_event_id", "external_id", "retry_of", "cancel_reason"})

    id: str
    org_id: str
    project_id: str
    automation_id: str
    automation_version_id: str
    automation_version: int
    status: RunStatus
    mode: Literal["live", "sandbox"] | None = None
    test: bool | None = None
    inputs: Object | None = None
    result: Object | None = None
    source: AutomationRunSource | None = None
    source_event_id: str | None = None
    external_id: str | None = None
    parent_run_id: str | None = None
    parent_automation_id: str | None = None
    parent_step_key: str | None = None
    retry_of: str | None = None
    error_message: str | None = None
    error_type: str | None = None
    cancel_reason: str | None = None
    wake_at: datetime | None = None
    wall_clock_deadline_at: datetime | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: store.Run, *, full: bool) -> "AutomationRun":
        """From the row."""
        facts = {name: getattr(row, name) for name in told_fields(cls, cls.BEYOND, full=full) if hasattr(row, name)}
        source = AutomationRunSource(
            type=row.source_type,
            id=row.source_id,
            label=row.source_label,
            trigger_id=row.trigger_id,
            trigger_fire_id=row.trigger_fire_id,
        )
        test = (row.test or None) if full else None
        return cls.model_validate(facts | {"org_id": ORG, "source": source, "test": test})


class AutomationRunListResponse(Told):
    """A page of runs."""

    items: list[AutomationRun]
    next_cursor: str | None = None
    has_more: bool


class AutomationRunStep(Told):
    """One step. `path` tells its place in loops; `would_have_sent` is what a sandbox did not send."""

    id: str
    org_id: str
    project_id: str
    run_id: str
    path: str
    step_key: str
    step_name: str | None = None
    kind: str
    status: Literal["pending", "running", "suspended", "completed", "failed", "skipped", "cancelled"]
    seq: int
    attempt: int
    idempotency_key: str | None = None
    inputs: Object | None = None
    parameters: Object | None = None
    result: Any = None
    would_have_sent: list[SandboxRequest] | None = None
    job_id: str | None = None
    wait_id: str | None = None
    invocation_id: str | None = None
    child_run_id: str | None = None
    next_attempt_at: datetime | None = None
    deadline_at: datetime | None = None
    error_type: str | None = None
    error_message: str | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, trace: "automations.Trace") -> "AutomationRunStep":
        """From the row and the ledger."""
        row = trace.step
        facts = {name: getattr(row, name) for name in cls.model_fields if hasattr(row, name)}
        sent = [SandboxRequest.of(each) for each in trace.would_send] or None
        return cls.model_validate(facts | {"org_id": ORG, "would_have_sent": sent})


class AutomationRunStepListResponse(Told):
    """All steps, in the order in which they began."""

    items: list[AutomationRunStep]


class AutomationRunEvent(Told):
    """An entry of a run's log; `sequence` counts from 1 without a gap."""

    id: str
    org_id: str
    project_id: str
    run_id: str
    sequence: int
    event_type: str
    step_id: str | None = None
    step_key: str | None = None
    payload: Object | None = None
    created_at: datetime

    @classmethod
    def of(cls, row: store.RunEvent) -> "AutomationRunEvent":
        """From the row."""
        facts = {name: getattr(row, name) for name in cls.model_fields if hasattr(row, name)}
        return cls.model_validate(facts | {"org_id": ORG})


class AutomationRunEventListResponse(Told):
    """Entries after `since_sequence`, oldest first."""

    items: list[AutomationRunEvent]
    next_sequence: int | None = None
    has_more: bool


class CancelAutomationRunRequest(Asked):
    """Why."""

    reason: str | None = Field(default=None, max_length=500)


class SignalAutomationRunRequest(Asked):
    """What a step that waits for an event is given in its place."""

    step_key: str = Field(min_length=1, max_length=64)
    result: Object = Field(default_factory=dict[str, Any])


class ResumeAutomationRunRequest(Asked):
    """How a failed run goes on: `retry` does the step again with a new key, `skip` takes `output` for what it gave."""

    way: Literal["retry", "skip"] = "retry"
    output: Object | None = None


class RetryAutomationRunRequest(Asked):
    """Where the new run begins: the step at which the other failed, or this one of the outermost level."""

    from_step: str | None = Field(default=None, min_length=1, max_length=64)


class RunDifference(Told):
    """One thing that differs. `path` is a step's, empty for the whole run."""

    path: str
    field: str
    before: Any = None
    after: Any = None


class RunDiffResponse(Told):
    """All that differs."""

    differences: list[RunDifference]


class HTTPTriggerDeliveryResponse(Told):
    """What became of a delivery. `run` is there where the caller waited; it may still be at work."""

    source_event_id: str
    status: Literal["accepted", "skipped", "failed"]
    deduped: bool | None = None
    run: AutomationRun | None = None

    @classmethod
    def of(cls, done: "automations.Delivered", *, full: bool) -> "HTTPTriggerDeliveryResponse":
        """From what was done."""
        run = AutomationRun.of(done.run, full=full) if done.run is not None else None
        return cls(source_event_id=done.event_id, status=done.status, deduped=done.deduped or None, run=run)


class TriggerSecretResponse(Told):
    """The secret, told this once."""

    signing_secret: str
