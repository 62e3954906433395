"""The index is used while nothing changes, and only what changed is looked into again."""

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import time_machine

from powerstrip.catalog import Catalog
from powerstrip.catalog import refresh as refresh_module

Load = Callable[..., Catalog]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "catalog"


def ids(catalog: Catalog) -> list[str]:
    return [each.id for each in catalog.providers()]


def test_a_warm_load_starts_no_process_and_scans_nothing(site, load: Load, probed: list[str], monkeypatch) -> None:
    site.add("acme")
    first = load()
    monkeypatch.setattr(refresh_module, "discover", lambda: pytest.fail("the metadata was scanned"))
    second = load()
    assert probed == ["acme"]
    assert second.providers() == first.providers()
    assert second.provider("acme") == first.provider("acme")


def test_a_new_plugin_alone_is_looked_into(site, load: Load, probed: list[str]) -> None:
    site.add("acme")
    load()
    site.add("beta")
    assert ids(load()) == ["acme", "beta"]
    assert probed == ["acme", "beta"]


def test_an_edited_plugin_alone_is_looked_into_again(site, load: Load, probed: list[str]) -> None:
    path = site.add("acme")
    site.add("beta")
    load()
    site.edit(path, "Ask something.", "Ask anything.")
    assert load().action("acme.question.ask").summary == "Ask anything."
    assert probed == ["acme", "beta", "acme"]


def test_a_package_is_noticed_when_any_file_of_it_changes(site, load: Load, probed: list[str]) -> None:
    module = site.add("acme")
    package = module.with_suffix("")
    (package / "deep").mkdir(parents=True)
    (package / "__init__.py").write_text(module.read_text())
    module.unlink()
    load()
    (package / "deep" / "more.py").write_text("x = 1")
    load()
    assert probed == ["acme", "acme"]
    (package / "__pycache__").mkdir(exist_ok=True)
    (package / "__pycache__" / "x.pyc").write_bytes(b"")
    load()
    assert probed == ["acme", "acme"]


def test_a_removed_plugin_goes_with_its_body(site, load: Load, folder: Path) -> None:
    site.add("acme")
    site.add("beta")
    load()
    shutil.rmtree(next(site.folder.glob("plugin_acme*.dist-info")))
    assert ids(load()) == ["beta"]
    assert [path.name.partition("-")[0] for path in (folder / "bodies").iterdir()] == ["beta"]


def test_an_upgraded_plugin_is_looked_into_again(site, load: Load, probed: list[str]) -> None:
    site.add("acme")
    load()
    shutil.rmtree(next(site.folder.glob("plugin_acme*.dist-info")))
    site.add("acme", version="2.0")
    assert load().summary("acme").version == "2.0"
    assert probed == ["acme", "acme"]


def test_a_broken_plugin_is_not_tried_at_every_start(site, load: Load, probed: list[str], reasons) -> None:
    site.add("acme", "raise RuntimeError('no luck')")
    first = reasons(load())
    assert reasons(load()) == first
    assert probed == ["acme"]


def test_a_broken_plugin_is_tried_again_after_an_hour(site, load: Load, probed: list[str]) -> None:
    with time_machine.travel("2026-01-01T00:00:00Z", tick=False) as clock:
        site.add("acme", "raise RuntimeError('no luck')")
        load()
        clock.shift(3599)
        load()
        assert probed == ["acme"]
        clock.shift(2)
        load()
        assert probed == ["acme", "acme"]


def test_a_broken_plugin_is_mended_by_what_is_installed_beside_it(site, load: Load) -> None:
    site.add(
        "acme",
        "import missing_helper\nfrom powerstrip.adapter import Adapter\nadapter = Adapter('acme', 'A', 'https://a.example')",
    )
    assert ids(load()) == []
    (site.folder / "missing_helper.py").write_text("")
    assert ids(load()) == ["acme"]


def test_another_hub_or_python_looks_into_everything_again(site, load: Load, probed: list[str], monkeypatch) -> None:
    site.add("acme")
    load()
    monkeypatch.setattr("powerstrip.__version__", "99.0")
    load()
    assert probed == ["acme", "acme"]


