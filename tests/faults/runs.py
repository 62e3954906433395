"""Runs of three steps while the hub is killed, at named points and at random; the provider keeps the ledger, outside the hub.

    python tests/faults/runs.py [--kills 1000] [--seed 1]
    python tests/faults/runs.py --database postgresql --processes 3 [--engine dbos] [--kills 200]

Each step makes a customer at a provider that takes 200 ms for an answer. What must hold afterwards: every delivery that was
acknowledged has one run, which has ended well; no step was asked for again once the next one had begun; all requests of a step
carry one idempotency key; and a run that a kill cut off is at work within five seconds: of the hub's being back where it is
alone, of the kill where other processes are there to take over.
"""

import argparse
import json
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import httpx2
from sqlalchemy import create_engine, text

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[2] / "core" / "tests"))

from postgres import postgresql_binaries, serving_postgresql
from served import ServedHub

ANSWER = 0.2
"""Seconds that the provider takes."""
RESUMED = 5.0
POINTS = ("request", "answered", "acknowledged", "random")
"""Where the hub is killed: a request has come, it was answered, a delivery was acknowledged, any time."""
STEPS = 3
CALL = 'action: stripe.customer.create, action_kind: server, parameters: {email: "${inputs.id}-%d@example.com"}'
SPEC = "\n".join(
    ["inputs: {id: string}", "steps:"]
    + [f"  - {{name: s{number}, {CALL % number}}}" for number in range(STEPS)]
    + ["triggers:", "  - {key: door, kind: http}"]
)


