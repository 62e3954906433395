"""Loading one plugin through pluggy. Pluggy's own entry-point loader stops at the first broken plugin; this one takes one."""

from importlib.metadata import EntryPoint

import pluggy

from powerstrip.adapter import Adapter
from powerstrip.adapter.adapter import PROJECT

GROUP = "powerstrip"
"""The entry-point group of adapters."""
MAX_REASON = 500

_hookspec = pluggy.HookspecMarker(PROJECT)


class LoadFailed(Exception):
    """A plugin that gives no adapter. `reason` is one line for people."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = one_line(reason)


class _Hooks:
    @_hookspec
    def powerstrip_adapter(self) -> Adapter:  # pyright: ignore[reportReturnType] - the plugin's own body answers
        """Give the adapter."""


def load_adapter(name: str, value: str) -> Adapter:
    """Import `module:attribute` and ask its hook for the adapter. Raises `LoadFailed` whatever the plugin raises."""
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(_Hooks)
    try:
        manager.register(EntryPoint(name, value, GROUP).load(), name)
        given = manager.hook.powerstrip_adapter()
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise LoadFailed(f"it cannot be loaded: {told(error)}") from error
    return _only_adapter(given)


def told(error: BaseException) -> str:
    """An error's kind and text on one line, without a traceback."""
    return one_line(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__)


def one_line(text: str) -> str:
    """Text of a plugin as it may be shown: printable, on one line, at most 500 characters."""
    printable = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(printable.split())[:MAX_REASON]


def _only_adapter(given: list[object]) -> Adapter:
    if len(given) != 1:
        raise LoadFailed("its entry point must name an Adapter: nothing there answers the hook `powerstrip_adapter`")
    adapter = given[0]
    if not isinstance(adapter, Adapter):
        raise LoadFailed(f"its entry point must name an Adapter; it gives {type(adapter).__name__}")
    return adapter
