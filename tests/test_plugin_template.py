"""The plugin template is a real plugin: copied, built, installed and tested as its next author would do it."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

TEMPLATE = Path(__file__).parents[1] / "plugin-template"

FIND = """
import json, sys
from pathlib import Path
from powerstrip.catalog import Catalog, provider_page
catalog = Catalog.load(Path(sys.argv[1]))
found = catalog.provider("acme_notes")
print(json.dumps({"distribution": found.distribution, "actions": found.action_ids, "page": provider_page(found)}))
"""


def run(*command: str, folder: Path, site: Path | None = None) -> str:
    """Run Python with `site` installed; gives what it prints."""
    environment = {**os.environ, "PYTHONPATH": str(site or "")}
    done = subprocess.run([sys.executable, *command], cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("template") / "powerstrip-acme-notes"
    shutil.copytree(TEMPLATE, folder, ignore=shutil.ignore_patterns("__pycache__", ".pytest_cache", "dist"))
    return folder


@pytest.fixture(scope="module")
def site(copied: Path) -> Path:
    """The plugin as an installer lays it out. It is pure Python, so its wheel is unpacked and no index is asked."""
    run("-m", "hatchling", "build", "-t", "wheel", "-d", "dist", folder=copied)
    [wheel] = (copied / "dist").glob("*.whl")
    target = copied.parent / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target)
    return target


def test_its_own_tests_pass(copied: Path, site: Path) -> None:
    said = run("-m", "pytest", "-q", "-p", "no:cacheprovider", folder=copied, site=site)
    assert "passed" in said
    assert "failed" not in said


def test_a_hub_finds_it_once_installed(copied: Path, site: Path, tmp_path: Path) -> None:
    found = json.loads(run("-c", FIND, str(tmp_path), folder=copied, site=site))
    assert found["distribution"] == "powerstrip-acme-notes"
    assert found["actions"] == ["note.get", "note.create"]
    assert "| `acme_notes.note.create` | Write a note into a notebook. |" in found["page"]


def test_the_wheel_holds_its_types(site: Path) -> None:
    assert (site / "powerstrip_acme_notes" / "py.typed").exists()
    assert "acme_notes" in next(site.glob("*.dist-info/entry_points.txt")).read_text()


def test_it_names_the_contract_it_was_made_for() -> None:
    assert "powerstrip>=0.1,<1" in (TEMPLATE / "pyproject.toml").read_text()
