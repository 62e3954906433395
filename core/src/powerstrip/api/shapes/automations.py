"""Automations, their versions, triggers and checks."""

from datetime import datetime
from typing import Any, ClassVar, Literal

from pydantic import Field

from powerstrip import automations, store
from powerstrip.api.shapes.base import Asked, Description, Name, Object, TagMap, Told, told_fields

ORG = "org_hub"
"""A hub is one organisation."""

AutomationStatus = Literal["draft", "active", "paused", "archived"]
AutomationStatusFilter = Literal["draft", "active", "paused", "archived", "all"]
Policy = Literal["allow", "queue", "skip", "replace"]


class CreateAutomationRequest(Asked):
    """A new automation. `handle` is unique in the project and stays."""

    handle: str = Field(min_length=1, max_length=200)
    name: Name
    description: Description = ""
    default_agent_id: str | None = Field(default=None, max_length=80)
    default_inputs: Object = Field(default_factory=dict[str, Any])
    settings: Object = Field(default_factory=dict[str, Any])
    tags: TagMap = Field(default_factory=dict[str, str])


class UpdateAutomationRequest(Asked):
    """What is left out stays as it is."""

    name: Name | None = None
    description: Description | None = None
    status: AutomationStatus | None = None
    default_agent_id: str | None = Field(default=None, max_length=80)
    default_inputs: Object | None = None
    settings: Object | None = None
    tags: TagMap | None = None


class SpecRequest(Asked):
    """A spec: `spec` as JSON in either spelling, or `source` as YAML or JSON text, whose lines and columns findings then name."""

    spec: Object | None = None
    source: str | None = Field(default=None, max_length=300_000)

    def draft(self) -> "automations.Draft":
        """What was handed in. Where both are given, the text counts."""
        return automations.Draft(text=self.source, value=self.spec)


class CreateAutomationVersionRequest(SpecRequest):
    """A new version. The hub compiles the spec itself: a `compiled_plan` is taken and not used."""

    compiled_plan: Object | None = None
    base_version: int | None = Field(default=None, ge=0)
    """The newest version as the caller knows it: refused where there is a newer one."""


class CheckAutomationRequest(SpecRequest):
    """A spec to be checked, and the automation that it would belong to."""

    handle: str | None = Field(default=None, max_length=200)


class SpecFinding(Told):
    """One finding. Errors keep a spec from being published, warnings do not. Lines and columns count from 1."""

    severity: Literal["error", "warning"]
    code: str
    message: str
    path: str
    line: int | None = None
    column: int | None = None
    hint: str | None = None


class AutomationCheck(Told):
    """What a check found. `plan` is what the engine would run; `spec` is the same in the API's spelling."""

    valid: bool
    findings: list[SpecFinding]
    plan: Object | None = None
    spec: Object | None = None

    @classmethod
    def of(cls, checked: "automations.Checked") -> "AutomationCheck":
        """From what was found."""
        plan = checked.plan
        return cls(
            valid=checked.valid,
            findings=[SpecFinding(**each.as_json()) for each in checked.findings],
            plan=plan.model_dump(mode="json") if plan else None,
            spec=automations.to_api(plan) if plan else None,
        )


class AutomationTrigger(Told):
    """A trigger of the published version."""

    id: str
    org_id: str
    project_id: str
    automation_id: str
    name: str
    kind: str
    enabled: bool
    config: Object
    concurrency_policy: Policy
    max_concurrent_runs: int
    http_handle: str | None = None
    signing_secret_set: bool | None = None
    event_type: str | None = None
    source_id: str | None = None
    condition: str | None = None
    last_fire_at: datetime | None = None
    next_fire_at: datetime | None = None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: store.AutomationTrigger) -> "AutomationTrigger":
        """From the row."""
        facts = {name: getattr(row, name) for name in cls.model_fields if hasattr(row, name)}
        secret = row.secret_sealed is not None if row.kind == "http" else None
        more = {"org_id": ORG, "signing_secret_set": secret, "condition": row.condition or None}
        return cls.model_validate(facts | more | {"enabled": row.enabled and row.active})


class Automation(Told):
    """An automation. `triggers` are those that can start runs now."""

    id: str
    org_id: str
    project_id: str
    handle: str
    name: str
    description: str | None = None
    status: AutomationStatus
    owner: str | None = None
    default_agent_id: str | None = None
    latest_version: int
    published_version: int | None = None
    default_inputs: Object
    settings: Object
    tags: TagMap
    triggers: list[AutomationTrigger]
    last_run_at: datetime | None = None
    archived_at: datetime | None = None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, known: "automations.Known") -> "Automation":
        """From the row and its triggers."""
        row = known.row
        facts = {name: getattr(row, name) for name in cls.model_fields if hasattr(row, name)}
        more = {"org_id": ORG, "owner": row.created_by, "description": row.description or None}
        return cls.model_validate(facts | more | {"triggers": [AutomationTrigger.of(each) for each in known.triggers]})


class AutomationListResponse(Told):
    """A page of automations."""

    items: list[Automation]
    next_cursor: str | None = None
    has_more: bool


class AutomationVersion(Told):
    """One stored version. `validation` has `valid` and `findings`; `source` is the text as it was written.

    `source` and `published_at` are sent to those who ask with `Accept: application/json; profile=full`: the published model of a
    version refuses fields that it does not know.
    """

    BEYOND: ClassVar = frozenset({"source", "published_at"})

    id: str
    org_id: str
    project_id: str
    automation_id: str
    version: int
    status: Literal["draft", "published", "superseded"]
    spec: Object
    source: str | None = None
    compiled_plan: Object | None = None
    validation: Object
    created_by: str | None = None
    created_at: datetime
    published_at: datetime | None = None

    @classmethod
    def of(cls, row: store.AutomationVersion, *, full: bool) -> "AutomationVersion":
        """From the row."""
        facts = {name: getattr(row, name) for name in told_fields(cls, cls.BEYOND, full=full) if hasattr(row, name)}
        source = (row.source or None) if full else None
        return cls.model_validate(facts | {"org_id": ORG, "source": source, "compiled_plan": row.plan})


class AutomationVersionListResponse(Told):
    """All versions, newest first."""

    items: list[AutomationVersion]
