"""Mailgun's signature, which stands inside the body and covers a time and a token alone."""

import hashlib
from collections.abc import Sequence

from powerstrip.adapter import MailgunSigned
from powerstrip.inbound.verifying.bodies import at_path, form_fields, json_object
from powerstrip.inbound.verifying.delivery import RawDelivery, Seen, Verified, refuse
from powerstrip.inbound.verifying.macs import encodings, mac, match
from powerstrip.inbound.verifying.times import must_be_near, seconds

NAMES = ("timestamp", "token", "signature")
MAX_TOKEN = 256


async def check_mailgun(
    scheme: MailgunSigned, delivery: RawDelivery, secrets: Sequence[bytes], now: float, seen: Seen
) -> Verified:
    """Raises `Refused`. A token that was taken before is taken again with the same body only: that is a repeat, not a forgery."""
    stamp, token, given = _signed_parts(delivery)
    must_be_near(seconds(stamp), now, scheme.tolerance)
    if not (token.isascii() and given.isascii() and len(token) <= MAX_TOKEN):
        refuse("malformed", "The token or its signature is too long or not ASCII.")
    signed = f"{stamp}{token}".encode()
    fitting = match([given], [encodings(mac(secret, signed, "sha256"), "hex") for secret in secrets])
    if not await seen(token, hashlib.sha256(delivery.body).digest()):
        refuse("replayed", "The token was used before, with another body.")
    return Verified(scheme.scheme, fitting)


def _signed_parts(delivery: RawDelivery) -> tuple[str, str, str]:
    if (delivery.optional("content-type") or "").lower().startswith(("application/x-www-form-urlencoded", "multipart/")):
        fields = form_fields(delivery)
        found: list[object] = [_only([value for each, value in fields if each == name]) for name in NAMES]
    else:
        body = json_object(delivery.body)
        found = [at_path(body, f"signature.{name}") for name in NAMES]
    match found:
        case [str(stamp), str(token), str(given)] if stamp and token and given:
            return stamp, token, given
        case [None, None, None] | [_, _, None | ""]:
            refuse("no_signature", "The body holds no signature.")
        case _:
            refuse("malformed", "The body's time, token and signature are not three texts.")


def _only(values: Sequence[str]) -> str | None:
    return values[0] if len(values) == 1 else None
