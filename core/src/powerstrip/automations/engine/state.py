"""A run in the hands of this process: its rows in memory, and the queue through which they go to the journal."""

import asyncio
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from sqlalchemy import Connection

from powerstrip.automations.engine import ids
from powerstrip.automations.engine.ports import Mode, StepCall
from powerstrip.automations.engine.records import Fenced, Note, StepRow, WaitRow, advance, put_step, stored
from powerstrip.automations.spec import Action, Plan, Step
from powerstrip.clock import stamp
from powerstrip.store import Actor, Project, Store

MAX_PATH = 400


@dataclass(frozen=True)
class Facts:
    """What stays of a run while it is at work."""

    id: str
    project: Project
    actor: Actor
    automation_id: str
    automation: str
    version_id: str
    epoch: int
    mode: Mode
    depth: int
    inputs: dict[str, Any]
    started_at: str
    deadline_at: str | None
    cancelled: bool
    failure: tuple[str, str] | None
    """The failure that the main part ended with, where the cleanup had begun."""


class News:
    """Counts what happened to a run, so that each who waits for it can tell what he has not seen."""

    def __init__(self) -> None:
        self.count = 0
        self._event = asyncio.Event()

    def tell(self) -> None:
        """Something happened."""
        self.count += 1
        event, self._event = self._event, asyncio.Event()
        event.set()

    async def past(self, seen: int) -> None:
        """Wait until there is more than was seen."""
        while self.count <= seen:
            await self._event.wait()


@dataclass
class RunState:
    """The run's steps as they stand, and what is on its way to the journal.

    Writes are handed to the store in order and not waited for: what an executor writes afterwards is behind them. `settled`
    waits for all of them; a write that failed is raised there, or before the next one.
    """

    facts: Facts
    plan: Plan
    store: Store
    steps: dict[str, StepRow] = field(default_factory=dict[str, StepRow])
    waits: dict[str, WaitRow] = field(default_factory=dict[str, WaitRow])
    news: News = field(default_factory=News)
    tell: Callable[[str], None] = lambda _: None
    """Told the run's id after each write."""
    resumed: frozenset[str] = frozenset()
    """Paths of the steps that an earlier process was in the middle of."""
    _writes: "list[asyncio.Future[None]]" = field(default_factory=list["asyncio.Future[None]"])

    def new_step(self, step: Step, path: str, kind: str) -> StepRow:
        """A step that begins now; it is not in the journal yet."""
        row = StepRow(ids.step_id(self.facts.id, path), path, step.key, kind, len(self.steps), step.name or None)
        self.steps[path] = row
        return row

    async def put(self, row: StepRow, *notes: Note, also: Any = None) -> StepRow:
        """Keep a step's new state, with entries for the log. `also(connection)` is done in the same transaction."""
        self.check()
        facts, written = self.facts, row

        def work(connection: Connection) -> None:
            advance(connection, facts.id, facts.epoch, notes, facts.project.id)
            put_step(connection, facts.project.id, facts.id, written)
            if also is not None:
                also(connection)

        write = asyncio.ensure_future(self.store.hot(work))
        write.add_done_callback(lambda _: self.tell(facts.id))
        self._writes.append(write)
        self.steps[row.path] = kept = stored(row)
        await asyncio.sleep(0)  # the write is in the store's queue before anything else of this run
        return kept

    def check(self) -> None:
        """Raise what became of earlier writes, where one failed."""
        done = [each for each in self._writes if each.done()]
        self._writes = [each for each in self._writes if not each.done()]
        for each in done:
            each.result()

    async def settled(self) -> None:
        """Wait until everything is on disk. Raises `Fenced` and `StoreUnavailable`."""
        writes, self._writes = self._writes, []
        for error in await asyncio.gather(*writes, return_exceptions=True):
            if isinstance(error, BaseException):
                raise error

    def abandon(self) -> None:
        """Nobody will ask for the writes that are on their way."""
        for each in self._writes:
            each.add_done_callback(_heard)
        self._writes = []

    def call(self, row: StepRow, task: Action, timeout: float | None, *, again: bool = False) -> StepCall:
        """What an executor is told about an attempt."""
        facts = self.facts
        return StepCall(
            project=facts.project,
            actor=facts.actor,
            run_id=facts.id,
            mode=facts.mode,
            step_id=row.id,
            path=row.path,
            step_key=row.step_key,
            attempt=row.attempt,
            idempotency_key=row.key,
            action=task.action,
            action_kind=task.action_kind,
            parameters=row.inputs or {},
            integration=task.integration,
            queue=task.queue,
            timeout=timeout,
            again=again,
        )


def _heard(done: "asyncio.Future[None]") -> None:
    if not done.cancelled():
        done.exception()


Word = Literal["started", "completed", "failed", "skipped", "retrying", "suspended"]


def note(row: StepRow, word: Word, **payload: Any) -> Note:
    """An entry about a step."""
    return Note(f"step.{word}", {"path": row.path, **payload}, row.id, row.step_key)


def ended(row: StepRow, status: str, **values: Any) -> StepRow:
    """The row with its end."""
    return replace(row, status=status, completed_at=stamp(), next_attempt_at=None, **values)


def size_of(value: Any) -> int:
    """Bytes of a value as JSON."""
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


def earliest(times: Iterable[str | None]) -> str | None:
    """The first of some times, of which some are not there."""
    return min((each for each in times if each is not None), default=None)


__all__ = ["Facts", "Fenced", "RunState", "earliest", "ended", "note", "size_of"]
