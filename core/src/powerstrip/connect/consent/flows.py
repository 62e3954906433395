"""Consents: from "connect this provider" over the provider's own page to an integration."""

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from powerstrip.adapter import Adapter, OAuth2
from powerstrip.catalog import Catalog
from powerstrip.clock import now, rfc3339
from powerstrip.connect.binding import destination
from powerstrip.connect.consent.apps import Apps
from powerstrip.connect.consent.landing import Landing
from powerstrip.connect.consent.records import SECONDS, Records
from powerstrip.connect.consent.redirects import authorize_link, check_return, new_verifier, redirect_uri
from powerstrip.connect.consent.values import (
    MAX_CODE,
    Answer,
    Begun,
    ConsentFailed,
    NewConsent,
    check_scopes,
    digest,
    oauth2_of,
    read_answer,
    web_address,
)
from powerstrip.connect.forms import check_provider, read_config
from powerstrip.connect.rows import refuse_twin
from powerstrip.connect.running import one_line
from powerstrip.connect.tokens import Exchange
from powerstrip.edge import Edge
from powerstrip.names import clean_name
from powerstrip.problems import BadInput, NotFound, Unprocessable
from powerstrip.settings import Settings
from powerstrip.store import Actor, Consent, Integration, Project, Store, scope

SERVER_WAYS = ("callback", "paste")
"""Ways whose answer may come to the hub's own redirect URI."""


