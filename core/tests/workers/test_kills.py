"""kill -9 of a worker and of the hub: jobs are kept, and end once."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from powerstrip.automations.workers import jobs, workers
from powerstrip.cli.server import free_port
from powerstrip.client import Client, HubUnreachable

pytestmark = pytest.mark.slow
MODULE = """
import asyncio, pathlib
from powerstrip.client import action

@action("work")
async def work(parameters):
    with open("begun", "a") as file:
        file.write("begun\\n")
    while not pathlib.Path("go").exists():
        await asyncio.sleep(0.05)
    return {"n": parameters["n"]}
"""
COMMAND = [sys.executable, "-c", "import sys; from powerstrip.cli import main; sys.exit(main())"]


def start(folder: Path, *words: str, **environ: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([*COMMAND, *words], cwd=folder, env={**os.environ, **environ}, stdout=subprocess.PIPE)


async def until(path: Path, lines: int = 1, seconds: float = 60) -> None:
    async with asyncio.timeout(seconds):
        while not path.exists() or len(path.read_text().splitlines()) < lines:
            await asyncio.sleep(0.05)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "worker"
    made.mkdir()
    (made / "my_actions.py").write_text(MODULE)
    return made


async def test_a_killed_worker_s_job_is_done_by_the_next(served, folder, monkeypatch) -> None:
    monkeypatch.setattr(jobs, "LEASE_SECONDS", 2)
    monkeypatch.setattr(jobs, "AGAIN_SECONDS", 0.1)
    monkeypatch.setattr(workers, "TICK", 0.2)
    named = {"POWERSTRIP_URL": served.url, "POWERSTRIP_API_KEY": served.key, "POWERSTRIP_PROJECT": "main"}
    async with served.client() as hub:
        await hub.actions.create("work", kind="worker", timeout_seconds=120)
        calling = asyncio.create_task(hub.call("work", {"n": 7}, timeout_seconds=100))
        first = start(folder, "worker", "--module", "my_actions", **named)
        second = None
        try:
            await until(folder / "begun")
            first.kill()
            (folder / "go").touch()
            second = start(folder, "worker", "--module", "my_actions", **named)
            result = await calling
            assert (result["status"], result["output"]) == ("completed", {"n": 7})
            job = await hub.workers.job(result["job_id"])
            assert job["claim_attempt"] >= 2
            second.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(second.wait, 30) == 0
        finally:
            for process in (first, second):
                if process is not None and process.poll() is None:
                    process.kill()


async def answering(client: Client) -> None:
    async with asyncio.timeout(60):
        while True:
            try:
                await client.health()
                return
            except HubUnreachable:
                await asyncio.sleep(0.1)


async def test_a_killed_hub_keeps_the_job_and_the_worker_comes_back(tmp_path, folder) -> None:
    """The worker goes on through the hub's death, and tells its end to the next process under the same lease."""
    data = tmp_path / "data"
    port = free_port(0)
    made = json.loads(subprocess.run([*COMMAND, "init", "--data", str(data), "--json"], capture_output=True, check=True).stdout)
    key, project = made["api_key"], made["project"]
    url = f"http://127.0.0.1:{port}"
    serve = ("serve", "--data", str(data), "--port", str(port))
    processes = [start(tmp_path, *serve)]
    try:
        async with Client(url, key, project) as hub:
            await answering(hub)
            await hub.actions.create("work", kind="worker", timeout_seconds=300)
            named = {"POWERSTRIP_URL": url, "POWERSTRIP_API_KEY": key, "POWERSTRIP_PROJECT": project}
            processes.append(start(folder, "worker", "--module", "my_actions", **named))
            begun = await hub.call("work", {"n": 7}, timeout_seconds=1, idempotency_key="once")
            await until(folder / "begun")
            processes[0].kill()
            processes[0].wait()
            processes.append(start(tmp_path, *serve))
            await answering(hub)
            (folder / "go").touch()
            result = await hub.call("work", {"n": 7}, timeout_seconds=100, idempotency_key="once")
            assert (result["status"], result["output"], result["job_id"]) == ("completed", {"n": 7}, begun["job_id"])
    finally:
        for process in processes:
            if process.poll() is None:
                process.kill()
