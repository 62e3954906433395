"""The hub beside bare code, in one run: `python tests/benchmarks/run.py [section …]` prints one JSON line a section."""

import argparse
import contextlib
import json
import os
import pty
import select
import shutil
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import termios
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1] / "core" / "tests"))
from postgres import postgresql_binaries, serving_postgresql  # noqa: E402 - beside the tests

POWERSTRIP = str(Path(sys.executable).with_name("powerstrip"))
EMAIL = {"sender": "shop@example.com", "to": "ada@example.com", "subject": "Hello", "text_body": "Hi Ada"}
TICKS = os.sysconf("SC_CLK_TCK")
CORES = sorted(os.sched_getaffinity(0))
SUT, LOAD = CORES[0], CORES[-1]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def running(command: list[str], ready: str, core: int = SUT, body: bytes | None = None, **env: str) -> Iterator["Process"]:
    with tempfile.TemporaryFile() as log:
        started = time.perf_counter()
        child = subprocess.Popen(
            ["taskset", "-c", str(core), *command], cwd=HERE, env=os.environ | env, stdout=log, stderr=log, start_new_session=True
        )
        try:
            wait_for(ready, child, log, body)
            yield Process(child.pid, time.perf_counter() - started)
        finally:
            child.terminate()
            child.wait(20)


class Process:
    def __init__(self, pid: int, ready_s: float) -> None:
        self.pid, self.ready_s = pid, ready_s

    def cpu_s(self) -> float:
        fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory_mb(self) -> float:
        lines = Path(f"/proc/{self.pid}/smaps_rollup").read_text().splitlines()
        return round(sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024, 1)


def wait_for(url: str, child: "subprocess.Popen[bytes]", log, body: bytes | None) -> None:
    for _ in range(3000):
        if child.poll() is not None:
            log.seek(0)
            raise SystemExit(log.read().decode()[-2000:])
        try:
            request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
            urllib.request.urlopen(request, timeout=5).read()
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.01)
    raise SystemExit(f"{url} never answered")


def provider(stack: contextlib.ExitStack) -> str:
    url = f"http://127.0.0.1:{(port := free_port())}"
    stack.enter_context(running([sys.executable, "provider.py", str(port)], url, core=LOAD, body=b"{}"))
    return url


def bare(
    stack: contextlib.ExitStack, provider_url: str, app: str = "bare:app", factory: bool = False, database: str = ""
) -> tuple[str, Process]:
    folder, port = stack.enter_context(tempfile.TemporaryDirectory()), free_port()
    command = [sys.executable, "-m", "uvicorn", app, "--port", str(port), "--no-access-log", "--log-level", "error"]
    command += ["--loop", "uvloop", "--http", "httptools"] + (["--factory"] if factory else [])
    env = {"BARE_DB": database or f"{folder}/bare.db", "BARE_PROVIDER": provider_url}
    url = f"http://127.0.0.1:{port}"
    return url, stack.enter_context(running(command, url + "/health", body=b'{"name":"x"}', **env))


class Hub:
    """A served hub with one live and one sandboxed Postmark integration."""

    def __init__(self, stack: contextlib.ExitStack, provider_url: str, **env: str) -> None:
        folder, port = stack.enter_context(tempfile.TemporaryDirectory()), free_port()
        self.url, self.folder = f"http://127.0.0.1:{port}", folder
        self.env = {
            "POWERSTRIP_PROVIDER_URLS": json.dumps({"postmark": provider_url}),
            "POWERSTRIP_ALLOW_ADDRESSES": "127.0.0.0/8",
            **env,
        }
        made = self.cli("init", "--data", folder, "--project", "bench", "--json")
        self.key = json.loads(made)["api_key"]
        self.process = stack.enter_context(
            running([POWERSTRIP, "serve", "--data", folder, "--port", str(port)], self.url + "/health", **self.env)
        )
        self.post("integrations", {"name": "bench", "provider": "postmark", "credentials": {"server_token": "bench-token"}})

    def again(self) -> str:
        """Stop this hub, so that its folder can be served anew; the folder."""
        os.kill(self.process.pid, 15)
        while Path(f"/proc/{self.process.pid}/smaps_rollup").exists():
            time.sleep(0.05)
            with contextlib.suppress(OSError):
                if Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
                    break
        return self.folder

    def cli(self, *words: str) -> str:
        return subprocess.run([POWERSTRIP, *words], env=os.environ | self.env, check=True, capture_output=True, text=True).stdout

    def post(self, path: str, body: dict) -> dict:
        request = urllib.request.Request(
            f"{self.url}/v1/projects/bench/{path}",
            json.dumps(body).encode(),
            {"Content-Type": "application/json", "Authorization": f"Bearer {self.key}"},
        )
        return json.loads(urllib.request.urlopen(request, timeout=20).read())


