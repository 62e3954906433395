"""The work at runs: each in a task of its own, from one wait to the next. Who works at a run, and when, an engine decides."""

import asyncio
import contextlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, select
from sqlmodel import col

from powerstrip.automations.engine.children import Starting
from powerstrip.automations.engine.claiming import Definitions, claim
from powerstrip.automations.engine.ending import Changes, Lives
from powerstrip.automations.engine.finished import Finished
from powerstrip.automations.engine.interpreter import Ending, Interpreter
from powerstrip.automations.engine.leaves import Leaves, Suspended
from powerstrip.automations.engine.ports import Claimed, NewRun, Started, StepExecutor
from powerstrip.automations.engine.records import Fenced, Note, advance, changed, run_row, step_rows
from powerstrip.automations.engine.state import News, RunState
from powerstrip.automations.engine.writing import Write, write_all
from powerstrip.automations.spec import Action
from powerstrip.clock import now, rfc3339, stamp
from powerstrip.events import Events
from powerstrip.logs import Log, place_of
from powerstrip.problems import Problem, StoreUnavailable
from powerstrip.store import Run, RunWait, Store, alive
from powerstrip.value import Value

LOOK = 1.0
"""Seconds between looks for what nobody told: the times of waits, and runs of processes that are gone."""
AT_ONCE = 256
"""Runs that are worked at side by side; the others wait their turn."""
TAKE = 500
"""Runs that one look finds."""
FAULTS = 3
"""Defects after which a run is given up."""

log = Log("powerstrip.engine")


class Parts(Value):
    """What an engine is made from. `hub` is this process's id (see `powerstrip.store.process_id`)."""

    store: Store
    events: Events
    hub: str


