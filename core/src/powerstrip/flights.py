"""Many who ask for the same at once are answered by one look-up."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


class Flights(Generic[K, T]):
    """Look-ups that are on their way. Who asks in another `generation`, after a change, waits for none of before it."""

    def __init__(self) -> None:
        self._tasks: dict[tuple[K, int], asyncio.Task[T]] = {}

    async def run(self, key: K, generation: int, work: Callable[[], Awaitable[T]]) -> T:
        """What the look-up gives or raises. A caller that is cancelled does not end it for the others."""
        task = self._tasks.get((key, generation))
        if task is None:
            task = self._tasks[key, generation] = asyncio.ensure_future(_awaited(work))
            task.add_done_callback(lambda _: self._tasks.pop((key, generation), None))
        return await asyncio.shield(task)


async def _awaited(work: Callable[[], Awaitable[T]]) -> T:
    return await work()
