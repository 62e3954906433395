"""Who comes in: key, then project, then permission. Whoever is known and refused leaves a trace in the audit log."""

from powerstrip.access import Access, Identity, NoProject
from powerstrip.logs import Log
from powerstrip.problems import Forbidden, Problem, TooMany, Unauthenticated
from powerstrip.rate import Buckets
from powerstrip.store import Project

FAILURES_PER_SECOND, FAILURES_AT_ONCE = 50, 500
"""Wrong keys of the right form from one address before the database is no longer asked for keys that it has not seen there."""
NOTES_PER_SECOND, NOTES_AT_ONCE = 10, 1000
"""Refusals of one caller that are written down: who keeps trying must not fill the disk."""

log = Log("powerstrip.api")


class Gate:
    """The checks that every route begins with. `rate` is how many requests a second one key may make."""

    def __init__(self, access: Access, rate: int) -> None:
        self._access = access
        self._failures = Buckets(FAILURES_PER_SECOND, FAILURES_AT_ONCE)
        self._keys = Buckets(rate, rate)
        self._notes = Buckets(NOTES_PER_SECOND, NOTES_AT_ONCE)

    async def identify(self, token: str | None, ip: str | None, user_agent: str | None) -> Identity:
        """The caller. Raises `Unauthenticated`, and `TooMany` for an address that keeps trying or a key that asks too much."""
        identity = await self._recognise(token or "", ip or "")
        wait = self._keys.take(identity.actor.key_id or identity.actor.name)
        if wait is not None:
            raise TooMany("This key makes too many requests", retry_after=wait)
        return identity.at(ip, user_agent)

    async def enter(self, identity: Identity, reference: str) -> Project:
        """The project the caller names by handle or id. Raises `NotFound` where he has nothing to do with it."""
        return await self._access.projects.find(identity, reference)

    async def note(self, identity: Identity | None, project: Project | None, error: BaseException) -> None:
        """Write down that a known caller was refused: a permission, or a project that is not his to see."""
        if identity is None or not isinstance(error, Forbidden | NoProject):
            return
        if self._notes.take(identity.actor.principal_id or "") is not None:
            log.warning("api.refusals_not_recorded", principal_id=identity.actor.principal_id, reason="too many")
            return
        reason = str(error.details.get("permission", error.code))
        try:
            await self._access.refuse(identity, project.id if project else None, reason)
        except Problem as problem:
            log.warning("api.refusal_not_recorded", code=problem.code)

    async def _recognise(self, token: str, ip: str) -> Identity:
        """Only a look into the database is worth counting: what is no key never costs one, and a key that was good when it
        was last used is never kept waiting, so that nobody behind the same address can shut it out.
        """
        if known := self._access.recall(token):
            return known
        standing = self._access.standing(token)
        wait = self._failures.look(ip) if standing == "strange" else None
        if wait is not None:
            raise TooMany("Too many wrong keys from this address: wait, and check the key", retry_after=wait)
        try:
            return await self._access.authenticate(token)
        except Unauthenticated:
            if standing != "malformed":
                self._failures.take(ip)
            raise
