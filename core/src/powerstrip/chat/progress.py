"""What is being done while a message is worked on, step by step, for whoever follows the conversation."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, delete, func
from sqlmodel import Session, col, select

from powerstrip.clock import new_id, stamp
from powerstrip.logs import Log
from powerstrip.problems import Problem
from powerstrip.store import ChatSession, ChatStep, Store, insert_row, scope
from powerstrip.value import Value

log = Log("powerstrip.chat")

KEPT = 100
"""Steps of one conversation that can be told again, the newest."""
MAX_SESSIONS = 1000
"""Conversations that are followed at once, the newest."""
BREATH = 0.5
"""Seconds after which a follower gets a breath where there is no news."""
WORDS = {
    "understanding": "Reading the message", "model": "Asking the language model at {}", "probing": "Asking {} whose credential it is", "choices": "Listing the choices of {}",
    "calling": "Calling {}", "description": "Reading the API's description", "sandbox": "Trying {} in the sandbox", "saved": "Saved {}", "answered": "Answered",
}  # fmt: skip


class Step(Value):
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
    writing: set["asyncio.Task[None]"] = field(default_factory=set["asyncio.Task[None]"])
    over: bool = False


class Progress:
    """The steps of conversations: told at once to who follows in this process, and put into rows on the way, to be told again later."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept: dict[str, _Kept] = {}
        self._last = 0

    def tell(self, project_id: str, session_id: str, step: str, about: str = "") -> None:
        """A step was begun or done. `about` names a provider, an action or the like, and holds nothing that a person typed masked."""
        kept = self._of(session_id)
        self._last = max(self._last + 1, time.time_ns() // 1_000_000)
        made = _step(self._last, step, about, stamp())
        kept.steps.append(made)
        news, kept.news = kept.news, asyncio.Event()
        news.set()
        writing = asyncio.get_running_loop().create_task(self._write(project_id, session_id, made))
        kept.writing.add(writing)
        writing.add_done_callback(kept.writing.discard)

    async def written(self, session_id: str) -> None:
        """Wait until what was told is in rows."""
        if (kept := self._kept.get(session_id)) is not None and kept.writing:
            await asyncio.gather(*kept.writing)

    async def follow(self, project_id: str, session_id: str, after: int = 0) -> AsyncIterator[Step | None]:
        """The steps after an id, then as they come, until the conversation is forgotten. None is a breath."""
        kept = self._of(session_id)
        rows = await self._store.read(lambda session: _rows(session, project_id, session_id))
        known = {each.id: each for each in (*rows, *kept.steps)}
        told: Iterable[Step] = [known[number] for number in sorted(known)][-KEPT:]
        while True:
            news = kept.news
            for step in [each for each in told if each.id > after]:
                after = step.id
                yield step
            told = kept.steps
            if kept.over:
                return
            yield None
            try:
                async with asyncio.timeout(BREATH):
                    await news.wait()
            except TimeoutError:
                continue

    def drop(self, session_id: str) -> None:
        """Forget a conversation's steps in this process; who follows them is at the end."""
        if kept := self._kept.pop(session_id, None):
            kept.over = True
            kept.news.set()

    def _of(self, session_id: str) -> _Kept:
        if session_id not in self._kept and len(self._kept) >= MAX_SESSIONS:
            self.drop(next(iter(self._kept)))
        return self._kept.setdefault(session_id, _Kept())

    async def _write(self, project_id: str, session_id: str, step: Step) -> None:
        row = {
            "id": new_id("chs"), "project_id": project_id, "session_id": session_id, "number": step.id, "step": step.step,
            "about": step.about, "created_at": step.at,
        }  # fmt: skip

        def insert(connection: Connection) -> None:
            there = select(ChatSession.id).where(col(ChatSession.id) == session_id)
            if connection.execute(there).first() is not None:  # else it was forgotten meanwhile
                insert_row(connection, ChatStep, row)

        try:
            await self._store.hot(insert)
        except Problem as problem:  # the work itself goes on: a step is told, not needed
            log.warning("chat.step_not_kept", session=session_id, code=problem.code)


def forget_old(session: Session, session_id: str) -> None:
    """Keep the newest steps of a conversation."""
    mine = col(ChatStep.session_id) == session_id
    oldest = select(ChatStep.number).where(mine).order_by(col(ChatStep.number).desc()).offset(KEPT).limit(1)
    session.exec(delete(ChatStep).where(mine, col(ChatStep.number) <= func.coalesce(oldest.scalar_subquery(), -1)))


def forget_all(session: Session, session_id: str) -> None:
    """Remove the steps of a conversation."""
    session.exec(delete(ChatStep).where(col(ChatStep.session_id) == session_id))


def _rows(session: Session, project_id: str, session_id: str) -> Sequence[Step]:
    found: list[ChatStep] = scope(session, project_id).all(ChatStep, col(ChatStep.session_id) == session_id)
    return [_step(each.number, each.step, each.about, each.created_at) for each in found]


def _step(id: int, step: str, about: str, at: str) -> Step:
    return Step(id, step, about, WORDS.get(step, "{}").format(about).strip(), at)
