"""Home: what can be connected, what is, and what needs attention."""

import asyncio
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from powerstrip.client import HubError
from powerstrip.client.shapes import HourOfActivity, Integration, Project, Provider
from powerstrip_tui.attention import Matter, gathered, of_integrations, of_providers
from powerstrip_tui.listing import Choosing
from powerstrip_tui.registry import SCREENS
from powerstrip_tui.texts import line, literal
from powerstrip_tui.view import View
from powerstrip_tui.widgets.badges import READINESS, badge
from powerstrip_tui.widgets.figures import Figures

OTHERS = "Other"
MATTERS = 12
"""Lines of what needs attention; the rest is counted."""
GREETING = (
    "Welcome. Nothing is connected in this project yet.",
    "Choose a service and press Enter to see what it can do, or c to connect it.",
    "Or press d for a demo project: three services with invented credentials, in which nothing leaves this machine.",
)


class Home(Choosing):
    """Providers by category, each with its state; first what needs attention."""

    HEADING = "Home"
    ABOUT = "What can be connected, what is, and what needs attention."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "search", "Search", key_display="/", priority=True, id="home.search"),
        Binding("enter", "choose", "Open", key_display="Enter", id="home.open"),
        Binding("c", "connect", "Connect", id="home.connect"),
        Binding("d", "demo", "Demo", id="home.demo"),
        Binding("x", "aside", "Put a lasting warning aside", show=False, id="home.aside"),
        Binding("escape", "clear", "The whole list", show=False, id="home.clear"),
    ]
    CSS = """
    Home Figures { padding: 0 1; }
    Home.-wide Figures { width: 30; height: 100%; padding: 1 2; border-left: vkey $border; }
    Home.-narrow Figures { dock: top; height: 1; background: $surface; }
    Home #left { width: 1fr; }
    Home #providers { height: 1fr; }
    Home #greeting { display: none; padding: 0 1; margin-bottom: 1; background: $primary-muted; color: $text-primary; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._providers: list[Provider] = []
        self._integrations: list[Integration] = []
        self._gathered: list[Matter] = []
        self._barred: set[str] = set()
        self._matters: list[Matter] = []

    def body(self) -> ComposeResult:
        """A search and the list, and the figures beside them."""
        with Horizontal():
            with Vertical(id="left"):
                yield Static(Content("\n".join(GREETING)), id="greeting")
                yield Input(placeholder="Search services", compact=True, classes="search")
                yield OptionList(id="providers", compact=True)
            yield Figures()

    def on_mount(self) -> None:
        """Begin in the list."""
        self.query_one(OptionList).focus()

    async def load(self) -> None:
        """Ask for the services, what is connected, and the figures."""
        self._providers, self._integrations, hours = await asyncio.gather(
            self.hub.providers.list(), self.hub.integrations.list().all(), self._hours()
        )
        self.query_one(Figures).put(hours)
        self.query_one("#greeting").display = not self._integrations
        self._show()
        self._gathered = await gathered(self.hub, self._barred)
        self._show()

    async def _hours(self) -> list[HourOfActivity]:
        try:
            return await self.hub.projects.activity(self.app.link.project)
        except HubError as error:
            if error.status in (403, 404):  # not allowed, or a hub of before there were figures: the list is worth more
                return []
            raise

    def _show(self) -> None:
        """Fill the list with what fits the search, and keep the choice where it is still there."""
        listing = self.query_one(OptionList)
        chosen = listing.highlighted_option.id if listing.highlighted_option else None
        untouched = chosen == next((each.id for each in listing.options if each.id), None)
        search = self.query_one(Input).value
        options = [] if search else self._attention()
        for category, providers in by_category([each for each in self._providers if fits(each, search)]).items():
            options.append(_heading(category))
            options += [Option(self._line(each), id=f"provider:{each['name']}") for each in providers]
        if not options:
            options.append(Option(Content("No service fits the search. Escape shows them all."), disabled=True))
        listing.clear_options().add_options(options)
        ids = [option.id for option in options]
        kept = chosen in ids and not untouched  # who has not moved yet stays on top, with what needs attention
        wanted = chosen if kept else next((each for each in ids if each), None)
        listing.highlighted = ids.index(wanted) if wanted else None

    def _attention(self) -> list[Option]:
        """What does not work, or came to nothing."""
        unusable = of_providers(self._providers)
        told = {each.of for each in unusable}
        rest = [each for each in self._gathered if each.place != "hub" or each.of not in told]
        found = [*of_integrations(self._integrations), *rest, *unusable]
        self._matters = [each for each in found if not each.lasts or each.why not in self._aside]
        if not self._matters:
            return []
        rows = [Option(_matter(each), id=f"matter:{number}") for number, each in enumerate(self._matters[:MATTERS])]
        head = f"▲ Needs attention ({len(self._matters)})"
        rows.insert(0, Option(Content.styled(head, "bold $text-error"), disabled=True))
        if more := len(self._matters) - MATTERS:
            rows += [Option(Content(f"  … and {more} more"), disabled=True)] if more > 0 else []
        return rows

    def _line(self, provider: Provider) -> Content:
        mine = [each for each in self._integrations if each["provider"] == provider["name"]]
        title = Content.styled(line(provider["display_name"]), "bold").truncate(18, ellipsis=True, pad=True)
        mark = badge(READINESS, readiness(provider)).truncate(14, pad=True)
        tier = literal(provider.get("tier") or "-", "$foreground-muted").truncate(8, ellipsis=True, pad=True)
        about = ", ".join(line(each["name"]) for each in mine) or line(_why(provider))
        return Content.assemble("  ", title, " ", mark, " ", tier, " ", (about, "" if mine else "$foreground-muted"))

    @on(Input.Changed)
    def _typed(self) -> None:
        self._show()

    @on(Input.Submitted)
    def _found(self) -> None:
        self.query_one(OptionList).focus()

    def action_search(self) -> None:
        """Go to the search, at once: what is typed next belongs into it."""
        self.set_focus(self.query_one(Input))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """In the search a slash is a letter."""
        return action != "search" or not isinstance(self.focused, Input)

    def action_clear(self) -> None:
        """Back to the whole list."""
        self.query_one(Input).clear()
        self.query_one(OptionList).focus()

    # Going on

    def enter(self, kind: str, which: str) -> None:
        """A service, or the place of what needs attention."""
        if kind == "matter":
            matter = self._matters[int(which)]
            kind, which = matter.place, matter.of
        if kind:
            self.app.push_screen(screen_of(kind, which))

    @property
    def _aside(self) -> list[str]:
        """What was put aside."""
        return self.app.remembered.of(self.app.link.where).get("aside", "").splitlines()

    def action_aside(self) -> None:
        """Show what is under the cursor no more, where it lasts; the hub's own screen keeps it."""
        kind, what = self.under_cursor
        if kind != "matter" or not (matter := self._matters[int(what)]).lasts:
            self.notify("Only a warning that lasts is put aside; what failed or stopped is mended")
            return
        self.app.remembered.keep(self.app.link.where, aside="\n".join([*self._aside, matter.why]))
        self._show()
        self.notify("Put aside: screen 0 keeps it")

    def action_connect(self) -> None:
        """Connect the service under the cursor."""
        kind, what = self.under_cursor
        if kind == "provider":
            from powerstrip_tui.screens.connect import Connect

            self.app.push_screen(Connect(what))

    @work(exclusive=True, group="demo")
    async def action_demo(self) -> None:
        """A sandbox project with three services and a few calls; it is made once, and shown from then on."""
        from powerstrip.client import demo

        async with self.asking("Making the demo project"):
            projects = await self.hub.projects.list()
            found = next((each for each in projects if each["name"] == "Demo" and each.get("mode") == "sandbox"), None)
            if found is None:
                found = await self._demo_project({each["handle"] for each in projects})
                there = self.hub.within(found["handle"])
                await demo.connect(there)
                await demo.call(there)
            self.app.into_project(found)

    async def _demo_project(self, taken: set[str]) -> Project:
        handle = next(each for each in ("demo", *(f"demo-{number}" for number in range(2, 200))) if each not in taken)
        return await self.hub.projects.create("Demo", handle=handle, mode="sandbox")


