"""Schedules: at its time, a trigger's event is written and its next time set, in one transaction and by one hub."""

import asyncio
import contextlib
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select, update
from sqlmodel import col

from powerstrip.automations.engine.records import bare, loads
from powerstrip.automations.spec import ScheduleRefused, missed, next_fire
from powerstrip.clock import now, rfc3339, stamp
from powerstrip.events import Events, NewEvent
from powerstrip.logs import Log
from powerstrip.problems import Problem
from powerstrip.store import AutomationTrigger, Project, Store

EVENT = "schedule.fired"
LOOK = 5.0
"""Seconds between looks at the latest: a publication may have brought a nearer time."""
LATE = 60.0
"""Seconds after which a fire counts as missed: the hub was down, or asleep."""
TAKE = 200

log = Log("powerstrip.schedules")


class Ticker:
    """Fires schedules. Several hubs may do so on one database: a fire is whose change of `next_fire_at` comes first."""

    def __init__(self, store: Store, events: Events) -> None:
        self._store = store
        self._events = events
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._work(), name="schedules")

    async def close(self) -> None:
        """End."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def _work(self) -> None:
        while True:
            try:
                pause = await self.tick()
            except Problem as problem:
                log.warning("schedules.not_looked", code=problem.code)
                pause = LOOK
            await asyncio.sleep(pause)

    async def tick(self) -> float:
        """Fire what is due; the seconds until the next time, at most `LOOK`."""
        soon = rfc3339(now() + timedelta(seconds=LOOK))
        query = (
            select(*bare(AutomationTrigger), col(Project.mode).label("project_mode"))
            .join(Project, col(Project.id) == col(AutomationTrigger.project_id))
            .where(
                col(AutomationTrigger.next_fire_at) <= soon,
                col(AutomationTrigger.kind) == "schedule",
                col(AutomationTrigger.active).is_(True),
                col(AutomationTrigger.enabled).is_(True),
            )
            .order_by(col(AutomationTrigger.next_fire_at))
            .limit(TAKE)
        )
        rows: list[Any] = await self._store.read(lambda session: list(session.connection().execute(query)))
        fired = [await self._store.hot(lambda connection, row=row: self._fire(connection, row)) for row in rows if _is_due(row)]
        if any(fired):
            self._events.wake()
        later = [_seconds(row) for row in rows if not _is_due(row)]
        return max(min([*later, 0.05 if fired else LOOK]), 0.001)

    def _fire(self, connection: Connection, row: Any) -> bool:
        """Set the next time, and write the event unless it was missed and is not to be made up for."""
        config, at = loads(row.config), now()
        schedule = config["cron"], config["every"], config["time_zone"]
        due = datetime.fromisoformat(row.next_fire_at)
        try:
            count, following = missed(*schedule, due, at), rfc3339(next_fire(*schedule, at))
        except ScheduleRefused:
            count, following = 1, None
        same = (col(AutomationTrigger.id) == row.id, col(AutomationTrigger.next_fire_at) == row.next_fire_at)
        if not connection.execute(update(AutomationTrigger).where(*same).values(next_fire_at=following)).rowcount:
            return False
        late = (at - due).total_seconds() > LATE
        if late and config.get("misfire") == "skip":
            log.info("schedules.skipped", trigger_id=row.id, missed=count)
            return False
        data = {"scheduled_at": row.next_fire_at, "fired_at": stamp(), "missed": max(count - 1, 0), "trigger": row.key}
        event = NewEvent(
            row.project_id,
            EVENT,
            "schedule",
            row.id,
            data,
            key=row.next_fire_at,
            occurred_at=row.next_fire_at,
            mode="sandbox" if row.project_mode == "sandbox" else "live",
        )
        return self._events.emit(connection, event) is not None


def _is_due(row: Any) -> bool:
    return row.next_fire_at <= stamp()


def _seconds(row: Any) -> float:
    return (datetime.fromisoformat(row.next_fire_at) - now()).total_seconds()
