"""Access tokens for the edge: from memory while they are good, else fetched once for all who wait."""

import asyncio
import random
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any, TypeAlias

from sqlalchemy import Connection, Row
from sqlmodel import Session

from powerstrip.adapter import Adapter, AuthFailed, OAuth2, PowerstripError, Response, TokenAuth, Unavailable
from powerstrip.clock import new_id, now
from powerstrip.connect.tokens import rows
from powerstrip.connect.tokens.exchange import Exchange
from powerstrip.connect.tokens.patience import LEASE_SECONDS, Patience
from powerstrip.connect.tokens.renewal import Records, answer_of, overtaken, waits
from powerstrip.connect.tokens.rows import MARK, Held, Key, Lease
from powerstrip.connect.tokens.states import TokenState, state_of, token_states
from powerstrip.connect.tokens.values import Client, Grant
from powerstrip.edge import Bound
from powerstrip.logs import Log
from powerstrip.problems import Problem
from powerstrip.store import Actor, AuditLog, Integration, Store, connection_of
from powerstrip.value import Value
from powerstrip.vault import SealedCredential, Vault

Clients: TypeAlias = Callable[[str], Awaitable[Client | None]]
"""Gives this hub's OAuth client at a provider, by the provider's id; None where the operator set none."""

KEPT = 10_000
"""Tokens in memory; the one unused for longest goes first."""
FRESH = timedelta(seconds=60)
"""A token younger than this, or than a quarter of its life, that the provider refuses is not renewed: another one would fare no
better. An older one is: its time may have begun earlier than the hub was told, as that of an answer given once more."""

log = Log("powerstrip.tokens")


class Pace(Value):
    """Times that tests can set: until a silent lease is over, and between two looks at another's, in seconds."""

    lease: float = LEASE_SECONDS
    poll: float = 0.1
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep


class Want(Value):
    """What a flight is to bring: any good token, another than `refused`, or an early renewal (`ahead`)."""

    key: Key
    bound: Bound
    auth: TokenAuth
    fields: Mapping[str, str]
    refused: str | None = None
    ahead: bool = False

    def satisfied(self, held: Held) -> bool:
        """Whether this token will do."""
        at = now()
        if self.refused is not None and held.token == self.refused:
            return held.good(at) and at - held.fetched_at < min(FRESH, held.life / 4)
        return held.good(at) and not (self.ahead and held.due(at))

    @property
    def renewable(self) -> bool:
        """Whether a form's credentials can fetch a token without anybody's consent."""
        return not self.auth.needs_consent


_Memory: TypeAlias = tuple[Key, bytes]
"""A key and the end of its sealed credential: a version's number may come again after the credential was removed."""
_USUAL = Pace()


