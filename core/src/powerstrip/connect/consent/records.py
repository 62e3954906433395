"""Consents in the database: begun, claimed once, ended. Every step is one transaction, so that it holds across restarts."""

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, func, update
from sqlmodel import Session, col, select

from powerstrip.clock import now, rfc3339, stamp
from powerstrip.connect.consent.links import is_same_browser
from powerstrip.connect.consent.values import ConsentFailed, digest
from powerstrip.problems import Conflict
from powerstrip.store import Actor, AuditLog, Consent, Principal, Project, Store, scope
from powerstrip.vault import Place, SealedColumn, Vault, register

SECONDS = 600
"""How long a person has for a consent."""
WORK_SECONDS = 120
"""How long the hub has once the answer is there; a consent that takes longer was left by a process that ended."""
MAX_PENDING = 200
"""Consents of a project that are on their way at once."""
KEPT_DAYS = 30
GONE = ConsentFailed(
    "This consent is not known here, was answered before, or waited too long. Start again",
    code="unknown_state",
)


class Records:
    """The rows of consents and what is sealed in them."""

    def __init__(self, store: Store, vault: Vault, audit: AuditLog) -> None:
        self._store = store
        self._vault = vault
        self._audit = audit

    async def add(self, row: Consent, secret: str, actor: Actor) -> Consent:
        """Keep a new consent with its secret, the PKCE verifier or device code. Raises `Conflict` where too many wait."""

        def work(session: Session) -> Consent:
            _make_room(session, row.project_id)
            row.sealed = self._vault.seal(session, _place(row), secret.encode()).blob
            scope(session, row.project_id).add(row)
            facts = {"provider": row.provider, "way": row.way, "scopes": row.scopes, "reconnects": row.integration_id}
            self._record(session, actor, "create", row, facts)
            return row

        return await self._store.write(work)

    async def get(self, project_id: str, id: str) -> Consent:
        """One consent; what was left behind counts as failed. Raises `NotFound`."""
        row: Consent = await self._store.read(lambda session: scope(session, project_id).get(Consent, id))
        return as_it_stands(row)

    async def claim_state(
        self, state: str, provider: str, ways: Collection[str], browser: str | None = None
    ) -> tuple[Consent, str]:
        """Use up a state: the consent it belongs to and its secret. Raises `ConsentFailed`, the same for all that is not right.

        A connect session's consent ends in the `browser` that began it.
        """

        def work(session: Session) -> tuple[Consent, str] | None:
            row = session.exec(select(Consent).where(Consent.state_hash == digest(state))).first()
            if row is None or row.provider != provider or row.way not in ways:
                return None
            if row.session_id is not None and not is_same_browser(session, row.session_id, browser):
                return None
            return self._claim(session, row)

        return self._claimed(await self._store.write(work))

    async def claim(self, consent: Consent) -> tuple[Consent, str]:
        """Use up a consent that its own principal ends. Raises `ConsentFailed`."""

        def work(session: Session) -> tuple[Consent, str] | None:
            row: Consent = scope(session, consent.project_id).get(Consent, consent.id)
            return self._claim(session, row)

        return self._claimed(await self._store.write(work))

    async def secret(self, consent: Consent) -> str:
        """What is sealed in a consent. Raises `SealBroken`."""
        return await self._store.write(lambda session: self._vault.open(session, _place(consent), consent.sealed).decode())

    async def fail(self, consent: Consent, code: str, reason: str) -> None:
        """Say why it came to nothing."""
        values = {"status": "failed", "reason_code": code, "reason": reason, "finished_at": stamp()}

        def work(session: Session) -> None:
            if _move(session, consent.id, ("pending", "working"), values):
                self._record(session, actor_of(consent), "update", consent, {"status": "failed", "reason": code})

        await self._store.write(work)

    async def put_off(self, consent: Consent, seconds: int) -> None:
        """Note when the provider of a device flow may be asked again."""
        due = rfc3339(now() + timedelta(seconds=seconds))
        values = {"due_at": due, "interval_seconds": seconds}
        await self._store.write(lambda session: _move(session, consent.id, ("pending",), values))

    async def take_turn(self, consent: Consent) -> bool:
        """True where it is time to ask the provider of a device flow, for one asker alone."""

        def work(session: Session) -> bool:
            row = session.get(Consent, consent.id)
            if row is None or row.status != "pending" or (row.due_at or "") > stamp():
                return False
            due = rfc3339(now() + timedelta(seconds=max(row.interval_seconds, 1)))
            return _move(session, row.id, ("pending",), {"due_at": due})

        return await self._store.write(work)

    def finish(self, session: Session, consent: Consent, integration_id: str, granted: Collection[str]) -> None:
        """Say that it led to an integration, in the transaction that stores it. Raises `ConsentFailed` where it was ended."""
        values = {
            "status": "connected",
            "integration_id": integration_id,
            "granted": list(granted),
            "finished_at": stamp(),
        }
        if not _move(session, consent.id, ("working",), values):
            raise GONE

    def _claim(self, session: Session, row: Consent) -> tuple[Consent, str] | None:
        if row.status != "pending" or row.expires_at <= stamp() or not _still_welcome(session, row):
            return None
        values = {"status": "working", "state_hash": None, "expires_at": rfc3339(now() + timedelta(seconds=WORK_SECONDS))}
        if not _move(session, row.id, ("pending",), values):
            return None
        return row, self._vault.open(session, _place(row), row.sealed).decode()

    @staticmethod
    def _claimed(found: tuple[Consent, str] | None) -> tuple[Consent, str]:
        if found is None:
            raise GONE
        return found

    def _record(self, session: Session, actor: Actor, action: str, row: Consent, changes: dict[str, Any]) -> None:
        self._audit.append(
            session, actor, action, "consent", row.id, project_id=row.project_id, resource_name=row.name, changes=changes
        )


