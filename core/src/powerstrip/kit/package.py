"""Where an adapter's package is: installed, in a wheel, or in the folder that it is written in."""

import json
import tomllib
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.machinery import PathFinder
from importlib.metadata import Distribution, distributions
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from powerstrip.catalog import Found, Prober, ProviderManifest, canonical, discover

GROUP = "powerstrip"
LOAD_LIMIT = 30.0
"""Seconds that a package may take to be imported and described."""
MAX_WHEEL = 256 * 1024**2
"""Bytes of an unpacked wheel."""


class NoPackage(ValueError):
    """There is no adapter where one was looked for. The message says what to do."""


@dataclass(frozen=True)
class Package:
    """One adapter's package. `path` are folders to import it from, before those of this process."""

    found: Found
    path: tuple[str, ...] = ()
    project: Path | None = None
    """The folder with its pyproject.toml and tests; None where only the package itself is there."""

    @property
    def root(self) -> Path:
        """The folder (or file) of its code."""
        module = self.found.value.partition(":")[0].partition(".")[0]
        spec = PathFinder.find_spec(module, list(self.path)) if self.path else find_spec(module)
        if spec is not None and (places := spec.submodule_search_locations or (spec.origin and [spec.origin])):
            return Path(places[0])
        raise NoPackage(f"{self.found.value} cannot be found: check the entry point in pyproject.toml")


def find(reference: str, scratch: Path) -> Package:
    """A wheel's path, a project's folder, or the name of an installed provider or distribution.

    What must be unpacked goes below `scratch`. Raises `NoPackage`.
    """
    path = Path(reference)
    if reference.endswith(".whl"):
        return _only(_of_wheel(path, scratch), reference)
    if (path / "pyproject.toml").is_file():
        return of_project(path.resolve(), scratch)
    found = [each for each in discover() if canonical(reference) in (canonical(each.name), canonical(each.distribution))]
    return _only([Package(each, project=_checkout(each.distribution)) for each in found], reference)


def of_project(folder: Path, scratch: Path) -> Package:
    """The adapter of a project's folder, as if it were installed. Raises `NoPackage`."""
    facts = _pyproject(folder)
    points: dict[str, str] = facts.get("entry-points", {}).get(GROUP, {})
    name, version = str(facts.get("name", "")), str(facts.get("version", "0"))
    site = scratch / "site"
    info = site / f"{canonical(name).replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True, exist_ok=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (info / "entry_points.txt").write_text("\n".join([f"[{GROUP}]", *(f"{key} = {value}" for key, value in points.items())]))
    code = folder / "src" if (folder / "src").is_dir() else folder
    path = (str(site), str(code))
    found = [Found(name=key, value=value, distribution=name, version=version) for key, value in points.items()]
    return _only([Package(each, path, folder) for each in found], str(folder))


def manifest_of(package: Package, limit: float = LOAD_LIMIT) -> ProviderManifest:
    """What the catalog would say of it, found out in a process of its own. Raises `NoPackage` with the reason."""
    with Prober(limit, package.path) as prober:
        answer = prober.probe(package.found)
    if answer["reason"]:
        raise NoPackage(f"{package.found.name} cannot be used: {answer['reason']}")
    return ProviderManifest.model_validate_json(answer["body"])


def _only(packages: list[Package], reference: str) -> Package:
    if len(packages) == 1:
        return packages[0]
    if not packages:
        raise NoPackage(
            f"There is no adapter in {reference}: name an installed provider, a wheel, or a folder whose pyproject.toml has "
            f"[project.entry-points.{GROUP}]"
        )
    names = ", ".join(sorted(each.found.name for each in packages))
    raise NoPackage(f"{reference} holds several adapters: name one of {names}")


def _pyproject(folder: Path) -> dict[str, Any]:
    try:
        return tomllib.loads((folder / "pyproject.toml").read_text()).get("project", {})
    except (OSError, ValueError) as error:
        raise NoPackage(f"{folder / 'pyproject.toml'} cannot be read: {error}") from None


def _of_wheel(wheel: Path, scratch: Path) -> list[Package]:
    site = scratch / wheel.stem
    try:
        with zipfile.ZipFile(wheel) as archive:
            if sum(each.file_size for each in archive.infolist()) > MAX_WHEEL:
                raise NoPackage(f"{wheel} is larger than {MAX_WHEEL // 1024**2} MiB")
            archive.extractall(site)  # members that climb out of the folder are renamed by zipfile
    except (OSError, zipfile.BadZipFile) as error:
        raise NoPackage(f"{wheel} cannot be read: {error}") from None
    return [Package(each, (str(site),)) for each in _declared(site)]


def _declared(site: Path) -> Iterator[Found]:
    for distribution in distributions(path=[str(site)]):
        for point in distribution.entry_points.select(group=GROUP):
            yield Found(
                name=point.name, value=point.value, distribution=distribution.metadata["Name"], version=distribution.version
            )


def _checkout(distribution: str) -> Path | None:
    """The folder that an editable installation leads to (PEP 610)."""
    text = Distribution.from_name(distribution).read_text("direct_url.json")
    origin: dict[str, Any] = json.loads(text) if text else {}
    if not origin.get("dir_info", {}).get("editable"):
        return None
    folder = Path(unquote(urlsplit(str(origin["url"])).path))
    return folder if folder.is_dir() else None