class Tokens:
    """One for each hub process. On SQLite no other process is on the database, so every lease but one's own is over."""

    def __init__(
        self, store: Store, vault: Vault, audit: AuditLog, exchange: Exchange, clients: Clients, pace: Pace = _USUAL
    ) -> None:
        self._store = store
        self._vault = vault
        self._records = Records(vault, audit)
        self._exchange = exchange
        self._clients = clients
        self._pace = pace
        self._patience = Patience(self._pace.lease)
        self._me = new_id("hub")
        self._held: OrderedDict[_Memory, Held] = OrderedDict()
        self._flights: dict[Key, asyncio.Task[Held]] = {}

    async def access(self, bound: Bound, *, refused: str | None = None) -> Mapping[str, str]:
        """The integration's access token, among all its secrets. See `powerstrip.edge.Access`.

        Raises `AuthFailed` where somebody has to connect again, `Unavailable` and `RateLimited` where it may work later.
        """
        credential, auth = bound.credential, bound.auth
        if not isinstance(auth, TokenAuth) or not isinstance(credential, SealedCredential):
            raise AuthFailed("This integration is not connected: connect it")
        if credential.version == 0:
            return await self._on_trial(bound, auth, credential)
        key = Key(bound.project_id, bound.integration_id, credential.version)
        memory = (key, credential.sealed[-16:])
        held = self._held.get(memory)
        want = Want(key, bound, auth, {}, refused)
        if held is None or not want.satisfied(held):
            held = await self._fetched(memory, want, credential)
        elif held.due(now()):
            self._start(memory, want, credential, ahead=True)
        return held.fields

    def keep_grant(self, session: Session, integration: Integration, grant: Grant, actor: Actor) -> None:
        """Make a consent's grant the integration's credential, as its next version; the caller writes the audit row.

        The version before stays as a way back, with its tokens. Status and account are the caller's to set.
        """
        self._vault.store_credential(session, integration, {MARK: "granted"}, actor)
        key = Key(integration.project_id, integration.id, integration.credential_version)
        connection = connection_of(session)
        row = rows.ensure(connection, key)
        lease = rows.take(connection, self._vault, key, row, self._me)
        if lease is None or rows.keep_token(connection, self._vault, lease, grant, random.random()) is None:  # noqa: S311 - a spread
            raise overtaken()
        rows.forget_older(session, integration)

    async def state(self, integration: Integration, adapter: Adapter | None) -> TokenState | None:
        """What may be shown of the integration's token; None where none was fetched."""
        project_id = integration.project_id
        found = await self._store.read(lambda session: token_states(session, project_id, [integration]))
        row = found.get(integration.id)
        return None if row is None else state_of(row, adapter, integration.auth_kind)

    async def renew(self, bound: Bound) -> None:
        """Renew a token ahead of its end, in the background. Raises as `access` does."""
        credential, auth = bound.credential, bound.auth
        if isinstance(auth, TokenAuth) and isinstance(credential, SealedCredential) and credential.version:
            key = Key(bound.project_id, bound.integration_id, credential.version)
            memory = (key, credential.sealed[-16:])
            await asyncio.shield(self._start(memory, Want(key, bound, auth, {}), credential, ahead=True))

    async def close(self) -> None:
        """Let the requests under way come to their end: their answers are worth it."""
        flights = list(self._flights.values())
        if flights:
            await asyncio.wait(flights, timeout=self._pace.lease)
        for flight in flights:
            flight.cancel()

    async def _fetched(self, memory: _Memory, want: Want, credential: SealedCredential) -> Held:
        """A token that will do. A flight under way may bring one that is refused here already: then another is asked for."""
        held = await asyncio.shield(self._start(memory, want, credential))
        if not want.satisfied(held) and want.refused == held.token:
            held = await asyncio.shield(self._start(memory, want, credential))
        return held

    def _start(self, memory: _Memory, want: Want, credential: SealedCredential, *, ahead: bool = False) -> "asyncio.Task[Held]":
        """The flight for this token: one in the process, whoever waits for it and whoever stops waiting."""
        flight = self._flights.get(want.key)
        if flight is None:
            wanted = Want(want.key, want.bound, want.auth, self._vault.reveal(credential), want.refused, ahead)
            flight = asyncio.create_task(self._fly(memory, wanted), name="access-token")
            self._flights[want.key] = flight
            flight.add_done_callback(partial(self._landed, want.key))
        return flight

    def _landed(self, key: Key, flight: "asyncio.Task[Held]") -> None:
        self._flights.pop(key, None)
        if not flight.cancelled() and (error := flight.exception()) is not None:
            log.warning("token.failed", integration=key.integration_id, error=type(error).__name__)

    async def _fly(self, memory: _Memory, want: Want) -> Held:
        """Look, wait while another process asks, take the lease, ask."""
        while True:
            step = await self._store.hot(partial(self._step, want=want))
            if isinstance(step, Lease):
                kept = step.answer is not None
                step = await self._asked(step, want)
                if kept and isinstance(step, Held) and not want.satisfied(step):
                    continue  # what a dead process was given ran out before anybody could use it
            if isinstance(step, PowerstripError):
                raise step
            if isinstance(step, Held):
                held = step.among(want.fields if want.renewable else {})
                self._remember(memory, held)
                return held
            await self._pace.pause(self._pace.poll)

    def _step(self, connection: Connection, want: Want) -> Held | Lease | PowerstripError | None:
        """A token that will do, the lease to get one, what forbids it, or None to look again later."""
        row = rows.find(connection, want.key)
        if not self._records.stands(connection, want.key) or (row is None and not want.renewable):
            return AuthFailed("This integration is not connected: connect it")
        row = row or rows.ensure(connection, want.key)
        held = rows.held_of(connection, self._vault, row)
        if held is not None and want.satisfied(held):
            return held
        if row.holder and not self._over(row):
            return None
        if row.answer is None and (stop := self._forbidden(connection, want, held, row)) is not None:
            return stop
        return self._records.begin(connection, want.key, row, self._me, want.bound)

    def _over(self, row: Row[Any]) -> bool:
        """Whether the lease's holder is gone. One of this process that is not in the air any more always is."""
        return self._store.sqlite or row.holder == self._me or self._patience.over(row.id, row.fence)

    def _forbidden(self, connection: Connection, want: Want, held: Held | None, row: Row[Any]) -> Held | PowerstripError | None:
        """Why the provider is not asked now."""
        usable = held is not None and held.good(now())
        if not want.renewable and (held is None or held.refresh is None):
            if held is not None and usable:
                return held
            reason = "The access has run out, and the provider gave nothing to renew it with: connect the integration again"
            self._records.expire(connection, want.key, reason)
            return AuthFailed(reason)
        wait = waits(row, now())
        if wait and not row.holder:
            if held is not None and usable and want.refused is None:
                return held
            return Unavailable(row.problem or "The provider gives no access token for now", wait)
        return None

    async def _asked(self, lease: Lease, want: Want) -> Held | PowerstripError:
        """Use the lease: ask the provider, keep the answer, read it."""
        if lease.answer is not None:
            response = answer_of(lease.answer)
        else:
            try:
                response = await self._ask(lease, want)
            except PowerstripError as error:
                outcome = await self._store.hot(partial(self._records.failed, lease=lease, error=error))
                return outcome.error or overtaken()
            if not await self._store.hot(partial(self._records.answered, lease=lease, response=response)):
                return overtaken()
        spread = random.random()  # noqa: S311
        settle = partial(self._records.settle, lease=lease, auth=want.auth, answer=response, spread=spread)
        outcome = await self._store.hot(settle)
        return outcome.held or outcome.error or overtaken()

    async def _ask(self, lease: Lease, want: Want) -> Response:
        bound, auth = want.bound, want.auth
        if not isinstance(auth, OAuth2):
            return await self._exchange.ask_own(bound.adapter, auth, credentials=want.fields, config=bound.config)
        refresh = lease.current.refresh if lease.current else None
        if refresh is None:
            raise overtaken()
        client = await self._client(bound)
        return await self._exchange.ask_refresh(bound.adapter, auth, client, refresh_token=refresh, config=bound.config)

    async def _client(self, bound: Bound) -> Client:
        try:
            client = await self._clients(bound.provider)
        except Problem as problem:
            raise Unavailable(problem.message) from None
        if client is None:
            raise Unavailable(f"OAuth client id and secret are not configured for {bound.adapter.title}: the operator sets them")
        return client

    async def _on_trial(self, bound: Bound, auth: TokenAuth, credential: SealedCredential) -> Mapping[str, str]:
        """A token for a credential that is not kept yet, kept in memory alone. A consent brings its token along."""
        key = Key(bound.project_id, bound.integration_id, 0)
        memory = (key, credential.sealed[-16:])
        if memory in self._held:
            return self._held[memory].fields
        fields = self._vault.reveal(credential)
        if auth.needs_consent:
            return fields
        facts = {"action": f"{bound.provider}:token", "offered": True}
        await self._store.hot(partial(self._records.fetched, key=key, facts=facts))
        grant = await self._exchange.own(bound.adapter, auth, credentials=fields, config=bound.config)
        held = Held(grant.access_token, None, now(), None, None).among(fields)
        self._remember(memory, held)
        return held.fields

    def _remember(self, memory: _Memory, held: Held) -> None:
        self._held[memory] = held
        self._held.move_to_end(memory)
        if len(self._held) > KEPT:
            self._held.popitem(last=False)
