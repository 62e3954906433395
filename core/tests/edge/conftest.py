"""Peers that answer as told, a clock that tests can set, and an edge that may reach this machine."""

import asyncio
import contextlib
import ipaddress
import ssl
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from powerstrip.adapter import Adapter, ApiKey, Auth, Model
from powerstrip.clock import monotonic
from powerstrip.edge import Bound, Call, Edge, Tempo
from powerstrip.settings import Settings

sys.path.insert(0, str(Path(__file__).parents[1]))  # certificates.py

SECRET = "pm-invented-token-0001"
TLS = ssl.create_default_context()
"""Made once: reading the system's authorities takes longer than most tests."""
HERE = (ipaddress.ip_network("127.0.0.0/8"),)


@dataclass
class Seen:
    """One request as the peer read it."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    raw_head: bytes


Answer = Callable[[Seen, asyncio.StreamWriter], Awaitable[None]]


def reply(status: int = 200, body: bytes = b"{}", **headers: str) -> bytes:
    """An HTTP/1.1 answer as bytes."""
    heads = {"Content_Type": "application/json"} | headers
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in heads.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@dataclass
class Peer:
    """A server on 127.0.0.1. It gives its answers in turn, the last one for ever; bytes are sent, functions are called."""

    answers: list[bytes | Answer]
    requests: list[Seen] = field(default_factory=list)
    connections: int = 0
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while True:
                seen = await _read(reader)
                self.requests.append(seen)
                answer = self.answers[min(len(self.requests), len(self.answers)) - 1]
                if isinstance(answer, bytes):
                    writer.write(answer)
                    await writer.drain()
                else:
                    await answer(seen, writer)
        writer.close()


async def _read(reader: asyncio.StreamReader) -> Seen:
    head = await reader.readuntil(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").strip().split("\r\n")
    method, path, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Seen(method, path, headers, body, head)


@pytest.fixture
async def peer() -> AsyncIterator[Callable[..., Awaitable[Peer]]]:
    """`await peer(answer, …)` starts one."""
    servers: list[asyncio.Server] = []

    async def start(*answers: bytes | Answer, tls: Any = None) -> Peer:
        made = Peer(list(answers) or [reply()])
        server = await asyncio.start_server(made.serve, "127.0.0.1", 0, ssl=tls)
        servers.append(server)
        made.port = server.sockets[0].getsockname()[1]
        return made

    yield start
    for server in servers:
        server.close()


@dataclass
class Clockwork:
    """A clock that moves only when somebody waits."""

    time: float = 1000.0
    waits: list[float] = field(default_factory=list)

    def clock(self) -> float:
        return self.time

    async def pause(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.time += seconds
        await asyncio.sleep(0)

    @property
    def tempo(self) -> Tempo:
        return Tempo(self.clock, self.pause, lambda: 1.0)


@pytest.fixture
def clockwork() -> Clockwork:
    return Clockwork()


class Config(Model):
    """Settings of the test provider."""

    base_url: str = ""


class Answered(Model):
    """What the test provider says."""

    ok: bool = True
    id: str = "x"


def adapter_at(base_url: str, auth: Auth | None = None, **parts: Any) -> Adapter:
    """A provider that lives there."""
    return Adapter(
        id="tester",
        title="Tester",
        base_url=base_url,
        base_url_field="base_url",
        config=Config,
        auth=auth or ApiKey(header="X-Key"),
        **parts,
    )


class Sealed:
    """Stands for the vault's sealed credential: opaque to the edge."""


@dataclass
class Bench:
    """An edge and short ways to use it."""

    edge: Edge
    credentials: dict[str, str]
    revealed: list[object]

    def bound(self, adapter: Adapter, **changes: Any) -> Bound:
        given: dict[str, Any] = {
            "project_id": "prj_1",
            "integration_id": "int_1",
            "provider": adapter.id,
            "adapter": adapter,
            "auth": adapter.auths[0],
            "config": {},
            "mode": "live",
            "credential": Sealed(),
            "credential_fields": tuple(self.credentials),
        }
        return Bound(**(given | changes))

    def http(self, adapter: Adapter, bound: Mapping[str, Any] | None = None, **call: Any) -> Any:
        """An `Http` and its `Trace`."""
        return self.door(adapter, bound, **call)

    def door(self, adapter: Adapter, bound: Mapping[str, Any] | None = None, **call: Any) -> Any:
        """The adapter's door, and its `Trace`."""
        given = {"invocation_id": "inv_1", "action_name": "tester.do", "deadline": monotonic() + 5}
        return self.edge.door(self.bound(adapter, **(bound or {})), Call(**(given | call)))


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Callable[..., Awaitable[Bench]]]:
    """`await bench(...)` makes an edge that may reach 127.0.0.0/8; keywords go to `Edge`."""
    edges: list[Edge] = []

    async def make(
        *, allow: Any = HERE, urls: Mapping[str, str] | None = None, credentials: Mapping[str, str] | None = None, **parts: Any
    ) -> Bench:
        settings = Settings(data=tmp_path, allow_addresses=allow, provider_urls=dict(urls or {}))
        given, revealed = dict(credentials or {"api_key": SECRET}), []

        def reveal(credential: object) -> Mapping[str, str]:
            assert isinstance(credential, Sealed)
            revealed.append(credential)
            return dict(given)

        edge = Edge(settings, reveal, tmp_path / "streams", **({"tls": lambda: TLS} | parts))
        edges.append(edge)
        await edge.start()
        return Bench(edge, given, revealed)

    yield make
    for edge in edges:
        await edge.close()


@pytest.fixture
def kit() -> Any:
    """The helpers above by name, since test modules cannot import one another."""

    class Kit:
        pass

    for helper in (reply, adapter_at, Answered, Config, Seen):
        setattr(Kit, helper.__name__, staticmethod(helper) if not isinstance(helper, type) else helper)
    Kit.SECRET = SECRET
    return Kit
