"""Definitions: what an integration's own actions are made of."""

from typing import Any, ClassVar

from sqlalchemy import Column, ForeignKey, String, UniqueConstraint
from sqlmodel import Field

from powerstrip.clock import stamp
from powerstrip.store.tables.base import Table, id_column, json_column, project_column


class Definition(Table, table=True):
    """One version of an integration's definition; the newest counts. It goes with its integration.

    `handle` stands for the integration in the names of its actions. It is the same in all versions, also where the integration
    is renamed.
    """

    __table_args__: ClassVar = (UniqueConstraint("integration_id", "version"),)

    id: str = id_column("def")
    project_id: str = project_column()
    integration_id: str = Field(
        sa_column=Column(String(40), ForeignKey("integration.id", ondelete="CASCADE"), nullable=False, index=True)
    )
    provider: str = Field(max_length=64)
    handle: str = Field(max_length=40)
    version: int
    title: str = ""
    source: str = ""
    """Where the document came from: an address or a file's name, for people."""
    operations: int = 0
    document: dict[str, Any] = json_column()
    """In the adapter's own form."""
    report: dict[str, Any] = json_column()
    """What the import could not take, and what a person must confirm."""
    created_by: str | None = None
    created_at: str = Field(default_factory=stamp)
