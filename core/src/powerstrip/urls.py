"""The one parser of addresses, and the rules of a path.

What it accepts it has taken apart for good: the transport connects to these parts and never parses the text again. So there is no
second reading of a URL that could differ. It is stricter than RFC 3986 and the WHATWG URL standard: what they repair is refused.
"""

import re
from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv4Address, IPv6Address
from typing import Literal, TypeAlias, TypeVar
from unicodedata import normalize
from urllib.parse import quote, unquote

import idna

Address: TypeAlias = IPv4Address | IPv6Address
A = TypeVar("A", IPv4Address, IPv6Address)

MAX_URL = 16_384
"""Characters of an address with its query."""
PATH_SAFE = "/%:@!$&'()*+,;=~"
QUERY_SAFE = PATH_SAFE + "?"
_PORTS = {"https": 443, "http": 80}
MAIL_PORTS = {
    "smtps": (465, 2465),
    "smtp": (587, 25, 2525, 2587),
    "smtp+plain": (25, 587, 2525),
    "imaps": (993,),
    "imap": (143,),
    "imap+plain": (143,),
}
"""Schemes of mail servers, which stand in no address that somebody writes → their ports, the usual one first."""
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?", re.ASCII)
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII)
_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_READINGS = 4


class BadUrl(ValueError):
    """An address that is not taken. The message says why and does not repeat it; `part` is what is wrong with it."""

    def __init__(self, message: str, part: Literal["url", "path"] = "url") -> None:
        super().__init__(message)
        self.part: Literal["url", "path"] = part


@dataclass(frozen=True)
class Url:
    """An address in its parts: `host` is ASCII and lower case, `port` always filled, `path` and `query` percent-encoded.

    `address` is set where the host is a literal address.
    """

    scheme: str
    host: str
    port: int
    path: str = ""
    query: str = ""
    address: Address | None = None

    @property
    def written_host(self) -> str:
        """The host as an address spells it: an IPv6 address in brackets."""
        return f"[{self.host}]" if ":" in self.host else self.host

    @cached_property
    def origin(self) -> str:
        """`scheme://host`, with the port where it is not the usual one; of a mail server always."""
        host = self.written_host
        return f"{self.scheme}://{host}" if self.port == _PORTS.get(self.scheme) else f"{self.scheme}://{host}:{self.port}"

    @property
    def text(self) -> str:
        """The whole address, normalised."""
        return f"{self.origin}{self.path}?{self.query}" if self.query else self.origin + self.path


def parse_url(text: str) -> Url:
    """Take an absolute http(s) address apart. Raises `BadUrl`, without repeating the text, for anything unusual."""
    if len(text) > MAX_URL or not text.isprintable() or any(mark in text for mark in " \\#"):
        raise _refused("It holds blanks, control characters, a backslash or a fragment, or is too long")
    scheme, found, rest = text.partition("://")
    if not found or scheme.lower() not in _PORTS:
        raise _refused("It must begin with https://")
    end = min(at for at in (rest.find("/"), rest.find("?"), len(rest)) if at >= 0)
    path, _, query = rest[end:].partition("?")
    host, port = _authority(rest[:end])
    name, address = _host(host)
    usual = _PORTS[scheme.lower()]
    return Url(scheme.lower(), name, _port(port, usual), encoded(path, PATH_SAFE), encoded(query, QUERY_SAFE), address)


def parse_base(text: str) -> Url:
    """A base URL: no query, and a path that ends without a slash."""
    url = parse_url(text)
    if url.query or text.endswith("?"):
        raise _refused("A base URL has no query")
    if climbs(url.path):
        raise _refused("Its path climbs")
    return Url(url.scheme, url.host, url.port, url.path.rstrip("/"), "", url.address)


def encoded(text: str, safe: str) -> str:
    """Percent-encode what may not stand in a URL; what is encoded already stays. Raises `BadUrl` for a stray `%`."""
    if "%" in text and _PERCENT.search(text):
        raise BadUrl("A part of the address holds a % that begins no escape: percent-encode it as %25", "path")
    try:
        return quote(text, safe=safe)
    except UnicodeEncodeError:
        raise BadUrl("A part of the address holds characters that are no text", "path") from None


def climbs(path: str) -> bool:
    """Whether a path has `.` or `..` parts under any reading: encoded several times, split by a backslash, or before a `;`."""
    if "/." not in path and "%" not in path and "\\" not in path:
        return False
    for _ in range(_READINGS):
        parts = path.replace("\\", "/").split("/")
        if any(part.partition(";")[0].strip() in (".", "..") for part in parts):
            return True
        if "%" not in path:
            return False
        path = unquote(path)
    return "%2e" in path.lower()


def _authority(text: str) -> tuple[str, str | None]:
    if "@" in text or "%" in text:
        raise _refused("It holds a user name or an encoded host")
    host, bracket, after = text.partition("]")
    if bracket:
        return host + bracket, _after_colon(after)
    host, colon, port = text.partition(":")
    return host, port if colon else None


def _after_colon(text: str) -> str | None:
    if text and not text.startswith(":"):
        raise _refused("Its host cannot be read")
    return text[1:] if text else None


def _port(text: str | None, usual: int) -> int:
    if text is None:
        return usual
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and 0 < int(text) < 65_536):
        raise _refused("Its port is no number from 1 to 65535")
    return int(text)


def _host(text: str) -> tuple[str, Address | None]:
    """The normalised host, and the address it is literally. Raises `BadUrl` for odd notations of an address."""
    if text.startswith("["):
        address = _literal(IPv6Address, text[1:-1])
        return address.compressed, address
    name = _ascii(text).removesuffix(".")
    labels = name.split(".")
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise _refused("Its host is no valid name")
    if _NUMBER.fullmatch(labels[-1]):
        return name, _literal(IPv4Address, name)
    return name, None


def _ascii(text: str) -> str:
    """NFKC and IDNA (UTS 46): full-width and circled digits, ideographic dots and the like become what they stand for."""
    if text.isascii():
        return text.lower()
    try:
        return idna.encode(normalize("NFKC", text), uts46=True, std3_rules=True).decode().lower()
    except (idna.IDNAError, UnicodeError):
        raise _refused("Its host is no valid name") from None


def _literal(kind: type[A], text: str) -> A:
    try:
        return kind(text)
    except ValueError:
        raise _refused("Its host is an address in a notation that is not accepted") from None


def _refused(why: str) -> BadUrl:
    return BadUrl(f"The address cannot be used. {why}. Give one such as https://api.example.com/v1")
