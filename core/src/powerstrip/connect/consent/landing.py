"""The end of a consent: code for tokens, tokens for an account, and all of it kept in one transaction."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Protocol

from sqlmodel import Session, col, select

from powerstrip.adapter import Account, Adapter, OAuth2, PowerstripError, RateLimited, Unavailable
from powerstrip.catalog import Catalog
from powerstrip.clock import new_id
from powerstrip.connect.asking import Asker
from powerstrip.connect.binding import destination
from powerstrip.connect.consent.apps import Apps
from powerstrip.connect.consent.links import use_link
from powerstrip.connect.consent.records import Records, actor_of
from powerstrip.connect.consent.values import Answer, ConsentFailed, oauth2_of, refusal_of
from powerstrip.connect.forms import read_config
from powerstrip.connect.keeping import Keeper, unchanged
from powerstrip.connect.probing import account_question
from powerstrip.connect.rows import note_account, refuse_twin
from powerstrip.connect.running import one_line
from powerstrip.connect.tokens import Client, DeviceStart, Exchange, Grant, Pending
from powerstrip.names import name_key
from powerstrip.problems import Problem
from powerstrip.settings import Settings
from powerstrip.store import Actor, Consent, Integration, Store, scope


class KeepsGrants(Protocol):
    """Seals a grant as an integration's credential, in the caller's transaction."""

    def keep_grant(self, session: Session, integration: Integration, grant: Grant, actor: Actor) -> None: ...


class Landing:
    """Ends consents that were claimed. A failure is written down with its reason, and nothing else is."""

    def __init__(
        self,
        store: Store,
        catalog: Catalog,
        apps: Apps,
        exchange: Exchange,
        tokens: KeepsGrants,
        records: Records,
        keeper: Keeper,
        asker: Asker,
        settings: Settings,
    ) -> None:
        self._store = store
        self._catalog = catalog
        self._apps = apps
        self._exchange = exchange
        self._tokens = tokens
        self._records = records
        self._keeper = keeper
        self._asker = asker
        self._settings = settings

    async def land(self, consent: Consent, verifier: str, answer: Answer) -> Consent:
        """Make the integration of an answer. Raises `ConsentFailed`; the provider's code is used up either way."""
        async with self._noting(consent):
            adapter, auth, client = await self._parts(consent)
            _judge(answer, auth)
            grant = await self._exchange.code(
                adapter,
                auth,
                client,
                code=answer.code,
                verifier=verifier,
                redirect_uri=consent.redirect_uri,
                config=consent.config,
            )
            return await self._keep(consent, adapter, auth, grant)

    async def poll(self, consent: Consent, device_code: str) -> None:
        """Ask once whether the person at the device has confirmed. Raises `ConsentFailed` where it came to nothing."""
        async with self._noting(consent):
            adapter, auth, client = await self._parts(consent)
            start = DeviceStart(
                device_code=device_code, user_code="", verification_url="", interval=float(consent.interval_seconds)
            )
            found = await self._poll_once(adapter, auth, client, start, consent)
            if isinstance(found, Pending):
                return await self._records.put_off(consent, round(found.interval))
            claimed, _ = await self._records.claim(consent)
            await self._keep(claimed, adapter, auth, found)
            return None

    async def granted(self, integration: Integration) -> tuple[str, ...]:
        """The scopes of the integration's last consent, as far as the provider told; empty where there was none."""
        last = (
            select(Consent)
            .where(
                col(Consent.project_id) == integration.project_id,
                col(Consent.integration_id) == integration.id,
                col(Consent.status) == "connected",
            )
            .order_by(col(Consent.finished_at).desc())
        )
        row: Consent | None = await self._store.read(lambda session: session.exec(last).first())
        return tuple(row.granted or row.scopes) if row else ()

    async def _poll_once(
        self, adapter: Adapter, auth: OAuth2, client: Client, start: DeviceStart, consent: Consent
    ) -> Grant | Pending:
        try:
            return await self._exchange.device_poll(adapter, auth, client, start, config=consent.config)
        except (RateLimited, Unavailable):
            return Pending(interval=2 * start.interval)  # not a no: the person may still confirm

    async def _parts(self, consent: Consent) -> tuple[Adapter, OAuth2, Client]:
        """What it takes to end a consent. Raises `ConsentFailed` where the platform's client is another by now."""
        adapter = await asyncio.to_thread(self._catalog.adapter, consent.provider)
        client = await self._apps.required(consent.provider, adapter.title)
        if client.id != consent.client_id:
            raise ConsentFailed("The hub's OAuth client was replaced meanwhile. Start again", code="app_changed")
        return adapter, oauth2_of(adapter, consent.auth_kind), client

    async def _keep(self, consent: Consent, adapter: Adapter, auth: OAuth2, grant: Grant) -> Consent:
        before = await self._before(consent)
        row = before or self._new_row(consent, adapter)
        row = await asyncio.to_thread(self._as_told, row, adapter, auth, grant)
        trial = Integration(**row.model_dump())
        trial.auth_kind, trial.credential_fields = auth.kind, ["access_token"]
        actor = actor_of(consent)
        account = await self._account(trial, adapter, actor, grant)
        if before is not None:
            _same_account(before, account, consent)

        def store(session: Session) -> str:
            kept = self._stored(session, consent, row, before is not None, adapter)
            kept.auth_kind, kept.status, kept.status_reason = auth.kind, "active", ""
            self._keeper.touch(session, kept)
            self._tokens.keep_grant(session, kept, grant, actor)
            note_account(kept, account)  # after it: the version that is replaced keeps the account that it was of
            granted = list(grant.scopes or ())
            facts = {"fields": ["credentials"], "consent_id": consent.id, "provider": kept.provider, "scopes": granted}
            self._keeper.record(session, actor, "update" if before else "create", kept, facts)
            self._records.finish(session, consent, kept.id, granted)
            if consent.session_id is not None:
                kept.created_by = use_link(session, consent.session_id, kept.id)
            return kept.id

        await self._store.write(store)
        return await self._records.get(consent.project_id, consent.id)

    def _stored(self, session: Session, consent: Consent, row: Integration, known: bool, adapter: Adapter) -> Integration:
        """The row in this session: as it lies there, or new. Raises `Conflict` and `NotFound`."""
        if known:
            kept: Integration = unchanged(session, row)
            kept.config = dict(row.config)
            kept.origin = destination(adapter, kept.config, self._settings)
            return kept
        refuse_twin(session, consent.project_id, consent.provider, consent.name)
        return scope(session, consent.project_id).add(Integration(**row.model_dump()))

    def _as_told(self, row: Integration, adapter: Adapter, auth: OAuth2, grant: Grant) -> Integration:
        """The integration with the settings that the answer with the token fills in. It belongs to no session.

        Raises `ConsentFailed` where they do not fit, or lead to an address that the adapter does not declare.
        """
        changed = Integration(**row.model_dump())
        try:
            if not (told := self._exchange.told(adapter, auth, grant, row.config)):
                return row
            changed.config = read_config(adapter, {**row.config, **told})
            changed.origin = destination(adapter, changed.config, self._settings)
        except (Problem, PowerstripError) as error:
            words = f"What the provider told with the token cannot be used: {error.message}"
            raise ConsentFailed(words, code="provider_refused") from None
        return changed

    async def _before(self, consent: Consent) -> Integration | None:
        if not consent.reconnects or consent.integration_id is None:
            return None
        return await self._keeper.get(consent.project_id, consent.integration_id)

    def _new_row(self, consent: Consent, adapter: Adapter) -> Integration:
        return Integration(
            id=new_id("int"),
            project_id=consent.project_id,
            provider=consent.provider,
            name=consent.name,
            name_key=name_key(consent.name),
            mode="live",
            auth_kind=consent.auth_kind,
            origin=destination(adapter, consent.config, self._settings),
            config=dict(consent.config),
            created_by=consent.principal_id,
        )

    async def _account(self, row: Integration, adapter: Adapter, actor: Actor, grant: Grant) -> Account | None:
        """Whose token it is; None where the provider has no call for that."""
        question = account_question(adapter)
        if question is None:
            return None
        token = {"access_token": grant.access_token}
        return await self._asker.offer(row, adapter, actor, token, question)

    @asynccontextmanager
    async def _noting(self, consent: Consent) -> AsyncGenerator[None]:
        """Write down why a consent came to nothing, and raise it as `ConsentFailed`."""
        try:
            yield
        except ConsentFailed as failure:
            error = failure
        except Problem as problem:
            error = ConsentFailed(problem.message, code=problem.code, details=problem.details)
        except PowerstripError as refused:
            error = ConsentFailed(f"The provider did not give access: {one_line(refused.message)}", code="provider_refused")
        else:
            return
        await self._records.fail(consent, error.code, error.message)
        raise error from None


def _judge(answer: Answer, auth: OAuth2) -> None:
    """RFC 9207, 2.4: where the server says who it is, nobody else's answer counts, not even a refusal.

    A code that was pasted without its address tells no issuer; PKCE binds it to the server that was asked.
    """
    if auth.issuer and answer.state and answer.iss != auth.issuer:
        raise ConsentFailed("The answer came from another server than the one that was asked. Start again", code="wrong_issuer")
    failure = refusal_of(answer)
    if failure is not None:
        raise failure


def _same_account(before: Integration, account: Account | None, consent: Consent) -> None:
    """Raises `ConsentFailed` where an integration would silently act for somebody else."""
    if account is None or not before.account_id or account.id == before.account_id or consent.accept_other_account:
        return
    raise ConsentFailed(
        f"This is another account ({account.name}) than the integration's ({before.account_name}). Consent with the right one, "
        "connect this one as an integration of its own, or say that the change is meant",
        code="other_account",
    )
