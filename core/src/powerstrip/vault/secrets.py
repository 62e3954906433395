"""Project secrets: named values for worker code and for providers without an adapter. They go in and are not given back."""

import asyncio
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from typing import Any, cast

from sqlalchemy import Connection, Row
from sqlalchemy import update as change
from sqlmodel import Session, col, or_, select

from powerstrip.adapter.backend import BackendFailed
from powerstrip.clock import stamp
from powerstrip.names import clean_name, name_key
from powerstrip.problems import BadInput, Conflict, NotFound, TooLarge, Unprocessable
from powerstrip.store import Actor, AuditLog, Project, Secret, SecretVersion, Store, connection_of, scope
from powerstrip.value import Value
from powerstrip.vault.backends import Backends
from powerstrip.vault.box import Place, SealBroken, key_id
from powerstrip.vault.ring import Ring
from powerstrip.vault.sealed import SealedColumn, register

MAX_FIELDS = 64
MAX_VALUE = 65_536
"""Bytes of one value in UTF-8."""
MAX_VALUES = 262_144
"""Bytes of all values of a version together."""
KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,127}", re.ASCII)
MASK = re.compile(r"[*•●]+")
"""What forms show instead of a value: it is never one."""
GONE = "There is no secret of this id or name in this project"


class SecretUse(Value):
    """A secret's version whose use is on record, still sealed or still in its back end. `ProjectSecrets.reveal` opens it."""

    place: Place
    version: int
    reference: str
    sealed: bytes | None

    def __repr__(self) -> str:
        return f"SecretUse({self.place.record}, version {self.version})"


