"""Endpoints: the addresses that providers send to, polls where they send none, and webhooks to others."""

from typing import Any, ClassVar, TypedDict

from textual import on, work
from textual.binding import Binding, BindingType
from textual.content import Content

from powerstrip.client.shapes import Endpoint, Poll
from powerstrip.client.webhooks import Delivery, Webhook
from powerstrip_tui.dialogs.asking import Ask, Confirm, Page
from powerstrip_tui.dialogs.choosing import Choose
from powerstrip_tui.listing import Listing
from powerstrip_tui.texts import line, pretty, when
from powerstrip_tui.widgets.badges import badge
from powerstrip_tui.widgets.table import Column, Rows

STATES = {
    "on": ("●", "on", "$text-success"),
    "off": ("○", "off", "$foreground-muted"),
    "waits": ("◌", "needs secret", "$text-warning"),
    "stopped": ("✕", "stopped", "$text-error"),
    "unproved": ("✕", "unproved", "$text-error"),
}


class Way(TypedDict):
    """One way in or out: an endpoint, a poll, or a webhook."""

    id: str
    kind: str
    state: str
    name: str
    place: str
    words: str
    whole: Any


def of_endpoint(row: Endpoint) -> Way:
    """An address that a provider sends to."""
    state = "off" if not row["enabled"] else "waits" if row["waits_for_secret"] else "unproved" if row.get("reason") else "on"
    words = row.get("reason") or f"proved by {row['scheme']}"
    return Way(id=row["id"], kind="in", state=state, name=row["provider"], place=row["url"], words=words, whole=row)


def of_poll(row: Poll) -> Way:
    """Looking for events where a provider sends none."""
    stopped = row.get("stopped", "")
    state = "stopped" if stopped and row["enabled"] else "on" if row["enabled"] else "off"
    looked = f"every {row['seconds']} s, looked {when(row.get('looked_at')) or 'never'}, found {row['found']}"
    words = stopped or row.get("error") or looked
    key = f"{row['integration_id']} {row['poll']}"
    return Way(id=key, kind="poll", state=state, name=row["provider"], place=row["poll"], words=words, whole=row)


def of_webhook(row: Webhook) -> Way:
    """An address of others that is told of events."""
    words = row.get("disabled_reason") or (f"failing since {when(since)}" if (since := row.get("failing_since")) else "")
    state = "on" if row["enabled"] else "stopped" if row.get("disabled_reason") else "off"
    words = words or ", ".join(row["events"]) or "every event"
    return Way(id=row["id"], kind="out", state=state, name=row["name"], place=row["url"], words=words, whole=row)


def _state(row: Way) -> Content:
    return badge(STATES, row["state"])


def delivery_line(row: Delivery) -> str:
    """One delivery in a line."""
    made = f"{when(row['created_at']):<11} {row['status']:<10} ×{row['attempts']}"
    return f"{made} {row['event_type']} {row.get('last_error', '')}"


