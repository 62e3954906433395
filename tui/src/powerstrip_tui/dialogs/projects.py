"""The projects that the key may see: choose one, or make one."""

from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from powerstrip.client.shapes import Mode, Project
from powerstrip_tui.dialogs.asking import Ask
from powerstrip_tui.dialogs.dialog import Dialog
from powerstrip_tui.texts import literal


class Projects(Dialog[Project]):
    """A list to choose from."""

    HEADING = "Projects"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "make('sandbox')", "New sandbox", id="new-sandbox"),
        Binding("n", "make('live')", "New live project", id="new-live"),
    ]

    def __init__(self, heading: str = "") -> None:
        super().__init__(heading)
        self._projects: list[Project] = []

    def body(self) -> ComposeResult:
        """The list, and what went wrong."""
        yield OptionList(compact=True)
        yield Static("Asking the hub…", classes="hint", markup=False)

    def on_mount(self) -> None:
        """Ask for them."""
        self._ask()

    @work(exclusive=True)
    async def _ask(self) -> None:
        async with self.telling("Asking for the projects"):
            self._projects = await self.app.hub.projects.list()
            self._show()

    def _show(self) -> None:
        listing = self.query_one(OptionList)
        listing.clear_options().add_options([Option(self._line(each), id=each["id"]) for each in self._projects])
        handles = [each["handle"] for each in self._projects]
        here = self.app.link.project
        listing.highlighted = handles.index(here) if here in handles else 0 if handles else None
        listing.focus()
        self.say("" if handles else "There is no project yet. Press s for a sandbox, n for a live one.")

    def _line(self, project: Project) -> Content:
        mode = project.get("mode", "live")
        mark = "●" if project["handle"] == self.app.link.project else " "
        about = literal(project["name"], "dim")
        return Content.assemble(f"{mark} ", (f"{mode.upper():<8} ", "bold"), literal(project["handle"]), "  ", about)

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(next((each for each in self._projects if each["id"] == event.option.id), None))

    def action_make(self, mode: Mode) -> None:
        """Ask for its name, and make it."""
        words = "Its calls are recorded, and nothing is ever sent." if mode == "sandbox" else "Its calls are real."

        def named(name: str | None) -> None:
            if name:
                self._make(name, mode)

        self.app.push_screen(Ask(f"Name of the new {mode} project", f"{words} The mode is fixed for good."), named)

    @work(exclusive=True)
    async def _make(self, name: str, mode: Mode) -> None:
        async with self.telling("Making the project"):
            self.dismiss(await self.app.hub.projects.create(name, mode=mode))
