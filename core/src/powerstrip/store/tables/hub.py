"""The tables of the hub itself: projects, who acts, integrations and their credentials, calls, audit, files."""

from typing import Any, ClassVar

from sqlalchemy import BigInteger, Column, Index, LargeBinary, UniqueConstraint, text
from sqlmodel import Field

from powerstrip.clock import row_id, stamp
from powerstrip.store.tables.base import ROWID, Table, id_column, json_column, list_column, project_column

RARE_ACTIONS = text("action NOT IN ('use', 'invoke', 'refuse')")
"""Audit rows that are no calls: a thing's history is found among them, and calls pay nothing for it. (A literal: an index over
these rows alone serves who asks with the same words.)"""


class Setting(Table, table=True):
    """One fact about the hub itself (the master key's check value, this instance's id)."""

    name: str = Field(primary_key=True, max_length=80)
    value: str


class HubProcess(Table, table=True):
    """A hub process on PostgreSQL. `seen` is when it last said that it is there, in seconds of the database's own clock."""

    id: str = id_column("hub")
    engine: str = Field(max_length=40)
    started_at: str = Field(default_factory=stamp)
    seen: float
    handed_on: bool = False
    """Whether, after it fell silent, another process took its work over."""


class Project(Table, table=True):
    """A workspace. `mode` is fixed when it is made: a sandbox never becomes live."""

    id: str = id_column("prj")
    name: str
    handle: str = Field(unique=True, max_length=64)
    description: str = ""
    access_mode: str = "org_open"
    mode: str = "live"
    created_by: str | None = None
    archived_at: str | None = None
    tags: dict[str, str] = json_column()
    created_at: str = Field(default_factory=stamp)
    updated_at: str = Field(default_factory=stamp)


class Principal(Table, table=True):
    """Who acts. `project_id` is its home."""

    id: str = id_column("prn")
    project_id: str = project_column()
    kind: str = "service"
    state: str = "active"
    name: str
    description: str = ""
    handle: str | None = None
    owner_id: str | None = None
    details: dict[str, Any] = json_column()
    tags: dict[str, str] = json_column()
    created_at: str = Field(default_factory=stamp)
    updated_at: str = Field(default_factory=stamp)


class Role(Table, table=True):
    """A named bundle of permissions. Built-in ones have no project."""

    __table_args__: ClassVar = (UniqueConstraint("project_id", "name"),)

    id: str = id_column("role")
    project_id: str | None = Field(default=None, foreign_key="project.id", index=True, max_length=40)
    name: str
    description: str = ""
    permissions: list[str] = list_column()
    system_defined: bool = False
    tags: dict[str, str] = json_column()
    created_at: str = Field(default_factory=stamp)
    updated_at: str = Field(default_factory=stamp)


class RoleAssignment(Table, table=True):
    """A role held in one project, or in all of them where `project_id` is empty."""

    __table_args__: ClassVar = (UniqueConstraint("project_id", "principal_id", "role_id"),)

    id: str = id_column("ra")
    project_id: str | None = Field(default=None, foreign_key="project.id", index=True, max_length=40)
    principal_id: str = Field(foreign_key="principal.id", index=True, max_length=40)
    role_id: str = Field(foreign_key="role.id", index=True, max_length=40)
    granted_by: str | None = None
    created_at: str = Field(default_factory=stamp)


class ApiKey(Table, table=True):
    """An API key's hash. The key itself is shown once and kept nowhere."""

    id: str = id_column("key")
    project_id: str = project_column()
    principal_id: str = Field(foreign_key="principal.id", index=True, max_length=40)
    name: str
    key_prefix: str
    key_hash: str = Field(unique=True, max_length=64)
    expires_at: str | None = None
    last_used_at: str | None = None
    revoked_at: str | None = None
    tags: dict[str, str] = json_column()
    created_at: str = Field(default_factory=stamp)
    updated_at: str = Field(default_factory=stamp)


class DataKey(Table, table=True):
    """A data key, of a project or (with none) of the hub itself. Its wrappings by master keys are in `key_wrap`.

    The `current` one seals. While keys rotate, a `previous` one still opens. A `destroyed` one is a record. The `root` is
    no key for boxes: what keys derived for a purpose are derived from.
    """

    id: str = id_column("dk")
    project_id: str | None = Field(default=None, foreign_key="project.id", index=True, max_length=40)
    state: str = "current"
    created_at: str = Field(default_factory=stamp)


