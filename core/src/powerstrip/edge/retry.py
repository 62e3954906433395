"""Which failures are worth another try, and when.

Only `RateLimited` and `Unavailable`, and only where a repeat cannot do a thing twice: the action is read-only or idempotent, or
the provider takes an idempotency key. A request that never left may always be repeated.
"""

import random
from collections.abc import Callable
from typing import TypeAlias

from powerstrip.adapter import PowerstripError, RateLimited, Request, Unavailable
from powerstrip.edge.call import Call
from powerstrip.edge.errors import Unreached

ATTEMPTS = 3
FIRST_DELAY = 0.25
"""Seconds; doubled each time, of which half to all is waited."""
Chance: TypeAlias = Callable[[], float]
"""A number from 0 to 1."""


def may_repeat(error: PowerstripError, request: Request, call: Call) -> bool:
    """Whether this failure of this request may be answered by sending it again."""
    if isinstance(error, Unreached):
        return True
    return repeatable(request, call) and isinstance(error, (RateLimited, Unavailable))


def repeatable(request: Request, call: Call) -> bool:
    """Whether sending it again cannot do a thing twice."""
    return call.read_only or call.idempotent or request.read_only or request.idempotency_key is not None


def delay(error: PowerstripError, attempt: int, chance: Chance = random.random) -> float:
    """Seconds before the next attempt: exponential with jitter, and at least what the provider asked for."""
    backoff = FIRST_DELAY * 2 ** (attempt - 1) * (0.5 + chance() / 2)
    asked = error.retry_after if isinstance(error, (RateLimited, Unavailable)) else None
    return max(backoff, asked or 0.0)
