"""Names to addresses, once, and judged before anything connects.

aiohttp connects to exactly the addresses that `resolve` returns, with the name in SNI and Host. So an answer that changes after
the check (DNS rebinding) changes nothing.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from typing import TYPE_CHECKING, TypeAlias

from powerstrip.edge.errors import Refused
from powerstrip.edge.guard import Guard, Reach
from powerstrip.urls import Address

if TYPE_CHECKING:
    from aiohttp.abc import ResolveResult

Lookup: TypeAlias = Callable[[str], Awaitable[Sequence[str]]]
"""A name's addresses as texts. Raises `OSError` where there are none."""


class SystemLookup:
    """The system's resolver, in threads of its own: name servers that hang hold up look-ups and nothing else."""

    def __init__(self, threads: int = 32) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="lookup")

    async def __call__(self, name: str) -> list[str]:
        """The addresses of a name, each once."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, _look_up, name)

    def close(self) -> None:
        """Take no more look-ups; those under way end by themselves."""
        self._pool.shutdown(wait=False, cancel_futures=True)


class Resolver:
    """Resolves for connections of one reach. A name with one denied address among its answers is refused as a whole."""

    def __init__(self, guard: Guard, reach: Reach, lookup: Lookup) -> None:
        self._guard = guard
        self._reach = reach
        self._lookup = lookup

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AddressFamily.AF_INET
    ) -> "list[ResolveResult]":
        """The checked addresses of a name. Raises `Refused`, or `OSError` where the name has none."""
        addresses = [_parsed(text) for text in await self._lookup(host)]
        for address in addresses:
            check_live(self._guard, address, port, self._reach)
        if not addresses:
            raise OSError("the name has no address")
        return [_result(host, address, port) for address in addresses]

    async def close(self) -> None:
        """Nothing is held open."""


def check_live(guard: Guard, address: Address, port: int, reach: Reach) -> None:
    """The guard's judgement, and whether the address is one of this machine's where the hub listens on all of them."""
    guard.check_address(address, port, reach)
    if guard.is_own_port(port) and _is_mine(address):
        raise Refused("The hub does not call itself. Use the address of the service", "address")


def _look_up(name: str) -> list[str]:
    found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _is_mine(address: Address) -> bool:
    """Only an address of this machine can be bound; binding a datagram socket sends nothing."""
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((str(address), 0))
        except OSError:
            return False
    return True


def _parsed(text: str) -> Address:
    try:
        return ip_address(text)
    except ValueError:
        raise Refused("The name resolves to something that is no address", "address") from None


def _result(host: str, address: Address, port: int) -> "ResolveResult":
    return {
        "hostname": host,
        "host": str(address),
        "port": port,
        "family": socket.AF_INET if address.version == 4 else socket.AF_INET6,
        "proto": socket.IPPROTO_TCP,
        "flags": socket.AI_NUMERICHOST,
    }
