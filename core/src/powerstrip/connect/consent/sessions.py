"""Connect sessions: a link with which somebody without an account connects one provider for one project, once."""

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select, update

from powerstrip.catalog import Catalog
from powerstrip.clock import now, rfc3339, stamp
from powerstrip.connect.binding import destination
from powerstrip.connect.consent.flows import Consents
from powerstrip.connect.consent.links import is_good, over, use_link
from powerstrip.connect.consent.values import Begun, NewConsent, check_scopes, digest, oauth2_of
from powerstrip.connect.forms import check_provider, read_config
from powerstrip.connect.integrations import Integrations
from powerstrip.connect.rows import refuse_twin
from powerstrip.connect.values import NewIntegration
from powerstrip.names import clean_name
from powerstrip.problems import BadInput, Conflict, Unprocessable
from powerstrip.settings import Settings
from powerstrip.store import Actor, AuditLog, ConnectSession, Consent, Integration, Project, Store, scope
from powerstrip.value import Value, field

MAX_HOURS = 24
MIN_SECONDS = 60
TOKEN_BYTES = 16


class NewSession(Value):
    """A link to be made. `auth_kinds` are the ways to sign in that it allows, all that a person can use where it is empty."""

    provider: str
    name: str
    expires_at: datetime | None = None
    auth_kinds: Sequence[str] = ()
    scopes: Sequence[str] | None = None
    config: Mapping[str, Any] = field(default_factory=dict[str, Any])


