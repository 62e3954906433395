"""A client of a hub in the same process."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from powerstrip.client import HubError, embedded


@dataclass
class TinyHub:
    """An ASGI app that says who asked it, and refuses what is not for its project."""

    local_token: str = "mbx_invented-local"
    seen: list[dict[str, Any]] = field(default_factory=list)

    async def app(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        self.seen.append(scope)
        fine = scope["path"].startswith("/v1/projects/shop")
        body = {"handle": "shop"} if fine else {"error": {"code": "not_found", "message": "No such project", "details": {}}}
        await send({"type": "http.response.start", "status": 200 if fine else 404, "headers": []})
        await send({"type": "http.response.body", "body": json.dumps(body).encode()})


async def test_requests_reach_the_app_with_the_operators_token() -> None:
    hub = TinyHub()
    async with embedded(hub, "shop") as client:
        assert (await client.projects.get("shop"))["handle"] == "shop"
        with pytest.raises(HubError, match="No such project"):
            await client.projects.get("other")
    assert (b"authorization", b"Bearer mbx_invented-local") in hub.seen[0]["headers"]


@dataclass
class StreamingHub:
    """An ASGI app that tells of an event when it is let to, until its asker is gone."""

    local_token: str = "mbx_invented-local"
    more: asyncio.Event = field(default_factory=asyncio.Event)
    left: asyncio.Event = field(default_factory=asyncio.Event)
    done: list[str] = field(default_factory=list)

    async def app(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        while (await receive()).get("more_body"):
            pass
        if scope["path"].endswith("/health"):
            await self.more.wait()
            self.done.append("answered")
        await send({"type": "http.response.start", "status": 200, "headers": []})
        if scope["path"].endswith("/stream"):
            await send({"type": "http.response.body", "body": b'data: {"id": "first"}\n\n', "more_body": True})
            await self.more.wait()
            await send({"type": "http.response.body", "body": b'data: {"id": "second"}\n\n', "more_body": True})
            assert (await receive())["type"] == "http.disconnect"
            self.left.set()
            return
        await send({"type": "http.response.body", "body": b'{"status": "ok"}'})


async def test_a_stream_is_read_while_it_grows_and_the_app_hears_when_its_reader_is_gone() -> None:
    hub = StreamingHub()
    async with embedded(hub, "shop") as client:
        seen = []
        async with asyncio.timeout(10):
            async for row in client.events.tail():
                seen.append(row["id"])
                if len(seen) == 2:
                    break
                assert not hub.more.is_set()
                hub.more.set()
    assert seen == ["first", "second"]
    assert hub.left.is_set()


async def test_a_client_that_is_closed_ends_its_streams() -> None:
    hub = StreamingHub()
    hub.more.set()
    client = embedded(hub, "shop")
    rows = client.events.tail()
    await anext(rows)
    async with asyncio.timeout(10):
        await client.close()
    assert hub.left.is_set()


async def test_what_the_app_is_at_is_not_torn_where_its_asker_goes_away() -> None:
    hub = StreamingHub()
    async with embedded(hub, "shop") as client:
        asking = asyncio.create_task(client.health())
        await asyncio.sleep(0.05)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert hub.done == []
        hub.more.set()
    assert hub.done == ["answered"]


async def test_an_answer_ends_with_its_last_piece_and_the_app_hears_of_it() -> None:
    left = asyncio.Event()

    class Waiting:
        local_token = "mbx_invented-local"

        async def app(self, scope: Any, receive: Any, send: Any) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b'{"status": ', "more_body": True})
            await send({"type": "http.response.body", "body": b'"ok"}'})
            while (await receive())["type"] != "http.disconnect":
                pass
            left.set()

    async with embedded(Waiting(), "shop") as client, asyncio.timeout(10):
        assert (await client.health())["status"] == "ok"
    assert left.is_set()


async def test_an_app_that_fails_is_told_as_it_is() -> None:
    class Failing:
        local_token = "mbx_invented-local"

        async def app(self, scope: Any, receive: Any, send: Any) -> None:
            raise LookupError("a defect of the app")

    async with embedded(Failing(), "shop") as client:
        with pytest.raises(LookupError, match="a defect"):
            await client.health()
