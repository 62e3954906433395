"""Polls through the whole house: nothing is lost and nothing comes twice, and one that stands still says why."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from pytest_httpserver import HTTPServer
from sqlmodel import select
from werkzeug import Request, Response

from powerstrip.clock import now, rfc3339
from powerstrip.inbound.polls.polls import PATIENCE
from powerstrip.problems import Conflict
from powerstrip.store import Poll, ProviderEvent, SourceEvent

from .conftest import House, opened, problem

KEYS = {"access_key_id": "AKINVENTEDKEY0000001", "secret_access_key": "invented-secret-access-key-0001"}


@dataclass
class Bucket:
    """A store with one bucket, listed in one page."""

    objects: dict[str, str] = field(default_factory=dict[str, str])
    status: int = 200
    asked: int = 0

    def answer(self, request: Request) -> Response:
        self.asked += 1
        if self.status != 200:
            return Response("<Error><Code>Odd</Code><Message>no</Message></Error>", self.status, content_type="application/xml")
        rows = "".join(
            f"<Contents><Key>{quote(key)}</Key><LastModified>{at}</LastModified><ETag>1</ETag><Size>3</Size></Contents>"
            for key, at in sorted(self.objects.items())
        )
        text = f"<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>{rows}</ListBucketResult>"
        return Response(text, content_type="application/xml")

    def put(self, key: str) -> None:
        self.objects[key] = rfc3339(now())


@pytest.fixture
def bucket(httpserver: HTTPServer) -> Bucket:
    made = Bucket({"old": "2026-11-01T00:00:00Z"})
    httpserver.expect_request(re.compile(r"/reports.*")).respond_with_handler(made.answer)
    return made


@pytest.fixture
async def live(tmp_path: Path, catalog_folder: Path, httpserver: HTTPServer, bucket: Bucket) -> AsyncIterator[House]:
    network: dict[str, Any] = {
        "allow_addresses": ["127.0.0.0/8"],
        "provider_urls": {"s3": httpserver.url_for("").rstrip("/")},
    }
    async with opened(tmp_path / "data", catalog_folder, mode="live", **network) as house:
        yield house


async def connected(house: House) -> dict[str, Any]:
    new = {"name": "media", "provider": "s3", "credentials": KEYS, "config": {"bucket": "reports", "region": "eu-west-1"}}
    return await house.ok("POST", "integrations", new)


async def on(house: House) -> dict[str, Any]:
    """A poll that has had its first look."""
    poll = {"integration_id": (await connected(house))["id"], "poll": "object"}
    await house.ok("POST", "polls/enable", poll | {"watch": {}, "seconds": 3600})
    for _ in range(200):
        if "looked_at" in (shown := (await house.ok("GET", "polls"))["items"][0]):
            assert shown["found"] == 0
            return poll
        await asyncio.sleep(0.05)
    raise AssertionError(shown)


async def row_of(house: House) -> Poll:
    return await house.hub.store.read(lambda session: session.exec(select(Poll)).one())


async def test_the_first_look_is_a_baseline_and_later_ones_give_events_once(live: House, bucket: Bucket) -> None:
    poll = await on(live)
    assert (await live.ok("GET", "integrations/events"))["items"] == []
    bucket.put("new.txt")
    for _ in range(3):
        looked = await live.ok("POST", "polls/now", poll)
    assert (looked["found"], looked["enabled"], looked.get("error")) == (1, True, None)
    (event,) = (await live.ok("GET", "integrations/events"))["items"]
    assert (event["event_type"], event["source"], event["integration_id"]) == (
        "s3.object.created", "sync", poll["integration_id"],
    )  # fmt: skip
    del bucket.objects["new.txt"]
    await live.ok("POST", "polls/now", poll)
    names = [each["event_type"] for each in (await live.ok("GET", "integrations/events"))["items"]]
    assert names == ["s3.object.removed", "s3.object.created"]


async def test_cursor_and_events_stand_or_fall_together(live: House, bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    poll = await on(live)
    before = (await row_of(live)).cursor
    bucket.put("new.txt")
    ledger = live.hub.inbound.ledger
    real = ledger.keep

    def breaks(*given: Any) -> Any:
        real(*given)
        raise Conflict("the database went away after the rows were written")

    monkeypatch.setattr(ledger, "keep", breaks)
    problem(await live.ask("POST", "polls/now", poll), 409)
    assert (await row_of(live)).cursor == before
    assert await live.hub.store.read(lambda session: session.exec(select(ProviderEvent)).all()) == []
    monkeypatch.undo()

    def lapse(session: Any) -> None:
        row = session.exec(select(Poll)).one()
        row.next_at = rfc3339(now() - timedelta(seconds=1))
        session.add(row)

    await live.hub.store.write(lapse)
    for _ in range(200):
        found = await live.hub.store.read(lambda session: session.exec(select(SourceEvent)).all())
        if found:
            break
        await asyncio.sleep(0.05)
    assert [each.name for each in found] == ["s3.object.created"]
    assert (await row_of(live)).cursor != before


async def test_an_overlapping_cursor_repeats_nothing(live: House, bucket: Bucket) -> None:
    poll = await on(live)
    before = (await row_of(live)).cursor
    bucket.put("new.txt")
    await live.ok("POST", "polls/now", poll)

    def back(session: Any) -> None:
        row = session.exec(select(Poll)).one()
        row.cursor = before
        session.add(row)

    await live.hub.store.write(back)
    assert (await live.ok("POST", "polls/now", poll))["found"] == 1
    assert len((await live.ok("GET", "integrations/events"))["items"]) == 1


async def test_a_provider_that_says_no_again_and_again_stops_the_poll(live: House, bucket: Bucket) -> None:
    poll = await on(live)
    bucket.status = 404
    for _ in range(PATIENCE):
        looked = await live.ok("POST", "polls/now", poll)
        assert looked["error"]
    assert looked["enabled"] is False
    assert "times in a row" in looked["stopped"]
    problem(await live.ask("POST", "polls/now", poll), 409)
    bucket.status = 200
    bucket.put("meanwhile.txt")
    await live.ok("POST", "polls/enable", poll | {"seconds": 3600})
    for _ in range(200):
        if (shown := (await live.ok("GET", "polls"))["items"][0])["found"]:
            break
        await asyncio.sleep(0.05)
    assert (shown["found"], shown.get("stopped")) == (1, None)


async def test_one_that_is_out_of_order_is_asked_less_often_and_for_ever(live: House, bucket: Bucket) -> None:
    poll = await on(live)
    bucket.status = 503
    waits: list[float] = []

    def often(session: Any) -> None:
        row = session.exec(select(Poll)).one()
        row.seconds = 60
        session.add(row)

    await live.hub.store.write(often)
    for _ in range(5):
        await live.ok("POST", "polls/now", poll)
        row = await row_of(live)
        assert row.stopped is None
        assert row.next_at
        waits.append((datetime.fromisoformat(row.next_at) - now()).total_seconds())
    assert waits[4] > 4 * waits[0] > 200


async def test_a_refused_credential_stops_it_until_there_is_another(live: House, bucket: Bucket) -> None:
    poll = await on(live)
    bucket.status = 401
    await live.ok("POST", "polls/now", poll)
    looked = await live.ok("POST", "polls/now", poll)
    assert "expired" in looked["stopped"]
    asked = bucket.asked
    await live.ok("POST", "polls/now", poll)
    assert bucket.asked == asked
    bucket.status = 200
    await live.ok("POST", f"integrations/{poll['integration_id']}/rotate", {"credentials": KEYS, "probe": False})
    assert "stopped" not in await live.ok("POST", "polls/now", poll)


async def test_switched_off_it_keeps_its_place(live: House, bucket: Bucket) -> None:
    poll = await on(live)
    await live.ok("POST", "polls/disable", poll)
    bucket.put("meanwhile.txt")
    problem(await live.ask("POST", "polls/now", poll), 409)
    await live.ok("POST", "polls/enable", poll)
    for _ in range(200):
        if (await live.ok("GET", "polls"))["items"][0]["found"] == 1:
            break
        await asyncio.sleep(0.05)
    await live.ok("DELETE", f"integrations/{poll['integration_id']}?accept_impact=true")
    assert await live.hub.store.read(lambda session: session.exec(select(Poll)).all()) == []


async def test_a_sandbox_polls_nobody_and_wrong_words_are_told(house: House) -> None:
    made = await connected(house)
    (shown,) = (await house.ok("GET", "polls"))["items"]
    assert (shown["enabled"], shown["poll"]) == (False, "object")
    poll = {"integration_id": made["id"], "poll": "object"}
    assert problem(await house.ask("POST", "polls/enable", poll), 422)["code"] == "sandbox"
    problem(await house.ask("POST", "polls/enable", poll | {"poll": "no-such"}), 404)
    problem(await house.ask("POST", "polls/now", poll), 409)
    problem(await house.ask("POST", "polls/enable", poll, key=await house.member("viewer")), 403)
