"""The way to the language model that the operator names: the same guard, deadline and caps as every request, one origin alone.

What asks the model is a library that brings its own HTTP client; this is the transport that it is given instead.
"""

from collections.abc import Awaitable, Callable

import httpx2

from powerstrip.adapter import Request, Response

Send = Callable[[Request], Awaitable[Response]]


class ModelTransport(httpx2.AsyncBaseTransport):
    """Hands a client's requests to the edge, which signs them. Nothing is repeated, no redirect followed."""

    def __init__(self, send: Send) -> None:
        self._send = send

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """One request, sent by the edge; what the edge refuses or cannot reach is raised as the client knows it."""
        headers = tuple((name, value) for name, value in request.headers.items() if name.lower() in _KEPT)
        body = await request.aread()
        answer = await self._send(Request(request.method, str(request.url), headers=headers, body=body, signed=False))
        kind = {"content-type": answer.headers.get("content-type", "")}
        return httpx2.Response(answer.status, headers=kind, content=answer.body, request=request)


_KEPT = frozenset(("accept", "content-type"))
