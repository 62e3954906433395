"""Renewing consents before they run out: a look now and then at the tokens whose time has come.

Only tokens with a refresh token are renewed ahead: what an admin filled in can fetch a new one at any time, and does on use.
"""

import asyncio
import contextlib
from functools import partial

from sqlalchemy import Connection
from sqlmodel import Session, col, or_, select

from powerstrip.adapter import Adapter, PowerstripError
from powerstrip.catalog import Catalog
from powerstrip.clock import new_id, stamp
from powerstrip.connect.binding import check_destination, link_of
from powerstrip.connect.expiry import HUB
from powerstrip.connect.tokens.tokens import Tokens
from powerstrip.edge import Bound
from powerstrip.logs import Log
from powerstrip.problems import Problem
from powerstrip.settings import Settings
from powerstrip.store import AccessToken, Integration, Store
from powerstrip.vault import Purpose, Vault

LOOK_SECONDS = 30.0
AT_ONCE = 50
"""Tokens of one look; the rest has the next one."""
TOGETHER = 8
"""Requests at the same time."""

log = Log("powerstrip.tokens")


class Ahead:
    """The background look. Several processes may look: the lease sees to it that one asks."""

    def __init__(self, store: Store, vault: Vault, catalog: Catalog, settings: Settings, tokens: Tokens) -> None:
        self._store = store
        self._vault = vault
        self._catalog = catalog
        self._settings = settings
        self._tokens = tokens
        self._turns = asyncio.Semaphore(TOGETHER)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look."""
        self._task = asyncio.create_task(self._look_on(), name="tokens-ahead")

    async def close(self) -> None:
        """Stop looking; what is under way is the tokens' to finish."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def look(self) -> int:
        """Renew what is due now. Returns how many tokens were due; what fails is logged and tried again later."""
        due = await self._store.read(_due)
        await asyncio.gather(*(self._renew(row) for row in due))
        return len(due)

    async def _look_on(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self.look()
            except Problem as problem:
                log.warning("tokens.look_failed", code=problem.code)

    async def _renew(self, row: Integration) -> None:
        async with self._turns:
            try:
                adapter = await asyncio.to_thread(self._catalog.adapter, row.provider)
                bound = await self._store.hot(partial(self._bound, row=row, adapter=adapter))
                await self._tokens.renew(bound)
            except (PowerstripError, Problem) as error:
                log.warning("token.not_renewed", integration=row.id, error=type(error).__name__)

    def _bound(self, connection: Connection, row: Integration, adapter: Adapter) -> Bound:
        link = link_of(row)
        check_destination(link, adapter, self._settings)
        purpose = Purpose(f"{row.provider}:token", new_id("ask"), "live")
        return link.bound(adapter, "live", self._vault.use(connection, row.project_id, row.id, HUB, purpose))


def _due(session: Session) -> list[Integration]:
    """Integrations in use whose token is to be renewed."""
    at = stamp()
    query = (
        select(Integration)
        .join(AccessToken, col(AccessToken.integration_id) == col(Integration.id))
        .where(
            col(AccessToken.version) == col(Integration.credential_version),
            col(AccessToken.renewable),
            col(AccessToken.renew_at) <= at,
            or_(col(AccessToken.retry_at).is_(None), col(AccessToken.retry_at) <= at),
            col(Integration.status) == "active",
            col(Integration.mode) == "live",
        )
        .order_by(col(AccessToken.renew_at))
        .limit(AT_ONCE)
    )
    return list(session.exec(query).all())