class Endpoints(Listing[Way]):
    """Everything events come in by, and go out by."""

    HEADING = "Endpoints"
    ABOUT = "Addresses that providers send to (in), polls, and webhooks to others (out). Enter shows the steps at the provider."
    EMPTY = "Nothing comes in or goes out yet: n makes an address for a provider."
    COLUMNS = (
        Column[Way]("Way", lambda row: row["kind"], 4),
        Column[Way]("State", _state, 14),
        Column[Way]("Name", lambda row: row["name"], 14),
        Column[Way]("Address or poll", lambda row: row["place"]),
        Column[Way]("More", lambda row: row["words"]),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "new", "New", id="endpoints.new"),
        Binding("s", "switch", "On/off", id="endpoints.switch"),
        Binding("R", "rotate", "New secret", id="endpoints.rotate"),
        Binding("x", "now", "Try now", id="endpoints.now"),
        Binding("D", "deliveries", "Deliveries", show=False, id="endpoints.deliveries"),
        Binding("X", "delete", "Delete", show=False, id="endpoints.delete"),
    ]

    async def load(self) -> None:
        """All three kinds."""
        ways = [of_endpoint(each) for each in await self.hub.endpoints.list()]
        ways += [of_poll(each) for each in await self.hub.polls.list()]
        ways += [of_webhook(each) for each in await self.hub.webhooks.list().all()]
        self.table.fill(ways)

    @on(Rows.Chosen)
    def _open(self, event: Rows.Chosen) -> None:
        steps: list[str] = event.row["whole"].get("steps", [])
        told = "\n".join(f"{number}. {step}" for number, step in enumerate(steps, 1))
        self.app.push_screen(
            Page(f"{event.row['kind']}: {line(event.row['name'])}", f"{told}\n\n{pretty(event.row['whole'])}".strip())
        )

    @work(group="doing")
    async def action_new(self) -> None:
        """An address for an integration; its secret is shown once."""
        async with self.asking("Reading the integrations"):
            rows = await self.hub.integrations.list().all()
            choices = [(each["id"], f"{each['provider']}  {each['name']}") for each in rows]
            chosen = await self.app.push_screen_wait(Choose("An address for which integration?", choices, search=True))
            if chosen is None:
                return
            made = await self.hub.endpoints.create(integration_id=chosen)
            await self._once(made)

    async def _once(self, made: Endpoint) -> None:
        told = "\n".join(f"{number}. {step}" for number, step in enumerate(made["steps"], 1))
        secret = f"Secret, shown this once: {made.get('secret')}\n" if made.get("secret") else ""
        await self.app.push_screen_wait(Page("The address", f"{made['url']}\n{secret}\n{told}"))
        self.reload()

    @work(group="doing")
    async def action_switch(self) -> None:
        """On, or off."""
        row = self.current
        if row is None:
            return
        async with self.asking("Switching"):
            off = row["state"] != "off"
            match row["kind"]:
                case "in":
                    await self.hub.endpoints.enable(row["id"], not off)
                case "out":
                    await self.hub.webhooks.update(row["id"], enabled=not row["whole"]["enabled"])
                case _:
                    poll: Poll = row["whole"]
                    if off:
                        await self.hub.polls.disable(poll["integration_id"], poll["poll"])
                    else:
                        await self.hub.polls.enable(poll["integration_id"], poll["poll"], poll["watch"])
            self.reload()

    @work(group="doing")
    async def action_rotate(self) -> None:
        """Another secret; the one before is taken a while longer."""
        row = self.current
        if row is None or row["kind"] == "poll":
            self.notify("A poll has no secret")
            return
        given: str | None = None
        maker = row["whole"].get("secret_made_by", "hub")
        if maker != "hub":
            given = await self.app.push_screen_wait(Ask("The new secret, from the provider", "It is sealed.", secret=True))
            if given is None:
                return
        if await self.app.push_screen_wait(Confirm("Replace the secret?", "The one before is taken for a day.")):
            async with self.asking("Rotating"):
                if row["kind"] == "in":
                    await self._once(await self.hub.endpoints.rotate(row["id"], given))
                else:
                    made = await self.hub.webhooks.rotate_secret(row["id"])
                    await self.app.push_screen_wait(Page("The secret, shown this once", made["signing_secret"]))
                    self.reload()

    @work(group="doing")
    async def action_now(self) -> None:
        """Look at once, or send a test."""
        row = self.current
        if row is None:
            return
        async with self.asking("Trying"):
            if row["kind"] == "poll":
                looked = await self.hub.polls.now(row["whole"]["integration_id"], row["whole"]["poll"])
                self.notify(looked.get("stopped") or looked.get("error") or f"Looked: {looked['found']} found so far")
            elif row["kind"] == "out":
                done = await self.hub.webhooks.ping(row["id"])
                self.notify("It answered" if done["success"] else f"It did not take it: {line(done.get('error'))}")
            else:
                self.notify("Set off an event at the provider, or a test event on the Events screen (T)")
            self.reload()

    @work(group="doing")
    async def action_deliveries(self) -> None:
        """What was sent to a webhook, and what waits."""
        row = self.current
        if row is None or row["kind"] != "out":
            self.notify("Deliveries are of webhooks to others")
            return
        async with self.asking("Reading the deliveries"):
            page = await self.hub.webhooks.deliveries(row["id"]).page(limit=100)
            lines = [delivery_line(each) for each in page.items]
            self.app.push_screen(Page("Deliveries", "\n".join(lines) or "None yet."))

    @work(group="doing")
    async def action_delete(self) -> None:
        """Remove an endpoint or a webhook."""
        row = self.current
        if row is None or row["kind"] == "poll":
            self.notify("A poll belongs to its integration: switch it off with s")
            return
        if await self.app.push_screen_wait(Confirm(f"Delete {line(row['place'])} for good?", "Whoever sends there is refused.")):
            async with self.asking("Deleting"):
                await (self.hub.endpoints if row["kind"] == "in" else self.hub.webhooks).delete(row["id"])
                self.reload()
