"""Time, ids and randomness in one place, so that tests can set them."""

import base64
import secrets
import time
from datetime import UTC, datetime


def now() -> datetime:
    """The time in UTC. Every deadline is judged by this clock; durations by `monotonic`."""
    return datetime.now(UTC)


def rfc3339(at: datetime) -> str:
    """A time as text with microseconds and `Z`: such texts sort as their times do."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def stamp() -> str:
    """Now, as text."""
    return rfc3339(now())


def monotonic() -> float:
    """Seconds that never run backwards."""
    return time.monotonic()


def new_id(prefix: str) -> str:
    """`prefix_` and 128 random bits in lower-case base32: an id that tells its kind and cannot be guessed."""
    return f"{prefix}_{base64.b32encode(secrets.token_bytes(16)).decode().rstrip('=').lower()}"
