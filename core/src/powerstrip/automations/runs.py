"""Runs, as people and programs meet them: started, looked at, stopped, resumed."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Generator
from typing import Any, Literal

from sqlalchemy import Connection
from sqlmodel import Session, col, select

from powerstrip.actions import Actions
from powerstrip.automations.engine import Choice, Engine, NewRun, Started
from powerstrip.automations.engine.children import published
from powerstrip.automations.engine.inputs import complete_inputs, concurrency_key
from powerstrip.automations.spec import Plan
from powerstrip.clock import new_id
from powerstrip.connect import refuse_secrets
from powerstrip.problems import Conflict, NotFound
from powerstrip.store import Actor, AuditLog, Hours, Project, Run, RunEvent, RunStep, Store, WouldSend, by_hour, scope
from powerstrip.value import Value, field, replace

ENDED = ("completed", "failed", "cancelled")
PAGE = 500
"""Entries of a run's log that are read at once."""
BREATH = 2.0
"""Seconds after which a follower looks even though nobody told."""
SHORT_BREATH = 0.2
"""The same on PostgreSQL, where another process may be at work at the run."""
ELSEWHERE = "it would stay in the run's history. Put it into an integration, or a project secret"


class StartRun(Value):
    """A run to start by hand or by a program. `external_id` is the caller's own name for it: twice is once while it is active."""

    inputs: dict[str, Any] = field(default_factory=dict[str, Any])
    external_id: str | None = None
    source_type: str | None = None
    source_id: str | None = None
    source_label: str | None = None
    trigger_id: str | None = None
    trigger_fire_id: str | None = None
    sandbox: bool = False


class Trace(Value):
    """A step with what a sandbox did not send for it."""

    step: RunStep
    would_send: tuple[WouldSend, ...]


class Listener:
    """One who waits for news of a run, or for its end alone. `run` is its row as it ended, where that came with the news."""

    def __init__(self, *, end_alone: bool) -> None:
        self.end_alone = end_alone
        self.news = asyncio.Event()
        self.run: Run | None = None


