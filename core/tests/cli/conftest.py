"""The command line in this process: words in, exit code and both streams out. And a hub that is served, for it to talk to."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import structlog

from powerstrip.cli import main

POWERSTRIP = str(Path(sys.executable).with_name("powerstrip"))
FOREIGN = ("POWERSTRIP_", "MOBIUS_")
CANARY = "pm-invented-canary-77a1"


@dataclass(frozen=True)
class Ran:
    """What a command said and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Cli = Callable[..., Ran]


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No operator's settings, and no hub of his."""
    for name in [name for name in os.environ if name.startswith(FOREIGN)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("POWERSTRIP_DATA", str(tmp_path / "no-hub"))


@pytest.fixture(autouse=True)
def _own_log() -> Iterator[None]:
    """The command line decides where the log goes; other tests must not find it there."""
    yield
    structlog.reset_defaults()


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Run a command line. `stdin` is what it reads; it is no terminal."""

    def run(*words: str, stdin: str = "") -> Ran:
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        capsys.readouterr()
        code = main(list(words))
        said = capsys.readouterr()
        return Ran(code, said.out, said.err)

    return run


def clean_environment(**more: str) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)} | more


def run_powerstrip(*words: str, stdin: str = "", **environment: str) -> Ran:
    """Run the command as a process of its own."""
    done = subprocess.run(
        [POWERSTRIP, *words], env=clean_environment(**environment), input=stdin, capture_output=True, text=True, timeout=60
    )
    return Ran(done.returncode, done.stdout, done.stderr)


@dataclass(frozen=True)
class Served:
    """A hub on a port, its data folder and its first key."""

    data: Path
    url: str
    project: str
    key: str
    ready: str
    process: "subprocess.Popen[str]"

    @property
    def environment(self) -> dict[str, str]:
        return {"POWERSTRIP_URL": self.url, "POWERSTRIP_API_KEY": self.key, "POWERSTRIP_PROJECT": self.project}


def serve_folder(data: Path, project: str, key: str) -> Served:
    """`serve`, up to the ready line."""
    with (data / "serve.log").open("a") as log:
        process = subprocess.Popen(
            [POWERSTRIP, "serve", "--data", str(data), "--port", "0"],
            env=clean_environment(),
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    assert process.stdout is not None
    ready = process.stdout.readline()
    return Served(data, ready.split()[3], project, key, ready, process)


def start_hub(data: Path) -> Served:
    """`init` of a sandbox project, then `serve`."""
    made = run_powerstrip("init", "--data", str(data), "--project", "shop", "--mode", "sandbox", "--json")
    assert made.code == 0, made.err
    return serve_folder(data, made.json["project"], made.json["api_key"])


@pytest.fixture
def powerstrip() -> Cli:
    """Run the command as a process of its own."""
    return run_powerstrip


@pytest.fixture
def environment() -> Callable[..., dict[str, str]]:
    """This environment without an operator's settings."""
    return clean_environment


@pytest.fixture
def start() -> Callable[[Path], Served]:
    """Make a hub and serve it."""
    return start_hub


@pytest.fixture
def serve() -> Callable[[Served], Served]:
    """Serve the folder of a hub that has ended."""
    return lambda hub: serve_folder(hub.data, hub.project, hub.key)


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A served sandbox project with a Postmark integration, shared by tests that each make their own things in it."""
    hub = start_hub(tmp_path_factory.mktemp("served") / "data")
    made = run_powerstrip(
        "integrations", "create", "postmark", "--name", "mail", "--credential", "server_token=-", stdin=CANARY, **hub.environment
    )
    assert made.code == 0, made.err
    yield hub
    hub.process.terminate()
    assert hub.process.wait(40) == 0


@pytest.fixture
def on_served(served: Served, monkeypatch: pytest.MonkeyPatch) -> Served:
    """Commands talk to the served hub."""
    for name, value in served.environment.items():
        monkeypatch.setenv(name, value)
    return served