def drive(
    url: str, process: Process, connections: int, seconds: float, body: dict, key: str = "", secret: str = "", rate: float = 0
) -> dict:
    job = {
        "url": url,
        "connections": connections,
        "seconds": seconds,
        "body": json.dumps(body),
        "headers": {"Authorization": f"Bearer {key}"} if key else {},
        "secret": secret,
        "rate": rate,
    }
    before = process.cpu_s()
    command = ["taskset", "-c", str(LOAD), sys.executable, str(HERE / "load.py")]
    done = subprocess.run(command, input=json.dumps(job), capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr[-1500:])
    result = json.loads(done.stdout)
    return result | {"per_core": round(result["requests"] / max(0.01, process.cpu_s() - before), 1)}


def best(runs: list[dict]) -> dict:
    """Of several rounds: the best rate and latencies (noise only worsens them) and the median per core."""
    return {
        "rps": max(run["rps"] for run in runs),
        "p50_ms": min(run["p50_ms"] for run in runs),
        "p99_ms": min(run["p99_ms"] for run in runs),
        "per_core": statistics.median(run["per_core"] for run in runs),
        "errors": sum(run["errors"] for run in runs),
    }


def action(seconds: float, rounds: int) -> dict:
    """An action call and a sandboxed one, at 1 and at 32 connections."""
    with contextlib.ExitStack() as stack:
        upstream = provider(stack)
        bare_url, bare_process = bare(stack, upstream)
        hub = Hub(stack, upstream)
        route = f"{hub.url}/v1/projects/bench/actions/postmark.email.send/invocations"
        variants = {
            "bare_action": (f"{bare_url}/action", bare_process, EMAIL, ""),
            "hub_action": (route, hub.process, {"input": EMAIL}, hub.key),
            "bare_sandbox": (f"{bare_url}/mock", bare_process, EMAIL, ""),
            "hub_sandbox": (route, hub.process, {"input": EMAIL, "sandbox": True}, hub.key),
        }
        runs: dict[tuple[str, int], list[dict]] = {}
        for _ in range(rounds):
            for name, (url, process, body, key) in variants.items():
                for connections in (1, 32):
                    got = drive(url, process, connections, seconds, body, key)
                    runs.setdefault((name, connections), []).append(got)
        table = {f"{name}_c{connections}": best(got) for (name, connections), got in runs.items()}
    ratios = {
        f"{kind}_per_core_c32": round(table[f"hub_{kind}_c32"]["per_core"] / table[f"bare_{kind}_c32"]["per_core"], 3)
        for kind in ("action", "sandbox")
    }
    extra = {
        f"{kind}_extra_p50_ms_c1": round(table[f"hub_{kind}_c1"]["p50_ms"] - table[f"bare_{kind}_c1"]["p50_ms"], 3)
        for kind in ("action", "sandbox")
    }
    return {"ratios": ratios | extra, "numbers": table}


DELIVERY = {
    "type": "event_callback",
    "event_id": "EvNUMBER",
    "team_id": "T1",
    "event": {"type": "message", "channel": "C1", "ts": "1.2", "text": "hello " * 20, "user": "U1"},
}
SECRET = "bench-secret-0001"


def intake(seconds: float, rounds: int) -> dict:
    """A signed delivery, kept and acknowledged, at 1 and at 32 connections; acknowledgements for each disk sync; 100 a second.

    On SQLite, and at 32 connections on PostgreSQL where that is installed, both sides on one server.
    """
    table, ratios = _intake(seconds, rounds)
    binaries = postgresql_binaries()
    if binaries is not None:
        with serving_postgresql(binaries) as server:
            known = [server.url(server.new_database()).replace("+psycopg", "") for _ in range(2)]
            more, reached = _intake(seconds, rounds, *known)
        ratios["postgresql_per_core_c32"] = reached["per_core_c32"]
        table |= {f"postgresql_{name}": got for name, got in more.items()}
    return {"ratios": ratios, "numbers": table}


