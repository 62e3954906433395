"""How often: per key, per address with wrong keys, in bounded memory."""

import pytest

from powerstrip.access.tokens import new_key
from powerstrip.rate import Buckets

from .conftest import opened, problem


def test_a_bucket_gives_its_burst_and_then_its_rate(monkeypatch) -> None:
    now = [100.0]
    monkeypatch.setattr("powerstrip.rate.monotonic", lambda: now[0])
    buckets = Buckets(rate=2, burst=3)
    assert [buckets.take("a") for _ in range(3)] == [None, None, None]
    assert buckets.take("a") == pytest.approx(0.5)
    assert buckets.look("a") == pytest.approx(0.5)
    assert buckets.take("b") is None
    now[0] += 0.5
    assert buckets.look("a") is None
    assert buckets.take("a") is None
    assert buckets.take("a") is not None
    now[0] += 1000
    assert [buckets.take("a") for _ in range(4)].count(None) == 3


def test_memory_is_bounded_and_the_busy_are_remembered() -> None:
    buckets = Buckets(rate=0.001, burst=1, size=100)
    buckets.take("busy")
    for number in range(100_000):
        buckets.take(f"address {number}")
        if number % 50 == 0:
            assert buckets.take("busy") is not None
    assert len(buckets) == 100


@pytest.fixture
async def impatient(house, monkeypatch):
    """A hub that bears five wrong keys from an address."""
    monkeypatch.setattr(house.hub.app._gate, "_failures", Buckets(rate=0.001, burst=5))
    await house.ask("GET", "")
    return house


async def test_wrong_keys_are_slowed_down_and_good_ones_pass(impatient) -> None:
    house = impatient
    seen = [(await house.ask("GET", "", key=new_key(), ip="10.1.1.1")).status_code for _ in range(8)]
    assert seen == [401] * 5 + [429] * 3
    slow = await house.ask("GET", "", key=new_key(), ip="10.1.1.1")
    assert problem(slow, 429)["code"] == "rate_limited"
    assert int(slow.headers["retry-after"]) >= 1
    assert (await house.ask("GET", "", ip="10.1.1.1")).status_code == 200
    problem(await house.ask("GET", "", key=new_key(), ip="10.1.1.2"), 401)


async def test_what_is_no_key_is_refused_and_never_counts(impatient) -> None:
    house = impatient
    unused = await house.member("viewer")
    seen = {(await house.ask("GET", "", key="nonsense", ip="10.1.1.4")).status_code for _ in range(20)}
    assert seen == {401}
    assert (await house.ask("GET", "", key=unused, ip="10.1.1.4")).status_code == 200


async def test_a_key_that_was_good_is_not_shut_out_once_the_cache_is_empty(impatient) -> None:
    house = impatient
    gone = await house.member("viewer")
    assert (await house.ask("GET", "", key=gone, ip="10.1.1.5")).status_code == 200
    key_id = next(key["id"] for key in (await house.ok("GET", "api-keys"))["items"] if key["name"] == "member viewer")
    await house.ok("DELETE", f"api-keys/{key_id}")
    for _ in range(5):
        await house.ask("GET", "", key=new_key(), ip="10.1.1.5")
    house.hub.access._sessions.forget()
    assert (await house.ask("GET", "", ip="10.1.1.5")).status_code == 200
    problem(await house.ask("GET", "", key=gone, ip="10.1.1.5"), 401)
    problem(await house.ask("GET", "", key=gone, ip="10.1.1.5"), 429)


async def test_an_address_that_tries_too_much_costs_no_database_look_up(impatient, monkeypatch) -> None:
    house = impatient
    for _ in range(5):
        await house.ask("GET", "", key=new_key(), ip="10.1.1.3")

    async def read(work):
        raise AssertionError("the database was asked")

    monkeypatch.setattr(house.hub.store, "read", read)
    for _ in range(20):
        problem(await house.ask("GET", "", key=new_key(), ip="10.1.1.3"), 429)


async def test_a_key_that_asks_too_much_is_slowed_down(tmp_path, catalog_folder) -> None:
    async with opened(tmp_path / "data", catalog_folder, rate_limit=20) as house:
        other = await house.member("viewer")
        answers = [await house.ask("GET", "") for _ in range(60)]
        assert {answer.status_code for answer in answers} == {200, 429}
        limited = next(answer for answer in answers if answer.status_code == 429)
        assert problem(limited, 429)["code"] == "rate_limited"
        assert limited.headers["retry-after"] == "1"
        assert (await house.ask("GET", "", key=other)).status_code == 200


async def test_refusals_of_one_caller_do_not_fill_the_disk(house, monkeypatch) -> None:
    key = await house.member("viewer")
    monkeypatch.setattr(house.hub.app._gate, "_notes", Buckets(rate=0.001, burst=5))
    for _ in range(20):
        problem(await house.ask("POST", "roles", {}, key=key), 403)
    rows = (await house.ok("GET", "audit-logs?action=refuse&limit=200"))["items"]
    assert len(rows) == 5
