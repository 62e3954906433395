"""A hub as a user runs it: `powerstrip init`, `powerstrip serve`, requests over HTTP."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from copy import copy
from pathlib import Path
from typing import Any

import httpx2

from powerstrip.settings import installation_index

POWERSTRIP = str(Path(sys.executable).with_name("powerstrip"))
LOOPBACK = {"POWERSTRIP_ALLOW_ADDRESSES": "127.0.0.0/8"}


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def clean_environment() -> dict[str, str]:
    """This environment without the operator's own settings."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("POWERSTRIP_", "MOBIUS_"))}


def own_index(data: Path) -> dict[str, str]:
    """An index for a test's own plugins beside the data folder. It begins with what is known of the installed ones."""
    known, own = installation_index(os.environ), data.with_name("catalog")
    if known is not None and not own.exists():
        shutil.copytree(known, own)
    return {"POWERSTRIP_CATALOG": str(own)}


class ServedHub:
    """One served hub on a data folder; `kill` and `start` may follow each other."""

    def __init__(self, data: Path, providers: dict[str, str] | None = None, mode: str = "live", **environment: str) -> None:
        self.data, self.port = data, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = (
            clean_environment()
            | (own_index(data) if "PYTHONPATH" in environment else {})
            | LOOPBACK
            | {"POWERSTRIP_PROVIDER_URLS": json.dumps(providers or {})}
            | environment
        )
        made = json.loads(self.run("init", "--data", str(data), "--project", "walk", "--mode", mode, "--json").stdout)
        self.project, self.key = made["project"], made["api_key"]
        self.process: subprocess.Popen[str] | None = None

    def beside(self, data: Path) -> "ServedHub":
        """Another process on the same PostgreSQL database, with a data folder of its own and the same master key."""
        other = copy(self)
        data.mkdir(mode=0o700)
        other.data, other.port, other.process = data, free_port(), None
        other.url = f"http://127.0.0.1:{other.port}"
        other.environment = self.environment | {"POWERSTRIP_MASTER_KEY_FILE": str(self.data / "master.key")}
        return other

    def run(self, *words: str, check: bool = True, **environment: str) -> "subprocess.CompletedProcess[str]":
        """Run the command line in this hub's environment."""
        done = subprocess.run(
            [POWERSTRIP, *words],
            env=self.environment | environment,
            capture_output=True,
            text=True,
            timeout=180,
            stdin=subprocess.DEVNULL,
        )
        if check and done.returncode:
            raise AssertionError(f"powerstrip {' '.join(words)} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
        return done

    def cli(self, *words: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
        """The command line, talking to this hub over HTTP."""
        remote = {"POWERSTRIP_URL": self.url, "POWERSTRIP_API_KEY": self.key, "POWERSTRIP_PROJECT": self.project}
        return self.run(*words, check=check, **remote)

    def start(self) -> None:
        """Serve, and wait for the ready line."""
        self.process = subprocess.Popen(
            [POWERSTRIP, "serve", "--data", str(self.data), "--host", "127.0.0.1", "--port", str(self.port)],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=(self.data / "serve.log").open("a"),
            text=True,
            start_new_session=True,
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert self.url in line, f"no ready line, but {line!r}: {(self.data / 'serve.log').read_text()[-2000:]}"

    def kill(self) -> None:
        """kill -9, at once."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)

    def stop(self) -> int:
        """SIGTERM, and the exit code."""
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(40)

    def http(self, timeout: float = 30) -> httpx2.Client:
        """A plain HTTP client with this hub's key."""
        return httpx2.Client(base_url=self.url, headers={"Authorization": f"Bearer {self.key}"}, timeout=timeout)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> httpx2.Response:
        """One request below this project."""
        with self.http() as client:
            return client.request(method, f"/v1/projects/{self.project}/{path}", json=body, headers=headers)

    def invoke(self, action: str, input: dict[str, Any], **extra: Any) -> dict[str, Any]:
        """Call an action; the answer must be 200."""
        answer = self.ask("POST", f"actions/{action}/invocations", {"input": input, **extra})
        assert answer.status_code == 200, answer.text
        return answer.json()


@contextlib.contextmanager
def serving(data: Path, providers: dict[str, str] | None = None, mode: str = "live", **environment: str) -> Iterator[ServedHub]:
    """A started hub, stopped at the end."""
    hub = ServedHub(data, providers, mode, **environment)
    hub.start()
    try:
        yield hub
    finally:
        if hub.process is not None and hub.process.poll() is None:
            hub.kill()


def wait_until(true: Any, seconds: float = 10) -> None:
    """Wait for a condition; fail when it does not come."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come to be"
        time.sleep(0.02)
