"""Principals, roles, who holds them, and permissions."""

from typing import Any

from litestar.params import FromPath, FromQuery, JSONBody

from powerstrip.access import (
    EXECUTE,
    PERMISSIONS,
    PRESETS,
    NewPrincipal,
    NewRole,
    PrincipalChanges,
    RoleChanges,
    TagFilter,
)
from powerstrip.api.given import GivenHub, GivenVisit
from powerstrip.api.route import PROJECT, Cursor, Filter, Limit, Tag, route
from powerstrip.api.shapes.access import (
    ActionPermissionGroup,
    CreatePrincipalRequest,
    CreateRoleAssignmentRequest,
    CreateRoleRequest,
    PermissionCatalogResponse,
    PermissionDefinition,
    PermissionPreset,
    Principal,
    PrincipalKind,
    PrincipalListResponse,
    Role,
    RoleAssignment,
    RoleAssignmentListResponse,
    RoleListResponse,
    UpdatePrincipalRequest,
    UpdateRoleRequest,
)
from powerstrip.api.shapes.base import listed
from powerstrip.catalog import ProviderSummary

PRINCIPALS = f"{PROJECT}/principals"
PRINCIPAL = f"{PRINCIPALS}/{{id:str}}"
ROLES = f"{PROJECT}/roles"
ROLE = f"{ROLES}/{{id:str}}"
ASSIGNMENTS = f"{PROJECT}/role-assignments"
MAX_GROUPS, MAX_CHILDREN = 64, 200
"""The description of the answer allows no more."""


@route("GET", PRINCIPALS, "principals.view", id="listPrincipals", tag="principals", summary="List principals")
async def list_principals(
    visit: GivenVisit,
    hub: GivenHub,
    kind: FromQuery[PrincipalKind | None] = None,
    include_disabled: FromQuery[bool] = False,
    limit: Limit = 50,
) -> PrincipalListResponse:
    """The newest first; deleted ones are left out."""
    members = await hub.access.principals.list(visit.project.id, kind=kind, include_disabled=include_disabled, limit=limit)
    return PrincipalListResponse(items=[Principal.of(member) for member in members])


@route("POST", PRINCIPALS, "principals.manage", id="createPrincipal", tag="principals", summary="Create a principal", status=201)
async def create_principal(visit: GivenVisit, hub: GivenHub, data: JSONBody[CreatePrincipalRequest]) -> Principal:
    """A service principal. Its roles may hold no more than you do."""
    new = NewPrincipal(data.name, data.description, data.owner_id, data.metadata, data.role_ids or [], data.tags)
    return Principal.of(await hub.access.principals.create(visit.identity, visit.project.id, new))


@route("GET", PRINCIPAL, "principals.view", id="getPrincipal", tag="principals", summary="Get a principal")
async def get_principal(visit: GivenVisit, hub: GivenHub, id: FromPath[str]) -> Principal:
    """Also a deleted one, for the record."""
    return Principal.of(await hub.access.principals.get(visit.project.id, id))


@route("PATCH", PRINCIPAL, "principals.manage", id="updatePrincipal", tag="principals", summary="Update a principal")
async def update_principal(
    visit: GivenVisit, hub: GivenHub, id: FromPath[str], data: JSONBody[UpdatePrincipalRequest]
) -> Principal:
    """`state: disabled` stops its keys at once."""
    changes = PrincipalChanges(data.description, data.state, data.owner_id, data.metadata, data.role_ids, data.tags)
    return Principal.of(await hub.access.principals.update(visit.identity, visit.project.id, id, changes))


@route("DELETE", PRINCIPAL, "principals.manage", id="deletePrincipal", tag="principals", summary="Delete a principal", status=204)
async def delete_principal(visit: GivenVisit, hub: GivenHub, id: FromPath[str]) -> None:
    """It is kept for the record. Refused while it has active keys."""
    await hub.access.principals.delete(visit.identity, visit.project.id, id)


@route("GET", ROLES, "roles.view", id="listRoles", tag="roles", summary="List roles")
async def list_roles(
    visit: GivenVisit, hub: GivenHub, limit: Limit = 50, cursor: Cursor = None, tag: Tag = None
) -> RoleListResponse:
    """Built-in roles and the project's own."""
    tags = TagFilter.read(tag or ())

    async def fetch(after: tuple[str, str] | None, wanted: int) -> list[Any]:
        return await hub.access.roles.list(visit.project.id, tags=tags, after=after, limit=wanted)

    page = await visit.page(cursor, limit, fetch, lambda row: (row.created_at, row.id))
    return RoleListResponse(**listed([Role.of(row) for row in page.rows], page.next_cursor))


