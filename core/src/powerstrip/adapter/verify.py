"""Ways a provider proves that a delivery is its own, as values.

They say what is compared; the hub's inbound room compares, on raw bytes and in constant time.
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Verify:
    """The base of all schemes. `scheme` is the word the catalog shows."""

    scheme: str


@dataclass(frozen=True, kw_only=True)
class Hmac(Verify):
    """An HMAC in a header, over `message` with `{body}`, `{timestamp}`, `{url}` and `{method}` filled in.

    `tolerance` (seconds) applies where a `timestamp` header is named. `prefix` stands before the value.
    """

    scheme: str = "hmac"
    header: str
    message: str = "{body}"
    timestamp: str = ""
    prefix: str = ""
    digest: Literal["sha1", "sha256", "sha512"] = "sha256"
    encoding: Literal["hex", "base64"] = "hex"
    tolerance: int = 300


@dataclass(frozen=True, kw_only=True)
class BasicPassword(Verify):
    """The provider sends a user name and password that the hub made and put into the webhook's URL (RFC 7617)."""

    scheme: str = "basic"


@dataclass(frozen=True, kw_only=True)
class Unverified(Verify):
    """The provider proves nothing. `reason` says why that cannot be helped; it is shown in red wherever the provider is."""

    scheme: str = "none"
    reason: str

    def __post_init__(self) -> None:
        if not self.reason.strip():
            raise ValueError("an unverified webhook needs a reason")
