"""What goes in and out of entities."""

from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from powerstrip.entities.fields import Field
from powerstrip.store import EntityRecord

Change: TypeAlias = Literal["created", "updated", "deleted", "none"]


@dataclass(frozen=True)
class NewType:
    """An entity type to be. `name` is one lower-case word; names with a dot are the providers'."""

    name: str
    fields: tuple[Field, ...]
    title: str = ""
    description: str = ""


@dataclass(frozen=True)
class TypeChanges:
    """What may be changed; None leaves it as it is. `fields` replaces the list."""

    title: str | None = None
    description: str | None = None
    fields: tuple[Field, ...] | None = None


@dataclass(frozen=True)
class Kept:
    """A record and what was done to it. `record` is None where there is none."""

    change: Change
    record: EntityRecord | None
    before: dict[str, Any] | None = field(default=None)
