"""The rooms that a hub can open its port without: loaded with this module, made and started once deliveries and calls are served.

A hub that has begun is a hub that answers: what comes before these rooms are there is kept, and whoever needs one of them waits.
"""

import asyncio
from typing import TYPE_CHECKING

from powerstrip.actions import OwnActions
from powerstrip.automations import Automations, Flow, Parts, action_users, find_engine, impact_source
from powerstrip.automations.workers import WorkerExecutor, Workers
from powerstrip.catalog import Catalog
from powerstrip.connect.consent import Apps, connecting
from powerstrip.connect.definitions import Definitions
from powerstrip.entities import CONSUMER, DataChanges, Entities, entity_provider
from powerstrip.logs import Log
from powerstrip.outbound import Outbound
from powerstrip.problems import Problem

if TYPE_CHECKING:
    from powerstrip.api.hub import Hub

log = Log("powerstrip.hub")

SWEEP_SECONDS = 600
"""How often old idempotency keys, lost calls and expired files are looked for."""


async def furnish(hub: "Hub") -> None:
    """Make these rooms, take up what an earlier process left, and begin to sweep."""
    await asyncio.to_thread(_add_entities, hub)
    _add_connecting(hub)
    _add_outbound(hub)
    await _add_automations(hub)
    _tell_plugins(hub.catalog)
    await _start(hub)


def _add_entities(hub: "Hub") -> None:
    hub.entities = Entities(hub.store, hub.audit, hub.events)
    provider = entity_provider(hub.entities)
    hub.actions.add_built_in(provider)
    hub.catalog.add(provider.adapter)
    hub.integrations.catalogs.forget()
    changes = DataChanges(hub.catalog, hub.events)
    hub.events.add_consumer(CONSUMER, changes.take, changes.listens)


def _add_connecting(hub: "Hub") -> None:
    hub.definitions = Definitions(hub.store, hub.catalog, hub.edge, hub.integrations, hub.audit)
    hub.connecting = connecting(
        hub.store,
        hub.vault,
        hub.catalog,
        hub.edge,
        hub.audit,
        hub.settings,
        apps=Apps(hub.store, hub.vault, hub.catalog, hub.audit),
        exchange=hub.exchange,
        tokens=hub.tokens,
        integrations=hub.integrations,
    )


def _add_outbound(hub: "Hub") -> None:
    hub.outbound = Outbound(hub.store, hub.vault, hub.audit, hub.events, hub.deliveries)
    hub.own_actions = OwnActions(hub.store, hub.vault, hub.catalog, hub.deliveries, hub.audit)
    hub.own_actions.add_user(action_users)


async def _add_automations(hub: "Hub") -> None:
    plugin = find_engine(hub.settings.engine, sqlite=hub.settings.sqlite)
    engine = await asyncio.to_thread(plugin.make, Parts(hub.store, hub.events, hub.presence.id))
    hub.workers = Workers(hub.store, hub.audit, hub.actions)
    hub.worker_steps = WorkerExecutor(hub.actions, hub.workers)
    engine.use("worker", hub.worker_steps)
    hub.worker_steps.use_engine(engine)
    hub.flow = Flow(hub.store, hub.vault, hub.events, hub.actions, engine)
    hub.automations = Automations(hub.store, hub.catalog, hub.integrations, hub.audit)
    hub.integrations.add_impact_source(impact_source)


async def _start(hub: "Hub") -> None:
    for room in (hub.outbound, hub.workers, hub.flow):
        hub.ending.push_async_callback(room.close)
    await hub.events.start()
    await hub.outbound.start()
    await hub.inbound.start()
    await hub.workers.start()
    await hub.flow.start()
    hub.ahead.start()
    sweeper = asyncio.create_task(_sweep(hub), name="sweep")
    hub.ending.push_async_callback(_ended, sweeper)


async def _sweep(hub: "Hub") -> None:
    while True:
        await asyncio.sleep(SWEEP_SECONDS)
        try:
            await hub.actions.sweep()
            await hub.inbound.sweep()
            await hub.outbound.sweep()
            await hub.entities.sweep()
        except Problem as problem:
            log.warning("hub.sweep_failed", code=problem.code)


async def _ended(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.wait((task,))


def _tell_plugins(catalog: Catalog) -> None:
    """One line at the start: which plugins are in the house, in which version, and which are not."""
    log.info(
        "hub.plugins",
        usable=[f"{each.id} {each.version}".strip() for each in catalog.providers()],
        blocked=[f"{each.name} {each.version}".strip() for each in catalog.broken() if each.blocked],
        broken=[f"{each.name} {each.version}".strip() for each in catalog.broken() if not each.blocked],
    )
