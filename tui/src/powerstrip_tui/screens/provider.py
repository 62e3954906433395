"""One provider: what it is, how it is connected, what it can do."""

import asyncio
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from powerstrip.client import HubError
from powerstrip.client.shapes import ActionEntry, Integration, ProviderForms, ReferenceType
from powerstrip_tui.listing import Choosing
from powerstrip_tui.screens.home import readiness
from powerstrip_tui.texts import line, literal, paragraphs, pretty
from powerstrip_tui.widgets.badges import READINESS, STATUS, badge
from powerstrip_tui.widgets.facts import facts, heading, schema_lines, section


class OneProvider(Choosing):
    """Its integrations, actions, events and pickers; what is under the cursor in full beside them."""

    HEADING = "Provider"
    ABOUT = "What it is, how it is connected, what it can do. Enter on an action tries it."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "Open", key_display="Enter", id="provider.open"),
        Binding("c", "connect", "Connect", id="provider.connect"),
        Binding("i", "calls", "Its calls", id="provider.calls"),
        Binding("o", "docs", "Its documentation", show=False, id="provider.docs"),
    ]
    CSS = """
    OneProvider #about { padding: 0 1; height: auto; max-height: 6; }
    OneProvider #parts { height: 1fr; }
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name
        self._provider: ProviderForms | None = None
        self._integrations: list[Integration] = []
        self._actions: dict[str, ActionEntry] = {}

    def body(self) -> ComposeResult:
        """What it is; the list of its parts; one of them."""
        yield Static(id="about")
        with Container(classes="split"):
            yield OptionList(id="parts", compact=True, classes="main")
            with VerticalScroll(classes="aside"):
                yield Static(id="detail")

    def on_mount(self) -> None:
        """Begin in the list."""
        self.query_one(OptionList).focus()

    async def load(self) -> None:
        """Ask for it, its integrations, and the readiness of its actions."""
        self._provider, self._integrations, actions = await asyncio.gather(
            self.hub.providers.get(self._name), self.hub.integrations.list(provider=self._name).all(), self._known_actions()
        )
        self._actions = {each["name"]: each for each in actions}
        self.query_one("#about", Static).update(self._about(self._provider))
        self._show(self._provider)

    async def _known_actions(self) -> list[ActionEntry]:
        try:
            return [each for each in await self.hub.catalog.actions() if each["name"].startswith(f"{self._name}.")]
        except HubError as error:
            if error.status != 403:
                raise
            return []

    def _about(self, provider: ProviderForms) -> Content:
        title = Content.assemble(
            literal(provider["display_name"], "bold"),
            "  ",
            badge(READINESS, readiness(provider)),
            (f"  tier {line(provider.get('tier'))}" if provider.get("tier") else "", "$foreground-muted"),
            (f"  {line(provider.get('docs_url', ''))}", "$foreground-muted"),
        )
        told = paragraphs(provider.get("description", ""))
        why = "" if provider["connection"]["connected"] else line(provider.get("message") or "")
        return Content.assemble(title, "\n", told, (f"\n{why}" if why else "", "$text-warning"))

    def _show(self, provider: ProviderForms) -> None:
        """Everything it has, under headings."""
        listing = self.query_one(OptionList)
        at = listing.highlighted
        options: list[Option] = [_head(f"Integrations ({len(self._integrations)})")]
        options += [Option(self._integration(each), id=f"integration:{each['id']}") for each in self._integrations]
        if not self._integrations:
            options.append(Option(Content.assemble("  ", ("+ Connect it", "bold")), id="connect:"))
        for kind, entries in (("action", provider["actions"]), ("event", provider["events"])):
            if entries:
                options.append(_head(f"{kind.capitalize()}s ({len(entries)})"))
            options += [Option(self._entry(kind, each), id=f"{kind}:{each['name']}") for each in entries]
        pickers = provider.get("reference_types", [])
        if pickers:
            options.append(_head(f"Pickers ({len(pickers)})"))
        options += [Option(self._picker(each), id=f"picker:{each['id']}") for each in pickers]
        listing.clear_options().add_options(options)
        listing.highlighted = min(at, len(options) - 1) if at is not None else 1

    def _integration(self, each: Integration) -> Content:
        mode = "SANDBOX" if each.get("mode") == "sandbox" else "LIVE"
        name = Content.styled(line(each["name"]), "bold").truncate(22, ellipsis=True, pad=True)
        return Content.assemble("  ", name, " ", badge(STATUS, each["status"]).truncate(10, pad=True), f" {mode}")

    def _entry(self, kind: str, entry: Any) -> Content:
        known = self._actions.get(entry["name"])
        mark = badge(READINESS, _state(known)).plain[:1] if known else " "
        short = line(entry["name"].removeprefix(f"{self._name}."))
        name = Content.styled(short, "$text-primary").truncate(26, ellipsis=True, pad=True)
        hints = [word for word in ("read_only", "destructive") if known and known["annotations"].get(word)]
        told = {"read_only": "reads", "destructive": "destroys"}
        about = line(entry.get("title") or entry.get("description", "").partition("\n")[0])
        marks = f" ({', '.join(told[each] for each in hints)})" if hints else ""
        return Content.assemble("  ", mark if kind == "action" else "~", " ", name, " ", about, (marks, "$foreground-muted"))

    def _picker(self, picker: ReferenceType) -> Content:
        ready = any(each["status"] == "active" for each in self._integrations)
        name = Content.styled(line(picker["id"]), "$text-primary").truncate(26, ellipsis=True, pad=True)
        state = "● ready" if ready else "○ connect first"
        return Content.assemble("  ", "≡ ", name, " ", (state, "" if ready else "$foreground-muted"))

    # One of them

    @on(OptionList.OptionHighlighted)
    def _highlighted(self, event: OptionList.OptionHighlighted) -> None:
        kind, _, name = (event.option.id or "").partition(":")
        self.query_one("#detail", Static).update(self._detail(kind, name))
        self.query_one(".aside").scroll_home(animate=False)

    def _detail(self, kind: str, name: str) -> Content:
        provider = self._provider
        if provider is None:
            return Content("")
        match kind:
            case "action":
                return self._action_detail(name)
            case "event":
                found: Any = next(each for each in provider["events"] if each["name"] == name)
                head = Content.assemble(literal(name, "bold"), "\n", paragraphs(found.get("description", "")), "\n\n")
                return Content.assemble(head, heading("Its data"), "\n", schema_lines(found.get("payload_schema") or {}))
            case "picker":
                one = next(each for each in provider.get("reference_types", []) if each["id"] == name)
                needs = f"\nIt needs first: {', '.join(map(line, one['depends']))}." if one["depends"] else ""
                how = "The provider searches." if one["searches"] else "The list is searched here."
                return Content.assemble(literal(name, "bold"), "\n", paragraphs(one["description"]), f"\n\n{how}{needs}")
            case "integration":
                each = next((each for each in self._integrations if each["id"] == name), None)
                account = (each or {}).get("account") or {}
                return facts(
                    (
                        ("Integration", (each or {}).get("name")),
                        ("Account", account.get("name") or account.get("id")),
                        ("Signs in by", (each or {}).get("auth_kind")),
                        ("Why", (each or {}).get("status_reason")),
                    )
                )
            case _:
                ways = [f"{way['kind']}: {way['help']}".rstrip(": ") for way in provider["auth"]]
                return section("Ways to sign in", "\n".join(ways))

    def _action_detail(self, name: str) -> Content:
        known = self._actions.get(name)
        if known is None:
            return literal(name, "bold")
        aliases = known.get("aliases", [])
        parts = [
            Content.assemble(literal(name, "bold"), "  ", badge(READINESS, _state(known))),
            Content(paragraphs(known.get("description", ""))),
            literal(known.get("message") or "", "$text-warning"),
            facts((("Risk", known["risk"]), ("Also called", ", ".join(aliases)), ("Old", known.get("deprecated")))),
            Content.assemble(heading("Input"), "\n", schema_lines(known.get("input_schema") or {})),
            Content.assemble(heading("Output"), "\n", schema_lines(known.get("output_schema") or {})),
        ]
        if examples := known.get("examples"):
            parts.append(section("Example", pretty(examples[0])))
        return Content("\n").join(part for part in parts if part.plain)

    # Going on

    def enter(self, kind: str, which: str) -> None:
        """Connect it, see an integration, try an action, look into a picker; of an event, read on."""
        match kind:
            case "connect":
                self.action_connect()
            case "integration":
                from powerstrip_tui.screens.integration import OneIntegration

                self.app.push_screen(OneIntegration(which))
            case "action" if which in self._actions:
                from powerstrip_tui.screens.trying import Trying

                self.app.push_screen(Trying(self._actions[which], self._integrations))
            case "picker":
                self._look(which)
            case _:
                self.query_one(".aside").focus()

    def _look(self, picker: str) -> None:
        """See what a picker offers; the value that is chosen goes to the clipboard."""
        ready = next((each for each in self._integrations if each["status"] == "active"), None)
        if ready is None:
            self.notify("Connect it first: a picker asks the provider.")
            return
        from powerstrip_tui.dialogs.picker import Picker

        def chosen(value: str | None) -> None:
            if value is not None:
                self.app.copy_to_clipboard(value)
                self.notify(f"Copied {line(value)}", timeout=2)

        where, pick = ready["id"], self.hub.integrations.pick
        self.app.push_screen(Picker(picker, lambda search: pick(where, picker, search=search)), chosen)

    def action_connect(self) -> None:
        """Connect it, once more too."""
        from powerstrip_tui.screens.connect import Connect

        self.app.push_screen(Connect(self._name))

    def action_calls(self) -> None:
        """What was asked of it."""
        from powerstrip_tui.screens.calls import Calls

        self.app.push_screen(Calls(f"of {line(self._name)}", provider=self._name))

    def action_docs(self) -> None:
        """Open the provider's documentation in a browser."""
        url = (self._provider or {}).get("docs_url") or ""
        if url.startswith(("https://", "http://")):
            self.app.open_url(url)


def _state(action: ActionEntry) -> str:
    """Its readiness, with what cannot be mended by setting something up told apart."""
    return "catalog_only" if action.get("readiness_reason") == "not_implemented" else action["readiness"]


def _head(text: str) -> Option:
    return Option(Content.styled(line(text), "bold $foreground-muted"), disabled=True)