def screen_of(kind: str, what: str) -> View:
    """The screen on which a thing, or a list of things, is seen."""
    match kind:
        case "provider":
            from powerstrip_tui.screens.provider import OneProvider

            return OneProvider(what)
        case "integration":
            from powerstrip_tui.screens.integration import OneIntegration

            return OneIntegration(what)
        case "event":
            from powerstrip_tui.screens.events import OneEvent

            return OneEvent(what)
        case "events":
            from powerstrip_tui.screens.events import Events

            return Events(what)
        case "run":
            from powerstrip_tui.screens.runs import OneRun

            return OneRun(what)
        case "runs":
            from powerstrip_tui.screens.runs import Runs

            return Runs(status=what)
        case "workers":
            from powerstrip_tui.screens.workers import Workers

            return Workers(what)
        case _:
            return next(entry for entry in SCREENS if entry.name == kind).make()


def _matter(matter: Matter) -> Content:
    name = Content.styled(line(matter.name), "bold").truncate(22, ellipsis=True, pad=True)
    state = badge({"": matter.badge}, "").truncate(13, pad=True)
    return Content.assemble("  ", name, " ", state, " ", literal(matter.why))


def readiness(provider: Provider) -> str:
    """The readiness, an expired connection told apart."""
    if provider["connection"].get("status") == "expired":
        return "expired"
    return provider.get("readiness", "")


def _why(provider: Provider) -> str:
    """Why it is not ready, where its badge does not say it all."""
    if provider.get("readiness") in ("unavailable", "catalog_only"):
        return provider.get("message") or provider.get("readiness_reason") or ""
    return provider.get("description", "").partition("\n")[0]


def _heading(text: str) -> Option:
    return Option(Content.styled(line(text), "bold $foreground-muted"), disabled=True)


def fits(provider: Provider, search: str) -> bool:
    """True where every word of the search is found in what is said of the provider."""
    parts = ("name", "display_name", "category", "description")
    said = " ".join(str(provider.get(part, "")) for part in parts).lower()
    return all(word in said for word in search.lower().split())


def by_category(providers: list[Provider]) -> dict[str, list[Provider]]:
    """Providers under their categories, both in alphabetical order."""
    found: dict[str, list[Provider]] = {}
    for provider in sorted(providers, key=lambda each: each["display_name"].lower()):
        found.setdefault(provider.get("category") or OTHERS, []).append(provider)
    return dict(sorted(found.items()))
