"""What is granted in the database: built-in roles, what a principal holds, and that somebody stays owner."""

import base64
import hashlib
from collections import defaultdict
from collections.abc import Iterable

from sqlmodel import Session, col, select

from powerstrip.access.identity import Grants
from powerstrip.access.permissions import OWNER, PRESETS, Preset
from powerstrip.problems import Conflict
from powerstrip.store import Principal, Role, RoleAssignment

ACTIVE = "active"


def system_role_id(preset: str) -> str:
    """The id of a built-in role: the same in every hub, and of the form that all ids have."""
    digest = hashlib.sha256(f"powerstrip built-in role {preset}".encode()).digest()[:16]
    return f"role_{base64.b32encode(digest).decode().rstrip('=').lower()}"


OWNER_ROLE = system_role_id(OWNER)


def ensure_system_roles(session: Session) -> None:
    """Bring the built-in roles in the database to this version's presets."""
    for preset in PRESETS:
        role = session.get(Role, system_role_id(preset.id)) or _blank(preset)
        if role.permissions != list(preset.permissions) or role.description != preset.description:
            role.permissions, role.description = list(preset.permissions), preset.description
        session.add(role)
    session.flush()


def _blank(preset: Preset) -> Role:
    return Role(id=system_role_id(preset.id), name=preset.label, system_defined=True)


def grants_of(session: Session, principal_id: str) -> Grants:
    """Everything a principal holds, whatever its state."""
    held: defaultdict[str | None, set[str]] = defaultdict(set)
    query = (
        select(RoleAssignment.project_id, Role)
        .join(Role, col(Role.id) == col(RoleAssignment.role_id))
        .where(RoleAssignment.principal_id == principal_id)
    )
    for project_id, role in session.exec(query):
        held[project_id].update(role.permissions)
    return Grants({project: frozenset(rights) for project, rights in held.items()})


def owned_by(session: Session, principal_id: str) -> set[str | None]:
    """The projects a principal owns; None among them where it owns all."""
    query = select(RoleAssignment.project_id).where(
        RoleAssignment.principal_id == principal_id, RoleAssignment.role_id == OWNER_ROLE
    )
    return set(session.exec(query))


def keep_an_owner(session: Session, projects: Iterable[str | None]) -> None:
    """Raises `Conflict` where one of these projects (None: the hub) has no active owner as things stand in this transaction."""
    session.flush()
    owned = set(
        session.exec(
            select(RoleAssignment.project_id)
            .join(Principal, col(Principal.id) == col(RoleAssignment.principal_id))
            .where(RoleAssignment.role_id == OWNER_ROLE, Principal.state == ACTIVE)
        )
    )
    if None not in owned and any(project not in owned for project in projects):
        raise Conflict("This would leave nobody as owner: make somebody else owner first", code="last_owner")
