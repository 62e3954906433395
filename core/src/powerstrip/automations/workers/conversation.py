"""One worker's socket, from its first frame to its last.

The order is fixed: `worker.register`, then anything. What is no frame of the protocol ends the conversation; what is refused for
its lease does not. Frames are handled one after the other: a worker that sends faster than the hub works waits.
"""

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from powerstrip.automations.workers import frames
from powerstrip.automations.workers.frames import MAX_FRAME, ProtocolError
from powerstrip.automations.workers.values import Claimant, Registration, Told
from powerstrip.automations.workers.workers import Workers
from powerstrip.clock import monotonic, new_id, stamp
from powerstrip.connect import one_line
from powerstrip.logs import Log
from powerstrip.rate import Buckets
from powerstrip.store import Actor, Project
from powerstrip.value import replace
from powerstrip.vault import find_secrets

REGISTER_SECONDS = 10.0
CHECK_SECONDS = 2.0
"""How often the key is looked at again."""
KEEPALIVE_SECONDS = 15.0
SILENCE_SECONDS = 60.0
"""A worker that sends keepalives, and then is silent for so long, is gone."""
SEND_SECONDS = 10.0
FRAMES_PER_SECOND, FRAMES_AT_ONCE = 100, 400
MAX_REFUSALS = 20
REMEMBERED = 128
"""Answers that are given again where a message comes twice."""
CLOSE = {
    "protocol_error": 1002,
    "binary": 1003,
    "too_large": 1009,
    "rate_limited": 1008,
    "invalid_actor": 4401,
    "worker_instance_conflict": 4409,
    "superseded": 4410,
    "hub_stopping": 1001,
    "timeout": 4408,
}
log = Log("powerstrip.workers")


class Closed(Exception):
    """The worker is gone."""


class Line(Protocol):
    """The wire: texts in both directions."""

    async def receive(self) -> str | bytes:
        """The next message. Raises `Closed`."""
        ...

    async def send(self, text: str) -> None:
        """Send a message. Raises `Closed`."""
        ...

    async def close(self, code: int) -> None:
        """Close the line; twice is once."""
        ...


