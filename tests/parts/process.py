"""Programs that tests start: on free loopback ports, in a process group of their own, ended with the tests."""

import contextlib
import os
import random
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

READY_SECONDS = 90
END_SECONDS = 2
LOG_SHOWN = 3000


def free_port(*offsets: int) -> int:
    """A loopback port that nothing listens on, and neither does anything at `offsets` above it."""
    for _ in range(200):
        port = random.randrange(20_000, 32_000)
        if all(_is_free(port + offset) for offset in (0, *offsets)):
            return port
    raise RuntimeError("no free port was found in 200 tries")


@contextlib.contextmanager
def running(
    command: Sequence[str], *, ready: str, log: Path, status: int = 0, environ: Mapping[str, str] | None = None
) -> Iterator[None]:
    """Run a program until the end of the block.

    It is ready when `ready` answers at all, or with `status` where one is given. Raises `AssertionError` with the end of its
    output when it ends or stays silent. The whole process group is ended afterwards, by force if need be.
    """

    def answers() -> bool:
        answered = _status(ready)
        return bool(answered) and status in (0, answered)

    with _started(command, answers, log, environ):
        yield


@contextlib.contextmanager
def running_line(command: Sequence[str], port: int, *, log: Path) -> Iterator[None]:
    """The same for a program that speaks no HTTP: it is ready when it takes connections."""

    def listens() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    with _started(command, listens, log):
        yield


@contextlib.contextmanager
def _started(
    command: Sequence[str], ready: Callable[[], bool], log: Path, environ: Mapping[str, str] | None = None
) -> Iterator[None]:
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environ or {})},
            cwd=log.parent,
            start_new_session=True,
        )
    try:
        _wait(process, ready, log)
        yield
    finally:
        _end(process)


def _wait(process: "subprocess.Popen[bytes]", ready: Callable[[], bool], log: Path) -> None:
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until:
        if ready():
            return
        if process.poll() is not None:
            raise AssertionError(f"the server ended with {process.returncode}:\n{_tail(log)}")
        time.sleep(0.1)
    raise AssertionError(f"the server was not ready after {READY_SECONDS} seconds:\n{_tail(log)}")


def _status(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def _end(process: "subprocess.Popen[bytes]") -> None:
    for how in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, how)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(END_SECONDS)


def _tail(log: Path) -> str:
    return log.read_text("utf-8", "replace")[-LOG_SHOWN:]


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
