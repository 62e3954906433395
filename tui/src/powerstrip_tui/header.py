"""The two lines on top of every screen: where one is, and where one can go."""

from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.content import Content
from textual.events import Click
from textual.widgets import Static

from powerstrip_tui.registry import SCREENS
from powerstrip_tui.texts import at_home, line

if TYPE_CHECKING:
    from powerstrip_tui.app import Dashboard

SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
MOST_OF_A_PROJECT = 40
MODES = {"sandbox": " SANDBOX nothing is sent ", "live": " LIVE calls are real ", "": " no project yet "}


class Bar(Static):
    """Project, mode, hub and how the connection is; in its place what takes long."""

    app: "Dashboard"

    def on_mount(self) -> None:
        """Follow the connection."""
        self.app.link_changed.subscribe(self, lambda _: self.show(), immediate=True)
        self.show()

    def on_resize(self) -> None:
        """Lay the line out anew."""
        self.show()

    def show(self) -> None:
        """Draw it."""
        link = self.app.link
        state = f"{link.glyph} {link.words}"
        if link.doing:
            state = f"{SPINNER[link.tick % len(SPINNER)]} {link.doing} {link.seconds} s"
        mode = MODES[link.mode] if link.mode or link.up else ""
        left = Content.assemble((" Powerstrip ", "bold"), (mode, "bold reverse"), " ")
        room = self.size.width - left.cell_length - cell_len(state) - 3
        project = Content.styled(line(link.project), "bold").truncate(max(0, min(room, MOST_OF_A_PROJECT)), ellipsis=True)
        room -= project.cell_length
        where = line(at_home(link.where))
        where = where if len(where) <= room else ("…" + where[len(where) - room + 1 :] if room > 8 else "")
        gap = " " * max(1, room - len(where) + 1)
        self.update(Content.assemble(left, project, gap, (where, "dim"), " ", state))
        for name in ("live", "sandbox"):
            self.set_class(link.mode == name, name)


class Places(Static):
    """The screens with their keys; a click opens one."""

    app: "Dashboard"

    def on_mount(self) -> None:
        """Draw it."""
        self._spans: list[tuple[int, int, str]] = []
        self.on_resize()

    def on_resize(self) -> None:
        """Whole names where they fit, short ones elsewhere."""
        whole = [(entry, f" {entry.key} {entry.title} ") for entry in SCREENS]
        if sum(len(text) for _, text in whole) > self.size.width:
            whole = [(entry, f"{entry.key} {entry.short} ") for entry in SCREENS]
        parts: list[tuple[str, str]] = []
        at = 0
        self._spans = []
        for entry, text in whole:
            here = entry.name == self.app.place
            parts.append((text, "bold reverse" if here else ""))
            self._spans.append((at, at + len(text), entry.name))
            at += len(text)
        self.update(Content.assemble(*parts))

    async def on_click(self, event: Click) -> None:
        """Open the screen under the mouse."""
        name = next((name for start, end, name in self._spans if start <= event.x < end), "")
        if name:
            await self.app.action_open(name)