class Ended(Exception):
    """The hub ends the conversation, with this code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Conversation:
    """A socket of one project. `allowed` tells whether its key is still good and still holds the permission."""

    def __init__(
        self, workers: Workers, line: Line, project: Project, actor: Actor, allowed: Callable[[], Awaitable[bool]]
    ) -> None:
        self._workers = workers
        self._line = line
        self._project = project
        self._actor = actor
        self._allowed = allowed
        self._id = new_id("sock")
        self._claimant = Claimant(project.id, "", 1)
        self._buckets = Buckets(FRAMES_PER_SECOND, FRAMES_AT_ONCE, size=1)
        self._answers: OrderedDict[str, str] = OrderedDict()
        self._known: set[str] = set()
        self._sequences: dict[str, int] = {}
        self._refusals = 0
        self._again = self._draining = self._keeps_alive = self._claiming = self._woken = False
        self._heard = monotonic()
        self._over: asyncio.Future[Ended] = asyncio.get_running_loop().create_future()
        self._outgoing: set[asyncio.Task[None]] = set()
        self._sending = asyncio.Lock()

    # --- the `Socket` of the room

    @property
    def claimant(self) -> Claimant:
        """Who it is and what it takes."""
        return self._claimant

    def wake(self) -> None:
        """There may be work."""
        if self._claiming:
            self._woken = True
        elif not self._draining:
            self._push({"type": "work.available"})

    def stop(self, job_id: str, reason: str) -> None:
        """A job that it may have is cancelled."""
        if job_id in self._known:
            self._push({"type": "job.cancel", **frames.cancel(job_id, reason, stamp())})

    def leave(self, code: str, message: str) -> None:
        """Close it."""
        if not self._over.done():
            self._over.set_result(Ended(code, message))

    def drain(self) -> None:
        """Ask the worker to take no more and to end."""
        self._draining = True
        self._push({"type": "worker.drain"})

    # --- the conversation

    async def run(self) -> None:
        """Talk until one of the two is gone."""
        talk, mind = asyncio.create_task(self._talk()), asyncio.create_task(self._mind())
        try:
            await asyncio.wait({talk, mind, self._over}, return_when=asyncio.FIRST_COMPLETED)
            reason = self._reason(talk, mind)
            await self._end(talk, mind)  # first: a server may not close a line on which somebody still waits to receive
            await self._farewell(reason)
        finally:
            await self._end(talk, mind, *self._outgoing)
            await self._workers.left(self._id)

    async def _end(self, *tasks: "asyncio.Task[None]") -> None:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _reason(self, *tasks: "asyncio.Task[None]") -> Ended | None:
        """Why the hub ends it; None where the worker is gone. A defect of ours goes on as it is."""
        if self._over.done():
            return self._over.result()
        for task in tasks:
            if task.done() and not task.cancelled() and (error := task.exception()) is not None:
                if isinstance(error, Ended):
                    return error
                if not isinstance(error, Closed):
                    raise error
        return None

    async def _farewell(self, ended: Ended | None) -> None:
        if ended is None:
            return
        log.info("workers.socket_ended", reason=ended.code, session=self._claimant.session_id)
        with contextlib.suppress(Closed, TimeoutError):
            await self._send(frames.error(ended.code, ended.message))
        with contextlib.suppress(Closed):
            await self._line.close(CLOSE.get(ended.code, 1008))

    async def _talk(self) -> None:
        try:
            async with asyncio.timeout(REGISTER_SECONDS):
                first = await self._next()
        except TimeoutError:
            raise Ended("timeout", "Send worker.register first") from None
        if not isinstance(first, frames.Register):
            raise Ended("protocol_error", "The first frame must be worker.register")
        await self._register(first)
        while True:
            await self._handle(await self._next())

    async def _next(self) -> frames.Frame:
        message = await self._line.receive()
        if self._buckets.take("frames") is not None:
            raise Ended("rate_limited", f"Send at most {FRAMES_PER_SECOND} frames a second")
        if isinstance(message, bytes):
            raise Ended("binary", "Frames are texts")
        if len(message) > MAX_FRAME or len(message.encode("utf-8", "surrogatepass")) > MAX_FRAME:
            raise Ended("too_large", f"A frame has at most {MAX_FRAME} bytes")
        self._heard = monotonic()
        try:
            return frames.read(message)
        except ProtocolError as error:
            raise Ended("protocol_error", str(error)) from None

    async def _mind(self) -> None:
        """Look at the key, keep the line warm, and notice silence."""
        told = monotonic()
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            if not await self._allowed():
                raise Ended("invalid_actor", "The key is revoked, or may not work here any more")
            now = monotonic()
            if self._keeps_alive and now - self._heard > SILENCE_SECONDS:
                raise Ended("timeout", "Nothing was heard of this worker")
            if now - told >= KEEPALIVE_SECONDS:
                told = now
                await self._send({"type": "keepalive"})

    async def _register(self, frame: frames.Register) -> None:
        said = Registration(
            worker_instance_id=frame.worker_instance_id,
            session_token=frame.worker_session_token,
            concurrency_limit=frame.concurrency_limit,
            name=frame.name,
            version=frame.version,
            queues=frame.queues or (),
            action_names=frame.action_names or (),
            capabilities=frame.capabilities or (),
            models=[each.model_dump() for each in frame.models or ()],
        )
        found = await self._workers.register(self._project, self._actor, self._id, self, said)
        if found is None:
            message = "Another live process has this worker_instance_id: give each process its own"
            raise Ended("worker_instance_conflict", message)
        self._again = found.again
        self._claimant = Claimant(
            self._project.id, found.session_id, frame.concurrency_limit, tuple(said.queues), tuple(said.action_names)
        )
        await self._send(frames.registered(found.token), frame.message_id)

    async def _handle(self, frame: frames.Frame) -> None:
        if frame.message_id is not None and (answer := self._answers.get(frame.message_id)) is not None:
            return await self._send_text(answer)
        match frame:
            case frames.Register():
                raise Ended("protocol_error", "This socket is registered already")
            case frames.Claim():
                await self._claim(frame)
            case frames.Ready():
                self._take_offer(frame)
                self._push({"type": "work.available"})
            case frames.Heartbeat():
                await self._beat(frame)
            case frames.Report():
                await self._report(frame)
            case frames.Delta():
                await self._progress(frame)
            case frames.Draining():
                self._draining = True
                await self._workers.draining(self._id)
                await self._answer({"type": "worker.draining.ack"}, frame.message_id)
            case frames.Keepalive():
                self._keeps_alive = True
                await self._answer({"type": "keepalive"}, frame.message_id)

    def _take_offer(self, frame: frames.Offer) -> Claimant:
        """What the worker takes from now on: what it names, else what it registered."""
        narrowed: dict[str, Any] = {}
        if frame.queues is not None:
            narrowed["queues"] = tuple(frame.queues)
        if frame.action_names is not None:
            narrowed["action_names"] = tuple(frame.action_names)
        self._claimant = replace(self._claimant, **narrowed)
        return self._claimant

    async def _claim(self, frame: frames.Claim) -> None:
        claimant = self._take_offer(frame)
        slots = claimant.limit if frame.available_slots is None else frame.available_slots
        self._claiming, self._woken = True, False
        try:
            jobs = [] if self._draining else await self._workers.claim(claimant, slots)
            self._known.update(job.id for job in jobs)
            await self._answer(frames.claimed(jobs), frame.message_id)
        finally:
            self._claiming = False
        if self._woken and len(jobs) < slots:
            self.wake()

    async def _beat(self, frame: frames.Heartbeat) -> None:
        beat = await self._workers.heartbeat(self._claimant, self._actor, frame.job_id, frame.lease_token)
        if not beat.held:
            return await self._refuse(frame.job_id, frame.message_id)
        answer: dict[str, Any] = {"type": "job.heartbeat.ack", "job_id": frame.job_id}
        if beat.cancel is not None:
            answer["cancel"] = frames.cancel(frame.job_id, beat.cancel, beat.cancel_at)
        await self._send(answer, frame.message_id)

    async def _report(self, frame: frames.Report) -> None:
        told = Told(
            frame.job_id,
            frame.lease_token,
            frame.status,
            frame.result,
            _word(frame.error_type),
            _words(frame.error_message) if frame.status != "completed" else None,
        )
        taken = await self._workers.report(self._claimant, self._actor, told)
        if taken.verdict == "refused":
            return await self._refuse(frame.job_id, frame.message_id)
        self._sequences.pop(frame.job_id, None)
        answer: dict[str, Any] = {"type": "job.report.ack", "job_id": frame.job_id}
        await self._answer(answer | ({"duplicate": True} if taken.verdict == "again" else {}), frame.message_id)

    async def _progress(self, frame: frames.Delta) -> None:
        last = self._sequences.get(frame.job_id)
        if last is not None and frame.sequence != last + 1:
            raise Ended("protocol_error", "The sequence has a gap or comes twice")
        if not await self._workers.holds(self._claimant, self._actor, frame.job_id, frame.lease_token):
            return await self._refuse(frame.job_id, frame.message_id)
        self._sequences[frame.job_id] = frame.sequence
        answer = {"type": "generation.delta.ack", "job_id": frame.job_id, "received_sequence": frame.sequence}
        await self._send(answer, frame.message_id)

    async def _refuse(self, job_id: str, message_id: str | None) -> None:
        """The lease is not good. Who speaks of a job that it never had, or keeps trying, is not heard any more."""
        self._refusals += 1
        if self._refusals > MAX_REFUSALS or not (self._again or job_id in self._known):
            raise Ended("protocol_error", "This worker has claimed no such job")
        await self._send(frames.error("lease_lost", "The lease of this job is not good any more: drop the job"), message_id)

    # --- sending

    async def _answer(self, frame: dict[str, Any], message_id: str | None) -> None:
        """Answer, and remember it for a message that comes twice."""
        text = frames.text_of(frame, message_id)
        if message_id is not None:
            self._answers[message_id] = text
            while len(self._answers) > REMEMBERED:
                self._answers.popitem(last=False)
        await self._send_text(text)

    async def _send(self, frame: dict[str, Any], message_id: str | None = None) -> None:
        await self._send_text(frames.text_of(frame, message_id))

    async def _send_text(self, text: str) -> None:
        try:
            async with asyncio.timeout(SEND_SECONDS), self._sending:
                await self._line.send(text)
        except TimeoutError:
            raise Closed from None

    def _push(self, frame: dict[str, Any]) -> None:
        """Send without waiting: from outside of the conversation."""
        if self._over.done() or len(self._outgoing) > REMEMBERED:
            return
        task = asyncio.create_task(self._pushed(frame))
        self._outgoing.add(task)
        task.add_done_callback(self._outgoing.discard)

    async def _pushed(self, frame: dict[str, Any]) -> None:
        with contextlib.suppress(Closed):
            await self._send(frame)


def _word(text: str | None) -> str | None:
    return one_line(text)[:100] or None if text is not None else None


def _words(text: str | None) -> str:
    """A worker's own words as they may be kept: short, on one line, and nothing that may open a door."""
    told = one_line(text or "") or "The worker failed without a word"
    return "[hidden: it holds what looks like a key]" if find_secrets(told) else told
