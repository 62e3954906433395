"""The events of a hub: emit them in a transaction, process them after it."""

import asyncio
import contextlib
import math
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection
from sqlmodel import Session

from powerstrip.clock import monotonic, now, rfc3339, stamp
from powerstrip.events import rows
from powerstrip.events.preview import Preview, Previewer
from powerstrip.events.processor import LEASE, Attempt, Came, Consumer, Crowd, Interests, Listens, attempt_all, claim, hand_on
from powerstrip.events.source import MAX_DEPTH, NewEvent, SourceEventRow, row_of_new
from powerstrip.logs import Log
from powerstrip.problems import Problem
from powerstrip.store import Store
from powerstrip.value import Value

IDLE = 5.0
"""Seconds between looks when nobody wakes the processor: for what another process of the same database wrote."""
COMMITTED = 1.0
"""Seconds within which a transaction mostly is: for so long after an event was written every word of a commit may be its own."""
TROUBLE = 1.0
"""Seconds to wait when the database does not answer."""

log = Log("powerstrip.events")


class Emitted(Value):
    """What became of an event that was to be handed on at once; `id` is None where its key is known.

    `outcome` tells what each consumer made of it, None where the event waits for the processor.
    """

    id: str | None
    outcome: Mapping[str, Any] | None = None
    after: Sequence[Callable[[], None]] = ()


