"""Deliveries sent one to five times over many connections, while the hub is killed at random.

    python tests/faults/deliveries.py [--events 10000] [--connections 50] [--kills 20]

What must hold afterwards: one row for each event, and every event whose delivery was acknowledged is there.
"""

import argparse
import hashlib
import hmac
import json
import queue
import random
import sqlite3
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import httpx2

sys.path.insert(0, str(Path(__file__).parents[1]))

from served import ServedHub

SECRET = "invented-signing-secret-faults"
GIVE_UP = 300.0
"""Seconds for which a provider repeats one delivery that nobody answers."""


@dataclass
class Outcome:
    """What was seen."""

    events: int
    acknowledged: set[str] = field(default_factory=set[str])
    sent: int = 0
    kills: int = 0
    rows: Counter[str] = field(default_factory=Counter[str])
    processed: int = 0

    def faults(self) -> list[str]:
        """Sentences for all that must not be; none where all held."""
        found = [f"acknowledged and lost: {id}" for id in sorted(self.acknowledged - set(self.rows))]
        found += [f"kept {count} times: {id}" for id, count in self.rows.items() if count != 1]
        if len(self.acknowledged) != self.events:
            found.append(f"only {len(self.acknowledged)} of {self.events} were ever acknowledged")
        if self.processed != len(self.rows):
            found.append(f"{len(self.rows)} kept, {self.processed} processed")
        return found


def run(
    folder: Path, events: int, connections: int, kills: int, seed: int = 1, pause: tuple[float, float] = (0.5, 2.0)
) -> Outcome:
    """Send, kill, and look."""
    randomness = random.Random(seed)
    hub = ServedHub(folder, mode="sandbox", POWERSTRIP_PUBLIC_URL="")
    hub.start()
    try:
        return _run(hub, events, connections, kills, randomness, pause)
    finally:
        if hub.process is not None and hub.process.poll() is None:
            hub.kill()


def _run(
    hub: ServedHub, events: int, connections: int, kills: int, randomness: random.Random, pause: tuple[float, float]
) -> Outcome:
    made = hub.ask(
        "POST", "integrations", {"name": "team", "provider": "slack", "credentials": {"bot_token": "xoxb-invented"}}
    ).json()
    endpoint = hub.ask("POST", "endpoints", {"integration_id": made["id"], "secret": SECRET}).json()
    path = f"{hub.url}/v1/hooks/{endpoint['id']}"
    outcome = Outcome(events)
    waiting: queue.SimpleQueue[str] = queue.SimpleQueue()
    deliveries = [f"Ev{number}" for number in range(events) for _ in range(randomness.randint(1, 5))]
    randomness.shuffle(deliveries)
    for each in deliveries:
        waiting.put(each)
    threads = [threading.Thread(target=_send_all, args=(path, waiting, outcome), daemon=True) for _ in range(connections)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads) and outcome.kills < kills:
        time.sleep(randomness.uniform(*pause))
        hub.kill()
        outcome.kills += 1
        hub.start()
    for thread in threads:
        thread.join(GIVE_UP * 10)
    _look(hub, outcome)
    return outcome


def _send_all(path: str, waiting: "queue.SimpleQueue[str]", outcome: Outcome) -> None:
    with httpx2.Client(timeout=10) as client:
        while True:
            try:
                event = waiting.get_nowait()
            except queue.Empty:
                return
            _deliver(client, path, event, outcome)


def _deliver(client: httpx2.Client, path: str, event: str, outcome: Outcome) -> None:
    """As a provider does: again until it is acknowledged."""
    inner = {"type": "message", "channel": "C1", "ts": "1.2", "text": event, "user": "U1"}
    body = json.dumps({"type": "event_callback", "event_id": event, "team_id": "T1", "event": inner}).encode()
    end = time.monotonic() + GIVE_UP
    while time.monotonic() < end:
        at = str(int(time.time()))
        mac = hmac.new(SECRET.encode(), b"v0:" + at.encode() + b":" + body, hashlib.sha256).hexdigest()
        headers = {"content-type": "application/json", "x-slack-request-timestamp": at, "x-slack-signature": f"v0={mac}"}
        outcome.sent += 1
        try:
            if client.post(path, content=body, headers=headers).status_code == 200:
                outcome.acknowledged.add(event)
                return
        except httpx2.RequestError:
            time.sleep(0.05)
        else:
            time.sleep(0.05)


def _look(hub: ServedHub, outcome: Outcome) -> None:
    """Wait until everything is processed, then count."""
    end = time.monotonic() + GIVE_UP
    while time.monotonic() < end:
        with closing(sqlite3.connect(f"file:{hub.data}/powerstrip.db?mode=ro", uri=True)) as database:
            outcome.rows = Counter(row[0] for row in database.execute("SELECT dedup_key FROM provider_event"))
            query = "SELECT count(*) FROM source_event WHERE status = 'succeeded' AND next_at IS NULL"
            outcome.processed = database.execute(query).fetchone()[0]
        if outcome.processed >= len(outcome.rows):
            return
        time.sleep(0.2)


def main() -> int:
    """Run it at full size; exit code 1 where something was lost or doubled."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--connections", type=int, default=50)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        outcome = run(data, options.events, options.connections, options.kills, options.seed)
    faults = outcome.faults()
    told = {"events": outcome.events, "sent": outcome.sent, "kills": outcome.kills, "rows": len(outcome.rows)}
    print(json.dumps(told | {"faults": faults[:20]}))
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
