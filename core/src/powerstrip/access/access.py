"""The room's door: everything about who may do what, under one roof."""

from collections.abc import Callable, Collection, Mapping

from sqlmodel import Session, col, select

from powerstrip.access.audits import Audits
from powerstrip.access.grants import ACTIVE, OWNER_ROLE, ensure_system_roles, owned_by
from powerstrip.access.identity import EVERYWHERE, Grants, Identity
from powerstrip.access.keys import Keys, NewKey
from powerstrip.access.permissions import IDS
from powerstrip.access.principals import NewPrincipal, Principals, new_principal
from powerstrip.access.projects import Mode, NewProject, Projects, add_project
from powerstrip.access.roles import Roles
from powerstrip.access.sessions import Sessions, Standing
from powerstrip.clock import new_id
from powerstrip.problems import Conflict
from powerstrip.store import Actor, AuditLog, Principal, Project, RoleAssignment, Store
from powerstrip.value import Hidden, Value

ADMIN = "admin"
OPERATOR = Identity(Actor(None, "operator"), Grants({EVERYWHERE: IDS}))
"""Whoever has the data folder can do everything."""


def _none() -> Mapping[str, Collection[str]]:
    return {}


class Bootstrap(Value):
    """What `bootstrap` made. `created` is false where the project was there and only got a further key."""

    project: Project
    principal: Principal
    created: bool
    key: Hidden[str]


class Access:
    """Who may do what. `pepper` keys the hashes of API keys; `actions` are each provider's, by id, for roles."""

    def __init__(
        self, store: Store, audit: AuditLog, pepper: bytes, *, actions: Callable[[], Mapping[str, Collection[str]]] = _none
    ) -> None:
        self._store = store
        self._audit = audit
        self._sessions = Sessions(store, pepper)
        forget = self._sessions.forget
        self.projects = Projects(store, audit, forget)
        self.roles = Roles(store, audit, forget, actions)
        self.principals = Principals(store, audit, forget)
        self.keys = Keys(store, audit, forget, self._sessions.hash)
        self.audits = Audits(store, audit)

    async def start(self) -> None:
        """Bring the built-in roles up to date."""
        await self._store.write(ensure_system_roles)

    async def close(self) -> None:
        """Finish what is on its way."""
        await self._sessions.close()

    async def authenticate(self, key: str) -> Identity:
        """The caller with this API key, without `Bearer`. Raises `Unauthenticated`, always with the same words."""
        return await self._sessions.authenticate(key)

    def recall(self, key: str) -> Identity | None:
        """The caller, where his key was good a moment ago; None where only `authenticate` can tell."""
        return self._sessions.recall(key)

    def standing(self, key: str) -> Standing:
        """What can be said of a key without the database."""
        return self._sessions.standing(key)

    def local_token(self) -> str:
        """A key for the operator of the data folder that lives in this process's memory and ends with it."""
        return self._sessions.admit(OPERATOR)

    async def refuse(self, identity: Identity, project_id: str | None, permission: str) -> None:
        """Note in the audit log that a known caller was refused; without a project where it was not his to see."""

        def work(session: Session) -> None:
            resource = "project" if project_id is None else "permission"
            changes = {"permission": permission}
            self._audit.append(session, identity.actor, "refuse", resource, permission, project_id=project_id, changes=changes)

        await self._store.write(work)

    async def bootstrap(self, handle: str, *, name: str | None = None, mode: Mode | None = None) -> Bootstrap:
        """The project with this handle, an admin principal that owns it, and a new key: what a fresh data folder needs.

        The first admin of a hub owns all projects. A project that is there gets a further admin key; `Conflict` where it has
        another mode than the one asked for.
        """
        new = NewProject(name=name or handle, handle=handle, mode=mode or "live")
        made = await self._store.write(lambda session: self._bootstrap(session, new, mode))
        self._sessions.forget()
        return made

    def _bootstrap(self, session: Session, new: NewProject, mode: Mode | None) -> Bootstrap:
        project = session.exec(select(Project).where(Project.handle == new.handle)).first()
        created = project is None
        if project is None:
            project = add_project(session, self._audit, OPERATOR.actor, new)
        elif mode not in (None, project.mode):
            raise Conflict(
                f"The project is there already, in mode {project.mode}; a project's mode is for good", code="mode_is_fixed"
            )
        principal = _admin_of(session, project) or self._add_admin(session, project)
        key = NewKey(name=f"{ADMIN} {new_id('key')[-6:]}", principal_id=principal.id)
        made = self.keys.add(session, OPERATOR, project, principal, key.name, key, {})
        return Bootstrap(project, principal, created, made.key)

    def _add_admin(self, session: Session, project: Project) -> Principal:
        first = session.exec(select(RoleAssignment).where(col(RoleAssignment.project_id).is_(None))).first() is None
        row = new_principal(project.id, NewPrincipal(_free_name(session, project), "Made together with the project"))
        session.add(row)
        session.flush()
        session.add(RoleAssignment(project_id=None if first else project.id, principal_id=row.id, role_id=OWNER_ROLE))
        session.flush()
        self._audit.append(
            session,
            OPERATOR.actor,
            "create",
            "principal",
            row.id,
            project_id=project.id,
            resource_name=row.name,
            changes={"role_ids": {"after": [OWNER_ROLE]}, "everywhere": {"after": first}},
        )
        return row


def _admin_of(session: Session, project: Project) -> Principal | None:
    """The principal that an earlier `bootstrap` made, if it still owns the project."""
    query = select(Principal).where(
        Principal.project_id == project.id, col(Principal.name).startswith(ADMIN), Principal.state == ACTIVE
    )
    return next((row for row in session.exec(query) if owned_by(session, row.id) & {None, project.id}), None)


def _free_name(session: Session, project: Project) -> str:
    taken = set(session.exec(select(Principal.name).where(Principal.project_id == project.id, Principal.state != "deleted")))
    return next(name for name in (ADMIN, *(f"{ADMIN} {n}" for n in range(2, len(taken) + 3))) if name not in taken)
