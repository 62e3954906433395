"""One call's way out, a step each: bind, limit, retry, sign, guard, send, check, record.

The sandbox's way is the same up to the door: same binding, guard, limits and choice of auth. There it writes down and sends
nothing.
"""

import asyncio
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from ssl import SSLContext
from typing import Any, Protocol, TypeAlias

from powerstrip.adapter import AuthFailed, Mtls, NoAuth, PowerstripError, RateLimited, Rejected, Request, Response
from powerstrip.adapter.auth import placeholder
from powerstrip.adapter.statuses import check_status
from powerstrip.clock import monotonic, now
from powerstrip.edge.bind import Outgoing, ProviderUrls, api_of, base_of, bind
from powerstrip.edge.call import Bound, Call, Trace
from powerstrip.edge.errors import NoAnswer, Refused, Unreached
from powerstrip.edge.guard import Guard, Reach
from powerstrip.edge.handles import filled, lifted
from powerstrip.edge.headers import check_headers
from powerstrip.edge.limit import Clock, Limits, Pause
from powerstrip.edge.mail import MailTransport, bound_to_server
from powerstrip.edge.retry import ATTEMPTS, Chance, delay, may_repeat, repeatable
from powerstrip.edge.sandbox import answer, record
from powerstrip.edge.scrub import Scrub
from powerstrip.edge.signing import Credentials, presigned, secrets_of, shown_fields, signed
from powerstrip.edge.tls import ClientCertificates
from powerstrip.edge.transport import Flight, Transport
from powerstrip.logs import Log
from powerstrip.value import Value

log = Log("powerstrip.edge")

DEFAULT_HOLD = 1.0
"""Seconds that an integration pauses after a 429 that names none."""
FORBIDDEN = 403
UNSURE = (502, 503, 504)
"""A gateway's answers (RFC 9110, 15.6): what is behind it may have done what it was asked."""
Reveal: TypeAlias = Callable[[Any], Mapping[str, str]]
"""Opens a sealed credential: the vault's, handed in."""


class Access(Protocol):
    """Gives the access token of an integration, among all the secrets that its answers must not show: handed in.

    `refused` is a token that the provider just refused: another one is asked for. The same one comes back where there is none.
    Raises `AuthFailed`, `Unavailable` and the hub's own problems.
    """

    async def __call__(self, bound: Bound, *, refused: str | None = None) -> Mapping[str, str]: ...


async def _no_access(bound: Bound, *, refused: str | None = None) -> Mapping[str, str]:
    raise AuthFailed("This hub fetches no access tokens. Sign in another way")


class Tempo(Value):
    """Time and chance, so that tests can set them."""

    clock: Clock = monotonic
    pause: Pause = asyncio.sleep
    chance: Chance = random.random


@dataclass
class Gear:
    """What all calls share."""

    guard: Guard
    limits: Limits
    transport: Transport
    mail: MailTransport
    certificates: ClientCertificates
    reveal: Reveal
    provider_urls: ProviderUrls
    tempo: Tempo
    access: Access = _no_access


