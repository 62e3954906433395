"""Webhooks on a real store, vault and edge, with targets on loopback."""

import asyncio
import json
import shutil
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from functools import partial
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection
from sqlmodel import Session, col, select, update

from powerstrip.edge import Deliveries
from powerstrip.events import Events, NewEvent
from powerstrip.outbound import Issued, NewWebhook, Outbound
from powerstrip.settings import Settings
from powerstrip.store import Actor, Project, Store, Webhook, WebhookDelivery
from powerstrip.vault import Vault, load_master

ADA = Actor(None, "Ada", None, "laptop", "127.0.0.1", "tests")


@dataclass
class Got:
    """A delivery as a target saw it."""

    path: str
    headers: dict[str, str]
    body: bytes
    at: float

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Target:
    """A small HTTP server that remembers. `answers` holds raw answers by path; a path beginning with /hang never answers."""

    port: int = 0
    got: list[Got] = field(default_factory=list)
    answers: dict[str, bytes] = field(default_factory=dict)
    released: asyncio.Event = field(default_factory=asyncio.Event)
    server: Any = None

    async def start(self) -> None:
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        self.released.set()
        self.server.close()

    def url(self, path: str = "/hook") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def say(self, status: str, text: str = "", path: str = "/hook", **headers: str) -> None:
        lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        body = text.encode()
        self.answers[path] = f"HTTP/1.1 {status}\r\n{lines}content-length: {len(body)}\r\n\r\n".encode() + body

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                await self._one(line.decode(), reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _one(self, line: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        headers: dict[str, str] = {}
        while (header := (await reader.readline()).decode().strip()) != "":
            name, _, value = header.partition(":")
            headers[name] = value.strip()
        length = next(int(value) for name, value in headers.items() if name.lower() == "content-length")
        body = await reader.readexactly(length)
        path = line.split()[1]
        self.got.append(Got(path, headers, body, time.monotonic()))
        if path.startswith("/hang"):
            await self.released.wait()
        writer.write(self.answers.get(path, b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"))
        await writer.drain()

    def at(self, path: str) -> list[Got]:
        return [each for each in self.got if each.path == path]


@dataclass
class Room:
    """The outbound room and what it stands on."""

    settings: Settings
    store: Store
    vault: Vault
    events: Events
    outbound: Outbound
    target: Target
    project: Project

    @property
    def webhooks(self) -> Any:
        return self.outbound.webhooks

    async def hook(self, path: str = "/hook", *, project: Project | None = None, **more: Any) -> Issued:
        new = NewWebhook(more.pop("name", f"hook {path}"), more.pop("url", self.target.url(path)), **more)
        return await self.webhooks.create(project or self.project, ADA, new)

    async def happen(self, name: str = "thing.done", *, project: Project | None = None, **more: Any) -> str:
        event = NewEvent((project or self.project).id, name, more.pop("source_type", "test"), data={"text": "häppened"}, **more)
        id = await self.store.hot(partial(self.events.emit, event=event))
        self.events.wake()
        assert id is not None
        return id

    async def all(self, table: Any, *where: Any) -> list[Any]:
        return await self.store.read(lambda session: list(session.exec(select(table).where(*where))))

    async def delivery(self, webhook_id: str) -> WebhookDelivery:
        [row] = await self.all(WebhookDelivery, col(WebhookDelivery.webhook_id) == webhook_id)
        return row

    async def until(self, webhook_id: str, true: Callable[[WebhookDelivery], bool], seconds: float = 5) -> WebhookDelivery:
        """The only delivery of a webhook once it is so."""
        end = time.monotonic() + seconds
        while True:
            rows = await self.all(WebhookDelivery, col(WebhookDelivery.webhook_id) == webhook_id)
            if len(rows) == 1 and true(rows[0]):
                return rows[0]
            assert time.monotonic() < end, rows
            await asyncio.sleep(0.01)

    async def make_due(self) -> None:
        """Let the time of the next try come."""

        def now(connection: Connection) -> None:
            waiting = col(WebhookDelivery.due_at).is_not(None)
            connection.execute(update(WebhookDelivery).where(waiting).values(due_at="2020-01-01T00:00:00.000000Z"))

        await self.store.hot(now)
        self.outbound._sender.wake()

    async def set_webhook(self, id: str, **values: Any) -> None:
        await self.store.hot(lambda connection: connection.execute(update(Webhook).where(col(Webhook.id) == id).values(**values)))

    async def make_project(self, handle: str, mode: str = "live") -> Project:
        def add(session: Session) -> Project:
            project = Project(name=handle, handle=handle, mode=mode)
            session.add(project)
            return project

        return await self.store.write(add)


async def eventually(true: Callable[[], bool], seconds: float = 5) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come to be"
        await asyncio.sleep(0.01)


async def open_room(data: Path, url: str, target: Any, *, own: Any = (), seconds: float = 2.0, **settings: Any) -> Room:
    """The room on what may be there already."""
    chosen = Settings(**{"data": data, "allow_addresses": (ip_network("127.0.0.0/8"),)} | settings)
    store = Store(url)
    await store.start()
    vault = Vault(store, load_master(chosen, {}))
    await vault.start()
    events = Events(store)
    outbound = Outbound(store, vault, vault.audit, events, Deliveries(chosen, own=own, hop="hop-1"), seconds=seconds)
    await events.start()
    await outbound.start()
    room = Room(chosen, store, vault, events, outbound, target, Project(name="", handle=""))
    found = await room.all(Project, col(Project.handle) == "main")
    room.project = found[0] if found else await room.make_project("main")
    return room


async def close_room(room: Room) -> None:
    await room.outbound.close()
    await room.events.close()
    await room.store.close()


@pytest.fixture
async def target() -> AsyncIterator[Target]:
    target = Target()
    await target.start()
    yield target
    await target.stop()


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("empty") / "powerstrip.db"
    store = Store(f"sqlite:///{path}")
    store.migrate()
    store.engine.dispose()
    return path


@pytest.fixture
async def room(request: pytest.FixtureRequest, tmp_path: Path, target: Target, migrated_file: Path) -> AsyncIterator[Room]:
    """The room on SQLite, or on each kind of database where the test asks for `database_url`."""
    if "database_url" in request.fixturenames:
        url = request.getfixturevalue("database_url")
        store = Store(url)
        store.migrate()
        store.engine.dispose()
    else:
        shutil.copy(migrated_file, tmp_path / "powerstrip.db")
        url = f"sqlite:///{tmp_path / 'powerstrip.db'}"
    room = await open_room(tmp_path, url, target)
    yield room
    await close_room(room)
