"""Sends what waits: takes due deliveries, tries each beside the others, writes down how it ended."""

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from functools import partial

from sqlalchemy import Connection

from powerstrip.adapter import PowerstripError
from powerstrip.clock import now, rfc3339
from powerstrip.connect import keep_ledger
from powerstrip.edge import Deliveries, Receipt
from powerstrip.events import Events
from powerstrip.logs import Log
from powerstrip.outbound import queue
from powerstrip.outbound.health import Health
from powerstrip.outbound.ledger import ledger_row
from powerstrip.outbound.queue import Parcel, Round
from powerstrip.outbound.schedule import Chance, Ending, next_try, verdict_of, words_of
from powerstrip.outbound.secrets import Secrets
from powerstrip.outbound.signing import SigningKey, sign
from powerstrip.problems import Problem
from powerstrip.store import Store
from powerstrip.vault import find_secrets

TRY_SECONDS = 15.0
"""How long a target may take to answer."""
IDLE = 5.0
"""Seconds between looks when nobody wakes the sender: for what another process of the same database wrote."""
TROUBLE = 1.0
"""Seconds to wait when the database does not answer."""
_NO_KEY = "The signing key does not open: rotate the webhook's secret, and run powerstrip audit verify"

log = Log("powerstrip.outbound")


class Sender:
    """The worker of one hub process. At least once: a try whose end was not written down is made again, under the same id."""

    def __init__(
        self,
        store: Store,
        secrets: Secrets,
        deliveries: Deliveries,
        health: Health,
        events: Events,
        *,
        seconds: float = TRY_SECONDS,
        chance: Chance = random.random,
    ) -> None:
        self._store = store
        self._secrets = secrets
        self._deliveries = deliveries
        self._health = health
        self._events = events
        self._seconds = seconds
        self._chance = chance
        self._busy: Counter[str] = Counter()
        self._woken = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._trying: set[asyncio.Task[None]] = set()

    def wake(self) -> None:
        """Look at once. May be called from any thread; does nothing before `start`."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._woken.set)

    async def start(self) -> None:
        """Begin to send, with what an earlier process left under way."""
        self._loop = asyncio.get_running_loop()
        if self._store.sqlite:  # on PostgreSQL another hub may be at it: its lease decides
            await self._store.hot(queue.release)
        self._task = asyncio.create_task(self._work(), name="webhooks")

    async def close(self) -> None:
        """Take no more and let go of what is under way: its lease ends, and it is tried again."""
        self._loop = None
        for task in (self._task, *self._trying):
            if task is not None:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
        self._task = None

    async def _work(self) -> None:
        while self._loop is not None:
            self._woken.clear()
            try:
                await self._rest(await self._round())
            except Problem as problem:
                log.warning("webhooks.not_sent", code=problem.code)
                await asyncio.sleep(TROUBLE)

    async def _round(self) -> Round:
        """Take what is due and begin to try it."""
        busy = dict(self._busy)
        taken = await self._store.hot(lambda connection: queue.take(connection, self._secrets, busy))
        for parcel in taken.parcels:
            self._busy[parcel.webhook_id] += 1
            task = asyncio.create_task(self._try(parcel), name=f"delivery {parcel.id}")
            self._trying.add(task)
            task.add_done_callback(partial(self._tried, parcel.webhook_id))
        return taken

    async def _rest(self, taken: Round) -> None:
        """Until somebody wakes us, the next delivery is due, or it is time to look anyway."""
        pause = IDLE
        if taken.next_due is not None:
            pause = min(max((datetime.fromisoformat(taken.next_due) - now()).total_seconds(), 0.0), IDLE)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await self._woken.wait()

    def _tried(self, webhook_id: str, task: "asyncio.Task[None]") -> None:
        """Room for the next one."""
        self._trying.discard(task)
        self._busy[webhook_id] -= 1
        if not self._busy[webhook_id]:
            del self._busy[webhook_id]
        self._woken.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            log.warning("webhooks.try_lost", error=type(error).__name__)

    async def _try(self, parcel: Parcel) -> None:
        if not parcel.keys:
            return await self._end(parcel, Ending("refused", _NO_KEY))
        headers = sign(parcel.webhook_id, parcel.event_type, parcel.id, parcel.body, parcel.keys, now())
        if parcel.mode == "sandbox":
            row = ledger_row(parcel.project_id, parcel.url, self._deliveries.wire_headers(headers), parcel.body, parcel.id)
            return await self._end(parcel, Ending("delivered"), lambda connection: keep_ledger(connection, [row], invoked=False))
        await self._end(parcel, await attempt(self._deliveries, parcel.url, parcel.body, headers, parcel.keys, self._seconds))

    async def _end(self, parcel: Parcel, ending: Ending, also: Callable[[Connection], None] | None = None) -> None:
        """Write down how a try ended, and what follows from it."""
        following = next_try(parcel.tried, ending.retry_after, now(), self._chance) if ending.verdict == "again" else None
        due = rfc3339(following) if following else None

        def work(connection: Connection) -> bool:
            if not queue.close(connection, parcel, ending, due):
                return False
            if also is not None:
                also(connection)
            return self._health.note(connection, parcel, ending)

        if await self._store.hot(work):
            self._events.wake()


async def attempt(
    deliveries: Deliveries,
    url: str,
    body: bytes,
    headers: list[tuple[str, str]],
    keys: tuple[SigningKey, ...],
    seconds: float,
) -> Ending:
    """Send once. Whatever comes of it is an ending; what the hub itself refuses to reach is tried again too, for names move."""
    own = [each for key in keys for each in (key.text, key.key.hex())]
    try:
        receipt = await deliveries.post(url, body, headers, seconds=seconds, secrets=own)
    except PowerstripError as error:
        return Ending("again", error.message)
    verdict = verdict_of(receipt.status)
    words = "" if verdict == "delivered" else words_of(receipt.status)
    return Ending(verdict, words, receipt.status, _clean(receipt), receipt.retry_after, receipt.milliseconds)


def _clean(receipt: Receipt) -> str:
    """The answer's text; nothing of it where it holds what looks like somebody's key."""
    return "[hidden: it holds what looks like a key]" if find_secrets(receipt.text) else receipt.text
