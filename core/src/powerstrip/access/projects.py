"""Projects: the boundary around everything else."""

import re
import unicodedata
from collections.abc import Callable
from typing import Any, Literal, TypeAlias

from sqlalchemy import delete
from sqlmodel import Session, SQLModel, col, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from powerstrip.access.changes import Journal, change, given
from powerstrip.access.grants import OWNER_ROLE, keep_an_owner, owned_by
from powerstrip.access.identity import Identity, NoProject
from powerstrip.access.tags import TagFilter, check_tags
from powerstrip.clock import monotonic, stamp
from powerstrip.flights import Flights
from powerstrip.names import clean_name
from powerstrip.problems import BadInput, Conflict
from powerstrip.store import Actor, AuditLog, Principal, Project, RoleAssignment, Store, StoredFile
from powerstrip.value import Value, field

AccessMode: TypeAlias = Literal["org_open", "restricted"]
Mode: TypeAlias = Literal["live", "sandbox"]
Status: TypeAlias = Literal["active", "archived", "all"]

HANDLE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*", re.ASCII)
MAX_HANDLE = 64
LIST_LIMIT = 100
CACHE_SECONDS = 5.0
CACHE_ENTRIES = 1_000


class NewProject(Value):
    """What a project is made of. The handle comes from the name where none is given; `mode` is for good."""

    name: str
    handle: str | None = None
    description: str = ""
    access_mode: AccessMode = "org_open"
    mode: Mode = "live"
    tags: dict[str, str] = field(default_factory=dict[str, str])


class ProjectChanges(Value):
    """What may be changed; None leaves it as it is."""

    name: str | None = None
    description: str | None = None
    access_mode: AccessMode | None = None
    tags: dict[str, str] | None = None


class Projects:
    """Makes, finds, changes and ends projects. `forget` is called after what others may have cached has changed."""

    def __init__(self, store: Store, audit: AuditLog, forget: Callable[[], None]) -> None:
        self._store = store
        self._audit = audit
        self._journal = Journal(audit, "project")
        self._forget = forget
        self._cache: dict[str, tuple[Project, float]] = {}
        self._generation = 0
        self._once: Flights[str, Project | None] = Flights()

    async def create(self, identity: Identity, new: NewProject) -> Project:
        """Make a project; its maker owns it. Raises `Forbidden`, `BadInput`, or `Conflict` where the handle is taken."""
        identity.require_anywhere("project.create")
        project = await self._store.write(lambda session: add_project(session, self._audit, identity.actor, new))
        self._changed()
        return project

    async def find(self, identity: Identity, reference: str) -> Project:
        """A project the caller can see, by handle or id. One he cannot see is as absent as one that never was."""
        project, until = self._cache.get(reference, (None, 0.0))
        if project is not None and until > monotonic() and identity.grants.sees(project.id):
            return project
        generation = self._generation
        project = await self._once.run(
            reference, generation, lambda: self._store.read(lambda session: _lookup(session, reference))
        )
        if project is None or not identity.grants.sees(project.id):
            raise NoProject
        if generation == self._generation:
            self._remember(reference, project)
        return project

    async def update(self, identity: Identity, project: Project, changes: ProjectChanges) -> Project:
        """Change what a project is called and who sees it."""
        values = given(
            name=clean_name(changes.name) if changes.name is not None else None,
            description=changes.description,
            access_mode=changes.access_mode,
            tags=check_tags(changes.tags) if changes.tags is not None else None,
        )
        return await self._change(identity, project, "update", values)

    async def archive(self, identity: Identity, project: Project) -> Project:
        """Retire a project: it can be read and restored, nothing else. Archiving twice is archiving once."""
        return await self._change(identity, project, "archive", {} if project.archived_at else {"archived_at": stamp()})

    async def restore(self, identity: Identity, project: Project) -> Project:
        """Bring an archived project back."""
        return await self._change(identity, project, "restore", {"archived_at": None})

    async def delete(self, identity: Identity, project: Project) -> list[str]:
        """Delete an archived project and all in it, for good. Returns the ids of the files whose content is now nobody's.

        Raises `Conflict` where it is not archived, where it is the caller's own home, or where another project would be
        left without an owner.
        """
        if project.id == identity.home:
            raise Conflict("Your own key lives in this project: delete it with a key of another project", code="project_is_home")
        files = await self._store.write(lambda session: self._delete(session, identity.actor, project.id))
        self._changed()
        return files

    async def _change(self, identity: Identity, project: Project, action: str, values: dict[str, Any]) -> Project:
        def work(session: Session) -> Project:
            row = session.get(Project, project.id)
            if row is None:
                raise NoProject
            changes = change(row, values, untold=("description",))
            if changes:
                self._journal.note(session, identity.actor, action, row, changes)
            session.flush()
            return row

        changed = await self._store.write(work)
        self._changed()
        return changed

    def _delete(self, session: Session, actor: Actor, project_id: str) -> list[str]:
        row = session.get(Project, project_id)
        if row is None:
            raise NoProject
        if row.archived_at is None:
            raise Conflict("Archive the project before you delete it", code="project_not_archived")
        residents = list(session.exec(select(Principal.id).where(Principal.project_id == project_id)))
        orphaned = {scope for resident in residents for scope in owned_by(session, resident)} - {project_id}
        files = list(session.exec(select(StoredFile.id).where(StoredFile.project_id == project_id)))
        session.exec(delete(RoleAssignment).where(col(RoleAssignment.principal_id).in_(residents)))
        _delete_rows(session, project_id)
        keep_an_owner(session, orphaned)
        self._journal.note(session, actor, "delete", row, {})
        session.delete(row)
        return files

    def _remember(self, reference: str, project: Project) -> None:
        if len(self._cache) >= CACHE_ENTRIES:
            self._cache.clear()
        self._cache[reference] = (project, monotonic() + CACHE_SECONDS)

    def _changed(self) -> None:
        self._generation += 1
        self._cache.clear()
        self._forget()

    async def list(
        self, identity: Identity, *, search: str = "", status: Status = "active", tags: TagFilter | None = None
    ) -> list[Project]:
        """At most 100 projects that the caller may view, by name."""
        rows = await self._store.read(lambda session: list(session.exec(_visible(identity, status))))
        wanted, fits = search.casefold(), (tags or TagFilter()).fits
        found = [row for row in rows if identity.may("project.view", row.id) and fits(row.tags) and _begins(row, wanted)]
        return found[:LIST_LIMIT]


