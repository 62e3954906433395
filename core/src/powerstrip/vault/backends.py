"""Finding back ends, the plugins that keep the master key or secrets somewhere else. None is imported until it is named."""

from collections.abc import Callable, Mapping, MutableMapping
from importlib.metadata import EntryPoint, entry_points
from typing import Any, TypeAlias

import pluggy

from powerstrip.adapter.adapter import PROJECT
from powerstrip.adapter.backend import Backend, BackendFailed, WayOut

GROUP = "powerstrip.backends"
"""The entry-point group of back ends; the entry's name is the scheme."""
WayFor: TypeAlias = Callable[[Mapping[str, str]], WayOut]
"""Makes the way out of one back end from its settings. Composition hands it in, for only the edge opens connections."""

_hookspec = pluggy.HookspecMarker(PROJECT)


class _Hooks:
    @_hookspec
    def powerstrip_backend(self) -> Backend:  # pyright: ignore[reportReturnType] - the plugin's own body answers
        """Give the back end."""


class Backends:
    """The installed back ends. Their variables `POWERSTRIP_<SCHEME>_*` are taken out of `environ` when it is made."""

    def __init__(self, environ: MutableMapping[str, str], way: WayFor, found: Mapping[str, EntryPoint] | None = None) -> None:
        self._way = way
        self._found = {each.name: each for each in entry_points(group=GROUP)} if found is None else dict(found)
        self._settings = {scheme: _take(environ, scheme) for scheme in self._found}
        self._loaded: dict[str, Backend] = {}

    @property
    def schemes(self) -> list[str]:
        """The schemes of references that can be read."""
        return sorted(self._found)

    def master_key(self, reference: str) -> bytes:
        """The master key that `scheme:…` names. Raises `BackendFailed`."""
        backend, rest, way = self._find(reference)
        return _guarded(backend, lambda: backend.master_key(rest, way))

    def wrap(self, reference: str, material: bytes) -> str:
        """Hand a master key over; gives the whole reference to read it by. Raises `BackendFailed`."""
        backend, rest, way = self._find(reference)
        return f"{backend.scheme}:{_guarded(backend, lambda: backend.wrap(rest, material, way))}"

    def secret(self, reference: str) -> dict[str, str]:
        """The fields of the secret that `scheme:…` names. Raises `BackendFailed`."""
        backend, rest, way = self._find(reference)
        fields: Mapping[Any, Any] = _guarded(backend, lambda: backend.secret(rest, way))
        if not fields or not all(isinstance(each, str) for pair in fields.items() for each in pair):
            raise BackendFailed(f"{backend.title} gave no fields of text")
        return dict(fields)

    def _find(self, reference: str) -> tuple[Backend, str, WayOut]:
        scheme, _, rest = reference.partition(":")
        if scheme not in self._found:
            known = ", ".join(self.schemes) or "none is"
            raise BackendFailed(f"No back end for {scheme}: is installed (there are: {known}); install powerstrip-{scheme}")
        if scheme not in self._loaded:
            self._loaded[scheme] = _load(self._found[scheme])
        return self._loaded[scheme], rest, self._way(self._settings[scheme])


def _take(environ: MutableMapping[str, str], scheme: str) -> dict[str, str]:
    prefix = f"POWERSTRIP_{scheme.upper()}_"
    return {name.removeprefix(prefix): environ.pop(name) for name in list(environ) if name.startswith(prefix)}


def _load(entry: EntryPoint) -> Backend:
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(_Hooks)
    try:
        manager.register(entry.load(), entry.name)
        given = manager.hook.powerstrip_backend()
    except Exception as error:
        raise BackendFailed(f"The back end {entry.name} cannot be loaded ({type(error).__name__})") from error
    if len(given) != 1 or not isinstance(given[0], Backend) or given[0].scheme != entry.name:
        raise BackendFailed(f"The back end {entry.name} is none: its entry point must name a Backend of that scheme")
    return given[0]


def _guarded(backend: Backend, ask: Callable[[], Any]) -> Any:
    """What the plugin gives. Its unexpected errors may hold a secret: only their kind is told."""
    try:
        return ask()
    except BackendFailed:
        raise
    except Exception as error:  # noqa: BLE001 - a plugin may raise anything
        raise BackendFailed(f"{backend.title} failed: {type(error).__name__}") from None
