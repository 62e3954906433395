"""Workers: who does worker actions, and the jobs they do."""

from typing import ClassVar

from textual import on, work
from textual.binding import Binding, BindingType

from powerstrip.client.actions import Job, WorkerSession
from powerstrip_tui.dialogs.asking import Confirm, Page
from powerstrip_tui.dialogs.choosing import Choose
from powerstrip_tui.listing import Listing
from powerstrip_tui.texts import pretty, when
from powerstrip_tui.widgets.badges import badge
from powerstrip_tui.widgets.table import Column, Rows

JOB = {
    "queued": ("◌", "queued", "$foreground-muted"),
    "claimed": ("▶", "at work", "$text-warning"),
    "completed": ("●", "completed", "$text-success"),
    "failed": ("✕", "failed", "$text-error"),
    "cancelled": ("○", "cancelled", "$foreground-muted"),
    "dead": ("✕", "dead", "$text-error"),
}
STATES = ("everything", *JOB)


class Workers(Listing[Job]):
    """Jobs, and over them the workers that are there."""

    HEADING = "Workers"
    ABOUT = "Who does worker actions, and their jobs. Dead jobs are those that no worker could finish; e retries one."
    EMPTY = "No job yet: a step with a worker action makes one."
    EVERY = 5.0
    COLUMNS = (
        Column[Job]("Made", lambda row: when(row["created_at"]), 11),
        Column[Job]("State", lambda row: badge(JOB, row["status"]), 12),
        Column[Job]("Action", lambda row: row["action_name"]),
        Column[Job]("Try", lambda row: f"{row['claim_attempt']}/{row['max_attempts']}", 5, spare=2),
        Column[Job]("Queue", lambda row: row["queue"], 12, spare=3),
        Column[Job]("What went wrong", lambda row: row.get("error_message", ""), 30, spare=1),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "narrow", "Show only", id="workers.narrow"),
        Binding("e", "retry", "Retry dead", id="workers.retry"),
        Binding("X", "cancel", "Cancel", id="workers.cancel"),
        Binding("w", "workers", "Workers", id="workers.workers"),
    ]

    def __init__(self, status: str | None = None) -> None:
        super().__init__()
        self._status = status
        self._sessions: list[WorkerSession] = []
        self._totals: dict[str, int] = {}

    def shown(self) -> str:
        """The workers in a line."""
        totals = self._totals
        there = f"{totals.get('active_instances', 0)} workers, {totals.get('busy', 0)} of {totals.get('slots', 0)} slots busy"
        stale = f", {totals['stale']} not heard of" if totals.get("stale") else ""
        return there + stale + (f" · jobs: {self._status}" if self._status else "")

    @property
    def narrowed(self) -> bool:
        """Whether only some are asked for."""
        return self._status is not None

    async def load(self) -> None:
        """Workers and jobs."""
        found = await self.hub.workers.list()
        self._sessions, self._totals = found["items"], found["totals"]
        self.tell()
        await self.table.read(self.hub.workers.jobs(status=self._status))

    @on(Rows.Chosen)
    def _open(self, event: Rows.Chosen) -> None:
        self.app.push_screen(Page("Job", pretty(event.row)))

    @work(group="doing")
    async def action_narrow(self) -> None:
        """Show jobs in one state."""
        chosen = await self.app.push_screen_wait(Choose("Show only", [(each, each) for each in STATES]))
        if chosen is not None:
            self._status = None if chosen == "everything" else chosen
            self.table.fill([])
            self.reload()

    @work(group="doing")
    async def action_retry(self) -> None:
        """Give a dead job out again."""
        row = self.current
        if row is None or row["status"] != "dead":
            self.notify("Only a dead job is given out again")
            return
        async with self.asking("Giving it out again"):
            await self.hub.workers.retry(row["id"])
            self.reload()

    @work(group="doing")
    async def action_cancel(self) -> None:
        """Stop a job; its worker is told."""
        row = self.current
        if row is not None and await self.app.push_screen_wait(Confirm("Stop this job?", "Its worker is told; its step fails.")):
            async with self.asking("Stopping"):
                await self.hub.workers.cancel(row["id"])
                self.reload()

    @work(group="doing")
    async def action_workers(self) -> None:
        """Every worker that was seen; one can be sent home."""
        choices = [
            (
                each["id"],
                f"{each.get('name') or each['worker_instance_id']}  {each['instance_status']}, {each['busy_job_count']}"
                f" of {each['concurrency_limit']} busy, seen {when(each.get('last_seen_at'))}: {', '.join(each['action_names'])}",
            )
            for each in self._sessions
        ]
        if not choices:
            self.notify("No worker is there: `powerstrip worker --module my_actions` runs one")
            return
        chosen = await self.app.push_screen_wait(Choose("Workers; Enter sends one home", choices))
        sure = Confirm("Send it home?", "It finishes the jobs it has, gets no new ones, and ends.")
        if chosen is not None and await self.app.push_screen_wait(sure):
            async with self.asking("Telling it"):
                await self.hub.workers.drain(chosen)
                self.reload()
