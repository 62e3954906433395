"""The audit trail: who did what, and whether the chain holds."""

from typing import ClassVar

from textual import on, work
from textual.binding import Binding, BindingType

from powerstrip.client.shapes import AuditEntry
from powerstrip_tui.dialogs.asking import Page
from powerstrip_tui.dialogs.choosing import Choose
from powerstrip_tui.listing import Listing
from powerstrip_tui.texts import moment, pretty
from powerstrip_tui.widgets.table import Column, Rows

ACTIONS = ("everything", "use", "invoke", "refuse", "create", "update", "delete", "archive", "restore")


class Audit(Listing[AuditEntry]):
    """Every change, every use of a credential, every refusal."""

    HEADING = "Audit"
    ABOUT = "Who did what, newest first: changes, uses of credentials, refusals. Enter shows an entry whole; V checks the chain."
    EMPTY = "Nothing was done yet."
    EVERY = 15.0
    COLUMNS = (
        Column[AuditEntry]("When", lambda row: moment(row["created_at"]), 19),
        Column[AuditEntry]("Did", lambda row: row["action"], 8),
        Column[AuditEntry]("What", lambda row: row["resource_type"], 13, spare=2),
        Column[AuditEntry]("Which", lambda row: row.get("resource_name") or row["resource_id"]),
        Column[AuditEntry]("Who", lambda row: row.get("actor_name", ""), 14, spare=1),
        Column[AuditEntry]("With", lambda row: row.get("credential_name", ""), 16, spare=3),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "narrow", "Show only", id="audit.narrow"),
        Binding("V", "verify", "Verify chain", id="audit.verify"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._action: str | None = None

    def shown(self) -> str:
        """Which entries."""
        return f"only: {self._action}" if self._action else ""

    @property
    def narrowed(self) -> bool:
        """Whether only some are asked for."""
        return self._action is not None

    async def load(self) -> None:
        """The newest."""
        await self.table.read(self.hub.audit.list(action=self._action))

    @on(Rows.Chosen)
    def _open(self, event: Rows.Chosen) -> None:
        self.app.push_screen(Page("Audit entry", pretty(event.row)))

    @work(group="doing")
    async def action_narrow(self) -> None:
        """Show entries of one kind."""
        chosen = await self.app.push_screen_wait(Choose("Show only", [(each, each) for each in ACTIONS]))
        if chosen is not None:
            self._action = None if chosen == "everything" else chosen
            self.tell()
            self.table.fill([])
            self.reload()

    @work(group="doing")
    async def action_verify(self) -> None:
        """Walk the hash chain."""
        async with self.asking("Walking the chain"):
            report = await self.hub.audit.verify()
            if report["intact"]:
                self.notify(f"The chain holds: {report['rows']:,} entries")
            else:
                words = f"The chain is broken at entry {report.get('broken_seq')}: {report.get('reason', '')}"
                self.app.push_screen(Page("The audit log was changed", words))
