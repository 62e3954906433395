"""Credentials of integrations: sealed, versioned, and opened only after an audit row says so."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, bindparam, delete, select, update
from sqlmodel import Session, col

from powerstrip.clock import new_id, stamp
from powerstrip.problems import Conflict, NotFound, Problem
from powerstrip.store import AccessToken, Actor, AuditLog, Credential, Entry, Integration, Prepared, connection_of, insert_row
from powerstrip.value import Hidden, Value
from powerstrip.vault.box import Place, SealBroken
from powerstrip.vault.ring import Ring
from powerstrip.vault.sealed import SealedColumn, register

_integration = Prepared(
    select(
        col(Integration.name),
        col(Integration.status),
        col(Integration.status_reason),
        col(Integration.mode),
        col(Integration.expires_at),
        col(Integration.credential_version),
    ).where(col(Integration.project_id) == bindparam("project_id"), col(Integration.id) == bindparam("id"))
)
_sealed = Prepared(
    select(col(Credential.sealed), col(Credential.data_key_id)).where(
        col(Credential.project_id) == bindparam("project_id"),
        col(Credential.integration_id) == bindparam("integration_id"),
        col(Credential.version) == bindparam("version"),
    )
)


class Purpose(Value):
    """What a credential is used for: the action's name, the call's id, and the mode the call runs in.

    A `probe` asks the provider whether the credential is good: it may use that of an expired or switched-off integration.
    """

    action_name: str
    invocation_id: str
    mode: str
    probe: bool = False

    def facts(self) -> dict[str, str]:
        """What the audit row says of it."""
        return {"action": self.action_name, "invocation_id": self.invocation_id, "mode": self.mode}


class Use(Value):
    """Who wants to use the credential of which integration, and what for."""

    project_id: str
    integration_id: str
    actor: Actor
    purpose: Purpose


class SealedCredential(Value):
    """A credential whose use is on record, still sealed. `Vault.reveal` opens it once that record is committed."""

    integration_id: str
    version: int
    place: Place
    data_key_id: str
    sealed: Hidden[bytes]


class Credentials:
    """Seals, hands out and copies credentials. Every method runs in the caller's transaction."""

    def __init__(self, ring: Ring, audit: AuditLog) -> None:
        self._ring = ring
        self._audit = audit

    def store(self, session: Session, integration: Integration, credentials: dict[str, str], actor: Actor) -> None:
        """Make these the integration's credentials. The version before is kept as a way back, older ones are removed."""
        version = integration.credential_version + 1
        integration.credential_version = version
        integration.credential_fields = sorted(credentials)
        session.add(integration)
        connection = connection_of(session)
        _retire(session, integration)
        self._insert(connection, integration, credentials, actor)

    def confirm(self, session: Session, integration: Integration) -> None:
        """Destroy the previous version: there is no way back from here. Raises `Conflict` where there is none."""
        previous = self._previous(session, integration)
        session.exec(delete(AccessToken).where(_tokens_of(integration, previous.version)))
        session.delete(previous)
        session.flush()

    def roll_back(self, session: Session, integration: Integration, actor: Actor) -> None:
        """Make the previous version's credential the current one, as a new version; the one it replaces is destroyed.

        Versions only grow: what was sealed as one version is never taken for another. Its access token goes along. Raises
        `Conflict` where there is no previous version, `SealBroken` where it does not open.
        """
        previous = self._previous(session, integration)
        connection, version = connection_of(session), previous.version
        credentials = self.reveal(self._read(connection, _place(integration, version), version))
        if previous.account_id:
            integration.account_id, integration.account_name = previous.account_id, previous.account_name
        integration.credential_version += 1
        integration.credential_fields = sorted(credentials)
        session.add(integration)
        session.exec(delete(Credential).where(col(Credential.integration_id) == integration.id))
        session.exec(delete(AccessToken).where(_tokens_of(integration, integration.credential_version - 1)))
        moved = update(AccessToken).where(_tokens_of(integration, version))
        session.exec(moved.values(version=integration.credential_version))
        self._insert(connection, integration, credentials, actor)

    def versions(self, session: Session, integration: Integration) -> list[Credential]:
        """The versions that are kept, newest first. Their boxes stay closed."""
        mine = col(Credential.integration_id) == integration.id
        return list(session.scalars(select(Credential).where(mine).order_by(col(Credential.version).desc())))

    def _previous(self, session: Session, integration: Integration) -> Credential:
        found = next((each for each in self.versions(session, integration) if each.state == "previous"), None)
        if found is None:
            raise Conflict(
                f"{integration.name} has no previous credential: it was confirmed, rolled back, or never rotated",
                code="no_previous_credential",
            )
        return found

    def _insert(self, connection: Connection, integration: Integration, credentials: dict[str, str], actor: Actor) -> None:
        version = integration.credential_version
        key = self._ring.current(connection, integration.project_id)
        row = {
            "id": new_id("cred"),
            "project_id": integration.project_id,
            "integration_id": integration.id,
            "version": version,
            "sealed": key.seal(_place(integration, version), _packed(credentials)),
            "data_key_id": key.id,
            "state": "current",
            "created_by": actor.principal_id,
            "created_at": stamp(),
        }
        insert_row(connection, Credential, row)

    def use_all(self, connection: Connection, uses: Sequence[Use]) -> list[SealedCredential | Problem | None]:
        """Authorise uses and put them on record: an audit row in the same transaction, or no credential.

        Gives for each its credential, None where nothing is to be signed (a sandboxed call, which never reads the credential,
        and an integration that has none), or why there is none: `NotFound` for another project's integration, `Conflict` for
        one that may not be used, `SealBroken`. A refused one is not on record.
        """
        seen = _Looked(connection, self._ring)
        given: list[SealedCredential | Problem | None] = []
        entries: list[Entry] = []
        for use in uses:
            try:
                found = seen.integration(use.project_id, use.integration_id)
                _check_usable(found, use.purpose)
                needed = use.purpose.mode != "sandbox" and found.credential_version
                given.append(seen.credential(use, found) if needed else None)
            except Problem as refusal:
                given.append(refusal)
                continue
            changes = use.purpose.facts() | {"credential_version": found.credential_version}
            entries.append(Entry(use.actor, "use", "integration", use.integration_id, use.project_id, found.name, changes))
        self._audit.append_all(connection, entries)
        return given

    def use(
        self, connection: Connection, project_id: str, integration_id: str, actor: Actor, purpose: Purpose
    ) -> SealedCredential | None:
        """The same for one use. What stands in the way is raised."""
        (given,) = self.use_all(connection, (Use(project_id, integration_id, actor, purpose),))
        if isinstance(given, Problem):
            raise given
        return given

    def offer(
        self, connection: Connection, integration: Integration, credentials: dict[str, str], actor: Actor, purpose: Purpose
    ) -> SealedCredential:
        """Seal a credential that is to be tried before it is kept, and put the trial on record. Nothing but that is stored."""
        place = Place(integration.project_id, integration.id, "credentials/offered", integration.mode)
        key = self._ring.current(connection, integration.project_id)
        self._audit.append(
            connection,
            actor,
            "use",
            "integration",
            integration.id,
            project_id=integration.project_id,
            resource_name=integration.name,
            changes=purpose.facts() | {"offered": True},
        )
        return SealedCredential(integration.id, 0, place, key.id, key.seal(place, _packed(credentials)))

    def reveal(self, credential: SealedCredential) -> dict[str, str]:
        """The plain fields. Raises `SealBroken`."""
        return _plain(self._ring.loaded(credential.data_key_id).open(credential.place, credential.sealed))

    def export(self, session: Session, integration: Integration, recipient: str, actor: Actor) -> dict[str, str] | None:
        """The plain fields for a bundle, for the vault alone, and on record as a use. None where there are none."""
        version = integration.credential_version
        if not version:
            return None
        connection = connection_of(session)
        self._audit.append(
            connection,
            actor,
            "use",
            "integration",
            integration.id,
            project_id=integration.project_id,
            resource_name=integration.name,
            changes={"action": "export", "sealed_to": recipient, "credential_version": version},
        )
        return self.reveal(self._read(connection, _place(integration, version), version))

    def copy(self, session: Session, source: Integration, target: Integration, actor: Actor) -> None:
        """Give `target` the credential of `source`, sealed anew for its project and mode. One without has nothing to give."""
        version = source.credential_version
        if version:
            sealed = self._read(connection_of(session), _place(source, version), version)
            self.store(session, target, self.reveal(sealed), actor)

    def delete(self, session: Session, integration: Integration) -> None:
        """Remove every version, and the access tokens fetched with them."""
        session.exec(delete(Credential).where(col(Credential.integration_id) == integration.id))
        session.exec(delete(AccessToken).where(col(AccessToken.integration_id) == integration.id))
        integration.credential_version = 0
        integration.credential_fields = []

    def _read(self, connection: Connection, place: Place, version: int) -> SealedCredential:
        return _read(connection, self._ring, place, version)