def require_open(project: Project) -> None:
    """Raises `Conflict` where the project is archived: it can be read, not changed and not used."""
    if project.archived_at is not None:
        raise Conflict("The project is archived: restore it first", code="project_archived")


def add_project(session: Session, audit: AuditLog, actor: Actor, new: NewProject) -> Project:
    """Insert a project and its maker's ownership, with the audit row."""
    name = clean_name(new.name)
    row = Project(
        name=name,
        handle=_handle(new.handle) if new.handle is not None else handle_from(name),
        description=new.description,
        access_mode=new.access_mode,
        mode=new.mode,
        created_by=actor.principal_id,
        tags=check_tags(new.tags),
    )
    if session.exec(select(Project.id).where(Project.handle == row.handle)).first():
        raise Conflict("This project handle is taken: choose another", code="handle_taken")
    session.add(row)
    session.flush()
    if actor.principal_id is not None:
        owner = RoleAssignment(
            project_id=row.id, principal_id=actor.principal_id, role_id=OWNER_ROLE, granted_by=actor.principal_id
        )
        session.add(owner)
    facts = {name: {"after": getattr(row, name)} for name in ("name", "handle", "access_mode", "mode")}
    Journal(audit, "project").note(session, actor, "create", row, facts)
    return row


def handle_from(name: str) -> str:
    """A handle made of a name's ASCII letters and digits. Raises `BadInput` where it has none."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    handle = "-".join(re.findall(r"[a-z0-9]+", plain))[:MAX_HANDLE].strip("-")
    if not handle:
        raise _bad_handle("cannot be made from this name: give one")
    return handle


def _handle(text: str) -> str:
    if len(text) > MAX_HANDLE or not HANDLE.fullmatch(text):
        raise _bad_handle(f"is lower-case letters and digits in words joined by single hyphens, at most {MAX_HANDLE} characters")
    return text


def _bad_handle(reason: str) -> BadInput:
    return BadInput(f"The handle {reason}", details={"errors": [{"path": "handle", "message": reason}]})


def _lookup(session: Session, reference: str) -> Project | None:
    return session.exec(select(Project).where(or_(Project.handle == reference, Project.id == reference))).first()


def _visible(identity: Identity, status: Status) -> SelectOfScalar[Project]:
    query = select(Project).order_by(col(Project.name), col(Project.id))
    if not identity.grants.everywhere():
        query = query.where(col(Project.id).in_(identity.grants.projects()))
    if status == "active":
        query = query.where(col(Project.archived_at).is_(None))
    elif status == "archived":
        query = query.where(col(Project.archived_at).is_not(None))
    return query


def _begins(project: Project, wanted: str) -> bool:
    return project.handle.startswith(wanted) or project.name.casefold().startswith(wanted)


def _delete_rows(session: Session, project_id: str) -> None:
    """Delete the project's rows from every table that has them, those that point at others first. The audit log stays."""
    for table in reversed(SQLModel.metadata.sorted_tables):
        if table.name != "audit" and "project_id" in table.columns:
            session.exec(delete(table).where(table.columns["project_id"] == project_id))
