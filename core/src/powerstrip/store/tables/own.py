"""Actions of a project's own. Calls look for them, so that they stand apart from automations, which a start can do without."""

from typing import Any, ClassVar

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from powerstrip.clock import stamp
from powerstrip.store.tables.base import Table, id_column, json_column, optional_bytes, optional_json, project_column


class OwnAction(Table, table=True):
    """An action that a project registered: an HTTP endpoint of its own, or a name that its workers run."""

    __table_args__: ClassVar = (UniqueConstraint("project_id", "name"),)

    id: str = id_column("act")
    project_id: str = project_column()
    name: str = Field(max_length=128)
    title: str = ""
    description: str = ""
    endpoint_kind: str = Field(max_length=16)
    """http or worker."""
    endpoint_url: str | None = None
    input_schema: dict[str, Any] | None = optional_json()
    output_schema: dict[str, Any] | None = optional_json()
    annotations: dict[str, bool] = json_column()
    queue: str = Field(default="default", max_length=64)
    timeout_seconds: int = 60
    status: str = "active"
    secret_version: int = 0
    secret_sealed: bytes | None = optional_bytes()
    secret_data_key_id: str | None = Field(default=None, max_length=40)
    previous_secret_sealed: bytes | None = optional_bytes()
    previous_secret_data_key_id: str | None = Field(default=None, max_length=40)
    previous_secret_until: str | None = None
    tags: dict[str, str] = json_column()
    created_by: str | None = None
    created_at: str = Field(default_factory=stamp)
    updated_at: str = Field(default_factory=stamp)
