"""What was received, and why a trigger did not fire: answered from the ledger and from the automations that wait for the event."""

from powerstrip.chat.desk import Desk
from powerstrip.chat.intent import Intent
from powerstrip.chat.state import Person, Reply
from powerstrip.inbound.history import Entry, Filter

SHOWN = 5
"""Events that are told of, the newest."""
MANY = 200
"""Automations that are looked through."""


class Receiving:
    """Questions about events."""

    def __init__(self, desk: Desk, person: Person) -> None:
        self.desk, self.person = desk, person

    async def answer(self, intent: Intent) -> Reply:
        """What came in of a provider or an event, each with what became of it, and who waits for it."""
        self.person.require("events.view")
        provider = intent.provider if intent.provider not in ("", "webhook") else ""
        what = intent.event or (f"an event of {self.desk.title(provider)}" if provider else "an event")
        wanted = Filter(provider=provider or None, event_type=intent.event or None)
        entries = await self.desk.history.list(self.person.project.id, wanted, limit=SHOWN)
        lines = [await self._line(entry) for entry in entries]
        told = "\n".join(lines) if lines else await self._nothing(provider, what)
        waiting = await self._waiting(intent.event, provider)
        return Reply(f"{'The newest, and what became of each:' if lines else ''}\n{told}\n{waiting}".strip(), done=True)

    async def _line(self, entry: Entry) -> str:
        row = entry.row
        stages = await self.desk.history.trace(self.person.project.id, row.id)
        stopped = next((stage for stage in stages if stage.state == "stopped"), None)
        came = [name for name, state in ((stage.name, stage.state) for stage in stages) if state == "done"][-1:]
        fate = (
            f"stopped when it was to be {stopped.name}: {stopped.detail or 'no reason was kept'}"
            if stopped
            else f"{came[0] if came else entry.processing}"
        )
        return f"- {row.received_at} {row.event_type}: {fate}"

    async def _nothing(self, provider: str, what: str) -> str:
        said = f"Nothing was received of {what}."
        if not provider:
            return said
        rows = await self.desk.integrations.list(self.person.project.id, provider=provider, limit=MANY)
        if not rows:
            return (
                f"{said} {self.desk.title(provider)} is not connected in this project: say connect {self.desk.title(provider)}."
            )
        if not [row for row in rows if row.status == "active"]:
            return f"{said} {rows[0].name} is {rows[0].status}, and what comes for it starts nothing."
        return f"{said} {rows[0].name} is active: see that {self.desk.title(provider)} knows the hub's address (`powerstrip webhooks list`)."

    async def _waiting(self, event: str, provider: str) -> str:
        if not event and not provider:
            return ""
        known = await self.desk.automations.list(self.person.project.id, limit=MANY)
        listening: list[str] = []
        asleep: list[str] = []
        for each in known:
            for trigger in each.triggers:
                of = str(trigger.config.get("event", ""))
                if of == event or (not event and of.split(".")[0] == provider):
                    (listening if trigger.active and trigger.enabled else asleep).append(each.row.handle)
        what = event or f"events of {self.desk.title(provider)}"
        if listening:
            return f"Waiting for {what}: {', '.join(dict.fromkeys(listening))}."
        if asleep:
            return f"{', '.join(dict.fromkeys(asleep))} would take {what}, but is not published or is paused, so nothing starts."
        return f"No published automation waits for {what}, so nothing starts by it."