def _intake(seconds: float, rounds: int, bare_database: str = "", hub_database: str = "") -> tuple[dict, dict]:
    with contextlib.ExitStack() as stack:
        bare_url, bare_process = bare(stack, "", database=bare_database)
        hub = Hub(stack, "http://127.0.0.1:9", **({"POWERSTRIP_DATABASE_URL": hub_database} if hub_database else {}))
        team = hub.post("integrations", {"name": "team", "provider": "slack", "credentials": {"bot_token": "xoxb-invented"}})
        endpoint = hub.post("endpoints", {"integration_id": team["id"], "secret": SECRET})
        door = f"{hub.url}/v1/hooks/{endpoint['id']}"
        variants = {"bare": (f"{bare_url}/intake", bare_process), "hub": (door, hub.process)}
        runs: dict[str, list[dict]] = {}
        for _ in range(rounds):
            for name, (url, process) in variants.items():
                for connections in (1, 32):
                    got = drive(url, process, connections, seconds, DELIVERY, secret=SECRET)
                    runs.setdefault(f"{name}_c{connections}", []).append(got)
        table = {name: best(got) for name, got in runs.items()}
        ratios: dict[str, float | None] = {
            f"per_core_c{each}": round(table[f"hub_c{each}"]["per_core"] / table[f"bare_c{each}"]["per_core"], 3)
            for each in (1, 32)
        }
        if not hub_database:
            ratios["acknowledged_per_sync"] = acknowledged_per_sync(door, hub.process, seconds)
            ratios |= sustained(hub, door, max(seconds, 10.0))
    return table, ratios


