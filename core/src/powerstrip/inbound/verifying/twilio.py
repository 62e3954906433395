"""Twilio's signature: the URL that was called, and the form in order of names."""

import hmac
from collections.abc import Iterator, Sequence
from urllib.parse import parse_qs, urlsplit

from powerstrip.adapter import TwilioSigned
from powerstrip.inbound.verifying.bodies import form_fields
from powerstrip.inbound.verifying.delivery import RawDelivery, Refused, Verified, refuse
from powerstrip.inbound.verifying.macs import encodings, mac, match, sha256_hex

DEFAULT_PORTS = {"https": 443, "http": 80}


def check_twilio(scheme: TwilioSigned, delivery: RawDelivery, secrets: Sequence[bytes], now: float) -> Verified:
    """Raises `Refused`. `now` is not looked at: Twilio signs no time."""
    given = delivery.header(scheme.header)
    content = _json_content(delivery) if "bodySHA256=" in delivery.query else _form_content(delivery)
    for url in _spellings(delivery.url):
        signed = url.encode("utf-8", "surrogatepass") + content
        try:
            return Verified(
                scheme.scheme, match([given], [encodings(mac(secret, signed, "sha1"), "base64") for secret in secrets])
            )
        except Refused:
            continue
    refuse("bad_signature", "The signature does not fit the address, the form and the secret.")


def _json_content(delivery: RawDelivery) -> bytes:
    """Nothing: the URL holds the digest of the body, which must be right."""
    try:
        digests = parse_qs(delivery.query, max_num_fields=100).get("bodySHA256", [])
    except ValueError:
        digests = []
    if len(digests) != 1 or not hmac.compare_digest(digests[0].encode("utf-8", "surrogatepass"), sha256_hex(delivery.body)):
        refuse("bad_signature", "The body is not the one that the address names.")
    return b""


def _form_content(delivery: RawDelivery) -> bytes:
    """Names and values, sorted; of a repeated name each value once."""
    if not delivery.body:
        return b""
    fields = sorted(set(form_fields(delivery)))
    return "".join(f"{name}{value}" for name, value in fields).encode("utf-8", "surrogatepass")


def _spellings(url: str) -> Iterator[str]:
    """As it came, without a port, and with the default one: Twilio signs either, and proxies change them."""
    yield url
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        return
    if "@" in parts.netloc:
        return
    bare = parts.netloc.rpartition(":")[0] if port is not None else parts.netloc
    if port is not None:
        yield parts._replace(netloc=bare).geturl()
    if host and (default := DEFAULT_PORTS.get(parts.scheme)) not in (None, port):
        yield parts._replace(netloc=f"{bare}:{default}").geturl()
