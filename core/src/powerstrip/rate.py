"""Token buckets: how often something may happen, for each of many, in bounded memory."""

from powerstrip.clock import monotonic

MAX_BUCKETS = 10_000


class Buckets:
    """One bucket for each name: `rate` tokens a second, at most `burst` of them. The names that were not heard of for long go."""

    def __init__(self, rate: float, burst: float, size: int = MAX_BUCKETS) -> None:
        self._rate = rate
        self._burst = burst
        self._size = size
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, name: str) -> float | None:
        """Take a token. None where there was one, else the seconds until there is."""
        now = monotonic()
        tokens = self._level(name, now)
        wait = self._wait(tokens)
        self._buckets.pop(name, None)
        self._buckets[name] = (tokens if wait else tokens - 1, now)
        if len(self._buckets) > self._size:
            del self._buckets[next(iter(self._buckets))]
        return wait

    def look(self, name: str) -> float | None:
        """The same answer, and nothing is taken."""
        return self._wait(self._level(name, monotonic()))

    def _level(self, name: str, now: float) -> float:
        tokens, since = self._buckets.get(name, (self._burst, now))
        return min(self._burst, tokens + (now - since) * self._rate)

    def _wait(self, tokens: float) -> float | None:
        return None if tokens >= 1 else (1 - tokens) / self._rate

    def __len__(self) -> int:
        return len(self._buckets)