@pytest.mark.parametrize("spoiled", [b"", b"\xff{", b'{"format": 99}', b'{"rows": [{}]}'])
def test_a_spoiled_index_is_made_anew(site, load: Load, folder: Path, spoiled: bytes) -> None:
    site.add("acme")
    load()
    (folder / "index.json").write_bytes(spoiled)
    assert ids(load()) == ["acme"]
    assert json.loads((folder / "index.json").read_bytes())["rows"]


@pytest.mark.parametrize("spoil", [Path.unlink, lambda path: path.write_bytes(b"{")])
def test_a_lost_body_is_made_anew(site, load: Load, folder: Path, spoil: Callable[[Path], object]) -> None:
    site.add("acme")
    manifest = load().provider("acme")
    [body] = (folder / "bodies").iterdir()
    spoil(body)
    assert load().provider("acme") == manifest


def test_bodies_are_read_when_asked_for_and_few_are_kept(site, load: Load, folder: Path) -> None:
    site.add("acme")
    catalog = load()
    [body] = (folder / "bodies").iterdir()
    before = body.stat().st_atime_ns
    os.utime(body, ns=(before - 10**12, body.stat().st_mtime_ns))
    catalog.providers(), catalog.summary("acme"), catalog.find_action("acme.question.ask")
    assert body.stat().st_atime_ns == before - 10**12
    assert catalog.provider("acme") is catalog.provider("acme")


def test_two_starts_at_once_on_one_folder(site, load: Load) -> None:
    for name in ("acme", "beta", "gamma"):
        site.add(name)
    found: list[list[str]] = []
    threads = [threading.Thread(target=lambda: found.append(ids(load()))) for _ in range(3)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert found == [["acme", "beta", "gamma"]] * 3
    assert ids(load()) == ["acme", "beta", "gamma"]


MEASURE = """
import gc, json, sys, time, tracemalloc
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from powerstrip.catalog import Catalog
if sys.argv[3] == "memory": tracemalloc.start()
at = time.perf_counter()
catalog = Catalog.load(Path(sys.argv[2]))
took = time.perf_counter() - at
gc.collect()
used = tracemalloc.get_traced_memory()[0] if sys.argv[3] == "memory" else 0
print(json.dumps({"providers": len(catalog.providers()), "ms": took * 1e3, "mb": used / 2**20}))
"""


def measured(site: Path, folder: Path, what: str) -> dict[str, float]:
    command = [sys.executable, "-c", MEASURE, str(site), str(folder), what]
    out = subprocess.run(command, capture_output=True, check=True, text=True)
    return json.loads(out.stdout)


@pytest.mark.slow
def test_five_hundred_adapters_are_cheap_to_have(site, tmp_path: Path, capsys) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    few = measured(empty, tmp_path / "few", "time")["providers"]
    base = min(measured(empty, tmp_path / "few", "time")["ms"] for _ in range(3))
    base_mb = measured(empty, tmp_path / "few", "memory")["mb"]
    for number in range(500):
        site.add(f"acme{number}", MANY)
    at = time.perf_counter()
    assert measured(site.folder, tmp_path / "many", "time")["providers"] == few + 500
    cold = time.perf_counter() - at
    warm = min(measured(site.folder, tmp_path / "many", "time")["ms"] for _ in range(5))
    used = measured(site.folder, tmp_path / "many", "memory")["mb"]
    with capsys.disabled():
        print(f"\n500 adapters: cold {cold:.1f} s, warm +{warm - base:.0f} ms, +{used - base_mb:.1f} MB")
    assert used - base_mb < 10
    assert warm - base < 500


MANY = """
    from powerstrip.adapter import Adapter, ApiKey, Http, Model

    adapter = Adapter(id="{id}", title="{id}", base_url="https://api.{id}.example", auth=ApiKey(header="X-Key"))

    class Ask(Model):
        question: str
        tone: str = "plain"
        limit: int = 10

    class Told(Model):
        answer: str
        score: float

    def declare(verb: str) -> None:
        @adapter.action(f"question.{verb}", read_only=True)
        async def act(http: Http, ask: Ask) -> Told:
            '''Do something with a question.'''
            return await http.post("/ask", json=ask, returns=Told)

    for verb in ("ask", "close", "edit", "list", "merge", "move", "open", "split"):
        declare(verb)
"""
