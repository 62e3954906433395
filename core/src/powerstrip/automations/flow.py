"""Everything that makes automations run, put together: the engine, what starts runs, what shows them."""

from powerstrip.actions import Actions
from powerstrip.automations.again import Again
from powerstrip.automations.engine import Engine
from powerstrip.automations.engine.calling import ServerExecutor
from powerstrip.automations.intake import Intake
from powerstrip.automations.rehearsal import Rehearsals
from powerstrip.automations.runs import Bell, Runs
from powerstrip.automations.ticking import Ticker
from powerstrip.automations.triggers import CONSUMER, Triggers, listens
from powerstrip.events import Events
from powerstrip.store import Store
from powerstrip.vault import Vault


class Flow:
    """One for each hub. Made before the events begin; `start` comes after them, `close` before."""

    def __init__(self, store: Store, vault: Vault, events: Events, actions: Actions, engine: Engine) -> None:
        bell = Bell()
        self.engine = engine
        engine.watchers.append(bell.ring)
        engine.end_watchers.append(bell.toll)
        for kind in ("server", "http"):
            engine.use(kind, ServerExecutor(actions))
        self.runs = Runs(store, self.engine, actions, vault.audit, bell)
        self.again = Again(store, self.engine, vault.audit)
        self.rehearsals = Rehearsals(store, actions)
        self.intake = Intake(store, vault, events, self.runs, vault.audit)
        self._ticker = Ticker(store, events)
        triggers = Triggers(self.engine)
        events.add_crowd(CONSUMER, triggers.take_all, listens)
        events.add_previewer(triggers.preview)

    async def start(self) -> None:
        """Take up what an earlier process left; fire schedules."""
        await self.engine.start()
        await self._ticker.start()

    async def close(self) -> None:
        """Begin nothing more. What is in the middle goes on with the next process."""
        await self._ticker.close()
        await self.engine.close()
