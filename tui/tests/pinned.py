"""A hub in this process that looks the same each time it is asked, for pictures."""

import json
import os
import re
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2

from powerstrip.client import Client, embedded
from powerstrip.client.inprocess import InProcess

SHOWN = ("postmark", "slack", "s3", "github", "stripe", "http")
"""The services that pictures show, whatever else is installed."""
COUNTS = ("calls", "call_failures", "events", "event_failures", "runs", "run_failures")


class Pinned(httpx2.AsyncBaseTransport):
    """A hub in this process whose times and ids look the same each time, for pictures.

    Ids are numbered in the order in which they are met, and put back in what is asked.
    """

    ID = re.compile(r"\b([a-z]{2,5})_([0-9A-Za-z]{16,})\b")
    SAME = (
        (re.compile(r'"tier(_computed_at)?":"[^"]*",?'), ""),
        (re.compile(r"\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)"), "2026-01-02T03:04:05Z"),
        (re.compile(r'"key_prefix":"mbx_\w+"'), '"key_prefix":"mbx_abcd"'),
        (re.compile(r'"name":"admin [a-z0-9]{6}"'), '"name":"admin"'),
        (re.compile(r'"(current|latency_ms)":("[0-9a-f]{16,}"|\d+)'), r'"\1":"0123456789abcdef"'),
    )

    def __init__(self, app: Any) -> None:
        self._inner = InProcess(app)
        self._known: dict[str, str] = {}

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Ask with the real ids, answer with the numbered ones."""
        back = {mine: real for real, mine in self._known.items()}
        url, body = str(request.url), (await request.aread()).decode()
        for mine, real in back.items():
            url, body = url.replace(mine, real), body.replace(mine, real)
        headers = [(name, value) for name, value in request.headers.items() if name.lower() != "content-length"]
        asked = httpx2.Request(request.method, url, headers=headers, content=body.encode())
        answer = await self._inner.handle_async_request(asked)
        if answer.headers.get("content-type", "").startswith("text/event-stream"):
            return answer
        text = (await answer.aread()).decode()
        text = self.ID.sub(self._numbered, text)
        for changing, same in self.SAME:
            text = changing.sub(same, text)
        text = self._chosen(request.url.path, text)
        kept = [(name, value) for name, value in answer.headers.items() if name.lower() != "content-length"]
        return httpx2.Response(answer.status_code, headers=kept, content=text.encode())

    @staticmethod
    def _chosen(path: str, text: str) -> str:
        """The services that are shown, and the day's figures as of its last hour."""
        if path.endswith("/providers"):
            found = json.loads(text)
            found["providers"] = [each for each in found["providers"] if each["name"] in SHOWN]
            return json.dumps(found)
        if path.endswith("/v1/platform"):
            return json.dumps(json.loads(text) | {"adapters": [f"{name} 0.1.0" for name in SHOWN], "unusable": []})
        if path.endswith("/v1/platform/findings"):
            found = json.loads(text)
            found["findings"] = [each for each in found["findings"] if each["check"] == "key file"]
            hint = "keep a copy elsewhere; moved out of /srv/hub and named by POWERSTRIP_MASTER_KEY_FILE, it is apart"
            return json.dumps(found | {"findings": [each | {"hint": hint} for each in found["findings"]]})
        if path.endswith("/activity"):
            found = json.loads(text)
            hours = found["hours"]
            sums = {name: sum(each[name] for each in hours) for name in COUNTS}
            found["hours"] = [each | dict.fromkeys(COUNTS, 0) for each in hours[:-1]] + [hours[-1] | sums]
            return json.dumps(found)
        return text

    async def aclose(self) -> None:
        """Close what is open."""
        await self._inner.aclose()

    def _numbered(self, found: re.Match[str]) -> str:
        return self._known.setdefault(found[0], f"{found[1]}_{len(self._known) + 1:020d}")


class PinnedDoor:
    """Opens a hub in a folder, and gives a client whose answers look the same each time."""

    where, own, project = "http://hub.example", False, "shop"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def open(self) -> AbstractAsyncContextManager[Client]:
        return self._open()

    @asynccontextmanager
    async def _open(self) -> AsyncGenerator[Client]:
        async with opened(self._folder) as hub, self._client(hub) as client:
            await met(client)
            yield client

    @staticmethod
    def _client(hub: Any) -> Client:
        return Client("http://127.0.0.1", hub.local_token, "shop", transport=Pinned(hub.app))

    async def make(self, mode: str) -> None:
        raise NotImplementedError

    def with_key(self, key: str) -> "PinnedDoor":
        return self


async def met(client: Client) -> None:
    """Meet every id in one order, in whatever order a screen asks for them."""
    lists = (client.integrations, client.automations, client.runs, client.events, client.secrets, client.keys, client.webhooks)
    for each in lists:
        await each.list().all()
    await client.endpoints.list()
    await client.principals.list()
    await client.workers.jobs().all()
    await client.audit.list().all()
    await client.invocations.list().all()


@asynccontextmanager
async def opened(folder: Path) -> AsyncGenerator[Any]:
    """A hub in this process."""
    from powerstrip.api import Hub
    from powerstrip.settings import Settings, installation_index

    hub = await Hub.open(Settings(data=folder, catalog=installation_index(os.environ)), {})
    try:
        yield hub
    finally:
        await hub.close()


async def filled(folder: Path, fill: Any) -> None:
    """A hub's folder with a sandbox project `shop`, and in it what `fill` makes."""
    async with opened(folder) as hub:
        await hub.access.bootstrap("shop", name="Shop", mode="sandbox")
        if fill is not None:
            async with embedded(hub, "shop") as client:
                await fill(client)
