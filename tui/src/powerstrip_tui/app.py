"""The dashboard: what can be connected and what is, on one screen."""

from typing import ClassVar

from textual import on, work
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Footer, Input, OptionList, Static
from textual.widgets.option_list import Option

from powerstrip.client import Client, HubError, HubUnreachable
from powerstrip.client.shapes import Integration, Project, Provider
from powerstrip_tui import words
from powerstrip_tui.help import Help

TITLE_COLUMNS = 16


class Dashboard(App[None]):
    """Providers by category on the left, one of them in full on the right. Keys are in the footer."""

    CSS_PATH = "app.tcss"
    TITLE = "Powerstrip"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "quit", "Quit", id="quit"),
        Binding("slash", "search", "Search", key_display="/", id="search"),
        Binding("r", "refresh", "Refresh", id="refresh"),
        Binding("question_mark", "help", "Help", key_display="?", id="help"),
        Binding("escape", "clear_search", "The whole list", show=False, id="clear_search"),
    ]

    def __init__(self, client: Client) -> None:
        super().__init__()
        self._client = client
        self._providers: list[Provider] = []
        self._integrations: list[Integration] = []
        self._chosen = ""

    def compose(self) -> ComposeResult:
        """The parts of the one screen."""
        yield Static(id="bar", markup=False)
        yield Static(id="trouble", markup=False)
        with Horizontal():
            with VerticalScroll(id="left"):
                yield Input(placeholder="Search", id="search")
                yield OptionList(id="providers")
            with VerticalScroll(id="right"):
                yield Static("Loading…", id="detail", markup=False)
        yield Footer()

    def on_mount(self) -> None:
        """Begin with the list."""
        self.query_one(OptionList).focus()
        self.action_refresh()

    @work(exclusive=True)
    async def action_refresh(self) -> None:
        """Ask the hub again. Where it does not answer, what is on the screen stays, under the reason."""
        try:
            project = await self._client.projects.get(self._client.project or "")
            self._providers = await self._client.providers.list()
            self._integrations = await self._client.integrations.list().all()
        except (HubError, HubUnreachable) as error:
            self._say(f"{error}  Press r to try again.")
            if not self._providers:
                self.query_one("#detail", Static).update(Content("Nothing could be read from the hub yet."))
            return
        self._say("")
        self._show_bar(project)
        self._list()

    def _say(self, trouble: str) -> None:
        """Show a trouble as a sentence; an empty one takes it away."""
        bar = self.query_one("#trouble", Static)
        bar.update(Content(words.literal(trouble)))
        bar.display = bool(trouble)

    def _show_bar(self, project: Project) -> None:
        sandbox = project.get("mode") == "sandbox"
        mode = " SANDBOX: nothing is sent " if sandbox else " LIVE: calls are real "
        where = f" {words.literal(project['handle'])} on {words.literal(self._client.base_url)}"
        bar = self.query_one("#bar", Static)
        bar.update(Content.assemble(("Powerstrip ", "bold"), (mode, "bold reverse"), (where, "")))
        bar.set_class(sandbox, "sandbox")
        bar.set_class(not sandbox, "live")

    def _list(self) -> None:
        """Fill the list with what fits the search, and keep the choice where it is still there."""
        search = self.query_one(Input).value
        fitting = [each for each in self._providers if words.fits(each, search)]
        options: list[Option] = []
        for category, providers in words.by_category(fitting).items():
            options.append(Option(Content.assemble((words.literal(category), "bold $text-muted")), disabled=True))
            options += [Option(words.line(each, TITLE_COLUMNS), id=each["name"]) for each in providers]
        listing = self.query_one(OptionList)
        listing.clear_options().add_options(options)
        ids = [option.id for option in options]
        wanted = self._chosen if self._chosen in ids else next((each for each in ids if each), None)
        listing.highlighted = ids.index(wanted) if wanted else None
        if not wanted:
            self.query_one("#detail", Static).update(
                Content("No provider fits the search." if search else "No provider is installed.")
            )

    @on(Input.Changed)
    def _search_changed(self) -> None:
        self._list()

    @on(Input.Submitted)
    def _leave_search(self) -> None:
        """Back to the list, with the search kept."""
        self.query_one(OptionList).focus()

    def action_clear_search(self) -> None:
        """Back to the whole list."""
        self.query_one(Input).clear()
        self.query_one(OptionList).focus()

    @on(OptionList.OptionHighlighted)
    def _choose(self, event: OptionList.OptionHighlighted) -> None:
        """Show the provider under the cursor."""
        self._chosen = event.option.id or ""
        provider = next((each for each in self._providers if each["name"] == self._chosen), None)
        if provider is not None:
            self.query_one("#detail", Static).update(words.page(provider, self._integrations))
            self.query_one("#right").scroll_home(animate=False)

    def action_search(self) -> None:
        """Go to the search field."""
        self.query_one(Input).focus()

    def action_help(self) -> None:
        """Show what the keys do."""
        self.push_screen(Help())


async def run(client: Client) -> None:
    """Run the dashboard on a client of one project until it is left."""
    await Dashboard(client).run_async()
