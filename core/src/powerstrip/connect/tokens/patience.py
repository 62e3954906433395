"""When another process's lease counts as over.

No clock of another machine and none of the database is asked: who waits looks at the row again and again, and when the very same
lease (its number) has stood there for `seconds` of the waiter's own monotonic clock, its holder is taken for gone. The holder's
request has a shorter deadline than that, so a live holder has always ended by then; and should it wake up late after all, its
number is an old one and it writes nothing.
"""

from collections import OrderedDict

from powerstrip.clock import monotonic

LEASE_SECONDS = 25.0
"""More than a request for a token may take (15 s), with time to write it down."""
REMEMBERED = 10_000


class Patience:
    """What this process has seen of others' leases."""

    def __init__(self, seconds: float = LEASE_SECONDS) -> None:
        self._seconds = seconds
        self._seen: OrderedDict[tuple[str, int], float] = OrderedDict()

    def over(self, id: str, fence: int) -> bool:
        """Whether this lease has stood for so long that its holder must be gone. Ask again and again."""
        now = monotonic()
        since = self._seen.setdefault((id, fence), now)
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
        return now - since >= self._seconds
