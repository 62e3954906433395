"""Requests over the network, on aiohttp.

One shared set of connections; no proxies, cookies or `.netrc` from the environment; redirects are not followed; every server's
certificate is verified. A deadline covers connecting, sending and reading to the end.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextvars import ContextVar
from functools import cached_property
from pathlib import Path
from ssl import SSLContext

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from powerstrip.adapter import Content, PowerstripError, Request, Response
from powerstrip.clock import monotonic
from powerstrip.edge.bind import query_of
from powerstrip.edge.body import buffered, decoded, spool, too_large
from powerstrip.edge.call import Caps
from powerstrip.edge.errors import NoAnswer, Refused, Unreached
from powerstrip.edge.guard import Guard, Reach
from powerstrip.edge.limit import Clock
from powerstrip.edge.resolver import Lookup, Resolver, check_live
from powerstrip.edge.tls import Tls
from powerstrip.edge.transport import Flight
from powerstrip.edge.urls import Url
from powerstrip.edge.wire import wire_headers

MAX_HEADERS = 128
MAX_HEADER_BYTES = 8190
"""Of one header line: an answer's headers have at most about 1 MB together."""
SMALL_BODY = 512 * 1024
"""Bytes that are written at once; longer bodies are written in pieces."""
BRIEF = 4 * 1024
MOMENT = 2.0
"""Bytes that are read of a brief answer, and seconds that are waited for them."""
_AUTOMATIC = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")


_flight: ContextVar[Flight] = ContextVar("flight")


class _Request(aiohttp.ClientRequest):
    """Tells the flight that it has a connection and leaves."""

    async def send(self, conn: aiohttp.connector.Connection) -> aiohttp.ClientResponse:
        _flight.get().sent = True
        return await super().send(conn)


class _Lost(aiohttp.ClientError):
    """A connection that broke after the request was given to it."""


class _Resolver(Resolver, AbstractResolver):
    """The room's resolver as aiohttp takes one."""


async def _once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Keep aiohttp from repeating a request by itself: it does so for PUT and DELETE on a kept connection that breaks."""
    try:
        return await handler(request)
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError):
        raise _Lost from None


class Connections:
    """Sends requests that the guard has let pass. Sessions are opened on first use, one for each reach."""

    def __init__(self, guard: Guard, caps: Caps, files: Path, tls: Tls, lookup: Lookup, clock: Clock = monotonic) -> None:
        self._guard = guard
        self._caps = caps
        self._files = files
        self._make_context = tls
        self._lookup = lookup
        self._clock = clock
        self._sessions: dict[Reach, aiohttp.ClientSession] = {}

    async def close(self) -> None:
        """Close all connections."""
        sessions, self._sessions = self._sessions, {}
        for session in sessions.values():
            await session.close()

    async def send(self, flight: Flight) -> Response:
        """Send once and read the whole answer. Raises `Refused`, `Unreached` or `NoAnswer`; none of them holds the address."""
        if flight.url.address is not None:
            check_live(self._guard, flight.url.address, flight.url.port, flight.reach)
        token = _flight.set(flight)
        try:
            async with asyncio.timeout(flight.deadline - self._clock()):
                return await self._exchange(flight)
        except (aiohttp.ClientError, OSError) as error:
            failure = _failure(error, flight)
        finally:
            _flight.reset(token)
        raise failure  # outside of `except`: the library's error holds the signed headers and must not hang on as its context

    async def _exchange(self, flight: Flight) -> Response:
        request = flight.request
        answer = await self._session(flight.reach).request(
            request.method,
            _wire_url(flight.url, request),
            headers=wire_headers(request),
            data=_body(request.body),
            ssl=flight.tls or True,
            allow_redirects=False,
        )
        try:
            return await self._read(answer, flight)
        except BaseException:
            answer.close()
            raise

    async def _read(self, answer: aiohttp.ClientResponse, flight: Flight) -> Response:
        request = flight.request
        headers = _headers(answer)
        if request.method == "HEAD":
            return Response(answer.status, headers)
        streamed = request.stream and answer.status < 300
        cap = flight.cap or (self._caps.download if streamed else self._caps.body)
        if (answer.content_length or 0) > cap:
            raise too_large(cap)
        coding = headers.get("content-encoding", "")
        if streamed:
            pieces = flight.scrub.pieces(decoded(answer.content.readany, coding, cap))
            content = await spool(pieces, self._files, headers.get("content-type"))
            return Response(answer.status, headers, content=content)
        return Response(answer.status, headers, await buffered(answer.content.readany, coding, cap))

    @cached_property
    def _context(self) -> SSLContext:
        """Made on first use: it reads all of the system's certificate authorities."""
        return self._make_context()

    def _session(self, reach: Reach) -> aiohttp.ClientSession:
        session = self._sessions.get(reach)
        if session is None:
            session = self._sessions[reach] = self._open(reach)
        return session

    def _open(self, reach: Reach) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            resolver=_Resolver(self._guard, reach, self._lookup),
            ssl=self._context,
            limit=self._caps.connections,
            limit_per_host=self._caps.per_host,
        )
        return aiohttp.ClientSession(
            connector=connector,
            request_class=_Request,
            middlewares=(_once,),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=self._caps.connect_seconds),
            skip_auto_headers=_AUTOMATIC,
            auto_decompress=False,
            trust_env=False,
            max_line_size=MAX_HEADER_BYTES,
            max_field_size=MAX_HEADER_BYTES,
            max_headers=MAX_HEADERS,
        )


