"""Conversations with mail servers: the edge opens and guards the connection, Python's own clients talk over it, each in a thread.

A conversation has one deadline for all of it, a share of its server's connections, and so many bytes to read. The name is looked
up once; every address it has is judged, and the connection goes to one of these very addresses.
"""

import asyncio
import contextlib
import imaplib
import smtplib
import socket
import ssl
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import TypeAlias

from powerstrip.adapter import PowerstripError, Response
from powerstrip.clock import monotonic
from powerstrip.edge.call import Caps
from powerstrip.edge.errors import NoAnswer, Unreached
from powerstrip.edge.guard import Guard
from powerstrip.edge.limit import Clock
from powerstrip.edge.mail import imap, smtp
from powerstrip.edge.mail.line import Line
from powerstrip.edge.mail.login import Login, login_of
from powerstrip.edge.resolver import Lookup, Resolver, check_live
from powerstrip.edge.tls import Tls
from powerstrip.edge.transport import Flight

THREADS = 64
Talk: TypeAlias = Callable[[Line, Flight, ssl.SSLContext, Login], Response]


class MailTransport:
    """Holds conversations that the guard has let pass."""

    def __init__(self, guard: Guard, caps: Caps, tls: Tls, lookup: Lookup, clock: Clock = monotonic) -> None:
        self._guard = guard
        self._caps = caps
        self._make_context = tls
        self._lookup = lookup
        self._clock = clock
        self._shares: dict[tuple[str, int], asyncio.Semaphore] = {}
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="mail")

    def close(self) -> None:
        """Begin no more conversations; those under way end with their deadlines."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def send(self, flight: Flight) -> Response:
        """Connect, sign in, do what the request says, and leave. Raises `AuthFailed`, `Refused`, `Unreached` or `NoAnswer`."""
        login = login_of(flight.request)
        share = self._shares.setdefault((flight.url.host, flight.url.port), asyncio.Semaphore(self._caps.mail_per_host))
        try:
            async with asyncio.timeout(flight.deadline - self._clock()), share:
                line = Line(await self._connected(flight), flight.url.host, self._caps.body)
                return await self._talked(line, flight, login)
        except (OSError, smtplib.SMTPException, imaplib.IMAP4.error, ValueError) as error:
            failure = _failure(error, flight)
        raise failure  # outside of `except`: a library's error may hold what was said, and must not hang on as its context

    async def _talked(self, line: Line, flight: Flight, login: Login) -> Response:
        talk: Talk = smtp.talk if flight.url.scheme.startswith("smtp") else imap.talk
        line.sock.settimeout(max(flight.deadline - self._clock(), 0.1))
        loop = asyncio.get_running_loop()
        work = loop.run_in_executor(self._pool, talk, line, flight, self._context, login)
        try:
            return await asyncio.shield(work)
        finally:
            line.cut()
            if not work.done():
                work.add_done_callback(_forgotten)

    async def _connected(self, flight: Flight) -> socket.socket:
        """A connection to one of the addresses, all of which the guard has judged. Raises `Refused` and `OSError`."""
        url, loop = flight.url, asyncio.get_running_loop()
        if url.address is not None:
            check_live(self._guard, url.address, url.port, flight.reach)
            places = [(socket.AF_INET if url.address.version == 4 else socket.AF_INET6, str(url.address))]
        else:
            found = await Resolver(self._guard, flight.reach, self._lookup).resolve(url.host, url.port)
            places = [(socket.AddressFamily(each["family"]), each["host"]) for each in found]
        failure: OSError = OSError("the name has no address")
        for family, host in places:
            sock = socket.socket(family, socket.SOCK_STREAM)
            sock.setblocking(False)
            try:
                async with asyncio.timeout(self._caps.connect_seconds):
                    await loop.sock_connect(sock, (host, url.port))
            except BaseException as error:
                sock.close()
                if not isinstance(error, OSError):
                    raise
                failure = error
            else:
                return sock
        raise failure

    @cached_property
    def _context(self) -> ssl.SSLContext:
        """Made on first use: it reads all of the system's certificate authorities."""
        return self._make_context()


def _forgotten(work: "asyncio.Future[Response]") -> None:
    """How a conversation ended that nobody waits for any more."""
    with contextlib.suppress(asyncio.CancelledError):
        work.exception()


def _failure(error: Exception, flight: Flight) -> PowerstripError:
    """What a failure means. The library's own text is dropped."""
    if flight.sent:
        late = isinstance(error, TimeoutError)
        return NoAnswer(
            "The mail server did not answer in time"
            if late
            else "The connection broke before the mail server's whole answer was there"
        )
    if isinstance(error, socket.gaierror):
        return Unreached("The mail server's host name was not found. Check the host")
    if isinstance(error, TimeoutError):
        return Unreached("The mail server was not reached in time")
    return Unreached("No whole conversation with the mail server came about: nothing was sent")
