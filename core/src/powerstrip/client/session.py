"""One HTTP conversation with a hub: addresses, the key, repeats, errors."""

import asyncio
import ipaddress
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeAlias, cast
from urllib.parse import quote, urlsplit

from powerstrip import __version__
from powerstrip.client.errors import BadAddress, HubError, HubUnreachable

if TYPE_CHECKING:  # the HTTP library is loaded with the first session, so that importing the client stays light
    from httpx2 import AsyncBaseTransport, AsyncClient, Response

Sleep: TypeAlias = Callable[[float], Awaitable[None]]

ATTEMPTS = 4
MAX_WAIT = 30.0
"""Seconds; a hub that asks for a longer pause is not waited for."""
CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 150.0
"""Longer than the longest call the hub allows: the hub's own deadline decides."""


def path(*segments: str) -> str:
    """An address below the hub's, each segment escaped: no value can change which resource is meant.

    Raises `BadAddress` for a segment that no escaping makes safe.
    """
    if {"", ".", ".."} & set(segments):
        raise BadAddress("An id or a name cannot be empty, `.` or `..`")
    return "/" + "/".join(quote(segment, safe="") for segment in segments)


class Session:
    """Sends requests to one hub.

    A request is repeated only where that is safe (GET, or a call with an idempotency key), and only when the hub answered 429
    or 503 with Retry-After. Raises `HubError` for an error answer, `HubUnreachable` for none and
    `BadAddress` for a base URL that is none.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str,
        *,
        transport: "AsyncBaseTransport | None" = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self._key = api_key
        self._host = _host(self.base_url)
        self._transport = transport
        self._sleep = sleep
        self._opened: AsyncClient | None = None

    @property
    def _http(self) -> "AsyncClient":
        if self._opened is None:
            self._opened = self._open()
        return self._opened

    def _open(self) -> "AsyncClient":
        import httpx2

        return httpx2.AsyncClient(
            base_url=self.base_url,
            headers={
                "authorization": f"Bearer {self._key}",
                "accept": "application/json; profile=full",
                "user-agent": f"powerstrip-client/{__version__}",
            },
            transport=self._transport,
            timeout=httpx2.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS),
            trust_env=not _is_loopback(self._host),  # a hub on this machine is never behind a proxy
            follow_redirects=False,
        )

    async def close(self) -> None:
        """Close every connection."""
        if self._opened is not None:
            await self._opened.aclose()
            self._opened = None

    async def get(self, path: str, query: Mapping[str, Any] | None = None) -> Any:
        """Read a resource; returns decoded JSON."""
        return await self.ask("GET", path, query=query)

    async def ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
    ) -> Any:
        """Send a request with an optional JSON body; returns decoded JSON, None for an empty answer.

        Query values that are None are left out.
        """
        headers = {"idempotency-key": idempotency_key} if idempotency_key else {}
        attempts = ATTEMPTS if method == "GET" or idempotency_key else 1
        while True:
            attempts -= 1
            response = await self._send(method, path, params=_filled(query), json=body, headers=headers)
            wait = _wait(response)
            if wait is None or attempts == 0:
                return _marked(_answer(response), response)
            await self._sleep(wait)

    async def upload(self, path: str, content: AsyncIterable[bytes] | bytes, media_type: str, query: Mapping[str, Any]) -> Any:
        """POST raw bytes, streamed."""
        headers = {"content-type": media_type}
        return _answer(await self._send("POST", path, params=_filled(query), content=content, headers=headers))

    @asynccontextmanager
    async def download(self, path: str) -> AsyncGenerator[AsyncIterator[bytes]]:
        """GET raw bytes, streamed: `async with session.download(path) as pieces`."""
        import httpx2

        try:
            async with self._http.stream("GET", path) as response:
                if response.status_code >= 300:
                    await response.aread()
                    _answer(response)
                yield response.aiter_bytes()
        except httpx2.RequestError as error:
            raise self._unreachable(error) from None

    @asynccontextmanager
    async def stream(self, path: str, headers: Mapping[str, str]) -> AsyncGenerator[AsyncIterator[str]]:
        """GET server-sent events, line by line: `async with session.stream(path, {}) as lines`. It waits as long as it takes."""
        import httpx2

        asked = {"accept": "text/event-stream", **headers}
        forever = httpx2.Timeout(None, connect=CONNECT_SECONDS)
        try:
            async with self._http.stream("GET", path, headers=asked, timeout=forever) as response:
                if response.status_code >= 300:
                    await response.aread()
                    _answer(response)
                yield response.aiter_lines()
        except httpx2.RequestError as error:
            raise self._unreachable(error) from None

    async def _send(self, method: str, path: str, **request: Any) -> "Response":
        import httpx2

        try:
            return await self._http.request(method, path, **request)
        except httpx2.RequestError as error:
            raise self._unreachable(error) from None

    def _unreachable(self, error: Exception) -> HubUnreachable:
        return HubUnreachable(f"No answer from the hub at {self.base_url} ({type(error).__name__})")


def _marked(answer: Any, response: "Response") -> Any:
    """Says in the answer what the hub says beside it: that it is an earlier call's answer, told again."""
    if response.headers.get("idempotency-replayed") == "true" and isinstance(answer, dict):
        return cast(dict[str, Any], answer) | {"replayed": True}
    return answer


def _host(url: str) -> str:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        parts, host = None, ""
    if parts is None or parts.scheme not in ("http", "https") or not host:
        raise BadAddress("A hub's address begins with http:// or https://, such as http://127.0.0.1:8000")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise BadAddress("A hub's address holds no user name, query or fragment: give the API key apart from it")
    return host


def _is_loopback(host: str) -> bool:
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _filled(query: Mapping[str, Any] | None) -> dict[str, Any]:
    return {name: value for name, value in (query or {}).items() if value is not None}


def _wait(response: "Response") -> float | None:
    """Seconds to wait before a repeat; None where the answer stands."""
    if response.status_code not in (429, 503):
        return None
    seconds = _seconds(response.headers.get("retry-after", ""))
    return seconds if seconds is not None and seconds <= MAX_WAIT else None


def _seconds(text: str) -> float | None:
    """A Retry-After in seconds: the form that the hub sends."""
    return float(text) if text.isascii() and text.replace(".", "", 1).isdigit() else None


def _answer(response: "Response") -> Any:
    if response.status_code >= 300:
        raise _error(response)
    if response.status_code == 204 or not response.content:
        return None
    try:
        return response.json()
    except ValueError:
        raise HubError(response.status_code, "not_json", "The answer is not JSON: is this the address of a hub?") from None


def _error(response: "Response") -> HubError:
    """The hub's own words where the answer has its shape, else what the status says."""
    retry_after = _seconds(response.headers.get("retry-after", ""))
    match _json(response):
        case {"error": {"code": str(code), "message": str(message), **rest}}:
            return HubError(response.status_code, code, message, _details(rest.get("details")), retry_after)
        case _:
            message = f"HTTP {response.status_code} and no explanation: is this the address of a hub?"
            return HubError(response.status_code, "unexpected_answer", message, retry_after=retry_after)


def _json(response: "Response") -> Any:
    try:
        return response.json()
    except ValueError:
        return None


def _details(value: Any) -> dict[str, Any]:
    return cast(dict[str, Any], value) if isinstance(value, dict) else {}
