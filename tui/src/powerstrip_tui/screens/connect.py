"""From nothing to an integration: how to sign in, the form or the consent, what came of it, settings, webhooks."""

from typing import Any, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from powerstrip.client import HubError, Pages
from powerstrip.client.shapes import AuthForm, Choice, Integration, Json, Probe, ProviderForms
from powerstrip_tui.texts import line, literal, paragraphs
from powerstrip_tui.view import View
from powerstrip_tui.widgets.facts import facts, heading
from powerstrip_tui.widgets.form import Form
from powerstrip_tui.widgets.schema import FieldSpec

NAME: Json = {
    "type": "string",
    "title": "Name",
    "minLength": 1,
    "maxLength": 100,
    "description": "Unique among this service's integrations; calls and automations name it.",
}
NAME_FIELD = "integration name"
"""No credential and no setting has a space in its name."""


class Connect(View):
    """One step after the other; Escape goes back to where one came from, and nothing is kept of a form that was not sent."""

    HEADING = "Connect"
    ABOUT = "Connects a service: sign in, see that it works, choose settings, and give it an address to send events to."
    EVERY = None
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+t", "again", "Another way", key_display="^t", id="connect.again"),
        Binding("ctrl+n", "next", "Next step", key_display="^n", id="connect.next"),
    ]
    CSS = """
    Connect #title { padding: 0 1; height: auto; margin-bottom: 1; }
    Connect #stage { height: 1fr; padding: 0 1; }
    Connect #stage Form { padding: 0; }
    Connect #stage OptionList { height: auto; }
    Connect .told { height: auto; margin-bottom: 1; }
    """

    def __init__(self, provider: str) -> None:
        super().__init__()
        self._name = provider
        self._provider: ProviderForms | None = None
        self._taken: set[str] = set()
        self._way: AuthForm | None = None
        self._made: Integration | None = None
        self._step = 0

    def body(self) -> ComposeResult:
        """The title, and the step."""
        yield Static(id="title")
        yield Vertical(id="stage")

    async def load(self) -> None:
        """Ask for the forms, once."""
        if self._provider is not None:
            return
        self._provider = await self.hub.providers.get(self._name)
        self._taken = {each["name"] for each in await self.hub.integrations.list(provider=self._name).all()}
        ways = self._provider["auth"]
        if len(ways) == 1:
            await self._fill(ways[0])
        else:
            await self._choose(ways)

    async def _stage(self, title: str, *widgets: Widget) -> None:
        """Show a step in place of the one before."""
        provider = self._provider
        name = line(provider["display_name"]) if provider else self._name
        where = Content.assemble((f"Connect {name}", "bold"), ("  ›  ", "$foreground-muted"), title)
        self.query_one("#title", Static).update(where)
        stage = self.query_one("#stage")
        await stage.remove_children()
        await stage.mount(*widgets)

    # How to sign in

    async def _choose(self, ways: list[AuthForm]) -> None:
        options = [Option(_way(each), id=each["kind"]) for each in ways]
        listing = OptionList(*options, compact=True)
        await self._stage("how to sign in", listing)
        listing.highlighted = 0
        listing.focus()

    @on(OptionList.OptionSelected)
    async def _chosen(self, event: OptionList.OptionSelected) -> None:
        assert self._provider is not None
        await self._fill(next(way for way in self._provider["auth"] if way["kind"] == event.option.id))

    async def action_again(self) -> None:
        """Back to the ways to sign in."""
        if self._provider is not None and self._made is None:
            self.workers.cancel_group(self, "consent")  # pyright: ignore[reportUnknownMemberType] - Worker is generic
            await self._choose(self._provider["auth"])

    # The form

    def _required_settings(self) -> Json:
        assert self._provider is not None
        schema = self._provider["config_schema"]
        needed = schema.get("required", [])
        return {name: part for name, part in schema.get("properties", {}).items() if name in needed}

    async def _fill(self, way: AuthForm) -> None:
        assert self._provider is not None
        self._way = way
        settings = self._required_settings()
        credentials = way["form"].get("properties", {})
        schema = {
            "type": "object",
            "properties": {NAME_FIELD: NAME, **settings, **credentials},
            "required": [NAME_FIELD, *settings, *way["form"].get("required", [])],
            "$defs": {**self._provider["config_schema"].get("$defs", {}), **way["form"].get("$defs", {})},
        }
        form = Form(schema, values={NAME_FIELD: self._free_name()})
        sandbox = self.app.link.mode == "sandbox"
        told = [way["help"]] if way["help"] and way["help"] not in _told(credentials) else []
        told += ["This project is a sandbox: nothing is asked of the service, so any credential will do."] if sandbox else []
        told += ["You consent in a browser; nothing secret is typed here."] if way["connect_mode"] == "redirect" else []
        hints = [Static(Content(paragraphs(" ".join(told))), classes="told hint")] if told else []
        await self._stage(f"sign in by {line(way['kind'])}", *hints, form)
        form.begin()

    def _free_name(self) -> str:
        names = (self._name, *(f"{self._name}-{number}" for number in range(2, 10_000)))
        return next(each for each in names if each not in self._taken)

    @on(Form.Submitted)
    def _submitted(self, event: Form.Submitted) -> None:
        if self._made is None:
            self._connect(event.form, event.values)
        elif event.form.id == "settings":
            self._set(event.form, event.values)
        elif event.form.id == "secret":
            self._hear(event.values.get("secret"))

    @work(exclusive=True, group="connect")
    async def _connect(self, form: Form, values: dict[str, Any]) -> None:
        way, name = self._way, values.pop(NAME_FIELD)
        assert way is not None
        required = self._required_settings()
        config = {field: value for field, value in values.items() if field in required}
        credentials = {field: value for field, value in values.items() if field not in required}
        if way["connect_mode"] == "redirect":
            self._consent(name, config, way)
            return
        async with self.asking("Trying the credentials") as asked:
            made = await self.hub.integrations.create(
                name,
                self._name,
                credentials=credentials or None,
                config=config or None,
                auth_kind=way["kind"],
                probe=True if self.app.link.mode == "live" and self._can("test") else None,
            )
            await self._finished(made)
            return
        form.tell(asked.reasons)

    def _can(self, what: str) -> bool:
        capabilities: Any = (self._provider or {}).get("capabilities") or {}
        return bool(capabilities.get(what))

    # The consent

    @work(exclusive=True, group="consent")
    async def _consent(self, name: str, config: Json, way: AuthForm) -> None:
        from powerstrip_tui.screens.consent import Consenting

        step = Consenting(self._name, name, config, way["kind"])
        await self._stage("consent in a browser", step)
        async with self.asking(""):
            integration = await step.ended()
            if integration is not None:
                await self._finished(await self.hub.integrations.get(integration))

    # What came of it

    async def _finished(self, made: Integration) -> None:
        self._made = made
        probe: Probe | None = None
        if self._can("test"):
            try:
                probe = await self.hub.integrations.test(made["id"])
            except HubError as error:
                probe = {"ok": False, "simulated": False, "error": error.message}
        await self._stage("connected", VerticalScroll(Static(self._outcome(made, probe))))
        self.query_one(VerticalScroll).focus()

    def _outcome(self, made: Integration, probe: Probe | None) -> Content:
        account = (probe or {}).get("account") or made.get("account") or {}
        if probe is None or probe["simulated"]:
            why = "a sandbox asks nobody" if probe else "this service has no question for that"
            verdict = (f"○ Not tried: {why}.", "bold")
        elif probe["ok"]:
            verdict = ("● It works.", "bold $text-success")
        else:
            verdict = (f"✕ It does not work yet: {line(probe.get('error') or 'the service refused')}", "bold $text-error")
        known = facts((("Name", made["name"]), ("Account", account.get("name") or account.get("id")), ("Status", made["status"])))
        steps = ["Ctrl+n  settings and webhooks", "Escape  done"]
        return Content.assemble(verdict, "\n\n", known, "\n\n", heading("Next"), "\n", "\n".join(steps))

    async def action_next(self) -> None:
        """Settings, then the address for events, then the integration."""
        if self._made is None:
            return
        self._step += 1
        if self._step == 1 and self._optional():
            await self._settings()
        elif self._step <= 2 and self._can("webhook"):
            self._step = 2
            await self._webhook()
        else:
            from powerstrip_tui.screens.integration import OneIntegration

            await self.app.switch_screen(OneIntegration(self._made["id"]))  # pyright: ignore[reportUnknownMemberType]

    # Settings

    def _optional(self) -> list[str]:
        schema = (self._provider or {}).get("config_schema") or {}
        return [name for name in schema.get("properties", {}) if name not in schema.get("required", [])]

    async def _settings(self) -> None:
        assert self._provider is not None
        assert self._made is not None
        made, optional = self._made, set(self._optional())

        def pick(picker: str, search: str, values: dict[str, str]) -> Pages[Choice]:
            return self.hub.integrations.pick(made["id"], picker, search=search, values=values)

        def only(field: FieldSpec) -> bool:
            return field.name in optional

        form = Form(self._provider["config_schema"], values=made.get("config"), pick=pick, only=only, id="settings")
        await self._stage("settings; Ctrl+s keeps them, Ctrl+n leaves them as they are", form)
        form.begin()

    @work(exclusive=True, group="connect")
    async def _set(self, form: Form, values: dict[str, Any]) -> None:
        assert self._made is not None
        async with self.asking("Keeping the settings") as asked:
            config = {**(self._made.get("config") or {}), **values}
            self._made = await self.hub.integrations.update(self._made["id"], config=config)
            await self.action_next()
            return
        form.tell(asked.reasons)

    # Events

    async def _webhook(self) -> None:
        webhook: Any = (self._provider or {}).get("webhook") or {}
        if webhook.get("made_by") == "provider":
            label = line(webhook.get("label") or "Signing secret")
            part = {"type": "string", "title": label, "description": webhook.get("help", ""), "writeOnly": True}
            form = Form({"type": "object", "properties": {"secret": part}}, id="secret")
            words = f"{self._display} signs what it sends. Ctrl+s makes the address; the secret can be given later too."
            await self._stage("an address for events", Static(Content(words), classes="told hint"), form)
            form.begin()
        else:
            self._hear(None)

    @property
    def _display(self) -> str:
        return line((self._provider or {}).get("display_name") or self._name)

    @work(exclusive=True, group="connect")
    async def _hear(self, secret: str | None) -> None:
        assert self._made is not None
        async with self.asking("Making an address"):
            made = await self.hub.endpoints.create(integration_id=self._made["id"], secret=secret)
            told = facts((("Address", made["url"]), ("Secret, shown once", made.get("secret"))))
            steps = "\n".join(f"{number}. {line(each)}" for number, each in enumerate(made["steps"], 1))
            waits = "It waits for the secret: endpoints set it later.\n" if made["waits_for_secret"] else ""
            text = Content.assemble(told, "\n\n", heading(f"At {self._display}"), "\n", waits, steps, GOING_ON)
            await self._stage("an address for events", VerticalScroll(Static(text)))
            self.app.copy_to_clipboard(made["url"])
            self.notify("The address is in the clipboard", timeout=3)


GOING_ON = "\n\nCtrl+n  to the integration"


def _way(way: AuthForm) -> Content:
    how = {"redirect": "consent in a browser", "inline": "fill a form", "service": "a key of a service"}
    about = how.get(way["connect_mode"], way["connect_mode"])
    parts = Content.assemble(literal(way["kind"], "bold"), "  ", (line(about), "$text-accent"))
    return Content.assemble(parts, ("\n  " + line(way["help"]) if way["help"] else "", "$foreground-muted"))


def _told(properties: Json) -> list[str]:
    return [part.get("description", "") for part in properties.values()]
