"""Signature Version 4 for JSON requests to the root of an AWS service."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlsplit

ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True)
class Keys:
    """What a request is signed with."""

    id: str
    secret: str = field(repr=False)
    session: str = field(default="", repr=False)


def signed(
    keys: Keys, region: str, service: str, url: str, headers: Mapping[str, str], body: bytes, at: datetime | None = None
) -> dict[str, str]:
    """The headers with those that sign them. Names are lower case; `at` is now where it is left out."""
    stamp = (at or datetime.now(UTC)).strftime("%Y%m%dT%H%M%SZ")
    extra = {"host": urlsplit(url).netloc, "x-amz-date": stamp}
    if keys.session:
        extra["x-amz-security-token"] = keys.session
    full = dict(headers) | extra
    names = ";".join(sorted(full))
    canonical = "\n".join(
        ["POST", "/", "", *(f"{name}:{full[name].strip()}" for name in sorted(full)), "", names, hashlib.sha256(body).hexdigest()]
    )
    scope = f"{stamp[:8]}/{region}/{service}/aws4_request"
    text = "\n".join([ALGORITHM, stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = f"AWS4{keys.secret}".encode()
    for part in (stamp[:8], region, service, "aws4_request"):
        key = _mac(key, part)
    signature = _mac(key, text).hex()
    return full | {"authorization": f"{ALGORITHM} Credential={keys.id}/{scope}, SignedHeaders={names}, Signature={signature}"}


def _mac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()
