"""The outermost door: every request passes it before the web framework, and every answer after."""

import asyncio
import itertools
import secrets
import threading
import time
from collections.abc import Awaitable, Callable
from traceback import extract_tb
from typing import Any

import powerstrip
from powerstrip import logs
from powerstrip.api import hooking, invoking, pages, triggering
from powerstrip.api.body import Body
from powerstrip.api.cursors import Cursors
from powerstrip.api.gate import Gate
from powerstrip.api.head import Head, read_head, read_query
from powerstrip.api.hub import Hub
from powerstrip.api.problems import Answer, answer_of, json_answer
from powerstrip.api.visit import KEY, Visit
from powerstrip.logs import Log

Send = Callable[[Any], Awaitable[None]]
SAFE_HEADERS = [(b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store"), (b"referrer-policy", b"no-referrer")]
log = Log("powerstrip.api")
NO_HEAD = Head("", "", None, None, {})


class Front:
    """An ASGI application around another. It gives ids, keeps limits, and turns what goes wrong into the one error shape.

    The one behind it is the web framework with all routes. It takes a good part of a start to put together and is not needed
    for webhooks, for calls of actions and for workers, so that it is made when it is first needed, or by `warm`.
    """

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._gate = Gate(hub.access, hub.settings.rate_limit)
        self._cursors = Cursors(hub.vault.derive("cursor"))
        self._inner: Any = None
        self._making = threading.Lock()
        self._prefix = secrets.token_hex(4)
        self._count = itertools.count(1)
        self._tells = logs.wanted(logs.INFO)

    async def warm(self) -> Any:
        """Complete the hub, and put together what is behind the front, where they are not yet. Takes most of a second."""
        await self._hub.complete()
        return await asyncio.to_thread(self._make)

    def _make(self) -> Any:
        from powerstrip.api.app import create_inner

        with self._making:
            if self._inner is None:
                self._inner = create_inner(self._hub, self._gate)
            return self._inner

    async def __call__(self, scope: Any, receive: Any, send: Send) -> None:
        """One ASGI conversation."""
        if scope["type"] == "lifespan":
            return await _lifespan(receive, send)
        if scope["type"] == "websocket":
            return await self._socket(scope, receive, send)
        begun = time.perf_counter()
        visit = Visit(NO_HEAD, Body(NO_HEAD, receive), f"req_{self._prefix}{next(self._count):x}", self._cursors)
        reply = _Reply(send, visit.request_id)
        try:
            await self._pass(visit, scope, receive, reply)
        except Exception as error:  # noqa: BLE001 - the last place where a failure can become an answer
            await self._fail(visit, error, reply, scope["path"])
        if reply.status >= 500 or self._tells:
            _tell(visit, reply.status, time.perf_counter() - begun)

    async def _socket(self, scope: Any, receive: Any, send: Send) -> None:
        """A worker's socket. What goes wrong once it is open is told on it, and in the log."""
        begun = time.perf_counter()
        visit = Visit(NO_HEAD, Body(NO_HEAD, receive), f"req_{self._prefix}{next(self._count):x}", self._cursors)
        opened = _Opened(send)
        await self._hub.complete()
        from powerstrip.api import socket

        try:
            visit.head = read_head({**scope, "method": "GET"})
            visit.query = read_query(scope["query_string"])
            await socket.converse(visit, self._hub, self._gate, receive, opened.send)
        except Exception as error:  # noqa: BLE001 - the last place where a failure can become an answer
            visit.failure = error
            await self._gate.note(visit.known, visit.within, error)
            if not opened.yes:
                await socket.deny(scope, send, error)
        failed = opened.yes and visit.failure is not None
        if failed or self._tells:
            _tell(visit, 500 if failed else 101 if opened.yes else 400, time.perf_counter() - begun)

    async def _pass(self, visit: Visit, scope: Any, receive: Any, reply: "_Reply") -> None:
        visit.head = read_head(scope)
        visit.body = Body(visit.head, receive)
        visit.query = read_query(scope["query_string"])
        if (hook := hooking.ADDRESS.fullmatch(visit.head.path)) is not None:
            return await reply.give(await hooking.answer(visit, self._hub, scope, receive, hook[1], hook[2]))
        if visit.head.path == "/health" and visit.head.method == "GET" and self._inner is None:
            return await reply.give(json_answer(200, health()))
        if visit.head.method == "POST" and (trigger := triggering.ADDRESS.fullmatch(visit.head.path)) is not None:
            return await reply.give(await triggering.answer(visit, self._hub, trigger[1]))
        address = invoking.ADDRESS.fullmatch(visit.head.path) if visit.head.method == "POST" else None
        if address is None:
            scope[KEY] = visit
            inner = self._inner or await self.warm()
            await inner(scope, visit.body, reply.send)
        else:
            await reply.give(await invoking.answer(visit, self._hub, self._gate, address[1], address[2]))

    async def _fail(self, visit: Visit, error: Exception, reply: "_Reply", path: str) -> None:
        visit.failure = error
        await self._gate.note(visit.known, visit.within, error)
        if not reply.status:
            await reply.give(pages.failed(error) if pages.is_page(path) else answer_of(error))


class _Opened:
    """Remembers whether an upgrade was granted."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.yes = False

    async def send(self, message: Any) -> None:
        """Pass on an ASGI message."""
        self.yes = self.yes or message["type"] == "websocket.accept"
        await self._send(message)


class _Reply:
    """Sends an answer with the headers that all have, and remembers its status."""

    __slots__ = ("_request_id", "_send", "status")

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self._request_id = request_id
        self.status = 0

    async def send(self, message: Any) -> None:
        """Pass on an ASGI message."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            own = (b"x-request-id", self._request_id.encode())
            message["headers"] = [*message["headers"], own, *SAFE_HEADERS]
        await self._send(message)

    async def give(self, answer: Answer) -> None:
        """Send a whole answer."""
        headers = [*answer.headers, (b"content-length", b"%d" % len(answer.body))]
        await self.send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await self._send({"type": "http.response.body", "body": answer.body})


def _tell(visit: Visit, status: int, seconds: float) -> None:
    """One line for each request, of these fields alone: no address as it was asked, no header, no body."""
    facts: dict[str, Any] = {
        "request_id": visit.request_id,
        "method": visit.head.method,
        "route": visit.route,
        "status": status,
        "ms": round(seconds * 1000, 2),
        "project_id": visit.within.id if visit.within else None,
        "principal_id": visit.known.actor.principal_id if visit.known else None,
    }
    if status < 500:
        log.info("api.request", **facts)
    else:
        log.error("api.failed", **facts, **_place(visit.failure))


def _place(error: BaseException | None) -> dict[str, str]:
    """What kind of failure it was and where it arose. Its text may hold a value, so that it stays out."""
    if error is None:
        return {}
    frames = extract_tb(error.__traceback__)
    at = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""
    return {"error": type(error).__name__, "at": at}


def health() -> dict[str, str]:
    """What `/health` tells: that the process answers, and its version. Asked before the framework is there, the front says it."""
    return {"status": "ok", "version": powerstrip.__version__}


async def _lifespan(receive: Any, send: Send) -> None:
    """The hub is opened and closed by who made it; a server is only told that all is well."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
