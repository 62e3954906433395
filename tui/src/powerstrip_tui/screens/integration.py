"""One integration: how it is, what uses it, what became of it, and what can be done with it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar, TypeVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from powerstrip.client import HubError, Pages
from powerstrip.client.secrets import CredentialVersion
from powerstrip.client.shapes import Choice, HistoryStep, Impact, Integration, Plan, Probe, Project, ProviderForms
from powerstrip_tui.dialogs.asking import Ask, Confirm
from powerstrip_tui.texts import line, literal, moment, when
from powerstrip_tui.view import View
from powerstrip_tui.widgets.badges import STATUS, badge
from powerstrip_tui.widgets.facts import facts, heading
from powerstrip_tui.widgets.plans import impact_tree, plan_of

T = TypeVar("T")
STEPS = 20
"""Of its history that are shown."""


class OneIntegration(View):
    """Its state on the left, what uses it and its history on the right."""

    HEADING = "Integration"
    ABOUT = "How a connection is, what uses it, and what became of it."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t", "test", "Test", id="integration.test"),
        Binding("o", "rotate", "Rotate", id="integration.rotate"),
        Binding("s", "settings", "Settings", id="integration.settings"),
        Binding("i", "calls", "Its calls", id="integration.calls"),
        Binding("e", "enable", "On/off", id="integration.enable"),
        Binding("n", "rename", "Rename", show=False, id="integration.rename"),
        Binding("c", "copy", "Copy to a project", show=False, id="integration.copy"),
        Binding("a", "reconnect", "Connect again in a browser", show=False, id="integration.reconnect"),
        Binding("v", "confirm", "Confirm the rotation", show=False, id="integration.confirm"),
        Binding("b", "roll_back", "Roll the rotation back", show=False, id="integration.roll-back"),
        Binding("x", "delete", "Delete", id="integration.delete"),
        Binding("y", "copy_id", "Copy its id", show=False, id="integration.copy-id"),
    ]
    CSS = """
    OneIntegration .main { padding: 0 1; }
    OneIntegration .split Static { height: auto; margin-bottom: 1; }
    """

    def __init__(self, id: str) -> None:
        super().__init__()
        self._ref = id
        self._row: Integration | None = None
        self._provider: ProviderForms | None = None
        self._probe: Probe | None = None

    def body(self) -> ComposeResult:
        """Two parts that scroll."""
        with Container(classes="split"):
            with VerticalScroll(classes="main"):
                yield Static(id="state")
                yield Static(id="versions")
                yield Static(id="keys")
            with VerticalScroll(classes="aside"):
                yield Static(id="impact")
                yield Static(id="history")

    def on_mount(self) -> None:
        """Begin in the left part, so that the arrows scroll."""
        self.query_one(".main").focus()

    async def load(self) -> None:
        """Ask for all of it; what the key may not see is left out and said so."""
        self._row = await self.hub.integrations.get(self._ref)
        self._provider, impact, history, versions = await asyncio.gather(
            self._seen(self.hub.providers.get(self._row["provider"])),
            self._seen(self.hub.integrations.impact(self._ref)),
            self._seen(self.hub.integrations.history(self._ref)),
            self._seen(self.hub.credential_rotation.versions(self._ref)),
        )
        self._show(self._row, impact, history, versions)

    async def _seen(self, asked: Awaitable[T]) -> T | None:
        try:
            return await asked
        except HubError as error:
            if error.status in (403, 404):
                return None
            raise

    # What is shown

    def _show(
        self,
        row: Integration,
        impact: Impact | None,
        history: list[HistoryStep] | None,
        versions: list[CredentialVersion] | None,
    ) -> None:
        self._put("#state", self._state(row))
        self._put("#versions", _versions(versions or []))
        self._put("#keys", self._keys(row, versions or []))
        uses = impact_tree(impact) if impact is not None else Content("Your key may not see what uses it.")
        self._put("#impact", Content.assemble((f"What uses it{_since(impact)}", "bold"), "\n", uses))
        steps = _history(history) if history is not None else Content("Your key may not see its history.")
        self._put("#history", Content.assemble(heading("Audit trail"), "\n", steps))

    def _put(self, where: str, text: Content) -> None:
        self.query_one(where, Static).update(text)
        self.query_one(where).display = bool(text.plain)

    def _state(self, row: Integration) -> Content:
        account = row.get("account") or {}
        token: Any = row.get("token") or {}
        granted: list[str] = token.get("granted_scopes") or []
        day = row.get("last_day")
        drift: list[str] = token.get("missing_scopes") or []
        mode = "SANDBOX" if row.get("mode") == "sandbox" else "LIVE"
        head = Content.assemble(literal(row["name"], "bold"), "  ", badge(STATUS, row["status"]), "  ", (mode, "bold"))
        told = facts(
            (
                ("Why", Content.styled(line(row.get("status_reason")), "$text-error") if row.get("status_reason") else None),
                ("Service", row["provider"]),
                ("Account", account.get("name") or account.get("id")),
                ("Signs in by", row.get("auth_kind")),
                ("Credentials", "kept, sealed" if row.get("has_credentials") else "none"),
                ("Token until", moment(token.get("expires_at"))),
                ("Granted", ", ".join(granted)),
                ("Not granted", Content.styled("✕ " + line(", ".join(drift)), "$text-error") if drift else None),
                ("No new token", token.get("problem")),
                ("Last used", when(row.get("last_used_at"))),
                ("Last day", f"{day['calls']:,} calls, {day['failures']:,} failed" if day else None),
                ("Settings", ", ".join(f"{name}={value}" for name, value in (row.get("config") or {}).items())),
                ("Connected", when(row["created_at"])),
                ("Id", row["id"]),
            )
        )
        return Content.assemble(head, "\n", told, *(("\n", _verdict(self._probe)) if self._probe else ()))

    def _keys(self, row: Integration, versions: list[CredentialVersion]) -> Content:
        """What can be done, the likeliest first."""
        state = "switches it on" if row["status"] == "inactive" else "switches it off"
        keys = [("t", "asks the service whether the credentials are good"), ("o", "gives it new credentials"), ("e", state)]
        if len(versions) > 1:
            keys = [("v", "destroys the credentials before"), ("b", "goes back to them"), *keys]
        return Content("\n").join(Content.assemble((key, "bold $text-accent"), f"  {words}") for key, words in keys)

    # What is done

    @work(exclusive=True, group="do")
    async def _do(self, doing: str, work: Callable[[], Awaitable[object]], done: str) -> None:
        async with self.asking(doing):
            await work()
            self.notify(done, timeout=3)
            await self.load()

    @work(exclusive=True, group="do")
    async def action_test(self) -> None:
        """Ask the service whose credentials they are."""
        async with self.asking("Asking the service"):
            self._probe = await self.hub.integrations.test(self._ref)
            await self.load()

    @work(exclusive=True, group="do")
    async def _changed(
        self, plan: Callable[[], Awaitable[Plan]], question: str, change: Callable[[bool], Awaitable[Any]]
    ) -> None:
        """Show what a change would do, ask, and make it."""
        async with self.asking("Looking at what it would do"):
            planned = await plan()
            if not await self.app.push_screen_wait(Confirm(question, plan_of(planned))):
                return
            await change(bool(planned["breaks"]))
            await self._after()

    async def _after(self) -> None:
        """Read it again; one that is gone is left."""
        try:
            await self.load()
        except HubError as error:
            if error.status != 404:
                raise
            self.action_back()

    def action_enable(self) -> None:
        """On, or off after a look at what it stops."""
        row = self._row
        if row is None:
            return
        update = self.hub.integrations.update
        if row["status"] == "inactive":
            self._do("Switching it on", lambda: update(self._ref, status="active"), "It is on.")
            return

        def change(accepted: bool) -> Awaitable[Any]:
            return update(self._ref, status="inactive", accept_impact=accepted)

        plan = self.hub.integrations.plan_update
        self._changed(lambda: plan(self._ref, status="inactive"), f"Switch {line(row['name'])} off?", change)

    def action_delete(self) -> None:
        """For good, after a look at what it stops."""

        def change(accepted: bool) -> Awaitable[Any]:
            return self.hub.integrations.delete(self._ref, accept_impact=accepted)

        if self._row is not None:
            question = f"Delete {line(self._row['name'])} and its credentials for good?"
            self._changed(lambda: self.hub.integrations.plan_delete(self._ref), question, change)

    def action_rename(self) -> None:
        """Another name."""

        def named(name: str | None) -> None:
            if name:
                self._do("Renaming it", lambda: self.hub.integrations.update(self._ref, name=name), "Renamed.")

        if self._row is not None:
            words = "Calls and automations that name it must say the new name."
            self.app.push_screen(Ask("Its new name", words, value=self._row["name"]), named)

    def action_rotate(self) -> None:
        """New credentials, tried before they are kept."""
        row, provider = self._row, self._provider
        if row is None or provider is None:
            return
        way = next((each for each in provider["auth"] if each["kind"] == row.get("auth_kind")), None)
        if way is None or way["connect_mode"] == "redirect":
            self.action_reconnect()
            return
        from powerstrip_tui.dialogs.filling import Filling

        def filled(values: dict[str, Any] | None) -> None:
            if values is not None:
                self._rotate(values)

        words = "The new credentials are tried first; those of now are kept until you confirm (v) or go back (b)."
        self.app.push_screen(Filling(f"New credentials for {line(row['name'])}", way["form"], words), filled)

    @work(exclusive=True, group="do")
    async def _rotate(self, values: dict[str, Any]) -> None:
        rotate = self.hub.integrations.rotate
        async with self.asking("Trying the new credentials") as asked:
            await rotate(self._ref, values)
            self.notify("Rotated. v confirms, b goes back.", timeout=5)
            await self.load()
        if isinstance(asked.error, HubError) and asked.error.code == "other_account":
            question = "They are another account's. Take them all the same?"
            if await self.app.push_screen_wait(Confirm(question, line(asked.error.message))):
                async with self.asking("Keeping the new credentials"):
                    await rotate(self._ref, values, accept_other_account=True)
                    await self.load()

    def action_settings(self) -> None:
        """Change its settings."""
        row, provider = self._row, self._provider
        if row is None or provider is None:
            return
        if not provider["config_schema"].get("properties"):
            self.notify("It has no settings.")
            return
        from powerstrip_tui.dialogs.filling import Filling

        def filled(values: dict[str, Any] | None) -> None:
            if values is not None:
                self._set(values)

        def pick(picker: str, search: str, others: dict[str, str]) -> Pages[Choice]:
            return self.hub.integrations.pick(self._ref, picker, search=search, values=others)

        title = f"Settings of {line(row['name'])}"
        self.app.push_screen(Filling(title, provider["config_schema"], values=row.get("config"), pick=pick), filled)

    def _set(self, values: dict[str, Any]) -> None:
        """Another destination drops the credentials: the plan says so before it is done."""

        def change(accepted: bool) -> Awaitable[Any]:
            return self.hub.integrations.update(self._ref, config=values, accept_impact=accepted)

        self._changed(lambda: self.hub.integrations.plan_update(self._ref, config=values), "Change the settings?", change)

    def action_reconnect(self) -> None:
        """Consent again in a browser; the integration stays, with its id."""
        row = self._row
        if row is None:
            return
        from powerstrip_tui.screens.consent import Again

        self.app.push_screen(Again(row))

    def action_confirm(self) -> None:
        """Destroy the credentials before, after a question."""

        def answered(yes: bool | None) -> None:
            if yes:
                confirm = self.hub.credential_rotation.confirm
                self._do("Confirming", lambda: confirm(self._ref), "The credentials before are destroyed.")

        question = "Destroy the credentials of before the rotation?"
        self.app.push_screen(Confirm(question, "There is no way back to them then."), answered)

    def action_roll_back(self) -> None:
        """Use the credentials before again."""
        self._do(
            "Going back", lambda: self.hub.credential_rotation.roll_back(self._ref), "The credentials before are used again."
        )

    def action_copy(self) -> None:
        """Copy it to another project, credentials included."""
        from powerstrip_tui.dialogs.projects import Projects

        def chosen(project: Project | None) -> None:
            if project is not None and self._row is not None:
                self._copy(project, self._row)

        self.app.push_screen(Projects("Copy it to which project?"), chosen)

    @work(exclusive=True, group="do")
    async def _copy(self, project: Project, row: Integration) -> None:
        async with self.asking("Copying it"):
            here = await self.hub.projects.get(self.app.link.project)
            await self.hub.within(project["handle"]).integrations.copy(here["id"], row["id"])
            self.notify(f"{line(row['name'])} is in {line(project['handle'])} too.", timeout=4)

    def action_calls(self) -> None:
        """What went through it."""
        from powerstrip_tui.screens.calls import Calls

        if self._row is not None:
            self.app.push_screen(Calls(f"through {line(self._row['name'])}", integration_id=self._ref))

    def action_copy_id(self) -> None:
        """Its id, to the clipboard."""
        self.app.copy_to_clipboard(self._ref)
        self.notify("Copied its id", timeout=2)


def _since(impact: Impact | None) -> str:
    return f" (calls since {line(impact['since'])[:10]})" if impact else ""


def _verdict(probe: Probe) -> Content:
    account = (probe.get("account") or {}).get("name") or (probe.get("account") or {}).get("id") or ""
    if probe["simulated"]:
        return Content.styled("○ A sandbox asks nobody: the credentials were not tried.", "bold")
    if probe["ok"]:
        return Content.styled(f"● It works{': ' + line(account) if account else ''}.", "bold $text-success")
    return Content.styled(f"✕ {line(probe.get('error') or 'The service refuses.')}", "bold $text-error")


def _versions(versions: list[CredentialVersion]) -> Content:
    if len(versions) < 2:
        return Content("")
    rows: list[Content] = []
    for each in versions:
        who = f" {when(each['created_at'])}  {line(each.get('created_by') or '')}"
        rows.append(Content.assemble(f"  v{each['version']}  ", (each["state"].ljust(9), "bold"), who))
    return Content.assemble(heading("Credentials"), "\n", Content("\n").join(rows))


def _history(steps: list[HistoryStep]) -> Content:
    if not steps:
        return Content("Nothing yet.")
    rows: list[Content] = []
    for each in steps[:STEPS]:
        state = f" → {line(each.get('status'))}" if each.get("status") and each.get("status") != each.get("status_before") else ""
        fields = f" {line(', '.join(each['fields']))}" if each["fields"] else ""
        who = f"  by {line(each.get('by'))}" if each.get("by") else ""
        why = f": {line(each.get('reason'))}" if each.get("reason") else ""
        at, what = (moment(each["at"]), "$foreground-muted"), (line(each["action"]), "bold")
        rows.append(Content.assemble(at, "  ", what, f"{fields}{state}{why}{who}"))
    return Content("\n").join(rows)
