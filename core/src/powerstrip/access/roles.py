"""Roles and who holds them."""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import delete
from sqlmodel import Session, col, select

from powerstrip.access.changes import Journal, change, given, page
from powerstrip.access.grants import OWNER_ROLE, keep_an_owner
from powerstrip.access.identity import Identity
from powerstrip.access.permissions import PRESETS, known
from powerstrip.access.tags import TagFilter, check_tags
from powerstrip.names import clean_name, name_key
from powerstrip.problems import BadInput, Conflict, Forbidden, NotFound
from powerstrip.store import AuditLog, Principal, Role, RoleAssignment, Store, scope
from powerstrip.value import Value, field

NO_ROLE = "There is no role with this id in this project"
NO_PRINCIPAL = "There is no principal with this id in this project"


class NewRole(Value):
    """A custom role of one project."""

    name: str
    permissions: list[str]
    description: str = ""
    tags: dict[str, str] = field(default_factory=dict[str, str])


class RoleChanges(Value):
    """What may be changed of a custom role; None leaves it as it is."""

    description: str | None = None
    permissions: list[str] | None = None
    tags: dict[str, str] | None = None


class Held(Value):
    """An assignment with its role's name."""

    assignment: RoleAssignment
    role_name: str


class Roles:
    """Makes roles and gives them. Nobody gives, takes or shapes a role that holds more than he holds himself."""

    def __init__(
        self, store: Store, audit: AuditLog, forget: Callable[[], None], actions: Callable[[], Mapping[str, Collection[str]]]
    ) -> None:
        self._store = store
        self._journal = Journal(audit, "role")
        self._given = Journal(audit, "role_assignment")
        self._forget = forget
        self._actions = actions

    async def get(self, project_id: str, id: str) -> Role:
        """A role of the project or a built-in one. Raises `NotFound`."""
        return await self._store.read(lambda session: find_role(session, project_id, id))

    async def create(self, identity: Identity, project_id: str, new: NewRole) -> Role:
        """Make a custom role. Raises `BadInput`, `Forbidden`, or `Conflict` where the name is taken."""
        row = Role(
            project_id=project_id,
            name=clean_name(new.name),
            description=new.description,
            permissions=self._permissions(identity, project_id, new.permissions),
            tags=check_tags(new.tags),
        )

        def work(session: Session) -> Role:
            taken = {name_key(role.name) for role in _roles(session, project_id)} | {preset.id for preset in PRESETS}
            if name_key(row.name) in taken:
                raise Conflict("There is a role of this name, or one that looks like it", code="name_taken")
            scope(session, project_id).add(row)
            self._journal.note(session, identity.actor, "create", row, {"permissions": {"after": row.permissions}})
            return row

        return await self._store.write(work)

    async def update(self, identity: Identity, project_id: str, id: str, changes: RoleChanges) -> Role:
        """Change a custom role. Raises `Forbidden` for a built-in one."""

        def work(session: Session) -> Role:
            row = _custom(session, project_id, id)
            require_cover(identity, row.permissions, project_id)
            values = given(description=changes.description, tags=None if changes.tags is None else check_tags(changes.tags))
            if changes.permissions is not None:
                values["permissions"] = self._permissions(identity, project_id, changes.permissions)
            told = change(row, values, untold=("description",))
            if told:
                self._journal.note(session, identity.actor, "update", row, told)
            session.flush()
            return row

        row = await self._store.write(work)
        self._forget()
        return row

    async def delete(self, identity: Identity, project_id: str, id: str) -> None:
        """Delete a custom role and take it from all who hold it."""

        def work(session: Session) -> None:
            row = _custom(session, project_id, id)
            require_cover(identity, row.permissions, project_id)
            session.exec(delete(RoleAssignment).where(col(RoleAssignment.role_id) == row.id))
            self._journal.note(session, identity.actor, "delete", row, {})
            session.delete(row)

        await self._store.write(work)
        self._forget()

    async def assignments(self, project_id: str, *, principal_id: str | None = None, role_id: str | None = None) -> list[Held]:
        """Who holds which role in the project, oldest first."""
        wanted = given(principal_id=principal_id, role_id=role_id)

        def work(session: Session) -> list[Held]:
            where = [col(getattr(RoleAssignment, name)) == value for name, value in wanted.items()]
            rows = scope(session, project_id).all(RoleAssignment, *where)
            names = {role.id: role.name for role in _roles(session, project_id)}
            return [Held(row, names[row.role_id]) for row in rows]

        return await self._store.read(work)

    async def assign(
        self, identity: Identity, project_id: str, principal_id: str, *, role_id: str | None = None, role_name: str | None = None
    ) -> Held:
        """Give a role, named by id or by name. Raises `NotFound`, `Forbidden`, or `Conflict` where it is held already.

        The principal lives in this project, or in one whose principals the caller may view.
        """

        def work(session: Session) -> Held:
            principal = _principal(session, identity, project_id, principal_id)
            role = find_role(session, project_id, role_id) if role_id else _named(session, project_id, role_name or "")
            row = give(session, identity, project_id, principal.id, role)
            self._given.note(session, identity.actor, "create", row, _facts("create", row), role.name)
            return Held(row, role.name)

        held = await self._store.write(work)
        self._forget()
        return held

    async def unassign(self, identity: Identity, project_id: str, id: str) -> None:
        """Take a role. Raises `Conflict` where the last owner would go."""

        def work(session: Session) -> None:
            row: RoleAssignment = scope(session, project_id).get(RoleAssignment, id)
            role = find_role(session, project_id, row.role_id)
            require_cover(identity, role.permissions, project_id)
            session.delete(row)
            if role.id == OWNER_ROLE:
                keep_an_owner(session, [project_id])
            self._given.note(session, identity.actor, "delete", row, _facts("delete", row), role.name)

        await self._store.write(work)
        self._forget()

    def _permissions(self, identity: Identity, project_id: str, wanted: Iterable[str]) -> list[str]:
        """The permissions without repetition, each known and held by the caller."""
        permissions, actions = list(dict.fromkeys(wanted)), self._actions()
        for index, permission in enumerate(permissions):
            if not known(permission, actions):
                reason = "is no permission that a role can hold: GET …/permissions lists them"
                raise BadInput(
                    f"A permission {reason}", details={"errors": [{"path": f"permissions[{index}]", "message": reason}]}
                )
        require_cover(identity, permissions, project_id)
        return permissions

    async def list(
        self, project_id: str, *, tags: TagFilter | None = None, after: tuple[str, str] | None = None, limit: int = 50
    ) -> list[Role]:
        """The project's roles and the built-in ones, newest first."""
        fits = (tags or TagFilter()).fits
        rows = await self._store.read(lambda session: _roles(session, project_id))
        return page([row for row in rows if fits(row.tags)], lambda row: (row.created_at, row.id), after, limit)


