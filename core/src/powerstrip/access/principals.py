"""Principals: who acts, other than people."""

import json
from collections.abc import Callable, Iterable
from typing import Any, Literal, TypeAlias

from sqlalchemy import delete
from sqlmodel import Session, col, select

from powerstrip.access.changes import Journal, change, given
from powerstrip.access.grants import ACTIVE, OWNER_ROLE, grants_of, keep_an_owner, owned_by
from powerstrip.access.identity import Identity
from powerstrip.access.projects import handle_from
from powerstrip.access.roles import NO_PRINCIPAL, find_role, give, require_cover
from powerstrip.access.tags import check_tags
from powerstrip.clock import stamp
from powerstrip.names import clean_name, name_key
from powerstrip.problems import BadInput, Conflict, Forbidden, NotFound, Unprocessable
from powerstrip.store import ApiKey, AuditLog, Principal, RoleAssignment, Store, scope
from powerstrip.value import Value, field

Kind: TypeAlias = Literal["service", "agent", "system"]
State: TypeAlias = Literal["active", "disabled", "deleted"]

DELETED = "deleted"
MAX_METADATA = 16 * 1024
"""Bytes of a principal's metadata as JSON."""


class NewPrincipal(Value):
    """A service principal and the roles it gets at once."""

    name: str
    description: str = ""
    owner_id: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict[str, Any])
    role_ids: list[str] = field(default_factory=list[str])
    tags: dict[str, str] = field(default_factory=dict[str, str])


class PrincipalChanges(Value):
    """What may be changed; None leaves it as it is. `role_ids` replaces the roles held in the project."""

    description: str | None = None
    state: State | None = None
    owner_id: str | None = None
    metadata: dict[str, Any] | None = None
    role_ids: list[str] | None = None
    tags: dict[str, str] | None = None


class Member(Value):
    """A principal with the roles it holds in its project."""

    principal: Principal
    role_ids: list[str]


class Principals:
    """Makes, finds, changes and retires the principals of a project."""

    def __init__(self, store: Store, audit: AuditLog, forget: Callable[[], None]) -> None:
        self._store = store
        self._journal = Journal(audit, "principal")
        self._forget = forget

    async def get(self, project_id: str, id: str) -> Member:
        """One principal, also a deleted one. Raises `NotFound`."""
        return await self._store.read(lambda session: _member(session, _find(session, project_id, id)))

    async def create(self, identity: Identity, project_id: str, new: NewPrincipal) -> Member:
        """Make a service principal. Raises `Forbidden` for roles beyond one's own, `Conflict` for a name that is taken."""
        if new.role_ids:
            identity.require("roles.manage", project_id)
        row = new_principal(project_id, new)

        def work(session: Session) -> Member:
            _check_name(session, row)
            _check_owner(session, project_id, new.owner_id)
            scope(session, project_id).add(row)
            _give_all(session, identity, row, new.role_ids)
            self._journal.note(session, identity.actor, "create", row, {"role_ids": {"after": new.role_ids}})
            return _member(session, row)

        return await self._store.write(work)

    async def update(self, identity: Identity, project_id: str, id: str, changes: PrincipalChanges) -> Member:
        """Change a principal. Raises `Conflict` where the last owner would be disabled or lose the role."""
        if changes.role_ids is not None:
            identity.require("roles.manage", project_id)
        if changes.state == DELETED:
            raise _bad("state", "is active or disabled here; delete the principal instead")

        def work(session: Session) -> Member:
            row = _alive(session, project_id, id)
            _check_owner(session, project_id, changes.owner_id)
            told = change(row, _values(changes), untold=("description", "details"))
            if told:
                _require_no_more(session, identity, row)
            if changes.role_ids is not None:
                told |= _replace_roles(session, identity, row, changes.role_ids)
            keep_an_owner(session, owned_by(session, id) if row.state != ACTIVE else ())
            if told:
                self._journal.note(session, identity.actor, "update", row, told)
            return _member(session, row)

        member = await self._store.write(work)
        self._forget()
        return member

    async def delete(self, identity: Identity, project_id: str, id: str) -> None:
        """Retire a principal for good; its row stays for the audit log. Raises `Conflict` while it has an active key."""

        def work(session: Session) -> None:
            row = _alive(session, project_id, id)
            _require_no_more(session, identity, row)
            if _has_keys(session, row):
                raise Conflict("The principal has active API keys: revoke them first", code="principal_in_use")
            owned = owned_by(session, id)
            session.exec(delete(RoleAssignment).where(col(RoleAssignment.principal_id) == id))
            change(row, {"state": DELETED})
            keep_an_owner(session, owned)
            self._journal.note(session, identity.actor, "delete", row, {})

        await self._store.write(work)
        self._forget()

    async def list(
        self, project_id: str, *, kind: Kind | None = None, include_disabled: bool = False, limit: int = 50
    ) -> list[Member]:
        """The newest principals; deleted ones are left out."""
        states = [ACTIVE, "disabled"] if include_disabled else [ACTIVE]
        where = [col(Principal.state).in_(states), *([col(Principal.kind) == kind] if kind else [])]

        def work(session: Session) -> list[Member]:
            rows = scope(session, project_id).page(Principal, *where, limit=limit)
            return [_member(session, row) for row in rows]

        return await self._store.read(work)


