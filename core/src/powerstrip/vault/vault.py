"""The vault: the one object the other rooms hold."""

import hmac
import json
import resource
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from sqlalchemy import Connection
from sqlmodel import Session, col, select

from powerstrip.problems import Problem
from powerstrip.store import Actor, AuditLog, Credential, DataKey, Integration, Project, Setting, Store, connection_of
from powerstrip.value import Value
from powerstrip.vault.backends import Backends
from powerstrip.vault.box import Key, Place, key_id
from powerstrip.vault.credentials import Credentials, Purpose, SealedCredential, Use
from powerstrip.vault.data_rotation import DataRotation
from powerstrip.vault.jobs import RotationJobs
from powerstrip.vault.master import MasterKey, MasterKeyError, Masters
from powerstrip.vault.master_rotation import MasterRotation, check_of
from powerstrip.vault.ring import CHECK, NEXT, Ring
from powerstrip.vault.sealing import BundleKey, read_public, seal_to
from powerstrip.vault.secrets import ProjectSecrets


class Sealed(Value):
    """A box and the id of the data key that opens it."""

    blob: bytes
    data_key_id: str


class MasterStanding(Value):
    """The master key as it is kept: where it comes from, whether that is the data folder, whether a next one is there, and
    whether anything of a project is sealed under it."""

    source: str
    beside: bool
    next_there: bool
    seals: bool


