"""What an API key looks like: `mbx_`, 160 random bits and a CRC-32 in lower-case base32, and `.handle` where one was asked for.

The check sum lets a mistyped or made-up key be refused without a question to the database. It proves nothing: the keyed
hash does.
"""

import base64
import hashlib
import hmac
import re
import secrets
import zlib

from powerstrip.value import Value

PREFIX = "mbx_"
RANDOM_BYTES = 20
SHOWN = 8
"""Characters of a key that may be shown to tell it from others."""

_FORM = re.compile(r"mbx_([a-z2-7]{32})([a-z2-7]{7})(?:\.([a-z0-9]+(?:-[a-z0-9]+)*))?", re.ASCII)
MAX_LENGTH = 4 + 32 + 7 + 1 + 64


class Token(Value):
    """A well-formed key: the part that is hashed, and the project handle after the dot."""

    key: str
    handle: str | None


def new_key() -> str:
    """A fresh key without a handle."""
    body = _base32(secrets.token_bytes(RANDOM_BYTES))
    return f"{PREFIX}{body}{_check(body)}"


def read_key(text: str) -> Token | None:
    """The parts of a key whose form and check sum are right; None for anything else, of any length."""
    if len(text) > MAX_LENGTH:
        return None
    match = _FORM.fullmatch(text)
    if match is None or match[2] != _check(match[1]):
        return None
    return Token(f"{PREFIX}{match[1]}{match[2]}", match[3])


def hash_key(key: str, pepper: bytes) -> str:
    """What is stored and looked up: HMAC-SHA-256, in hex."""
    return hmac.digest(pepper, key.encode(), hashlib.sha256).hex()


def _check(body: str) -> str:
    return _base32(zlib.crc32(f"{PREFIX}{body}".encode()).to_bytes(4, "big"))


def _base32(raw: bytes) -> str:
    return base64.b32encode(raw).decode().rstrip("=").lower()
