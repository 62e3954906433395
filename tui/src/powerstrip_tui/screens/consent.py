"""A person's consent in a browser: the link, its QR code, and the wait for what comes of it."""

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from powerstrip.client import ClientError, HubUnreachable
from powerstrip.client.connecting import Way
from powerstrip.client.shapes import Consent, Integration, Json
from powerstrip.client.text import plain
from powerstrip_tui.dialogs.asking import Ask
from powerstrip_tui.sentences import said
from powerstrip_tui.standing import standing
from powerstrip_tui.texts import line
from powerstrip_tui.view import View

if TYPE_CHECKING:
    from powerstrip_tui.app import Dashboard

POLL_SECONDS = 1.0
WAYS: tuple[tuple[Way, str], ...] = (
    ("callback", "the browser comes back to the hub"),
    ("loopback", "the browser comes back to this machine"),
    ("paste", "paste the code, or the address that the browser ended at"),
    ("device", "enter a code at the service, on any device"),
)


class Consenting(VerticalScroll, can_focus=True):
    """Begins a consent, and waits. `ended` gives the integration's id, or None where the step was left.

    Where the hub runs in this process nothing listens for the browser, so that this machine takes the answer for it
    (RFC 8252, 7.3); elsewhere the hub does.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("b", "browser", "Open browser", id="consent.browser"),
        Binding("y", "copy", "Copy link", id="consent.copy"),
        Binding("w", "way", "Another way back", id="consent.way"),
        Binding("v", "paste", "Paste code", id="consent.paste"),
        Binding("a", "again", "Try again", id="consent.again"),
    ]
    app: "Dashboard"

    def __init__(self, provider: str, name: str, config: Json, auth_kind: str, integration: str = "") -> None:
        super().__init__()
        self._provider, self._name, self._config, self._kind = provider, name, config, auth_kind
        self._integration = integration
        self._way: Way = "callback"
        self._begun: Consent | None = None
        self._end: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()

    def compose(self) -> ComposeResult:
        """The link, and how it stands."""
        yield Static("Asking the hub for the link…", id="link", markup=False)
        yield Static(id="consent-state", markup=False)

    def on_mount(self) -> None:
        """Begin."""
        self._way = "loopback" if self.app.own_hub else "callback"
        self.focus()
        self._run()

    async def ended(self) -> str | None:
        """The integration that came of it."""
        return await self._end

    def on_unmount(self) -> None:
        """The step was left."""
        if not self._end.done():
            self._end.set_result(None)

    @work(exclusive=True, group="consenting")
    async def _run(self) -> None:
        async with standing(self):
            try:
                async with AsyncExitStack() as open_:
                    listener = None
                    if self._way == "loopback":
                        from powerstrip.client.loopback import listening

                        listener = await open_.enter_async_context(listening(self._provider))
                    with self.app.busy("Asking for the link"):
                        begun = await self._begin(listener.uri if listener else None)
                    self._begun = begun
                    self._show(begun)
                    self.action_browser()
                    if listener is not None:
                        end = await self.app.hub.consents.answer(begun["id"], await listener.answer(600))
                    elif self._way == "paste":
                        return
                    else:
                        end = await self._wait(begun)
                self._ended(end)
            except ClientError as error:
                self._state(f"✕ {said(error)}  Press a to try again.")
            except TimeoutError:
                self._state("✕ Nobody consented in time. Press a to try again.")

    async def _begin(self, redirect_uri: str | None) -> Consent:
        consents = self.app.hub.consents
        if self._integration:
            return await consents.again(self._integration, way=self._way, redirect_uri=redirect_uri)
        return await consents.begin(
            self._provider,
            self._name,
            config=self._config or None,
            auth_kind=self._kind,
            way=self._way,
            redirect_uri=redirect_uri,
        )

    async def _wait(self, begun: Consent) -> Consent:
        pause = max(float(begun.get("interval_seconds", 0)), POLL_SECONDS)
        async with asyncio.timeout(610):
            while True:
                await asyncio.sleep(pause)
                try:
                    found = await self.app.hub.consents.get(begun["id"])
                except HubUnreachable as error:
                    self.app.heard(error)  # the consent is on the hub's record: it is waited for until the hub is back
                    continue
                if found["status"] != "pending":
                    return found

    def _show(self, begun: Consent) -> None:
        from powerstrip_tui.widgets.qr import qr_code

        link, code = begun.get("authorize_url", ""), begun.get("user_code")
        words = "Consent in the browser; the link is good once, for ten minutes:\n"
        parts = [Content(words), Content.styled(plain(link), "$text-primary")]
        if code:
            parts.append(Content.assemble("\nEnter there: ", (line(code), "bold reverse")))
        if link:
            parts.append(Content.assemble("\n", qr_code(link)))
        self.query_one("#link", Static).update(Content("\n").join(parts))
        told = dict(WAYS)[self._way]
        waits = "Press v to paste it." if self._way == "paste" else "Waiting…"
        self._state(f"◌ {told[:1].upper()}{told[1:]}. {waits}")

    def _state(self, words: str) -> None:
        self.query_one("#consent-state", Static).update(Content(f"\n{line(words)}"))

    def _ended(self, end: Consent) -> None:
        if end["status"] == "connected" and not self._end.done():
            if missing := end.get("missing_scopes"):
                self.app.notify(f"Not granted: {line(', '.join(missing))}", severity="warning", timeout=10)
            self._end.set_result(end.get("integration_id"))
        else:
            self._state(f"✕ {end.get('reason') or 'The consent came to nothing'}  Press a to try again.")

    def action_browser(self) -> None:
        """Open the link in this machine's browser."""
        link = (self._begun or {}).get("authorize_url", "")
        if link.startswith(("https://", "http://")):
            self.app.open_url(link)

    def action_copy(self) -> None:
        """The link, to the clipboard."""
        self.app.copy_to_clipboard((self._begun or {}).get("authorize_url", ""))
        self.app.notify("Copied the link", timeout=2)

    def action_way(self) -> None:
        """The next way for the answer to come back, with a new link."""
        ways: list[Way] = [way for way, _ in WAYS]
        self._way = ways[(ways.index(self._way) + 1) % len(ways)]
        self._run()

    def action_again(self) -> None:
        """A new link."""
        self._run()

    def action_paste(self) -> None:
        """Give the code, or the whole address, by hand."""

        def given(answer: str | None) -> None:
            if answer and self._begun is not None:
                self._answer(self._begun["id"], answer)

        self.app.push_screen(Ask("The code, or the whole address that the browser ended at", secret=True), given)

    @work(exclusive=True, group="consenting")
    async def _answer(self, id: str, answer: str) -> None:
        async with standing(self):
            try:
                with self.app.busy("Ending the consent"):
                    end = await self.app.hub.consents.answer(id, answer)
            except ClientError as error:
                self._state(f"✕ {said(error)}  Press a for a new link.")
                return
            self._ended(end)


class Again(View):
    """An integration is connected again by a consent."""

    HEADING = "Connect again"
    ABOUT = "The integration stays, with its id; its tokens are new."
    EVERY = None

    def __init__(self, integration: Integration) -> None:
        super().__init__()
        self._row = integration

    def body(self) -> ComposeResult:
        """The link and the wait."""
        row = self._row
        yield Consenting(row["provider"], row["name"], {}, row.get("auth_kind") or "", integration=row["id"])

    def on_mount(self) -> None:
        """Wait for its end."""
        self._wait_for_it()

    @work(exclusive=True, group="again")
    async def _wait_for_it(self) -> None:
        if await self.query_one(Consenting).ended() is not None:
            self.app.notify("Connected again.", timeout=4)
            self.dismiss()
