"""Credentials on their way to another hub, sealed to its public key.

X25519 (RFC 7748) with a key made for the one bundle, HKDF-SHA256 (RFC 5869), AES-256-GCM (NIST SP 800-38D). The additional
authenticated data is everything that stands beside the secrets: whoever changes a name or a destination breaks the seal. It does
not tell who made the bundle: anybody can seal to a public key.
"""

import base64
import binascii
import hashlib
import secrets
from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from powerstrip.problems import Unprocessable

ALGORITHM = "X25519-HKDF-SHA256-AES256GCM"
PREFIX = "psbk_"
"""What a public key begins with; then base64url of 32 bytes and 4 of their SHA-256, which tells a slip of the pen."""
KEY_BYTES, CHECK_BYTES, NONCE_BYTES = 32, 4, 12
INFO = b"powerstrip/bundle/1"


class BundleKey:
    """A hub's key for what is sealed to it. The private half stays in here."""

    def __init__(self, material: bytes) -> None:
        self._private = X25519PrivateKey.from_private_bytes(material)

    @property
    def public(self) -> str:
        """The public key as text."""
        return public_text(self._private.public_key().public_bytes_raw())

    def open(self, sealed: Mapping[str, str], beside: bytes) -> bytes:
        """What was sealed to this key. Raises `Unprocessable` where it was sealed to another, or changed."""
        if sealed["algorithm"] != ALGORITHM:
            raise Unprocessable("The bundle is sealed in a way that this hub does not know: upgrade it", code="bundle_too_new")
        if sealed["recipient"] != self.public:
            raise Unprocessable(
                "The bundle is sealed to another hub's key: export it again with this hub's (`powerstrip keys bundle-key`)",
                code="bundle_for_another",
            )
        try:
            ephemeral, nonce, box = (_bytes(sealed[name]) for name in ("ephemeral", "nonce", "ciphertext"))
            shared = self._private.exchange(X25519PublicKey.from_public_bytes(ephemeral))
            own = self._private.public_key().public_bytes_raw()
            return AESGCM(_key(shared, ephemeral, own)).decrypt(nonce, box, beside)
        except (InvalidTag, ValueError, binascii.Error):
            raise Unprocessable(
                "The bundle does not open: it was changed after it was sealed. Get it again from where it was made",
                code="bundle_broken",
            ) from None


def seal_to(public: str, plain: bytes, beside: bytes) -> dict[str, str]:
    """Seal for the owner of a public key. Raises `Unprocessable` for a text that is none."""
    theirs, ours = read_public(public), X25519PrivateKey.generate()
    ephemeral, nonce = ours.public_key().public_bytes_raw(), secrets.token_bytes(NONCE_BYTES)
    try:
        shared = ours.exchange(X25519PublicKey.from_public_bytes(theirs))
    except ValueError:  # a point of small order, with which anybody could open it
        raise _no_key() from None
    box = AESGCM(_key(shared, ephemeral, theirs)).encrypt(nonce, plain, beside)
    return {
        "algorithm": ALGORITHM,
        "recipient": public_text(theirs),
        "ephemeral": _text(ephemeral),
        "nonce": _text(nonce),
        "ciphertext": _text(box),
    }


def public_text(raw: bytes) -> str:
    """A public key as people hand it on."""
    return PREFIX + _text(raw + _check(raw))


def read_public(text: str) -> bytes:
    """The 32 bytes of a public key. Raises `Unprocessable` for a text that is none, or has a slip in it."""
    try:
        raw = _bytes(text.strip().removeprefix(PREFIX))
    except (ValueError, binascii.Error):
        raise _no_key() from None
    key, check = raw[:KEY_BYTES], raw[KEY_BYTES:]
    if not text.strip().startswith(PREFIX) or len(raw) != KEY_BYTES + CHECK_BYTES or check != _check(key):
        raise _no_key()
    return key


def _key(shared: bytes, ephemeral: bytes, recipient: bytes) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, salt=ephemeral + recipient, info=INFO).derive(shared)


def _check(raw: bytes) -> bytes:
    return hashlib.sha256(raw).digest()[:CHECK_BYTES]


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _no_key() -> Unprocessable:
    return Unprocessable(
        "This is no bundle key: take the line that `powerstrip keys bundle-key` prints on the target hub", code="no_bundle_key"
    )
