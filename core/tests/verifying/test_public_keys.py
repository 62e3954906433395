"""Public keys as providers publish them, and what is none."""

import pytest
import signhouse as sh
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from powerstrip.vault import BadPublicKey, read_certificate, read_ed25519, read_jwk, read_public_key

PEM = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo


def test_pem_and_der_are_the_same_key() -> None:
    signed = sh.sendgrid()
    pem = sh.EC_KEY.public_key().public_bytes(*PEM)
    assert read_public_key(pem).kind == read_public_key(signed.secret.encode()).kind == "p256"


@pytest.mark.parametrize(
    "key",
    [
        ec.generate_private_key(ec.SECP384R1()).public_key(),
        ec.generate_private_key(ec.SECP256K1()).public_key(),
        rsa.generate_private_key(65537, 1024).public_key(),
    ],
)
def test_other_curves_and_short_keys_are_refused(key: ec.EllipticCurvePublicKey) -> None:
    with pytest.raises(BadPublicKey):
        read_public_key(key.public_bytes(*PEM))


@pytest.mark.parametrize("text", [b"", b"x", b"AAAA", b"-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----", b"\xff" * 99])
def test_what_is_no_key(text: bytes) -> None:
    for read in (read_public_key, read_certificate, read_ed25519):
        with pytest.raises(BadPublicKey):
            read(text)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"kty": "oct", "k": "AAAA"},
        {"kty": "RSA", "n": "AQAB", "e": "AQAB"},
        {"kty": "RSA", "n": "A" * 9000, "e": "AQAB"},
        {"kty": "RSA", "n": 7, "e": "AQAB"},
        {"kty": "EC", "crv": "P-256", "x": "AAAA", "y": "AAAA"},
        {"kty": "EC", "crv": "P-384", "x": "AAAA", "y": "AAAA"},
        {"kty": "EC", "crv": "P-256", "x": "\u00e9", "y": "AAAA"},
    ],
)
def test_what_is_no_jwk(fields: dict[str, object]) -> None:
    with pytest.raises(BadPublicKey):
        read_jwk(fields)


def test_a_signature_of_anything_is_only_false() -> None:
    keys = [
        read_public_key(sh.RSA_KEY.public_key().public_bytes(*PEM)),
        read_public_key(sh.EC_KEY.public_key().public_bytes(*PEM)),
    ]
    for key in [*keys, read_ed25519(sh.ED_KEY.public_key().public_bytes_raw())]:
        for junk in (b"", b"x", b"\0" * 64, b"\xff" * 256, b"0" * 9999):
            assert key.verify(junk, b"text") is False
            assert key.verify_jws("RS256", junk, b"text") is False
            assert key.verify_jws("ES256", junk, b"text") is False
