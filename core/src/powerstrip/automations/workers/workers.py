"""Workers of one hub process: their sockets, the jobs they are given, and what happens to the jobs of those that are lost."""

import asyncio
import contextlib
from functools import partial
from typing import Protocol

from sqlalchemy import Connection
from sqlmodel import col

from powerstrip.actions import Actions, JobState, NewJob, StepRef
from powerstrip.automations.workers import jobs, sessions
from powerstrip.automations.workers.values import (
    Beat,
    Claimant,
    Claimed,
    EndListener,
    Registered,
    Registration,
    Taken,
    Told,
)
from powerstrip.clock import monotonic, new_id
from powerstrip.logs import Log
from powerstrip.problems import Conflict, Problem
from powerstrip.rate import Buckets
from powerstrip.store import Actor, AuditLog, Job, Project, Store, WorkerSession, connection_of, scope

TICK = 1.0
"""Seconds between looks for lost leases, and for work that another hub put on a queue."""
REFUSALS_PER_SECOND, REFUSALS_AT_ONCE = 1, 50
"""Refused reports of one session that go on record: who keeps trying must not fill the disk."""
SWEEP_TICKS = 600

log = Log("powerstrip.workers")


class Socket(Protocol):
    """A registered worker's line."""

    @property
    def claimant(self) -> Claimant:
        """Who it is and what it takes."""
        ...

    def wake(self) -> None:
        """There may be work."""
        ...

    def stop(self, job_id: str, reason: str) -> None:
        """A job that it may have is cancelled."""
        ...

    def leave(self, code: str, message: str) -> None:
        """Close it."""
        ...

    def drain(self) -> None:
        """Ask the worker to take no more and to end."""
        ...


