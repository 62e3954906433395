"""From a bearer token to an identity, by a cache of a few seconds."""

import asyncio
import hashlib
import logging
from datetime import datetime
from typing import Literal, TypeAlias, TypeVar

from sqlmodel import Session, select

from powerstrip.access.grants import ACTIVE, grants_of
from powerstrip.access.identity import Identity
from powerstrip.access.tokens import MAX_LENGTH, Token, hash_key, new_key, read_key
from powerstrip.clock import monotonic, now, stamp
from powerstrip.flights import Flights
from powerstrip.problems import Problem, Unauthenticated
from powerstrip.store import Actor, ApiKey, Principal, Project, Store
from powerstrip.value import Value

CACHE_SECONDS = 5.0
"""How long another process's revocation may go unnoticed; in this process it counts at once."""
CACHE_ENTRIES = 10_000
FAMILIAR_KEYS = 10_000
"""Keys that are remembered, by their digests, as good at their last use."""
USED_SECONDS = 60.0
"""How old a key's `last_used_at` may grow before it is written again."""

T = TypeVar("T")
Standing: TypeAlias = Literal["malformed", "strange", "familiar"]

log = logging.getLogger(__name__)


class _Session(Value):
    identity: Identity
    until: float
    """By the monotonic clock."""


class _Found(Value):
    """What the database says about a key."""

    identity: Identity
    handle: str
    key_id: str
    expires_at: str | None
    last_used_at: str | None


class Sessions:
    """Who is behind a key. `pepper` is the secret of the keyed hash."""

    def __init__(self, store: Store, pepper: bytes) -> None:
        self._store = store
        self._pepper = pepper
        self._cache: dict[bytes, _Session] = {}
        self._local: dict[bytes, Identity] = {}
        self._familiar: dict[bytes, None] = {}
        self._generation = 0
        self._notes: set[asyncio.Task[None]] = set()
        self._once: Flights[bytes, _Session] = Flights()

    async def authenticate(self, text: str) -> Identity:
        """The caller with this key. A malformed key is refused without a look into the database. Raises `Unauthenticated`."""
        known = self.recall(text)
        if known is not None:
            return known
        token = read_key(text)
        if token is None:
            raise refused()
        return (await self._once.run(_mark(text), self._generation, lambda: self._open(text, token))).identity

    def recall(self, text: str) -> Identity | None:
        """The caller, where this very text was good a moment ago; None where `authenticate` has to tell."""
        if len(text) > MAX_LENGTH:
            return None
        mark = _mark(text)
        session = self._cache.get(mark)
        if session is not None and session.until > monotonic():
            return session.identity
        return self._local.get(mark)

    def standing(self, text: str) -> Standing:
        """What can be said of a key without the database: no key at all, never seen, or good when it was last used."""
        if read_key(text) is None:
            return "malformed"
        return "familiar" if _mark(text) in self._familiar else "strange"

    def admit(self, identity: Identity) -> str:
        """A key for this process's memory alone, good until the process ends."""
        key = new_key()
        self._local[_mark(key)] = identity
        return key

    def hash(self, key: str) -> str:
        """What is stored of a key."""
        return hash_key(key, self._pepper)

    def forget(self) -> None:
        """Ask the database again for everybody: grants, keys or principals have changed."""
        self._generation += 1
        self._cache.clear()

    async def close(self) -> None:
        """Finish the notes of last use that are on their way."""
        await asyncio.gather(*self._notes)

    async def _open(self, text: str, token: Token) -> _Session:
        generation, digest = self._generation, self.hash(token.key)
        found = await self._store.read(lambda session: _find(session, digest))
        if found is None or _expired(found) or token.handle not in (None, found.handle):
            self._familiar.pop(_mark(text), None)
            raise refused()
        _keep(self._familiar, _mark(text), None, FAMILIAR_KEYS)
        session = _Session(found.identity, monotonic() + _trust_seconds(found))
        if generation == self._generation:
            _keep(self._cache, _mark(text), session, CACHE_ENTRIES)
        if _age(found.last_used_at) > USED_SECONDS:
            self._note_use(found.key_id)
        return session

    def _note_use(self, key_id: str) -> None:
        """Write `last_used_at` beside the request, not before its answer."""
        note = asyncio.create_task(self._write_use(key_id))
        self._notes.add(note)
        note.add_done_callback(self._notes.discard)

    async def _write_use(self, key_id: str) -> None:
        def work(session: Session) -> None:
            row = session.get(ApiKey, key_id)
            if row is not None:
                row.last_used_at = stamp()

        try:
            await self._store.write(work)
        except Problem as problem:
            log.warning("A key's last use was not written: %s", problem.code)


def refused() -> Unauthenticated:
    """One answer for every reason, so that none can be told from another."""
    return Unauthenticated("Send a valid API key as a bearer token in the Authorization header")


def _mark(text: str) -> bytes:
    """What the cache knows a key by: it holds no key."""
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()


def _keep(entries: dict[bytes, T], mark: bytes, entry: T, size: int) -> None:
    """Put an entry last; the ones that were put longest ago go."""
    entries.pop(mark, None)
    while len(entries) >= size:
        entries.pop(next(iter(entries)))
    entries[mark] = entry


def _find(session: Session, digest: str) -> _Found | None:
    key = session.exec(select(ApiKey).where(ApiKey.key_hash == digest, ApiKey.revoked_at == None)).first()  # noqa: E711 - SQL
    if key is None:
        return None
    principal, project = session.get(Principal, key.principal_id), session.get(Project, key.project_id)
    if principal is None or project is None or principal.state != ACTIVE:
        return None
    actor = Actor(principal.id, principal.name, key.id, key.name)
    identity = Identity(actor, grants_of(session, principal.id), principal.project_id)
    return _Found(identity, project.handle, key.id, key.expires_at, key.last_used_at)


def _expired(found: _Found) -> bool:
    return found.expires_at is not None and _age(found.expires_at) >= 0


def _trust_seconds(found: _Found) -> float:
    return CACHE_SECONDS if found.expires_at is None else min(CACHE_SECONDS, -_age(found.expires_at))


def _age(at: str | None) -> float:
    """Seconds since a time; without end where there is none."""
    return float("inf") if at is None else (now() - datetime.fromisoformat(at)).total_seconds()
