"""The dashboard: one app, a screen for each key, one client."""

import asyncio
from collections.abc import Generator, Iterable
from contextlib import AsyncExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from textual import work
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.notifications import SeverityLevel
from textual.screen import Screen
from textual.signal import Signal

from powerstrip.client import Client, ClientError
from powerstrip_tui.door import CannotOpen, Door, NoHub, OpenDoor
from powerstrip_tui.link import Link
from powerstrip_tui.moves import moving
from powerstrip_tui.registry import SCREENS
from powerstrip_tui.sentences import Said, said
from powerstrip_tui.state import Remembered
from powerstrip_tui.themes import THEMES
from powerstrip_tui.view import View

if TYPE_CHECKING:
    from powerstrip.client.shapes import Project

LOOK_SECONDS = 4.0
"""How often the hub is asked whether it is there."""


class Dashboard(App[None]):
    """Everything a hub tells and does, by keys. `door` leads to the hub and is opened after the first picture."""

    CSS_PATH = "app.tcss"
    TITLE = "Powerstrip"
    COMMAND_PALETTE_BINDING = "question_mark"
    """The key that a footer keeps at its right, whatever else fits: here the one that tells all others."""
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(entry.key, f"open('{entry.name}')", entry.title, show=False, id=f"open.{entry.name}") for entry in SCREENS),
        Binding("colon", "command_palette", "Commands", key_display=":", id="palette"),
        Binding("q", "quit", "Quit", id="quit"),
        Binding("question_mark", "help", "Help", key_display="?", show=False, id="help"),
        Binding("p", "projects", "Project", id="projects"),
        Binding("C", "chat", "Chat", id="chat"),
        Binding("t", "next_theme", "Colours", show=False, id="theme"),
        Binding("K", "give_key", "Give another API key", show=False, id="key"),
        *moving(),
    ]

    def __init__(self, door: Door, remembered: Remembered | None = None) -> None:
        super().__init__()
        self._door = door
        self.remembered = remembered or Remembered()
        self.link = Link(door.where)
        self.link_changed: Signal[Link] = Signal(self, "link")
        self.place = "home"
        self._generation = 0
        self._opened = AsyncExitStack()
        self._client: Client | None = None
        for theme in THEMES:
            self.register_theme(theme)
        known = self.remembered.of(door.where)
        self.theme = known["theme"] if known.get("theme") in self.available_themes else THEMES[0].name

    @property
    def hub(self) -> Client:
        """The client, within the project that is looked at."""
        if self._client is None:
            raise RuntimeError("a view asked before the hub was open")
        return self._client

    @property
    def own_hub(self) -> bool:
        """Whether the hub runs in this process: then nothing listens for a browser."""
        return self._door.own

    # Opening and closing

    async def on_mount(self) -> None:
        """The first picture at once; the hub right after it."""
        self._add_places()
        place = self.remembered.of(self.link.where).get("screen", "home")
        await self.action_open(place if any(entry.name == place for entry in SCREENS) else "home")
        self.set_interval(0.1, self._tick)
        self.call_after_refresh(self.enter)

    def enter(self) -> None:
        """Open the hub and show it."""
        self._enter()

    @work(exclusive=True, group="enter")
    async def _enter(self) -> None:
        view = self.screen
        assert isinstance(view, View)
        try:
            with self.busy("Opening the hub"):
                if self._client is None:
                    self._client = await self._opened.enter_async_context(self._door.open())
                project = await self._first_project(self._client)
        except NoHub as missing:
            from powerstrip_tui.dialogs.making import Making

            self.push_screen(Making(missing.words), self._made)
            return
        except CannotOpen as closed:
            view.trouble(Said(closed.words, closed.next))
            return
        except ClientError as error:
            self.heard(error)
            view.trouble(said(error))
            return
        self._into(project)

    def _made(self, mode: Literal["live", "sandbox"] | None) -> None:
        """After a hub was asked for where there is none."""
        if mode is None:
            self.exit()
        else:
            self._make(mode)

    @work(exclusive=True, group="enter")
    async def _make(self, mode: Literal["live", "sandbox"]) -> None:
        with self.busy("Making the hub"):
            await self._door.make(mode)
        self.enter()

    async def _first_project(self, client: Client) -> "Project | None":
        """The one asked for, else the one of last time, else the first there is."""
        projects = await client.projects.list()
        for handle in (self._door.project, self.remembered.of(self.link.where).get("project")):
            found = next((each for each in projects if handle in (each["handle"], each["id"])), None)
            if found:
                return found
        return projects[0] if projects else None

    def _into(self, project: "Project | None") -> None:
        """Look at this project."""
        if self._client is not None and project is not None:
            self._client = self._client.within(project["handle"])
            self.link.project, self.link.mode = project["handle"], project.get("mode", "live")
            self.remembered.keep(self.link.where, project=project["handle"])
        self.heard(None)
        self.link_changed.publish(self.link)
        if project is None:
            self.action_projects()
        elif isinstance(self.screen, View):
            self.screen.reload()

    async def leave(self) -> None:
        """Let go of the hub."""
        await self._opened.aclose()

    async def on_unmount(self) -> None:
        """The end."""
        await self.leave()

    # The connection

    @contextmanager
    def busy(self, doing: str) -> Generator[None]:
        """Something that may take long is done inside; the top line tells of it."""
        try:
            with self.link.busy(doing):
                yield
        finally:
            self.link_changed.publish(self.link)

    def heard(self, error: ClientError | None) -> None:
        """An answer of the hub came, or a failure instead."""
        if self.link.heard(error):
            self.link_changed.publish(self.link)
            if self.link.state == "away":
                self.set_timer(1.0, self._look)

    def _tick(self) -> None:
        if self.link.doing:
            self.link.tick += 1
            self.link_changed.publish(self.link)

    def on_ready(self) -> None:
        """From now on look whether the hub is there."""
        self.set_interval(LOOK_SECONDS, self._look)

    @work(exclusive=True, group="look")
    async def _look(self) -> None:
        """Ask whether the hub is there; where it is back, the screen is read again."""
        if self._client is None or self.link.state == "refused":
            return
        before = self.link.state
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                await self._client.health()
        except TimeoutError:
            return  # busy, as far as anyone can say
        except ClientError as error:
            self.heard(error)
            return
        if before == "away":
            self.heard(None)
            if not self.link.project:
                self.enter()
            elif isinstance(self.screen, View):
                self.screen.reload()

    # Places

    def _add_places(self) -> None:
        for entry in SCREENS:
            self.add_mode(self._mode(entry.name), entry.make)  # pyright: ignore[reportUnknownMemberType] - Screen is generic

    def _mode(self, name: str) -> str:
        return f"{name}.{self._generation}"

    async def action_open(self, name: str) -> None:
        """Open a screen, as it was left."""
        self.place = name
        await self.switch_mode(self._mode(name))
        self.remembered.keep(self.link.where, screen=name)

    @work(exclusive=True, group="places")
    async def into_project(self, project: "Project") -> None:
        """Look at another project: every screen begins anew."""
        old = [self._mode(entry.name) for entry in SCREENS]
        self._generation += 1
        self._add_places()
        self._into(project)
        await self.action_open("home")
        for mode in old:
            await self.remove_mode(mode)

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = False,
    ) -> None:
        """A word at the edge of the screen. Names from outside are in it, so that no markup is ever read."""
        super().notify(message, title=title, severity=severity, timeout=timeout, markup=False)

    # Keys

    async def action_move(self, key: str) -> None:
        """Do at once what another key does here, so that keys typed fast stay in their order."""
        found = self.screen.active_bindings.get(key)
        if found is not None and found.enabled:
            await self.run_action(found.binding.action, found.node)

    def action_help(self) -> None:
        """What the keys of this screen do."""
        from powerstrip_tui.dialogs.help import Help

        if not isinstance(self.screen, Help):
            self.push_screen(Help(self.screen))

    def action_projects(self) -> None:
        """Choose another project."""
        from powerstrip_tui.dialogs.projects import Projects

        def chosen(project: "Project | None") -> None:
            if project is not None:
                self.into_project(project)

        if self._client is not None and not isinstance(self.screen, Projects):
            self.push_screen(Projects(), chosen)

    def action_chat(self) -> None:
        """Set things up in sentences."""
        from powerstrip_tui.dialogs.chat import Chat

        if self._client is not None and not isinstance(self.screen, Chat):
            self.push_screen(Chat())

    def action_give_key(self) -> None:
        """Go on with another API key."""
        from powerstrip_tui.dialogs.asking import Ask

        def given(key: str | None) -> None:
            if key:
                self._with_key(key)

        self.push_screen(Ask("Another API key for this hub", "It is kept in this process only.", secret=True), given)

    @work(exclusive=True, group="enter")
    async def _with_key(self, key: str) -> None:
        await self._opened.aclose()
        self._door = self._door.with_key(key)
        self._client, self.link.state = None, "opening"
        self.enter()

    def action_next_theme(self) -> None:
        """The next set of colours."""
        names = [theme.name for theme in THEMES]
        at = names.index(self.theme) if self.theme in names else -1
        self.theme = names[(at + 1) % len(names)]
        self.remembered.keep(self.link.where, theme=self.theme)
        self.notify(f"Colours: {self.theme.removeprefix('powerstrip-')}", timeout=2)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Every screen, and every key of the screen that is open, by name."""
        for entry in SCREENS:
            yield SystemCommand(f"Go to {entry.title}", entry.about, partial(self.action_open, entry.name))
        for active in screen.active_bindings.values():
            binding = active.binding
            if binding.system or not binding.description or binding.action.startswith("open("):
                continue
            key = self.get_key_display(binding)
            yield SystemCommand(binding.description, f"Key {key}", partial(self.run_action, binding.action, active.node))
        for theme in THEMES:
            name = theme.name.removeprefix("powerstrip-")
            yield SystemCommand(f"Colours: {name}", "How the dashboard looks", partial(self._set_theme, theme.name))

    def _set_theme(self, name: str) -> None:
        self.theme = name
        self.remembered.keep(self.link.where, theme=name)


async def run(door: Door | Client) -> None:
    """Run the dashboard until it is left."""
    await Dashboard(OpenDoor(door) if isinstance(door, Client) else door).run_async()
