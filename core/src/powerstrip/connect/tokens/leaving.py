"""The end of a consent: when an integration goes, its provider is told to forget the tokens (RFC 7009).

The integration is gone first, for that is what was asked for. Then the provider is told once, and what came of it is on record. A
renewal that is under way in that moment may still bring a token, which nobody keeps and nobody revokes.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

from sqlmodel import Session, col, select

from powerstrip.adapter import Adapter, OAuth2, PowerstripError, Unavailable
from powerstrip.catalog import Catalog
from powerstrip.connect.running import one_line
from powerstrip.connect.tokens.exchange import Exchange
from powerstrip.connect.tokens.rows import held_of, is_consent, of_integration
from powerstrip.connect.tokens.tokens import Clients
from powerstrip.logs import Log
from powerstrip.problems import Problem
from powerstrip.store import Actor, AuditLog, Integration, Store, connection_of
from powerstrip.value import Hidden, Value
from powerstrip.vault import SealBroken, Vault

SECONDS = 20.0
"""How long a hub that closes waits for what it tells providers."""
SHARED = "stays: another integration here is connected to the same account, and would lose its access too"

log = Log("powerstrip.tokens")


class Leave(Value):
    """A consent that may be ended, and how."""

    adapter: Adapter
    auth: OAuth2


class Parting(Value):
    """What the provider is to forget, once the integration is gone."""

    leave: Leave
    actor: Actor
    project_id: str
    integration_id: str
    name: str
    config: Mapping[str, Any]
    tokens: Hidden[tuple[str, ...]]


class Leaving:
    """Ends consents at their providers, as well as that goes."""

    def __init__(
        self, store: Store, vault: Vault, audit: AuditLog, catalog: Catalog, exchange: Exchange, clients: Clients
    ) -> None:
        self._store = store
        self._vault = vault
        self._audit = audit
        self._catalog = catalog
        self._exchange = exchange
        self._clients = clients
        self._tasks: set[asyncio.Task[None]] = set()

    async def prepare(self, row: Integration) -> Leave | None:
        """How the integration's consent can be ended; None where it has none, or nobody knows its provider any more."""
        try:
            adapter = await asyncio.to_thread(self._catalog.adapter, row.provider)
        except Problem:
            return None
        auth = next((each for each in adapter.auths if each.kind == row.auth_kind), None)
        return Leave(adapter, auth) if isinstance(auth, OAuth2) else None

    async def plan(self, row: Integration) -> str | None:
        """What would become of the integration's consent, None where it has none."""
        leave = await self.prepare(row)
        if leave is None:
            return None
        return await self._store.read(lambda session: self.fate(session, row, leave))

    def fate(self, session: Session, row: Integration, leave: Leave) -> str | None:
        """The same, in a transaction."""
        title = leave.adapter.title
        if not is_consent(session, row):
            return None
        if not leave.auth.revoke_url:
            return f"stays at {title}: end it there, in the account's settings"
        return SHARED if _is_shared(session, row) else f"revoked at {title}, where that answers"

    def take(self, session: Session, row: Integration, leave: Leave, actor: Actor) -> Parting | None:
        """Read the tokens before they are removed, in that transaction and with an audit row. None where none is revoked."""
        if not leave.auth.revoke_url or not is_consent(session, row) or _is_shared(session, row):
            return None
        tokens = self._tokens(session, row)
        if not tokens:
            return None
        facts = {"action": f"{row.provider}:revoke", "credential_version": row.credential_version}
        self._record(session, actor, "use", row.project_id, row.id, row.name, facts)
        return Parting(leave, actor, row.project_id, row.id, row.name, dict(row.config), tokens)

    def begin(self, parting: Parting) -> None:
        """Tell the provider, in the background. Call it after the commit."""
        task = asyncio.create_task(self._tell(parting), name="revoke")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Wait for what is under way."""
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=SECONDS)

    async def _tell(self, parting: Parting) -> None:
        problem = await self._problem(parting)
        facts = {"consent": "not revoked", "reason": problem} if problem else {"consent": "revoked"}
        if problem:
            log.warning("token.not_revoked", integration=parting.integration_id, reason=problem)
        at = (parting.project_id, parting.integration_id, parting.name)
        await self._store.write(lambda session: self._record(session, parting.actor, "update", *at, facts))

    async def _problem(self, parting: Parting) -> str:
        """Tell the provider; why it did not go, empty where it went."""
        adapter, auth = parting.leave.adapter, parting.leave.auth
        try:
            client = await self._clients(adapter.id)
            if client is None:
                raise Unavailable(f"No OAuth client is configured for {adapter.title}")
            for token in parting.tokens:
                if not await self._exchange.revoke(adapter, auth, client, token=token, config=parting.config):
                    return f"{adapter.title} did not say yes: end the access there, in the account's settings"
        except (PowerstripError, Problem) as error:
            return one_line(error.message)
        return ""

    def _tokens(self, session: Session, row: Integration) -> tuple[str, ...]:
        """A token of each version that is kept: the one to renew with, else the access token itself."""
        connection = connection_of(session)
        try:
            held = [held_of(connection, self._vault, each) for each in of_integration(connection, row.id)]
        except SealBroken:
            return ()  # it goes with the rest of what cannot be opened
        return tuple(dict.fromkeys(each.refresh or each.token for each in held if each is not None))

    def _record(
        self, session: Session, actor: Actor, action: str, project_id: str, id: str, name: str, changes: dict[str, Any]
    ) -> None:
        self._audit.append(session, actor, action, "integration", id, project_id=project_id, resource_name=name, changes=changes)


def _is_shared(session: Session, row: Integration) -> bool:
    """Whether the same account is connected once more: many providers keep one grant for each account and client."""
    if row.account_id is None:
        return False
    same = (col(Integration.provider) == row.provider, col(Integration.account_id) == row.account_id)
    others = select(Integration.id).where(
        *same, col(Integration.id) != row.id, col(Integration.auth_kind) == row.auth_kind, col(Integration.credential_version) > 0
    )
    return session.exec(others).first() is not None
