"""Finding engines. The journal is always there; another is a plugin, and is imported when it is chosen.

A distribution names one in the entry-point group `powerstrip.engines`; its object answers the hook `powerstrip_engine`. Unlike
every other plugin an engine is made from the hub's own parts: it imports `powerstrip.automations.engine` (see docs/decisions).
"""

from abc import ABC, abstractmethod
from importlib.metadata import EntryPoint, entry_points

import pluggy

from powerstrip.adapter.adapter import PROJECT, hookimpl
from powerstrip.automations.engine.journal import Journal
from powerstrip.automations.engine.ports import Engine
from powerstrip.automations.engine.working import Parts
from powerstrip.settings import SettingsError
from powerstrip.store import Store

GROUP = "powerstrip.engines"
"""The entry-point group of engines; the entry's name is the engine's."""

_hookspec = pluggy.HookspecMarker(PROJECT)


class EngineRefused(SettingsError):
    """The engine that was chosen cannot work here. The message says why and what to do, in a line or two."""


class EnginePlugin(ABC):
    """Base of what makes an engine. `name` is what `--engine` takes, `title` is for people."""

    name: str
    title: str

    @hookimpl
    def powerstrip_engine(self) -> "EnginePlugin":
        """Answers the hook."""
        return self

    def refusal(self, *, sqlite: bool) -> str:
        """Why it cannot work on this kind of database, and what to do; empty where it can."""
        return ""

    @abstractmethod
    def make(self, parts: Parts) -> Engine:
        """The engine, not started. What it keeps besides the hub's tables is made or brought up to date. May block."""

    def state(self, store: Store) -> list[str]:
        """What `powerstrip doctor` tells of it, a sentence each. Changes nothing, may block; `EngineRefused` tells a fault."""
        return []


class _Embedded(EnginePlugin):
    name = Journal.name
    title = "the embedded journal"

    def make(self, parts: Parts) -> Journal:
        return Journal(parts)


class _Hooks:
    @_hookspec
    def powerstrip_engine(self) -> EnginePlugin:  # pyright: ignore[reportReturnType] - the plugin's own body answers
        """Give what makes the engine."""


def find_engine(name: str, *, sqlite: bool) -> EnginePlugin:
    """The engine of this name, if it can work on this kind of database. Raises `EngineRefused`."""
    if name == Journal.name:
        return _Embedded()
    found = {each.name: each for each in entry_points(group=GROUP)}
    if name not in found:
        known = ", ".join(sorted({Journal.name, *found}))
        raise EngineRefused(
            f"The engine {name} is not installed (there are: {known}): install powerstrip-{name}, or choose another"
        )
    plugin = _load(found[name])
    if reason := plugin.refusal(sqlite=sqlite):
        raise EngineRefused(reason)
    return plugin


def _load(entry: EntryPoint) -> EnginePlugin:
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(_Hooks)
    try:
        manager.register(entry.load(), entry.name)
        given = manager.hook.powerstrip_engine()
    except Exception as error:
        raise EngineRefused(
            f"The engine {entry.name} cannot be loaded ({type(error).__name__}): is it installed whole?"
        ) from error
    if len(given) != 1 or not isinstance(given[0], EnginePlugin) or given[0].name != entry.name:
        raise EngineRefused(f"The engine {entry.name} is none: its entry point must name an EnginePlugin of that name")
    return given[0]
