"""The doors of an engine that keeps its runs in the hub's store, all but the ones that begin and end its work."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select
from sqlmodel import col

from powerstrip.automations.engine import ids
from powerstrip.automations.engine.ending import Changes, meet, own_run
from powerstrip.automations.engine.leaves import wait_values
from powerstrip.automations.engine.matching import waits_for
from powerstrip.automations.engine.ports import Choice, NewRun, Outcome, Started
from powerstrip.automations.engine.records import advance, bare, run_row, step_rows
from powerstrip.automations.engine.working import Working
from powerstrip.events import SourceEventRow
from powerstrip.problems import Conflict
from powerstrip.store import RunWait, insert_row
from powerstrip.value import asdict


class KeptRuns(Working):
    """What every engine does to a run's rows when something happens to it: see `Engine`. `Working` does the steps."""

    # In the caller's transaction

    def start_in(self, connection: Connection, new: NewRun) -> Started:
        """See `Engine`."""
        return self.start_all(connection, [new])[0]

    def start_all(self, connection: Connection, news: Sequence[NewRun]) -> list[Started]:
        """See `Engine`."""
        started, changes = self._apply(connection, lambda connection, changes: self._lives.start_all(connection, news, changes))
        self._follow(changes)
        return started

    def event_in(self, connection: Connection, event: SourceEventRow) -> list[str]:
        """See `Engine`."""
        waits = waits_for(connection, event)
        for wait in waits:
            meet(connection, wait, event.envelope(), event.id)
            self._wake_in(connection, wait.run_id)
        return [wait.run_id for wait in waits]

    def step_done_in(self, connection: Connection, run_id: str, path: str, attempt: int, outcome: Outcome) -> bool:
        """See `Engine`. An end that is quicker than the wait for it is kept until the wait is there."""
        run = run_row(connection, run_id)
        step_id = ids.step_id(run_id, path)
        row = next((each for each in step_rows(connection, run_id) if each.id == step_id), None) if run is not None else None
        if run is None or run.status not in ("running", "suspended") or row is None or row.ended or row.attempt != attempt:
            return False
        wait_id = ids.wait_id(step_id, attempt)
        advance(connection, run_id, None, [], run.project_id)
        wait = connection.execute(select(*bare(RunWait)).where(col(RunWait.id) == wait_id)).first()
        if wait is None:
            insert_row(connection, RunWait, wait_values(run.project_id, run_id, row, wait_id, "job", match={"attempt": attempt}))
            wait = connection.execute(select(*bare(RunWait)).where(col(RunWait.id) == wait_id)).first()
        if wait is None or wait.status != "open":
            return False
        meet(connection, wait, asdict(outcome))
        self._wake_in(connection, run_id)
        return True

    # On their own

    async def step_done(self, run_id: str, path: str, attempt: int, outcome: Outcome) -> bool:
        """See `Engine`."""
        return await self._store.hot(lambda connection: self.step_done_in(connection, run_id, path, attempt, outcome))

    async def signal(self, project_id: str, run_id: str, step_key: str, result: Any) -> None:
        """See `Engine`. In a loop the oldest open wait of the step takes it."""

        def work(connection: Connection, changes: Changes) -> None:
            own_run(connection, project_id, run_id)
            query = select(*bare(RunWait)).where(
                col(RunWait.run_id) == run_id, col(RunWait.kind) == "event", col(RunWait.status) == "open"
            )
            found = connection.execute(query.order_by(col(RunWait.created_at))).all()
            wait = next((each for each in found if each.step_key == step_key), None)
            if wait is None:
                keys = sorted({each.step_key for each in found})
                raise Conflict("This step does not wait for a signal now", code="not_waiting", details={"waiting": keys})
            meet(connection, wait, {"signal": result})
            changes.wake.append(run_id)

        await self._change(work)

    async def cancel(self, project_id: str, run_id: str, reason: str) -> None:
        """See `Engine`."""

        def work(connection: Connection, changes: Changes) -> None:
            own_run(connection, project_id, run_id)
            self._lives.cancel(connection, run_id, reason, changes)

        changes = await self._change(work)
        for run, path in changes.jobs:
            await self._take_back(run, path, reason)

    async def resume(self, project_id: str, run_id: str, choice: Choice) -> None:
        """See `Engine`."""
        await self._change(
            lambda connection, changes: self._lives.resume(connection, own_run(connection, project_id, run_id), choice, changes)
        )