def as_it_stands(row: Consent) -> Consent:
    """The row, failed where its time is over. It belongs to no session."""
    if row.status in ("pending", "working") and row.expires_at <= stamp():
        lost = row.status == "working"
        row.status, row.reason_code = "failed", "interrupted" if lost else "expired"
        row.reason = "The hub stopped in the middle of it. Start again" if lost else "Nobody consented in time. Start again"
    return row


def actor_of(consent: Consent) -> Actor:
    """Who began a consent, as the audit log names him."""
    return Actor(consent.principal_id, consent.actor_name, consent.key_id, consent.key_name)


def _place(row: Consent) -> Place:
    return Place(row.project_id, row.id, "verifier", row.mode)


register(SealedColumn(Consent, "sealed", lambda _, row: Place(row.project_id, row.id, "verifier", row.mode)))


def _move(session: Session, id: str, states: Collection[str], values: dict[str, Any]) -> bool:
    """Change a consent that is in one of these states; True where it was."""
    done = session.connection().execute(
        update(Consent).where(col(Consent.id) == id, col(Consent.status).in_(states)).values(**values)
    )
    session.expire_all()
    return done.rowcount == 1


def _still_welcome(session: Session, row: Consent) -> bool:
    """Who began it is still active, and the project is not archived."""
    project = session.get(Project, row.project_id)
    principal = session.get(Principal, row.principal_id) if row.principal_id else None
    return project is not None and project.archived_at is None and (principal is None or principal.state == "active")


def _make_room(session: Session, project_id: str) -> None:
    """Forget old consents. Raises `Conflict` where too many are on their way."""
    old = rfc3339(now() - timedelta(days=KEPT_DAYS))
    session.exec(delete(Consent).where(col(Consent.project_id) == project_id, col(Consent.expires_at) < old))
    waiting = (col(Consent.project_id) == project_id, col(Consent.status) == "pending", col(Consent.expires_at) > stamp())
    count = session.exec(select(func.count()).select_from(Consent).where(*waiting)).one()
    if count >= MAX_PENDING:
        raise Conflict(
            f"{MAX_PENDING} consents of this project are on their way: wait until some have ended", code="too_many_consents"
        )