class Working(ABC):
    """Takes runs in hand, goes on with them until they wait or end, and lays them aside. Used in the event loop.

    Whatever two processes do at once, a run's epoch lets only one of them write: the one that claimed it last.
    """

    name: str

    def __init__(self, parts: Parts, *, owner: str, look: float = LOOK) -> None:
        self._store = parts.store
        self._events = parts.events
        self._hub = parts.hub
        self._look = look
        self._executors: dict[str, StepExecutor] = {}
        self._definitions = Definitions(parts.store)
        self._lives = Lives(parts.events, owner, self.name)
        self._news: dict[str, News] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._calls: set[asyncio.Task[Any]] = set()
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._loop: asyncio.AbstractEventLoop | None = None
        self.watchers: list[Callable[[str], None]] = []
        """Told a run's id, in the event loop, when there may be news of it."""
        self.end_watchers: list[Callable[[str, Any], None]] = []
        """Told a run's id, in the event loop, when it has ended, with its row where it is at hand."""

    def use(self, kind: str, executor: StepExecutor) -> None:
        """Hand in what runs actions of a kind. At composition."""
        self._executors[kind] = executor

    # What differs from engine to engine

    @abstractmethod
    def start_in(self, connection: Connection, new: NewRun) -> Started:
        """See `Engine`."""

    @abstractmethod
    def start_all(self, connection: Connection, news: Sequence[NewRun]) -> list[Started]:
        """See `Engine`."""

    @abstractmethod
    def wake(self, run_id: str) -> None:
        """See `Engine`."""

    @abstractmethod
    def _wake_in(self, connection: Connection, run_id: str) -> None:
        """In the transaction that gave a run something to do: see to it that somebody looks at it."""

    def _parked_in(self, connection: Connection, run_id: str, epoch: int, due: str | None) -> None:
        """In the transaction that lays a run aside until `due`."""
        return

    def _parked(self, due: str | None) -> None:
        """A run was laid aside until `due`, and that is committed."""
        return

    def _claimed(self, claimed: Claimed) -> None:
        """A run was taken in hand."""
        return

    # Tasks

    def begin(self, started: Started) -> None:
        """See `Engine`."""
        if started.claim is None:
            self.wake(started.run_id)
        elif self._loop is not None:
            self._tell(started.run_id)
            self._look_at(started.run_id, started.claim)

    def _look_at(self, run_id: str, claimed: Claimed | None = None) -> "asyncio.Task[None] | None":
        """Work at a run; None where it is worked at, and whoever does so has been told that there is news."""
        task = self._tasks.get(run_id)
        if task is not None and not task.done():
            self._news[run_id].tell()
            return None
        self._news[run_id] = News()
        task = self._tasks[run_id] = asyncio.create_task(self._drive(run_id, claimed), name=f"run {run_id}")
        task.add_done_callback(lambda done: self._gone(run_id, done))
        return task

    def _gone(self, run_id: str, done: "asyncio.Task[None]") -> None:
        if self._tasks.get(run_id) is done:
            del self._tasks[run_id], self._news[run_id]
        if not done.cancelled() and (error := done.exception()) is not None:
            log.error("engine.run_lost", run_id=run_id, error=type(error).__name__, at=place_of(error))

    def _stop(self, run_id: str) -> None:
        """Let go of a run that was stopped: its rows take nothing more from here."""
        task = self._tasks.pop(run_id, None)
        self._news.pop(run_id, None)
        if task is not None:
            task.cancel()
        self._tell_end(run_id)

    async def _let_go(self) -> None:
        """Leave everything where it is. Calls that are under way get a moment to end."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._calls:
            await asyncio.wait(self._calls, timeout=1.0)

    def _tell(self, run_id: str) -> None:
        for watcher in self.watchers:
            watcher(run_id)

    def _tell_end(self, run_id: str, row: Any = None) -> None:
        self._tell(run_id)
        for watcher in self.end_watchers:
            watcher(run_id, row)

    def _keep(self, call: Coroutine[Any, Any, Any]) -> "asyncio.Task[Any]":
        """Run a call to its end, whoever waits for it."""
        task: asyncio.Task[Any] = asyncio.create_task(call)
        self._calls.add(task)
        task.add_done_callback(self._calls.discard)
        return task

    # Changes

    def _apply(self, connection: Connection, work: Callable[[Connection, Changes], Any]) -> tuple[Any, Changes]:
        """Do something to runs, and what follows from it in the same transaction."""
        changes = Changes()
        done = work(connection, changes)
        self._wake_all_in(connection, changes)
        return done, changes

    def _wake_all_in(self, connection: Connection, changes: Changes) -> None:
        for run_id in changes.wake:
            self._wake_in(connection, run_id)

    def _follow(self, changes: Changes) -> None:
        """What follows in this process."""
        loop = self._loop
        if loop is not None and not loop.is_closed():
            for run_id in changes.stop:
                loop.call_soon_threadsafe(self._stop, run_id)

    async def _change(self, work: Callable[[Connection, Changes], Any]) -> Changes:
        """Do something to runs and follow it up after the commit."""
        _, changes = await self._store.hot(lambda connection: self._apply(connection, work))
        self._follow(changes)
        if changes.stop:
            self._events.wake()
        return changes

    # One run

    async def _drive(self, run_id: str, claimed: Claimed | None = None) -> None:
        """Go on with a run until it waits or ends, and again while there is news of it."""
        news, faults = self._news[run_id], 0
        async with self._slots:
            while True:
                seen = news.count
                try:
                    begun, claimed = claimed, None  # what was claimed counts once
                    await self._once(run_id, news, begun)
                except StoreUnavailable as problem:
                    log.warning("engine.not_written", run_id=run_id, code=problem.code)
                    await asyncio.sleep(problem.retry_after or self._look)
                    continue
                except Exception as error:  # noqa: BLE001 - a defect must not leave a run that says it is at work
                    faults += 1
                    log.error("engine.run_broken", run_id=run_id, error=type(error).__name__, at=place_of(error))
                    if faults >= FAULTS:
                        await self._give_up(run_id)
                        return
                    await asyncio.sleep(self._look)
                    continue
                finally:
                    self._tell(run_id)
                if news.count == seen:
                    return

    async def _give_up(self, run_id: str) -> None:
        """End a run that this hub cannot go on with."""

        def work(connection: Connection, changes: Changes) -> None:
            run = run_row(connection, run_id)
            if run is not None and run.status in ("running", "suspended"):
                error = (
                    "engine_fault",
                    "The hub could not go on with this run: its log says why. Resume the run when it is mended",
                )
                self._lives.finish(connection, run, run.epoch, "failed", changes, error=error)

        await self._change(work)
        self._tell_end(run_id)

    async def _once(self, run_id: str, news: News, claimed: Claimed | None) -> None:
        if claimed is None:
            sole = self._store.sqlite
            claimed = await self._store.hot(lambda connection: claim(connection, run_id, self._hub, sole=sole))
        if claimed is None:
            return
        self._claimed(claimed)
        state = await self._definitions.state_of(claimed, self._store, news, self._write_all)
        state.tell = self._tell
        leaves = Leaves(state, self._executors, Starting(self._store, self.start_in, self.begin), self._keep)
        try:
            await self._pass(state, leaves, claimed)
        except Fenced:
            return
        finally:
            state.abandon()

    async def _pass(self, state: RunState, leaves: Leaves, claimed: Claimed) -> None:
        async def keep_failure(error_type: str, message: str) -> None:
            await self._change(lambda connection, _: _mark(connection, state, error_type, message))

        try:
            ending = await Interpreter(state, leaves).run(keep_failure)
        except Suspended as waits:
            await state.settled()
            await self._park(state, waits.due)
        else:
            await self._finish(state, claimed, ending)

    async def _park(self, state: RunState, due: str | None) -> None:
        """Lay the run aside until `due`, or until something comes for it."""
        facts = state.facts

        def work(connection: Connection, changes: Changes) -> None:
            advance(connection, facts.id, facts.epoch, [Note("run.suspended", {"until": due})], facts.project.id)
            met = select(col(RunWait.id)).where(
                col(RunWait.run_id) == facts.id, col(RunWait.status) == "met", col(RunWait.closed_at).is_(None)
            )
            arrived = connection.execute(met.limit(1)).first() is not None
            changed(connection, facts.id, status="suspended", owner="", wake_at=stamp() if arrived else due)
            if arrived:
                changes.wake.append(facts.id)
            else:
                self._parked_in(connection, facts.id, facts.epoch, due)

        await self._change(work)
        self._parked(due)

    async def _finish(self, state: RunState, claimed: Claimed, ending: Ending) -> None:
        error = (ending.error_type, ending.error_message)
        end = Finished(claimed.run, state.facts.epoch, ending.status, ending.result, error, open=not state.over())
        changes: Changes = await state.finish(end)
        self._follow(changes)
        self._events.told()
        self._tell_end(claimed.run.id, end.row())

    def _write_all(self, connection: Connection, writes: Sequence[Write]) -> list[Changes | Fenced]:
        """Everything that runs write at work, for `Store.bulk`."""
        told = write_all(connection, writes, self._lives)
        for each in told:
            if isinstance(each, Changes):
                self._wake_all_in(connection, each)
        return told

    async def _take_back(self, run_id: str, path: str, reason: str) -> None:
        """Tell the executor of a pending attempt that nobody wants it any more."""
        found = await self._store.hot(lambda connection: (run_row(connection, run_id), step_rows(connection, run_id)))
        state = await self._definitions.state_of(Claimed.of(*found), self._store, News(), self._write_all)
        row = state.steps[path]
        task = next((step.task for step, _ in state.plan.every_step() if step.key == row.step_key), None)
        if isinstance(task, Action) and row.job_id is not None and (executor := self._executors.get(task.action_kind)):
            with contextlib.suppress(Problem):  # it was over before
                await executor.cancel(state.call(row, task, None), row.job_id, reason)

    # What nobody told

    async def _to_do(self, ahead: float) -> list[Any]:
        """Runs that nobody alive works at, and those whose time comes within `ahead` seconds: id, status, wake_at, epoch.

        Below zero: what has been so for at least that long.
        """
        query = _due(self._hub, ahead, sole=self._store.sqlite)
        return await self._store.read(lambda session: [*session.connection().execute(query).all()])


def _due(hub: str, ahead: float, *, sole: bool) -> Any:
    lost = col(Run.status) == "running"
    if not sole:
        owner = col(Run.owner)
        lost = lost & ((owner == hub) | (owner == "") | owner.not_in(alive()))
    if ahead < 0:
        lost = lost & (col(Run.updated_at) <= rfc3339(now() + timedelta(seconds=ahead)))
    soon = (col(Run.status) == "suspended") & (col(Run.wake_at) <= rfc3339(now() + timedelta(seconds=ahead)))
    query = select(col(Run.id), col(Run.status), col(Run.wake_at), col(Run.epoch)).where(lost | soon)
    return query.order_by(col(Run.status), col(Run.wake_at)).limit(TAKE)


def _mark(connection: Connection, state: RunState, error_type: str, message: str) -> None:
    advance(
        connection, state.facts.id, state.facts.epoch, [Note("run.cleaning", {"error_type": error_type})], state.facts.project.id
    )
    changed(connection, state.facts.id, error_type=error_type, error_message=message)
