"""DBOS behind a small door: one queue of stretches of runs, and the one workflow that does a stretch.

A stretch is what a run does from one wait to the next. DBOS keeps it until it is done: on a queue until a process is free, with
a delay where it is for later, and again on the queue when the process that had it is gone. Everything here blocks: for a thread.

Facts about DBOS 3.4: `enqueue_in_transaction` writes in the caller's own transaction; a workflow whose task was cancelled stays
PENDING; `resume_workflows` puts a PENDING one back on a queue; DELAYED ones are looked at once a second.
"""

import asyncio
import logging
import secrets
from collections.abc import Callable, Coroutine, Sequence
from datetime import timedelta
from importlib.metadata import version
from typing import Any

from dbos import DBOS, DBOSClient, DBOSConfig, EnqueueOptions
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from powerstrip.clock import now, rfc3339

SCHEMA = "dbos"
APPLICATION = "powerstrip"
QUEUE = "powerstrip-runs"
WORKFLOW = "powerstrip.stretch"
VERSION = "stretch-1"
"""What DBOS calls the application's version: all processes share it, and it changes with the workflow's arguments alone."""
POLL = 0.1
"""Seconds between a process's looks at the queue: it is a run's first delay, and what an idle process costs."""
KEEP = 600.0
"""Seconds for which stretches that are over can be looked at in DBOS's tables."""
BATCH = 1000
MOST = 10_000
WAITING = ("ENQUEUED", "DELAYED", "PENDING")

Stretch = Callable[[str], Coroutine[Any, Any, None]]


class DeskFailed(Exception):
    """DBOS's tables cannot be used. The message is a sentence for the operator."""


class Desk:
    """One process's place at the queue. `executor` is the process's id, the same after each restart."""

    def __init__(self, url: str, executor: str, *, poll: float = POLL) -> None:
        _quiet()
        self._url = url
        self._executor = executor
        self._poll = poll
        self._client = DBOSClient(
            system_database_url=url,
            dbos_system_schema=SCHEMA,
            application_name=APPLICATION,
            system_database_pool_size=2,
            lazy=True,
            retry_connection_errors=False,
        )

    def prepare(self, at_once: int) -> None:
        """Make DBOS's tables or bring them up to date, and name the queue; a process takes `at_once` stretches from it."""
        DBOS.migrate(self._url, schema=SCHEMA)
        self._client.register_queue(QUEUE, worker_concurrency=at_once, polling_interval_sec=self._poll)

    def open(self, stretch: Stretch, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to take stretches; they are done in `loop`. Call it outside of any event loop."""
        config: DBOSConfig = {
            "name": APPLICATION,
            "system_database_url": self._url,
            "dbos_system_schema": SCHEMA,
            "executor_id": self._executor,
            "application_version": VERSION,
            "enable_otlp": False,
            "log_level": "WARNING",
            "sys_db_pool_size": 4,
            "max_executor_threads": 16,
        }
        DBOS(config=config)

        async def work(run_id: str) -> None:
            await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(stretch(run_id), loop))

        DBOS.workflow(name=WORKFLOW, max_recovery_attempts=None)(work)
        DBOS.launch()

    def stop(self, settle: int) -> None:
        """Take nothing more; what is under way is left PENDING. DBOS's own threads have `settle` seconds to end."""
        DBOS.destroy(destroy_registry=True, workflow_completion_timeout_sec=settle)

    def close(self) -> None:
        """Let go of every connection."""
        self._client.destroy()

    def put_in(self, connection: Connection, run_id: str, *, name: str = "", delay: float | None = None) -> None:
        """Put a stretch on the queue, in the caller's transaction; with a `delay` it is for later, in so many seconds."""
        options: EnqueueOptions = {
            "workflow_name": WORKFLOW,
            "queue_name": QUEUE,
            "workflow_id": f"{run_id}.{name or secrets.token_hex(6)}",
            "app_version": VERSION,
        }
        if delay is not None:
            options["delay_seconds"] = delay
        self._client.enqueue_in_transaction(connection, options, run_id)

    def put_back(self, executors: Sequence[str]) -> int:
        """Put what these processes had under way on the queue again; how many stretches that were."""
        ids = self._ids(status="PENDING", executor_id=list(executors))
        if ids:
            self._client.resume_workflows(ids, queue_name=QUEUE)
        return len(ids)

    def forget(self, later: Sequence[str]) -> None:
        """Remove stretches that were over a while ago, and of those named here the ones that still wait for their time."""
        before = rfc3339(now() - timedelta(seconds=KEEP))
        while ids := self._ids(status=["SUCCESS", "ERROR", "CANCELLED"], completed_before=before, limit=BATCH):
            self._client.delete_workflows(ids)
        if later and (ids := self._ids(status="DELAYED", workflow_ids=list(later))):
            self._client.delete_workflows(ids)

    def state(self) -> list[str]:
        """Sentences about the queue. Raises `DeskFailed`."""
        try:
            on_queue, later, under_way = (len(self._ids(status=status, limit=MOST)) for status in WAITING)
        except SQLAlchemyError as error:
            raise DeskFailed(f"DBOS's tables cannot be read ({type(error).__name__}): a first start makes them") from None
        told = f"{under_way} stretches of runs under way, {on_queue} on the queue, {later} for later"
        return [f"DBOS {version('dbos')} in the schema {SCHEMA}: {told} (counted up to {MOST:,})"]

    def _ids(self, **wanted: Any) -> list[str]:
        found = self._client.list_workflows(name=WORKFLOW, load_input=False, load_output=False, **wanted)
        return [each.workflow_id for each in found]


def _quiet() -> None:
    """DBOS's log goes where the hub's does, from warnings on. (Without a handler DBOS adds one that prints.)"""
    logger = logging.getLogger("dbos")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
        logger.setLevel(logging.WARNING)
