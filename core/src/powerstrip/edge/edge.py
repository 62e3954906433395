"""The one way out of the hub."""

import ssl
from collections.abc import Collection
from pathlib import Path

from powerstrip.adapter import Http
from powerstrip.edge.call import Bound, Call, Caps, Trace
from powerstrip.edge.guard import Guard
from powerstrip.edge.limit import Limits
from powerstrip.edge.live import Transport
from powerstrip.edge.pipeline import Gear, Pipeline, Reveal, Tempo
from powerstrip.edge.resolver import Lookup, SystemLookup
from powerstrip.edge.tls import ClientCertificates, Tls
from powerstrip.settings import Settings

_TEMPO = Tempo()
_CAPS = Caps()


class Edge:
    """Gives each call an `Http` bound to its integration.

    `reveal` opens a credential and is asked only to sign a live request. `files` is a folder for streamed answers. `own` are
    the (host, port) pairs where this hub listens or is known: nothing is ever sent there.
    """

    def __init__(
        self,
        settings: Settings,
        reveal: Reveal,
        files: Path,
        *,
        own: Collection[tuple[str, int]] = (),
        caps: Caps = _CAPS,
        tempo: Tempo = _TEMPO,
        lookup: Lookup | None = None,
        tls: Tls = ssl.create_default_context,
    ) -> None:
        self._files = files
        self._system = SystemLookup()
        guard = Guard(settings.allow_addresses, own)
        self._gear = Gear(
            guard=guard,
            limits=Limits(tempo.clock, tempo.pause),
            transport=Transport(guard, caps, files, tls, lookup or self._system, tempo.clock),
            certificates=ClientCertificates(tls),
            reveal=reveal,
            provider_urls=settings.provider_urls,
            tempo=tempo,
        )

    async def start(self) -> None:
        """Make the folder for files and clear what an earlier process left half-written."""
        self._files.mkdir(mode=0o700, parents=True, exist_ok=True)
        for left in self._files.glob("*.part"):
            left.unlink(missing_ok=True)

    async def close(self) -> None:
        """Close all connections."""
        await self._gear.transport.close()
        self._system.close()

    def http(self, bound: Bound, call: Call) -> tuple[Http, Trace]:
        """The adapter's way to its provider for this one call, and the trace of what happens on it."""
        trace = Trace()
        way = Pipeline(self._gear, bound, call, trace)
        if bound.mode == "live":
            return Http(way.live, bound.config, way.presign_live), trace
        return Http(way.sandbox, bound.config, way.presign_sandbox), trace
