"""A delivery as it came, and what a verifier answers."""

from collections.abc import Mapping, Sequence
from typing import Literal, NoReturn, Protocol, TypeAlias
from urllib.parse import urlsplit

from powerstrip.value import Value

Code: TypeAlias = Literal[
    "no_secret",
    "no_signature",
    "bad_signature",
    "stale",
    "malformed",
    "unknown_version",
    "replayed",
    "wrong_sender",
    "keys_unavailable",
]
"""Why a delivery is refused. Stable: the ledger keeps it. `keys_unavailable` alone may pass by itself."""

MAX_HEADER = 16 * 1024
"""Bytes of one header that a scheme reads."""


class RawDelivery(Value):
    """A request before anything is parsed. `url` is the public one, as the provider called it, with its query."""

    method: str
    url: str
    headers: Sequence[tuple[bytes, bytes]]
    body: bytes

    @classmethod
    def of(cls, method: str, url: str, headers: Mapping[str, str], body: bytes) -> "RawDelivery":
        """From text, as vectors and tests have it."""
        pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
        return cls(method, url, pairs, body)

    def optional(self, name: str) -> str | None:
        """The value of a header; None where it is not there. Raises `Refused` where it stands twice or is not printable ASCII."""
        wanted = name.lower().encode()
        found = [value for header, value in self.headers if header.lower() == wanted]
        if len(found) > 1:
            refuse("malformed", f"The header {name} stands there twice.")
        if not found:
            return None
        if len(found[0]) > MAX_HEADER or not found[0].isascii():
            refuse("malformed", f"The header {name} is too long or not ASCII.")
        return found[0].decode()

    def header(self, name: str) -> str:
        """The same, refused where it is missing or empty."""
        return self.optional(name) or refuse("no_signature", f"The header {name} is missing.")

    @property
    def path(self) -> str:
        """The path of the URL, still encoded."""
        return _split(self.url)[0]

    @property
    def query(self) -> str:
        """The query of the URL, still encoded, without its mark."""
        return _split(self.url)[1]


class Verified(Value):
    """The delivery is genuine. `secret` is the place of the one that fitted: 0 current, 1 previous, None where none is needed."""

    scheme: str
    secret: int | None = None
    message_id: str | None = None
    """The provider's id of this delivery, where the signature covers one."""


class Refusal(Value):
    """The delivery is not taken. `reason` is a sentence for the ledger, free of any value that came in."""

    code: Code
    reason: str


class Refused(Exception):
    """Carries a refusal out of the depths of a scheme; it never leaves this package."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal


class Fetch(Protocol):
    """Gets a public document (a certificate, a key set) through the edge.

    Raises `PowerstripError` when it cannot be had. The address was checked against the scheme's value before.
    """

    async def __call__(self, url: str, *, fresh: bool = False) -> bytes:
        """The body of a 200 answer, at most 256 KiB. `fresh`: what was kept of it does not do. See `Kept`."""
        ...


class Seen(Protocol):
    """Remembers tokens of one endpoint for at least a day."""

    async def __call__(self, token: str, digest: bytes) -> bool:
        """Keep `token` with the digest of its body. False where the token is known with another digest."""
        ...


def refuse(code: Code, reason: str) -> NoReturn:
    """Raises `Refused`."""
    raise Refused(Refusal(code, reason))


def _split(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url)
    except ValueError:
        refuse("malformed", "The address is no URL.")
    return parts.path, parts.query
