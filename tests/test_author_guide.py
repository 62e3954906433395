"""The author's guide, followed: each of its commands is run as it stands, and `plugin dev` serves whatever is saved.

Its Python blocks run in `test_docs.py`.
"""

import json
import os
import re
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from powerstrip.adapter.testing.vectors import read_vectors
from powerstrip.cli import main
from powerstrip.inbound.verifying import run_vectors

GUIDE = Path(__file__).parents[1] / "docs" / "adapters"
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
POWERSTRIP = str(Path(sys.executable).with_name("powerstrip"))


def environment() -> dict[str, str]:
    """This one without an operator's settings, and with the programs beside this Python."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("POWERSTRIP_")}
    return kept | {"PATH": os.pathsep.join([str(Path(sys.executable).parent), kept["PATH"]])}


def blocks(page: str, *languages: str) -> list[str]:
    return [body for language, body in FENCE.findall((GUIDE / page).read_text()) if language in languages]


class Bench:
    """A running `plugin dev`, and what it says line by line."""

    def __init__(self, folder: Path) -> None:
        command = [POWERSTRIP, "plugin", "dev", str(folder), "--port", "0"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment())

    def end(self) -> None:
        """End it, as closing its terminal does."""
        self.process.send_signal(signal.SIGHUP)
        assert self.process.wait(30) == 0

    def until(self, words: str) -> str:
        """Read on to the line that holds these words; gives all that was said."""
        said = ""
        assert self.process.stdout is not None
        while line := self.process.stdout.readline():
            said += line
            if words in line:
                return said
        raise AssertionError(f"it ended before it said {words!r}:\n{said}")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    where = tmp_path / "todo"
    assert main(["plugin", "new", "acme-todo", "--dir", str(where)]) == 0
    return where


@pytest.fixture
def bench(folder: Path) -> Iterator[Bench]:
    running = Bench(folder)
    yield running
    running.end()


def title_of(said: str) -> str:
    """The title of an action, as the hub that was told of has it."""
    told = dict(re.findall(r"(POWERSTRIP_\w+)=(\S+)", said))
    url = f"{told['POWERSTRIP_URL']}/v1/projects/{told['POWERSTRIP_PROJECT']}/catalog/actions/acme_todo.note.create"
    with urlopen(Request(url, headers={"authorization": f"Bearer {told['POWERSTRIP_API_KEY']}"}), timeout=30) as answer:
        return json.load(answer)["description"]


def test_what_is_saved_is_served(bench: Bench, folder: Path) -> None:
    assert title_of(bench.until("POWERSTRIP_API_KEY")) == "Write a note into a notebook."
    assert "0 findings" in bench.until("finding")

    code = folder / "src/powerstrip_acme_todo/actions.py"
    code.write_text(code.read_text().replace("Write a note into a notebook.", "Write something down."))
    assert title_of(bench.until("POWERSTRIP_API_KEY")) == "Write something down."

    bench.until("finding")
    (folder / "tests/test_more.py").write_text("")
    assert "loading" not in bench.until("finding")

    code.write_text("import nothing_of_this_name\n")
    assert "nothing_of_this_name" in bench.until("not usable")

    code.write_text("async def broken(:\n    pass\n")
    said = bench.until("async def broken(:")
    assert "not usable: src/powerstrip_acme_todo/actions.py, line 1: " in said
    assert "loading" not in said, "it is told without beginning a hub"


def test_the_guides_commands_lead_to_gold(tmp_path: Path) -> None:
    for line in "".join(blocks("README.md", "sh")).splitlines():
        if " dev " in line:
            continue  # it serves until it is ended: test_what_is_saved_is_served
        done = subprocess.run(line, shell=True, cwd=tmp_path, env=environment(), capture_output=True, text=True)
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
    record = json.loads((tmp_path / "powerstrip-acme-notes/src/powerstrip_acme_notes/tier.json").read_text())
    assert record["tier"] in ("gold", "platinum")


async def test_the_guides_vectors_are_judged_as_it_says(tmp_path: Path) -> None:
    program = "\n".join(blocks("webhooks.md", "python"))
    (tmp_path / "guide_of_webhooks.py").write_text(program)
    subprocess.run([sys.executable, "guide_of_webhooks.py"], cwd=tmp_path, check=True)
    vectors = read_vectors((tmp_path / "vectors.json").read_bytes())
    scope: dict[str, Any] = {}
    exec(program.partition("import hashlib")[0], scope)
    judged = await run_vectors(scope["notes"].verify, vectors, scope["notes"].receive)
    assert [each.problem for each in judged] == [""] * 4


def test_every_block_of_the_guide_is_of_a_kind_that_is_tried() -> None:
    """Shell and Python are run; data is read."""
    for page in sorted(each.name for each in GUIDE.glob("*.md")):
        kinds = {language for language, _ in FENCE.findall((GUIDE / page).read_text())}
        assert kinds <= {"sh", "python", "toml", "json"}, page
        for body in blocks(page, "toml"):
            tomllib.loads(body)
        for body in blocks(page, "json"):
            json.loads(body)
