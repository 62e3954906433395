"""What uses an integration, what a change would do, and what became of it."""

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from powerstrip import connect
from powerstrip.api.shapes.base import Asked, Told


class PrincipalUse(Told):
    """Calls of one principal. The name is left out where its home is another project."""

    id: str | None = None
    name: str | None = None
    calls: int
    failures: int
    last_used_at: datetime


class KeyUse(Told):
    """Uses of the credential by one API key, tests and pickers among them."""

    id: str
    name: str | None = None
    uses: int
    last_used_at: datetime


class ActionUse(Told):
    """Calls of one action. `scopes` are those that the adapter declares for it."""

    name: str
    calls: int
    failures: int
    last_used_at: datetime
    scopes: list[str]


class IntegrationCopy(Told):
    """A copy in the same project."""

    id: str
    name: str


class IntegrationCopies(Told):
    """Copies that live on by themselves. Of other projects only their number is told."""

    here: list[IntegrationCopy]
    elsewhere: int


class Dependent(Told):
    """A thing that is built on an integration. `parts` are the places in it, such as steps and triggers."""

    kind: str
    id: str
    name: str
    version: str | None = None
    parts: list[str]
    actions: list[str]


class IntegrationImpact(Told):
    """Who and what uses an integration. Calls are counted since `since`."""

    since: datetime
    principals: list[PrincipalUse]
    keys: list[KeyUse]
    actions: list[ActionUse]
    kept_calls: int
    """Calls whose answer is kept under an idempotency key."""
    copies: IntegrationCopies
    dependents: list[Dependent]
    scopes: list[str]
    """What the calls and the dependents need, where the adapter declares it."""
    complete: bool
    """False where there was more than is looked at: counts are then lower bounds."""

    @classmethod
    def of(cls, impact: connect.Impact) -> "IntegrationImpact":
        """From what was found."""
        return cls.model_validate(impact, from_attributes=True)


class PlannedChange(Told):
    """One thing that would be different. Of a credential only what becomes of it is told."""

    field: str
    before: Any = None
    after: Any = None


class Breakage(Told):
    """One thing that would stop working."""

    kind: str
    id: str | None = None
    name: str | None = None
    why: str


class IntegrationPlan(Told):
    """What a change would do. Nothing was done."""

    operation: Literal["update", "delete", "expire", "rotate", "copy"]
    integration_id: str | None = None
    """Left out where a copy would make a new integration."""
    integration_name: str
    provider: str
    changes: list[PlannedChange]
    breaks: list[Breakage]
    """Where it is not empty, the change needs `accept_impact`."""
    impact: IntegrationImpact | None = None

    @classmethod
    def of(cls, plan: connect.Plan) -> "IntegrationPlan":
        """From what was planned."""
        return cls.model_validate(plan, from_attributes=True)


class HistoryStep(Told):
    """One change of an integration. `status` is that after it, where it changed."""

    at: datetime
    action: Literal["create", "update", "delete", "archive", "restore"]
    by: str | None = None
    fields: list[str]
    status_before: str | None = None
    status: str | None = None
    reason: str | None = None

    @classmethod
    def of(cls, step: connect.Step) -> "HistoryStep":
        """From the audit log's row."""
        return cls.model_validate(step, from_attributes=True)


class IntegrationHistory(Told):
    """The newest changes, at most 200, the newest first."""

    items: list[HistoryStep]


class ExpireIntegrationRequest(Asked):
    """Mark an integration expired by hand."""

    reason: str = Field(min_length=1, max_length=500)
    """For those who find it so."""
    accept_impact: bool = False
    """Do it although it stops what others do."""
