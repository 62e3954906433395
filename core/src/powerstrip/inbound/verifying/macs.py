"""Keyed digests: the general HMAC, and Standard Webhooks."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Sequence

from powerstrip.adapter import Hmac, StandardWebhooks
from powerstrip.adapter.verify import PLACEHOLDER, Digest, Encoding
from powerstrip.inbound.verifying.bodies import at_path, json_object
from powerstrip.inbound.verifying.delivery import RawDelivery, Verified, refuse
from powerstrip.inbound.verifying.times import must_be_near, seconds
from powerstrip.vault import BadPublicKey, PublicKey, read_ed25519

MAX_SIGNATURES = 8
"""Of one header; what follows is not looked at."""


def check_hmac(scheme: Hmac, delivery: RawDelivery, secrets: Sequence[bytes], now: float) -> Verified:
    """Raises `Refused`."""
    pairs = _pairs(scheme, delivery.header(scheme.header)) if scheme.pair else {}
    given = pairs.get(scheme.pair, []) if scheme.pair else _listed(scheme, delivery.header(scheme.header))
    if not given:
        refuse("unknown_version", "No signature has the form or version that this endpoint takes.")
    stamp = _stamp(scheme, delivery, pairs)
    if stamp:
        must_be_near(seconds(stamp, scheme.timestamp_unit), now, scheme.tolerance)
    signed = compose(scheme.message, delivery, stamp)
    fitting = match(given, [encodings(mac(secret, signed, scheme.digest), scheme.encoding) for secret in secrets])
    if scheme.timestamp_field:
        must_be_near(_field_time(scheme, delivery.body), now, scheme.tolerance)
    return Verified(scheme.scheme, fitting)


def check_standard(scheme: StandardWebhooks, delivery: RawDelivery, secrets: Sequence[bytes], now: float) -> Verified:
    """Raises `Refused`. The id that is signed comes back as `message_id`."""
    message_id, stamp, signatures = (delivery.header(f"{scheme.prefix}{name}") for name in ("id", "timestamp", "signature"))
    must_be_near(seconds(stamp), now, scheme.tolerance)
    version = "v1," if scheme.algorithm == "hmac" else "v1a,"
    given = [each[len(version) :] for each in signatures.split(" ") if each.startswith(version)][:MAX_SIGNATURES]
    if not given:
        refuse("unknown_version", "No signature has the version that this endpoint takes.")
    signed = f"{message_id}.{stamp}.".encode() + delivery.body
    if scheme.algorithm == "hmac":
        fitting = match(given, [encodings(mac(standard_key(secret), signed, "sha256"), "base64") for secret in secrets])
    else:
        fitting = _match_ed25519(given, [ed25519_key(secret) for secret in secrets], signed)
    return Verified(scheme.scheme, fitting, message_id=message_id)


def mac(secret: bytes, signed: bytes, digest: Digest) -> bytes:
    """HMAC (RFC 2104). Not by `hmac.digest`, which lets other threads in and waits for its turn again, even for a short text."""
    return hmac.new(secret, signed, digest).digest()


def encodings(value: bytes, encoding: Encoding) -> tuple[bytes, ...]:
    """The spellings a digest may have; base64url comes with padding and without."""
    if encoding == "hex":
        return (value.hex().encode(),)
    if encoding == "base64":
        return (base64.b64encode(value),)
    padded = base64.urlsafe_b64encode(value)
    return (padded, padded.rstrip(b"="))


def match(given: Iterable[str], expected: Sequence[tuple[bytes, ...]]) -> int:
    """The place of the secret whose digest was given. Compares bytes, in constant time. Raises `Refused` (bad_signature)."""
    for each in given:
        for place, spellings in enumerate(expected):
            if any(hmac.compare_digest(each.encode(), spelling) for spelling in spellings):
                return place
    refuse("bad_signature", "The signature does not fit the delivery and the secret.")


def compose(message: str, delivery: RawDelivery, stamp: str) -> bytes:
    """`message` with its placeholders filled, in one pass: what is filled in is never read as a placeholder."""
    parts = PLACEHOLDER.split(message)
    texts, names = parts[::2], parts[1::2]
    filled = texts[0].encode()
    for name, text in zip(names, texts[1:], strict=True):
        filled += _value(name, delivery, stamp) + text.encode()
    return filled


def standard_key(secret: bytes) -> bytes:
    """The bytes of `whsec_…` (the mark may be left out). Raises `BadPublicKey`."""
    try:
        key = base64.b64decode(secret.strip().removeprefix(b"whsec_"), validate=True)
    except binascii.Error:
        key = b""
    if not key or secret.startswith((b"whpk_", b"whsk_")):
        raise BadPublicKey("A Standard Webhooks secret is whsec_ and base64")
    return key


def ed25519_key(secret: bytes) -> PublicKey:
    """The key of `whpk_…`. Raises `BadPublicKey`."""
    try:
        return read_ed25519(base64.b64decode(secret.strip().removeprefix(b"whpk_"), validate=True))
    except binascii.Error:
        raise BadPublicKey("A Standard Webhooks public key is whpk_ and base64") from None


def strict_base64(text: str) -> bytes:
    """The bytes of canonical base64. Raises `Refused` (bad_signature)."""
    try:
        value = base64.b64decode(text.encode(), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        value = b""
    if not value or base64.b64encode(value) != text.encode():
        refuse("bad_signature", "The signature is not base64.")
    return value


def sha256_hex(value: bytes) -> bytes:
    """SHA-256 in hex."""
    return hashlib.sha256(value).hexdigest().encode()


def _listed(scheme: Hmac, value: str) -> list[str]:
    """The signatures of a header, without their prefix; those with another prefix are of another version."""
    each = [part.lstrip(" ") for part in value.split(scheme.separator)] if scheme.separator else [value]
    return [part[len(scheme.prefix) :] for part in each if part.startswith(scheme.prefix)][:MAX_SIGNATURES]


def _pairs(scheme: Hmac, value: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for part in value.split(scheme.separator):
        name, _, text = part.lstrip(" ").partition("=")
        if len(kept := found.setdefault(name, [])) < MAX_SIGNATURES:
            kept.append(text.removeprefix(scheme.prefix) if name == scheme.pair else text)
    return found


def _stamp(scheme: Hmac, delivery: RawDelivery, pairs: dict[str, list[str]]) -> str:
    """The signed time as it was sent; empty where none is sent outside the body."""
    if scheme.timestamp:
        return delivery.header(scheme.timestamp)
    if not scheme.timestamp_pair:
        return ""
    stamps = pairs.get(scheme.timestamp_pair, [])
    if len(stamps) != 1 or not stamps[0]:
        refuse("malformed", "The signature header needs one time.")
    return stamps[0]


def _field_time(scheme: Hmac, body: bytes) -> float:
    value = at_path(json_object(body), scheme.timestamp_field)
    if isinstance(value, bool) or not isinstance(value, int | str):
        refuse("malformed", "The body holds no signed time.")
    return seconds(str(value), scheme.timestamp_unit)


def _value(name: str, delivery: RawDelivery, stamp: str) -> bytes:
    match name:
        case "body":
            return delivery.body
        case "timestamp":
            return stamp.encode()
        case "method":
            return delivery.method.upper().encode()
        case "path":
            return delivery.path.encode("utf-8", "surrogatepass")
        case "query":
            return delivery.query.encode("utf-8", "surrogatepass")
        case "url":
            return delivery.url.encode("utf-8", "surrogatepass")
        case _:
            return delivery.header(name.removeprefix("header:")).encode()


def _match_ed25519(given: Iterable[str], keys: Sequence[PublicKey], signed: bytes) -> int:
    for each in given:
        signature = strict_base64(each)
        for place, key in enumerate(keys):
            if key.verify(signature, signed):
                return place
    refuse("bad_signature", "The signature does not fit the delivery and the key.")