class BriefConnections(Connections):
    """Reads no more than the beginning of an answer, and waits for it only a moment: what counts is the status."""

    async def _read(self, answer: aiohttp.ClientResponse, flight: Flight) -> Response:
        headers = {name.lower(): value for name, value in answer.headers.items()}
        held = bytearray()
        if "content-encoding" not in headers:
            with contextlib.suppress(TimeoutError, aiohttp.ClientError):
                async with asyncio.timeout(MOMENT):
                    while len(held) < BRIEF and (piece := await answer.content.readany()):
                        held += piece
        answer.close()
        return Response(answer.status, headers, bytes(held[:BRIEF]))


def _wire_url(url: Url, request: Request) -> URL:
    """The address from its checked parts; nothing is parsed again."""
    return URL.build(
        scheme=url.scheme,
        host=url.written_host,
        port=url.port,
        path=url.path or "/",
        query_string=query_of(url, request),
        encoded=True,
    )


def _body(body: bytes | Content) -> bytes | AsyncIterator[bytes] | None:
    if isinstance(body, bytes):
        return (body or None) if len(body) <= SMALL_BODY else Content(body).chunks()
    return body.data or None if body.path is None and body.size <= SMALL_BODY else body.chunks()


def _headers(answer: aiohttp.ClientResponse) -> dict[str, str]:
    """Lower-case names; values of equal names joined by a comma (RFC 9110, 5.3)."""
    headers: dict[str, str] = {}
    for name, value in answer.headers.items():
        lower = name.lower()
        headers[lower] = f"{headers[lower]}, {value}" if lower in headers else value
    return headers


def _failure(error: Exception, flight: Flight) -> PowerstripError:
    """What a failure of the network means. The library's own text is dropped: it holds addresses."""
    if isinstance(error, (aiohttp.ClientConnectorCertificateError, aiohttp.ClientConnectorSSLError)):
        return Refused(
            "The service's TLS certificate does not hold for this address, or it speaks no TLS. Check the address; "
            "a private certificate authority is trusted through SSL_CERT_FILE",
            "tls",
        )
    if not flight.sent:
        if isinstance(error, aiohttp.ClientConnectorDNSError):
            return Unreached("The service's host name was not found. Check the base URL")
        return Unreached("No connection to the service came about")
    if isinstance(error, TimeoutError):
        return NoAnswer("The service did not answer in time")
    return NoAnswer("The connection broke before the whole answer was there")
