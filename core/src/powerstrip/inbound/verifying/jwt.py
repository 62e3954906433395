"""Signed tokens of a declared issuer (RFC 7519, and RFC 8725 for what to refuse)."""

import base64
import binascii
import hmac
from collections.abc import Sequence
from typing import Any, Literal, cast

from powerstrip.adapter import SignedJwt
from powerstrip.adapter.errors import PowerstripError
from powerstrip.inbound.verifying.bodies import json_object
from powerstrip.inbound.verifying.delivery import Fetch, RawDelivery, Refused, Verified, refuse
from powerstrip.vault import BadPublicKey, PublicKey, read_jwk

MAX_TOKEN = 8192
MAX_KEYS = 32
MAX_LIFE = 86_400
"""Seconds between issue and expiry; a longer token is no push token."""
EMBEDDED = ("jwk", "jku", "x5c", "x5u", "crit", "zip", "b64")
"""Header fields by which a token would bring its own key or rules."""


async def check_jwt(scheme: SignedJwt, delivery: RawDelivery, secrets: Sequence[bytes], now: float, fetch: Fetch) -> Verified:
    """Raises `Refused`."""
    token = delivery.header(scheme.header)
    if not token.startswith(scheme.prefix):
        refuse("unknown_version", f"The header {scheme.header} has another form.")
    head, claims, signature, signed = _parts(token[len(scheme.prefix) :])
    algorithm = _algorithm(scheme, head)
    key = await _key(scheme, head, fetch)
    if not key.verify_jws(algorithm, signature, signed):
        refuse("bad_signature", "The token's signature does not fit the issuer's key.")
    _check_times(scheme, claims, now)
    return Verified(scheme.scheme, _addressed(scheme, claims, secrets))


def _parts(token: str) -> tuple[dict[str, Any], dict[str, Any], bytes, bytes]:
    parts = token.split(".")
    if len(token) > MAX_TOKEN or len(parts) != 3:
        refuse("malformed", "The token has not three parts.")
    head, claims, signature = map(_decoded, parts)
    return json_object(head, "The token"), json_object(claims, "The token"), signature, f"{parts[0]}.{parts[1]}".encode()


def _decoded(part: str) -> bytes:
    try:
        value = base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        value = b""
    if not value or base64.urlsafe_b64encode(value).rstrip(b"=") != part.encode():
        refuse("malformed", "The token is not base64url.")
    return value


def _algorithm(scheme: SignedJwt, head: dict[str, Any]) -> Literal["RS256", "ES256"]:
    if any(name in head for name in EMBEDDED):
        refuse("malformed", "The token brings its own key or rules.")
    for algorithm in scheme.algorithms:
        if head.get("alg") == algorithm:
            return algorithm
    refuse("unknown_version", "The token has an algorithm that this endpoint does not take.")


async def _key(scheme: SignedJwt, head: dict[str, Any], fetch: Fetch) -> PublicKey:
    """The issuer's key that the token names. A name that is not known makes the set be read once more."""
    wanted = head.get("kid")
    if not isinstance(wanted, str) or not wanted:
        refuse("malformed", "The token names no key.")
    for fresh in (False, True):
        if (found := await _of_set(scheme, wanted, fresh, fetch)) is not None:
            return found
    refuse("bad_signature", "The issuer has no such key.")


async def _of_set(scheme: SignedJwt, wanted: str, fresh: bool, fetch: Fetch) -> PublicKey | None:
    try:
        keys = json_object(await fetch(scheme.jwks_url, fresh=fresh)).get("keys")
    except (PowerstripError, Refused):
        refuse("keys_unavailable", "The issuer's keys cannot be had now.")
    for each in cast(list[Any], keys)[:MAX_KEYS] if isinstance(keys, list) else []:
        if isinstance(each, dict) and cast(dict[str, Any], each).get("kid") == wanted:
            try:
                return read_jwk(cast(dict[str, Any], each))
            except BadPublicKey:
                return None
    return None


def _check_times(scheme: SignedJwt, claims: dict[str, Any], now: float) -> None:
    expires, starts = _time(claims.get("exp")), [_time(claims[name]) for name in ("iat", "nbf") if name in claims]
    first = max(starts, default=expires - MAX_LIFE)
    if not first - scheme.leeway <= now < expires + scheme.leeway or expires - first > MAX_LIFE:
        refuse("stale", "The token is past its time, or before it.")


def _time(value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 10**11:
        return value
    refuse("malformed", "The token has no expiry, or a time that is none.")


def _addressed(scheme: SignedJwt, claims: dict[str, Any], secrets: Sequence[bytes]) -> int:
    """The place of the secret whose audience, and claim, the token has."""
    if claims.get("iss") != scheme.issuer:
        refuse("wrong_sender", "The token is of another issuer.")
    for place, secret in enumerate(secrets):
        audience, _, wanted = secret.partition(b" ")
        if _has(claims.get("aud"), audience) and (not scheme.claim or _claimed(scheme.claim, claims, wanted)):
            return place
    refuse("wrong_sender", "The token is for another audience, or of another account.")


def _claimed(name: str, claims: dict[str, Any], wanted: bytes) -> bool:
    """An e-mail address counts only when its issuer has verified it (OpenID Connect Core, 5.1)."""
    return _has(claims.get(name), wanted) and (name != "email" or claims.get("email_verified") is True)


def _has(value: Any, wanted: bytes) -> bool:
    values = cast(list[Any], value) if isinstance(value, list) else [value]
    return bool(wanted) and any(isinstance(each, str) and hmac.compare_digest(each.encode(), wanted) for each in values)
