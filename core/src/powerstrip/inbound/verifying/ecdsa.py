"""ECDSA on P-256 in a header (SendGrid)."""

from collections.abc import Sequence

from powerstrip.adapter import Ecdsa
from powerstrip.inbound.verifying.delivery import RawDelivery, Verified, refuse
from powerstrip.inbound.verifying.macs import compose, strict_base64
from powerstrip.inbound.verifying.times import must_be_near, seconds
from powerstrip.vault import BadPublicKey, PublicKey, read_public_key


def p256_key(secret: bytes) -> PublicKey:
    """The key of an endpoint. Raises `BadPublicKey`."""
    key = read_public_key(secret)
    if key.kind != "p256":
        raise BadPublicKey("The verification key is not one of the curve P-256")
    return key


def check_ecdsa(scheme: Ecdsa, delivery: RawDelivery, secrets: Sequence[bytes], now: float) -> Verified:
    """Raises `Refused`, and `BadPublicKey` for a configured key that is none."""
    given = delivery.header(scheme.header)
    stamp = delivery.header(scheme.timestamp) if scheme.timestamp else ""
    if stamp:
        must_be_near(seconds(stamp), now, scheme.tolerance)
    signature, signed = strict_base64(given), compose(scheme.message, delivery, stamp)
    for place, secret in enumerate(secrets):
        if p256_key(secret).verify(signature, signed):
            return Verified(scheme.scheme, place)
    refuse("bad_signature", "The signature does not fit the delivery and the verification key.")
