"""The one way out of the hub."""

import ssl
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from powerstrip.adapter import Adapter, Http, Mail, PowerstripError, Request, Response, Secret
from powerstrip.edge.bind import endpoint_of
from powerstrip.edge.call import Bound, Call, Caps, Trace
from powerstrip.edge.errors import Refused
from powerstrip.edge.guard import Guard
from powerstrip.edge.limit import Limits
from powerstrip.edge.mail import MailTransport
from powerstrip.edge.pipeline import Access, Gear, Pipeline, Reveal, Tempo
from powerstrip.edge.resolver import Lookup, SystemLookup
from powerstrip.edge.scrub import Scrub
from powerstrip.edge.tls import ClientCertificates, Tls
from powerstrip.edge.tokens import TokenCall, found_endpoint
from powerstrip.edge.tokens import send as send_token_call
from powerstrip.edge.transport import Flight, Transport
from powerstrip.edge.urls import parse_url
from powerstrip.settings import Settings

_TEMPO = Tempo()
_CAPS = Caps()
MODEL_ANSWER = 256 * 1024
"""Bytes of a language model's answer. One understood sentence has less than a kilobyte."""


class Edge:
    """Gives each call a door, an `Http` or a `Mail`, bound to its integration.

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
            mail=MailTransport(guard, caps, tls, lookup or self._system, tempo.clock),
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
        self._gear.mail.close()
        self._system.close()

    def use_tokens(self, access: Access) -> None:
        """At composition: who gives access tokens for the kinds that need one. Without, they cannot be called."""
        self._gear.access = access

    async def ask_token(self, call: TokenCall) -> Response:
        """Send one request to a sign-in endpoint, and give its answer as it is. Raises `Refused`, `Unreached`, `NoAnswer`."""
        return await send_token_call(call, self._gear.guard, self._gear.transport, self._gear.provider_urls)

    async def fetch(self, url: str, *, deadline: float, cap: int) -> Response:
        """GET a public document once, with no credential and no redirects, of at most `cap` bytes. `deadline` is monotonic.

        Raises `Refused` for an address that is not called, `Unreached` and `NoAnswer`.
        """
        place = parse_url(url)
        request = Request("GET", place.text, headers=(("Accept", "application/json, application/yaml, */*"),), signed=False)
        reach = self._gear.guard.reach(place)
        return await self._gear.transport.send(Flight(request, place, reach, deadline, Scrub(()), cap=cap))

    async def ask_model(self, request: Request, *, base: str, key: Secret, deadline: float) -> Response:
        """Send one request, signed with the key, to the operator's language model at the base URL `base`.

        It goes to that origin and nowhere else, which is the operator's word, as in `POWERSTRIP_PROVIDER_URLS`. Raises `Refused`,
        `Unreached` and `NoAnswer`.
        """
        place, allowed = parse_url(request.target), parse_url(base)
        if place.origin != allowed.origin:
            raise Refused("A language model is asked at the operator's address alone", "address")
        if key:
            request = replace(request, headers=(*request.headers, ("Authorization", f"Bearer {key.reveal()}")))
        scrub = Scrub([key.reveal()] if key else ())
        try:
            reach = self._gear.guard.reach(place, chosen=True)
            return await self._gear.transport.send(Flight(request, place, reach, deadline, scrub, cap=MODEL_ANSWER))
        except PowerstripError as error:
            scrub.error(error)
            raise

    def endpoint(self, template: str, adapter: Adapter, config: Mapping[str, Any]) -> str:
        """The address of a sign-in endpoint as an auth value declares it, for this integration. Raises `Refused`."""
        return endpoint_of(template, adapter, config, self._gear.provider_urls).text

    def found_endpoint(self, text: str, adapter: Adapter, config: Mapping[str, Any]) -> str:
        """A sign-in endpoint that this integration's server names, if it may be used. Raises `Refused`."""
        return found_endpoint(text, adapter, config, self._gear.provider_urls)

    def door(self, bound: Bound, call: Call) -> tuple[Http | Mail, Trace]:
        """The adapter's way to its provider for this one call, and the trace of what happens on it."""
        trace = Trace()
        way = Pipeline(self._gear, bound, call, trace)
        if bound.mode == "live":
            return bound.adapter.door(way.live, bound.config, way.presign_live), trace
        return bound.adapter.door(way.sandbox, bound.config, way.presign_sandbox), trace

    def http(self, bound: Bound, call: Call) -> tuple[Http, Trace]:
        """The same for an adapter that is known to speak HTTP."""
        door, trace = self.door(bound, call)
        assert isinstance(door, Http)
        return door, trace
