"""The documents say what is: provider pages come from the adapters, commands parse, Python blocks run, links lead somewhere.

`POWERSTRIP_UPDATE_DOCS=1` writes the provider pages anew.
"""

import os
import re
import shlex
import subprocess
import sys
from itertools import takewhile
from pathlib import Path

import pytest

from powerstrip.catalog import Catalog, provider_page

ROOT = Path(__file__).parent.parent
PAGES = ROOT / "docs" / "providers"
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)")
POWERSTRIP = str(Path(sys.executable).with_name("powerstrip"))


def blocks(document: Path, language: str) -> list[str]:
    return [body for found, body in FENCE.findall(document.read_text()) if found == language]


def commands(document: Path) -> list[list[str]]:
    """Each `powerstrip …` line of the document's shell blocks, as words."""
    text = "\n".join(blocks(document, "sh")).replace("\\\n", " ")
    lines = [line.strip().removeprefix(".uv/bin/uv run ") for line in text.splitlines()]
    found = [shlex.split(line, comments=True) for line in lines if line.startswith("powerstrip ")]
    return [list(takewhile(lambda word: word not in (">", "<", "|"), words)) for words in found]


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return Catalog.load(tmp_path_factory.mktemp("catalog"))


def index_of(catalog: Catalog) -> str:
    rows = [f"| [{each.title}]({each.id}.md) | `{each.id}` | {each.description} |" for each in catalog.providers()]
    head = "# Providers\n\nMade from the adapters that come along; a test keeps these pages true.\n\n| | id | |\n|---|---|---|\n"
    return head + "\n".join(rows) + "\n"


def test_provider_pages_are_those_of_the_adapters(catalog: Catalog) -> None:
    pages = {f"{each.id}.md": provider_page(catalog.provider(each.id)) for each in catalog.providers()}
    pages["README.md"] = index_of(catalog)
    if os.environ.get("POWERSTRIP_UPDATE_DOCS"):
        PAGES.mkdir(exist_ok=True)
        for name, text in pages.items():
            (PAGES / name).write_text(text)
    assert {path.name: path.read_text() for path in PAGES.glob("*.md")} == pages


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    missing = [link for link in LINK.findall(document.read_text()) if not (document.parent / link).exists()]
    assert missing == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_are_commands(document: Path) -> None:
    from powerstrip.cli.parser import build

    for words in commands(document):
        build().parse_args(words[1:])


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_python_blocks_run(document: Path, tmp_path: Path) -> None:
    program = "\n".join(blocks(document, "python"))
    if not program:
        return
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
