"""The door: a delivery comes in raw, and is answered once what it holds is kept.

The order is fixed: is there such an endpoint; is the delivery the provider's own, judged on raw bytes; what does the adapter
make of it; is it kept. Only then the provider hears 2xx.
"""

import time
from collections.abc import Sequence
from typing import ClassVar

from powerstrip.adapter import Acknowledgement, Delivery, Reply
from powerstrip.events import Events
from powerstrip.inbound.endpoints import Endpoints, Known
from powerstrip.inbound.ledger import Arrival, Kept, Ledger
from powerstrip.inbound.raw import headers_of, pack
from powerstrip.inbound.seen import SeenTokens
from powerstrip.inbound.understanding import NotUnderstood, Understanding
from powerstrip.inbound.verifying import Fetch, RawDelivery, Refusal, handed_over, verify
from powerstrip.logs import Log
from powerstrip.problems import NotFound, Problem, StoreUnavailable, Unauthenticated, Unprocessable
from powerstrip.rate import Buckets
from powerstrip.store import Store
from powerstrip.value import Value

MAX_BODY = 256 * 1024
"""Bytes of a delivery."""
NOTES_PER_SECOND, NOTES_AT_ONCE = 0.1, 50
"""Refused deliveries of one endpoint that are written down: whoever keeps sending must not fill the disk."""

NOTHING = Acknowledgement("")

log = Log("powerstrip.inbound")


class NotVerified(Unauthenticated):
    """The delivery does not prove to be the provider's own. The ledger tells why; the sender is not told."""

    code: ClassVar[str] = "not_verified"


class Arrived(Value):
    """A delivery as the web server gives it. `query` is raw."""

    method: str
    query: bytes
    headers: Sequence[tuple[bytes, bytes]]
    body: bytes
    origin: str = ""
    """Scheme and host as the sender wrote them, for a hub that is told no public address."""


class Door:
    """Takes deliveries."""

    def __init__(
        self,
        store: Store,
        endpoints: Endpoints,
        ledger: Ledger,
        events: Events,
        understanding: Understanding,
        fetch: Fetch,
        keep_days: int,
    ) -> None:
        self._store = store
        self._endpoints = endpoints
        self._ledger = ledger
        self._events = events
        self._understand = understanding
        self._fetch = fetch
        self._keep_days = keep_days
        self._notes = Buckets(NOTES_PER_SECOND, NOTES_AT_ONCE)

    async def find(self, id: str) -> Known:
        """The endpoint. Raises one and the same `NotFound` for those that are unknown, deleted, or switched off."""
        known = await self._endpoints.known(id) if id.isascii() and len(id) <= 40 else None
        if known is None:
            raise NotFound("There is nothing at this address")
        return known

    async def take(self, known: Known, arrived: Arrived) -> Acknowledgement:
        """Take a delivery, and give what to answer with. It is kept when this returns.

        Raises `NotVerified`, `Unprocessable` for what the adapter says is no event, and `StoreUnavailable`.
        """
        url = self._url(known, arrived)
        raw = RawDelivery(arrived.method, url, arrived.headers, arrived.body)
        if not known.secrets and (secret := handed_over(known.scheme, raw)):
            await self._endpoints.take_secret(known, secret)
            return NOTHING
        await self._verify(known, raw)
        delivery = Delivery(arrived.body, headers_of(arrived.headers), arrived.method, url)
        try:
            understood = await self._understand(known.adapter, delivery)
        except NotUnderstood as refusal:
            await self._refuse(known, str(refusal), pack(delivery))
            raise Unprocessable(f"The delivery is no event: {refusal}", code="no_event") from None
        if isinstance(understood, Reply):
            return Acknowledgement(understood.text)
        arrival = self._arrival(known, pack(delivery))
        await self._store.bulk(self._ledger.keep_all, (arrival, understood))
        self._events.told()
        return known.adapter.acknowledges or NOTHING

    async def _verify(self, known: Known, raw: RawDelivery) -> None:
        seen = SeenTokens(self._store, known.endpoint.id)
        verdict = await verify(known.scheme, raw, known.secrets, time.time(), fetch=self._fetch, seen=seen)
        if not isinstance(verdict, Refusal):
            return
        await self._refuse(known, f"{verdict.code}: {verdict.reason}")
        if verdict.code == "keys_unavailable":
            raise StoreUnavailable("The provider's keys cannot be had now", retry_after=30)
        raise NotVerified("The delivery does not prove to be the provider's own: check the secret of this endpoint")

    async def _refuse(self, known: Known, reason: str, raw: bytes | None = None) -> None:
        """Write a refusal down, if there were not too many of late."""
        if self._notes.take(known.endpoint.id) is not None:
            log.warning("inbound.refusals_not_recorded", endpoint_id=known.endpoint.id)
            return
        arrival = self._arrival(known, raw)
        try:
            await self._store.hot(lambda connection: self._ledger.refuse(connection, arrival, reason))
            self._events.wake()
        except Problem as problem:
            log.warning("inbound.refusal_not_recorded", code=problem.code)

    def _arrival(self, known: Known, raw: bytes | None) -> Arrival:
        endpoint = known.endpoint
        return Arrival(
            project_id=endpoint.project_id,
            channel=endpoint.id,
            provider=endpoint.provider,
            targets=known.targets,
            endpoint_id=endpoint.id,
            raw=raw,
            keep_days=self._keep_days,
        )

    def _url(self, known: Known, arrived: Arrived) -> str:
        """The address as the provider called it, which some signatures cover."""
        address = self._endpoints.url(known.endpoint.id)
        query = arrived.query.decode("ascii", "replace")
        return (address if "://" in address else f"{arrived.origin}{address}") + (f"?{query}" if query else "")


__all__ = ["MAX_BODY", "Arrived", "Door", "Kept", "NotVerified"]
