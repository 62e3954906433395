"""What is sealed beside credentials: the keys' wrappings, project secrets and their versions."""

from typing import ClassVar

from sqlalchemy import Column, ForeignKey, LargeBinary, String, UniqueConstraint
from sqlmodel import Field

from powerstrip.clock import stamp
from powerstrip.store.tables.base import Table, id_column, list_column, project_column


class KeyWrap(Table, table=True):
    """A data key, wrapped by one master key. While the master key rotates, each data key has two."""

    data_key_id: str = Field(sa_column=Column(String(40), ForeignKey("data_key.id", ondelete="CASCADE"), primary_key=True))
    master_key_id: str = Field(primary_key=True, max_length=40)
    wrapped: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class Secret(Table, table=True):
    """A project's secret: its name, and which fields its latest version has. The values are in its versions."""

    __table_args__: ClassVar = (UniqueConstraint("project_id", "name_key"),)

    id: str = id_column("sec")
    project_id: str = project_column()
    name: str
    name_key: str = Field(max_length=400)
    description: str = ""
    version: int = 0
    key_names: list[str] = list_column()
    created_by: str | None = None
    updated_by: str | None = None
    created_at: str = Field(default_factory=stamp)
    updated_at: str = Field(default_factory=stamp)


class SecretVersion(Table, table=True):
    """One sealed version of a secret. A destroyed one keeps its row and nothing of its values."""

    __table_args__: ClassVar = (UniqueConstraint("secret_id", "version"),)

    id: str = id_column("sv")
    project_id: str = project_column()
    secret_id: str = Field(sa_column=Column(String(40), ForeignKey("secret.id", ondelete="CASCADE"), index=True, nullable=False))
    version: int
    stage: str = "current"
    """`current`, `previous` (the way back) or `destroyed`."""
    reference: str = ""
    """Where the values are kept, if not here; then nothing is sealed."""
    fingerprint: str = ""
    sealed: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    data_key_id: str | None = Field(default=None, max_length=40)
    created_by: str | None = None
    created_at: str = Field(default_factory=stamp)
    destroyed_at: str | None = None
