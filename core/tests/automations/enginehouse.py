"""An engine with faked actions: what each suite of engine tests needs, whichever engine it is."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from callhouse import House
from sqlalchemy import Connection, event

from powerstrip.automations import Automations, Draft, NewAutomation
from powerstrip.automations.engine import Engine, Outcome, Pending, StepCall
from powerstrip.automations.engine.journal import Journal
from powerstrip.automations.engine.working import Parts
from powerstrip.automations.runs import Bell, Runs, StartRun
from powerstrip.automations.triggers import CONSUMER, Triggers
from powerstrip.events import Events, NewEvent
from powerstrip.problems import Problem
from powerstrip.store import Run, RunStep

Answer = Any


@dataclass
class Actor:
    """Runs actions as told: an answer for each name, `echo` of the parameters where nothing was said."""

    answers: dict[str, list[Answer]] = field(default_factory=dict[str, list[Answer]])
    calls: list[StepCall] = field(default_factory=list[StepCall])
    cancelled: list[str] = field(default_factory=list[str])

    def say(self, name: str, *answers: Answer) -> None:
        """The next answers: outcomes, outputs, failures to raise, or functions of the call. The last one stays."""
        self.answers[name] = list(answers)

    async def start(self, call: StepCall) -> Outcome | Pending:
        self.calls.append(call)
        waiting = self.answers.get(call.action)
        if not waiting:
            return Outcome("completed", call.parameters)
        told = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if callable(told):
            told = told(call)
            told = await told if asyncio.iscoroutine(told) else told
        if isinstance(told, Problem):
            raise told
        return told if isinstance(told, Outcome | Pending) else Outcome("completed", told)

    async def cancel(self, call: StepCall, job_id: str, reason: str) -> None:
        self.cancelled.append(job_id)

    def names(self) -> list[str]:
        return [call.action for call in self.calls]

    def of(self, name: str) -> list[StepCall]:
        return [call for call in self.calls if call.action == name]


@dataclass
class EngineHouse:
    """A house with an engine in it. `restarted` is another process after this one was cut off."""

    house: House
    automations: Automations
    events: Events
    engine: Engine
    runs: Runs
    actor: Actor
    make: Callable[["EngineHouse | None", House], Any]

    async def publish(self, text: str, handle: str = "flow") -> None:
        """An automation of this spec, in force."""
        house = self.house
        if not any(each.row.handle == handle for each in await self.automations.list(house.project.id)):
            await self.automations.create(house.project, house.actor, NewAutomation(handle, handle.title()))
        version = await self.automations.add_version(house.project, house.actor, handle, Draft(text=text))
        await self.automations.publish(house.project, house.actor, handle, version.version)

    async def start(self, handle: str = "flow", /, **inputs: Any) -> str:
        return (await self.runs.start(self.house.project, self.house.actor, handle, StartRun(inputs))).id

    async def begin(self, text: str, /, **inputs: Any) -> str:
        """Publish and start."""
        await self.publish(text)
        return await self.start(**inputs)

    async def until(self, run_id: str, *wanted: str, seconds: float = 8.0) -> Run:
        """The run as soon as it is in one of these states."""
        states = wanted or ("completed", "failed", "cancelled")
        try:
            async with asyncio.timeout(seconds):
                while (run := await self.runs.get(self.house.project.id, run_id)).status not in states:
                    await asyncio.sleep(0.005)
        except TimeoutError:
            raise AssertionError(f"{run.status}, {await self.told(run_id)}") from None
        return run

    async def done(self, run_id: str) -> dict[str, Any]:
        """The result of a run that must end well."""
        run = await self.until(run_id)
        assert run.status == "completed", (run.error_type, run.error_message)
        assert run.result is not None
        return run.result

    async def steps(self, run_id: str) -> dict[str, RunStep]:
        return {each.step.path: each.step for each in await self.runs.steps(self.house.project.id, run_id)}

    async def told(self, run_id: str) -> list[str]:
        """The run's log: the kinds of its entries."""
        entries = await self.runs.events(self.house.project.id, run_id, limit=500)
        assert [each.sequence for each in entries] == list(range(1, len(entries) + 1))
        return [each.event_type for each in entries]

    async def happen(self, name: str, data: dict[str, Any], **more: Any) -> str | None:
        """Let an event happen."""
        new = NewEvent(self.house.project.id, name, more.pop("source_type", "integration"), data=data, **more)
        event_id = await self.house.store.hot(lambda connection: self.events.emit(connection, new))
        self.events.wake()
        return event_id

    async def processed(self, event_id: str) -> dict[str, Any]:
        """What came of an event."""
        from powerstrip.store import SourceEvent

        async with asyncio.timeout(5):
            while True:
                row = await self.house.store.read(lambda session: session.exec(_event(SourceEvent, event_id)).one())
                if row.status in ("succeeded", "failed", "dead"):
                    return row.outcome if isinstance(row.outcome, dict) else json.loads(row.outcome)
                await asyncio.sleep(0.005)

    async def open(self) -> "EngineHouse":
        await self.events.start()
        await self.engine.start()
        return self

    async def close(self) -> None:
        await self.engine.close()
        await self.events.close()

    async def restarted(self) -> "EngineHouse":
        """Cut this engine off where it stands, and begin anew on the same store."""
        await self.close()
        return await self.make(self, self.house).open()


def _event(table: Any, event_id: str) -> Any:
    from sqlmodel import col, select

    return select(table).where(col(table.id) == event_id)


def housed(before: EngineHouse | None, house: House, make: Callable[[Parts], Engine]) -> EngineHouse:
    """The house with the engine that is made from its parts; another process after the one `before`."""
    automations = Automations(house.store, house.catalog, house.integrations, house.vault.audit)
    events, bell = Events(house.store), Bell()
    engine = make(Parts(house.store, events, "hub_2" if before else "hub_1"))
    engine.watchers.append(bell.ring)
    engine.end_watchers.append(bell.toll)
    actor = before.actor if before else Actor()
    for kind in ("server", "worker", "http"):
        engine.use(kind, actor)
    runs = Runs(house.store, engine, house.actions, house.vault.audit, bell)
    events.add_crowd(CONSUMER, Triggers(engine).take_all)
    return EngineHouse(house, automations, events, engine, runs, actor, lambda before, house: housed(before, house, make))


def journal(parts: Parts) -> Journal:
    """The embedded engine."""
    return Journal(parts, look=0.05)


def dbos(parts: Parts) -> Engine:
    """The engine of the plugin, which looks at its queue more often than it would."""
    from powerstrip_dbos.engine import DbosEngine

    return DbosEngine(parts, look=0.05, poll=0.01, settle=0)


ENGINES: dict[str, Callable[[Parts], Engine]] = {"journal": journal, "dbos": dbos}
"""Every engine there is, by name: all of them run the same tests."""


class Writes:
    """Counts commits, and breaks them off where told."""

    def __init__(self, house: House) -> None:
        self.count = 0
        event.listen(house.store.engine, "commit", self._count)

    def _count(self, connection: Connection) -> None:
        self.count += 1