class Consents:
    """Begins consents and takes their answers. Rows it returns hold no secret that is not sealed."""

    def __init__(
        self,
        store: Store,
        catalog: Catalog,
        edge: Edge,
        apps: Apps,
        exchange: Exchange,
        records: Records,
        landing: Landing,
        settings: Settings,
    ) -> None:
        self._store = store
        self._catalog = catalog
        self._edge = edge
        self._apps = apps
        self._exchange = exchange
        self._records = records
        self._landing = landing
        self._settings = settings

    async def begin(self, project: Project, actor: Actor, new: NewConsent, session_id: str | None = None) -> Begun:
        """Begin a consent: the link for the person, good for ten minutes and one answer.

        Raises `NotFound`, `BadInput`, `Conflict` for a name that is taken, and `Unprocessable` where the provider has no
        consent, or the platform no client for it.
        """
        before = await self._before(project, new)
        provider = check_provider(before.provider if before else new.provider)
        adapter = await asyncio.to_thread(self._catalog.adapter, provider)
        auth = oauth2_of(adapter, new.auth_kind)
        row = await self._draft(project, actor, new, before, adapter, auth)
        row.session_id = session_id
        client = await self._apps.required(provider, adapter.title)
        row.client_id = client.id
        if row.way == "device":
            return await self._begin_device(row, actor, adapter, auth)
        state, verifier = secrets.token_urlsafe(32), new_verifier()
        row.state_hash = digest(state)
        endpoint = await self._exchange.authorize_endpoint(adapter, auth, row.config)
        link = authorize_link(
            endpoint,
            auth,
            client.id,
            state=state,
            verifier=verifier,
            redirect=row.redirect_uri,
            scopes=row.scopes,
            config=row.config,
        )
        return Begun(await self._records.add(row, verifier, actor), link)

    async def answer(self, provider: str, answer: Answer, browser: str | None = None) -> Consent:
        """Take what the provider's redirect brought to the hub. Raises `ConsentFailed`; then nothing was stored."""
        consent, verifier = await self._records.claim_state(answer.state, provider, SERVER_WAYS, browser)
        return await self._landing.land(consent, verifier, answer)

    async def complete(self, project_id: str, actor: Actor, id: str, given: str) -> Consent:
        """Take what came to the admin's machine: the whole redirected address, or the code alone.

        Raises `NotFound` for another principal's consent, `BadInput` and `ConsentFailed`.
        """
        consent = await self._own(project_id, actor, id)
        if consent.way not in ("loopback", "paste"):
            raise Unprocessable("This consent is not ended by hand: its answer comes to the hub", code="wrong_way")
        answer = _read_given(given, consent)
        if answer.state and digest(answer.state) != consent.state_hash:
            raise ConsentFailed("This address belongs to another consent, or was used before. Start again", code="unknown_state")
        claimed, verifier = await self._records.claim(consent)
        return await self._landing.land(claimed, verifier, answer)

    async def status(self, project_id: str, id: str) -> Consent:
        """How a consent stands. The provider of a device flow is asked, where it is time to. Raises `NotFound`."""
        consent = await self._records.get(project_id, id)
        if consent.way == "device" and consent.status == "pending" and await self._records.take_turn(consent):
            with suppress(ConsentFailed):  # the row says why
                await self._landing.poll(consent, await self._records.secret(consent))
            return await self._records.get(project_id, id)
        return consent

    async def authorize_endpoint(self, provider: str, config: Mapping[str, Any]) -> str:
        """Where a provider asks for consent. Raises `NotFound`, `Unprocessable`, `Unavailable` and the edge's `Refused`."""
        adapter = await asyncio.to_thread(self._catalog.adapter, provider)
        return await self._exchange.authorize_endpoint(adapter, oauth2_of(adapter), config)

    async def _own(self, project_id: str, actor: Actor, id: str) -> Consent:
        consent = await self._records.get(project_id, id)
        if consent.principal_id != actor.principal_id or consent.session_id is not None:
            raise NotFound("There is no consent with this id that you began")
        return consent

    async def _before(self, project: Project, new: NewConsent) -> Integration | None:
        if new.integration_id is None:
            return None
        wanted = new.integration_id
        return await self._store.read(lambda session: scope(session, project.id).get(Integration, wanted))

    async def _draft(
        self, project: Project, actor: Actor, new: NewConsent, before: Integration | None, adapter: Adapter, auth: OAuth2
    ) -> Consent:
        mode = before.mode if before else new.mode or project.mode
        if mode == "sandbox" or project.mode == "sandbox":
            raise Unprocessable(
                f"A sandbox asks nobody for consent: create it without a credential, by `powerstrip integrations create "
                f"{adapter.id} --mode sandbox`",
                code="sandbox_consent",
            )
        config = before.config if before else await asyncio.to_thread(read_config, adapter, new.config)
        destination(adapter, config, self._settings)
        name = before.name if before else clean_name(new.name)
        if before is None:
            await self._store.read(lambda session: refuse_twin(session, project.id, adapter.id, name))
        return Consent(
            project_id=project.id,
            principal_id=actor.principal_id,
            actor_name=actor.name,
            key_id=actor.key_id,
            key_name=actor.key_name,
            integration_id=before.id if before else None,
            reconnects=before is not None,
            accept_other_account=new.accept_other_account,
            provider=adapter.id,
            auth_kind=auth.kind,
            client_id="",
            name=name,
            mode=mode,
            config=config,
            scopes=list(await self._scopes(auth, new.scopes, before)),
            way=new.way,
            redirect_uri=redirect_uri(self._settings, adapter.id, new.way, new.redirect_uri),
            return_to=check_return(self._settings, new.return_to),
            sealed=b"",
            expires_at=rfc3339(now() + timedelta(seconds=SECONDS)),
        )

    async def _scopes(self, auth: OAuth2, asked: Sequence[str] | None, before: Integration | None) -> tuple[str, ...]:
        """What to ask for. Connecting again keeps what was granted: a provider may take away what is not asked for anew."""
        wanted = auth.scopes if asked is None else check_scopes(asked)
        held = await self._landing.granted(before) if before else ()
        return tuple(dict.fromkeys((*held, *wanted)))

    async def _begin_device(self, row: Consent, actor: Actor, adapter: Adapter, auth: OAuth2) -> Begun:
        if not auth.device_url:
            raise Unprocessable(f"{adapter.title} has no device flow: leave `way` out", code="no_device_flow")
        client = await self._apps.required(row.provider, adapter.title)
        started = await self._exchange.device_start(adapter, auth, client, scopes=row.scopes, config=row.config)
        row.interval_seconds = round(started.interval)
        row.expires_at = rfc3339(now() + timedelta(seconds=min(started.lifetime, SECONDS)))
        row.due_at = rfc3339(now() + timedelta(seconds=started.interval))
        link = web_address(started.complete_url or started.verification_url)
        return Begun(await self._records.add(row, started.device_code, actor), link, one_line(started.user_code)[:64])


def _read_given(given: str, consent: Consent) -> Answer:
    """A code, or the address with it. Raises `BadInput` for an address that is not this consent's."""
    text = given.strip()
    if not text or len(text) > 4 * MAX_CODE or not text.isprintable():
        raise _bad_answer("Give the code, or the whole address that the browser was sent to")
    if "://" not in text:
        return Answer(code=text)
    if not text.startswith(consent.redirect_uri + "?"):
        raise _bad_answer("This is not the address that this consent leads back to")
    answer = read_answer(parse_qsl(urlsplit(text).query, keep_blank_values=True))
    if not answer.state:
        raise _bad_answer("The address is not whole: its `state` is missing")
    return answer


def _bad_answer(message: str) -> BadInput:
    return BadInput(f"The answer is not valid. {message}", details={"errors": [{"path": "answer", "message": message}]})
