"""How often one integration may call: the adapter's declared rate, and the pauses that its provider asks for.

Both are shared by everything an integration does in this process.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from math import ceil
from typing import TypeAlias

from powerstrip.adapter import Rate, RateLimited
from powerstrip.clock import monotonic

MAX_HOLD = 300.0
"""Seconds. A provider that asks for a longer pause is asked again after this one."""
MAX_BUCKETS = 10_000
"""Integrations that are remembered; the one unused for longest goes first."""
Clock: TypeAlias = Callable[[], float]
"""Seconds that never run backwards."""
Pause: TypeAlias = Callable[[float], Awaitable[None]]
"""Waits for so many seconds of the clock."""


@dataclass(slots=True)
class _Bucket:
    """A token bucket kept as one time (GCRA): `full_at` is when it would be full again if nobody came.

    A pause is for the integration as it stood, told by its `edition`.
    """

    full_at: float = 0.0
    paused_until: float = 0.0
    edition: str = ""

    def turn(self, rate: Rate | None, now: float) -> float:
        """Seconds until the rate lets the next request go."""
        return max(self.full_at - now - rate.seconds + rate.seconds / rate.calls, 0.0) if rate else 0.0

    def pause(self, edition: str | None, now: float) -> float:
        """Seconds that the provider still asks this edition to wait; none where that is not asked."""
        return max(self.paused_until - now, 0.0) if edition == self.edition else 0.0

    def take(self, rate: Rate, now: float) -> None:
        self.full_at = max(self.full_at, now) + rate.seconds / rate.calls


class Limits:
    """The buckets of all integrations."""

    def __init__(self, clock: Clock = monotonic, pause: Pause = asyncio.sleep, size: int = MAX_BUCKETS) -> None:
        self._clock = clock
        self._sleep = pause
        self._size = size
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    async def take_turn(self, integration_id: str, rate: Rate | None, deadline: float, edition: str | None = "") -> None:
        """Wait until the integration may send one request. Raises `RateLimited` when that is after the deadline.

        `edition` tells the integration's credential and settings from those before a change: a provider's pause ends with the
        change. None is for what pays no heed to pauses: a sandbox, and a test of the connection.
        """
        bucket = self._bucket(integration_id, make=rate is not None)
        if bucket is None:
            return
        now = self._clock()
        turn, pause = bucket.turn(rate, now), bucket.pause(edition, now)
        if pause and now + pause >= deadline:
            raise _asked_to_wait(pause)
        if now + turn >= deadline:
            raise RateLimited(f"This integration's calls are used up: it may make the next one in {ceil(turn)} seconds", turn)
        if rate is not None:
            bucket.take(rate, now)
        wait = max(turn, pause)
        while wait > 0:
            await self._sleep(wait)
            now = self._clock()
            wait = bucket.pause(edition, now)
            if wait and now + wait >= deadline:
                raise _asked_to_wait(wait)

    def hold(self, integration_id: str, seconds: float, edition: str = "") -> None:
        """Let nothing of this edition out for so long, at most `MAX_HOLD`. A shorter hold does not end a longer one."""
        bucket = self._bucket(integration_id, make=True)
        assert bucket is not None
        now = self._clock()
        bucket.paused_until = now + max(min(seconds, MAX_HOLD), bucket.pause(edition, now))
        bucket.edition = edition

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


def _asked_to_wait(seconds: float) -> RateLimited:
    return RateLimited(f"The provider asked this integration to pause: its calls go on in {ceil(seconds)} seconds", seconds)
