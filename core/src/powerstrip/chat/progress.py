"""What is being done while a message is worked on, step by step, for whoever follows the conversation."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from powerstrip.clock import stamp

KEPT = 100
"""Steps of one conversation that can be replayed."""
MAX_SESSIONS = 1000
"""Conversations whose steps are kept, the newest."""
BREATH = 0.5
"""Seconds after which a follower gets a breath where there is no news."""
WORDS = {
    "understanding": "Reading the message", "model": "Asking the language model at {}", "probing": "Asking {} whose credential it is", "choices": "Listing the choices of {}",
    "calling": "Calling {}", "description": "Reading the API's description", "sandbox": "Trying {} in the sandbox", "saved": "Saved {}", "answered": "Answered",
}  # fmt: skip


@dataclass(frozen=True)
class Step:
    """One step. Its `id` is greater than those of all before it, also than those of an earlier process."""

    id: int
    step: str
    about: str
    text: str
    at: str


@dataclass
class _Kept:
    steps: deque[Step] = field(default_factory=lambda: deque[Step](maxlen=KEPT))
    news: asyncio.Event = field(default_factory=asyncio.Event)
    over: bool = False


class Progress:
    """The steps of conversations, in this process's memory alone: they tell who waits, and are of no use afterwards."""

    def __init__(self) -> None:
        self._kept: dict[str, _Kept] = {}
        self._last = time.time_ns() // 1_000_000

    def tell(self, session_id: str, step: str, about: str = "") -> None:
        """A step was begun or done. `about` names a provider, an action or the like, and holds nothing that a person typed masked."""
        kept = self._of(session_id)
        self._last += 1
        kept.steps.append(Step(self._last, step, about, WORDS[step].format(about).strip(), stamp()))
        news, kept.news = kept.news, asyncio.Event()
        news.set()

    async def follow(self, session_id: str, after: int = 0) -> AsyncIterator[Step | None]:
        """The steps after an id, then as they come, until the conversation is forgotten. None is a breath."""
        kept = self._of(session_id)
        while True:
            news = kept.news
            for step in [each for each in kept.steps if each.id > after]:
                after = step.id
                yield step
            if kept.over:
                return
            yield None
            try:
                async with asyncio.timeout(BREATH):
                    await news.wait()
            except TimeoutError:
                continue

    def drop(self, session_id: str) -> None:
        """Forget a conversation's steps; who follows them is at the end."""
        if kept := self._kept.pop(session_id, None):
            kept.over = True
            kept.news.set()

    def _of(self, session_id: str) -> _Kept:
        if session_id not in self._kept and len(self._kept) >= MAX_SESSIONS:
            self.drop(next(iter(self._kept)))
        return self._kept.setdefault(session_id, _Kept())
