"""Which addresses are nobody's public service: the hub's own table.

Python's `ipaddress.is_global` is not the judge: up to 3.11 it calls NAT64, 6to4, IPv4-compatible, site-local, multicast and
192.0.0.192 global, and it cannot know cloud metadata services on public addresses.

Sources: the IANA IPv4 and IPv6 special-purpose address registries (RFC 6890), RFC 4291, RFC 6052 (NAT64), RFC 3056 (6to4),
RFC 4380 (Teredo), RFC 5214 (ISATAP); the metadata addresses are from the documentation of the clouds that use them.
"""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Network, ip_address, ip_network
from typing import TypeAlias

from powerstrip.urls import Address

Network: TypeAlias = IPv4Network | IPv6Network

METADATA = frozenset(
    ip_address(text)
    for text in ("169.254.169.254", "169.254.170.2", "100.100.100.200", "192.0.0.192", "168.63.129.16", "fd00:ec2::254")
)
"""Where clouds hand out credentials to whoever asks from inside."""


def _table(*rows: tuple[str, str]) -> tuple[tuple[Network, str], ...]:
    return tuple((ip_network(network), why) for network, why in rows)


_V4 = _table(
    ("0.0.0.0/8", "unspecified"),
    ("10.0.0.0/8", "private"),
    ("100.64.0.0/10", "carrier-grade NAT"),
    ("127.0.0.0/8", "loopback"),
    ("169.254.0.0/16", "link-local"),
    ("172.16.0.0/12", "private"),
    ("192.0.0.0/24", "protocol assignments"),
    ("192.0.2.0/24", "documentation"),
    ("192.31.196.0/24", "reserved"),
    ("192.52.193.0/24", "reserved"),
    ("192.88.99.0/24", "6to4"),
    ("192.168.0.0/16", "private"),
    ("192.175.48.0/24", "reserved"),
    ("198.18.0.0/15", "benchmarking"),
    ("198.51.100.0/24", "documentation"),
    ("203.0.113.0/24", "documentation"),
    ("224.0.0.0/4", "multicast"),
    ("240.0.0.0/4", "reserved"),
)
_V6 = _table(
    ("::/128", "unspecified"),
    ("::1/128", "loopback"),
    ("::ffff:0:0/96", "IPv4-mapped"),
    ("::ffff:0:0:0/96", "IPv4-translated"),
    ("::/96", "IPv4-compatible"),
    ("64:ff9b::/96", "NAT64"),
    ("64:ff9b:1::/48", "NAT64"),
    ("fc00::/7", "private"),
    ("fe80::/10", "link-local"),
    ("fec0::/10", "site-local"),
    ("ff00::/8", "multicast"),
    ("2001::/32", "Teredo"),
    ("2001:2::/48", "benchmarking"),
    ("2001::/23", "protocol assignments"),
    ("2001:db8::/32", "documentation"),
    ("2002::/16", "6to4"),
    ("2620:4f:8000::/48", "reserved"),
    ("3fff::/20", "documentation"),
)
_V6_PUBLIC = IPv6Network("2000::/3")
"""The only block from which public IPv6 addresses are given out; all else is denied."""
_ISATAP = (0x00005EFE, 0x02005EFE)


def denied(address: Address) -> str | None:
    """The kind of a non-public address, in words; None for a public one. One that carries an IPv4 address is never public."""
    if address in METADATA or embedded(address) in METADATA:
        return "cloud metadata"
    if isinstance(address, IPv4Address):
        return _kind(address, _V4)
    if why := _kind(address, _V6):
        return why
    if address not in _V6_PUBLIC:
        return "reserved"
    return "ISATAP" if embedded(address) else None


def embedded(address: Address) -> IPv4Address | None:
    """The IPv4 address that an IPv6 one stands for or tunnels to; None where there is none."""
    if isinstance(address, IPv4Address):
        return None
    number = int(address)
    low = IPv4Address(number & 0xFFFFFFFF)
    if number >> 32 in (0, 0xFFFF, 0xFFFF << 16, 0x64FF9B << 64) or number >> 80 == 0x64FF9B0001:
        return low
    if number >> 112 == 0x2002:
        return IPv4Address(number >> 80 & 0xFFFFFFFF)
    if number >> 96 == 0x20010000:
        return IPv4Address(~number & 0xFFFFFFFF)
    return low if number >> 32 & 0xFFFFFFFF in _ISATAP else None


def listed(address: Address, networks: Iterable[Network]) -> bool:
    """Whether the operator's list holds the address. A metadata address must stand there by itself, not in a larger network."""
    alone = address in METADATA or embedded(address) in METADATA
    return any(address in network for network in networks if not alone or network.num_addresses == 1)


def _kind(address: Address, table: tuple[tuple[Network, str], ...]) -> str | None:
    return next((why for network, why in table if address in network), None)
