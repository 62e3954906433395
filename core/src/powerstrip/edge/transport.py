"""Requests over the network, as the rest of the room sees them. What holds the connections is loaded when the first leaves.

aiohttp and its TLS contexts are a tenth of a start, and a hub answers before it has called anybody.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from ssl import SSLContext
from typing import TYPE_CHECKING

from powerstrip.adapter import Request, Response
from powerstrip.clock import monotonic
from powerstrip.edge.call import Caps
from powerstrip.edge.guard import Guard, Reach
from powerstrip.edge.limit import Clock
from powerstrip.edge.resolver import Lookup
from powerstrip.edge.scrub import Scrub
from powerstrip.edge.tls import Tls
from powerstrip.edge.urls import Url

if TYPE_CHECKING:
    from powerstrip.edge.live import Connections


@dataclass(slots=True, repr=False)
class Flight:
    """One attempt. `scrub` cleans a streamed answer before it is on disk; all else of an answer is the caller's to clean.

    `cap` is the most that an answer may have, in bytes; None for the usual. `sent` turns true when it has a connection and its
    first byte is about to go out.
    """

    request: Request
    url: Url
    reach: Reach
    deadline: float
    scrub: Scrub
    tls: SSLContext | None = None
    cap: int | None = None
    sent: bool = False


class Transport:
    """Sends requests that the guard has let pass. With `brief` no more than the beginning of an answer is read."""

    def __init__(
        self, guard: Guard, caps: Caps, files: Path, tls: Tls, lookup: Lookup, clock: Clock = monotonic, *, brief: bool = False
    ) -> None:
        self._make: Callable[[], Connections] = lambda: _kind(brief)(guard, caps, files, tls, lookup, clock)
        self._loading = asyncio.Lock()
        self._connections: Connections | None = None

    async def send(self, flight: Flight) -> Response:
        """Send once and read the whole answer. Raises `Refused`, `Unreached` or `NoAnswer`; none of them holds the address."""
        connections = self._connections or await self.load()
        return await connections.send(flight)

    async def load(self) -> "Connections":
        """Be ready to send. The first request does it where nobody did before."""
        async with self._loading:
            if self._connections is None:
                self._connections = await asyncio.to_thread(self._make)
            return self._connections

    async def close(self) -> None:
        """Close all connections."""
        if self._connections is not None:
            await self._connections.close()


def _kind(brief: bool) -> "type[Connections]":
    from powerstrip.edge.live import BriefConnections, Connections

    return BriefConnections if brief else Connections
