"""The engine as an operator meets it: `serve --engine dbos`, doctor, a change of engine, and what is refused."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[3] / "tests"))
sys.path.insert(0, str(Path(__file__).parents[3] / "core" / "tests"))

from postgres import PostgresServer, postgresql_binaries, serving_postgresql
from served import ServedHub, wait_until

SPEC = "steps: [{name: nap, sleep: 100ms}, {name: hook, wait_for_event: {event: acme.paid}}]"


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    binaries = postgresql_binaries()
    if binaries is None:
        pytest.skip("PostgreSQL is not installed: no initdb on the PATH")
    with serving_postgresql(binaries) as server:
        yield server


def run_of(hub: ServedHub, run_id: str) -> dict:
    return hub.ask("GET", f"runs/{run_id}").json()


def test_a_run_waits_under_one_engine_and_ends_under_the_other(server: PostgresServer, tmp_path: Path) -> None:
    url = server.url(server.new_database()).replace("+psycopg", "")
    hub = ServedHub(tmp_path / "data", POWERSTRIP_DATABASE_URL=url)
    hub.environment["POWERSTRIP_ENGINE"] = "dbos"
    assert "DBOS's tables cannot be read" in hub.run("doctor", "--data", str(hub.data)).stdout
    hub.start()
    try:
        assert hub.ask("POST", "automations", {"handle": "flow", "name": "Flow"}).status_code == 201
        assert hub.ask("POST", "automations/flow/versions", {"source": SPEC}).status_code == 201
        assert hub.ask("POST", "automations/flow/versions/1/publication").status_code < 300
        run_id = hub.ask("POST", "automations/flow/runs", {}).json()["id"]
        wait_until(lambda: run_of(hub, run_id)["status"] == "suspended", 30)
        told = hub.run("doctor", "--data", str(hub.data)).stdout
        assert "Runs are made durable by DBOS Transact" in told
        assert "1 hub process with the engine dbos on this database" in told
        assert "in the schema dbos: 0 stretches of runs under way, 0 on the queue, 0 for later" in told
        assert hub.stop() == 0
        hub.environment["POWERSTRIP_ENGINE"] = "journal"
        hub.start()
        assert hub.ask("POST", f"runs/{run_id}/signals", {"step_key": "hook", "result": {"by": "hand"}}).status_code < 300
        wait_until(lambda: run_of(hub, run_id)["status"] == "completed", 30)
        log = (hub.data / "serve.log").read_text()
        assert "ERROR" not in log
        assert url not in log
    finally:
        if hub.process is not None and hub.process.poll() is None:
            hub.kill()


REFUSED = [("dbos", "works on PostgreSQL: set POWERSTRIP_DATABASE_URL"), ("nope", "not installed (there are: dbos, journal)")]


@pytest.mark.parametrize(("engine", "words"), REFUSED)
def test_an_engine_that_cannot_work_here_is_refused_before_anything_begins(tmp_path: Path, engine: str, words: str) -> None:
    hub = ServedHub(tmp_path / "data")
    for given in (["--engine", engine], []):
        done = hub.run("serve", "--data", str(hub.data), *given, check=False, **({} if given else {"POWERSTRIP_ENGINE": engine}))
        assert done.returncode == 1
        assert words in done.stderr
        assert "Traceback" not in done.stderr
    told = hub.run("doctor", "--data", str(hub.data), "--json", check=False, POWERSTRIP_ENGINE=engine)
    finding = next(each for each in json.loads(told.stdout)["findings"] if each["check"] == "engine")
    assert (finding["state"], told.returncode) == ("broken", 1)
    assert words in finding["message"]
