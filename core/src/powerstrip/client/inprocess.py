"""Requests to an ASGI app in the same process, answered piece by piece: a stream is read while it grows."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

import httpx2

Message: TypeAlias = MutableMapping[str, Any]
App: TypeAlias = Callable[[Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]]

PIECES = 16
"""Pieces of an answer that wait for their reader; then the app waits."""
LEAVE_SECONDS = 5.0
"""How long a request whose asker is gone may take to notice."""


class InProcess(httpx2.AsyncBaseTransport):
    """Hands each request to an ASGI 3 app, as a server on this machine would.

    An asker who goes away (a cancelled task, a stream that is not read to its end) is a connection that is closed: the app is
    told, and what it is at is not torn in the middle. What the app raises before its answer began is raised here.
    """

    def __init__(self, app: App) -> None:
        self._app = app
        self._open: set[Exchange] = set()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """The answer, once its head is there."""
        exchange = Exchange(request)
        self._open.add(exchange)
        exchange.begin(self._app, lambda: self._open.discard(exchange))
        try:
            status, headers = await asyncio.shield(exchange.head)
        except asyncio.CancelledError:
            exchange.leave()
            raise
        return httpx2.Response(status, headers=headers, stream=exchange)

    async def aclose(self) -> None:
        """Close every connection; returns when the app has let go of them."""
        await asyncio.gather(*(each.aclose() for each in [*self._open]))


class Exchange(httpx2.AsyncByteStream):
    """One request and its answer; as a stream, the answer's body."""

    def __init__(self, request: httpx2.Request) -> None:
        assert isinstance(request.stream, httpx2.AsyncByteStream)
        self._request = request
        self._sent = aiter(request.stream)
        self._all_sent = False
        self._gone = asyncio.Event()
        self._pieces: asyncio.Queue[bytes | None] = asyncio.Queue(PIECES)
        self.head: asyncio.Future[tuple[int, list[tuple[bytes, bytes]]]] = asyncio.get_running_loop().create_future()

    def begin(self, app: App, ended: Callable[[], None]) -> None:
        """Let the app answer, in a task of its own."""
        self._task = asyncio.create_task(self._run(app))
        self._task.add_done_callback(lambda _: ended())

    async def _run(self, app: App) -> None:
        try:
            await app(self._scope(), self._receive, self._send)
        except Exception as error:
            if self.head.done():
                raise
            self.head.set_exception(error)
        finally:
            await self._put(None)
            self._gone.set()
            if not self.head.done():
                self.head.set_exception(httpx2.RemoteProtocolError("The app ended without an answer"))

    def _scope(self) -> Message:
        request = self._request
        return {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": request.method,
            "headers": [(name.lower(), value) for name, value in request.headers.raw],
            "scheme": request.url.scheme,
            "path": request.url.path,
            "raw_path": request.url.raw_path.split(b"?")[0],
            "query_string": request.url.query,
            "server": (request.url.host, request.url.port),
            "client": ("127.0.0.1", 0),
            "root_path": "",
        }

    async def _receive(self) -> Message:
        if not self._all_sent and not self._gone.is_set():
            piece = await anext(self._sent, None)
            self._all_sent = piece is None
            return {"type": "http.request", "body": piece or b"", "more_body": piece is not None}
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.head.set_result((message["status"], [*message.get("headers", [])]))
            return
        if message.get("body"):
            await self._put(message["body"])
        if not message.get("more_body"):
            await self._put(None)
            self._gone.set()  # an answer that is complete closes its connection

    async def _put(self, piece: bytes | None) -> None:
        """Put a piece where its reader finds it; where there is no room, wait for that, or until nobody wants it."""
        with contextlib.suppress(asyncio.QueueFull):
            return self._pieces.put_nowait(piece)
        put, gone = asyncio.ensure_future(self._pieces.put(piece)), asyncio.ensure_future(self._gone.wait())
        try:
            await asyncio.wait((put, gone), return_when=asyncio.FIRST_COMPLETED)
        finally:
            put.cancel()
            gone.cancel()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (piece := await self._pieces.get()) is not None:
            yield piece
        await self._task

    def leave(self) -> None:
        """Nobody waits for the answer any more."""
        self._gone.set()

    async def aclose(self) -> None:
        """The same, and wait until the app has noticed. A stream that does not notice is ended."""
        self.leave()
        await asyncio.wait((self._task,), timeout=LEAVE_SECONDS)
        if not self._task.done():
            self._task.cancel()
            await asyncio.wait((self._task,))
