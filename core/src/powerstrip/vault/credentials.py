"""Credentials of integrations: sealed, versioned, and opened only after an audit row says so."""

import json
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, select, update
from sqlmodel import Session, col

from powerstrip.clock import new_id, stamp
from powerstrip.problems import Conflict, NotFound
from powerstrip.store import Actor, AuditLog, Credential, Integration, Prepared, connection_of, insert_row
from powerstrip.vault.box import Place, SealBroken
from powerstrip.vault.ring import Ring

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


@dataclass(frozen=True, slots=True)
class Purpose:
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


@dataclass(frozen=True, slots=True)
class SealedCredential:
    """A credential whose use is on record, still sealed. `Vault.reveal` opens it once that record is committed."""

    integration_id: str
    version: int
    place: Place
    data_key_id: str
    sealed: bytes = field(repr=False)


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
        _retire(session, integration.id)
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

    def use(
        self, connection: Connection, project_id: str, integration_id: str, actor: Actor, purpose: Purpose
    ) -> SealedCredential | None:
        """Authorise one use and put it on record: an audit row in the same transaction, or no credential.

        Gives None where nothing is to be signed: for a sandboxed call, which never reads the credential, and for an
        integration that has none. Raises `NotFound` for another project's integration, `Conflict` for one that may not be used.
        """
        found = _integration.first(connection, project_id=project_id, id=integration_id)
        if found is None:
            raise NotFound("There is no integration with this id in this project")
        _check_usable(found, purpose)
        version: int = found.credential_version
        self._audit.append(
            connection,
            actor,
            "use",
            "integration",
            integration_id,
            project_id=project_id,
            resource_name=found.name,
            changes=purpose.facts() | {"credential_version": version},
        )
        if purpose.mode == "sandbox" or version == 0:
            return None
        place = Place(project_id, integration_id, _field(version), found.mode)
        return self._read(connection, place, version)

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

    def copy(self, session: Session, source: Integration, target: Integration, actor: Actor) -> None:
        """Give `target` the credential of `source`, sealed anew for its project and mode. One without has nothing to give."""
        version = source.credential_version
        if version:
            sealed = self._read(connection_of(session), _place(source, version), version)
            self.store(session, target, self.reveal(sealed), actor)

    def delete(self, session: Session, integration: Integration) -> None:
        """Remove every version."""
        session.exec(delete(Credential).where(col(Credential.integration_id) == integration.id))
        integration.credential_version = 0
        integration.credential_fields = []

    def _read(self, connection: Connection, place: Place, version: int) -> SealedCredential:
        row = _sealed.first(connection, project_id=place.project, integration_id=place.record, version=version)
        if row is None:
            raise SealBroken
        key = self._ring.load(connection, row.data_key_id)
        return SealedCredential(place.record, version, place, key.id, bytes(row.sealed))


def _retire(session: Session, integration_id: str) -> None:
    mine = col(Credential.integration_id) == integration_id
    session.exec(delete(Credential).where(mine, col(Credential.state) != "current"))
    session.exec(update(Credential).where(mine).values(state="previous"))


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
