"""The HTTP server under the hub: granian in this process, on one event loop with everything else."""

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable
from typing import Any

from powerstrip.cli.failures import Stop

DRAIN_SECONDS = 30
"""How long requests in flight may take once the hub was asked to stop."""
READY_SECONDS = 10.0
HEADER_MS = 10_000
"""How long a client may take to send its headers."""
HEADER_BYTES = 64 * 1024
CONNECTIONS = 1024
"""Connections that wait to be accepted, and requests that are worked on at once."""
SIGNALS = (signal.SIGINT, signal.SIGTERM)


async def free_address(host: str, port: int) -> tuple[str, int]:
    """The address to bind, looked up and found free. The server itself would share a port that is taken, without a word."""
    try:
        server = await asyncio.get_running_loop().create_server(asyncio.Protocol, host, port)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise Stop(f"Cannot listen on {host}, port {port}: {reason}", hint="choose another with --host and --port") from None
    found = server.sockets[0].getsockname()
    server.close()
    await server.wait_closed()
    return found[0], found[1]


async def serve_app(
    app: Any,
    host: str,
    port: int,
    ready: Callable[[], None],
    leaving: Callable[[], None] | None = None,
    after: Callable[[], Awaitable[None]] | None = None,
) -> None:
    """Serve an ASGI app until SIGINT or SIGTERM; requests in flight are finished first.

    `ready` is called when it answers, `leaving` when it is about to stop: connections that would stay open for ever end by it.
    `after` runs beside the first requests; the server ends where it raises.
    """
    server = _server(app, host, port)
    loop = asyncio.get_running_loop()
    serving: asyncio.Task[None] = asyncio.create_task(server.serve())

    def stop() -> None:
        for number in SIGNALS:
            loop.remove_signal_handler(number)  # the second one ends the process at once
        if leaving is not None:
            leaving()
        server.stop()
        loop.call_later(DRAIN_SECONDS, serving.cancel)

    for number in SIGNALS:
        loop.add_signal_handler(number, stop)
    await _answering(host, port, serving)
    ready()
    if after is not None:
        warming = asyncio.ensure_future(after())
        await asyncio.wait({warming, serving}, return_when=asyncio.FIRST_COMPLETED)
        if warming.done() and warming.exception() is not None:
            server.stop()
            await serving
            await warming
    with contextlib.suppress(asyncio.CancelledError):
        await serving
    if not server.interrupt_signal:
        raise Stop("The server ended by itself", hint="see the lines above, and `powerstrip doctor`")


def _server(app: Any, host: str, port: int) -> Any:
    from granian.constants import HTTPModes, Interfaces
    from granian.http import HTTP1Settings
    from granian.server.embed import Server

    return Server(
        app,
        address=host,
        port=port,
        interface=Interfaces.ASGINL,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_MS, max_buffer_size=HEADER_BYTES),
        backlog=CONNECTIONS,
        backpressure=CONNECTIONS,
        log_enabled=False,
    )


async def _answering(host: str, port: int, serving: "asyncio.Task[None]") -> None:
    """Return once the port takes connections. Stops where the server ends or stays silent."""
    probe = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - asked, not bound
    deadline = asyncio.get_running_loop().time() + READY_SECONDS
    while not serving.done() and asyncio.get_running_loop().time() < deadline:
        try:
            _, writer = await asyncio.open_connection(probe, port)
        except OSError:
            await asyncio.sleep(0.005)
            continue
        writer.close()
        return
    serving.cancel()
    raise Stop(f"The server did not begin to listen on {host}, port {port}", hint="powerstrip doctor")
