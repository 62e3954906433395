"""The sealed box: AES-256-GCM (NIST SP 800-38D), bound to the place where the box lies.

A box is `format (1 byte) | length of key id (1 byte) | key id | nonce (12 bytes) | ciphertext and tag`. The additional
authenticated data are everything before the nonce and the place, each part with its length before it: a box that is moved to
another row, field, project or mode does not open.
"""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from powerstrip.clock import NONCE_BYTES, new_nonce
from powerstrip.problems import Unprocessable
from powerstrip.value import Value

FORMAT = 1
SCHEMA = b"1"
"""The version of what is inside boxes; part of the place, so that an old box is never read as a new one."""


class SealBroken(Unprocessable):
    """A box does not open here: it was changed, moved from another place, or sealed with another key."""

    code = "seal_broken"

    def __init__(self) -> None:
        super().__init__(
            "A stored secret does not open: it was changed or moved. Enter it again, and run powerstrip audit verify"
        )


class Place(Value):
    """Where a box belongs: the project, the record, the record's field, and the mode (live or sandbox)."""

    project: str
    record: str
    field: str
    mode: str = ""


class Key:
    """One AES-256 key with the id that boxes carry. It cannot be read back."""

    __slots__ = ("_cipher", "id")

    def __init__(self, id: str, material: bytes) -> None:
        self.id = id
        self._cipher = AESGCM(material)

    def __repr__(self) -> str:
        return f"Key({self.id})"

    def seal(self, place: Place, plain: bytes) -> bytes:
        """A new box. Each has a random 96-bit nonce: one key is good for 2**32 boxes."""
        header, nonce = _header(self.id), new_nonce()
        return header + nonce + self._cipher.encrypt(nonce, plain, _bound(header, place))

    def open(self, place: Place, blob: bytes) -> bytes:
        """What is in the box. Raises `SealBroken`."""
        header = _header(self.id)
        start = len(header) + NONCE_BYTES
        if not blob.startswith(header):
            raise SealBroken
        try:
            return self._cipher.decrypt(blob[len(header) : start], blob[start:], _bound(header, place))
        except (InvalidTag, ValueError):
            raise SealBroken from None


def key_id(blob: bytes) -> str:
    """The id of the key that sealed this box. Raises `SealBroken` where it is no box of ours."""
    end = 2 + blob[1] if len(blob) > 2 else 0
    if not end or blob[0] != FORMAT or len(blob) < end + NONCE_BYTES or not blob[2:end].isascii():
        raise SealBroken
    return blob[2:end].decode("ascii")


def _header(key: str) -> bytes:
    name = key.encode("ascii")
    return bytes((FORMAT, len(name))) + name


def _bound(header: bytes, place: Place) -> bytes:
    parts = (header, SCHEMA, place.project.encode(), place.record.encode(), place.field.encode(), place.mode.encode())
    return b"".join([len(part).to_bytes(4, "big") + part for part in parts])
