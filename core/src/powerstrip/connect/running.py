"""Running an adapter's function: it is somebody else's code, and whatever it does ends in one of a few ways."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from powerstrip.adapter import PowerstripError
from powerstrip.clock import monotonic
from powerstrip.connect.watching import at_work
from powerstrip.edge import SandboxAnswer
from powerstrip.logs import Log, place_of
from powerstrip.problems import Problem

T = TypeVar("T")
MAX_WORDS = 500
"""Characters of a provider's or adapter's own words that are kept."""
GRACE = 0.25
"""Seconds after the deadline: the edge keeps it first and knows more of what happened."""

log = Log("powerstrip.adapter")


class AdapterBroken(Exception):
    """The adapter raised what it may not, or returned what it did not declare. The message names no value."""

    def __init__(self, fault: str) -> None:
        super().__init__(fault)
        self.message = f"The provider's adapter is at fault ({fault}): tell its author, or install another version of the plugin"


class OutOfTime(Exception):
    """The deadline passed while the adapter was at work."""


async def run_adapter(work: Callable[[], Awaitable[T]], deadline: float, name: str) -> T:
    """What the adapter gives. `deadline` is in seconds of the monotonic clock; `name` says in the log what ran.

    Raises the adapter's four errors, the hub's own, `SandboxAnswer`, `OutOfTime` and `AdapterBroken`. An adapter that blocks the
    event loop cannot be stopped from within the process: it is told in the log, and what it gives too late does not count.
    """
    task = asyncio.current_task()
    limit = asyncio.timeout(max(deadline + GRACE - monotonic(), 0.0))
    try:
        async with limit:
            with at_work(name):
                given = await work()
    except (PowerstripError, Problem, SandboxAnswer):
        raise
    except BaseException as error:
        if limit.expired():
            raise OutOfTime from None
        if isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling():
            raise
        raise broken(error, name) from None
    if monotonic() > deadline + GRACE:
        raise OutOfTime
    return given


def broken(error: BaseException, name: str) -> AdapterBroken:
    """The fault to raise; its place is logged. Its text stays out: it may hold what the provider answered."""
    log.warning("adapter.failed", call=name, error=type(error).__name__, at=place_of(error))
    return AdapterBroken(type(error).__name__)


def one_line(text: str) -> str:
    """Words from outside as they may be kept and shown: printable, on one line, at most 500 characters."""
    printable = "".join(letter if letter.isprintable() else " " for letter in text[: 4 * MAX_WORDS])
    return " ".join(printable.split())[:MAX_WORDS]