@route("POST", ROLES, "roles.manage", id="createRole", tag="roles", summary="Create a role", status=201)
async def create_role(visit: GivenVisit, hub: GivenHub, data: JSONBody[CreateRoleRequest]) -> Role:
    """A role may hold no more than you do."""
    new = NewRole(data.name, data.permissions, data.description, data.tags)
    return Role.of(await hub.access.roles.create(visit.identity, visit.project.id, new))


@route("GET", ROLE, "roles.view", id="getRole", tag="roles", summary="Get a role")
async def get_role(visit: GivenVisit, hub: GivenHub, id: FromPath[str]) -> Role:
    """A role of the project or a built-in one."""
    return Role.of(await hub.access.roles.get(visit.project.id, id))


@route("PATCH", ROLE, "roles.manage", id="updateRole", tag="roles", summary="Update a role")
async def update_role(visit: GivenVisit, hub: GivenHub, id: FromPath[str], data: JSONBody[UpdateRoleRequest]) -> Role:
    """Counts at once for all who hold it."""
    changes = RoleChanges(data.description, data.permissions, data.tags)
    return Role.of(await hub.access.roles.update(visit.identity, visit.project.id, id, changes))


@route("DELETE", ROLE, "roles.manage", id="deleteRole", tag="roles", summary="Delete a role", status=204)
async def delete_role(visit: GivenVisit, hub: GivenHub, id: FromPath[str]) -> None:
    """It is taken from all who hold it."""
    await hub.access.roles.delete(visit.identity, visit.project.id, id)


@route("GET", ASSIGNMENTS, "roles.view", id="listRoleAssignments", tag="roles", summary="List role assignments")
async def list_role_assignments(
    visit: GivenVisit, hub: GivenHub, user_id: Filter = None, role_id: Filter = None
) -> RoleAssignmentListResponse:
    """Who holds which role in this project."""
    rows = await hub.access.roles.assignments(visit.project.id, principal_id=user_id, role_id=role_id)
    return RoleAssignmentListResponse(items=[RoleAssignment.of(row, visit.project.id) for row in rows])


@route("POST", ASSIGNMENTS, "roles.manage", id="createRoleAssignment", tag="roles", summary="Give a role", status=201)
async def create_role_assignment(visit: GivenVisit, hub: GivenHub, data: JSONBody[CreateRoleAssignmentRequest]) -> RoleAssignment:
    """The role may hold no more than you do."""
    held = await hub.access.roles.assign(
        visit.identity, visit.project.id, data.user_id, role_id=data.role_id, role_name=data.role_name
    )
    return RoleAssignment.of(held, visit.project.id)


@route(
    "DELETE",
    f"{ASSIGNMENTS}/{{id:str}}",
    "roles.manage",
    id="deleteRoleAssignment",
    tag="roles",
    summary="Take a role",
    status=204,
)
async def delete_role_assignment(visit: GivenVisit, hub: GivenHub, id: FromPath[str]) -> None:
    """Refused where the last owner would go."""
    await hub.access.roles.unassign(visit.identity, visit.project.id, id)


@route("GET", f"{PROJECT}/permissions", "roles.view", id="listProjectPermissions", tag="permissions", summary="List permissions")
async def list_project_permissions(hub: GivenHub) -> PermissionCatalogResponse:
    """What a role can be made of: permissions, what the built-in roles hold, and the actions of each provider."""
    return PermissionCatalogResponse(
        permissions=[_definition(each) for each in PERMISSIONS],
        presets=[_preset(each) for each in PRESETS],
        action_groups=[_group(each) for each in hub.catalog.providers() if each.action_ids][:MAX_GROUPS],
    )


def _definition(permission: Any) -> PermissionDefinition:
    facts = {name: getattr(permission, name) for name in PermissionDefinition.model_fields if name != "user_kinds"}
    return PermissionDefinition(**facts, user_kinds=["agent", "service_account", "system"])


def _preset(preset: Any) -> PermissionPreset:
    return PermissionPreset(
        id=preset.id, label=preset.label, description=preset.description, scope="project", permissions=list(preset.permissions)
    )


def _group(provider: ProviderSummary) -> ActionPermissionGroup:
    return ActionPermissionGroup(
        id=f"{EXECUTE}{provider.id}.*",
        label=f"Call the actions of {provider.title}",
        source="integration",
        children=[f"{EXECUTE}{provider.id}.{action}" for action in provider.action_ids][:MAX_CHILDREN],
    )


HANDLERS = [
    list_principals,
    create_principal,
    get_principal,
    update_principal,
    delete_principal,
    list_roles,
    create_role,
    get_role,
    update_role,
    delete_role,
    list_role_assignments,
    create_role_assignment,
    delete_role_assignment,
    list_project_permissions,
]
