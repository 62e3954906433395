"""Events: what providers sent, as it comes, and the way of each through the hub."""

import asyncio
from contextlib import aclosing
from typing import Any, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from powerstrip.client import ClientError
from powerstrip.client.shapes import EventStage, ReceivedEvent
from powerstrip_tui.dialogs.asking import Confirm, Page
from powerstrip_tui.dialogs.choosing import Choose
from powerstrip_tui.listing import Listing
from powerstrip_tui.texts import line, literal, moment, pretty, when
from powerstrip_tui.view import View
from powerstrip_tui.widgets.badges import PROCESSING, STAGE, badge
from powerstrip_tui.widgets.table import Column, Rows

PAUSE = 3.0
"""Seconds between two tries to listen."""
LOOKS = (0.2, 0.5, 1.0, 2.0)
"""Seconds between looks at an event that is being handed on. One that is tried again later is shown as such."""
SOURCES = {"webhook": "webhook", "sync": "poll", "synthetic": "test event"}
FILTERS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("everything", {}),
    ("refused", {"status": "refused"}),
    ("conflicts", {"status": "conflict"}),
    ("waiting or tried again", {"processing": "retrying"}),
    ("failed for good", {"processing": "dead"}),
    ("webhooks", {"source": "webhook"}),
    ("polls", {"source": "sync"}),
    ("test events", {"source": "synthetic"}),
)


def state_of(row: ReceivedEvent) -> Content:
    """What became of it, in one word."""
    return badge(PROCESSING, row["status"] if row["status"] != "received" else row["source_event"]["status"])


def source_of(row: ReceivedEvent) -> str:
    """How it came, in words."""
    return SOURCES.get(row["source"], row["source"])


def under_way(row: ReceivedEvent) -> bool:
    """Whether it is being handed on just now."""
    return row["status"] == "received" and row["source_event"]["status"] in ("pending", "processing")


def reason_of(row: ReceivedEvent) -> str:
    """Why it went no further; empty where it did."""
    return row.get("reason", "") or row["source_event"].get("last_error", "")


COLUMNS: tuple[Column[ReceivedEvent], ...] = (
    Column("Received", lambda row: when(row["received_at"]), 11),
    Column("State", state_of, 12),
    Column("Event", lambda row: row["event_type"] or "(unnamed)"),
    Column("Provider", lambda row: row["provider"], 11, spare=1),
    Column("From", source_of, 10, spare=2),
    Column("Again", lambda row: f"×{row['duplicates'] + 1}" if row["duplicates"] else "", 5, spare=4),
    Column("Why", reason_of, 24, spare=3),
)


