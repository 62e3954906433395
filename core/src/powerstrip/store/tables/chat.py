"""Conversations: what was said (without secrets), and how far they are."""

from typing import Any, ClassVar

from sqlalchemy import Index
from sqlmodel import Field

from powerstrip.clock import stamp
from powerstrip.store.tables.base import Table, id_column, json_column, list_column


class ChatSession(Table, table=True):
    """One conversation of one person. Neither `transcript` nor `state` ever holds a secret."""

    __table_args__: ClassVar = (Index("ix_chat_session_page", "project_id", "created_at", "id"),)

    id: str = id_column("cht")
    project_id: str = Field(foreign_key="project.id", max_length=40)
    principal_id: str | None = Field(default=None, max_length=40)
    status: str = "open"
    """`open`, `done` or `cancelled`; each takes further messages."""
    state: dict[str, Any] = json_column()
    transcript: list[dict[str, Any]] = list_column()
    created_at: str = Field(default_factory=stamp)
    updated_at: str = Field(default_factory=stamp)