def acknowledged_per_sync(door: str, process: Process, seconds: float) -> float | None:
    """Deliveries that were acknowledged for each sync of the disk, at 32 connections; None where no `strace` counts them."""
    if not shutil.which("strace"):
        return None
    command = ["strace", "-f", "-c", "-e", "trace=fsync,fdatasync", "-p", str(process.pid)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as counting:
        time.sleep(0.5)
        got = drive(door, process, 32, seconds, DELIVERY, secret=SECRET)
        counting.send_signal(signal.SIGINT)
        told = counting.communicate()[1]
    rows = [line.split() for line in told.splitlines()]  # share, seconds, microseconds a call, calls, errors where any, name
    syncs = sum(int(row[3]) for row in rows if row and row[-1] in ("fsync", "fdatasync"))
    return round(got["requests"] / syncs, 1) if syncs else None


def sustained(hub: "Hub", door: str, seconds: float, rate: float = 100) -> dict[str, float]:
    """Deliveries at a fixed rate: how many a second were acknowledged, and how many events were left to be processed after it."""
    got = drive(door, hub.process, 32, seconds, DELIVERY, secret=SECRET, rate=rate)
    time.sleep(1)
    left = "SELECT count(*) FROM source_event WHERE next_at IS NOT NULL"
    with contextlib.closing(sqlite3.connect(f"file:{hub.folder}/powerstrip.db?mode=ro", uri=True)) as database:
        return {"held_per_s": got["rps"], "left_after_1s": database.execute(left).fetchone()[0]}


THREE = "steps:\n" + "".join(
    f"  - name: s{number}\n    action: postmark.email.send\n    action_kind: server\n    parameters: {json.dumps(EMAIL)}\n"
    for number in range(3)
)


def run(seconds: float, rounds: int) -> dict:
    """A durable run of three calls, from the delivery that starts it to its result, beside three bare calls in a row.

    `first_step_ms` is the time from the acknowledged event to its first step, one run at a time.
    """
    with contextlib.ExitStack() as stack:
        upstream = provider(stack)
        bare_url, bare_process = bare(stack, upstream)
        hub = Hub(stack, upstream)
        hub.post("automations", {"handle": "three", "name": "Three"})
        hub.post("automations/three/versions", {"source": THREE + "triggers:\n  - {key: door, kind: http}\n"})
        known = hub.post("automations/three/versions/1/publication", {})
        door = f"{hub.url}/v1/triggers/http/{known['triggers'][0]['http_handle']}?wait=30"
        variants = {"bare": (f"{bare_url}/three", bare_process, EMAIL), "hub": (door, hub.process, {})}
        runs: dict[str, list[dict]] = {}
        for _ in range(rounds):
            for name, (url, process, body) in variants.items():
                for connections in (1, 32):
                    got = drive(url, process, connections, seconds, body)
                    runs.setdefault(f"{name}_c{connections}", []).append(got)
        table = {name: best(got) for name, got in runs.items()}
        first = first_steps(hub, door)
    ratios = {
        f"per_core_c{connections}": round(table[f"hub_c{connections}"]["per_core"] / table[f"bare_c{connections}"]["per_core"], 3)
        for connections in (1, 32)
    }
    return {"ratios": ratios | {"first_step_ms": first["p50"]}, "first_step_ms": first, "numbers": table}


def first_steps(hub: Hub, door: str, count: int = 30) -> dict:
    """From an event's receipt to its run's first step, of runs that have the hub to themselves."""
    for _ in range(count):
        urllib.request.urlopen(urllib.request.Request(door, b"{}", {"Content-Type": "application/json"}), timeout=30).read()
    query = (
        "SELECT e.received_at, s.started_at FROM run r JOIN source_event e ON e.id = r.source_event_id "
        "JOIN run_step s ON s.run_id = r.id AND s.seq = 0 ORDER BY r.created_at DESC LIMIT ?"
    )
    with contextlib.closing(sqlite3.connect(f"file:{hub.folder}/powerstrip.db?mode=ro", uri=True)) as database:
        times = [
            (datetime.fromisoformat(begun) - datetime.fromisoformat(came)).total_seconds() * 1e3
            for came, begun in database.execute(query, (count,))
        ]
    return {"p50": round(statistics.median(times), 1), "max": round(max(times), 1)}


def timed(command: list[str], times: int = 7) -> float:
    took = []
    for _ in range(times):
        started = time.perf_counter()
        subprocess.run(["taskset", "-c", str(SUT), *command], check=True, capture_output=True)
        took.append((time.perf_counter() - started) * 1e3)
    return round(statistics.median(took), 1)


BARE_SCREEN = """
from textual.app import App
from textual.widgets import Static
class Bare(App):
    def compose(self):
        yield Static("Powerstrip")
Bare().run()
"""


def painted(command: list[str], times: int = 5) -> float:
    """Seconds from the start of a terminal program to the word Powerstrip on its screen."""
    took = []
    for _ in range(times):
        ours, theirs = pty.openpty()
        termios.tcsetwinsize(theirs, (24, 80))
        seen, started = b"", time.perf_counter()
        env = os.environ | {"TERM": "xterm-256color"}
        child = subprocess.Popen(
            ["taskset", "-c", str(SUT), *command], stdin=theirs, stdout=theirs, stderr=theirs, env=env, start_new_session=True
        )
        os.close(theirs)
        while b"Powerstrip" not in seen and select.select([ours], [], [], 30)[0]:
            seen += os.read(ours, 65536)
        took.append(time.perf_counter() - started)
        child.kill()
        child.wait(20)
        os.close(ours)
    return round(statistics.median(took), 3)


def start(seconds: float, rounds: int) -> dict:
    """`--help` beside bare Python; a served hub beside a bare Litestar and SQLModel server; the dashboard beside bare Textual."""
    python, help_ms = timed([sys.executable, "-c", "pass"]), timed([POWERSTRIP, "--help"])
    bare_s, hub_s = [], []
    for _ in range(rounds):
        with contextlib.ExitStack() as stack:
            bare_s.append(bare(stack, "", "bare:litestar_app", factory=True)[1].ready_s)
        with contextlib.ExitStack() as stack:
            hub_s.append(Hub(stack, "http://127.0.0.1:9").process.ready_s)
    with tempfile.TemporaryDirectory() as folder:
        bare_screen, dashboard = painted([sys.executable, "-c", BARE_SCREEN]), painted([POWERSTRIP, "--data", f"{folder}/hub"])
    ratios = {
        "help": round(help_ms / python, 2),
        "ready": round(statistics.median(hub_s) / statistics.median(bare_s), 2),
        "first_paint": round(dashboard / bare_screen, 2),
    }
    numbers = {
        "bare_first_paint_s": bare_screen,
        "first_paint_s": dashboard,
        "python_ms": python,
        "help_ms": help_ms,
        "bare_ready_s": statistics.median(bare_s),
        "hub_ready_s": statistics.median(hub_s),
    }
    return {"ratios": ratios, "numbers": numbers}


def memory(seconds: float, rounds: int, calls: int = 10_000) -> dict:
    """Idle memory (PSS) with 25 further adapters, and after many calls."""
    with contextlib.ExitStack() as stack:
        site = stack.enter_context(tempfile.TemporaryDirectory())
        install_adapters(Path(site), 25)
        hub = Hub(stack, provider(stack), PYTHONPATH=site)
        idle, done = hub.process.memory_mb(), 0
        route = f"{hub.url}/v1/projects/bench/actions/postmark.email.send/invocations"
        while done < calls:
            done += drive(route, hub.process, 32, 10 if calls > 10_000 else 3, {"input": EMAIL}, hub.key)["requests"]
        busy = hub.process.memory_mb()
    return {
        "ratios": {"idle_mb": idle, "after_calls": round(busy / idle, 2)},
        "numbers": {"idle_mb": idle, "after_mb": busy, "calls": done},
    }


ADAPTER = """
from powerstrip.adapter import Adapter, ApiKey, Http, Model

adapter = Adapter(id="{name}", title="{name}", base_url="https://api.example.com", auth=ApiKey(header="X-Key"))


class In(Model):
    first: str
    second: int = 1


class Out(Model):
    id: str


async def act(http: Http, thing: In) -> Out:
    \"\"\"Do a thing.\"\"\"
    return await http.post("/things", json=thing, returns=Out)


for n in range(8):
    adapter.action("thing.do_" + str(n))(act)
"""


def install_adapters(folder: Path, count: int) -> None:
    """Write `count` small distributions, as an installer leaves them."""
    for number in range(count):
        name = f"bench{number}"
        (folder / f"{name}.py").write_text(ADAPTER.replace("{name}", name))
        info = folder / f"powerstrip_{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: powerstrip-{name}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[powerstrip]\n{name} = {name}:adapter\n")


