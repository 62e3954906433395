"""How often one integration may call: the adapter's declared rate, and the pauses that its provider asks for.

Both are shared by everything an integration does in this process.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from powerstrip.adapter import Rate, RateLimited
from powerstrip.clock import monotonic

MAX_BUCKETS = 10_000
"""Integrations that are remembered; the one unused for longest goes first."""
Clock: TypeAlias = Callable[[], float]
"""Seconds that never run backwards."""
Pause: TypeAlias = Callable[[float], Awaitable[None]]
"""Waits for so many seconds of the clock."""


@dataclass(slots=True)
class _Bucket:
    """A token bucket kept as one time (GCRA): `full_at` is when it would be full again if nobody came."""

    full_at: float = 0.0
    paused_until: float = 0.0

    def wait(self, rate: Rate | None, now: float) -> float:
        """Seconds until the next request may go."""
        pause = self.paused_until - now
        if rate is None:
            return max(pause, 0.0)
        return max(self.full_at - now - rate.seconds + rate.seconds / rate.calls, pause, 0.0)

    def take(self, rate: Rate, now: float) -> None:
        self.full_at = max(self.full_at, now) + rate.seconds / rate.calls


class Limits:
    """The buckets of all integrations."""

    def __init__(self, clock: Clock = monotonic, pause: Pause = asyncio.sleep, size: int = MAX_BUCKETS) -> None:
        self._clock = clock
        self._sleep = pause
        self._size = size
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    async def take_turn(self, integration_id: str, rate: Rate | None, deadline: float) -> None:
        """Wait until the integration may send one request. Raises `RateLimited` when that is after the deadline."""
        bucket = self._bucket(integration_id, make=rate is not None)
        if bucket is None:
            return
        now = self._clock()
        wait = bucket.wait(rate, now)
        if now + wait >= deadline:
            raise RateLimited("This integration has used up its calls for now", wait)
        if rate is not None:
            bucket.take(rate, now)
        while wait > 0:
            await self._sleep(wait)
            wait = bucket.paused_until - self._clock()
            if bucket.paused_until >= deadline:
                raise RateLimited("The provider asks this integration to wait", max(wait, 0.0))

    def hold(self, integration_id: str, seconds: float) -> None:
        """Let nothing of this integration out for so long. A shorter hold does not end a longer one."""
        bucket = self._bucket(integration_id, make=True)
        assert bucket is not None
        bucket.paused_until = max(bucket.paused_until, self._clock() + seconds)

    def __len__(self) -> int:
        return len(self._buckets)

    def _bucket(self, integration_id: str, *, make: bool) -> _Bucket | None:
        bucket = self._buckets.get(integration_id)
        if bucket is not None:
            self._buckets.move_to_end(integration_id)
        elif make:
            bucket = self._buckets[integration_id] = _Bucket()
            if len(self._buckets) > self._size:
                self._buckets.popitem(last=False)
        return bucket
