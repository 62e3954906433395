"""What goes in and out of entities."""

from typing import Any, Literal, TypeAlias

from powerstrip.entities.fields import Field
from powerstrip.store import EntityRecord
from powerstrip.value import Value

Change: TypeAlias = Literal["created", "updated", "deleted", "none"]


class NewType(Value):
    """An entity type to be. `name` is one lower-case word; names with a dot are the providers'."""

    name: str
    fields: tuple[Field, ...]
    title: str = ""
    description: str = ""


class TypeChanges(Value):
    """What may be changed; None leaves it as it is. `fields` replaces the list."""

    title: str | None = None
    description: str | None = None
    fields: tuple[Field, ...] | None = None


class Kept(Value):
    """A record and what was done to it. `record` is None where there is none."""

    change: Change
    record: EntityRecord | None
    before: dict[str, Any] | None = None
