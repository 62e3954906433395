"""API keys: made, shown once, listed by prefix, revoked."""

from collections.abc import Callable
from datetime import datetime

from sqlmodel import Session, col

from powerstrip.access.changes import Journal, page
from powerstrip.access.grants import ACTIVE, grants_of
from powerstrip.access.identity import Identity
from powerstrip.access.roles import NO_PRINCIPAL
from powerstrip.access.tags import TagFilter, check_tags
from powerstrip.access.tokens import SHOWN, new_key
from powerstrip.clock import now, rfc3339, stamp
from powerstrip.names import clean_name, name_key
from powerstrip.problems import BadInput, Conflict, Forbidden, NotFound
from powerstrip.store import ApiKey, AuditLog, Principal, Project, Store, scope
from powerstrip.value import Hidden, Value, field

NO_KEY = "There is no API key with this id in this project"


class NewKey(Value):
    """A key for a principal of the same project. `include_handle` puts `.<project handle>` behind it."""

    name: str
    principal_id: str
    expires_at: datetime | None = None
    tags: dict[str, str] = field(default_factory=dict[str, str])
    include_handle: bool = False


class MadeKey(Value):
    """A new key's row, and the key itself, which is shown once and kept nowhere."""

    row: ApiKey
    key: Hidden[str]


class Keys:
    """The API keys of a project. `hash` is the keyed hash of `Sessions`."""

    def __init__(self, store: Store, audit: AuditLog, forget: Callable[[], None], hash: Callable[[str], str]) -> None:
        self._store = store
        self._journal = Journal(audit, "api_key")
        self._forget = forget
        self._hash = hash

    async def list(
        self, project_id: str, *, tags: TagFilter | None = None, after: tuple[str, str] | None = None, limit: int = 50
    ) -> list[ApiKey]:
        """Keys that are not revoked, newest first."""
        fits = (tags or TagFilter()).fits
        rows = await self._store.read(lambda session: _live(session, project_id))
        return page([row for row in rows if fits(row.tags)], lambda row: (row.created_at, row.id), after, limit)

    async def get(self, project_id: str, id: str) -> ApiKey:
        """One key's row. Raises `NotFound`, also for a revoked one."""
        return await self._store.read(lambda session: _find(session, project_id, id))

    async def create(self, identity: Identity, project: Project, new: NewKey) -> MadeKey:
        """Make a key. Raises `Forbidden` where its principal holds more than the caller, `Conflict` for a name that is taken."""
        if new.expires_at is not None and new.expires_at <= now():
            raise BadInput("The expiry is in the past", details={"errors": [{"path": "expires_at", "message": "is in the past"}]})
        name, tags = clean_name(new.name), check_tags(new.tags)

        def work(session: Session) -> MadeKey:
            principal = _usable(session, project.id, new.principal_id)
            if not identity.grants.covers(grants_of(session, principal.id)):
                raise Forbidden(
                    "This principal holds more than you do: ask somebody who holds as much", code="beyond_own_permissions"
                )
            if name_key(name) in {name_key(row.name) for row in _live(session, project.id)}:
                raise Conflict("There is an API key of this name, or one that looks like it", code="name_taken")
            return self.add(session, identity, project, principal, name, new, tags)

        return await self._store.write(work)

    def add(
        self,
        session: Session,
        identity: Identity,
        project: Project,
        principal: Principal,
        name: str,
        new: NewKey,
        tags: dict[str, str],
    ) -> MadeKey:
        """Insert a key, without asking who may."""
        key = new_key()
        row = ApiKey(
            project_id=project.id,
            principal_id=principal.id,
            name=name,
            key_prefix=key[:SHOWN],
            key_hash=self._hash(key),
            expires_at=rfc3339(new.expires_at) if new.expires_at else None,
            tags=tags,
        )
        scope(session, project.id).add(row)
        facts = {"principal_id": {"after": principal.id}, "expires_at": {"after": row.expires_at}}
        self._journal.note(session, identity.actor, "create", row, facts)
        return MadeKey(row, f"{key}.{project.handle}" if new.include_handle else key)

    async def revoke(self, identity: Identity, project_id: str, id: str) -> None:
        """End a key at once. Any holder of `keys.manage` may: a leaked key should be easy to stop. Raises `NotFound`."""

        def work(session: Session) -> None:
            row = _find(session, project_id, id)
            row.revoked_at = row.updated_at = stamp()
            self._journal.note(session, identity.actor, "delete", row, {})

        await self._store.write(work)
        self._forget()


def _live(session: Session, project_id: str) -> list[ApiKey]:
    return scope(session, project_id).all(ApiKey, col(ApiKey.revoked_at).is_(None))


def _find(session: Session, project_id: str, id: str) -> ApiKey:
    row: ApiKey | None = scope(session, project_id).find(ApiKey, id=id)
    if row is None or row.revoked_at is not None:
        raise NotFound(NO_KEY)
    return row


def _usable(session: Session, project_id: str, principal_id: str) -> Principal:
    row: Principal | None = scope(session, project_id).find(Principal, id=principal_id)
    if row is None or row.state == "deleted":
        raise NotFound(NO_PRINCIPAL)
    if row.state != ACTIVE:
        raise Conflict("The principal is disabled: enable it first", code="principal_disabled")
    return row
