"""Entities and their records."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from powerstrip import entities, store
from powerstrip.api.shapes.base import Asked, Description, Object, Told
from powerstrip.entities import FieldType


class EntityFieldRequest(Asked):
    """One field of an entity."""

    name: str = Field(max_length=64)
    type: FieldType = "string"
    required: bool = False
    description: Description = ""
    choices: list[str] = Field(default_factory=list[str], max_length=200)
    """The values of a `choice`."""

    def field(self) -> entities.Field:
        """As the room takes it."""
        return entities.Field(self.name, self.type, self.required, self.description, tuple(self.choices))


class CreateEntityRequest(Asked):
    """A new entity."""

    name: str = Field(max_length=64)
    title: Description = ""
    description: Description = ""
    fields: list[EntityFieldRequest] = Field(max_length=100)  # pyright: ignore[reportIncompatibleVariableOverride, reportIncompatibleMethodOverride]


class UpdateEntityRequest(Asked):
    """What is left out stays as it is; `fields` is replaced as a whole."""

    title: Description | None = None
    description: Description | None = None
    fields: list[EntityFieldRequest] | None = Field(default=None, max_length=100)  # pyright: ignore[reportIncompatibleVariableOverride, reportIncompatibleMethodOverride]


class EntityField(Told):
    """One field of an entity."""

    name: str
    type: FieldType
    required: bool
    description: str
    choices: list[str]


class Entity(Told):
    """A kind of thing. `origin` is `provider` for what follows a provider's events."""

    id: str
    name: str
    title: str
    description: str
    origin: Literal["user", "provider"]
    fields: list[EntityField]  # pyright: ignore[reportIncompatibleVariableOverride, reportIncompatibleMethodOverride]
    created_by: str | None = None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: store.EntityType) -> "Entity":
        """From the row."""
        return cls.model_validate({name: getattr(row, name) for name in cls.model_fields})


class EntityListResponse(Told):
    """Every entity of the project."""

    items: list[Entity]
    has_more: bool = False


class PutRecordRequest(Asked):
    """A record to make or replace."""

    key: str = Field(min_length=1, max_length=400)
    value: Object


class EntityRecord(Told):
    """A record: what it is, and what it was before the last change."""

    id: str
    entity: str
    key: str
    source: str | None = None
    """The integration that it came from."""
    value: Object
    before: Object | None = None
    version: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: store.EntityRecord) -> "EntityRecord":
        """From the row."""
        facts = {name: getattr(row, name) for name in cls.model_fields}
        return cls.model_validate(facts | {"source": row.source or None})


class PutRecordResult(Told):
    """The record, and what was done to it."""

    change: Literal["created", "updated", "none"]
    record: EntityRecord


class EntityRecordListResponse(Told):
    """A page of records."""

    items: list[EntityRecord]
    next_cursor: str | None = None
    has_more: bool
