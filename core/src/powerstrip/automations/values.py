"""What goes into the automations' room and what comes out of it."""

from typing import Any, Literal, TypeAlias

from powerstrip.automations.spec import Finding, Plan, has_errors
from powerstrip.store import Automation, AutomationTrigger
from powerstrip.value import Value, field

Status: TypeAlias = Literal["draft", "active", "paused", "archived"]


class NewAutomation(Value):
    """A new automation. `handle` is unique in the project and stays."""

    handle: str
    name: str
    description: str = ""
    default_inputs: dict[str, Any] = field(default_factory=dict[str, Any])
    settings: dict[str, Any] = field(default_factory=dict[str, Any])
    tags: dict[str, str] = field(default_factory=dict[str, str])
    default_agent_id: str | None = None


class AutomationChanges(Value):
    """What is None stays. `status` may become active, paused or archived, and of an archived one active or paused."""

    name: str | None = None
    description: str | None = None
    status: Status | None = None
    default_inputs: dict[str, Any] | None = None
    settings: dict[str, Any] | None = None
    tags: dict[str, str] | None = None
    default_agent_id: str | None = None


class Draft(Value):
    """A spec that somebody hands in: as text (YAML or JSON, with its lines and columns) or as a value."""

    text: str | None = None
    value: Any = None


class Checked(Value):
    """What a check found; `plan` is there where there are no errors."""

    spec: Any
    findings: tuple[Finding, ...]
    plan: Plan | None

    @property
    def valid(self) -> bool:
        """Whether it may be published."""
        return self.plan is not None and not has_errors(self.findings)

    def report(self) -> dict[str, Any]:
        """What is kept with a version."""
        return {"valid": self.valid, "findings": [each.as_json() for each in self.findings]}


class Known(Value):
    """An automation with its triggers."""

    row: Automation
    triggers: tuple[AutomationTrigger, ...]
