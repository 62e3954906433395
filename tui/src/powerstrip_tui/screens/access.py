"""Access: API keys, who they belong to, and what these may do."""

from typing import Any, ClassVar

from textual import on, work
from textual.binding import Binding, BindingType

from powerstrip.client.shapes import ApiKey, Principal, Role
from powerstrip_tui.dialogs.asking import Ask, Confirm, Page
from powerstrip_tui.dialogs.choosing import Choose
from powerstrip_tui.listing import Listing
from powerstrip_tui.texts import line, pretty, when
from powerstrip_tui.widgets.table import Column, Rows


class Access(Listing[ApiKey]):
    """API keys with their principals and roles."""

    HEADING = "Access"
    ABOUT = "API keys, whose they are, and the roles that say what these may do. A new key is shown once."
    EMPTY = "No API key yet: P makes a principal (a person, a program), n a key for it."
    EVERY = None
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "new", "New key", id="access.new"),
        Binding("X", "revoke", "Revoke", id="access.revoke"),
        Binding("a", "give", "Assign role", id="access.give"),
        Binding("P", "principal", "New principal", id="access.principal"),
        Binding("R", "roles", "Roles", id="access.roles"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._principals: dict[str, Principal] = {}
        self._roles: dict[str, Role] = {}

    def columns(self) -> tuple[Column[ApiKey], ...]:
        """Whose a key is and what it may, by name."""
        return (
            Column[ApiKey]("Key", lambda row: f"{row['key_prefix']}…", 16),
            Column[ApiKey]("Name", lambda row: row["name"]),
            Column[ApiKey]("Belongs to", self._whose, 20, spare=1),
            Column[ApiKey]("May", self._may, 24, spare=2),
            Column[ApiKey]("Last used", lambda row: when(row.get("last_used_at")) or "never", 11, spare=3),
            Column[ApiKey]("Ends", lambda row: when(row.get("revoked_at") or row.get("expires_at")) or "never", 11, spare=4),
        )

    def _whose(self, row: ApiKey) -> str:
        principal = self._principals.get(row["principal_id"])
        return row["principal_id"] if principal is None else principal["name"]

    def _may(self, row: ApiKey) -> str:
        principal = self._principals.get(row["principal_id"])
        ids = principal.get("role_ids", []) if principal else []
        return ", ".join(self._roles[each]["name"] for each in ids if each in self._roles)

    async def load(self) -> None:
        """Keys, principals, roles."""
        self._roles = {each["id"]: each for each in await self.hub.roles.list().all()}
        self._principals = {each["id"]: each for each in await self.hub.principals.list(include_disabled=True)}
        await self.table.read(self.hub.keys.list())

    @on(Rows.Chosen)
    def _open(self, event: Rows.Chosen) -> None:
        whole: dict[str, Any] = {"key": event.row, "principal": self._principals.get(event.row["principal_id"])}
        self.app.push_screen(Page("API key", pretty(whole)))

    async def _which(self, heading: str, things: dict[str, Any]) -> str | None:
        """One of the principals or roles, by its name."""
        choices = [(key, f"{each['name']}  {each.get('description') or each.get('state', '')}") for key, each in things.items()]
        return await self.app.push_screen_wait(Choose(heading, choices, search=True))

    @work(group="doing")
    async def action_new(self) -> None:
        """A key for one of the principals; it is shown once."""
        if not self._principals:
            self.notify("Nobody is there who could have a key: P makes a principal")
            return
        whose = await self._which("Whose key?", self._principals)
        if whose is None:
            return
        name = await self.app.push_screen_wait(Ask("What is it for?", "A name by which people know it."))
        if name is None:
            return
        async with self.asking("Making a key"):
            made = await self.hub.keys.create(name, whose)
            page = Page("The key, shown this once", made["key"])
            await self.app.push_screen_wait(page)
            self.reload()

    @work(group="doing")
    async def action_revoke(self) -> None:
        """End a key at once."""
        row = self.current
        if row is None:
            return
        used = f"Last used {when(row.get('last_used_at')) or 'never'}. Whoever uses it is refused within seconds."
        if await self.app.push_screen_wait(Confirm(f"Revoke {line(row['name'])} ({row['key_prefix']}…)?", used)):
            async with self.asking("Revoking"):
                await self.hub.keys.revoke(row["id"])
                self.reload()

    @work(group="doing")
    async def action_give(self) -> None:
        """Give the principal of the key under the cursor a role."""
        row = self.current
        if row is None:
            return
        role = await self._which(f"Which role for {line(self._whose(row))}?", self._roles)
        if role is not None:
            async with self.asking("Giving the role"):
                await self.hub.role_assignments.create(row["principal_id"], role)
                self.reload()

    @work(group="doing")
    async def action_principal(self) -> None:
        """Somebody, or something, that acts in this project."""
        name = await self.app.push_screen_wait(Ask("A new principal's name", "A person, a program or a service that gets keys."))
        if name is None:
            return
        role = await self._which("Its role?", self._roles)
        if role is not None:
            async with self.asking("Making it"):
                await self.hub.principals.create(name, role_ids=[role])
                self.notify(f"{line(name)} can get a key now: n")
                self.reload()

    @work(group="doing")
    async def action_roles(self) -> None:
        """What each role may do."""
        role = await self._which("Roles", self._roles)
        if role is not None:
            found = self._roles[role]
            self.app.push_screen(Page(f"Role {line(found['name'])}", "\n".join(found["permissions"])))
