"""Conversations: what was said (without secrets), and how far they are."""

from typing import Any, ClassVar

from sqlalchemy import BigInteger, Column, Index, UniqueConstraint
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


class ChatStep(Table, table=True):
    """What was done at a moment of a conversation. `number` grows with time; `about` holds nothing that was typed masked."""

    __table_args__: ClassVar = (UniqueConstraint("session_id", "number"),)

    id: str = id_column("chs")
    project_id: str = Field(foreign_key="project.id", max_length=40)
    session_id: str = Field(foreign_key="chat_session.id", max_length=40)
    number: int = Field(sa_column=Column(BigInteger, nullable=False))
    step: str = Field(max_length=40)
    about: str = ""
    created_at: str = Field(default_factory=stamp)
