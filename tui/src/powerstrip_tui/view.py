"""What every screen is: two lines on top, troubles as sentences, data that comes by itself."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from powerstrip.client import Client, ClientError, HubError
from powerstrip_tui.header import Bar, Places
from powerstrip_tui.sentences import Said, said
from powerstrip_tui.standing import standing
from powerstrip_tui.widgets.keys import Keys

if TYPE_CHECKING:
    from powerstrip_tui.app import Dashboard


@dataclass
class Asked:
    """Whether what was asked came to something."""

    error: ClientError | None = None

    @property
    def reasons(self) -> list[tuple[str, str]]:
        """The fields that the hub found fault with, and why."""
        return self.error.reasons if isinstance(self.error, HubError) else []


class View(Screen[None]):
    """A screen of the dashboard. Say what it holds in `body`, and ask the hub in `load`.

    `load` runs in the background: when the screen opens, when it is come back to, on `r`, every `EVERY` seconds, and when
    the hub is back. What it raises of the client's errors becomes a sentence under the top lines, and what was shown stays.
    """

    HEADING: ClassVar[str] = ""
    ABOUT: ClassVar[str] = ""
    EVERY: ClassVar[float | None] = 30.0
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012 - the base declares it so
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "reload", "Refresh", show=False, id="reload"),
        Binding("escape", "back", "Back", show=False, id="back"),
    ]
    app: "Dashboard"
    _stale = False
    _of_loading = True
    """Whether the trouble that is shown came of loading: then the next load that succeeds ends it."""

    def compose(self) -> ComposeResult:
        """The frame, and the body in it."""
        yield Bar(classes="bar")
        yield Places(classes="places")
        yield Static(classes="trouble", markup=False)
        yield from self.body()
        yield Keys()

    def body(self) -> ComposeResult:
        """What is between the top lines and the keys."""
        yield from ()

    async def load(self) -> None:
        """Ask the hub, and show what it says."""

    @property
    def hub(self) -> Client:
        """The client, within the project that is looked at."""
        return self.app.hub

    def on_mount(self) -> None:
        """Ask anew from time to time, while the screen is seen."""
        if self.EVERY:
            self.set_interval(self.EVERY, self._again)

    def on_screen_resume(self) -> None:
        """Begin, or come back."""
        self.reload()

    def _again(self) -> None:
        if self.is_current and self.app.link.up:
            self.reload(quietly=True)

    def action_reload(self) -> None:
        """Ask the hub again."""
        if self.app.link.within:
            self.reload()
        else:
            self.app.enter()

    @work(exclusive=True, group="load")
    async def reload(self, *, quietly: bool = False) -> None:
        """Run `load` in the background."""
        if not self.app.link.within:
            return
        if not quietly:
            self.trouble(None)
        async with self._asking("" if quietly else "Asking the hub", loading=True):
            await self.load()

    async def look(self) -> None:
        """Read what is new, and show it."""

    def soon(self) -> None:
        """Run `look` in the background. Called while that goes on, however often, it is run once more."""
        self._stale = True
        if not self.works("look"):
            self._catch_up()

    @work(group="look")
    async def _catch_up(self) -> None:
        while self._stale and self.is_current:
            self._stale = False
            async with self._asking("", loading=True):
                await self.look()

    @asynccontextmanager
    async def asking(self, doing: str = "Asking the hub") -> AsyncGenerator["Asked"]:
        """Ask the hub inside: `async with self.asking("Testing the key") as asked: …`

        After half a second the top line says what is going on. An error of the client ends the block and becomes a sentence,
        which stays until the next thing is asked for; `asked.error` holds it then.
        """
        async with self._asking(doing, loading=False) as asked:
            yield asked

    @asynccontextmanager
    async def _asking(self, doing: str, *, loading: bool) -> AsyncGenerator["Asked"]:
        asked = Asked()
        with self.app.busy(doing):
            try:
                async with standing(self):
                    yield asked
            except ClientError as error:
                asked.error = error
                self.app.heard(error)
                self._of_loading = loading
                self.trouble(said(error))
            else:
                self.app.heard(None)
                if self._of_loading or not loading:
                    self.trouble(None)

    def works(self, group: str) -> bool:
        """Whether something of this group goes on in the background of this screen."""
        return any(each.group == group and each.node is self and not each.is_finished for each in self.app.workers)

    def trouble(self, told: Said | None) -> None:
        """Show a trouble, or take it away."""
        where = next(iter(self.query(".trouble").results(Static)), None)
        if where is None:
            return  # the screen was left meanwhile
        where.update(Content.assemble(("✕ ", "bold"), (told.words, ""), (f"  {told.next}", "bold")) if told else "")
        where.display = told is not None

    def action_back(self) -> None:
        """To the screen before; on the first one, nothing."""
        if len(self.app.screen_stack) > 1:
            self.dismiss()