class Vault:
    """What is secret. Methods that take a session or connection run in the caller's transaction."""

    def __init__(self, store: Store, master: MasterKey | Masters) -> None:
        self._store = store
        self._masters = master if isinstance(master, Masters) else Masters(master)
        self._ring = Ring(self._masters.current)
        self._root: MasterKey | None = None

    async def start(self) -> None:
        """Hold the master key against the database. Raises `MasterKeyError` for a wrong or a missing one.

        A new key is saved before anything is sealed with it, and never beside what another key sealed. While the master key
        rotates, the old and the new one are both good. The process writes no core dumps from here on.
        """
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        await self.check()
        self._masters.current.save()
        await self._store.write(self._begin)

    async def check(self) -> None:
        """Hold the master key against the database and change nothing. Raises `MasterKeyError`."""
        self._compare(await self._store.read(_known_checks))

    @property
    def source(self) -> str:
        """Where the master key comes from, in words."""
        return self._masters.source

    async def master_standing(self) -> MasterStanding:
        """How the master key is kept. The vault need not be started."""
        masters = self._masters
        seals = await self._store.read(_seals)
        return MasterStanding(masters.source, masters.folder is not None, masters.next is not None, seals)

    def derive(self, purpose: str) -> bytes:
        """32 bytes for one purpose, the same on every start and under every master key. The vault must be started."""
        if self._root is None:
            raise RuntimeError("the vault is not started")
        return self._root.derive(purpose)

    @cached_property
    def audit(self) -> AuditLog:
        """The audit log, keyed by a derived key."""
        return AuditLog(self.derive("audit"))

    @cached_property
    def _credentials(self) -> Credentials:
        return Credentials(self._ring, self.audit)

    @cached_property
    def data_rotation(self) -> DataRotation:
        """New data keys for what is sealed."""
        return DataRotation(self._store, self._ring, self.audit)

    @cached_property
    def rotation_jobs(self) -> RotationJobs:
        """The same, for all projects and in the background."""
        return RotationJobs(self.data_rotation)

    @cached_property
    def master_rotation(self) -> MasterRotation:
        """A new master key for the data keys."""
        return MasterRotation(self._store, self._ring, self._masters, self.audit)

    def project_secrets(self, backends: Backends | None = None) -> ProjectSecrets:
        """The projects' secrets, over this vault's keys."""
        return ProjectSecrets(self._store, self._ring, self.audit, self.derive("secret-fingerprint"), backends)

    def seal(self, at: Session | Connection, place: Place, plain: bytes) -> Sealed:
        """Seal a value for one place, with the data key of the place's project."""
        return self.seal_all(at, ((place, plain),))[0]

    def seal_all(self, at: Session | Connection, values: Iterable[tuple[Place, bytes]]) -> list[Sealed]:
        """The same for many values: each project's key is looked up once."""
        connection, keys = connection_of(at), dict[str, Key]()
        sealed: list[Sealed] = []
        for place, plain in values:
            key = keys.get(place.project) or keys.setdefault(place.project, self._ring.current(connection, place.project))
            sealed.append(Sealed(key.seal(place, plain), key.id))
        return sealed

    def open(self, at: Session | Connection, place: Place, blob: bytes) -> bytes:
        """What was sealed for this place. Raises `SealBroken`."""
        return self._ring.load(connection_of(at), key_id(blob)).open(place, blob)

    def sealed_at(self, at: Session | Connection, place: Place, blob: bytes) -> SealedCredential:
        """A box of credential fields that `reveal` will open once the use of it is on record."""
        key = self._ring.load(connection_of(at), key_id(blob))
        return SealedCredential(place.record, 0, place, key.id, blob)

    def seal_platform(self, place: Place, plain: bytes) -> bytes:
        """Seal what belongs to no project, such as an OAuth client's secret, with the hub's own data key."""
        return self._ring.hub.seal(place, plain)

    def open_platform(self, place: Place, blob: bytes) -> bytes:
        """What `seal_platform` sealed for this place. Raises `SealBroken`."""
        return self._ring.loaded(key_id(blob)).open(place, blob)

    def store_credential(self, session: Session, integration: Integration, credentials: dict[str, str], actor: Actor) -> None:
        """Seal these as the integration's next version. Its row is changed too; the caller writes the audit row."""
        self._credentials.store(session, integration, credentials, actor)

    def copy_credential(self, session: Session, source: Integration, target: Integration, actor: Actor) -> None:
        """Seal the source's credential anew for the target; the plain value does not leave the vault."""
        self._credentials.copy(session, source, target, actor)

    def delete_credential(self, session: Session, integration: Integration) -> None:
        """Remove every version of the integration's credential. Call it before the integration is deleted."""
        self._credentials.delete(session, integration)

    def confirm_credential(self, session: Session, integration: Integration) -> None:
        """Destroy the previous version. Raises `Conflict` where there is none. The caller writes the audit row."""
        self._credentials.confirm(session, integration)

    def roll_back_credential(self, session: Session, integration: Integration, actor: Actor) -> None:
        """Make the previous version current again, as a new version. Raises `Conflict` where there is none."""
        self._credentials.roll_back(session, integration, actor)

    def credential_versions(self, session: Session, integration: Integration) -> list[Credential]:
        """The versions that are kept, newest first, still sealed."""
        return self._credentials.versions(session, integration)

    def use(
        self, connection: Connection, project_id: str, integration_id: str, actor: Actor, purpose: Purpose
    ) -> SealedCredential | None:
        """Authorise one use and write its audit row, in a `store.hot` transaction. See `Credentials.use`."""
        return self._credentials.use(connection, project_id, integration_id, actor, purpose)

    def use_all(self, connection: Connection, uses: Sequence[Use]) -> list[SealedCredential | Problem | None]:
        """The same for many uses at once. See `Credentials.use_all`."""
        return self._credentials.use_all(connection, uses)

    def offer(
        self, connection: Connection, integration: Integration, credentials: dict[str, str], actor: Actor, purpose: Purpose
    ) -> SealedCredential:
        """Seal a credential for one trial before it is kept, and write its audit row. See `Credentials.offer`."""
        return self._credentials.offer(connection, integration, credentials, actor, purpose)

    def reveal(self, credential: SealedCredential) -> dict[str, str]:
        """The plain credential fields, for the edge alone and only after the use is committed. Raises `SealBroken`."""
        return self._credentials.reveal(credential)

    @cached_property
    def _bundle_key(self) -> BundleKey:
        return BundleKey(self.derive("bundle"))

    @property
    def bundle_key(self) -> str:
        """The public key that other hubs seal bundles to. It stays the same under every master key."""
        return self._bundle_key.public

    def seal_bundle(
        self, session: Session, rows: Sequence[Integration | None], recipient: str, beside: bytes, actor: Actor
    ) -> dict[str, str]:
        """The current credentials of these integrations, in their order, sealed to another hub's key; None where a row is None.

        Each is put on record as a use. Raises `Unprocessable` for a text that is no public key.
        """
        read_public(recipient)
        plain = [None if row is None else self._credentials.export(session, row, recipient, actor) for row in rows]
        return seal_to(recipient, json.dumps(plain).encode("ascii"), beside)

    def open_bundle(self, sealed: Mapping[str, str], beside: bytes) -> list[dict[str, str] | None]:
        """What `seal_bundle` of another hub sealed to this one's key. Raises `Unprocessable`."""
        return json.loads(self._bundle_key.open(sealed, beside))

    def _begin(self, session: Session) -> None:
        """Compare once more, and take what the vault works with from the database; a new one gets its beginnings."""
        known = _known_checks(session)
        self._compare(known)
        connection = connection_of(session)
        earlier = self._masters.current.as_root() if known else None
        if not known:
            session.add(Setting(name=CHECK, value=check_of(self._masters.current)))
        elif self._masters.next is not None and check_of(self._masters.next) in known:
            self._ring.adopt(self._masters.next)
        self._root = MasterKey(self._ring.root(connection, earlier))
        self._ring.take_hub(connection)
        if not known and session.exec(select(Project.id).limit(1)).first() is None:
            self.audit.begin(session)

    def _compare(self, known: "list[str]") -> None:
        ours = check_of(self._masters.current)
        if not known or any(hmac.compare_digest(each.encode(), ours.encode()) for each in known):
            return
        sealed_by, new_file = known[0].partition(" ")[0], self._masters.current.unsaved
        if new_file is not None:
            raise MasterKeyError(
                f"The master key is missing: this database was sealed with the key {sealed_by}. Put it back at {new_file},"
                " or name it by POWERSTRIP_MASTER_KEY_FILE"
            )
        raise MasterKeyError(
            f"This is the wrong master key: the database was sealed with the key {sealed_by}, not {self._masters.current.id}."
            " Give the right one"
        )


def _seals(session: Session) -> bool:
    """Whether a project has a data key: one is made with the first value that it seals."""
    return session.exec(select(DataKey).where(col(DataKey.project_id).is_not(None)).limit(1)).first() is not None


def _known_checks(session: Session) -> list[str]:
    """The check values that stand: of the master key, and of the next one while it rotates. None in a new database."""
    rows = [session.get(Setting, name) for name in (CHECK, NEXT)]
    return [row.value for row in rows if row is not None]
