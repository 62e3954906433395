"""Lists that come in pages."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from powerstrip.client.session import Session

T = TypeVar("T")


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page. `next_cursor` asks for the one after it, None at the end."""

    items: list[T]
    next_cursor: str | None = None


class Pages(Generic[T]):
    """A list on the hub, read as it is walked: `async for item in pages`.

    Nothing is asked before the first item is wanted. `page` gives a single page instead. Where a list is not `sized`, its source
    decides how long a page is.
    """

    def __init__(
        self,
        session: Session,
        path: str,
        query: Mapping[str, Any] | None = None,
        items: str = "items",
        *,
        sized: bool = True,
    ) -> None:
        self._session = session
        self._path = path
        self._query = dict(query or {})
        self._items = items
        self._sized = sized

    async def page(self, cursor: str | None = None, limit: int | None = None) -> Page[T]:
        """The page at `cursor` (the first one for None) with at most `limit` items; a longer one is cut."""
        size = limit if self._sized else None
        answer = await self._session.get(self._path, {**self._query, "cursor": cursor, "limit": size})
        return Page(answer.get(self._items, [])[:limit], answer.get("next_cursor") or None)

    async def __aiter__(self) -> AsyncIterator[T]:
        cursor: str | None = None
        while True:
            page = await self.page(cursor)
            for item in page.items:
                yield item
            cursor = page.next_cursor
            if cursor is None:
                return

    async def all(self) -> list[T]:
        """Every item, for lists known to be short."""
        return [item async for item in self]
