"""What a sentence asks for: one value, the same whether the offline parser or a model understood it."""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal, TypeAlias, get_args

Kind: TypeAlias = Literal[
    "connect", "call_action", "automate", "rotate", "test", "enable", "disable", "delete", "copy", "list", "status",
    "usage", "events", "capabilities", "help", "other",
]  # fmt: skip
KINDS: tuple[str, ...] = get_args(Kind)
Value: TypeAlias = str | int | list[str]


@dataclass
class Intent:
    """One request. Texts are redacted: a secret stands in them as a handle such as `<secret-1>`."""

    intent: Kind = "other"
    provider: str = ""
    """The provider that is meant; empty where none is named or where the person must choose."""
    providers: list[str] = field(default_factory=list[str])
    """Acceptable providers, best first."""
    vendor: str = ""
    """A service outside the catalog, by its name; its provider is `http`."""
    action: str = ""
    event: str = ""
    schedule: str = ""
    """Cron in five fields, with `schedule.fired`."""
    config: dict[str, Value] = field(default_factory=dict[str, Value])
    inputs: dict[str, Value] = field(default_factory=dict[str, Value])
    narrowed: dict[str, Value] = field(default_factory=dict[str, Value])
    """What the trigger of an automation is narrowed to, such as a repository."""
    entity: str = ""
    entity_fields: list[str] = field(default_factory=list[str])
    source_project: str = ""
    target_project: str = ""
    needs_clarification: bool = False
    reveals: bool = False
    """The person wants a stored credential shown or moved, or rules changed: refused."""
    reasons: list[str] = field(default_factory=list[str])
    """Why it was understood so, in a few words each."""

    def as_row(self) -> dict[str, Any]:
        """The filled fields as JSON values; `needs_clarification` always."""
        row = {name: value for name, value in asdict(self).items() if value not in ("", [], {}, False)}
        return row | {"intent": self.intent, "needs_clarification": self.needs_clarification}