def catalog(seconds: float, rounds: int) -> dict:
    """A served hub with no, 25 and 500 further adapters: time to ready and idle memory, once their index stands."""
    numbers: dict[str, dict] = {}
    with contextlib.ExitStack() as stack:
        upstream = provider(stack)
        for count in (0, 25, 500):
            site = stack.enter_context(tempfile.TemporaryDirectory())
            install_adapters(Path(site), count)
            ready, memory_mb = [], []
            with contextlib.ExitStack() as inner:
                hub = Hub(inner, upstream, PYTHONPATH=site)  # `init` and this first start make the index
                for _ in range(rounds):
                    port = free_port()
                    command = [POWERSTRIP, "serve", "--data", hub.again(), "--port", str(port)]
                    with running(command, f"http://127.0.0.1:{port}/health", **hub.env) as process:
                        ready.append(process.ready_s * 1e3)
                        memory_mb.append(process.memory_mb())
            numbers[str(count)] = {"ready_ms": round(min(ready)), "idle_mb": min(memory_mb)}
    extra = {
        "ready_ms_500": numbers["500"]["ready_ms"] - numbers["0"]["ready_ms"],
        "idle_mb_500": round(numbers["500"]["idle_mb"] - numbers["0"]["idle_mb"], 1),
    }
    return {"ratios": extra, "numbers": numbers}


SECTIONS = {"action": action, "intake": intake, "run": run, "catalog": catalog, "start": start, "memory": memory}
TARGETS: dict[str, dict[str, tuple[str, float]]] = {
    "action": {
        "action_per_core_c32": (">=", 0.5),
        "sandbox_per_core_c32": (">=", 0.5),
        "action_extra_p50_ms_c1": ("<=", 1.0),
    },
    "intake": {
        "per_core_c32": (">=", 0.5),
        "postgresql_per_core_c32": (">=", 0.5),
        "acknowledged_per_sync": (">=", 4.0),
        "held_per_s": (">=", 99.0),
        "left_after_1s": ("<=", 0),
    },
    "run": {"per_core_c32": (">=", 0.33), "first_step_ms": ("<=", 10.0)},
    "catalog": {"ready_ms_500": ("<=", 50), "idle_mb_500": ("<=", 10)},
    "start": {"help": ("<=", 3.0), "ready": ("<=", 1.25)},
    "memory": {"idle_mb": ("<=", 95), "after_calls": ("<=", 1.5)},
}
"""What is wanted of each section's ratios."""


def judged(section: str, reached: dict[str, float | None]) -> list[dict]:
    """Each target with what was reached, and whether that does; None where it was not measured."""
    found = []
    for name, (sign, wanted) in TARGETS[section].items():
        value = reached.get(name)
        met = None if value is None else value >= wanted if sign == ">=" else value <= wanted
        found.append({"target": name, "wanted": f"{sign} {wanted}", "reached": value, "met": met})
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sections", nargs="*", choices=[*SECTIONS, []], default=[])
    parser.add_argument("--seconds", type=float, default=3, help="length of one measurement")
    parser.add_argument("--rounds", type=int, default=3, help="alternating rounds")
    parser.add_argument("--calls", type=int, default=10_000, help="calls of the memory section; the target is for 100000")
    options = parser.parse_args()
    for name in options.sections or SECTIONS:
        more = {"calls": options.calls} if name == "memory" else {}
        result = SECTIONS[name](options.seconds, options.rounds, **more)
        print(json.dumps({"section": name, "targets": judged(name, result["ratios"]), **result}), flush=True)


if __name__ == "__main__":
    main()
