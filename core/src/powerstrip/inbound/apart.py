"""Somebody else's code in threads of our own, so that what never ends does not stop the hub.

Handing work to a thread costs more than most of that work. So one thread does it as long as it moves on, and tells the event loop
of all that it has done at once; only when it stands still another one goes on with what waits.
"""

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, TypeAlias, TypeVar

T = TypeVar("T")
PATIENCE = 0.05
"""Seconds without an end after which another thread helps."""
_Job: TypeAlias = tuple[Callable[[], Any], "asyncio.Future[Any]"]


class Apart:
    """At most `threads` threads for short work. Use it on one event loop."""

    def __init__(self, threads: int, name: str) -> None:
        self._most = threads
        self._name = name
        self._queue: SimpleQueue[_Job | None] = SimpleQueue()
        self._gate = threading.Lock()
        self._threads = 0
        self._ended = 0
        self._done: deque[tuple[asyncio.Future[Any], Any, BaseException | None]] = deque()
        self._told = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._look: asyncio.TimerHandle | None = None
        self.at_work = 0
        """What was handed in and has not ended, given up or not."""

    async def run(self, work: Callable[[], T], seconds: float) -> T:
        """What the work gives or raises. Raises `TimeoutError` after so long: it is given up, and its thread may be lost."""
        self._loop = loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self.at_work += 1
        self._queue.put((work, future))
        if not self._threads:
            self._add()
        if self._look is None:
            self._look = loop.call_later(PATIENCE, self._watch, self._ended)
        async with asyncio.timeout(seconds):
            return await future

    def close(self) -> None:
        """Let go of the threads; one that is stuck ends with the process."""
        if self._look is not None:
            self._look.cancel()
        for _ in range(self._most):
            self._queue.put(None)

    def _watch(self, ended: int) -> None:
        """Let another thread help where nothing came to an end since the last look."""
        self._look = None
        if not self.at_work or self._loop is None:
            return
        if self._ended == ended and self._threads < self._most:
            self._add()
        self._look = self._loop.call_later(PATIENCE, self._watch, self._ended)

    def _add(self) -> None:
        with self._gate:
            self._threads += 1
        threading.Thread(target=self._serve, name=self._name, daemon=True).start()

    def _serve(self) -> None:
        mine, before = 0, self._ended
        while (job := self._queue.get()) is not None:
            work, future = job
            try:
                self._end(future, work(), None)
            except BaseException as error:  # noqa: BLE001 - it is handed to who waits
                self._end(future, None, error)
            mine += 1
            if self._threads > 1 and self._ended - mine > before and self._leaves():
                return
        with self._gate:
            self._threads -= 1

    def _leaves(self) -> bool:
        """Others move on: this thread is not needed, unless it is the last."""
        with self._gate:
            leaves = self._threads > 1
            self._threads -= leaves
        return leaves

    def _end(self, future: "asyncio.Future[Any]", result: Any, error: BaseException | None) -> None:
        self._done.append((future, result, error))
        self._ended += 1
        if not self._told and self._loop is not None:
            self._told = True
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                self._loop.call_soon_threadsafe(self._settle)

    def _settle(self) -> None:
        """Hand out what was done since the last time. The mark is taken away first: what comes later is told again."""
        self._told = False
        while self._done:
            future, result, error = self._done.popleft()
            self.at_work -= 1
            if future.done():
                continue
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)
