"""Where a request may go.

Only https, to public addresses, on ports that speak HTTP; to mail servers TLS or STARTTLS, on theirs. The operator opens
exceptions: networks (`allow_addresses`, with plain http and any port) and whole providers (`provider_urls`). The hub never calls
itself.

What can be told from the address alone is judged here, before anything is looked up; what a name resolves to is judged by
`check_address` at the moment of connecting.
"""

from collections.abc import Collection
from dataclasses import replace
from enum import Enum
from ipaddress import ip_address

from powerstrip.edge.addresses import Network, denied, embedded, listed
from powerstrip.edge.errors import Refused
from powerstrip.edge.urls import Url, parse_base
from powerstrip.settings import Settings
from powerstrip.urls import MAIL_PORTS, Address

_FETCH = """
    1 7 9 11 13 15 17 19 20 21 22 23 25 37 42 43 53 69 77 79 87 95 101 102 103 104 109 110 111 113 115 117 119 123 135 137 139
    143 161 179 389 427 465 512 513 514 515 526 530 531 532 540 548 554 556 563 587 601 636 989 990 993 995 1719 1720 1723 2049
    3659 4045 4190 5060 5061 6000 6566 6665 6666 6667 6668 6669 6679 6697 10080
"""
_STORES = """
    1433 1521 2181 2375 2376 2379 2380 3306 4369 5432 5433 5672 5984 6378 6379 6380 6432 6443 7000 7001 8086 8500 9042 9092
    9200 9300 10250 10255 11211 15672 26257 26379 27017 27018 27019 28017 33060 50070
"""
BAD_PORTS = frozenset(int(port) for port in (_FETCH + _STORES).split())
"""The Fetch standard's "bad ports" (https://fetch.spec.whatwg.org/#port-blocking), and those of databases, caches, queues and
cluster managers: never a provider's API on the public internet."""
_LOCAL_NAMES = frozenset(("localhost", "metadata", "instance-data"))
_LOCAL_ENDS = (".localhost", ".local", ".internal", ".localdomain", ".home.arpa", ".intranet", ".lan")
_KNOWN = 4096


class Reach(Enum):
    """Which addresses a connection may go to."""

    PUBLIC = "public"
    """Public ones, and those the operator lists."""
    LISTED = "listed"
    """Only those the operator lists: the scheme, port or name is an exception."""
    CHOSEN = "chosen"
    """Any: the operator named this very origin for this provider."""


class Guard:
    """The rules, for one set of settings. `own` holds the (host, port) pairs that this hub listens on or is known by."""

    def __init__(self, allow: Collection[Network] = (), own: Collection[tuple[str, int]] = ()) -> None:
        self.allow = tuple(allow)
        self.own = frozenset(own)
        self._own_ports = frozenset(port for _, port in own)
        self._known: dict[tuple[str, str, int, bool], Reach] = {}

    def reach(self, url: Url, *, chosen: bool = False) -> Reach:
        """Judge scheme, host and port. `chosen` tells that the origin is the operator's. Opens nothing; raises `Refused`."""
        key = (url.scheme, url.host, url.port, chosen)
        found = self._known.get(key)
        if found is None:
            found = self._judge(url, chosen)
            if len(self._known) >= _KNOWN:
                self._known.clear()
            self._known[key] = found
        return found

    def check_address(self, address: Address, port: int, reach: Reach) -> None:
        """Judge one address that a connection would go to. Raises `Refused`."""
        if self.is_own(address, port):
            raise _own()
        if reach is Reach.CHOSEN or listed(address, self.allow):
            return
        why = denied(address)
        if why is not None:
            raise _private(why)
        if reach is Reach.LISTED:
            raise Refused(
                "Only https (to mail servers TLS or STARTTLS) on an ordinary port may go to a public address. Use that, or let "
                "the operator list the address in POWERSTRIP_ALLOW_ADDRESSES",
                "address",
            )

    def is_own(self, address: Address, port: int) -> bool:
        """Whether the hub itself listens there, as far as the address tells."""
        if port not in self._own_ports:
            return False
        plain = embedded(address) or address
        here = {_address(host) for host, own_port in self.own if own_port == port}
        anywhere = any(host is not None and host.is_unspecified for host in here)
        return address in here or plain in here or (anywhere and (plain.is_loopback or plain.is_unspecified))

    def is_own_port(self, port: int) -> bool:
        """Whether the hub listens on this port on all of its machine's addresses."""
        return any(own == port and getattr(_address(host), "is_unspecified", False) for host, own in self.own)

    def _judge(self, url: Url, chosen: bool) -> Reach:
        if (url.host, url.port) in self.own:
            raise _own()
        reach = Reach.CHOSEN if chosen else self._kind(url)
        if url.address is not None:
            self.check_address(url.address, url.port, reach)
        return reach

    def _kind(self, url: Url) -> Reach:
        why = _exception(url)
        if why is None:
            return Reach.PUBLIC
        if not self.allow:
            raise Refused(f"{why}. An operator can open exceptions with POWERSTRIP_ALLOW_ADDRESSES", "address")
        return Reach.LISTED


def check_url(url: str, settings: Settings) -> str:
    """Judge a base URL or endpoint that is about to be saved, and give it normalised. Looks nothing up; raises `Refused`."""
    scheme, _, rest = url.partition("://")
    parts = parse_base(f"https://{rest}" if scheme in MAIL_PORTS else url)
    if scheme in MAIL_PORTS:
        parts = replace(parts, scheme=scheme)
    Guard(settings.allow_addresses).reach(parts)
    return parts.text


def _exception(url: Url) -> str | None:
    """Why this may go to listed addresses only; None where it is ordinary."""
    if url.scheme in MAIL_PORTS:
        if url.scheme.endswith("+plain"):
            return "Mail servers are spoken to over TLS or STARTTLS only"
        if url.port not in MAIL_PORTS[url.scheme]:
            return "This port is not one of such a mail server"
    elif url.scheme != "https":
        return "Only https is allowed"
    elif url.port in BAD_PORTS:
        return "This port is not one of an HTTP service"
    if url.host in _LOCAL_NAMES or url.host.endswith(_LOCAL_ENDS):
        return "This name belongs to a local network"
    return None


def _address(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _own() -> Refused:
    return Refused("The hub does not call itself. Use the address of the service", "address")


def _private(why: str) -> Refused:
    return Refused(
        f"The address is not a public one ({why}). Check the host, or let the operator list the address in "
        "POWERSTRIP_ALLOW_ADDRESSES",
        "address",
    )