class Bell:
    """Tells listeners in this process that there may be news of a run. Rung in the event loop."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[Listener]] = {}

    def ring(self, run_id: str) -> None:
        """There may be news."""
        for each in self._waiting.get(run_id, ()):
            if not each.end_alone:
                each.news.set()

    def toll(self, run_id: str, run: Any) -> None:
        """It has ended, or was stopped; `run` is its row where it is at hand."""
        for each in self._waiting.get(run_id, ()):
            each.run = run
            each.news.set()

    @contextlib.contextmanager
    def listen(self, run_id: str, *, end_alone: bool = False) -> Generator[Listener]:
        """Whoever is told by every ring, or by the last alone."""
        listener = Listener(end_alone=end_alone)
        listeners = self._waiting.setdefault(run_id, set())
        listeners.add(listener)
        try:
            yield listener
        finally:
            listeners.discard(listener)
            if not listeners and self._waiting.get(run_id) is listeners:
                del self._waiting[run_id]


class Runs:
    """Starts and shows runs. What it returns are rows; outputs in them hold no credential that can be told as one."""

    def __init__(self, store: Store, engine: Engine, actions: Actions, audit: AuditLog, bell: Bell) -> None:
        self._store = store
        self._engine = engine
        self._breath = BREATH if store.sqlite else SHORT_BREATH
        self._actions = actions
        self._audit = audit
        self._bell = bell

    async def start(self, project: Project, actor: Actor, handle: str, asked: StartRun) -> Run:
        """Start a run of the version in force, or give the one that this fire or external id has started.

        Raises `NotFound`, `BadInput`, and `Conflict`: `external_id_conflict` where that run has ended, `not_runnable` where no
        version is in force, `skipped` where the automation lets no further run begin beside those that are active.
        """
        refuse_secrets(asked.inputs, "inputs", ELSEWHERE, under="inputs")
        new = await self._store.read(lambda session: _new_run(session, project, actor, handle, asked))

        def work(connection: Connection) -> Started:
            existing = _existing(connection, project.id, asked)
            if existing is not None:
                return Started(existing, "existing")
            started = self._engine.start_in(connection, new)
            if started.state == "skipped":
                raise Conflict("A run of this automation is active, and its policy is to skip further ones", code="skipped")
            self._record(connection, actor, "create", new.id, new.project_id, {"automation": handle})
            return started

        started = await self._store.hot(work)
        self._engine.begin(started)
        return await self.get(project.id, started.run_id)

    async def get(self, project_id: str, run_id: str) -> Run:
        """One run. Raises `NotFound`."""
        return await self._store.read(lambda session: scope(session, project_id).get(Run, run_id))

    async def hours(self, project_id: str, since: str) -> Hours:
        """Runs and those that failed, by the hour in which they were begun."""
        where = (col(Run.project_id) == project_id, col(Run.created_at) >= since)
        failed = col(Run.status) == "failed"
        return await self._store.read(lambda session: by_hour(session, col(Run.created_at), *where, failed=failed))

    async def list(
        self,
        project_id: str,
        *,
        status: str | None = None,
        automation_id: str | None = None,
        source_event_id: str | None = None,
        after: tuple[str, str] | None = None,
        limit: int = 50,
    ) -> "list[Run]":
        """Newest first."""
        wanted = {"status": status, "automation_id": automation_id, "source_event_id": source_event_id}
        where = [col(getattr(Run, name)) == value for name, value in wanted.items() if value is not None]
        return await self._store.read(lambda session: scope(session, project_id).page(Run, *where, after=after, limit=limit))

    async def steps(self, project_id: str, run_id: str) -> "list[Trace]":
        """The run's steps in their order, each with what a sandbox would have sent. Raises `NotFound`."""

        def look(session: Session) -> list[Trace]:
            scope(session, project_id).get(Run, run_id)
            query = select(RunStep).where(col(RunStep.run_id) == run_id).order_by(col(RunStep.seq), col(RunStep.created_at))
            rows = list(session.exec(query))
            unsent: dict[str, list[WouldSend]] = {}
            calls = [row.invocation_id for row in rows if row.invocation_id is not None]
            for each in scope(session, project_id).all(WouldSend, col(WouldSend.invocation_id).in_(calls)) if calls else []:
                unsent.setdefault(each.invocation_id or "", []).append(each)
            return [Trace(row, tuple(unsent.get(row.invocation_id or "-", ()))) for row in rows]

        return await self._store.read(look)

    async def events(self, project_id: str, run_id: str, since: int = 0, limit: int = 50) -> "list[RunEvent]":
        """The run's log after an entry, oldest first. Raises `NotFound`."""

        def look(session: Session) -> list[RunEvent]:
            scope(session, project_id).get(Run, run_id)
            query = select(RunEvent).where(col(RunEvent.run_id) == run_id, col(RunEvent.sequence) > since)
            return list(session.exec(query.order_by(col(RunEvent.sequence)).limit(limit)))

        return await self._store.read(look)

    async def follow(self, project_id: str, run_id: str, since: int = 0) -> AsyncIterator[RunEvent | None]:
        """The run's log from there on as it grows, to the run's end. None now and then: a breath. Raises `NotFound`."""
        with self._bell.listen(run_id) as heard:
            while True:
                heard.news.clear()
                run = await self.get(project_id, run_id)
                entries = await self.events(project_id, run_id, since, PAGE)
                for entry in entries:
                    since = entry.sequence
                    yield entry
                if run.status in ENDED and since >= run.last_sequence:
                    return
                yield None
                if not entries:
                    await self._breathe(heard)

    async def wait(self, project_id: str, run_id: str, seconds: float, *, begun: bool = False) -> Run | None:
        """The run when it has ended, or as it is after so many seconds; None where it has not begun by then.

        With `begun` it was put on record just now, so that there is nothing to look at yet.
        """
        with self._bell.listen(run_id, end_alone=True) as heard, contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while True:
                    run = None if begun else await self._look(project_id, run_id)
                    if run is not None and run.status in ENDED:
                        return run
                    begun = False
                    await self._breathe(heard)
                    if heard.run is not None:
                        return heard.run
                    heard.news.clear()
        return await self._look(project_id, run_id)

    async def _breathe(self, heard: Listener) -> None:
        """Wait for news, a breath long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._breath):
                await heard.news.wait()

    async def _look(self, project_id: str, run_id: str) -> Run | None:
        with contextlib.suppress(NotFound):
            return await self.get(project_id, run_id)
        return None

    async def cancel(self, project: Project, actor: Actor, run_id: str, reason: str | None = None) -> Run:
        """Stop a run; its cleanup still runs. One that has ended stays as it is. Raises `NotFound`."""
        run = await self.get(project.id, run_id)
        if run.status not in ENDED:
            await self._engine.cancel(project.id, run_id, reason or "Cancelled")
            await self._audited(actor, run, "update", {"cancelled": reason or ""})
        return await self.get(project.id, run_id)

    async def signal(self, project: Project, actor: Actor, run_id: str, step_key: str, result: Any) -> Run:
        """Let a step that waits for an event go on with this as its output. Raises `NotFound` and `Conflict`."""
        refuse_secrets(result, "result", ELSEWHERE, under="result")
        run = await self.get(project.id, run_id)
        await self._engine.signal(project.id, run_id, step_key, result)
        await self._audited(actor, run, "update", {"signal": step_key})
        return await self.get(project.id, run_id)

    async def resume(self, project: Project, actor: Actor, run_id: str, choice: Choice) -> Run:
        """Go on with a failed run where it failed. Raises `NotFound` and `Conflict`."""
        run = await self.get(project.id, run_id)
        refuse_secrets(choice.output, "output", ELSEWHERE, under="output")
        await self._engine.resume(project.id, run_id, choice)
        await self._audited(actor, run, "update", {"resumed": choice.way})
        return await self.get(project.id, run_id)

    async def _audited(self, actor: Actor, run: Run, action: Literal["create", "update"], changes: dict[str, Any]) -> None:
        await self._store.hot(lambda connection: self._record(connection, actor, action, run.id, run.project_id, changes))

    def _record(self, at: Connection, actor: Actor, action: str, run_id: str, project_id: str, changes: dict[str, Any]) -> None:
        self._audit.append(at, actor, action, "run", run_id, project_id=project_id, changes=changes)


def _new_run(session: Session, project: Project, actor: Actor, handle: str, asked: StartRun) -> NewRun:
    from powerstrip.automations.automations import find

    find(session, project.id, handle)
    automation, version = published(session, project.id, handle)
    plan = Plan.model_validate(version.plan)
    inputs = complete_inputs(plan, automation.default_inputs, asked.inputs)
    concurrency = plan.concurrency
    new = NewRun(
        id=new_id("run"),
        project_id=project.id,
        automation_id=automation.id,
        version_id=version.id,
        version=version.version,
        inputs=inputs,
        mode="sandbox" if asked.sandbox or project.mode == "sandbox" else "live",
        source_type=asked.source_type or "api",
        source_id=asked.source_id,
        source_label=asked.source_label,
        trigger_id=asked.trigger_id,
        trigger_fire_id=asked.trigger_fire_id,
        external_id=asked.external_id,
        principal_id=actor.principal_id,
        timeout=plan.timeout,
    )
    return replace(new, policy=concurrency.policy, limit=concurrency.limit, concurrency_key=concurrency_key(concurrency, inputs))


def _existing(connection: Connection, project_id: str, asked: StartRun) -> str | None:
    """The run that this fire or external id has started. Raises `Conflict` where the latter's has ended."""
    for name, value in (("trigger_fire_id", asked.trigger_fire_id), ("external_id", asked.external_id)):
        if value is None:
            continue
        query = select(Run.id, Run.status).where(col(Run.project_id) == project_id, col(getattr(Run, name)) == value)
        found = connection.execute(query).first()
        if found is None:
            continue
        if name == "external_id" and found.status in ENDED:
            details = {"existing_run_id": found.id, "status": found.status, "external_id": value}
            raise Conflict(
                "A run with this external_id has ended: choose a new one", code="external_id_conflict", details=details
            )
        return found.id
    return None


__all__ = ["Bell", "Runs", "StartRun", "Trace"]
