"""Time, ids and randomness in one place, so that tests can set them."""

import hashlib
import os
import secrets
import time
from datetime import UTC, datetime

_LETTERS = b"abcdefghijklmnopqrstuvwxyz234567" * 8
"""Base32 by a byte's lower five bits, all 256 of them."""
ID_LETTERS = 26
"""Letters of an id after its prefix: 130 random bits."""
TIME_LETTERS = 9
"""Of them those that tell a row's milliseconds since 1970, in the order of ASCII: enough for a thousand years."""
_SORTED = "234567abcdefghijklmnopqrstuvwxyz"
_moment = (0, "")
_BLOCK = 256
"""Ids whose randomness is fetched at once: asking the kernel lets other threads in, which costs more than the bits."""
_PAIRS = [chr(_LETTERS[high]) + chr(_LETTERS[low]) for high in range(32) for low in range(32)]
_SHIFTS = range(120, -1, -10)
"""A digest's 128 bits and two of nothing are 13 pairs of letters: base32 as RFC 4648 has it, in lower case, without its `=`."""
_fresh: list[str] = []
_nonces: list[bytes] = []
NONCE_BYTES = 12
os.register_at_fork(after_in_child=_fresh.clear)
os.register_at_fork(after_in_child=_nonces.clear)


def now() -> datetime:
    """The time in UTC. Every deadline is judged by this clock; durations by `monotonic`."""
    return datetime.now(UTC)


def rfc3339(at: datetime) -> str:
    """A time as text with microseconds and `Z`: such texts sort as their times do."""
    at = at if at.tzinfo is UTC else at.astimezone(UTC)
    return at.isoformat("T", "microseconds")[:-6] + "Z"


def stamp() -> str:
    """Now, as text."""
    return rfc3339(now())


def monotonic() -> float:
    """Seconds that never run backwards."""
    return time.monotonic()


def new_id(prefix: str) -> str:
    """`prefix_` and 130 random bits in lower-case base32: an id that tells its kind and cannot be guessed."""
    while True:
        try:
            return f"{prefix}_{_fresh.pop()}"
        except IndexError:
            text = secrets.token_bytes(_BLOCK * ID_LETTERS).translate(_LETTERS).decode("ascii")
            _fresh.extend(text[at : at + ID_LETTERS] for at in range(0, len(text), ID_LETTERS))


def row_id(prefix: str) -> str:
    """An id for a row of a ledger: 85 random bits after the milliseconds of now, so that later ids sort later.

    An index of random ids is written to all over: a call with its rows in order writes a quarter of the pages.
    """
    global _moment
    at = time.time_ns() // 1_000_000
    moment, letters = _moment
    if at != moment:
        letters = "".join(_SORTED[at >> shift & 31] for shift in range(5 * (TIME_LETTERS - 1), -1, -5))
        _moment = at, letters
    return f"{prefix}_{letters}{new_id('')[1 : ID_LETTERS - TIME_LETTERS + 1]}"


def new_nonce() -> bytes:
    """Ninety-six random bits, for AES-GCM (NIST SP 800-38D, 8.2.2). Fetched in blocks, as for ids; none is given twice."""
    while True:
        try:
            return _nonces.pop()
        except IndexError:
            bits = secrets.token_bytes(_BLOCK * NONCE_BYTES)
            _nonces.extend(bits[at : at + NONCE_BYTES] for at in range(0, len(bits), NONCE_BYTES))


def derived(prefix: str, *parts: str) -> str:
    """An id that follows from what it stands for: `prefix_` and 128 bits of a SHA-256 over the parts."""
    bits = int.from_bytes(hashlib.sha256("\0".join(parts).encode()).digest()[:16], "big") << 2
    return f"{prefix}_{''.join([_PAIRS[bits >> shift & 1023] for shift in _SHIFTS])}"
