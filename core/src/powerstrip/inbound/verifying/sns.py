"""Amazon SNS: signed fields, and a certificate that the message points to.

Source: "Verifying the signatures of Amazon SNS messages" (Amazon SNS Developer Guide). The certificate is fetched only from
a host that the scheme names, over https, at a path of one form; it must be in its days and made out to an SNS host.
"""

import hmac
import re
from collections.abc import Sequence
from typing import Any, Literal
from urllib.parse import urlsplit

from powerstrip.adapter import SnsSigned
from powerstrip.adapter.errors import PowerstripError
from powerstrip.inbound.verifying.bodies import json_object
from powerstrip.inbound.verifying.delivery import Fetch, RawDelivery, Verified, refuse
from powerstrip.inbound.verifying.macs import strict_base64
from powerstrip.inbound.verifying.times import must_be_near, seconds
from powerstrip.vault import BadPublicKey, Certificate, read_certificate

NOTIFICATION = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
CONFIRMATION = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
SIGNED = {"Notification": NOTIFICATION, "SubscriptionConfirmation": CONFIRMATION, "UnsubscribeConfirmation": CONFIRMATION}
OPTIONAL = {"Subject"}
DIGESTS: dict[str, Literal["sha1", "sha256"]] = {"1": "sha1", "2": "sha256"}
PATH = re.compile(r"/SimpleNotificationService-[A-Za-z0-9]{1,64}\.pem")
NAME = re.compile(r"sns(\.[a-z0-9-]+)?\.amazonaws\.com(\.cn)?")


async def check_sns(scheme: SnsSigned, delivery: RawDelivery, secrets: Sequence[bytes], now: float, fetch: Fetch) -> Verified:
    """Raises `Refused`. The topic is compared first: no other topic's message makes us fetch anything."""
    message = json_object(delivery.body)
    place = _topic(_text(message, "TopicArn"), secrets)
    must_be_near(seconds(_text(message, "Timestamp"), "iso"), now, scheme.tolerance)
    version, signature = _text(message, "SignatureVersion"), strict_base64(_text(message, "Signature"))
    if version not in scheme.versions:
        refuse("unknown_version", "The signature has a version that this endpoint does not take.")
    signed = _signed_text(message)
    certificate = await _certificate(_certificate_url(scheme, message), now, fetch)
    if not certificate.key.verify(signature, signed, DIGESTS[version]):
        refuse("bad_signature", "The signature does not fit the message and the certificate.")
    return Verified(scheme.scheme, place, message_id=_text(message, "MessageId"))


def _topic(arn: str, secrets: Sequence[bytes]) -> int:
    for place, secret in enumerate(secrets):
        if hmac.compare_digest(arn.encode(), secret):
            return place
    refuse("wrong_sender", "The message is of another topic.")


def _text(message: dict[str, Any], name: str) -> str:
    value = message.get(name)
    if not isinstance(value, str) or not value:
        refuse("no_signature" if value is None and name.startswith("Signature") else "malformed", f"The message has no {name}.")
    return value


def _signed_text(message: dict[str, Any]) -> bytes:
    """Name and value of each field on lines of their own, in the order of their names."""
    names = SIGNED.get(_text(message, "Type"))
    if names is None:
        refuse("malformed", "The message has a type that SNS does not send.")
    kept = [name for name in names if name not in OPTIONAL or message.get(name) is not None]
    return "".join(f"{name}\n{_text(message, name) if message.get(name) != '' else ''}\n" for name in kept).encode()


def _certificate_url(scheme: SnsSigned, message: dict[str, Any]) -> str:
    """The address of the certificate, put together anew from the parts that were looked at."""
    try:
        parts = urlsplit(_text(message, "SigningCertURL"))
        host, plain = parts.hostname or "", parts.port in (None, 443) and parts.username is None
    except ValueError:
        host, plain, parts = "", False, urlsplit("")
    if not (plain and parts.scheme == "https" and re.fullmatch(scheme.hosts, host) and PATH.fullmatch(parts.path)):
        refuse("wrong_sender", "The certificate is not at an address of Amazon SNS.")
    return f"https://{host}{parts.path}"


async def _certificate(url: str, now: float, fetch: Fetch) -> Certificate:
    try:
        found = read_certificate(await fetch(url))
    except (PowerstripError, BadPublicKey):
        refuse("keys_unavailable", "The certificate cannot be had now.")
    if not found.not_before <= now <= found.not_after:
        refuse("bad_signature", "The certificate is not in its days.")
    if found.key.kind != "rsa" or not any(NAME.fullmatch(name) for name in found.names):
        refuse("wrong_sender", "The certificate is not of Amazon SNS.")
    return found
