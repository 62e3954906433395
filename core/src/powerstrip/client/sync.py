"""The same client for programs without an event loop."""

from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Self, TypeVar

from powerstrip.client.client import Client
from powerstrip.client.pages import Pages

if TYPE_CHECKING:
    from anyio.from_thread import BlockingPortal
    from httpx2 import AsyncBaseTransport

T = TypeVar("T")


class SyncClient:
    """Runs the one `Client` on an event loop in a thread of its own.

        with SyncClient("http://127.0.0.1:8000", key, "default") as hub:
            result = hub.run(hub.client.call("slack.message.post", {"channel": "C0", "text": "hi"}))
            for integration in hub.each(hub.client.integrations.list()):
                ...

    No method is written twice, and every type is the async client's.
    """

    def __init__(
        self, base_url: str, api_key: str, project: str | None = None, *, transport: "AsyncBaseTransport | None" = None
    ) -> None:
        self.client = Client(base_url, api_key, project, transport=transport)
        self._stack = ExitStack()
        self._portal: BlockingPortal | None = None

    def __enter__(self) -> Self:
        from anyio.from_thread import start_blocking_portal

        self._portal = self._stack.enter_context(start_blocking_portal())
        return self

    def __exit__(self, *error: object) -> None:
        try:
            self.run(self.client.close())
        finally:
            self._portal = None
            self._stack.close()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Wait for one call of the async client. Raises what it raises."""
        if self._portal is None:
            work.close()
            raise RuntimeError("Use the client in a `with` block")
        return self._portal.call(_await, work)

    def each(self, pages: Pages[T]) -> Iterator[T]:
        """Walk a list, page by page."""
        items = aiter(pages)
        while True:
            try:
                yield self.run(_next(items))
            except StopAsyncIteration:
                return


async def _await(work: Coroutine[Any, Any, T]) -> T:
    return await work


async def _next(items: AsyncIterator[T]) -> T:
    return await anext(items)
