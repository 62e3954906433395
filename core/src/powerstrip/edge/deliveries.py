"""Signed deliveries to webhooks: addresses that people name, which get a POST and whose answer is hardly looked at.

They have connections of their own, so that slow targets take none from calls. The guard is the calls' own: judged when an
address is saved and again, name and all, at each send. Redirects are not followed.
"""

import ssl
from collections.abc import Collection, Sequence

from powerstrip.adapter import Request
from powerstrip.clock import monotonic
from powerstrip.edge.call import Caps
from powerstrip.edge.errors import Refused
from powerstrip.edge.guard import Guard
from powerstrip.edge.resolver import Lookup, SystemLookup
from powerstrip.edge.scrub import Scrub
from powerstrip.edge.tls import Tls
from powerstrip.edge.transport import Flight, Transport
from powerstrip.edge.urls import Url, climbs, parse_url
from powerstrip.settings import Settings
from powerstrip.value import Value

CONNECTIONS = 256
"""Open to all targets together."""
KEPT = 1024
"""Bytes of an answer's text that are kept."""
HOP = "X-Powerstrip-Hop"
"""Names the hub that sent a delivery: a hub that receives its own does not take it."""


class Receipt(Value):
    """What a target answered. `text` is its beginning, printable and without secrets; `retry_after` is the header."""

    status: int
    text: str
    retry_after: str
    milliseconds: int


class Deliveries:
    """Sends to webhooks. `own` are the (host, port) pairs where this hub listens; `hop` goes along in the header `HOP`."""

    def __init__(
        self,
        settings: Settings,
        *,
        own: Collection[tuple[str, int]] = (),
        hop: str = "",
        lookup: Lookup | None = None,
        tls: Tls = ssl.create_default_context,
    ) -> None:
        self._system = SystemLookup()
        self._guard = Guard(settings.allow_addresses, own)
        caps = Caps(connections=CONNECTIONS)
        self._transport = Transport(self._guard, caps, settings.data / "streams", tls, lookup or self._system, brief=True)
        self._hop = hop

    def is_own(self, hop: str) -> bool:
        """Whether a hop header that came in is the one that goes along here."""
        return bool(self._hop) and hop == self._hop

    def wire_headers(self, headers: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
        """A delivery's headers with those that each one has."""
        hop = [(HOP, self._hop)] if self._hop else []
        return [("Content-Type", "application/json"), *headers, *hop]

    def check(self, url: str) -> str:
        """Judge an address before it is saved, and give it normalised. Looks nothing up; raises `Refused`."""
        return self._parsed(url).text

    async def post(
        self,
        url: str,
        body: bytes,
        headers: Sequence[tuple[str, str]],
        *,
        seconds: float,
        secrets: Collection[str] = (),
    ) -> Receipt:
        """POST a JSON body, once. `secrets` do not come back in the answer's text.

        Raises `Refused` for an address that is not reached, `Unreached` and `NoAnswer` where no answer came in time.
        """
        parts = self._parsed(url)
        scrub, begun = Scrub(secrets), monotonic()
        request = Request("POST", parts.text, headers=tuple(self.wire_headers(headers)), body=body)
        flight = Flight(request, parts, self._guard.reach(parts), begun + seconds, scrub)
        answer = await self._transport.send(flight)
        text = printable(scrub.text(answer.text()))
        return Receipt(answer.status, text, answer.headers.get("retry-after", ""), round((monotonic() - begun) * 1000))

    async def close(self) -> None:
        """Close all connections."""
        await self._transport.close()
        self._system.close()

    def _parsed(self, url: str) -> Url:
        parts = parse_url(url)
        if climbs(parts.path):
            raise Refused("The address cannot be used. Its path climbs. Give one such as https://example.com/hooks", "path")
        self._guard.reach(parts)
        return parts


def printable(text: str) -> str:
    """The beginning of a text as it may be shown: on one line, without controls, at most 1 KB of UTF-8."""
    letters = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(letters.split()).encode("utf-8", "replace")[:KEPT].decode("utf-8", "ignore")
