"""A hub behind its real server, and workers that speak the protocol by hand."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import websockets
from websockets.asyncio.client import ClientConnection

from powerstrip.access import Bootstrap, NewKey, NewPrincipal
from powerstrip.api import Hub
from powerstrip.cli import server as serving
from powerstrip.client import Client
from powerstrip.settings import Settings

LOOPBACK = ["127.0.0.0/8"]


@dataclass
class ByHand:
    """A worker's socket, frame by frame."""

    line: ClientConnection
    token: str = ""
    unread: list[dict[str, Any]] = field(default_factory=list)

    async def send(self, **frame: Any) -> None:
        await self.line.send(json.dumps(frame))

    async def next(self, kind: str, seconds: float = 5) -> dict[str, Any]:
        """The next frame of this type; others are kept."""
        async with asyncio.timeout(seconds):
            while True:
                for frame in self.unread:
                    if frame["type"] == kind:
                        self.unread.remove(frame)
                        return frame
                self.unread.append(json.loads(await self.line.recv()))

    async def register(self, name: str = "", **more: Any) -> dict[str, Any]:
        facts = {"worker_instance_id": name or uuid.uuid4().hex, "concurrency_limit": 1} | more
        await self.send(type="worker.register", **facts)
        answer = await self.next("worker.registered")
        self.token = answer["worker_session_token"]
        return answer

    async def claim(self, slots: int = 1, **more: Any) -> list[dict[str, Any]]:
        id = uuid.uuid4().hex
        await self.send(type="jobs.claim", available_slots=slots, message_id=id, **more)
        answer = await self.next("jobs.claimed")
        assert answer["message_id"] == id
        return answer["jobs"]

    async def claimed(self, seconds: float = 8) -> dict[str, Any]:
        """One job, waited for."""
        async with asyncio.timeout(seconds):
            while not (jobs := await self.claim()):
                await self.next("work.available", seconds)
        return jobs[0]

    async def report(self, job: dict[str, Any], **more: Any) -> None:
        await self.send(type="job.report", job_id=job["id"], lease_token=job["lease_token"], **more)

    async def closed(self, seconds: float = 8) -> int:
        """Read to the end; the code of the close."""
        try:
            async with asyncio.timeout(seconds):
                while True:
                    self.unread.append(json.loads(await self.line.recv()))
        except websockets.ConnectionClosed:
            return self.line.close_code or 0

    def error(self) -> dict[str, Any]:
        """The last error frame."""
        return [frame for frame in self.unread if frame["type"] == "error"][-1]["error"]


@dataclass
class Served:
    """A hub on a loopback port."""

    hub: Hub
    first: Bootstrap
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def key(self) -> str:
        return self.first.key

    def client(self, key: str = "") -> Client:
        return Client(self.url, key or self.key, "main")

    @asynccontextmanager
    async def worker(self, key: str = "", project: str = "main", **more: Any) -> AsyncIterator[ByHand]:
        address = f"ws://127.0.0.1:{self.port}/v1/projects/{project}/workers/socket"
        headers = {"authorization": f"Bearer {key or self.key}"}
        async with websockets.connect(address, additional_headers=headers, compression=None, **more) as line:
            yield ByHand(line)

    async def member(self, *roles: str) -> tuple[str, str]:
        """The key of a new principal with these roles, and the key's id."""
        access, project = self.hub.access, self.first.project
        admin = await access.authenticate(self.first.key)
        ids = {role.name.lower(): role.id for role in await access.roles.list(project.id)}
        new = NewPrincipal(name=f"member {uuid.uuid4().hex}", role_ids=[ids[role] for role in roles])
        made = await access.principals.create(admin, project.id, new)
        key = await access.keys.create(admin, project, NewKey(new.name, made.principal.id))
        return key.key, key.row.id if hasattr(key, "row") else key.api_key.id


@asynccontextmanager
async def serving_hub(folder: Path, catalog: Path, mode: str = "live", **settings: Any) -> AsyncIterator[Served]:
    hub = await Hub.open(Settings(data=folder, catalog=catalog, allow_addresses=LOOPBACK, **settings), {})
    first = await hub.access.bootstrap("main", mode=mode)  # pyright: ignore[reportArgumentType]
    bound = serving.listener("127.0.0.1", 0)
    port = bound.getsockname()[1]
    server = serving.Server(hub.app, bound)
    task = asyncio.create_task(server.run_on())
    await serving.started(server, task)
    try:
        yield Served(hub, first, port)
    finally:
        hub.workers.release()
        server.stop()
        await task
        await hub.close()


@pytest.fixture
async def served(tmp_path: Path, catalog_folder: Path) -> AsyncIterator[Served]:
    async with serving_hub(tmp_path / "data", catalog_folder) as served:
        yield served
