"""Time, ids and randomness in one place, so that tests can set them."""

import secrets
import time
from datetime import UTC, datetime

_BASE32 = "abcdefghijklmnopqrstuvwxyz234567"
_PAIRS = [first + second for first in _BASE32 for second in _BASE32]
"""Ten bits as text: ids are made for every call, and the standard library's base32 is slow."""


def now() -> datetime:
    """The time in UTC. Every deadline is judged by this clock; durations by `monotonic`."""
    return datetime.now(UTC)


def rfc3339(at: datetime) -> str:
    """A time as text with microseconds and `Z`: such texts sort as their times do."""
    return at.astimezone(UTC).isoformat("T", "microseconds").replace("+00:00", "Z")


def stamp() -> str:
    """Now, as text."""
    return rfc3339(now())


def monotonic() -> float:
    """Seconds that never run backwards."""
    return time.monotonic()


def new_id(prefix: str) -> str:
    """`prefix_` and 128 random bits in lower-case base32: an id that tells its kind and cannot be guessed."""
    bits = int.from_bytes(secrets.token_bytes(16), "big") << 2
    return prefix + "_" + "".join([_PAIRS[bits >> shift & 1023] for shift in range(120, -1, -10)])
