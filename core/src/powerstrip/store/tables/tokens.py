"""Access tokens that the hub fetched, and the leases to renew them."""

from typing import Any, ClassVar

from sqlalchemy import Column, Index, LargeBinary, UniqueConstraint
from sqlmodel import Field

from powerstrip.clock import stamp
from powerstrip.store.tables.base import JsonText, Table, id_column, project_column


def _sealed() -> Any:
    return Field(default=None, sa_column=Column(LargeBinary, nullable=True))


class AccessToken(Table, table=True):
    """The token of one version of an integration's credential, and who is renewing it.

    Sealed for the place (project, id, column's name, mode). It goes with its integration.
    """

    __table_args__: ClassVar = (
        UniqueConstraint("integration_id", "version"),
        Index("ix_access_token_renew", "renewable", "renew_at"),
    )

    id: str = id_column("tok")
    project_id: str = project_column()
    integration_id: str = Field(foreign_key="integration.id", ondelete="CASCADE", index=True, max_length=40)
    version: int
    """Of the credential that it was fetched with."""
    mode: str = "live"
    sealed: bytes | None = _sealed()
    """The tokens as JSON; None before the first one is fetched."""
    data_key_id: str | None = None
    answer: bytes | None = _sealed()
    """A provider's answer that is kept and not read yet."""
    answer_key_id: str | None = None
    renewable: bool = False
    """Whether there is a refresh token."""
    scopes: list[str] | None = Field(default=None, sa_column=Column(JsonText, nullable=True))
    """Those that the provider said it granted; None where it said nothing."""
    fetched_at: str | None = None
    expires_at: str | None = None
    renew_at: str | None = None
    fence: int = 0
    """Counts the leases. Whoever holds an older number writes nothing."""
    holder: str = ""
    """The process that is asking the provider, empty where nobody is."""
    started_at: str | None = None
    failures: int = 0
    retry_at: str | None = None
    problem: str = ""
    """Why there was no new token the last time."""
    created_at: str = Field(default_factory=stamp)
    updated_at: str = Field(default_factory=stamp)
