"""A hub that has begun and is not complete: what it answers, what waits, and what becomes of what came meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from powerstrip.access import Bootstrap
from powerstrip.api import Hub, rooms
from powerstrip.problems import StoreUnavailable
from powerstrip.settings import Settings

from .conftest import EMAIL, SEND, House, opened, problem
from .test_events import MESSAGE, listed, send, settled, slack, wrapped

QUERY = ("POST", "actions/entity.record.query/invocations", {"input": {"entity": "none"}})


@asynccontextmanager
async def begun(folder: Path, catalog: Path, first: Bootstrap) -> AsyncIterator[House]:
    hub = await Hub.begin(Settings(data=folder, catalog=catalog), {})
    try:
        yield House(hub, first)
    finally:
        await hub.close()


@pytest.fixture
async def early(tmp_path: Path, catalog_folder: Path) -> AsyncIterator[tuple[House, str]]:
    """A hub that has begun, and the path of a Slack endpoint of its."""
    async with opened(tmp_path / "data", catalog_folder) as house:
        _, path = await slack(house)
        await house.ok(
            "POST", "integrations", {"name": "mail", "provider": "postmark", "credentials": {"server_token": "pm-invented"}}
        )
    async with begun(tmp_path / "data", catalog_folder, house.first) as house:
        yield house, path


async def test_health_deliveries_and_calls_are_answered_at_once(early: tuple[House, str]) -> None:
    house, path = early

    assert (await house.ok("GET", "/health", key=""))["status"] == "ok"
    assert (await send(house, path, wrapped(MESSAGE))).status_code == 200
    assert (await house.ok("POST", SEND, {"input": EMAIL}))["mode"] == "sandbox"

    assert not house.hub.whole


async def test_a_delivery_that_came_early_is_processed_once_all_who_may_want_it_are_there(early: tuple[House, str]) -> None:
    house, path = early
    await send(house, path, wrapped(MESSAGE))
    await house.hub.complete()

    [event] = await listed(house)

    assert (await settled(house, event["id"]))["source_event"]["status"] == "succeeded"


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [(*QUERY, 200), ("GET", "automations", None, 200), ("POST", "/v1/triggers/http/none", {}, 404)],
)
async def test_what_needs_another_room_waits_for_it(
    early: tuple[House, str], method: str, path: str, body: Any, status: int
) -> None:
    house, _ = early

    answers = await asyncio.gather(*(house.ask(method, path, body) for _ in range(3)))

    assert {answer.status_code for answer in answers} == {status}
    assert house.hub.whole


async def test_where_the_rest_cannot_be_started_everybody_who_waits_is_told(
    early: tuple[House, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def furnish(hub: Hub) -> None:
        raise StoreUnavailable("The database does not answer", retry_after=2)

    house, _ = early
    monkeypatch.setattr(rooms, "furnish", furnish)

    problem(await house.ask("GET", "automations"), 503)
    with pytest.raises(StoreUnavailable):
        await house.hub.complete()
    assert not house.hub.whole


async def test_a_hub_that_is_closed_in_the_middle_lets_go_of_its_folder(tmp_path: Path, catalog_folder: Path) -> None:
    hub = await Hub.begin(Settings(data=tmp_path / "data", catalog=catalog_folder), {})
    completing = asyncio.ensure_future(hub.complete())
    await asyncio.sleep(0)

    await hub.close()

    with pytest.raises(asyncio.CancelledError):
        await completing
    async with opened(tmp_path / "data", catalog_folder) as house:
        assert house.hub.whole
