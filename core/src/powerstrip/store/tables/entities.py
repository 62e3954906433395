"""Entities: what kinds of things a project keeps, and the things themselves."""

from typing import Any, ClassVar

from sqlalchemy import Column, Index, UniqueConstraint
from sqlmodel import Field

from powerstrip.clock import stamp
from powerstrip.store.tables.base import JsonText, Table, id_column, list_column, project_column


class EntityType(Table, table=True):
    """A kind of thing and its fields. `origin` is `user`, or `provider` for what an adapter's events bring."""

    __table_args__: ClassVar = (UniqueConstraint("project_id", "name"),)

    id: str = id_column("ent")
    project_id: str = project_column()
    name: str = Field(max_length=130)
    title: str = ""
    description: str = ""
    origin: str = "user"
    fields: list[dict[str, Any]] = list_column()
    created_by: str | None = None
    updated_by: str | None = None
    created_at: str = Field(default_factory=stamp)
    updated_at: str = Field(default_factory=stamp)


class EntityRecord(Table, table=True):
    """One thing: its value now and before the last change. One that was deleted keeps its key and nothing else for a while."""

    __table_args__: ClassVar = (
        UniqueConstraint("project_id", "entity", "source", "key"),
        Index("ix_entity_record_page", "project_id", "entity", "created_at", "id"),
    )

    id: str = id_column("rec")
    project_id: str = Field(foreign_key="project.id", max_length=40)
    entity: str = Field(max_length=130)
    source: str = Field(default="", max_length=40)
    """The integration it came from; empty for the project's own."""
    key: str = Field(max_length=400)
    value: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JsonText, nullable=False))
    before: dict[str, Any] | None = Field(default=None, sa_column=Column(JsonText, nullable=True))
    version: int = 1
    occurred_at: str | None = None
    """When the source says that the last change happened."""
    deleted_at: str | None = Field(default=None, index=True)
    created_at: str = Field(default_factory=stamp)
    updated_at: str = Field(default_factory=stamp)