class _Looked:
    """What one transaction has read already: many uses at once are mostly of few integrations."""

    def __init__(self, connection: Connection, ring: Ring) -> None:
        self._connection = connection
        self._ring = ring
        self._integrations: dict[tuple[str, str], Row[Any]] = {}
        self._credentials: dict[str, SealedCredential] = {}

    def integration(self, project_id: str, id: str) -> Row[Any]:
        """Its row. Raises `NotFound`."""
        found = self._integrations.get((project_id, id)) or _integration.first(self._connection, project_id=project_id, id=id)
        if found is None:
            raise NotFound("There is no integration with this id in this project")
        self._integrations[project_id, id] = found
        return found

    def credential(self, use: Use, found: Row[Any]) -> SealedCredential:
        """Its credential, still sealed. Raises `SealBroken`."""
        sealed = self._credentials.get(use.integration_id)
        if sealed is None:
            place = Place(use.project_id, use.integration_id, _field(found.credential_version), found.mode)
            sealed = _read(self._connection, self._ring, place, found.credential_version)
            self._credentials[use.integration_id] = sealed
        return sealed


def _read(connection: Connection, ring: Ring, place: Place, version: int) -> SealedCredential:
    row = _sealed.first(connection, project_id=place.project, integration_id=place.record, version=version)
    if row is None:
        raise SealBroken
    key = ring.load(connection, row.data_key_id)
    return SealedCredential(place.record, version, place, key.id, bytes(row.sealed))


