"""HubSpot's three signatures."""

import base64
import hashlib
from collections.abc import Sequence

from powerstrip.adapter import HubSpotSigned
from powerstrip.inbound.verifying.delivery import RawDelivery, Verified, refuse
from powerstrip.inbound.verifying.macs import mac, match
from powerstrip.inbound.verifying.times import must_be_near, seconds

DECODED = {
    "%3A": ":",
    "%2F": "/",
    "%3F": "?",
    "%40": "@",
    "%21": "!",
    "%24": "$",
    "%27": "'",
    "%28": "(",
    "%29": ")",
    "%2A": "*",
    "%2C": ",",
    "%3B": ";",
}
"""What HubSpot decodes in the URI before it signs, and nothing else ("Validating requests")."""


def check_hubspot(scheme: HubSpotSigned, delivery: RawDelivery, secrets: Sequence[bytes], now: float) -> Verified:
    """Raises `Refused`. Where a v3 header came, it alone counts, so that nobody falls back to an older version by force."""
    if "v3" in scheme.versions and delivery.optional("x-hubspot-signature-v3") is not None:
        return _third(scheme, delivery, secrets, now)
    given = delivery.header("x-hubspot-signature-v3" if scheme.versions == ("v3",) else "x-hubspot-signature")
    match delivery.optional("x-hubspot-signature-version"):
        case "v2" if "v2" in scheme.versions:
            signed = delivery.method.upper().encode() + delivery.url.encode("utf-8", "surrogatepass") + delivery.body
        case "v1" if "v1" in scheme.versions:
            signed = delivery.body
        case _:
            refuse("unknown_version", "No signature has a version that this endpoint takes.")
    expected = [(hashlib.sha256(secret + signed).hexdigest().encode(),) for secret in secrets]
    return Verified(scheme.scheme, match([given], expected))


def _third(scheme: HubSpotSigned, delivery: RawDelivery, secrets: Sequence[bytes], now: float) -> Verified:
    given, stamp = delivery.header("x-hubspot-signature-v3"), delivery.header("x-hubspot-request-timestamp")
    must_be_near(seconds(stamp, "ms"), now, scheme.tolerance)
    uri = delivery.url
    for code, letter in DECODED.items():
        uri = uri.replace(code, letter).replace(code.lower(), letter)
    signed = delivery.method.upper().encode() + uri.encode("utf-8", "surrogatepass") + delivery.body + stamp.encode()
    expected = [(base64.b64encode(mac(secret, signed, "sha256")),) for secret in secrets]
    return Verified(scheme.scheme, match([given], expected))
