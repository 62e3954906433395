"""The one door to all schemes."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeAlias

from powerstrip.adapter import (
    BasicPassword,
    Ecdsa,
    Hmac,
    HubSpotSigned,
    MailgunSigned,
    SignedJwt,
    SnsSigned,
    StandardWebhooks,
    StaticToken,
    TwilioSigned,
    Unverified,
    Verify,
)
from powerstrip.adapter.verify import SCHEMES
from powerstrip.inbound.verifying.bodies import at_path, json_object
from powerstrip.inbound.verifying.delivery import Fetch, RawDelivery, Refusal, Refused, Seen, Verified, refuse
from powerstrip.inbound.verifying.ecdsa import check_ecdsa, p256_key
from powerstrip.inbound.verifying.hubspot import check_hubspot
from powerstrip.inbound.verifying.jwt import check_jwt
from powerstrip.inbound.verifying.macs import check_hmac, check_standard, ed25519_key, standard_key
from powerstrip.inbound.verifying.mailgun import check_mailgun
from powerstrip.inbound.verifying.sns import check_sns
from powerstrip.inbound.verifying.tokens import check_basic, check_nothing, check_token
from powerstrip.inbound.verifying.twilio import check_twilio
from powerstrip.problems import BadInput
from powerstrip.vault import BadPublicKey

MAX_SECRETS = 2
MAX_SECRET = 4096
Check: TypeAlias = Callable[[Any, RawDelivery, Sequence[bytes], float], Verified]
FetchingCheck: TypeAlias = Callable[[Any, RawDelivery, Sequence[bytes], float, Fetch], Awaitable[Verified]]
CHECKS: Mapping[type[Verify], Check] = {
    Hmac: check_hmac,
    StandardWebhooks: check_standard,
    Ecdsa: check_ecdsa,
    TwilioSigned: check_twilio,
    HubSpotSigned: check_hubspot,
    BasicPassword: check_basic,
    StaticToken: check_token,
    Unverified: check_nothing,
}
FETCHING: Mapping[type[Verify], FetchingCheck] = {SnsSigned: check_sns, SignedJwt: check_jwt}


async def verify(
    scheme: Verify,
    delivery: RawDelivery,
    secrets: Sequence[bytes | str],
    now: float,
    *,
    fetch: Fetch,
    seen: Seen,
) -> Verified | Refusal:
    """Whether `delivery` is the provider's own. `secrets` are one or two (current, previous); `now` is in seconds since 1970.

    Never raises because of what came in: a refusal is a value. (`TypeError`, for a scheme that is none of the contract's, cannot
    come from a loaded adapter: the catalog refuses those.)
    """
    try:
        keys = _usable(scheme, secrets)
        match _known(scheme):
            case kind if kind in CHECKS:
                return CHECKS[kind](scheme, delivery, keys, now)
            case kind if kind in FETCHING:
                return await FETCHING[kind](scheme, delivery, keys, now, fetch)
            case _:
                assert isinstance(scheme, MailgunSigned)
                return await check_mailgun(scheme, delivery, keys, now, seen)
    except Refused as refused:
        return refused.refusal


def check_secret(scheme: Verify, secret: bytes | str) -> None:
    """Raises `BadInput` for a secret that this scheme cannot use. Ask it before a secret is kept."""
    if reason := _wrong(scheme, _bytes(secret)):
        raise BadInput(f"{scheme.label or 'The secret'}: {reason}", details={"hint": scheme.help})


def handed_over(scheme: Verify, delivery: RawDelivery) -> str | None:
    """The secret that the provider hands over in its first delivery; None where this is none such.

    Only an endpoint that waits for its secret may ask. Nothing proves that delivery: a person confirms it at the provider.
    """
    if not scheme.handover:
        return None
    try:
        secret = at_path(json_object(delivery.body), scheme.handover)
    except Refused:
        return None
    return secret if isinstance(secret, str) and not _wrong(scheme, _bytes(secret)) else None


def _known(scheme: Verify) -> type[Verify]:
    for kind in SCHEMES:
        if isinstance(scheme, kind):
            return kind
    raise TypeError(f"{type(scheme).__name__} is no scheme of this hub")


def _usable(scheme: Verify, secrets: Sequence[bytes | str]) -> list[bytes]:
    """The secrets as bytes. Raises `Refused` (no_secret) where one is missing or unusable: without proof nothing is taken."""
    if isinstance(scheme, Unverified):
        return []
    keys = [_bytes(secret) for secret in secrets]
    if not 1 <= len(keys) <= MAX_SECRETS or any(_wrong(scheme, key) for key in keys):
        refuse("no_secret", "The endpoint has no secret that its scheme can use.")
    return keys


def _bytes(secret: bytes | str) -> bytes:
    return secret.encode("utf-8", "replace") if isinstance(secret, str) else secret


def _wrong(scheme: Verify, secret: bytes) -> str:
    """Why a secret cannot be used; empty where it can."""
    if not secret.strip():
        return "it is empty"
    if len(secret) > MAX_SECRET:
        return f"it has more than {MAX_SECRET} bytes"
    try:
        match scheme:
            case StandardWebhooks(algorithm="hmac"):
                standard_key(secret)
            case StandardWebhooks():
                ed25519_key(secret)
            case Ecdsa():
                p256_key(secret)
            case BasicPassword() if b":" not in secret:
                return "write it as user:password"
            case SignedJwt(claim=str(claim)) if claim and not secret.partition(b" ")[2].strip():
                return f"write the audience, a space, and the value of {claim}"
            case _:
                pass
    except BadPublicKey as error:
        return str(error)
    return ""
