"""The room put together."""

from datetime import timedelta

from powerstrip.catalog import Catalog
from powerstrip.clock import now, rfc3339
from powerstrip.connect import Integrations
from powerstrip.edge import Edge
from powerstrip.events import Events
from powerstrip.inbound.documents import documents
from powerstrip.inbound.door import Door
from powerstrip.inbound.endpoints import Endpoints
from powerstrip.inbound.firing import Firing
from powerstrip.inbound.history import History
from powerstrip.inbound.ledger import Ledger
from powerstrip.inbound.polls import Polls
from powerstrip.inbound.subscriptions import Subscriptions
from powerstrip.inbound.sweeping import sweep
from powerstrip.inbound.understanding import Understanding
from powerstrip.settings import Settings
from powerstrip.store import Actor, AuditLog, Integration, Store
from powerstrip.vault import Vault


class Inbound:
    """Everything that comes in. `endpoints`, `door`, `history`, `firing`, `subscriptions` and `polls` are its parts."""

    def __init__(
        self,
        store: Store,
        vault: Vault,
        catalog: Catalog,
        edge: Edge,
        integrations: Integrations,
        events: Events,
        audit: AuditLog,
        settings: Settings,
    ) -> None:
        self._store = store
        self._keep = timedelta(days=settings.keep_raw_days)
        self._understanding = Understanding()
        self.ledger = Ledger(vault, events)
        self.endpoints = Endpoints(store, vault, catalog, audit, settings)
        self.door = Door(store, self.endpoints, self.ledger, events, self._understanding, documents(edge), settings.keep_raw_days)
        self.history = History(store, events, audit)
        self.firing = Firing(store, vault, catalog, events, self.ledger, self.history, self._understanding, audit)
        self.subscriptions = Subscriptions(store, vault, catalog, integrations, self.endpoints, audit)
        self.polls = Polls(store, catalog, integrations, self.ledger, events, audit)
        self.endpoints.add_farewell(self._leave_endpoint)
        integrations.add_farewell(self._leave_integration)

    async def start(self) -> None:
        """Begin to look for events, and to keep registrations at providers."""
        await self.subscriptions.start()
        await self.polls.start()

    async def _leave_endpoint(self, project_id: str, actor: Actor, id: str) -> None:
        await self.subscriptions.leave(project_id, actor, endpoint_id=id)

    async def _leave_integration(self, row: Integration, actor: Actor) -> None:
        await self.subscriptions.leave(row.project_id, actor, integration_id=row.id)
        await self.polls.leave(row, actor)

    async def sweep(self) -> int:
        """Remove raw deliveries and refusals whose time is over."""
        before = rfc3339(now() - self._keep)
        return await self._store.hot(lambda connection: sweep(connection, before))

    async def close(self) -> None:
        """Stop, and let go of the threads."""
        await self.polls.close()
        await self.subscriptions.close()
        self._understanding.close()
