"""Certificates and key sets, kept for a while so that deliveries do not make us fetch them each time."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeAlias, TypeVar

from powerstrip.adapter.errors import PowerstripError, Unavailable

V = TypeVar("V")

MINUTE = 60.0
Get: TypeAlias = Callable[[str], Awaitable[bytes]]


class Kept:
    """A `Fetch` over one that keeps nothing. An answer is kept `seconds`; there are at most `places` of them.

    Whatever comes in, at most `budget` fetches a minute go out, and the same address is not fetched again within a minute,
    whether it answered or not. Beyond that it raises `Unavailable`.
    """

    def __init__(
        self,
        get: Get,
        *,
        seconds: float = 3600,
        places: int = 64,
        budget: int = 20,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._get, self._clock = get, clock
        self._seconds, self._places, self._budget = seconds, places, budget
        self._kept: dict[str, tuple[float, bytes]] = {}
        self._failed: dict[str, float] = {}
        self._spent: list[float] = []
        self._lock = asyncio.Lock()

    async def __call__(self, url: str, *, fresh: bool = False) -> bytes:
        """The document. `fresh`: one older than a minute does not do. Raises `PowerstripError`."""
        if (found := self._find(url, fresh)) is not None:
            return found
        async with self._lock:
            if (found := self._find(url, fresh)) is not None:
                return found
            return await self._fetched(url)

    def _find(self, url: str, fresh: bool) -> bytes | None:
        now = self._clock()
        since, body = self._kept.get(url, (0.0, None))
        if body is not None and now - since < (MINUTE if fresh else self._seconds):
            return body
        if now - self._failed.get(url, -MINUTE) < MINUTE:
            raise Unavailable("The document could not be had a moment ago")
        return None

    async def _fetched(self, url: str) -> bytes:
        now = self._clock()
        self._spend(now)
        try:
            body = await self._get(url)
        except PowerstripError:
            _put(self._failed, url, now, self._places)
            raise
        _put(self._kept, url, (now, body), self._places)
        return body

    def _spend(self, now: float) -> None:
        self._spent = [each for each in self._spent if now - each < MINUTE]
        if len(self._spent) >= self._budget:
            raise Unavailable("Too many certificates and keys were asked for within a minute")
        self._spent.append(now)


def _put(table: dict[str, V], url: str, value: V, places: int) -> None:
    """Keep the newest `places` entries."""
    table.pop(url, None)
    while len(table) >= places:
        del table[next(iter(table))]
    table[url] = value