class Pipeline:
    """The way out of one call of one integration."""

    def __init__(self, gear: Gear, bound: Bound, call: Call, trace: Trace) -> None:
        self.gear = gear
        self.bound = bound
        self.call = call
        self.trace = trace

    async def live(self, request: Request) -> Response:
        """Send a request, again where that is safe, and give the checked answer."""
        out, reach, number = self._prepared(request)
        attempt = 1
        while True:
            try:
                return await self._signed_in(out, reach, number)
            except PowerstripError as error:
                self._note(error, out, attempt)
                if not await self._again(error, out.request, attempt):
                    raise
            attempt += 1

    async def sandbox(self, request: Request) -> Response:
        """Write a request down and answer it. A simulated failure is what remains after the retries: it is not repeated."""
        out, _, number = self._prepared(request)
        await self._limited()
        recorded = await record(out, self.bound, self.call, number)
        self.trace.would_send.append(recorded.row)
        try:
            return answer(recorded, self.call)
        except NoAnswer:
            self._went_out(out.request, number)
            raise

    def presign_live(self, request: Request, seconds: int) -> str:
        """A link made with the credential."""
        out, _ = self._guarded(request)
        return presigned(out.request, self.bound, self._filled_in(request), now(), seconds)

    def presign_sandbox(self, request: Request, seconds: int) -> str:
        """The same with placeholders."""
        out, _ = self._guarded(request)
        fields = {name: placeholder(name) for name in shown_fields(self.bound)}
        return presigned(out.request, self.bound, fields, now(), seconds)

    def _guarded(self, request: Request) -> tuple[Outgoing, Reach]:
        adapter, config, urls = self.bound.adapter, self.bound.config, self.gear.provider_urls
        if adapter.mail is not None:
            out = bound_to_server(request, adapter, config, urls)
        else:
            api, request = api_of(request)
            out = bind(request, base_of(adapter, config, urls, api), adapter)
        self.trace.host = out.url.host
        return out, self.gear.guard.reach(out.url, chosen=out.chosen)

    def _prepared(self, request: Request) -> tuple[Outgoing, Reach, int]:
        out, reach = self._guarded(request)
        number = self.trace.requests
        self.trace.requests += 1
        request = self._keyed(out.request, number)
        return out if request is out.request else Outgoing(request, out.url, out.chosen), reach, number

    def _keyed(self, request: Request, number: int) -> Request:
        """The request with the provider's idempotency header: the same for every repeat, another for every request of a call."""
        if self.call.idempotency is None or not self._writes(request) or not request.signed:
            return request
        key = self.call.idempotency_key or self.call.invocation_id
        key = f"{key}-{number}" if number else key
        pair = (self.call.idempotency.header, key)
        check_headers((pair,))
        return replace(request.with_header_pairs(pair), idempotency_key=key)

    async def _signed_in(self, out: Outgoing, reach: Reach, number: int) -> Response:
        """One attempt, and where the provider refuses an access token a second one with another token: nothing was done yet.

        A 403 is about what the token may do, and another token may do no more.
        """
        credentials = await self._credentials(out.request)
        try:
            return await self._attempt(out, reach, number, credentials)
        except AuthFailed:
            token = credentials.get("access_token")
            if not self.bound.auth.needs_token or token is None or self.trace.status == FORBIDDEN:
                raise
            renewed = await self._credentials(out.request, refused=token)
            if renewed.get("access_token") == token:
                raise
        self.trace.retries += 1
        return await self._attempt(out, reach, number, renewed)

    async def _attempt(self, out: Outgoing, reach: Reach, number: int, credentials: Credentials) -> Response:
        await self._limited()
        handed = {mark: self.gear.reveal(sealed)["secret"] for mark, sealed in self.call.handles.items()}
        scrub = Scrub([*secrets_of(self.bound.auth, credentials), *handed.values()])
        try:
            request = await signed(filled(out.request, handed), self.bound, credentials, now())
            flight = Flight(request, out.url, reach, self.call.deadline, scrub, self._certificate(request, credentials))
            response = await self._sent(flight, number)
            if self.call.lift is not None and self._writes(out.request) and response.status < 300:
                response = lifted(response, self.call.lift)
            return self._checked(scrub.response(response))
        except PowerstripError as error:
            scrub.error(error)
            raise

    async def _limited(self) -> None:
        """Wait for a turn. A provider's pause is for what is really sent to it, and not for a test of the connection."""
        heeds = self.bound.mode == "live" and not self.call.probe
        edition = self.bound.edition if heeds else None
        await self.gear.limits.take_turn(self.bound.integration_id, self.bound.adapter.rate, self.call.deadline, edition)

    async def _credentials(self, request: Request, refused: str | None = None) -> Credentials:
        if not request.signed or not self.bound.auth.needs_token:
            return self._filled_in(request)
        limit = asyncio.timeout(self.call.deadline - self.gear.tempo.clock())
        try:
            async with limit:
                return await self.gear.access(self.bound, refused=refused)
        except TimeoutError:
            if not limit.expired():
                raise
            raise Unreached("The access token could not be renewed in time: nothing was sent") from None

    def _filled_in(self, request: Request) -> Credentials:
        """What an admin filled in."""
        if not request.signed or isinstance(self.bound.auth, NoAuth):
            return {}
        if self.bound.credential is None:
            raise AuthFailed("This integration has no credential. Enter one")
        return self.gear.reveal(self.bound.credential)

    async def _sent(self, flight: Flight, number: int) -> Response:
        self.trace.attempts += 1
        try:
            mail = self.bound.adapter.mail is not None
            response = await (self.gear.mail if mail else self.gear.transport).send(flight)
        except BaseException:
            if flight.sent:
                self._went_out(flight.request, number)
            raise
        if response.status in UNSURE and not repeatable(flight.request, self.call):
            self._went_out(flight.request, number)
        else:
            self.trace.open_writes.discard(number)
        self.trace.status = response.status
        if response.content is not None and response.content.path is not None:
            self.trace.files.append(response.content.path)
        return response

    def _certificate(self, request: Request, credentials: Credentials) -> SSLContext | None:
        if not isinstance(self.bound.auth, Mtls) or not request.signed:
            return None
        return self.gear.certificates.context(credentials["certificate"], credentials["private_key"])

    def _checked(self, response: Response) -> Response:
        """The adapter's own reading first, then the table of statuses. A file is not looked into."""
        try:
            check_status(response, None if response.content else self.bound.adapter.check)
        except RateLimited as error:
            hold = DEFAULT_HOLD if error.retry_after is None else error.retry_after
            if not self.call.probe:
                self.gear.limits.hold(self.bound.integration_id, hold, self.bound.edition)
            raise
        return response

    async def _again(self, error: PowerstripError, request: Request, attempt: int) -> bool:
        """Wait for the next attempt; False where there is none."""
        if attempt >= ATTEMPTS or not may_repeat(error, request, self.call):
            return False
        wait = delay(error, attempt, self.gear.tempo.chance)
        if self.gear.tempo.clock() + wait >= self.call.deadline:
            return False
        self.trace.retries += 1
        await self.gear.tempo.pause(wait)
        return True

    def _writes(self, request: Request) -> bool:
        return not (self.call.read_only or request.read_only or request.method in ("GET", "HEAD"))

    def _went_out(self, request: Request, number: int) -> None:
        if self._writes(request):
            self.trace.open_writes.add(number)

    def _note(self, error: PowerstripError, out: Outgoing, attempt: int) -> None:
        """Log a failure by these fields alone: no path, query, header or body, and not the provider's words."""
        if isinstance(error, Rejected) and not isinstance(error, Refused):
            return
        log.warning(
            "edge.failed",
            provider=self.bound.provider,
            integration=self.bound.integration_id,
            host=out.url.host,
            method=out.request.method,
            attempt=attempt,
            error=type(error).__name__,
        )
