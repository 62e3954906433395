"""A watch on the event loop: an adapter's function that blocks it stops the whole hub, and somebody must be told which it was."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

from powerstrip.clock import monotonic
from powerstrip.logs import Log

BLOCKED_SECONDS = 2.0
"""How long the loop may stand still before it is told."""

log = Log("powerstrip.adapter")
_at_work: dict[asyncio.Task[Any], str] = {}
"""Calls of adapters' functions, by the task that runs each."""


class at_work:  # noqa: N801 - used as a context manager, and every call passes it
    """The current task runs the adapter's function of this name."""

    __slots__ = ("_name", "_task")

    def __init__(self, name: str) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._name, self._task = name, task

    def __enter__(self) -> None:
        _at_work[self._task] = self._name

    def __exit__(self, *_: object) -> None:
        del _at_work[self._task]


@contextmanager
def watched(loop: asyncio.AbstractEventLoop, limit: float = BLOCKED_SECONDS) -> Generator[None]:
    """Watch this loop, from a thread of its own, for standing still longer than `limit` seconds. Use it on the loop."""
    watch = _Watch(loop, limit)
    watch.start()
    try:
        yield
    finally:
        watch.stop()


class _Watch:
    """A heart that beats on the loop, and a thread that listens to it."""

    def __init__(self, loop: asyncio.AbstractEventLoop, limit: float) -> None:
        self._loop = loop
        self._limit = limit
        self._pause = limit / 4
        self._beat_at = monotonic()
        self._told_of = 0.0
        self._next: asyncio.TimerHandle | None = None
        self._ended = Event()
        self._thread = Thread(target=self._listen, name="watch", daemon=True)

    def start(self) -> None:
        self._beat()
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        if self._next is not None:
            self._next.cancel()
        self._thread.join()

    def _beat(self) -> None:
        self._beat_at = monotonic()
        self._next = self._loop.call_later(self._pause, self._beat)

    def _listen(self) -> None:
        while not self._ended.wait(self._pause):
            beat = self._beat_at
            if monotonic() - beat > self._limit and beat != self._told_of:
                self._told_of = beat
                self._tell()

    def _tell(self) -> None:
        """Name the function that holds the loop; what else may hold it is not an adapter's doing."""
        task = asyncio.current_task(self._loop)
        if task is not None and (name := _at_work.get(task)):
            log.error("adapter.blocks", call=name, seconds=self._limit)
