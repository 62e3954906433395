"""Secrets: named values for workers. They go in and do not come out."""

from typing import ClassVar

from textual import on, work
from textual.binding import Binding, BindingType

from powerstrip.client.secrets import Secret
from powerstrip_tui.dialogs.asking import Ask, Confirm, Page
from powerstrip_tui.listing import Listing
from powerstrip_tui.texts import line, moment, when
from powerstrip_tui.widgets.table import Column, Rows


class Secrets(Listing[Secret]):
    """The project's secrets, without values."""

    HEADING = "Secrets"
    ABOUT = "Named values for your workers, sealed. n makes one, s sets a value; no value is ever shown."
    EMPTY = "No secret yet: n makes one."
    EVERY = None
    COLUMNS = (
        Column[Secret]("Secret", lambda row: row["name"]),
        Column[Secret]("Version", lambda row: row["version"], 7),
        Column[Secret]("Fields", lambda row: ", ".join(row["key_names"]), 28, spare=1),
        Column[Secret]("Changed", lambda row: when(row["updated_at"]), 11, spare=2),
        Column[Secret]("For", lambda row: row.get("description", ""), 24, spare=3),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "new", "New", id="secrets.new"),
        Binding("s", "set", "Set value", id="secrets.set"),
        Binding("X", "delete", "Delete", id="secrets.delete"),
    ]

    async def load(self) -> None:
        """All of them."""
        await self.table.read(self.hub.secrets.list())

    @on(Rows.Chosen)
    @work(group="doing")
    async def _open(self, event: Rows.Chosen) -> None:
        async with self.asking("Reading the versions"):
            rows = await self.hub.secrets.versions(event.row["name"])
            lines = [f"{row['version']:>4}  {row.get('state', ''):<10} {moment(row.get('created_at'))}" for row in rows]
            self.app.push_screen(Page(f"Versions of {line(event.row['name'])}", "\n".join(lines)))

    @work(group="doing")
    async def action_new(self) -> None:
        """Make one: name, field, value."""
        name = await self.app.push_screen_wait(Ask("A new secret's name", "Lower-case letters, digits and hyphens."))
        if name is not None and (values := await self._value("value")) is not None:
            async with self.asking("Sealing"):
                await self.hub.secrets.create(name, values)
                self.reload()

    @work(group="doing")
    async def action_set(self) -> None:
        """A new version with another value of one field."""
        row = self.current
        if row is not None and (values := await self._value(row["key_names"][0] if row["key_names"] else "value")) is not None:
            async with self.asking("Sealing"):
                await self.hub.secrets.update(row["name"], values=values)
                self.notify(f"{line(row['name'])} has a new version")
                self.reload()

    async def _value(self, field: str) -> dict[str, str] | None:
        """One field's name and its value, typed unseen."""
        name = await self.app.push_screen_wait(Ask("Which field?", "A secret holds one or several.", value=field))
        if name is None:
            return None
        value = await self.app.push_screen_wait(Ask(f"The value of {line(name)}", "It is sealed, and never shown.", secret=True))
        return {name: value} if value is not None else None

    @work(group="doing")
    async def action_delete(self) -> None:
        """Remove it with every version."""
        row = self.current
        if row is None:
            return
        sure = Confirm(f"Delete {line(row['name'])} for good?", "Every version goes; workers that ask for it get nothing.")
        if await self.app.push_screen_wait(sure):
            async with self.asking("Deleting"):
                await self.hub.secrets.delete(row["name"])
                self.reload()
