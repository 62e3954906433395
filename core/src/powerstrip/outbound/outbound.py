"""The room put together: webhooks, the consumer that fills their outbox, and the sender that empties it."""

from powerstrip.edge import Deliveries
from powerstrip.events import Events
from powerstrip.outbound.health import Health
from powerstrip.outbound.outbox import CONSUMER, Outbox, listens
from powerstrip.outbound.secrets import Secrets
from powerstrip.outbound.sender import TRY_SECONDS, Sender
from powerstrip.outbound.sweep import forget_old
from powerstrip.outbound.webhooks import Webhooks
from powerstrip.store import AuditLog, Store
from powerstrip.vault import Vault


class Outbound:
    """Tells others what happens. It hands its consumer in to the events; `seconds` is what a target has to answer."""

    def __init__(
        self,
        store: Store,
        vault: Vault,
        audit: AuditLog,
        events: Events,
        deliveries: Deliveries,
        *,
        seconds: float = TRY_SECONDS,
    ) -> None:
        self._store = store
        self._deliveries = deliveries
        secrets = Secrets(vault)
        self._sender = Sender(store, secrets, deliveries, Health(audit, events), events, seconds=seconds)
        self.webhooks = Webhooks(store, secrets, deliveries, audit, self._sender.wake)
        events.add_consumer(CONSUMER, Outbox(self._sender.wake).take, listens)

    async def start(self) -> None:
        """Begin to send."""
        await self._sender.start()

    async def close(self) -> None:
        """Stop sending; what waits stays in the database."""
        await self._sender.close()
        await self._deliveries.close()

    async def sweep(self) -> None:
        """Now and then: forget old deliveries."""
        await self._store.hot(forget_old)