def _facts(action: str, row: RoleAssignment) -> dict[str, Any]:
    side = "before" if action == "delete" else "after"
    return {"principal_id": {side: row.principal_id}, "role_id": {side: row.role_id}}


def give(session: Session, identity: Identity, project_id: str, principal_id: str, role: Role) -> RoleAssignment:
    """Insert an assignment. Raises `Forbidden` where the role holds more than the caller, `Conflict` where it is held already."""
    require_cover(identity, role.permissions, project_id)
    rows = scope(session, project_id)
    if rows.find(RoleAssignment, principal_id=principal_id, role_id=role.id):
        raise Conflict("The principal holds this role already", code="already_assigned")
    granter = identity.actor.principal_id
    return rows.add(RoleAssignment(project_id=project_id, principal_id=principal_id, role_id=role.id, granted_by=granter))


def require_cover(identity: Identity, permissions: Iterable[str], project_id: str) -> None:
    """Raises `Forbidden` where one of the permissions is not the caller's own."""
    if not identity.grants.may_all(permissions, project_id):
        raise Forbidden("This role holds more than you do: ask somebody who holds as much", code="beyond_own_permissions")


def find_role(session: Session, project_id: str, id: str) -> Role:
    """A role that can be held in the project. Raises `NotFound`."""
    role = session.get(Role, id)
    if role is None or role.project_id not in (None, project_id):
        raise NotFound(NO_ROLE)
    return role


def _named(session: Session, project_id: str, name: str) -> Role:
    for role in _roles(session, project_id):
        if name_key(role.name) == name_key(name):
            return role
    raise NotFound("There is no role with this name in this project")


def _roles(session: Session, project_id: str) -> list[Role]:
    query = select(Role).where((col(Role.project_id) == project_id) | col(Role.project_id).is_(None))
    return list(session.exec(query))


def _custom(session: Session, project_id: str, id: str) -> Role:
    role = find_role(session, project_id, id)
    if role.system_defined:
        raise Forbidden("A built-in role stays as it is: make one of your own", code="built_in_role")
    return role


def _principal(session: Session, identity: Identity, project_id: str, id: str) -> Principal:
    row = session.get(Principal, id)
    if row is None or row.state == "deleted":
        raise NotFound(NO_PRINCIPAL)
    if row.project_id != project_id and not identity.may("principals.view", row.project_id):
        raise NotFound(NO_PRINCIPAL)
    return row
