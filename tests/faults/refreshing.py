"""One expiring, rotating token, many processes on one PostgreSQL, and kill -9 at random.

    .venv/bin/python tests/faults/refreshing.py                     8 processes × 1,000 calls
    .venv/bin/python tests/faults/refreshing.py --processes 3 --calls 60 --kills 2

The authorization server rotates its refresh tokens. As such servers do, it answers a repeated request with the same token, and
with the same words about its life, until the new one was used, and refuses the old one after that. Every other kill waits until
a token was given and not yet told. What has to hold: each generation of the token comes from one renewal
(a repeat only where a process was killed), no renewal comes early, the integration is never expired, and every call that was
not killed ends well.
"""

import argparse
import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

TESTS = Path(__file__).parents[2] / "core" / "tests"
sys.path.insert(0, str(TESTS))

from postgres import postgresql_binaries, serving_postgresql  # noqa: E402

LIFE = 3.0
"""Seconds that a token holds."""
LEASE = 2.0
"""Seconds until a silent process counts as gone: many times what a request takes here, also on a machine with other work."""
TELLING = 0.3
"""Seconds from a new token to the answer that tells it."""


@dataclass
class Server:
    """An authorization server and an API, on loopback."""

    generation: int = 0
    born: float = field(default_factory=time.monotonic)
    used: bool = True
    renewals: int = 0
    repeats: int = 0
    early: int = 0
    refused: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    untold: threading.Event = field(default_factory=threading.Event)
    """Set while a token was given that nobody was told of yet."""

    def access(self) -> str:
        return f"invented-access-{self.generation}"

    def refresh(self, given: str) -> tuple[int, dict[str, Any]]:
        """A refresh request: the answer's status and body."""
        with self.lock:
            if given == f"invented-refresh-{self.generation}":
                self.renewals += 1
                self.early += time.monotonic() - self.born < LIFE / 6
                self.generation += 1
                self.born, self.used = time.monotonic(), False
            elif given == f"invented-refresh-{self.generation - 1}" and not self.used:
                self.repeats += 1
            else:
                self.refused += 1
                return 400, {"error": "invalid_grant"}
            more = {"refresh_token": f"invented-refresh-{self.generation}", "expires_in": LIFE, "token_type": "bearer"}
            return 200, {"access_token": self.access()} | more

    def call(self, header: str) -> int:
        """A call's status."""
        with self.lock:
            good = header == f"Bearer {self.access()}" and time.monotonic() - self.born < LIFE
            self.used = self.used or good
            old = header == f"Bearer invented-access-{self.generation - 1}"
            return 200 if good or (old and time.monotonic() - self.born < LIFE) else 401


@contextmanager
def serving(server: Server) -> Iterator[str]:
    """Serve; gives the URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
            if self.path == "/token":
                status, told = server.refresh(parse_qs(body)["refresh_token"][0])
                server.untold.set()
                time.sleep(TELLING)
                server.untold.clear()
            else:
                status, told = server.call(self.headers.get("authorization", "")), {"id": "n-1"}
            raw = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing is told."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=http.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{http.server_port}"
    finally:
        http.shutdown()


@dataclass
class Seen:
    """What came of it."""

    calls: int
    failed: int
    kills: int
    generations: int
    renewals: int
    repeats: int
    early: int
    refused: int
    status: str


async def house_of(url: str, data: Path, peer: str) -> Any:
    """One process's rooms."""
    from callhouse import open_house
    from tokenhouse import both_kinds, settle

    from powerstrip.connect.tokens import Pace

    class Where:
        url = peer

    return settle(await open_house(data, url, Where()), both_kinds(peer), pace=Pace(lease=LEASE, poll=0.02))  # type: ignore[arg-type]


async def work(url: str, data: Path, peer: str, calls: int) -> None:
    """One process: so many calls; each tells on a line how it ended."""
    tick = await house_of(url, data, peer)
    for _ in range(calls):
        result = await tick.call()
        print(result.status if result.status == "completed" else f"{result.error_type}: {result.error}", flush=True)
        await asyncio.sleep(0.005)
    await tick.tokens.close()
    await tick.house.edge.close()
    await tick.house.store.close()


