"""Engines are found by entry points: what is refused, and that a run is taken over from a process that is gone alone."""

import asyncio
from importlib.metadata import EntryPoint
from types import SimpleNamespace
from typing import Any

import pytest
from enginehouse import ENGINES, housed
from sqlalchemy import update
from sqlmodel import col

from powerstrip.automations import EngineRefused, find_engine
from powerstrip.automations.engine import plugins
from powerstrip.automations.engine.plugins import EnginePlugin
from powerstrip.store import SILENT, HubProcess, Presence


def entries(monkeypatch: pytest.MonkeyPatch, **found: Any) -> None:
    """As if these distributions, and no others, were installed."""
    given = [EntryPoint(name, value, plugins.GROUP) for name, value in found.items()]
    monkeypatch.setattr(plugins, "entry_points", lambda group: given)


def test_an_engine_that_is_not_installed_is_refused_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    entries(monkeypatch)
    with pytest.raises(EngineRefused, match=r"engine dbos is not installed \(there are: journal\): install powerstrip-dbos"):
        find_engine("dbos", sqlite=False)
    assert find_engine("journal", sqlite=True).name == "journal"


@pytest.mark.parametrize("place", ["no_such_module:plugin", "types:SimpleNamespace", f"{__name__}:nothing"])
def test_what_is_no_engine_is_refused(monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    entries(monkeypatch, bad=place)
    with pytest.raises(EngineRefused, match="engine bad"):
        find_engine("bad", sqlite=False)


def test_an_engine_may_refuse_a_database() -> None:
    with pytest.raises(EngineRefused, match="POWERSTRIP_DATABASE_URL"):
        find_engine("dbos", sqlite=True)
    assert isinstance(find_engine("dbos", sqlite=False), EnginePlugin)


nothing = SimpleNamespace()


@pytest.mark.on_postgresql
async def test_a_run_is_taken_over_when_its_process_has_fallen_silent_and_not_before(house) -> None:
    await house.connect()
    store = house.store
    presence = Presence(store, "hub_1", "journal")
    await presence.start()
    first = housed(None, house, ENGINES["journal"])
    first.actor.say("one", slow)
    await first.open()
    run_id = await first.begin("steps: [{name: one, action: one}]")
    async with asyncio.timeout(8):
        while not first.actor.calls:
            await asyncio.sleep(0.01)
    second = housed(first, house, ENGINES["journal"])
    await second.engine.start()
    await asyncio.sleep(0.3)  # several looks
    assert len(first.actor.calls) == 1
    gone = update(HubProcess).where(col(HubProcess.id) == "hub_1").values(seen=HubProcess.seen - SILENT - 1)
    first.actor.say("one", {"by": "another"})
    await presence.close()
    await store.hot(lambda connection: connection.execute(gone))
    assert await second.done(run_id) == {"one": {"by": "another"}}
    one, again = first.actor.calls
    assert (one.idempotency_key, again.again) == (again.idempotency_key, True)
    await second.engine.close()
    await first.close()


async def slow(call: object) -> dict[str, str]:
    await asyncio.sleep(60)
    return {}
