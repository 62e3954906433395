"""The plugin template is a real plugin: begun, built, installed and tested as its next author would do it."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from powerstrip.cli import main

ROOT = Path(__file__).parents[1]
TEMPLATE = ROOT / "plugin-template"
VARIANTS = {
    "api-key-webhook": ("--auth", "api-key", "--webhook"),
    "api-key": ("--auth", "api-key"),
    "oauth2-webhook": ("--auth", "oauth2", "--webhook"),
    "none": ("--auth", "none"),
}
FIND = """
import json, sys
from pathlib import Path
from powerstrip.catalog import Catalog, provider_page
catalog = Catalog.load(Path(sys.argv[1]))
found = catalog.provider("acme_todo")
print(json.dumps({"distribution": found.distribution, "actions": found.action_ids, "auth": found.auths[0].kind,
    "webhook": found.webhook is not None, "page": provider_page(found)}))
"""


def run(*command: str, folder: Path, python: str = sys.executable) -> str:
    """Run Python; gives what it prints."""
    done = subprocess.run([python, *command], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def fresh_environment(folder: Path) -> str:
    """A new environment that borrows the workspace's libraries, since no index is asked; gives its Python."""
    run("-m", "venv", "--without-pip", str(folder), folder=folder.parent)
    [site] = folder.glob("lib/python*/site-packages")
    borrowed = [path for path in sys.path if path.endswith("site-packages")] + [str(ROOT / "core" / "src")]
    (site / "workspace.pth").write_text("\n".join(borrowed))
    return str(folder / "bin" / "python")


@pytest.fixture(scope="module", params=VARIANTS)
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path, str]:
    """A variant's name, its project, and the Python of an environment into which its wheel was installed."""
    folder = tmp_path_factory.mktemp("new") / "powerstrip-acme-todo"
    assert main(["plugin", "new", "acme-todo", *VARIANTS[request.param], "--dir", str(folder)]) == 0
    run("-m", "hatchling", "build", "-t", "wheel", "-d", "dist", folder=folder)
    python = fresh_environment(folder.parent / "venv")
    [wheel] = (folder / "dist").glob("*.whl")
    [site] = (folder.parent / "venv").glob("lib/python*/site-packages")
    with zipfile.ZipFile(wheel) as archive:  # what an installer does with a wheel of pure Python
        archive.extractall(site)
    return request.param, folder, python


def test_its_own_tests_pass(made: tuple[str, Path, str]) -> None:
    _, folder, python = made
    said = run("-m", "pytest", "-q", "-p", "no:cacheprovider", folder=folder, python=python)
    assert "passed" in said
    assert "failed" not in said


def test_a_hub_finds_it_once_installed(made: tuple[str, Path, str], tmp_path: Path) -> None:
    variant, folder, python = made
    found = json.loads(run("-c", FIND, str(tmp_path), folder=folder, python=python))
    assert found["distribution"] == "powerstrip-acme-todo"
    assert found["actions"] == ["note.get", "note.create", "note.list"]
    assert variant.startswith(found["auth"].replace("_", "-"))
    assert found["webhook"] is ("webhook" in variant)
    assert "| `acme_todo.note.create` | Write a note into a notebook. |" in found["page"]


def test_nothing_of_the_template_is_left_in_it(made: tuple[str, Path, str]) -> None:
    _, folder, _ = made
    files = [path for path in folder.rglob("*") if path.is_file() and not {"dist", "__pycache__"} & set(path.parts)]
    texts = {path: path.read_text() for path in files}
    assert [path for path, text in texts.items() if "acme_notes" in text.lower() or "acme notes" in text.lower()] == []
    assert (folder / ".github/workflows/publish.yml").exists()
    assert "acme_todo" in (folder / "pyproject.toml").read_text()
    assert (folder / "src/powerstrip_acme_todo/py.typed").exists()


def test_it_names_the_contract_it_was_made_for() -> None:
    assert "powerstrip>=0.1,<1" in (TEMPLATE / "pyproject.toml").read_text()


@pytest.mark.parametrize("name", ["Acme", "acme notes", "9lives", "powerstrip-x", "../up", "a" * 60, ""])
def test_a_name_is_lower_case_words(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plugin", "new", "--dir", str(tmp_path / "new"), "--", name]) == 1
    assert "provider's name" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_nothing_is_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    assert main(["plugin", "new", "acme-todo", "--dir", str(tmp_path)]) == 1
    assert "is there already" in capsys.readouterr().err
    assert os.listdir(tmp_path) == ["mine.txt"]


def test_the_template_is_shipped_with_the_kit(tmp_path: Path) -> None:
    run("-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path), folder=ROOT / "core")
    [wheel] = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        shipped = {name.partition("kit/template/")[2] for name in archive.namelist() if "kit/template/" in name}
    kept = {
        path.relative_to(TEMPLATE).as_posix()
        for path in TEMPLATE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert shipped == kept