@dataclass
class Ledger:
    """What the provider was asked, in order: (run, step, key, time). `at` calls back at points of the way."""

    entries: list[tuple[str, int, str, float]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    point: str = ""
    reached: threading.Event = field(default_factory=threading.Event)

    def pass_by(self, point: str) -> None:
        """Somebody is at this point; the killer may wait for it."""
        if point == self.point:
            self.reached.set()


@dataclass
class Outcome:
    """What was seen."""

    acknowledged: set[str] = field(default_factory=set)
    kills: Counter[str] = field(default_factory=Counter)
    resumed: list[float] = field(default_factory=list)
    runs: dict[str, list[str]] = field(default_factory=dict)
    asked: list[tuple[str, int, str, float]] = field(default_factory=list)

    def faults(self) -> list[str]:
        """Sentences for all that must not be; none where all held."""
        found = [f"acknowledged and lost: {name}" for name in sorted(self.acknowledged - set(self.runs))]
        found += [f"{name} has the runs {states}" for name, states in self.runs.items() if states != ["completed"]]
        keys: dict[tuple[str, int], set[str]] = {}
        furthest: dict[str, int] = {}
        for name, step, key, _ in self.asked:
            keys.setdefault((name, step), set()).add(key)
            if step < furthest.get(name, -1):
                found.append(f"step {step} of {name} was repeated after step {furthest[name]} had begun")
            furthest[name] = max(step, furthest.get(name, -1))
        found += [f"{place} was asked for with {len(used)} keys" for place, used in keys.items() if len(used) != 1 or "" in used]
        found += [f"a run was taken up after {seconds:.1f} s" for seconds in self.resumed if seconds > RESUMED]
        return found

    @property
    def repeats(self) -> int:
        """Requests beyond the first of their step."""
        return len(self.asked) - len({(name, step) for name, step, _, _ in self.asked})


def provider(ledger: Ledger) -> ThreadingHTTPServer:
    """The provider, on a free port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            name, _, step = form["email"][0].removesuffix("@example.com").rpartition("-")
            with ledger.lock:
                ledger.entries.append((name, int(step), self.headers.get("Idempotency-Key", ""), time.monotonic()))
            ledger.pass_by("request")
            time.sleep(ANSWER)
            body = json.dumps({"id": f"cus_{name}{step}", "object": "customer", "email": form["email"][0], "created": 1}).encode()
            try:
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            except OSError:
                return  # the hub was killed meanwhile
            ledger.pass_by("answered")

        def log_message(self, format: str, *args: object) -> None:
            """Nothing is told."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            """A hub that is killed cuts its connections: that is what is tried here."""

    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


@contextmanager
def database(kind: str) -> Iterator[dict[str, str]]:
    """The hubs' settings for a database of this kind."""
    binaries = postgresql_binaries()
    if kind == "sqlite":
        yield {}
    elif binaries is None:
        raise SystemExit("PostgreSQL is not installed: no initdb on the PATH")
    else:
        with serving_postgresql(binaries, connections=200) as server:
            yield {"POWERSTRIP_DATABASE_URL": server.url(server.new_database()).replace("+psycopg", "")}


def run(folder: Path, kills: int, seed: int = 1, processes: int = 1, engine: str = "journal", **environment: str) -> Outcome:
    """Deliver, kill, and look. `folder` is made; each process has its data in it."""
    ledger = Ledger()
    server = provider(ledger)
    folder.mkdir(parents=True)
    first = ServedHub(folder / "0", {"stripe": f"http://127.0.0.1:{server.server_port}"}, POWERSTRIP_PUBLIC_URL="", **environment)
    first.environment["POWERSTRIP_ENGINE"] = engine
    hubs = [first]
    try:
        first.start()
        for number in range(1, processes):
            hubs.append(first.beside(folder / str(number)))
            hubs[-1].start()
        return _run(hubs, ledger, kills, random.Random(seed))
    finally:
        server.shutdown()
        for hub in hubs:
            if hub.process is not None and hub.process.poll() is None:
                hub.kill()


def _run(hubs: list[ServedHub], ledger: Ledger, kills: int, chance: random.Random) -> Outcome:
    address = _publish(hubs[0])
    outcome, stop = Outcome(), threading.Event()
    doors = [hub.url + address for hub in hubs]
    sender = threading.Thread(target=_deliver_all, args=(doors, ledger, outcome, stop), daemon=True)
    sender.start()
    for number in range(kills):
        point = POINTS[number % len(POINTS)]
        _wait_for(ledger, point, chance)
        hub = chance.choice(hubs)
        hub.kill()
        outcome.kills[point] += 1
        cut_off = _begun_and_open(ledger)
        if len(hubs) == 1:
            hub.start()
        _see_resumed(ledger, cut_off, time.monotonic(), outcome)
        if len(hubs) > 1:  # the others went on meanwhile
            hub.start()
    stop.set()
    sender.join(60)
    _look(hubs[0], outcome)
    outcome.asked = list(ledger.entries)
    return outcome


def _publish(hub: ServedHub) -> str:
    made = {"name": "shop", "provider": "stripe", "credentials": {"secret_key": "sk_test_invented0000"}}
    for method, path, body in (
        ("POST", "integrations", made),
        ("POST", "automations", {"handle": "three", "name": "Three"}),
        ("POST", "automations/three/versions", {"source": SPEC}),
        ("POST", "automations/three/versions/1/publication", None),
    ):
        answer = hub.ask(method, path, body)
        assert answer.status_code < 300, answer.text
    return f"/v1/triggers/http/{answer.json()['triggers'][0]['http_handle']}"


def _deliver_all(doors: list[str], ledger: Ledger, outcome: Outcome, stop: threading.Event) -> None:
    """One delivery after another, each until it is acknowledged, to one process after the other."""
    number = tries = 0
    with httpx2.Client(timeout=5) as client:
        while not stop.is_set():
            name, tries = f"r{number}", tries + 1
            try:
                answer = client.post(doors[tries % len(doors)], json={"id": name}, headers={"x-idempotency-key": name})
            except httpx2.RequestError:
                time.sleep(0.05)
                continue
            if answer.status_code == 202:
                outcome.acknowledged.add(name)
                ledger.pass_by("acknowledged")
                number += 1
            time.sleep(0.1)


def _wait_for(ledger: Ledger, point: str, chance: random.Random) -> None:
    if point == "random":
        time.sleep(chance.uniform(0.1, 1.0))
        return
    ledger.reached.clear()
    ledger.point = point
    assert ledger.reached.wait(30), f"nobody came to {point}"
    ledger.point = ""


def _begun_and_open(ledger: Ledger) -> dict[str, int]:
    """Runs that were seen and have not come to their last step, with how often they had asked."""
    with ledger.lock:
        last = {name for name, step, _, _ in ledger.entries if step == STEPS - 1}
        return Counter(name for name, _, _, _ in ledger.entries if name not in last)


def _see_resumed(ledger: Ledger, cut_off: dict[str, int], since: float, outcome: Outcome) -> None:
    """Wait until each run that was cut off has asked again, and note how long after `since` that was."""
    waiting = dict(cut_off)
    while waiting and time.monotonic() - since < RESUMED * 2:
        with ledger.lock:
            entries = list(ledger.entries)
        for name, count in list(waiting.items()):
            times = [at for each, _, _, at in entries if each == name]
            if len(times) > count:
                del waiting[name]
                outcome.resumed.append(max(times[count] - since, 0.0))
        time.sleep(0.01)
    outcome.resumed += [RESUMED * 2] * len(waiting)


def _look(hub: ServedHub, outcome: Outcome) -> None:
    """Wait until every run has ended, then take what the database says."""
    url = hub.environment.get("POWERSTRIP_DATABASE_URL", "").replace("postgresql:", "postgresql+psycopg:")
    engine = create_engine(url or f"sqlite:///file:{hub.data}/powerstrip.db?mode=ro&uri=true")
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with engine.connect() as connection:
            rows = connection.execute(text("SELECT inputs, status, error_type FROM run")).all()
        outcome.runs = {}
        for inputs, status, error in rows:
            outcome.runs.setdefault(json.loads(inputs)["id"], []).append(f"{status}: {error}" if error else status)
        if len(outcome.runs) >= len(outcome.acknowledged) and all(status == "completed" for _, status, _ in rows):
            break
        time.sleep(0.1)
    engine.dispose()


def main() -> int:
    """Run it at full size; exit code 1 where something was lost or doubled."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--engine", default="journal")
    parser.add_argument("--processes", type=int, default=1, help="hub processes; more than one needs postgresql")
    options = parser.parse_args()
    if options.processes > 1 and options.database == "sqlite":
        parser.error("several processes need --database postgresql")
    with tempfile.TemporaryDirectory() as folder, database(options.database) as settings:
        place = Path(folder) / "hubs"
        outcome = run(place, options.kills, options.seed, options.processes, options.engine, **settings)
    faults = outcome.faults()
    told = {"kills": outcome.kills, "runs": len(outcome.runs), "requests": len(outcome.asked), "repeats": outcome.repeats}
    taken = sorted(outcome.resumed) or [0.0]
    told |= {"taken_up": len(outcome.resumed), "median_s": round(taken[len(taken) // 2], 2), "slowest_s": round(taken[-1], 2)}
    print(json.dumps(told | {"faults": faults[:20]}))
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