class ProjectSecrets:
    """Keeps the secrets of projects. What it returns are rows without values, but for `reveal`."""

    def __init__(self, store: Store, ring: Ring, audit: AuditLog, fingerprint: bytes, backends: Backends | None = None) -> None:
        self._store = store
        self._ring = ring
        self._audit = audit
        self._fingerprint = fingerprint
        self._backends = backends

    @property
    def schemes(self) -> list[str]:
        """The schemes of references that back ends can read."""
        return [] if self._backends is None else self._backends.schemes

    async def create(
        self,
        project: Project,
        actor: Actor,
        name: str,
        values: Mapping[str, str] | None,
        description: str = "",
        reference: str | None = None,
    ) -> Secret:
        """Make a secret with its first version: `values`, or a `reference` to where a back end keeps them.

        Raises `BadInput`, `TooLarge`, `Unprocessable` for a reference that is not answered, and `Conflict` where the project
        has a secret of this name, or one that looks the same.
        """
        label, content = clean_name(name), await self._content(values, reference)

        def add(session: Session) -> Secret:
            if scope(session, project.id).find(Secret, name_key=name_key(label)) is not None:
                raise Conflict("The project has a secret of this name, or one that looks the same", code="name_taken")
            row = Secret(project_id=project.id, name=label, name_key=name_key(label), description=description)
            row.created_by = row.updated_by = actor.principal_id
            scope(session, project.id).add(row)
            self._add_version(session, actor, row, content, reference or "")
            self._record(session, actor, "create", row, {"fields": ["name", "values"], "version": row.version})
            return row

        return await self._store.write(add)

    async def update(
        self,
        project: Project,
        actor: Actor,
        name: str,
        *,
        description: str | None = None,
        values: Mapping[str, str] | None = None,
        reference: str | None = None,
    ) -> Secret:
        """Change the description, and with `values` or a `reference` make a new version. Raises as `create`, and `NotFound`.

        The version before is kept as the way back; older ones are destroyed.
        """
        content = await self._content(values, reference) if values is not None or reference is not None else None

        def work(session: Session) -> Secret:
            row = _find(session, project.id, name)
            row.updated_at, row.updated_by = stamp(), actor.principal_id
            fields: list[str] = []
            if description is not None:
                row.description = description
                fields.append("description")
            if content is not None:
                self._add_version(session, actor, row, content, reference or "")
                fields.append("values")
            session.add(row)
            self._record(session, actor, "update", row, {"fields": fields, "version": row.version})
            return row

        return await self._store.write(work)

    async def get(self, project_id: str, name: str) -> Secret:
        """One secret by id or name. Raises `NotFound`."""
        return await self._store.read(lambda session: _find(session, project_id, name))

    async def list(self, project_id: str, *, after: tuple[str, str] | None = None, limit: int = 50) -> "list[Secret]":
        """The project's secrets, newest first, after the given (created_at, id)."""
        return await self._store.read(lambda session: scope(session, project_id).page(Secret, after=after, limit=limit))

    async def versions(self, project_id: str, name: str) -> "list[SecretVersion]":
        """Every version, newest first, the destroyed ones without content. Raises `NotFound`."""
        return await self._store.read(lambda session: _versions(session, _find(session, project_id, name)))

    async def version(self, project_id: str, name: str, version: str) -> SecretVersion:
        """One version: its number, or `latest`. Raises `NotFound`, and `BadInput` for anything else."""
        if version != "latest" and not re.fullmatch(r"[1-9][0-9]{0,8}", version, re.ASCII):
            raise BadInput("A version is `latest` or a whole number from 1")
        found = await self.versions(project_id, name)
        wanted = next((each for each in found if version == "latest" or each.version == int(version)), None)
        if wanted is None:
            raise NotFound("This secret has no such version")
        return wanted

    async def delete(self, project: Project, actor: Actor, name: str) -> None:
        """Remove a secret and every version, for good. Raises `NotFound`."""

        def work(session: Session) -> None:
            row = _find(session, project.id, name)
            for version in _versions(session, row):
                session.delete(version)
            session.flush()
            scope(session, project.id).delete(row)
            self._record(session, actor, "delete", row, {})

        await self._store.write(work)

    def use(
        self, connection: Connection, project_id: str, name: str, actor: Actor, purpose: str, version: int | None = None
    ) -> SecretUse:
        """Put one use on record and give what `reveal` opens: an audit row in the same transaction, or no secret.

        `purpose` says in a word or two who wanted it. Raises `NotFound`, also for a destroyed version.
        """
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            row = _find(session, project_id, name)
            wanted = version or row.version
            found = next((each for each in _versions(session, row) if each.version == wanted and each.stage != "destroyed"), None)
            if found is None:
                raise NotFound("This secret has no such version, or it was destroyed")
            changes = {"version": wanted, "purpose": purpose}
            self._record(session, actor, "use", row, changes)
            use = SecretUse(_place(project_id, row.id, wanted), wanted, found.reference, found.sealed)
            if found.data_key_id is not None:
                self._ring.load(connection, found.data_key_id)
            session.commit()
        return use

    async def reveal(self, use: SecretUse) -> dict[str, str]:
        """The plain fields, once the use is committed. Raises `SealBroken`, `Unprocessable` where a back end is silent."""
        if use.reference:
            return await self._fetched(use.reference)
        return cast(dict[str, str], json.loads(await self._store.read(lambda session: self._opened(session, use))))

    def _opened(self, session: Session, use: SecretUse) -> bytes:
        if use.sealed is None:
            raise SealBroken
        return self._ring.load(connection_of(session), key_id(use.sealed)).open(use.place, use.sealed)

    async def _content(self, values: Mapping[str, str] | None, reference: str | None) -> dict[str, str]:
        if (values is None) == (reference is None):
            raise BadInput("Give either values or a reference to where a back end keeps them")
        return await self._fetched(reference) if reference is not None else checked_values(values or {})

    async def _fetched(self, reference: str) -> dict[str, str]:
        if self._backends is None:
            raise Unprocessable("This hub has no back ends for secrets", code="no_backend")
        try:
            return await asyncio.to_thread(self._backends.secret, reference)
        except BackendFailed as error:
            raise Unprocessable(f"The secret was not read: {error}", code="backend_failed") from None

    def _add_version(self, session: Session, actor: Actor, row: Secret, content: dict[str, str], reference: str) -> None:
        row.version += 1
        row.key_names = sorted(content)
        session.add(row)
        connection = connection_of(session)
        _retire(session, row.id)
        plain = json.dumps(content, sort_keys=True, separators=(",", ":")).encode("ascii")
        version = SecretVersion(project_id=row.project_id, secret_id=row.id, version=row.version, reference=reference)
        version.fingerprint = hmac.new(self._fingerprint, f"{row.id}\n".encode() + plain, hashlib.sha256).hexdigest()
        version.created_by = actor.principal_id
        if not reference:
            key = self._ring.current(connection, row.project_id)
            version.sealed = key.seal(_place(row.project_id, row.id, row.version), plain)
            version.data_key_id = key.id
        session.add(version)
        session.flush()

    def _record(self, session: Session, actor: Actor, action: str, row: Secret, changes: dict[str, Any]) -> None:
        self._audit.append(
            session, actor, action, "secret", row.id, project_id=row.project_id, resource_name=row.name, changes=changes
        )


