"""Ids that follow from what they stand for: kept in databases, so that they may never come out otherwise."""

import hashlib
from base64 import b32encode

from powerstrip.clock import derived


def test_a_derived_id_is_the_base32_of_a_digest_without_its_padding() -> None:
    for number in range(500):
        digest = hashlib.sha256(f"aut_{number}\0evt_{number}".encode()).digest()[:16]
        wanted = b32encode(digest).decode().lower().rstrip("=")
        assert derived("run", f"aut_{number}", f"evt_{number}") == f"run_{wanted}"
