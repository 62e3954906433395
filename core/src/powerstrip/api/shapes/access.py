"""Projects, principals, roles, permissions, API keys, audit entries."""

from datetime import datetime
from typing import Any, Literal

from pydantic import Field, model_validator

from powerstrip import access, store
from powerstrip.api.shapes.base import Asked, Description, Id, Name, Object, TagMap, Told
from powerstrip.api.times import Time

AccessMode = Literal["org_open", "restricted"]
Mode = Literal["live", "sandbox"]
PrincipalKind = Literal["service", "agent", "system"]
PrincipalState = Literal["active", "disabled", "deleted"]


class CreateProjectRequest(Asked):
    """A new project."""

    name: Name
    handle: str | None = None
    """What stands in addresses: lower-case letters and digits in words joined by hyphens; left out, the name makes it."""
    description: Description = ""
    access_mode: AccessMode = "org_open"
    mode: Mode = "live"
    """A sandbox sends nothing outside, for good."""
    tags: TagMap = Field(default_factory=dict[str, str])


class UpdateProjectRequest(Asked):
    """What is left out stays as it is."""

    name: Name | None = None
    description: Description | None = None
    access_mode: AccessMode | None = None
    seed_existing_members: bool | None = None
    """Accepted; a hub has no members beside its principals."""
    default_agent_role_id: None = None
    """Accepted as null; there are no agents yet."""
    tags: TagMap | None = None


class Project(Told):
    """The boundary around integrations, calls and keys."""

    id: str
    name: str
    handle: str
    description: str
    access_mode: AccessMode
    mode: Mode
    created_by: str | None = None
    archived_at: datetime | None = None
    """When it was archived: it can be read, not changed and not used."""
    tags: TagMap
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: store.Project) -> "Project":
        """From the row."""
        return cls.model_validate(row, from_attributes=True)


class ProjectListResponse(Told):
    """Projects by name, at most 100."""

    items: list[Project]


class CreatePrincipalRequest(Asked):
    """A new service principal."""

    name: Name
    description: Description = ""
    owner_id: Id | None = None
    metadata: Object = Field(default_factory=dict[str, Any])
    role_ids: list[Id] | None = Field(default=None, min_length=1, max_length=50)
    """Needs the permission to give roles."""
    tags: TagMap = Field(default_factory=dict[str, str])


class UpdatePrincipalRequest(Asked):
    """What is left out stays as it is."""

    description: Description | None = None
    state: PrincipalState | None = None
    """`active` or `disabled`."""
    owner_id: Id | None = None
    metadata: Object | None = None
    role_ids: list[Id] | None = Field(default=None, max_length=50)
    """Replaces the roles held in this project. Needs the permission to give roles."""
    tags: TagMap | None = None


class Principal(Told):
    """Who acts, other than people."""

    id: str
    kind: PrincipalKind
    state: PrincipalState
    name: str
    description: str
    handle: str | None = None
    owner_id: str | None = None
    role_ids: list[str]
    metadata: Object
    tags: TagMap
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, member: access.Member) -> "Principal":
        """From the row and its roles."""
        facts = member.principal.model_dump(exclude={"project_id", "details"})
        return cls(**facts, metadata=member.principal.details, role_ids=member.role_ids)


class PrincipalListResponse(Told):
    """The newest principals."""

    items: list[Principal]


class CreateRoleRequest(Asked):
    """A role of one's own."""

    name: Name
    description: Description = ""
    permissions: list[str] = Field(max_length=200)
    tags: TagMap = Field(default_factory=dict[str, str])


class UpdateRoleRequest(Asked):
    """What is left out stays as it is."""

    description: Description | None = None
    permissions: list[str] | None = Field(default=None, max_length=200)
    tags: TagMap | None = None


class Role(Told):
    """A named bundle of permissions."""

    id: str
    project_id: str | None = None
    name: str
    description: str
    permissions: list[str]
    system_defined: bool
    tags: TagMap
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: store.Role) -> "Role":
        """From the row."""
        return cls.model_validate(row, from_attributes=True)


class RoleListResponse(Told):
    """A page of roles."""

    items: list[Role]
    next_cursor: str | None = None
    has_more: bool