class Sessions:
    """Links and what is done with them. A link's token is shown once; its digest is kept."""

    def __init__(
        self,
        store: Store,
        catalog: Catalog,
        audit: AuditLog,
        integrations: Integrations,
        consents: Consents,
        settings: Settings,
    ) -> None:
        self._store = store
        self._catalog = catalog
        self._audit = audit
        self._integrations = integrations
        self._consents = consents
        self._settings = settings

    async def create(self, project: Project, actor: Actor, new: NewSession) -> tuple[ConnectSession, str]:
        """Make a link: its row and its token, of 128 random bits. Raises `BadInput`, `NotFound`, `Unprocessable`, `Conflict`."""
        if not self._settings.public_url:
            raise Unprocessable("This hub does not listen, so that nobody could open the link: start it with `powerstrip serve`")
        row = await asyncio.to_thread(self._draft, project, actor, new)
        token = secrets.token_urlsafe(TOKEN_BYTES)
        row.token_hash = digest(token)

        def add(session: Session) -> ConnectSession:
            refuse_twin(session, project.id, row.provider, row.name)
            scope(session, project.id).add(row)
            self._record(session, actor, "create", row, {"provider": row.provider, "expires_at": row.expires_at})
            return row

        return await self._store.write(add), token

    async def list(self, project_id: str, *, after: tuple[str, str] | None = None, limit: int = 50) -> "list[ConnectSession]":
        """The project's links, newest first."""
        return await self._store.read(lambda session: scope(session, project_id).page(ConnectSession, after=after, limit=limit))

    async def get(self, project_id: str, id: str) -> ConnectSession:
        """One link. Raises `NotFound`."""
        return await self._store.read(lambda session: scope(session, project_id).get(ConnectSession, id))

    async def revoke(self, project: Project, actor: Actor, id: str) -> None:
        """Take a link back, also from somebody who is using it. Raises `NotFound`, and `Conflict` where it was used."""

        def work(session: Session) -> None:
            row: ConnectSession = scope(session, project.id).get(ConnectSession, id)
            if row.status == "used":
                raise Conflict("This link was used: delete the integration instead", code="session_used")
            row.status, row.finished_at = "revoked", stamp()
            session.add(row)
            waiting = (col(Consent.session_id) == id, col(Consent.status) == "pending")
            values = {"status": "failed", "reason_code": "revoked", "reason": "The link was taken back", "finished_at": stamp()}
            session.connection().execute(update(Consent).where(*waiting).values(**values))
            self._record(session, actor, "delete", row, {"status": "revoked"})

        await self._store.write(work)

    async def open(self, token: str) -> tuple[ConnectSession, Project]:
        """The link that is still good, and its project. Raises `NotFound`, the same for every reason."""

        def find(session: Session) -> tuple[ConnectSession, Project]:
            row = session.exec(select(ConnectSession).where(ConnectSession.token_hash == digest(token))).first()
            project = session.get(Project, row.project_id) if row else None
            if row is None or project is None or project.archived_at or not is_good(session, row):
                raise over()
            return row, project

        return await self._store.read(find)

    async def fill(self, token: str, auth_kind: str, credentials: Mapping[str, Any], ip: str | None) -> Integration:
        """Make the integration of a filled-in form. Raises `NotFound`, `BadInput` with paths, `Unprocessable` and `Conflict`.

        The provider is asked first where there is a call for it; a refused credential leaves the link as it was.
        """
        row, project = await self.open(token)
        _must_allow(row, auth_kind)
        new = NewIntegration(row.name, row.provider, credentials, row.config, auth_kind)
        testable = (await asyncio.to_thread(self._catalog.provider, row.provider)).account_check

        def used(session: Session, made: Integration) -> None:
            made.created_by = use_link(session, row.id, made.id)

        return await self._integrations.create(project, self.visitor(row, ip), new, probe=testable, also=used)

    async def begin(self, token: str, auth_kind: str, browser: str, ip: str | None) -> Begun:
        """Begin the provider's consent for this browser. Raises what `Consents.begin` raises."""
        row, project = await self.open(token)
        _must_allow(row, auth_kind)

        def bind(session: Session) -> None:
            session.connection().execute(
                update(ConnectSession).where(col(ConnectSession.id) == row.id).values(browser_hash=digest(browser))
            )

        await self._store.write(bind)
        new = NewConsent(row.provider, row.name, row.config, row.scopes or None, auth_kind)
        return await self._consents.begin(project, self.visitor(row, ip), new, session_id=row.id)

    @staticmethod
    def visitor(row: ConnectSession, ip: str | None) -> Actor:
        """Whoever holds the link, as the audit log names him."""
        return Actor(None, f"connect session {row.id}", ip=ip)

    def _draft(self, project: Project, actor: Actor, new: NewSession) -> ConnectSession:
        adapter = self._catalog.adapter(check_provider(new.provider))
        config = read_config(adapter, new.config)
        destination(adapter, config, self._settings)
        kinds = [auth.kind for auth in adapter.auths]
        unknown = [kind for kind in new.auth_kinds if kind not in kinds]
        if unknown or not kinds or adapter.built_in:
            raise _bad("auth_kinds", f"{adapter.title} has these ways to sign in: {', '.join(kinds) or 'none'}")
        if new.scopes is not None:
            oauth2_of(adapter)
        return ConnectSession(
            project_id=project.id,
            provider=adapter.id,
            name=clean_name(new.name),
            auth_kinds=list(dict.fromkeys(new.auth_kinds)) or kinds,
            scopes=list(check_scopes(new.scopes or ())),
            config=config,
            token_hash="",
            created_by=actor.principal_id,
            expires_at=rfc3339(_expiry(new.expires_at)),
        )

    def _record(self, session: Session, actor: Actor, action: str, row: ConnectSession, changes: dict[str, Any]) -> None:
        self._audit.append(
            session, actor, action, "connect_session", row.id, project_id=row.project_id, resource_name=row.name, changes=changes
        )


def _must_allow(row: ConnectSession, auth_kind: str) -> None:
    if auth_kind not in row.auth_kinds:
        raise Unprocessable("This link does not allow that way to sign in", code="unknown_auth_kind")


def _expiry(asked: datetime | None) -> datetime:
    """When a link is over: within a day, and not before somebody can open it. Raises `BadInput`."""
    latest = now() + timedelta(hours=MAX_HOURS)
    if asked is None:
        return latest
    if asked.tzinfo is None or not now() + timedelta(seconds=MIN_SECONDS) <= asked <= latest + timedelta(seconds=MIN_SECONDS):
        raise _bad("expires_at", f"Give a time with its zone, from a minute to {MAX_HOURS} hours from now")
    return asked


def _bad(field: str, message: str) -> BadInput:
    return BadInput(f"The link is not valid: {field}: {message}", details={"errors": [{"path": field, "message": message}]})
