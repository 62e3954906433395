"""The tables. Times are RFC 3339 texts in UTC, JSON is text, ids are `prefix_` + 128 random bits: the same on both databases."""

import json
import re
from typing import Any, ClassVar

from sqlalchemy import BigInteger, Column, Dialect, Index, Integer, LargeBinary, Text, UniqueConstraint
from sqlalchemy.orm import declared_attr
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel

from powerstrip.clock import new_id, stamp


class JsonText(TypeDecorator[Any]):
    """JSON kept as text, so that hot inserts can pass a ready string on either database."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        if value is None or isinstance(value, str):
            return value
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return None if value is None else json.loads(value)


_Rowid = BigInteger().with_variant(Integer, "sqlite")
"""SQLite keeps its rows by an INTEGER key and needs no index beside."""


def _json(**column: Any) -> Any:
    return Field(default_factory=dict, sa_column=Column(JsonText, nullable=False, **column))


def _list() -> Any:
    return Field(default_factory=list, sa_column=Column(JsonText, nullable=False))


def _id(prefix: str) -> Any:
    return Field(default_factory=lambda: new_id(prefix), primary_key=True, max_length=40)


def _project() -> Any:
    return Field(foreign_key="project.id", index=True, max_length=40)


class Table(SQLModel):
    """The base of all tables: `RoleAssignment` is kept as `role_assignment`."""

    @declared_attr.directive
    def __tablename__(cls) -> str:  # noqa: N805  # pyright: ignore[reportIncompatibleVariableOverride] - SQLAlchemy's own way
        return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()


class Setting(Table, table=True):
    """One fact about the hub itself (the master key's check value, this instance's id)."""

    name: str = Field(primary_key=True, max_length=80)
    value: str


class Project(Table, table=True):
    """A workspace. `mode` is fixed when it is made: a sandbox never becomes live."""

    id: str = _id("prj")
    name: str
    handle: str = Field(unique=True, max_length=64)
    description: str = ""
    access_mode: str = "org_open"
    mode: str = "live"
    created_by: str | None = None
    archived_at: str | None = None
    tags: dict[str, str] = _json()
    created_at: str = Field(default_factory=stamp)
    updated_at: str = Field(default_factory=stamp)


class Principal(Table, table=True):
    """Who acts. `project_id` is its home."""

    id: str = _id("prn")
    project_id: str = _project()
    kind: str = "service"
    state: str = "active"
    name: str
    description: str = ""
    handle: str | None = None
    owner_id: str | None = None
    details: dict[str, Any] = _json()
    tags: dict[str, str] = _json()
    created_at: str = Field(default_factory=stamp)
    updated_at: str = Field(default_factory=stamp)


class Role(Table, table=True):
    """A named bundle of permissions. Built-in ones have no project."""

    __table_args__: ClassVar = (UniqueConstraint("project_id", "name"),)

    id: str = _id("role")
    project_id: str | None = Field(default=None, foreign_key="project.id", index=True, max_length=40)
    name: str
    description: str = ""
    permissions: list[str] = _list()
    system_defined: bool = False
    tags: dict[str, str] = _json()
    created_at: str = Field(default_factory=stamp)
    updated_at: str = Field(default_factory=stamp)


class RoleAssignment(Table, table=True):
    """A role held in one project, or in all of them where `project_id` is empty."""

    __table_args__: ClassVar = (UniqueConstraint("project_id", "principal_id", "role_id"),)

    id: str = _id("ra")
    project_id: str | None = Field(default=None, foreign_key="project.id", index=True, max_length=40)
    principal_id: str = Field(foreign_key="principal.id", index=True, max_length=40)
    role_id: str = Field(foreign_key="role.id", index=True, max_length=40)
    granted_by: str | None = None
    created_at: str = Field(default_factory=stamp)


class ApiKey(Table, table=True):
    """An API key's hash. The key itself is shown once and kept nowhere."""

    id: str = _id("key")
    project_id: str = _project()
    principal_id: str = Field(foreign_key="principal.id", index=True, max_length=40)
    name: str
    key_prefix: str
    key_hash: str = Field(unique=True, max_length=64)
    expires_at: str | None = None
    last_used_at: str | None = None
    revoked_at: str | None = None
    tags: dict[str, str] = _json()
    created_at: str = Field(default_factory=stamp)
    updated_at: str = Field(default_factory=stamp)


class DataKey(Table, table=True):
    """A project's data key, wrapped by the master key. The newest `current` one seals; older ones still open."""

    id: str = _id("dk")
    project_id: str = _project()
    wrapped: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    master_key_id: str
    state: str = "current"
    created_at: str = Field(default_factory=stamp)


