"""When a delivery is tried again, and when not.

Tries at 0 s, 5 s, 5 min, 30 min, 2 h, 5 h, 10 h and 10 h after one another, as Standard Webhooks proposes. Answers outside 2xx
are failures, redirects too. Those that say "never" (4xx other than 408, 425 and 429) are not tried again, and 410 switches the
webhook off.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Literal, TypeAlias

from powerstrip.value import Value

WAITS = (5.0, 300.0, 1800.0, 7200.0, 18_000.0, 36_000.0, 36_000.0)
"""Seconds between one try and the next."""
TRIES = len(WAITS) + 1
JITTER = 0.1
"""A wait is so much longer or shorter by chance, so that what failed together does not come together."""
MAX_WAIT = 36_000.0
"""Seconds that a target's Retry-After may ask for."""
GIVE_UP = timedelta(days=5)
"""A webhook that fails for so long is switched off."""
AGAIN = frozenset((408, 425, 429))

Verdict: TypeAlias = Literal["delivered", "again", "refused", "gone"]
Chance: TypeAlias = Callable[[], float]
"""A number from 0 to 1."""


class Ending(Value):
    """What a try came to. `retry_after` is the header's text; `error` is for people and empty where all is well."""

    verdict: Verdict
    error: str = ""
    status: int | None = None
    text: str = ""
    retry_after: str = ""
    milliseconds: int | None = None


def verdict_of(status: int) -> Verdict:
    """What an answer's status means."""
    if 200 <= status < 300:
        return "delivered"
    if status == 410:
        return "gone"
    return "refused" if 400 <= status < 500 and status not in AGAIN else "again"


def words_of(status: int) -> str:
    """A status for people."""
    if 300 <= status < 400:
        return f"The target answered {status}: redirects are not followed, give the address it points to"
    if status == 410:
        return "The target answered 410: it wants no more deliveries"
    return f"The target answered {status}"


def next_try(tried: int, retry_after: str, at: datetime, chance: Chance) -> datetime | None:
    """When to try again after `tried` tries; None where that was the last. What the target asks for can only be later."""
    if tried >= TRIES:
        return None
    wait = WAITS[max(tried, 1) - 1] * (1 - JITTER + 2 * JITTER * chance())
    return at + timedelta(seconds=max(wait, asked_wait(retry_after, at)))


def asked_wait(retry_after: str, at: datetime) -> float:
    """Seconds that a Retry-After header asks for (RFC 9110, 10.2.3), from 0 to ten hours; 0 where it cannot be read."""
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return MAX_WAIT if len(text) > 6 else min(float(text), MAX_WAIT)
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    when = date if date.tzinfo else date.replace(tzinfo=UTC)
    return min(max((when - at).total_seconds(), 0.0), MAX_WAIT)