def new_principal(project_id: str, new: NewPrincipal, kind: Kind = "service") -> Principal:
    """A checked row, not yet inserted."""
    name = clean_name(new.name)
    return Principal(
        project_id=project_id,
        kind=kind,
        name=name,
        handle=_handle(name),
        description=new.description,
        owner_id=new.owner_id,
        details=_check_metadata(new.metadata),
        tags=check_tags(new.tags),
    )


def _handle(name: str) -> str | None:
    try:
        return f"svc:{handle_from(name)}"
    except BadInput:
        return None  # a name without ASCII letters has no handle; its id and its name do


def _values(changes: PrincipalChanges) -> dict[str, Any]:
    return given(
        description=changes.description,
        state=changes.state,
        owner_id=changes.owner_id,
        details=None if changes.metadata is None else _check_metadata(changes.metadata),
        tags=None if changes.tags is None else check_tags(changes.tags),
    )


def _member(session: Session, row: Principal) -> Member:
    held = scope(session, row.project_id).all(RoleAssignment, col(RoleAssignment.principal_id) == row.id)
    return Member(row, [assignment.role_id for assignment in held])


def _find(session: Session, project_id: str, id: str) -> Principal:
    row = scope(session, project_id).find(Principal, id=id)
    if row is None:
        raise NotFound(NO_PRINCIPAL)
    return row


def _alive(session: Session, project_id: str, id: str) -> Principal:
    row = _find(session, project_id, id)
    if row.state == DELETED:
        raise Conflict("The principal is deleted and stays as it was", code="principal_deleted")
    return row


def _check_name(session: Session, row: Principal) -> None:
    others = scope(session, row.project_id).all(Principal, col(Principal.state) != DELETED)
    if name_key(row.name) in {name_key(other.name) for other in others}:
        raise Conflict("There is a principal of this name, or one that looks like it", code="name_taken")


def _check_owner(session: Session, project_id: str, owner_id: str | None) -> None:
    if owner_id is not None and scope(session, project_id).find(Principal, id=owner_id) is None:
        errors = [{"path": "owner_id", "message": "Name a principal of this project"}]
        raise Unprocessable("The owner is no principal of this project", details={"errors": errors})


def _check_metadata(metadata: dict[str, Any]) -> dict[str, Any]:
    if len(json.dumps(metadata, ensure_ascii=False).encode()) > MAX_METADATA:
        raise _bad("metadata", f"is larger than {MAX_METADATA} bytes")
    return metadata


def _give_all(session: Session, identity: Identity, row: Principal, role_ids: Iterable[str]) -> None:
    for role_id in dict.fromkeys(role_ids):
        give(session, identity, row.project_id, row.id, find_role(session, row.project_id, role_id))


def _replace_roles(session: Session, identity: Identity, row: Principal, role_ids: list[str]) -> dict[str, Any]:
    """Give what is new, take what is gone, and say so."""
    rows = scope(session, row.project_id)
    held = {held.role_id: held for held in rows.all(RoleAssignment, col(RoleAssignment.principal_id) == row.id)}
    for role_id in held.keys() - set(role_ids):
        require_cover(identity, find_role(session, row.project_id, role_id).permissions, row.project_id)
        rows.delete(held[role_id])
    _give_all(session, identity, row, (role_id for role_id in role_ids if role_id not in held))
    if OWNER_ROLE in held and OWNER_ROLE not in role_ids:
        keep_an_owner(session, [row.project_id])
    return {} if held.keys() == set(role_ids) else {"role_ids": {"before": sorted(held), "after": sorted(set(role_ids))}}


def _require_no_more(session: Session, identity: Identity, row: Principal) -> None:
    """Raises `Forbidden` where the principal holds more than the caller."""
    if not identity.grants.covers(grants_of(session, row.id)):
        raise Forbidden("This principal holds more than you do: ask somebody who holds as much", code="beyond_own_permissions")


def _has_keys(session: Session, row: Principal) -> bool:
    query = select(ApiKey.id).where(
        ApiKey.principal_id == row.id,
        col(ApiKey.revoked_at).is_(None),
        col(ApiKey.expires_at).is_(None) | (col(ApiKey.expires_at) > stamp()),
    )
    return session.exec(query).first() is not None


def _bad(path: str, reason: str) -> BadInput:
    return BadInput(f"The {path} {reason}", details={"errors": [{"path": path, "message": reason}]})
