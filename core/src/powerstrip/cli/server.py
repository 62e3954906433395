"""The HTTP server under the hub: uvicorn in this process, on one event loop with everything else, with bounded heads."""

import asyncio
import contextlib
import signal
import socket  # noqa: TID251 - to listen; nothing is opened outward
from collections.abc import Awaitable, Callable, Generator
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from powerstrip.api.head import MAX_HEADERS
from powerstrip.api.problems import HeadersTooLarge, answer_of
from powerstrip.cli.failures import Stop
from powerstrip.problems import BadInput, Problem

DRAIN_SECONDS = 30
"""How long requests in flight may take once the hub was asked to stop."""
READY_SECONDS = 10.0
HEAD_SECONDS = 10.0
"""How long a client may take to send a request's head."""
IDLE_SECONDS = 60
"""How long a connection stays open without a request."""
HEAD_BYTES = 64 * 1024
"""Of a head that is not complete yet. The front judges what is."""
CONNECTIONS = 1024
"""Connections that wait to be accepted."""
SOCKET_BYTES = 1024 * 1024
"""Of a WebSocket message. The workers' protocol takes less, and says so."""
SIGNALS = (signal.SIGINT, signal.SIGTERM)


def listener(host: str, port: int) -> socket.socket:
    """A socket bound to this address, on which nobody listens yet. Stops where the address cannot be had."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        bound = socket.socket(family, kind, protocol)
    except (OSError, OverflowError, UnicodeError) as error:
        raise _taken(host, port, error) from None
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen(CONNECTIONS)
    except (OSError, OverflowError) as error:
        bound.close()
        raise _taken(host, port, error) from None
    return bound


class Protocol(HttpToolsProtocol):
    """HTTP/1.1 whose heads end in time and stay small, and whose refusals have the hub's one error shape.

    What the parser refuses is answered once and ends the connection, so that no second request hides behind the first
    (RFC 9112, 11.2).
    """

    _timer: asyncio.TimerHandle | None = None
    _within = False
    """Whether a head has begun and is not complete."""
    _size = 0
    """Bytes that came of it, in pieces that did not complete it."""

    def connection_made(self, transport: Any) -> None:
        """A connection: its first head is awaited."""
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection's end."""
        self._head_came()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes of a request."""
        super().data_received(data)
        if self._within and self.parser is not None:
            self._size += len(data)
            if self._size > HEAD_BYTES:
                self._refuse(HeadersTooLarge(f"Send at most {MAX_HEADERS} headers, in a head of at most {HEAD_BYTES} bytes"))
            elif self._timer is None:
                self._await_head()

    def on_message_begin(self) -> None:
        """The parser sees a request."""
        super().on_message_begin()
        self._within, self._size = True, 0

    def on_headers_complete(self) -> None:
        """The parser has a request's head."""
        self._within = False
        self._head_came()
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP."""
        self._refuse(BadInput("This is not a valid HTTP/1.1 request"))

    def _refuse(self, problem: Problem) -> None:
        """Answer, unless an answer has begun, and end the connection."""
        if self.transport.is_closing():
            return
        cycle = None if self._within else self.cycle
        if cycle is None or not cycle.response_started:
            answer = answer_of(problem)
            head = [b"HTTP/1.1 %d %s" % (answer.status, b"Bad Request" if answer.status == 400 else b"Refused")]
            head += [b"%s: %s" % field for field in answer.headers]
            head += [b"content-length: %d" % len(answer.body), b"connection: close", b"", answer.body]
            self.transport.write(b"\r\n".join(head))
        self._head_came()
        self.transport.close()

    def _await_head(self) -> None:
        self._timer = self.loop.call_later(HEAD_SECONDS, self._late)

    def _head_came(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _late(self) -> None:
        self._timer = None
        if not self.transport.is_closing():
            self.transport.close()


def _socket_protocol(**given: Any) -> asyncio.Protocol:
    """A worker's WebSocket, whose library is loaded with the first one."""
    from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

    return WebSocketsSansIOProtocol(**given)


class Server(uvicorn.Server):
    """One that leaves the signals to the hub."""

    def __init__(self, app: Any, bound: socket.socket) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=Protocol,
                ws=_socket_protocol,  # pyright: ignore[reportArgumentType] - called like the class that it gives
                ws_max_size=SOCKET_BYTES,
                ws_ping_interval=None,
                ws_per_message_deflate=False,
                lifespan="off",
                log_config=None,
                log_level="critical",
                access_log=False,
                server_header=False,
                proxy_headers=False,
                backlog=CONNECTIONS,
                timeout_keep_alive=IDLE_SECONDS,
                timeout_graceful_shutdown=DRAIN_SECONDS,
            )
        )
        self._bound = bound

    async def run_on(self) -> None:
        """Serve until `stop`; requests in flight are finished first."""
        await self.serve(sockets=[self._bound])

    def stop(self) -> None:
        """Take no further connection, and end."""
        self.should_exit = True

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Nothing is captured here: `serve_app` hears the signals."""
        yield


async def serve_app(
    app: Any,
    bound: socket.socket,
    ready: Callable[[], None],
    leaving: Callable[[], None] | None = None,
    after: Callable[[], Awaitable[None]] | None = None,
) -> None:
    """Serve an ASGI app until SIGINT or SIGTERM; requests in flight are finished first.

    `ready` is called when it answers, `leaving` when it is about to stop: connections that would stay open for ever end by it.
    `after` runs beside the first requests; the server ends where it raises.
    """
    server = Server(app, bound)
    loop = asyncio.get_running_loop()
    serving: asyncio.Task[None] = asyncio.create_task(server.run_on())

    def stop() -> None:
        for number in SIGNALS:
            loop.remove_signal_handler(number)  # the second one ends the process at once
        if leaving is not None:
            leaving()
        server.stop()

    for number in SIGNALS:
        loop.add_signal_handler(number, stop)
    await started(server, serving)
    ready()
    if after is not None:
        warming = asyncio.ensure_future(after())
        await asyncio.wait({warming, serving}, return_when=asyncio.FIRST_COMPLETED)
        if warming.done() and warming.exception() is not None:
            server.stop()
            await serving
            await warming
    await serving
    if not server.should_exit:
        raise Stop("The server ended by itself", hint="see the lines above, and `powerstrip doctor`")


async def started(server: Server, serving: "asyncio.Task[None]") -> None:
    """Return once the server takes connections. Stops where it ends or stays silent."""
    deadline = asyncio.get_running_loop().time() + READY_SECONDS
    while not server.started:
        if serving.done() or asyncio.get_running_loop().time() > deadline:
            serving.cancel()
            raise Stop("The server did not begin to listen", hint="powerstrip doctor")
        await asyncio.sleep(0.001)


def free_port(port: int) -> int:
    """A port of this machine that nobody listens on: this one, or any for 0. Stops where it is taken."""
    with listener("127.0.0.1", port) as bound:
        return bound.getsockname()[1]


def _taken(host: str, port: int, error: Exception) -> Stop:
    reason = getattr(error, "strerror", None) or error
    return Stop(f"Cannot listen on {host}, port {port}: {reason}", hint="choose another with --host and --port")
