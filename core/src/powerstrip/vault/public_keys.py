"""Public keys that prove who wrote something: read from what providers publish, used to verify, never to sign.

RSA (PKCS #1 v1.5, RFC 8017) of 2048 to 8192 bits, ECDSA on P-256 (FIPS 186-5) and Ed25519 (RFC 8032). Anything else is
`BadPublicKey`. A signature that does not fit is False, whatever its bytes.
"""

import base64
import binascii
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from typing import Any, Literal, TypeAlias

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from powerstrip.value import Value

Kind: TypeAlias = Literal["rsa", "p256", "ed25519"]
LEAST_RSA, MOST_RSA = 2048, 8192
"""Bits; a larger modulus would only cost time."""
_HASHES: Mapping[str, hashes.HashAlgorithm] = {"sha1": hashes.SHA1(), "sha256": hashes.SHA256()}  # noqa: S303 - SNS version 1 signs SHA-1


class BadPublicKey(ValueError):
    """This is no public key of a kind that is taken."""


class PublicKey(Value):
    """A key and its kind. The kind decides the algorithm: no message chooses it."""

    kind: Kind
    key: Any

    def verify(self, signature: bytes, signed: bytes, digest: Literal["sha1", "sha256"] = "sha256") -> bool:
        """Whether `signature` (DER for P-256) is this key's over `signed`. Ed25519 has its own digest."""
        try:
            if isinstance(self.key, rsa.RSAPublicKey):
                self.key.verify(signature, signed, padding.PKCS1v15(), _HASHES[digest])
            elif isinstance(self.key, ec.EllipticCurvePublicKey):
                self.key.verify(signature, signed, ec.ECDSA(_HASHES[digest]))
            else:
                self.key.verify(signature, signed)
        except InvalidSignature:
            return False
        return True

    def verify_jws(self, algorithm: Literal["RS256", "ES256"], signature: bytes, signed: bytes) -> bool:
        """The same for JSON Web Signatures (RFC 7518): ES256 writes two numbers of 32 bytes. False where key and name differ."""
        if algorithm == "RS256":
            return self.kind == "rsa" and self.verify(signature, signed)
        if self.kind != "p256" or len(signature) != 64:
            return False
        halves = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
        return self.verify(encode_dss_signature(*halves), signed)


class Certificate(Value):
    """What is read of an X.509 certificate: its key, its names, and its days in seconds since 1970."""

    key: PublicKey
    names: tuple[str, ...]
    not_before: float
    not_after: float


@lru_cache(maxsize=256)
def read_public_key(text: bytes) -> PublicKey:
    """PEM, or base64 of a DER SubjectPublicKeyInfo. Raises `BadPublicKey`."""
    try:
        if text.lstrip().startswith(b"-----BEGIN"):
            return _known(serialization.load_pem_public_key(text))
        return _known(serialization.load_der_public_key(base64.b64decode(text.strip(), validate=True)))
    except (ValueError, TypeError, binascii.Error, UnsupportedAlgorithm):
        raise BadPublicKey("This is no public key: give PEM, or base64 of its DER form") from None


def read_ed25519(raw: bytes) -> PublicKey:
    """32 bytes. Raises `BadPublicKey`."""
    try:
        return PublicKey("ed25519", ed25519.Ed25519PublicKey.from_public_bytes(raw))
    except ValueError:
        raise BadPublicKey("An Ed25519 public key has 32 bytes") from None


@lru_cache(maxsize=64)
def read_certificate(pem: bytes) -> Certificate:
    """The first certificate in `pem`. Raises `BadPublicKey`."""
    from cryptography import x509  # slow to import, and few deliveries come with a certificate

    try:
        found = x509.load_pem_x509_certificate(pem)
        key = _known(found.public_key())
        names = [str(each.value) for each in found.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)]
        with suppress(x509.ExtensionNotFound):
            alternatives = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
            names += alternatives.get_values_for_type(x509.DNSName)
        days = found.not_valid_before_utc.timestamp(), found.not_valid_after_utc.timestamp()
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.DuplicateExtension):
        raise BadPublicKey("This is no certificate") from None
    return Certificate(key, tuple(names), *days)


def read_jwk(fields: Mapping[str, Any]) -> PublicKey:
    """One key of a JSON Web Key Set (RFC 7517). Raises `BadPublicKey`."""
    try:
        match fields:
            case {"kty": "RSA", "n": str(n), "e": str(e)}:
                return _known(rsa.RSAPublicNumbers(_number(e), _number(n)).public_key())
            case {"kty": "EC", "crv": "P-256", "x": str(x), "y": str(y)}:
                return _known(ec.EllipticCurvePublicNumbers(_number(x), _number(y), ec.SECP256R1()).public_key())
            case _:
                raise BadPublicKey("a key of another kind")
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise BadPublicKey("This is no RSA or P-256 key") from None


def _known(key: object) -> PublicKey:
    match key:
        case rsa.RSAPublicKey() if LEAST_RSA <= key.key_size <= MOST_RSA:
            return PublicKey("rsa", key)
        case ec.EllipticCurvePublicKey() if isinstance(key.curve, ec.SECP256R1):
            return PublicKey("p256", key)
        case ed25519.Ed25519PublicKey():
            return PublicKey("ed25519", key)
        case _:
            raise BadPublicKey("a key of another kind")


def _number(text: str) -> int:
    if len(text) > 2 * MOST_RSA // 8 or not text.isascii():
        raise ValueError
    return int.from_bytes(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
