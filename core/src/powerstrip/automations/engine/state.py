"""A run in the hands of this process: its rows in memory, and the queue through which they go to the journal."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import Connection

from powerstrip.automations.engine import ids
from powerstrip.automations.engine.finished import Finished
from powerstrip.automations.engine.ports import Mode, StepCall
from powerstrip.automations.engine.records import Fenced, Note, StepRow, WaitRow, stored
from powerstrip.automations.engine.writing import Write
from powerstrip.automations.spec import Action, Plan, Step
from powerstrip.clock import stamp
from powerstrip.problems import Problem
from powerstrip.store import Actor, Bulk, Project, Store
from powerstrip.value import Value

MAX_PATH = 400


class Facts(Value):
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

    What is written in one turn of the event loop is one write. Writes are handed to the store in order and not waited for: what
    an executor writes afterwards is behind them. `settled` waits for all of them; a write that failed is raised there, or
    before the next one.
    """

    facts: Facts
    plan: Plan
    store: Store
    write_all: Bulk[Write, Any]
    steps: dict[str, StepRow] = field(default_factory=dict[str, StepRow])
    waits: dict[str, WaitRow] = field(default_factory=dict[str, WaitRow])
    news: News = field(default_factory=News)
    tell: Callable[[str], None] = lambda _: None
    """Told the run's id after each write."""
    resumed: frozenset[str] = frozenset()
    """Paths of the steps that an earlier process was in the middle of."""
    _held: Write | None = None
    """What this turn has to write so far."""
    _writes: "list[asyncio.Future[Any]]" = field(default_factory=list["asyncio.Future[Any]"])

    def new_step(self, step: Step, path: str, kind: str) -> StepRow:
        """A step that begins now; it is not in the journal yet."""
        row = StepRow(ids.step_id(self.facts.id, path), path, step.key, kind, len(self.steps), step.name or None)
        self.steps[path] = row
        return row

    def put(self, row: StepRow, *notes: Note, also: Callable[[Connection], None] | None = None) -> StepRow:
        """Keep a step's new state, with entries for the log. `also(connection)` is done in the same transaction."""
        self.check()
        write = self._hold()
        write.notes += notes
        write.step(row, self.steps.get(row.path))
        if also is not None:
            write.also.append(also)
        self.steps[row.path] = kept = stored(row)
        return kept

    def _hold(self) -> Write:
        """The write of this turn. It is handed in when the turn ends: before anything that begins to run after this."""
        if self._held is None:
            self._held = Write(self.facts.id, self.facts.project.id, self.facts.epoch)
            asyncio.get_running_loop().call_soon(self.flush)
        return self._held

    def flush(self) -> "asyncio.Future[Any] | None":
        """Hand in what is held back."""
        held, self._held = self._held, None
        if held is None:
            return None
        try:
            write = self.store.hand_in(self.write_all, held)
        except Problem as problem:  # the hub is shutting down
            write = asyncio.get_running_loop().create_future()
            write.set_exception(problem)
        write.add_done_callback(self._written)
        self._writes.append(write)
        return write

    def _written(self, done: "asyncio.Future[Any]") -> None:
        if not done.cancelled():
            done.exception()
        self.tell(self.facts.id)

    async def finish(self, end: Finished) -> Any:
        """Write the run's end, together with what this turn has to write. Gives what follows from it; raises as `settled` does.

        An end never stands beside a write that failed: what is still under way is waited for.
        """
        if not all(each.done() for each in self._writes):
            await self.settled()
        self.check()
        write = self._hold()
        write.notes.append(end.note())
        write.end = end
        ended = self.flush()
        assert ended is not None
        await asyncio.wait([ended])
        self._writes.remove(ended)
        return self.store.outcome(ended)

    def over(self) -> bool:
        """Whether nothing of the run waits or is unfinished, as far as this process can tell without a look."""
        return not self.waits and all(row.ended and row.wait_id is None and row.job_id is None for row in self.steps.values())

    def check(self) -> None:
        """Raise what became of earlier writes, where one failed."""
        done = [each for each in self._writes if each.done()]
        self._writes = [each for each in self._writes if not each.done()]
        for each in done:
            self.store.outcome(each)

    async def settled(self) -> None:
        """Wait until everything is on disk. Raises `Fenced` and `StoreUnavailable`."""
        self.flush()
        if self._writes:
            await asyncio.wait(self._writes)
        self.check()

    def abandon(self) -> None:
        """Nobody will ask for the writes that are on their way."""
        self.flush()
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


Word = Literal["started", "completed", "failed", "skipped", "retrying", "suspended"]


def note(row: StepRow, word: Word, **payload: Any) -> Note:
    """An entry about a step."""
    return Note(f"step.{word}", {"path": row.path, **payload}, row.id, row.step_key)


def ended(row: StepRow, status: str, **values: Any) -> StepRow:
    """The row with its end."""
    return row._replace(status=status, completed_at=stamp(), next_attempt_at=None, **values)


def size_of(text: str) -> int:
    """Bytes of a value's JSON."""
    return len(text) if text.isascii() else len(text.encode())


def earliest(times: Iterable[str | None]) -> str | None:
    """The first of some times, of which some are not there."""
    return min((each for each in times if each is not None), default=None)


__all__ = ["Facts", "Fenced", "RunState", "earliest", "ended", "note", "size_of"]
