"""Which headers may go out, and from whom.

The connection's own headers belong to the transport. Identity belongs to the auth value: an adapter does not set it by hand.
Names are tokens of RFC 9110; values are printable ASCII, so that nothing can end a line.
"""

from collections.abc import Iterable
from functools import lru_cache

from powerstrip.edge.errors import Refused

MAX_HEADERS = 64
MAX_VALUE = 8192
_TOKEN = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz")
_CONNECTION = """
    host transfer-encoding content-length connection keep-alive te trailer upgrade expect via accept-encoding forwarded
    x-forwarded-host x-forwarded-for x-forwarded-proto x-forwarded-server x-real-ip x-original-url x-rewrite-url x-host
    x-http-method x-http-method-override x-method-override base-url-override http2-settings
"""
_FRAMING = frozenset(_CONNECTION.split())
_IDENTITY = frozenset(("authorization", "cookie", "cookie2"))


def check_headers(headers: Iterable[tuple[str, str]], *, identity: bool = False) -> None:
    """Raise `Refused` for a header that may not go out. `identity`: the auth value has signed, its headers are welcome."""
    count = 0
    for name, value in headers:
        count += 1
        why = _name_fault(name, identity)
        if why is not None:
            raise Refused(why, "header")
        if len(value) > MAX_VALUE or not (value.isascii() and value.isprintable()):
            raise Refused(
                f"The value of the header {name} is too long or holds characters that a header cannot carry. "
                "Use printable ASCII; if it comes from the credential, enter the credential again",
                "header",
            )
    if count > MAX_HEADERS:
        raise Refused(f"A request has at most {MAX_HEADERS} headers", "header")


@lru_cache(4096)
def _name_fault(name: str, identity: bool) -> str | None:
    lower = name.lower()
    if not name or len(name) > 256 or not _TOKEN.issuperset(lower):
        return "A header's name is not valid. Use letters, digits and hyphens"
    if lower in _FRAMING or lower.startswith(("proxy-", "sec-")):
        return f"The header {lower} belongs to the connection. Leave it out"
    if lower in _IDENTITY and not identity:
        return f"The header {lower} is set by the integration's way of signing in. Leave it out"
    return None