def checked_values(values: Mapping[str, str]) -> dict[str, str]:
    """Values that may be kept: fields of plain names, of text, none too long, no mask. Raises `BadInput` and `TooLarge`."""
    if not 1 <= len(values) <= MAX_FIELDS:
        raise BadInput(f"A secret has 1 to {MAX_FIELDS} values")
    if not all(KEY.fullmatch(name) for name in values):
        raise BadInput("The names of values are letters, digits, _ . and -, at most 128, and begin with a letter or _")
    masked = sorted(name for name, value in values.items() if MASK.fullmatch(value.strip()))
    if masked:
        errors = [{"path": f"values.{name}", "message": "is a mask, not a value"} for name in masked]
        raise BadInput("A mask is no value: leave it out, or enter the value", details={"errors": errors})
    sizes = [len(value.encode("utf-8", "surrogatepass")) for value in values.values()]
    if max(sizes) > MAX_VALUE or sum(sizes) > MAX_VALUES:
        raise TooLarge(f"A value has at most {MAX_VALUE:,} bytes, a secret {MAX_VALUES:,}", details={"limit_bytes": MAX_VALUE})
    return dict(values)


def _find(session: Session, project_id: str, name: str) -> Secret:
    """By id or name; an id wins. Raises `NotFound`."""
    named = or_(col(Secret.id) == name, col(Secret.name_key) == name_key(name))
    rows = list(session.exec(select(Secret).where(col(Secret.project_id) == project_id, named)))
    found = next((row for row in rows if row.id == name), rows[0] if rows else None)
    if found is None:
        raise NotFound(GONE)
    return found


def _versions(session: Session, row: Secret) -> list[SecretVersion]:
    mine = col(SecretVersion.secret_id) == row.id
    return list(session.exec(select(SecretVersion).where(mine).order_by(col(SecretVersion.version).desc())))


def _retire(session: Session, secret_id: str) -> None:
    """The current version becomes the previous one; what was that is destroyed."""
    mine = col(SecretVersion.secret_id) == secret_id
    gone = {"stage": "destroyed", "sealed": None, "data_key_id": None, "reference": "", "destroyed_at": stamp()}
    session.exec(change(SecretVersion).where(mine, col(SecretVersion.stage) == "previous").values(gone))
    session.exec(change(SecretVersion).where(mine, col(SecretVersion.stage) == "current").values(stage="previous"))


def _place(project_id: str, secret_id: str, version: int) -> Place:
    """The version is part of the place: an older value put back by hand does not open."""
    return Place(project_id, secret_id, f"secret/{version}")


def _place_of_row(_connection: Connection, row: Row[Any]) -> Place:
    return _place(row.project_id, row.secret_id, row.version)


register(SealedColumn(SecretVersion, "sealed", _place_of_row, data_key="data_key_id"))