def start(url: str, data: Path, peer: str, calls: int) -> subprocess.Popen[str]:
    command = [sys.executable, __file__, "--worker", url, str(data), peer, "--calls", str(calls)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


async def run(url: str, folder: Path, *, processes: int, calls: int, kills: int, seed: int) -> Seen:
    """The whole test against an empty PostgreSQL database."""
    from callhouse import migrated

    from powerstrip.clock import now, rfc3339

    chance = random.Random(seed)
    server = Server()
    migrated(url)
    with serving(server) as peer:
        tick = await house_of(url, folder, peer)
        server.born = time.monotonic()  # the token's time begins with its consent, not with the migrations before
        ends = rfc3339(now() + timedelta(seconds=LIFE))
        row = await tick.consented(access_token=server.access(), refresh_token="invented-refresh-0", expires_at=ends)
        told: list[str] = []
        race = _Race(url, folder, peer, calls, server.untold, chance, told)
        killed = await asyncio.to_thread(race.run, processes, kills)
        status = (await tick.integration(row.id)).status
        await tick.house.edge.close()
        await tick.house.store.close()
    failed = [line for line in told if line != "completed"]
    if failed:
        print(f"failed: {failed[:5]}", file=sys.stderr)
    of = server
    return Seen(len(told), len(failed), killed, of.generation, of.renewals, of.repeats, of.early, of.refused, status)


@dataclass
class _Race:
    """The processes, and another in the place of each that is killed."""

    url: str
    folder: Path
    peer: str
    calls: int
    untold: threading.Event
    chance: random.Random
    told: list[str]
    readers: list[threading.Thread] = field(default_factory=list[threading.Thread])
    alive: list[subprocess.Popen[str]] = field(default_factory=list[subprocess.Popen[str]])

    def run(self, processes: int, kills: int) -> int:
        """Let them all come to their end. Returns how many were killed."""
        for _ in range(processes):
            self._begin()
        killed = 0
        while self._running():
            if killed < kills and killed % 2 == 0:
                self.untold.wait(LIFE)
            else:
                time.sleep(self.chance.uniform(0.3, 1.2))
            running = self._running()
            if killed < kills and running and self.told:
                os.kill(self.chance.choice(running).pid, signal.SIGKILL)
                killed += 1
                self._begin()
        for reader in self.readers:
            reader.join()
        return killed

    def _running(self) -> list[subprocess.Popen[str]]:
        return [process for process in self.alive if process.poll() is None]

    def _begin(self) -> None:
        process = start(self.url, self.folder, self.peer, self.calls)
        lines = process.stdout
        assert lines is not None
        self.alive.append(process)
        self.readers.append(threading.Thread(target=lambda: self.told.extend(each.strip() for each in lines)))
        self.readers[-1].start()


@contextmanager
def database(given: str | None) -> Iterator[str]:
    """The database that was named, else one of a throw-away PostgreSQL as the tests have it."""
    if given:
        yield given
        return
    binaries = postgresql_binaries()
    if binaries is None:
        raise SystemExit("PostgreSQL is not installed: no initdb on the PATH")
    with serving_postgresql(binaries) as server:
        yield server.url(server.new_database())


def faults(seen: Seen) -> list[str]:
    """What should not have been."""
    wrong: list[str] = []
    if seen.renewals != seen.generations or seen.early:
        wrong.append("a token was renewed more than once, or early")
    if seen.repeats > seen.kills:
        wrong.append("a renewal was repeated without a kill")
    if seen.refused or seen.status != "active":
        wrong.append("an old refresh token was used, or the integration was expired")
    if seen.failed:
        wrong.append("calls failed")
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--processes", type=int, default=8)
    parser.add_argument("--calls", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=12)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--database", help="postgresql+psycopg://… of an empty database; without, a throw-away server is started")
    parser.add_argument("--worker", nargs=3, metavar=("URL", "DATA", "PEER"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.worker:
        asyncio.run(work(given.worker[0], Path(given.worker[1]), given.worker[2], given.calls))
        return 0
    chosen = {"processes": given.processes, "calls": given.calls, "kills": given.kills, "seed": given.seed}
    with tempfile.TemporaryDirectory() as folder, database(given.database) as url:
        seen = asyncio.run(run(url, Path(folder), **chosen))
    print(seen)
    for fault in faults(seen):
        print(f"FAULT: {fault}", file=sys.stderr)
    return 1 if faults(seen) else 0


if __name__ == "__main__":
    raise SystemExit(main())