class Events(Listing[ReceivedEvent]):
    """The ledger of events, newest on top, followed while it is seen."""

    HEADING = "Events"
    COLUMNS = COLUMNS
    EMPTY = "No event came yet."
    ABOUT = "What providers sent, newest first; new ones come by themselves. Enter shows one event's way through the hub."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "narrow", "Show only", id="events.narrow"),
        Binding("space", "follow", "Follow", id="events.follow"),
        Binding("R", "replay", "Replay", id="events.replay"),
        Binding("D", "redrive", "Re-drive dead", id="events.redrive"),
        Binding("T", "fire", "Test event", id="events.fire"),
    ]

    def __init__(self, only: str = "") -> None:
        super().__init__()
        self._narrowed = next((each for each in FILTERS if only and only in each[1].values()), FILTERS[0])
        self._following = True

    def shown(self) -> str:
        """Which kind, and whether new ones come by themselves."""
        return f"{self._narrowed[0]} · {'following' if self._following else 'not followed'}"

    @property
    def narrowed(self) -> bool:
        """Whether only some are asked for."""
        return bool(self._narrowed[1])

    async def load(self) -> None:
        """The newest, and from then on what comes."""
        pages = self.hub.events.list(**self._narrowed[1])
        if self.table.rows:
            self.table.insert((await pages.page(limit=50)).items)
        else:
            await self.table.read(pages)
        if self._following and not self.works("tail"):
            self.listen()

    @work(exclusive=True, group="tail")
    async def listen(self) -> None:
        """Put events on top as they come; where the line breaks, try again while the screen is seen."""
        while self._following and self.is_current:
            try:
                if (newest := self._newest) is None:
                    self.set_timer(1.0, self.soon)  # for what comes before the hub listens
                async with aclosing(self.hub.events.tail(newest)) as coming:
                    async for _ in coming:
                        if not self.is_current or not self._following:
                            return
                        self.soon()
            except ClientError as error:
                self.app.heard(error)
            await asyncio.sleep(PAUSE)

    @property
    def _newest(self) -> str | None:
        """After which event to listen. Where not all are shown, from now: else every one that is not shown would come first."""
        rows = [] if self._narrowed[1] else self.table.rows
        return rows[0]["id"] if rows else None

    async def look(self) -> None:
        """Read what is new, until it was handed on: the filter is the hub's, and an event is kept before it is handled."""
        for pause in LOOKS:
            page = await self.hub.events.list(**self._narrowed[1]).page(limit=50)
            self.table.insert(page.items)
            if not any(under_way(row) for row in page.items):
                return
            await asyncio.sleep(pause)

    @on(Rows.Chosen)
    def _open(self, event: Rows.Chosen) -> None:
        self.app.push_screen(OneEvent(event.row["id"]))

    @work(group="doing")
    async def action_narrow(self) -> None:
        """Show one kind only."""
        chosen = await self.app.push_screen_wait(Choose("Show only", [(name, name) for name, _ in FILTERS]))
        if chosen is not None:
            self._narrowed = next(each for each in FILTERS if each[0] == chosen)
            self.table.fill([])
            self.tell()
            self.reload()

    def action_follow(self) -> None:
        """Follow what comes, or stop following."""
        self._following = not self._following
        self.tell()
        if self._following:
            self.reload()

    @work(group="doing")
    async def action_replay(self) -> None:
        """Hand the event under the cursor on once more."""
        if (row := self.current) is not None and await replayed(self, row["id"], row["event_type"]):
            self.reload()

    @work(group="doing")
    async def action_redrive(self) -> None:
        """Process all that failed for good once more."""
        sure = Confirm(
            "Process every dead event again?",
            "Each is handed to those it had failed for; those that had it, do not get it again.",
        )
        if await self.app.push_screen_wait(sure):
            async with self.asking("Processing again"):
                count = await self.hub.events.redrive()
                self.notify(f"{count} processed again" if count else "Nothing is dead")
                self.reload()

    @work(group="doing")
    async def action_fire(self) -> None:
        """See who would hear of a made-up event, and set it off."""
        async with self.asking("Reading the samples"):
            samples = await self.hub.events.samples()
            choices = [(str(each["id"]), f"{each['event_type']}  {each.get('description', '')}") for each in samples]
            chosen = await self.app.push_screen_wait(Choose("Which event?", choices, search=True))
            if chosen is None:
                return
            seen = await self.hub.events.fire(sample_id=chosen)
            if await self.app.push_screen_wait(Confirm("Set it off?", pretty(seen))):
                await self.hub.events.fire(sample_id=chosen, mode="deliver")
                self.notify("Set off")
                self.reload()


async def replayed(view: View, id: str, name: str) -> bool:
    """Ask how, and hand an event on once more; true where that was done. To be awaited in a worker."""
    ways = [
        ("sandbox", "In a sandbox: nothing is sent, and what would have been is shown"),
        ("live", "As it was: calls are real where the project is live"),
    ]
    way = await view.app.push_screen_wait(Choose(f"Replay {line(name)}", ways))
    if way is None:
        return False
    async with view.asking("Replaying"):
        done = await view.hub.events.replay([id], sandbox=way == "sandbox")
        if done["ids"]:
            view.notify("Replayed: it stands on top of the list")
            return True
        view.notify(f"Not replayed: {line(done['skipped'].get(id, 'it cannot be'))}", severity="warning", timeout=8)
    return False


