"""A listener on this machine that takes one redirect of a browser (RFC 8252, 7.3)."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

MAX_HEAD = 16 * 1024
SECONDS = 10.0
_PAGE = (
    "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
    "<title>Powerstrip</title><body><h1>Back to the terminal</h1><p>The terminal says how it ended. You can close this window."
)
_HEADERS = (
    "Content-Security-Policy: default-src 'none'\r\nCache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nConnection: close"
)


class Listener:
    """Waits for the one address that it stands for."""

    def __init__(self, provider: str) -> None:
        self._path = f"/callback/{provider}"
        self._found: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._origin = ""

    @property
    def uri(self) -> str:
        """The redirect URI."""
        return self._origin + self._path

    async def answer(self, seconds: float) -> str:
        """The whole address that the browser was sent to. Raises `TimeoutError`."""
        async with asyncio.timeout(seconds):
            return await asyncio.shield(self._found)

    def bound(self, port: int) -> None:
        """Say where it listens."""
        self._origin = f"http://127.0.0.1:{port}"

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection. Only a GET of our own path by our own name counts: a web page's guesses do not."""
        try:
            async with asyncio.timeout(SECONDS):
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            target = self._target(head)
            status, page = ("200 OK", _PAGE) if target else ("404 Not Found", "")
            if target and not self._found.done():
                self._found.set_result(self._origin + target)
            body = page.encode()
            writer.write(f"HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\n{_HEADERS}\r\n".encode())
            writer.write(f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
            await writer.drain()
        except (TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
            return  # whoever it was, it was no browser with an answer
        finally:
            writer.close()

    def _target(self, head: str) -> str:
        lines = head.split("\r\n")
        method, _, rest = lines[0].partition(" ")
        target = rest.partition(" ")[0]
        hosts = [line.partition(":")[2].strip() for line in lines[1:] if line.lower().startswith("host:")]
        ours = [self._origin.removeprefix("http://")]
        return target if method == "GET" and target.startswith(self._path + "?") and hosts == ours else ""


@asynccontextmanager
async def listening(provider: str) -> AsyncGenerator[Listener]:
    """Listen on a free port of 127.0.0.1 for as long as the block runs."""
    listener = Listener(provider)
    server = await asyncio.start_server(listener.take, "127.0.0.1", 0, limit=MAX_HEAD)
    listener.bound(server.sockets[0].getsockname()[1])
    try:
        yield listener
    finally:
        server.close()
        await server.wait_closed()