def _tokens_of(integration: Integration, version: int) -> ColumnElement[bool]:
    return and_(col(AccessToken.integration_id) == integration.id, col(AccessToken.version) == version)


def _retire(session: Session, integration: Integration) -> None:
    mine = col(Credential.integration_id) == integration.id
    session.exec(delete(Credential).where(mine, col(Credential.state) != "current"))
    values = {"state": "previous", "account_id": integration.account_id, "account_name": integration.account_name}
    session.exec(update(Credential).where(mine).values(values))


def _place_of_row(connection: Connection, row: Row[Any]) -> Place:
    """Where a stored version's box belongs. Raises `SealBroken` where its integration is gone."""
    found = _integration.first(connection, project_id=row.project_id, id=row.integration_id)
    if found is None:
        raise SealBroken
    return Place(row.project_id, row.integration_id, _field(row.version), found.mode)


register(SealedColumn(Credential, "sealed", _place_of_row, data_key="data_key_id"))


def _place(integration: Integration, version: int) -> Place:
    return Place(integration.project_id, integration.id, _field(version), integration.mode)


def _field(version: int) -> str:
    """The version is part of the place: an older credential put back by hand does not open."""
    return f"credentials/{version}"


def _packed(credentials: dict[str, str]) -> bytes:
    """As ASCII: text that is no Unicode would fail to encode, in an error that holds it."""
    return json.dumps(credentials, sort_keys=True).encode("ascii")


def _plain(content: bytes) -> dict[str, str]:
    return json.loads(content)


def _check_usable(found: Row[Any], purpose: Purpose) -> None:
    name = found.name
    if found.mode == "sandbox" and purpose.mode != "sandbox":
        raise Conflict(f"{name} is a sandbox and stays one: make a live integration for live calls", code="integration_sandbox")
    if purpose.probe:
        return
    expired = found.status == "expired" or (found.expires_at and found.expires_at <= stamp())
    if expired and purpose.mode != "sandbox":  # a sandboxed call opens no credential
        why = f" ({found.status_reason})" if found.status_reason else ""
        raise Conflict(f"{name} has no valid credential{why}: rotate the integration", code="integration_expired")
    if found.status not in ("active", "expired"):
        raise Conflict(f"{name} is switched off: enable the integration", code="integration_inactive")