class Integration(Table, table=True):
    """A connection to one provider. `mode` never changes; `origin` is where its credential may go."""

    __table_args__: ClassVar = (UniqueConstraint("project_id", "provider", "name_key"),)

    id: str = id_column("int")
    project_id: str = project_column()
    provider: str = Field(max_length=64)
    name: str
    name_key: str = Field(max_length=400)
    status: str = "active"
    status_reason: str = ""
    mode: str = "live"
    auth_kind: str = ""
    origin: str = ""
    config: dict[str, Any] = json_column()
    account_id: str | None = None
    account_name: str | None = None
    unsupported: dict[str, str] = json_column()
    """Actions that the account or its server said it cannot do, by id, each with the reason."""
    credential_version: int = 0
    """The version in use; 0 where there is no credential."""
    credential_fields: list[str] = list_column()
    copied_from: str | None = Field(default=None, max_length=40)
    """The integration that this one was copied from, in this project or another. It may be gone."""
    expires_at: str | None = None
    created_by: str | None = None
    tested_at: str | None = None
    created_at: str = Field(default_factory=stamp)
    updated_at: str = Field(default_factory=stamp)


class Credential(Table, table=True):
    """One sealed version of an integration's credential."""

    __table_args__: ClassVar = (UniqueConstraint("integration_id", "version"),)

    id: str = id_column("cred")
    project_id: str = project_column()
    integration_id: str = Field(foreign_key="integration.id", index=True, max_length=40)
    version: int
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    data_key_id: str
    state: str = "current"
    """`current`, or `previous`: the way back until the new one is confirmed."""
    account_id: str | None = None
    account_name: str | None = None
    """Whose a previous version is, at the provider."""
    created_by: str | None = None
    created_at: str = Field(default_factory=stamp)


class Invocation(Table, table=True):
    """One call of an action, from its acceptance to its end."""

    __table_args__: ClassVar = (
        Index("ix_invocation_page", "project_id", "started_at", "id"),
        Index("ix_invocation_integration", "integration_id", "started_at"),
    )

    id: str = id_column("inv")
    project_id: str = Field(foreign_key="project.id", max_length=40)
    action_name: str
    provider: str = ""
    integration_id: str | None = Field(default=None, max_length=40)
    principal_id: str | None = Field(default=None, max_length=40)
    source: str = "api"
    mode: str = "live"
    dry_run: bool = False
    status: str = "active"
    parameters: dict[str, Any] = json_column()
    output: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    """Sealed; kept only where an idempotency key may ask for it again."""
    output_summary: dict[str, Any] = json_column()
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

    id: str = id_column("ws")
    project_id: str = Field(foreign_key="project.id", max_length=40)
    integration_id: str | None = Field(default=None, max_length=40)
    invocation_id: str | None = Field(default=None, index=True, max_length=40)
    provider: str = ""
    action_name: str = ""
    method: str
    url: str
    headers: list[list[str]] = list_column()
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

    __table_args__: ClassVar = (
        Index("ix_audit_project", "project_id", "seq"),
        # PostgreSQL has the same condition, from the migration: to name it here would load that dialect at every start
        Index("ix_audit_history", "resource_id", "seq", sqlite_where=RARE_ACTIONS),
    )

    seq: int | None = Field(default=None, sa_column=Column(ROWID, primary_key=True, autoincrement=False))
    id: str = Field(default_factory=lambda: row_id("aud"), unique=True, max_length=40)
    project_id: str | None = Field(default=None, max_length=40)
    user_id: str | None = None
    actor_name: str | None = None
    credential_id: str | None = None
    credential_name: str | None = None
    action: str
    resource_type: str
    resource_id: str
    resource_name: str | None = None
    changes: dict[str, Any] = json_column()
    ip_address: str | None = None
    user_agent: str | None = None
    created_at: str = Field(default_factory=stamp)
    previous: str
    hash: str


class StoredFile(Table, table=True):
    """A file handed to the hub for a call, or made by one. Its content lies in the data folder until `expires_at`."""

    id: str = id_column("file")
    project_id: str = project_column()
    name: str = ""
    media_type: str = "application/octet-stream"
    size: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    sha256: str = ""
    created_by: str | None = None
    created_at: str = Field(default_factory=stamp)
    expires_at: str