class Events:
    """Source events of all projects.

    `emit` writes an event in the caller's transaction; after the commit the caller wakes the processor with `wake`. Each
    event is handed, in the order of receipt, to every consumer, in one transaction with its change of state: what a consumer
    writes is there exactly when the event counts as processed by it. A consumer that raises is asked again after a while, the
    others are not; after eight attempts the event is dead and waits for `redrive`.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._consumers: dict[str, Crowd] = {}
        self._listens: dict[str, Listens | None] = {}
        self._previewers: list[Previewer] = []
        self._woken = asyncio.Event()
        self._news = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._thread = 0
        self._in_hand = False
        """Events were taken that are not at their ends."""
        self._left = -math.inf
        """When something was last written that may be due, by the monotonic clock."""
        self._whole = False
        """Whether every consumer was handed in: before that nobody can say that no consumer wants an event."""

    def add_consumer(self, name: str, consumer: Consumer, listens: Listens | None = None) -> None:
        """Hand in who is to hear of events. At composition, before `start`; `name` stays the same for good.

        `listens` tells which events it wants: no other is handed to it. Without, it hears of every one.
        """

        def each_alone(connection: Connection, events: Sequence[SourceEventRow]) -> list[Came]:
            return [Came(consumer(connection, event) or {}) for event in events]

        self.add_crowd(name, each_alone, listens)

    def add_crowd(self, name: str, consumer: Crowd, listens: Listens | None = None) -> None:
        """The same for a consumer that has many events at once."""
        if name in self._consumers:
            raise ValueError(f"there is a consumer {name} already")
        self._consumers[name] = consumer
        self._listens[name] = listens

    def add_previewer(self, previewer: Previewer) -> None:
        """Hand in who can say what an event would set off."""
        self._previewers.append(previewer)

    def emit(self, connection: Connection, event: NewEvent) -> str | None:
        """Write an event in the caller's transaction and give its id. None where its key is known, or it goes too deep."""
        return self.emit_all(connection, (event,))[0]

    def emit_all(self, connection: Connection, events: Sequence[NewEvent]) -> list[str | None]:
        """The same for many, in order. What no consumer wants is at its end at once; before `start`
        it waits, for further consumers may come."""
        interests = Interests(connection, self._listens if self._whole else {})
        fit = [event for event in events if not _too_deep(event)]
        outcomes = [(event, interests.outcome(event)) for event in fit]
        if any(outcome is None for _, outcome in outcomes):
            self._left = monotonic()
        ids = iter([_id_of(made) for made in rows.emit_all(connection, outcomes)])
        return [None if event.depth > MAX_DEPTH else next(ids) for event in events]

    def hand_on(self, connection: Connection, events: Sequence[NewEvent]) -> list[Emitted]:
        """Emit events and hand them to their consumers in the same transaction, which spares a way through the processor.

        Where others wait that came before, they are emitted and wait behind those. Call `after` of each after the commit.
        """
        if self._in_hand or rows.waiting(connection):
            return [Emitted(made) for made in self.emit_all(connection, events)]
        interests = Interests(connection, self._listens)
        lease = rfc3339(now() + timedelta(seconds=LEASE))
        made = rows.emit_all(connection, [(event, interests.outcome(event)) for event in events], lease=lease)
        open_ = [
            Attempt(row["id"], row_of_new(row, event), {})
            for row, event in zip(made, events, strict=True)
            if row is not None and row["status"] == "processing"
        ]
        if open_:
            hand_on(connection, open_, self._consumers, interests)
            if any(each.errors for each in open_):
                self._left = monotonic()
        handed = {each.event.id: each for each in open_}
        return [_emitted(_id_of(row), handed) for row in made]

    def wake(self) -> None:
        """Look at once, after a commit. May be called from any thread; does nothing before `start`."""
        self._left = monotonic()
        self.told()

    def told(self) -> None:
        """The same after an `emit` alone: there is nothing to look for where nobody wanted what was emitted."""
        if self._loop is None or self._loop.is_closed():
            return
        if threading.get_ident() == self._thread:
            self._wake()
        else:
            self._loop.call_soon_threadsafe(self._wake)

    async def news(self, seconds: float) -> None:
        """Wait until something was emitted or processed, at most so long."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._news.wait(), seconds)

    def preview(self, session: Session, event: SourceEventRow) -> Preview:
        """What this event would set off now."""
        found = Preview()
        for each in self._previewers:
            one = each(session, event)
            found.triggers += one.triggers
            found.waiters += one.waiters
        return found

    async def start(self) -> None:
        """Begin to process, with what an earlier process left in the middle."""
        self._whole = True
        self._loop, self._thread = asyncio.get_running_loop(), threading.get_ident()
        if self._store.sqlite:  # on PostgreSQL another hub may be at it: its lease decides
            await self._store.hot(lambda connection: rows.take_up(connection, stamp()))
        self._task = asyncio.create_task(self._work(), name="events")

    async def close(self) -> None:
        """Stop after what is being processed."""
        self._loop = None
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    def _wake(self) -> None:
        if monotonic() - self._left < COMMITTED:
            self._woken.set()
        self._tell()

    def _tell(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()

    async def _work(self) -> None:
        while True:
            self._woken.clear()
            try:
                if not await self._round():
                    await self._rest()
            except Problem as problem:
                log.warning("events.not_processed", code=problem.code)
                await asyncio.sleep(TROUBLE)

    async def _round(self) -> int:
        """Take what is due and process it; the number of events."""
        if not await self._due():
            return 0
        self._in_hand = True
        try:
            taken = await self._store.hot(claim)
            done = await asyncio.gather(*(self._store.bulk(self._attempt_all, each) for each in taken), return_exceptions=True)
        finally:
            self._in_hand = False
        self._tell()
        for each in done:
            if isinstance(each, BaseException):
                log.warning("events.attempt_lost", error=type(each).__name__)
                continue
            for after in each:
                after()
        return len(taken)

    def _attempt_all(self, connection: Connection, taken: Sequence[object]) -> list[list[Callable[[], None]]]:
        return attempt_all(connection, taken, self._consumers, Interests(connection, self._listens))

    async def _due(self) -> bool:
        at = await self._store.read(lambda session: session.exec(rows.next_due).one())
        return at is not None and at <= stamp()

    async def _rest(self) -> None:
        """Until somebody wakes us, the next attempt is due, or it is time to look anyway."""
        at = await self._store.read(lambda session: session.exec(rows.next_due).one())
        soon = rfc3339(now() + timedelta(seconds=IDLE))
        pause = IDLE if at is None or at > soon else TROUBLE / 10
        with contextlib.suppress(TimeoutError):  # `wait_for` of Python 3.11 may lose a cancellation
            async with asyncio.timeout(pause):
                await self._woken.wait()


def _too_deep(event: NewEvent) -> bool:
    deep = event.depth > MAX_DEPTH
    if deep:
        log.warning("events.too_deep", name=event.name, project_id=event.project_id)
    return deep


def _emitted(id: str | None, handed: Mapping[str, Attempt]) -> Emitted:
    attempt = handed.get(id or "")
    return Emitted(id) if attempt is None else Emitted(id, attempt.outcome, attempt.after)


def _id_of(made: Mapping[str, Any] | None) -> str | None:
    return None if made is None else made["id"]