class Workers:
    """Gives jobs to workers. One object for each hub process; it is the `Work` of the actions' room."""

    def __init__(self, store: Store, audit: AuditLog, actions: Actions) -> None:
        self._store = store
        self._audit = audit
        self._actions = actions
        self._hub = new_id("hub")
        self._sockets: dict[str, Socket] = {}
        self._waiters: dict[str, set[asyncio.Event]] = {}
        self._listeners: list[EndListener] = []
        self._refusals = Buckets(REFUSALS_PER_SECOND, REFUSALS_AT_ONCE)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        actions.worker_calls.use(self)

    def add_listener(self, listener: EndListener) -> None:
        """At composition: who is told of the end of every job."""
        self._listeners.append(listener)

    async def start(self) -> None:
        """Begin to look after leases."""
        self._loop = asyncio.get_running_loop()
        if self._store.sqlite:
            await self._store.hot(sessions.all_gone)
        self._task = asyncio.create_task(self._work(), name="workers")

    async def close(self) -> None:
        """Let the workers go: they come back to the next process, and their leases run on."""
        self.release()
        self._loop = None
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def release(self) -> None:
        """Close every socket, for the server is about to stop."""
        for socket in list(self._sockets.values()):
            socket.leave("hub_stopping", "The hub is stopping: come back in a moment")

    # --- what the actions' room asks for

    def enqueue(self, connection: Connection, job: NewJob) -> str:
        """Put a job on its queue; gives its id."""
        return jobs.enqueue(connection, job)

    def adopt(self, connection: Connection, job_id: str, step: StepRef) -> JobState:
        """The job as it stands; one that has not ended belongs to this attempt from here on."""
        return jobs.adopt(connection, job_id, step)

    def wake(self, project_id: str) -> None:
        """Tell this project's workers that there may be work. From any thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake, project_id)

    async def wait(self, job_id: str, seconds: float) -> JobState:
        """The job as it stands once it has ended or the time is over."""
        end, event = monotonic() + seconds, asyncio.Event()
        self._waiters.setdefault(job_id, set()).add(event)
        try:
            while True:
                state = await self._store.read(lambda session: jobs.look(connection_of(session), job_id))
                left = end - monotonic()
                if state.ended or left <= 0:
                    return state
                with contextlib.suppress(TimeoutError):  # another hub may end it: look now and then
                    async with asyncio.timeout(min(left, TICK)):
                        await event.wait()
        finally:
            mine = self._waiters[job_id]
            mine.discard(event)
            if not mine:
                del self._waiters[job_id]

    # --- what sockets ask for

    async def register(
        self, project: Project, actor: Actor, socket_id: str, socket: Socket, said: Registration
    ) -> Registered | None:
        """Let a worker take its place; None where another live process has it."""
        place = partial(sessions.register, project_id=project.id, actor=actor, hub=self._hub, socket=socket_id, said=said)
        found = await self._store.hot(place)
        if found is None:
            return None
        self._sockets[socket_id] = socket
        old = self._sockets.get(found.replaced) if found.replaced != socket_id else None
        if old is not None:
            old.leave("superseded", "The same worker has connected anew")
        return found

    async def left(self, socket_id: str) -> None:
        """A socket is closed."""
        self._sockets.pop(socket_id, None)
        with contextlib.suppress(Problem):  # a store that is closing: the session goes stale by itself
            await self._store.hot(lambda connection: sessions.leave(connection, socket_id))

    async def draining(self, socket_id: str) -> None:
        """A worker takes no more jobs."""
        await self._store.hot(lambda connection: sessions.set_status(connection, socket_id, "draining"))

    async def claim(self, claimant: Claimant, slots: int) -> list[Claimed]:
        """Up to `slots` jobs, each for this worker alone."""
        if slots < 1:
            return []
        return await self._store.hot(lambda connection: jobs.claim(connection, claimant, slots))

    async def heartbeat(self, claimant: Claimant, actor: Actor, job_id: str, token: str) -> Beat:
        """Hold a lease for longer."""
        beat = await self._store.hot(lambda connection: jobs.heartbeat(connection, claimant, job_id, token))
        if not beat.held:
            await self._refused(claimant, actor, job_id, "heartbeat")
        return beat

    async def holds(self, claimant: Claimant, actor: Actor, job_id: str, token: str) -> bool:
        """Whether this lease is good now."""
        held = await self._store.hot(lambda connection: jobs.holds(connection, claimant, job_id, token))
        if not held:
            await self._refused(claimant, actor, job_id, "progress")
        return held

    async def report(self, claimant: Claimant, actor: Actor, told: Told) -> Taken:
        """Keep the end of a job, once for each lease. A result that does not fit the action's schema is a failure."""
        told = await self._judged(claimant.project_id, told)

        def work(connection: Connection) -> Taken:
            taken = jobs.report(connection, claimant, told)
            if taken.verdict == "accepted" and taken.state is not None and taken.state.ended:
                sessions.ended(connection, claimant.session_id, told.job_id)
                self._tell(connection, taken.state)
            return taken

        taken = await self._store.hot(work)
        if taken.verdict == "refused":
            await self._refused(claimant, actor, told.job_id, "report")
        elif taken.verdict == "accepted" and taken.state is not None:
            self._after([taken.state])
        return taken

    async def _judged(self, project_id: str, told: Told) -> Told:
        if told.status != "completed":
            return told
        row = await self._store.read(lambda session: scope(session, project_id).find(Job, id=told.job_id))
        fault = await self._actions.misfit(project_id, row.action_name, dict(told.result or {})) if row else None
        if fault is None:
            return told
        message = f"The worker's result does not fit the action's output schema: {fault}"
        return Told(told.job_id, told.lease_token, "failed", None, "output_mismatch", message)

    async def _refused(self, claimant: Claimant, actor: Actor, job_id: str, what: str) -> None:
        """Put on record that a worker told something of a job that it does not hold."""
        if self._refusals.take(claimant.session_id) is not None:
            log.warning("workers.refusal_not_recorded", session=claimant.session_id)
            return
        facts = {"what": what, "worker_session_id": claimant.session_id, "reason": "lease_lost"}
        named = job_id if job_id.startswith("job_") and job_id.isascii() and len(job_id) <= 40 else "job"
        await self._store.hot(
            lambda connection: self._audit.append(
                connection, actor, "refuse", "job", named, project_id=claimant.project_id, changes=facts
            )
        )

    # --- what people ask for

    async def sessions(self, project_id: str) -> list[sessions.SessionView]:
        """The project's workers, those seen last first."""
        return await self._store.read(lambda session: sessions.views(session, project_id))

    async def offered(self, project_id: str) -> list[WorkerSession]:
        """The workers that take jobs now."""
        return await self._store.read(lambda session: sessions.offering(session, project_id))

    async def drain(self, project_id: str, session_id: str) -> WorkerSession:
        """Ask a worker to finish what it has and to end. Raises `NotFound`, `Conflict` where it is not connected here."""
        row = await self._store.read(lambda session: scope(session, project_id).get(WorkerSession, session_id))
        socket = self._sockets.get(row.connection_id)
        if socket is None:
            raise Conflict("This worker is not connected to this hub", code="not_connected")
        socket.drain()
        return row

    async def job(self, project_id: str, id: str) -> Job:
        """One job. Raises `NotFound`."""
        return await self._store.read(lambda session: scope(session, project_id).get(Job, id))

    async def list_jobs(
        self,
        project_id: str,
        *,
        status: str | None = None,
        queue: str | None = None,
        action_name: str | None = None,
        run_id: str | None = None,
        after: tuple[str, str] | None = None,
        limit: int = 50,
    ) -> list[Job]:
        """The project's jobs, newest first. With status `dead`, those that nobody could finish."""
        wanted = {"status": status, "queue": queue, "action_name": action_name, "run_id": run_id}
        where = [col(getattr(Job, name)) == value for name, value in wanted.items() if value is not None]
        return await self._store.read(lambda session: scope(session, project_id).page(Job, *where, after=after, limit=limit))

    async def cancel(self, project_id: str, actor: Actor, job_id: str, reason: str) -> JobState:
        """Stop a job; its worker is told. One that has ended stays as it is. Raises `NotFound`."""

        def work(connection: Connection) -> tuple[JobState, bool]:
            before = jobs.cancel(connection, project_id, job_id, reason)
            if before.status == "cancelled":
                self._tell(connection, before)
            self._audit.append(connection, actor, "update", "job", job_id, project_id=project_id, changes={"cancelled": True})
            return before, before.status == "cancelled"

        state, ended = await self._store.hot(work)
        if ended:
            self._after([state])
        else:
            self._stop(project_id, job_id, reason)
        return state

    async def revive(self, project_id: str, actor: Actor, job_id: str) -> Job:
        """Put a dead job on its queue again. Raises `NotFound`, `Conflict` where it is not dead or belongs to a run."""

        def work(connection: Connection) -> bool:
            if not jobs.revive(connection, project_id, job_id):
                return False
            self._actions.worker_calls.reopen(connection, jobs.look(connection, job_id))
            self._audit.append(connection, actor, "update", "job", job_id, project_id=project_id, changes={"revived": True})
            return True

        if not await self._store.hot(work):
            raise Conflict("Only a dead job that no run owns can be given out again: retry the run instead", code="not_dead")
        self.wake(project_id)
        return await self.job(project_id, job_id)

    # --- ends

    def _tell(self, connection: Connection, state: JobState) -> None:
        self._actions.worker_calls.close(connection, state)
        for listener in self._listeners:
            listener.ended(connection, state)

    def _after(self, states: list[JobState]) -> None:
        for state in states:
            for event in self._waiters.get(state.id, ()):
                event.set()
            if state.ended:
                for listener in self._listeners:
                    listener.after(state)

    def _wake(self, project_id: str) -> None:
        for socket in list(self._sockets.values()):
            if socket.claimant.project_id == project_id:
                socket.wake()

    def _stop(self, project_id: str, job_id: str, reason: str) -> None:
        for socket in list(self._sockets.values()):
            if socket.claimant.project_id == project_id:
                socket.stop(job_id, reason)

    # --- the keeper of leases

    async def _work(self) -> None:
        ticks = 0
        while True:
            await asyncio.sleep(TICK)
            ticks += 1
            try:
                await self._tick(ticks)
            except Problem as problem:
                log.warning("workers.not_kept", code=problem.code)

    async def _tick(self, ticks: int) -> None:
        def reap(connection: Connection) -> tuple[list[JobState], set[str]]:
            ended, again = jobs.reap(connection)
            for state in ended:
                self._tell(connection, state)
            if ticks % sessions.SEEN_SECONDS == 0 and self._sockets:
                sessions.seen(connection, self._sockets)
            if ticks % SWEEP_TICKS == 0:
                jobs.forget(connection)
                sessions.forget(connection)
            return ended, again

        ended, _ = await self._store.hot(reap)
        self._after(ended)
        await self._look_for_work()

    async def _look_for_work(self) -> None:
        """Wake those for whom work waits: put on a queue by another hub, or given back a while ago."""
        idle = list(self._sockets.values())
        projects = {socket.claimant.project_id for socket in idle}
        if not projects:
            return
        found = await self._store.read(lambda session: jobs.waiting(connection_of(session), projects))
        for socket in idle:
            claimant = socket.claimant
            if any(project == claimant.project_id and claimant.takes(queue, action) for project, queue, action in found):
                socket.wake()