class Integration(Table, table=True):
    """A connection to one provider. `mode` never changes; `origin` is where its credential may go."""

    __table_args__: ClassVar = (UniqueConstraint("project_id", "provider", "name_key"),)

    id: str = _id("int")
    project_id: str = _project()
    provider: str = Field(max_length=64)
    name: str
    name_key: str = Field(max_length=400)
    status: str = "active"
    status_reason: str = ""
    mode: str = "live"
    auth_kind: str = ""
    origin: str = ""
    config: dict[str, Any] = _json()
    account_id: str | None = None
    account_name: str | None = None
    credential_version: int = 0
    """The version in use; 0 where there is no credential."""
    credential_fields: list[str] = _list()
    expires_at: str | None = None
    created_by: str | None = None
    tested_at: str | None = None
    created_at: str = Field(default_factory=stamp)
    updated_at: str = Field(default_factory=stamp)


class Credential(Table, table=True):
    """One sealed version of an integration's credential."""

    __table_args__: ClassVar = (UniqueConstraint("integration_id", "version"),)

    id: str = _id("cred")
    project_id: str = _project()
    integration_id: str = Field(foreign_key="integration.id", index=True, max_length=40)
    version: int
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    data_key_id: str
    state: str = "current"
    created_by: str | None = None
    created_at: str = Field(default_factory=stamp)


class Invocation(Table, table=True):
    """One call of an action, from its acceptance to its end."""

    __table_args__: ClassVar = (Index("ix_invocation_page", "project_id", "started_at", "id"),)

    id: str = _id("inv")
    project_id: str = Field(foreign_key="project.id", max_length=40)
    action_name: str
    provider: str = ""
    integration_id: str | None = Field(default=None, max_length=40)
    principal_id: str | None = Field(default=None, max_length=40)
    source: str = "api"
    mode: str = "live"
    dry_run: bool = False
    status: str = "active"
    parameters: dict[str, Any] = _json()
    output: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    """Sealed; kept only where an idempotency key may ask for it again."""
    output_summary: dict[str, Any] = _json()
    error_type: str | None = None
    error_message: str | None = None
    retry_count: int = 0
    run_id: str | None = Field(default=None, index=True, max_length=40)
    job_id: str | None = Field(default=None, max_length=40)
    step_name: str | None = None
    hub: str = ""
    """The hub process that took it: one that is gone leaves its open calls as unknown."""
    started_at: str = Field(default_factory=stamp)
    finished_at: str | None = None


class Idempotency(Table, table=True):
    """A caller's idempotency key, what it was first used for, and the call it led to."""

    project_id: str = Field(primary_key=True, foreign_key="project.id", max_length=40)
    key: str = Field(primary_key=True, max_length=255)
    route: str
    body_hash: str
    invocation_id: str = Field(max_length=40)
    created_at: str = Field(default_factory=stamp)


class WouldSend(Table, table=True):
    """A request that a sandbox did not send: the ledger of "would have sent"."""

    __table_args__: ClassVar = (Index("ix_would_send_page", "project_id", "created_at", "id"),)

    id: str = _id("ws")
    project_id: str = Field(foreign_key="project.id", max_length=40)
    integration_id: str | None = Field(default=None, max_length=40)
    invocation_id: str | None = Field(default=None, index=True, max_length=40)
    provider: str = ""
    action_name: str = ""
    method: str
    url: str
    headers: list[list[str]] = _list()
    body: str = ""
    """As text; base64 where it is not UTF-8, empty where it is too long to keep."""
    body_encoding: str = "text"
    body_size: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    body_sha256: str = ""
    idempotency_key: str | None = None
    answer_status: int = 200
    answer: str = ""
    created_at: str = Field(default_factory=stamp)


class Audit(Table, table=True):
    """One link of the audit chain: `hash` covers the row and `previous`, the hash of the row before it."""

    __table_args__: ClassVar = (Index("ix_audit_project", "project_id", "seq"),)

    seq: int | None = Field(default=None, sa_column=Column(_Rowid, primary_key=True, autoincrement=False))
    id: str = Field(default_factory=lambda: new_id("aud"), unique=True, max_length=40)
    project_id: str | None = Field(default=None, max_length=40)
    user_id: str | None = None
    actor_name: str | None = None
    credential_id: str | None = None
    credential_name: str | None = None
    action: str
    resource_type: str
    resource_id: str
    resource_name: str | None = None
    changes: dict[str, Any] = _json()
    ip_address: str | None = None
    user_agent: str | None = None
    created_at: str = Field(default_factory=stamp)
    previous: str
    hash: str


class StoredFile(Table, table=True):
    """A file handed to the hub for a call, or made by one. Its content lies in the data folder until `expires_at`."""

    id: str = _id("file")
    project_id: str = _project()
    name: str = ""
    media_type: str = "application/octet-stream"
    size: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    sha256: str = ""
    created_by: str | None = None
    created_at: str = Field(default_factory=stamp)
    expires_at: str
