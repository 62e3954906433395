"""A worker: functions of one's own that do the jobs of a project's worker actions.

    worker = Worker("http://127.0.0.1:8000", key, "default", concurrency=4)

    @worker.action("summarize-document")
    async def summarize(parameters: dict[str, Any], job: Job) -> dict[str, Any]:
        return {"summary": …}

    worker.run()

A function takes the parameters, and the `Job` where it wants to know more. It gives a JSON object (anything else is put under
`output`), and fails by raising: `JobFailed` names the error, of any other exception only its kind and words are told. Plain
functions run in threads. A job may be given out again when a worker was lost: `job.idempotency_key` is the same then.
"""

import asyncio
import contextlib
import inspect
import json
import logging
import platform
import random
import signal
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias, cast
from urllib.parse import urlsplit, urlunsplit

from powerstrip.client.errors import ClientError, HubUnreachable
from powerstrip.client.session import path

if TYPE_CHECKING:  # the WebSocket library is loaded with the first connection
    from websockets.asyncio.client import ClientConnection

Action: TypeAlias = Callable[..., Any]
MAX_FRAME = 256 * 1024
"""Bytes of one frame, and so of a result."""
FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0
"""Seconds before the next try to connect: doubled each time, half to all of it waited."""
KEEPALIVE_SECONDS = 15.0
SILENCE_SECONDS = 60.0
DRAIN_SECONDS = 30.0
"""How long jobs may take once the worker was asked to stop."""
log = logging.getLogger("powerstrip.worker")


class JobFailed(Exception):
    """Raise it in an action to name the error for programs."""

    def __init__(self, message: str, error_type: str = "failed") -> None:
        super().__init__(message)
        self.error_type = error_type


class WorkerRefused(ClientError):
    """The hub takes this worker no more: its key is revoked, or another live process has its name."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def action(name: str) -> Callable[[Action], Action]:
    """Mark a module's function as an action, for `actions_of` and `powerstrip worker --module`."""

    def mark(act: Action) -> Action:
        act.__powerstrip_action__ = name  # pyright: ignore[reportFunctionMemberAccess]
        return act

    return mark


def actions_of(module: object) -> dict[str, Action]:
    """The functions of a module that are marked with `action`, by the names of their actions."""
    found = {getattr(each, "__powerstrip_action__", None): each for each in vars(module).values() if callable(each)}
    return {name: each for name, each in found.items() if isinstance(name, str)}


@dataclass(frozen=True)
class Job:
    """What an action may know of its job beside the parameters."""

    id: str
    action: str
    attempt: int
    queue: str
    idempotency_key: str
    run_id: str | None
    step_id: str | None
    lease_token: str = field(repr=False)
    report_progress: Callable[[Mapping[str, Any]], Awaitable[None]] = field(repr=False, compare=False)
    """Tells the hub that the job goes on, and how far it is."""


