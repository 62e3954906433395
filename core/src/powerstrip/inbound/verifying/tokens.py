"""Secrets that are sent as they are: passwords and tokens."""

import hmac
import re
from collections.abc import Sequence
from urllib.parse import parse_qs

from powerstrip.adapter import BasicPassword, StaticToken, Unverified
from powerstrip.inbound.verifying.delivery import RawDelivery, Verified, refuse
from powerstrip.inbound.verifying.macs import strict_base64


def check_basic(scheme: BasicPassword, delivery: RawDelivery, secrets: Sequence[bytes], now: float) -> Verified:
    """Raises `Refused`."""
    kind, _, value = delivery.header("authorization").partition(" ")
    if kind.lower() != "basic":
        refuse("unknown_version", "The Authorization header is not Basic.")
    return Verified(scheme.scheme, _equal(strict_base64(value), secrets))


def check_token(scheme: StaticToken, delivery: RawDelivery, secrets: Sequence[bytes], now: float) -> Verified:
    """Raises `Refused`."""
    return Verified(scheme.scheme, _equal(_token(scheme, delivery), secrets))


def check_nothing(scheme: Unverified, delivery: RawDelivery, secrets: Sequence[bytes], now: float) -> Verified:
    """Every delivery is taken: the scheme says why."""
    return Verified(scheme.scheme)


def _token(scheme: StaticToken, delivery: RawDelivery) -> bytes:
    if scheme.header:
        value = delivery.header(scheme.header)
        if not value.startswith(scheme.prefix):
            refuse("unknown_version", f"The header {scheme.header} has another form.")
        return value[len(scheme.prefix) :].encode()
    return _queried(scheme.query, delivery) if scheme.query else _element(scheme.element, delivery.body)


def _queried(name: str, delivery: RawDelivery) -> bytes:
    try:
        found = parse_qs(delivery.query, keep_blank_values=True, max_num_fields=100, errors="surrogateescape").get(name, [])
    except ValueError:
        refuse("malformed", "The address has no readable query.")
    if len(found) != 1:
        refuse("malformed" if found else "no_signature", f"The query needs {name} once.")
    return found[0].encode("utf-8", "surrogatepass" if not found[0].isascii() else "strict")


def _element(name: str, body: bytes) -> bytes:
    """The text of the one element of this name. The XML is not parsed: nothing but plain text and white space may stand there."""
    tag = re.escape(name.encode())
    found = re.findall(rb"<(?:[A-Za-z0-9_]+:)?" + tag + rb"(?=[\s/>])", body)
    if len(found) != 1:
        refuse("malformed" if found else "no_signature", f"The body needs the element {name} once.")
    whole = re.search(rb"<(?:[A-Za-z0-9_]+:)?" + tag + rb">\s*([^<>&\s]{1,256})\s*</", body)
    return whole[1] if whole else refuse("malformed", f"The element {name} holds no plain text.")


def _equal(given: bytes, secrets: Sequence[bytes]) -> int:
    for place, secret in enumerate(secrets):
        if hmac.compare_digest(given, secret):
            return place
    refuse("bad_signature", "The password or token is not the one of this endpoint.")
