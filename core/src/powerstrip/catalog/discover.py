"""Which plugins are installed and whether anything of them has changed, without importing one."""

import hashlib
import importlib.util
import os
import sys
from collections.abc import Iterable, Iterator
from importlib.machinery import ModuleSpec, PathFinder
from importlib.metadata import Distribution, distributions

from powerstrip.catalog.loading import GROUP, one_line
from powerstrip.catalog.manifest import Value

Place = tuple[str, int]
"""A directory of `sys.path` and when it changed, in nanoseconds; -1 for one that is not there."""


class Found(Value):
    """One entry point: its name, `module:attribute`, and the distribution that declares it."""

    name: str
    value: str
    distribution: str
    version: str


def places() -> tuple[Place, ...]:
    """Where distributions are looked for. Installing or removing one changes its directory's time."""
    return tuple((path, _changed(path or os.curdir)) for path in sys.path)


def discover() -> tuple[Found, ...]:
    """Every entry point of the group, in an order that does not depend on the file system."""
    found: dict[tuple[str, str], Found] = {}
    for distribution in distributions():
        for each in _declared(distribution):
            found.setdefault((each.distribution.lower(), each.name), each)
    return tuple(sorted(found.values(), key=lambda each: (each.name, each.distribution)))


def roots_of(value: str) -> tuple[str, ...]:
    """The files and folders that hold an entry point's code: its module, or the package that the module is in."""
    spec = _spec(value.partition(":")[0].strip())
    if spec is None:
        return ()
    if spec.submodule_search_locations is not None:
        return tuple(spec.submodule_search_locations)
    return (spec.origin,) if spec.origin else ()


def stamp_of(roots: Iterable[str]) -> str:
    """One digest over path, time and size of every file below; it differs when a file was edited, added or removed."""
    digest = hashlib.blake2b(digest_size=16)
    for root in roots:
        for path, changed, size in sorted(_files(root)):
            digest.update(f"{path}\0{changed}\0{size}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def _declared(distribution: Distribution) -> list[Found]:
    """The group's entry points of one distribution; none where its metadata cannot be read."""
    try:
        if f"[{GROUP}]" not in (distribution.read_text("entry_points.txt") or ""):
            return []
        name, version = one_line(distribution.metadata["Name"] or ""), one_line(distribution.version or "")
        points = distribution.entry_points.select(group=GROUP)
        return [Found(name=one_line(each.name), value=each.value, distribution=name, version=version) for each in points]
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        return []


def _spec(module: str) -> ModuleSpec | None:
    """The spec of the module's outermost real package, found without importing it."""
    first, *rest = module.split(".")
    try:
        spec = importlib.util.find_spec(first) if first else None
        name = first
        while spec is not None and spec.origin is None and spec.submodule_search_locations is not None and rest:
            name = f"{name}.{rest.pop(0)}"
            spec = PathFinder.find_spec(name, list(spec.submodule_search_locations))
    except (ImportError, ValueError, AttributeError):
        return None
    return spec


def _files(root: str) -> Iterator[tuple[str, int, int]]:
    try:
        with os.scandir(root) as entries:
            for entry in entries:
                if entry.name.startswith((".", "__pycache__")):
                    continue
                if entry.is_dir():
                    yield from _files(entry.path)
                else:
                    stat = entry.stat()
                    yield entry.path, stat.st_mtime_ns, stat.st_size
    except NotADirectoryError:
        yield root, _changed(root), os.stat(root).st_size
    except OSError:
        yield root, -1, 0


def _changed(path: str) -> int:
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return -1
