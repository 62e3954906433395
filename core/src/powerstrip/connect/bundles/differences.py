"""What an import would do, integration by integration."""

from typing import Literal

from powerstrip.connect.drafts import Draft
from powerstrip.connect.plans import Breakage, Change
from powerstrip.connect.values import Mode
from powerstrip.store import Integration
from powerstrip.value import Hidden, Value

State = Literal["new", "changed", "same", "conflict", "missing_provider"]


class Entry(Value):
    """One integration of a bundle. `reason` says why it cannot be imported, or what it will need."""

    provider: str
    name: str
    state: State
    reason: str | None = None
    changes: tuple[Change, ...] = ()
    breaks: tuple[Breakage, ...] = ()
    integration_id: str | None = None
    draft: Hidden[Draft | None] = None
    mode: Mode = "live"
    before: Hidden[Integration | None] = None


class Difference(Value):
    """A bundle beside a project. `applied` is true once it was imported."""

    entries: tuple[Entry, ...]
    sealed: bool
    applied: bool = False

    @property
    def blocked(self) -> list[Entry]:
        """Those that cannot be imported."""
        return [entry for entry in self.entries if entry.state in ("conflict", "missing_provider")]

    @property
    def breaks(self) -> list[Breakage]:
        """What an import would stop."""
        return [each for entry in self.entries for each in entry.breaks]
