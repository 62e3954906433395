"""The hub's side of the probe: one child process, asked one plugin at a time, under a time limit each."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Thread
from typing import IO, Any, Self, cast

from powerstrip.catalog.discover import Found

START_LIMIT = 60.0
"""Seconds for the child itself to start, before any plugin is loaded."""
TURNOVER = 50
"""Plugins that one child looks into: what they leave in its memory goes with it."""
_KEPT = ("HOME", "LANG", "PATH", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "TZ", "VIRTUAL_ENV", "LD_LIBRARY_PATH")

Answer = Mapping[str, str]


class Prober:
    """Looks into plugins, in a child process that it starts when first asked and again after each one that kills it."""

    def __init__(self, limit: float, path: Sequence[str] = ()) -> None:
        """`limit` is in seconds for each plugin; `path` are folders to import from before those of this process."""
        self.limit = limit
        self._path = [*path, *sys.path]
        self._child: _Child | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def probe(self, found: Found) -> Answer:
        """What the plugin is: its `id`, and its `summary` and `body` as JSON, or the `reason` why it cannot be used."""
        try:
            child = self._ready()
        except _Gone as gone:
            return _refused(f"the hub could not start a process to look into it: {gone}")
        try:
            return cast(Answer, child.ask(found.model_dump(), self.limit))
        except Empty:
            self._end()
            again = "it is tried again at the first start after an hour, or when it has changed"
            return _refused(f"it did not load within {self.limit:g} seconds; {again}")
        except _Gone as gone:
            self._end()
            return _refused(f"it ended its process while loading ({gone})")

    def _ready(self) -> "_Child":
        if self._child is not None and self._child.asked >= TURNOVER:
            self._end()
        if self._child is None:
            self._child = _Child()
            try:
                self._child.ask({"path": self._path}, START_LIMIT)
            except (Empty, _Gone) as error:
                self._end()
                raise _Gone(str(error) or "it does not answer") from None
        return self._child

    def _end(self) -> None:
        if self._child is not None:
            self._child.kill()
            self._child = None


class _Gone(Exception):
    """The child has ended."""


class _Child:
    def __init__(self) -> None:
        self.asked = 0
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-B", "-m", "powerstrip.catalog.probe"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            start_new_session=True,
            encoding="utf-8",
        )
        self._lines: SimpleQueue[str] = SimpleQueue()
        Thread(target=self._read, args=(self._process.stdout,), daemon=True).start()

    def ask(self, message: Mapping[str, object], limit: float) -> Any:
        """Send one line, wait for one. Raises `Empty` after `limit` seconds, `_Gone` when the child ends instead."""
        assert self._process.stdin is not None
        self.asked += 1
        with suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(message) + "\n")
            self._process.stdin.flush()
        if line := self._lines.get(timeout=limit):
            return json.loads(line)
        raise _Gone(self._ending())

    def kill(self) -> None:
        """End the child and what its plugins started."""
        with suppress(ProcessLookupError, PermissionError):
            if hasattr(os, "killpg"):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()
        self._process.wait()
        with suppress(BrokenPipeError):
            if self._process.stdin is not None:
                self._process.stdin.close()

    def _read(self, stdout: IO[str]) -> None:
        with stdout:
            for line in stdout:
                self._lines.put(line)
        self._lines.put("")

    def _ending(self) -> str:
        try:
            code = self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            return "it closed its output"
        return f"signal {-code}" if code < 0 else f"exit code {code}"


def _environment() -> dict[str, str]:
    """What a plugin may see at import: where programs and Python are, and none of the operator's settings or keys."""
    return {name: value for name, value in os.environ.items() if name in _KEPT or name.startswith(("LC_", "PYTHON"))}


def _refused(reason: str) -> Answer:
    return {"id": "", "reason": reason, "summary": "", "body": ""}
