"""The hub itself: what it runs on, which exceptions are in force, what is installed, which keys seal."""

import asyncio
from collections.abc import Iterable
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from powerstrip.client import HubError
from powerstrip.client.secrets import HubFinding, HubState, SealingKeyStatus
from powerstrip_tui.dialogs.asking import Confirm
from powerstrip_tui.texts import line, literal
from powerstrip_tui.view import View
from powerstrip_tui.widgets.badges import ATTENTION, badge

TOLD_BELOW = ("exception", "plugin")
NOT_OPERATOR = "The hub's settings and sealing keys are shown to its operator: open the data folder (`powerstrip --data DIR`)."


class HubScreen(View):
    """What `powerstrip doctor` tells, of the running hub."""

    HEADING = "Hub"
    ABOUT = "What the hub runs on, exceptions from the safe defaults, adapters that cannot be used, and the keys that seal."
    EVERY = None
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("V", "verify", "Verify audit", id="hub.verify"),
        Binding("R", "rotate", "Rotate data keys", id="hub.rotate"),
    ]

    def body(self) -> ComposeResult:
        """One page."""
        with VerticalScroll(classes="page"):
            yield Static(classes="facts", markup=False)

    def on_mount(self) -> None:
        """Let the arrows scroll."""
        super().on_mount()
        self.query_one(VerticalScroll).focus()

    async def load(self) -> None:
        """Ask for all of it; what this key may not see is told as such."""
        health = await self.hub.health()
        try:
            state, keys, found = await asyncio.gather(self.hub.state(), self.hub.sealing_keys.status(), self.hub.findings())
            page = page_of(state, keys, found["findings"])
        except HubError as error:
            if error.status != 403:
                raise
            page = Content.assemble(("Powerstrip ", "bold"), literal(health["version"]), "\n\n", NOT_OPERATOR)
        self.query_one(".facts", Static).update(page)

    @work(group="doing")
    async def action_verify(self) -> None:
        """Walk the hash chain of the audit log."""
        async with self.asking("Walking the chain"):
            report = await self.hub.audit.verify()
            if report["intact"]:
                self.notify(f"The chain holds: {report['rows']:,} entries")
            else:
                self.notify(f"The chain is broken at entry {report.get('broken_seq')}", severity="error")

    @work(group="doing")
    async def action_rotate(self) -> None:
        """Seal everything anew, with new data keys."""
        facts = "What is sealed is sealed anew while the hub runs. `powerstrip keys rotate-data --finalise` ends the old keys."
        if await self.app.push_screen_wait(Confirm("Rotate the data keys?", facts)):
            async with self.asking("Beginning"):
                await self.hub.sealing_keys.rotate_data("rotate")
                self.notify("It goes on in the background: r shows how far it is")
                self.reload()


def page_of(state: HubState, keys: SealingKeyStatus, found: Iterable[HubFinding]) -> Content:
    """All of it, in lines."""
    allowed = f"At most {state['requests_per_second']:,} requests a second for one key"
    parts: list[Content] = [
        Content.assemble(("Powerstrip ", "bold"), literal(state["version"]), "  on ", literal(state["database"])),
        Content(f"{allowed}; raw deliveries are kept {state['keep_raw_days']} days"),
        Content.assemble("Browsers reach it at ", literal(state.get("public_url") or "its own address")),
        *map(_finding, (each for each in found if each["state"] != "ok" and each["check"] not in TOLD_BELOW)),
        Content.styled("\nExceptions from the safe defaults", "bold"),
    ]
    parts += [Content.assemble(("! ", "bold $text-warning"), literal(each)) for each in state["exceptions"]]
    if not state["exceptions"]:
        parts.append(Content.styled("✓ none is in force", "$text-success"))
    parts.append(Content.styled(f"\nAdapters ({len(state['adapters'])})", "bold"))
    parts.append(literal(", ".join(state["adapters"])))
    for each in state["unusable"]:
        mark = ("· ", "$foreground-muted") if each["blocked"] else ("✕ ", "bold $text-error")
        parts.append(Content.assemble(mark, literal(f"{each['distribution']} {each['version']}: {each['reason']}")))
    master, boxes = keys["master"], sum(sum(each["boxes"].values()) for each in keys["data"])
    parts.append(Content.styled("\nKeys that seal", "bold"))
    wraps = f", wraps {master['data_keys']} data keys"
    parts.append(Content.assemble("Master key ", literal(master["current"]), " from ", literal(master["source"]), wraps))
    parts.append(Content(f"{boxes:,} sealed values in {len(keys['data'])} projects"))
    if (job := keys.get("job")) is not None:
        far = f"{job['projects_done']} of {job['projects']} projects"
        parts.append(literal(f"Rotation of data keys: {job['step']} {job['state']}, {far}"))
    return Content("\n").join(parts)


def _finding(finding: HubFinding) -> Content:
    """What is not sound, and below it what to do."""
    told = badge(ATTENTION, finding["state"])
    return Content.assemble(
        "\n", told, "  ", literal(finding["message"]), (f"\n  → {line(finding.get('hint'))}", "$foreground-muted")
    )