class CreateRoleAssignmentRequest(Asked):
    """A role for a principal, by the role's id or its name."""

    user_id: Id
    """The principal."""
    role_id: Id | None = None
    role_name: Name | None = None

    @model_validator(mode="after")
    def _one_role(self) -> "CreateRoleAssignmentRequest":
        if (self.role_id is None) == (self.role_name is None):
            raise ValueError("Give role_id or role_name, and not both")
        return self


class RoleAssignment(Told):
    """A role that a principal holds."""

    id: str
    user_id: str
    role_id: str
    role_name: str
    project_id: str
    granted_by_user_id: str | None = None
    created_at: datetime

    @classmethod
    def of(cls, held: access.Held, project_id: str) -> "RoleAssignment":
        """From the row and its role's name."""
        row = held.assignment
        return cls(
            id=row.id,
            user_id=row.principal_id,
            role_id=row.role_id,
            role_name=held.role_name,
            project_id=project_id,
            granted_by_user_id=row.granted_by,
            created_at=datetime.fromisoformat(row.created_at),
        )


class RoleAssignmentListResponse(Told):
    """Who holds what in the project."""

    items: list[RoleAssignment]


class PermissionDefinition(Told):
    """One permission."""

    id: str
    label: str
    description: str
    scope: Literal["project", "org", "platform", "action"]
    category: Literal["project", "access", "work", "integrations", "audit", "actions"]
    risk: Literal["low", "medium", "high", "critical"]
    assignable: bool
    user_kinds: list[Literal["human", "agent", "service_account", "system"]]


class PermissionPreset(Told):
    """What a built-in role holds."""

    id: str
    label: str
    description: str
    scope: Literal["project", "org", "platform", "action"]
    permissions: list[str]


class ActionPermissionGroup(Told):
    """The right to call one provider's actions alone."""

    id: str
    label: str
    source: Literal["platform", "integration", "custom"]
    children: list[str]


class PermissionCatalogResponse(Told):
    """What a role can be made of."""

    permissions: list[PermissionDefinition]
    presets: list[PermissionPreset]
    action_groups: list[ActionPermissionGroup]


class CreateAPIKeyRequest(Asked):
    """A new API key of a principal."""

    name: Name
    principal_id: Id
    expires_at: Time | None = None
    """An RFC 3339 time; a key without one does not expire."""
    tags: TagMap = Field(default_factory=dict[str, str])
    include_handle: bool = False
    """Put `.` and the project's handle behind the key."""


class APIKey(Told):
    """An API key without its secret part."""

    id: str
    name: str
    key_prefix: str
    project_id: str
    principal_id: str
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    tags: TagMap
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: store.ApiKey) -> "APIKey":
        """From the row, without its hash."""
        return cls.model_validate(row, from_attributes=True)


class APIKeyCreateResult(APIKey):
    """A new key. `key` is in this answer and never again."""

    key: str

    @classmethod
    def made(cls, made: access.MadeKey) -> "APIKeyCreateResult":
        """From what was made."""
        return cls(**APIKey.of(made.row).model_dump(), key=made.key)


class APIKeyListResponse(Told):
    """A page of keys."""

    items: list[APIKey]
    next_cursor: str | None = None
    has_more: bool


class AuditLogEntry(Told):
    """Who did what, when and from where. It cannot be changed."""

    id: str
    user_id: str | None = None
    project_id: str | None = None
    actor_name: str | None = None
    credential_id: str | None = None
    """The API key."""
    credential_name: str | None = None
    action: Literal["create", "update", "delete", "archive", "restore", "use", "invoke", "refuse"]
    resource_type: str
    resource_id: str
    resource_name: str | None = None
    changes: Object
    ip_address: str | None = None
    user_agent: str | None = None
    created_at: datetime

    @classmethod
    def of(cls, row: store.Audit) -> "AuditLogEntry":
        """From the row, without its place in the chain."""
        return cls.model_validate(row, from_attributes=True)


class AuditLogListResponse(Told):
    """A page of the audit log, newest first."""

    items: list[AuditLogEntry]
    next_cursor: str | None = None
    has_more: bool


class AuditVerification(Told):
    """Whether every link of the audit chain holds. `rows` are the project's; owners of the hub learn where it is broken."""

    intact: bool
    rows: int
    reason: str | None = None
    broken_seq: int | None = None
    head: str | None = None
