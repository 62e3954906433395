"""The vault: the one object the other rooms hold."""

import hmac
import resource
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import Connection
from sqlmodel import Session, select

from powerstrip.store import Actor, AuditLog, Integration, Project, Setting, Store, connection_of
from powerstrip.vault.box import Place, key_id
from powerstrip.vault.credentials import Credentials, Purpose, SealedCredential
from powerstrip.vault.master import MasterKey, MasterKeyError
from powerstrip.vault.ring import Ring

CHECK = "master_key_check"
"""The setting that holds the master key's fingerprint and a value only the right key derives."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A box and the id of the data key that opens it."""

    blob: bytes
    data_key_id: str


class Vault:
    """What is secret. Methods that take a session or connection run in the caller's transaction."""

    def __init__(self, store: Store, master: MasterKey) -> None:
        self._store = store
        self._master = master
        self._ring = Ring(master)

    async def start(self) -> None:
        """Hold the master key against the database. Raises `MasterKeyError` for a wrong or a missing one.

        A new key is saved before anything is sealed with it, and never beside what another key sealed. The process writes
        no core dumps from here on.
        """
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        await self.check()
        self._master.save()
        self._compare(await self._store.write(self._keep_check))

    async def check(self) -> None:
        """Hold the master key against the database and change nothing. Raises `MasterKeyError`."""
        self._compare(await self._store.read(_known_check))

    def derive(self, purpose: str) -> bytes:
        """32 bytes for one purpose, the same on every start."""
        return self._master.derive(purpose)

    @cached_property
    def audit(self) -> AuditLog:
        """The audit log, keyed by the master key."""
        return AuditLog(self.derive("audit"))

    @cached_property
    def _credentials(self) -> Credentials:
        return Credentials(self._ring, self.audit)

    def ensure_data_key(self, at: Session | Connection, project_id: str) -> None:
        """Give a project its data key, where it has none."""
        self._ring.current(connection_of(at), project_id)

    def seal(self, at: Session | Connection, place: Place, plain: bytes) -> Sealed:
        """Seal a value for one place, with the data key of the place's project."""
        key = self._ring.current(connection_of(at), place.project)
        return Sealed(key.seal(place, plain), key.id)

    def open(self, at: Session | Connection, place: Place, blob: bytes) -> bytes:
        """What was sealed for this place. Raises `SealBroken`."""
        return self._ring.load(connection_of(at), key_id(blob)).open(place, blob)

    def store_credential(self, session: Session, integration: Integration, credentials: dict[str, str], actor: Actor) -> None:
        """Seal these as the integration's next version. Its row is changed too; the caller writes the audit row."""
        self._credentials.store(session, integration, credentials, actor)

    def copy_credential(self, session: Session, source: Integration, target: Integration, actor: Actor) -> None:
        """Seal the source's credential anew for the target; the plain value does not leave the vault."""
        self._credentials.copy(session, source, target, actor)

    def delete_credential(self, session: Session, integration: Integration) -> None:
        """Remove every version of the integration's credential. Call it before the integration is deleted."""
        self._credentials.delete(session, integration)

    def use(
        self, connection: Connection, project_id: str, integration_id: str, actor: Actor, purpose: Purpose
    ) -> SealedCredential | None:
        """Authorise one use and write its audit row, in a `store.hot` transaction. See `Credentials.use`."""
        return self._credentials.use(connection, project_id, integration_id, actor, purpose)

    def offer(
        self, connection: Connection, integration: Integration, credentials: dict[str, str], actor: Actor, purpose: Purpose
    ) -> SealedCredential:
        """Seal a credential for one trial before it is kept, and write its audit row. See `Credentials.offer`."""
        return self._credentials.offer(connection, integration, credentials, actor, purpose)

    def reveal(self, credential: SealedCredential) -> dict[str, str]:
        """The plain credential fields, for the edge alone and only after the use is committed. Raises `SealBroken`."""
        return self._credentials.reveal(credential)

    @property
    def _check(self) -> str:
        return f"{self._master.id} {self.derive('check').hex()}"

    def _keep_check(self, session: Session) -> str:
        """The check value that stands. A new database gets ours, and with it the beginning of its audit chain."""
        known = _known_check(session)
        if known is None:
            session.add(Setting(name=CHECK, value=self._check))
            if session.exec(select(Project.id).limit(1)).first() is None:
                self.audit.begin(session)
        return known or self._check

    def _compare(self, known: str | None) -> None:
        if known is None or hmac.compare_digest(known.encode(), self._check.encode()):
            return
        sealed_by, new_file = known.partition(" ")[0], self._master.unsaved
        if new_file is not None:
            raise MasterKeyError(
                f"The master key is missing: this database was sealed with the key {sealed_by}. Put it back at {new_file},"
                " or name it by POWERSTRIP_MASTER_KEY_FILE"
            )
        raise MasterKeyError(
            f"This is the wrong master key: the database was sealed with the key {sealed_by}, not {self._master.id}."
            " Give the right one"
        )


def _known_check(session: Session) -> str | None:
    row = session.get(Setting, CHECK)
    return row.value if row else None
