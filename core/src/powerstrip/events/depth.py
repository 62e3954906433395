"""How many runs and events led to what is done now: set around a run's step, read where an event is made of it."""

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar

_depth: ContextVar[int] = ContextVar("powerstrip_depth", default=0)


def depth_here() -> int:
    """The depth of what happens in this task; 0 outside of runs. Ask before work is handed to the store."""
    return _depth.get()


@contextmanager
def at_depth(depth: int) -> Generator[None]:
    """Let what happens inside count as this deep."""
    token = _depth.set(depth)
    try:
        yield
    finally:
        _depth.reset(token)
