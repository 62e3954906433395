"""A folder of installed plugins that tests fill, and a catalog that sees no others."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from powerstrip.catalog import Catalog
from powerstrip.catalog.discover import discover

FINE = """
    from powerstrip.adapter import Adapter, ApiKey, Http, Model

    adapter = Adapter(id="{id}", title="{id}", base_url="https://api.{id}.example", auth=ApiKey(header="X-Key"))

    class Ask(Model):
        question: str

    class Told(Model):
        answer: str

    @adapter.action("question.ask", read_only=True, aliases=("ask-question",))
    async def ask(http: Http, ask: Ask) -> Told:
        '''Ask something.'''
        return await http.post("/ask", json=ask, returns=Told)
"""


class Site:
    """A site folder: each plugin is a module and the metadata of a distribution."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(self, name: str, code: str = FINE, *, dist: str = "", version: str = "1.0", attribute: str = "adapter") -> Path:
        """Install `code` as one module with one entry point; `{id}` in the code is the name. Gives the module's path."""
        dist = dist or f"plugin-{name}"
        module = "mod_" + dist.replace("-", "_")
        path = self.folder / f"{module}.py"
        path.write_text(dedent(code).replace("{id}", name))
        info = self.folder / f"{dist.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {dist}\nVersion: {version}\n")
        (info / "entry_points.txt").write_text(f"[powerstrip]\n{name} = {module}:{attribute}\n")
        return path

    def edit(self, path: Path, old: str, new: str) -> None:
        """Change a module as an author would."""
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new))
        os.utime(path, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns + 1))


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    yield Site(folder)
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", "")).startswith(str(folder)):
            del sys.modules[name]


@pytest.fixture
def load(site: Site, tmp_path: Path) -> Callable[..., Catalog]:
    """Load the catalog; what is installed beside the tests' own plugins is blocked."""
    others = {found.distribution for found in discover()}

    def loaded(block: tuple[str, ...] = (), limit: float = 10.0) -> Catalog:
        return Catalog.load(tmp_path / "catalog", block=(*others, *block), limit=limit)

    return loaded


@pytest.fixture
def probed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the plugins that were looked into."""
    from powerstrip.catalog.prober import Prober

    names: list[str] = []
    real = Prober.probe

    def probe(self: Prober, found: object) -> object:
        names.append(found.name)  # type: ignore[attr-defined]
        return real(self, found)  # type: ignore[arg-type]

    monkeypatch.setattr(Prober, "probe", probe)
    return names


def reasons(catalog: Catalog) -> dict[str, str]:
    """Entry-point name → reason of the plugins that are not usable, without those that the fixture blocks."""
    return {each.name: each.reason for each in catalog.broken() if "blocked" not in each.reason}


@pytest.fixture(name="reasons")
def _reasons() -> Callable[[Catalog], dict[str, str]]:
    return reasons