class Worker:
    """Does jobs until it is stopped. `run` blocks and heeds SIGTERM and SIGINT; `serve` runs within a loop of your own.

    `name` is unique among the live processes of the project; a random one where none is given. `queues` narrows what is taken.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str,
        project: str,
        *,
        name: str = "",
        concurrency: int = 1,
        queues: tuple[str, ...] = (),
        version: str = "",
    ) -> None:
        if concurrency < 1:
            raise ValueError("a worker does at least one job at once")
        self._url = _socket_url(base_url, project)
        self._key = api_key
        self.name = name or f"{platform.node() or 'worker'}-{uuid.uuid4().hex[:8]}"
        self._concurrency = concurrency
        self._queues = queues
        self._version = version
        self._actions: dict[str, Action] = {}
        self._running: dict[str, asyncio.Task[None]] = {}
        self._unsent: dict[str, dict[str, Any]] = {}
        self._claims: set[asyncio.Task[None]] = set()
        self._token = ""
        self._line: ClientConnection | None = None
        self._stopping = asyncio.Event()
        self._claiming = False
        self.connected = asyncio.Event()
        """Set while the worker is registered at the hub."""

    def action(self, name: str) -> Callable[[Action], Action]:
        """Register a function for an action: `@worker.action("summarize-document")`."""

        def register(act: Action) -> Action:
            self.add(name, act)
            return act

        return register

    def add(self, name: str, act: Action) -> None:
        """The same without a decorator. Raises `ValueError` for a name that has a function already."""
        if name in self._actions:
            raise ValueError(f"the action {name} has a function already")
        self._actions[name] = act

    @property
    def actions(self) -> tuple[str, ...]:
        """The names of its actions."""
        return tuple(sorted(self._actions))

    def run(self) -> None:
        """Do jobs until SIGTERM or SIGINT; what is under way is finished first. Raises `WorkerRefused`."""
        asyncio.run(self._run())

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        await self.serve()

    def stop(self) -> None:
        """Take no more jobs, finish those under way, and end."""
        self._stopping.set()

    async def serve(self) -> None:
        """Do jobs until `stop`. Connects anew, with growing pauses, whenever the hub is not there. Raises `WorkerRefused`."""
        if not self._actions:
            raise ValueError("the worker has no actions: register some with @worker.action")
        wait = FIRST_WAIT
        while not self._stopping.is_set():
            try:
                await self._talk()
                wait = FIRST_WAIT
            except HubUnreachable as error:
                log.info("not connected: %s", error)
            if self.connected.is_set():
                wait = FIRST_WAIT
            self.connected.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait * (0.5 + random.random() / 2)):  # noqa: S311 - jitter
                    await self._stopping.wait()
            wait = min(wait * 2, LONGEST_WAIT)

    async def _talk(self) -> None:
        """One connection, from its first frame to its last."""
        import websockets

        try:
            async with websockets.connect(
                self._url,
                additional_headers={"authorization": f"Bearer {self._key}"},
                compression=None,
                max_size=16 * 1024 * 1024,
                open_timeout=10,
                proxy=None,
            ) as line:
                self._line = line
                await self._converse(line)
        except websockets.InvalidStatus as error:
            raise _refusal(error.response.status_code, bytes(error.response.body or b"")) from None
        except (OSError, TimeoutError, websockets.WebSocketException) as error:
            raise HubUnreachable(f"No connection to the hub ({type(error).__name__})") from None
        finally:
            self._line = None

    async def _converse(self, line: "ClientConnection") -> None:
        await self._send(self._registration())
        beats = asyncio.create_task(self._keep_warm())
        leaving = asyncio.create_task(self._leave(line))
        try:
            while True:
                async with asyncio.timeout(SILENCE_SECONDS):
                    raw = await line.recv()
                await self._take(json.loads(raw))
        finally:
            for task in (beats, leaving):
                task.cancel()
            await asyncio.gather(beats, leaving, return_exceptions=True)

    def _registration(self) -> dict[str, Any]:
        return _filled(
            type="worker.register",
            worker_instance_id=self.name,
            worker_session_token=self._token or None,
            concurrency_limit=self._concurrency,
            available_slots=self._slots,
            name=self.name,
            version=self._version or None,
            queues=list(self._queues) or None,
            action_names=list(self.actions),
        )

    @property
    def _slots(self) -> int:
        return max(0, self._concurrency - len(self._running))

    async def _leave(self, line: "ClientConnection") -> None:
        """Once stopped: say so, wait for what is under way, close."""
        await self._stopping.wait()
        await self._send({"type": "worker.draining"})
        if self._running:
            _, late = await asyncio.wait(self._running.values(), timeout=DRAIN_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await line.close()

    async def _keep_warm(self) -> None:
        while True:
            await asyncio.sleep(KEEPALIVE_SECONDS)
            await self._send({"type": "keepalive"})

    async def _take(self, frame: dict[str, Any]) -> None:
        match frame.get("type"):
            case "worker.registered":
                self._token = frame["worker_session_token"]
                self._claiming = False
                self.connected.set()
                for report in list(self._unsent.values()):
                    await self._send(report)
                await self._claim()
            case "jobs.claimed":
                self._claiming = False
                for each in frame["jobs"]:
                    self._begin(each)
            case "work.available":
                await self._claim()
            case "job.cancel":
                self._cancel(frame["job_id"])
            case "job.heartbeat.ack":
                if frame.get("cancel"):
                    self._cancel(frame["job_id"])
            case "job.report.ack":
                self._unsent.pop(frame["job_id"], None)
            case "worker.drain":
                self.stop()
            case "error":
                self._judge(frame["error"])
            case _:
                return

    def _judge(self, error: Mapping[str, Any]) -> None:
        code, message = str(error.get("code")), str(error.get("message"))
        if code in ("invalid_actor", "worker_instance_conflict", "superseded"):
            raise WorkerRefused(code, message)
        log.warning("the hub refuses a frame: %s (%s)", message, code)

    async def _claim(self) -> None:
        if self._claiming or self._stopping.is_set() or not self._slots:
            return
        self._claiming = True
        await self._send({"type": "jobs.claim", "available_slots": self._slots, "message_id": uuid.uuid4().hex})

    def _begin(self, job: dict[str, Any]) -> None:
        task = asyncio.create_task(self._do(job))
        self._running[job["id"]] = task
        task.add_done_callback(lambda _: self._done(job["id"]))

    def _done(self, job_id: str) -> None:
        self._running.pop(job_id, None)
        if self._line is not None:
            again = asyncio.create_task(self._claim_again())
            self._claims.add(again)
            again.add_done_callback(self._claims.discard)

    async def _claim_again(self) -> None:
        with contextlib.suppress(HubUnreachable):
            await self._claim()

    def _cancel(self, job_id: str) -> None:
        task = self._running.get(job_id)
        if task is not None:
            task.cancel()

    async def _do(self, told: dict[str, Any]) -> None:
        """One job, with its heartbeats, to its report."""
        beats = asyncio.create_task(self._beat(told))
        try:
            report = await self._outcome(told)
        finally:
            beats.cancel()
        report |= {"type": "job.report", "job_id": told["id"], "lease_token": told["lease_token"]}
        self._unsent[told["id"]] = report  # told again after a new connection, until the hub has it
        with contextlib.suppress(HubUnreachable):
            await self._send(report)

    async def _outcome(self, told: dict[str, Any]) -> dict[str, Any]:
        try:
            act = self._actions[told["action_name"]]
            result = await _call(act, told["spec"].get("parameters") or {}, self._job(told))
            given = cast(dict[str, Any], result) if isinstance(result, dict) else {"output": result}
            if len(json.dumps(given)) > MAX_FRAME - 4096:
                return _failed("result_too_large", f"The result is larger than {MAX_FRAME - 4096} bytes")
        except asyncio.CancelledError:
            return {"status": "cancelled"}
        except JobFailed as error:
            return _failed(error.error_type, str(error))
        except KeyError as error:
            if error.args == (told["action_name"],):
                return _failed("unknown_action", "This worker has no such action")
            return _failed("KeyError", str(error))
        except Exception as error:
            log.exception("the action %s failed", told["action_name"])
            return _failed(type(error).__name__, str(error))
        return {"status": "completed", "result": given}

    def _job(self, told: dict[str, Any]) -> Job:
        count = iter(range(1 << 62))

        async def report_progress(delta: Mapping[str, Any]) -> None:
            facts = {"job_id": told["id"], "lease_token": told["lease_token"], "sequence": next(count)}
            await self._send({"type": "generation.delta", "delta": dict(delta), **facts})

        return Job(
            id=told["id"],
            action=told["action_name"],
            attempt=told["claim_attempt"],
            queue=told["queue"],
            idempotency_key=str(told["spec"].get("idempotency_key") or told["id"]),
            run_id=told.get("run_id"),
            step_id=told.get("step_id"),
            lease_token=told["lease_token"],
            report_progress=report_progress,
        )

    async def _beat(self, told: dict[str, Any]) -> None:
        while True:
            await asyncio.sleep(told["heartbeat_cadence_seconds"])
            with contextlib.suppress(HubUnreachable):
                facts = {"job_id": told["id"], "lease_token": told["lease_token"]}
                await self._send({"type": "job.heartbeat", **facts})

    async def _send(self, frame: Mapping[str, Any]) -> None:
        import websockets

        if self._line is None:
            raise HubUnreachable("There is no connection to the hub")
        try:
            await self._line.send(json.dumps(frame))
        except (OSError, websockets.ConnectionClosed):
            raise HubUnreachable("The connection to the hub is gone") from None


async def _call(act: Action, parameters: dict[str, Any], job: Job) -> Any:
    """Call a function with as much as it takes: nothing, the parameters, or the job too."""
    takes = len(inspect.signature(act).parameters)
    given = (parameters, job)[:takes]
    if inspect.iscoroutinefunction(act):
        return await act(*given)
    return await asyncio.to_thread(act, *given)


def _failed(kind: str, message: str) -> dict[str, Any]:
    return {"status": "failed", "error_type": kind[:100], "error_message": message[:2000]}


def _filled(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _refusal(status: int, body: bytes) -> ClientError:
    """What the hub said to the upgrade. What may pass by itself is tried again."""
    try:
        told = json.loads(body)["error"]
    except (ValueError, KeyError, TypeError):
        told = {"code": "refused", "message": f"The hub answered {status}"}
    if status in (401, 403, 404):
        return WorkerRefused(told["code"], told["message"])
    return HubUnreachable(told["message"])


def _socket_url(base_url: str, project: str) -> str:
    parts = urlsplit(base_url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise ValueError("A hub's address begins with http:// or https://")
    scheme = "wss" if parts.scheme == "https" else "ws"
    where = parts.path.rstrip("/") + path("v1", "projects", project, "workers", "socket")
    return urlunsplit((scheme, parts.netloc, where, "", ""))