class OneEvent(View):
    """One event: what came, whether it was genuine, what it became, what was done with it."""

    HEADING = "Event"
    ABOUT = "One event's way from receipt to runs, with the place where it stopped."
    EVERY = 5.0
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("R", "replay", "Replay", id="event.replay"),
        Binding("o", "runs", "Its runs", id="event.runs"),
        Binding("y", "copy", "Copy payload", id="event.copy"),
        Binding("P", "payload", "Payload", id="event.payload"),
    ]

    def __init__(self, id: str) -> None:
        super().__init__()
        self._ref = id
        self._row: ReceivedEvent | None = None
        self._stages: list[EventStage] = []

    def body(self) -> ComposeResult:
        """One page."""
        with VerticalScroll(classes="page"):
            yield Static(classes="facts", markup=False)
            yield Static(classes="way", markup=False)
            yield Static(classes="payload", markup=False)

    def on_mount(self) -> None:
        """Let the arrows scroll."""
        super().on_mount()
        self.query_one(VerticalScroll).focus()

    async def load(self) -> None:
        """Ask for the event and its way."""
        self._row = await self.hub.events.get(self._ref)
        self._stages = await self.hub.events.trace(self._ref)
        self.query_one(".facts", Static).update(facts_of(self._row))
        self.query_one(".way", Static).update(way_of(self._stages))
        payload = pretty(self._row.get("payload", {}))
        self.query_one(".payload", Static).update(Content.assemble(("Payload, secrets hidden\n", "bold"), payload))

    @work(group="doing")
    async def action_replay(self) -> None:
        """Hand it on once more."""
        if self._row is not None:
            await replayed(self, self._ref, self._row["event_type"])

    def action_runs(self) -> None:
        """The runs that it started."""
        from powerstrip_tui.screens.runs import Runs

        source = self._row["source_event"].get("id") if self._row is not None else None
        if source is None:
            self.notify("It became no source event, so that nothing was started")
        else:
            self.app.push_screen(Runs(source_event_id=source))

    def action_copy(self) -> None:
        """The payload, to the clipboard."""
        if self._row is not None:
            import json

            self.app.copy_to_clipboard(json.dumps(self._row.get("payload"), indent=2, ensure_ascii=False))
            self.notify("Copied the payload", timeout=2)

    def action_payload(self) -> None:
        """The payload in a window of its own."""
        if self._row is not None:
            self.app.push_screen(Page("Payload", pretty(self._row.get("payload", {}))))


def facts_of(row: ReceivedEvent) -> Content:
    """What came, in lines."""
    lines: list[tuple[str, object]] = [
        ("Event", row["event_type"] or "(unnamed)"),
        ("Provider", row["provider"]),
        ("Received", moment(row["received_at"])),
        (
            "Came by",
            source_of(row) + (f", {row['duplicates'] + 1} times" if row["duplicates"] else ""),
        ),
        ("Provider's id", row["dedup_key"]),
        ("Integration", row["integration_id"]),
        ("Replay of", row.get("replay_of")),
        ("Raw body kept until", moment(row.get("raw_kept_until", ""))),
    ]
    parts = [Content.assemble((f"{name:<20}", "$foreground-muted"), literal(value)) for name, value in lines if value]
    return Content("\n").join([Content.assemble(state_of(row), "  ", literal(row["id"], "bold")), *parts, Content("")])


def way_of(stages: list[EventStage]) -> Content:
    """The stages, one a line; the one at which it stopped stands out with its reason."""
    parts = [Content.styled("Its way through the hub", "bold")]
    for stage in stages:
        mark = badge(STAGE, stage["state"]).truncate(12, pad=True)
        words = stage["detail"] or _more(stage.get("more"))
        style = "bold $text-error" if stage["state"] == "stopped" else ""
        parts.append(Content.assemble("  ", mark, (f"{line(stage['name']):<14}", style), (line(words), style)))
    return Content("\n").join([*parts, Content("")])


def _more(more: Any) -> str:
    if not isinstance(more, dict):
        return ""
    return ", ".join(f"{name} {value}" for name, value in more.items() if value not in (None, "", [], {}, 0))  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
