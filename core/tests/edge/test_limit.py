"""Rates and pauses, shared by everything one integration does."""

import pytest

from powerstrip.adapter import Rate, RateLimited
from powerstrip.edge.limit import Limits


@pytest.fixture
def limits(clockwork):
    return Limits(clockwork.clock, clockwork.pause, size=3)


async def test_a_burst_passes_and_then_the_rate_holds(limits, clockwork):
    for _ in range(5):
        await limits.take_turn("int_1", Rate(2, 1.0), deadline=1e9)

    assert clockwork.waits == [0.5, 0.5, 0.5]


async def test_unused_time_fills_the_bucket_but_no_more_than_that(limits, clockwork):
    for _ in range(2):
        await limits.take_turn("int_1", Rate(2, 1.0), deadline=1e9)
    clockwork.time += 100
    for _ in range(3):
        await limits.take_turn("int_1", Rate(2, 1.0), deadline=1e9)

    assert clockwork.waits == [0.5]


async def test_integrations_do_not_share(limits, clockwork):
    await limits.take_turn("int_1", Rate(1, 60.0), deadline=1e9)
    await limits.take_turn("int_2", Rate(1, 60.0), deadline=1e9)

    assert clockwork.waits == []


async def test_a_wait_beyond_the_deadline_is_refused_at_once_and_takes_no_turn(limits, clockwork):
    rate = Rate(1, 60.0)
    await limits.take_turn("int_1", rate, deadline=1e9)

    with pytest.raises(RateLimited) as limited:
        await limits.take_turn("int_1", rate, deadline=clockwork.time + 30)

    assert limited.value.retry_after == pytest.approx(60.0)
    assert clockwork.waits == []
    await limits.take_turn("int_1", rate, deadline=1e9)
    assert clockwork.waits == [pytest.approx(60.0)]


async def test_a_hold_stops_all_calls_of_the_integration(limits, clockwork):
    limits.hold("int_1", 10)
    limits.hold("int_1", 3)

    await limits.take_turn("int_2", None, deadline=1e9)
    assert clockwork.waits == []
    await limits.take_turn("int_1", None, deadline=1e9)
    await limits.take_turn("int_1", None, deadline=1e9)

    assert clockwork.waits == [10.0]


async def test_a_hold_is_for_the_integration_as_it_stood(limits, clockwork):
    limits.hold("int_1", 10, "before")

    await limits.take_turn("int_1", None, deadline=1e9, edition="after")
    await limits.take_turn("int_1", None, deadline=1e9, edition=None)
    assert clockwork.waits == []
    await limits.take_turn("int_1", None, deadline=1e9, edition="before")
    assert clockwork.waits == [10.0]


async def test_a_hold_has_an_end_and_says_who_asked_and_for_how_long(limits, clockwork):
    limits.hold("int_1", 3600)

    with pytest.raises(RateLimited, match="provider asked this integration to pause: its calls go on in 300 seconds") as limited:
        await limits.take_turn("int_1", None, deadline=clockwork.time + 60)

    assert limited.value.retry_after == 300.0


async def test_a_hold_that_comes_while_waiting_is_kept(clockwork):
    limits = Limits(clockwork.clock, pause=lambda seconds: hold_again(seconds))

    async def hold_again(seconds: float) -> None:
        clockwork.time += seconds
        if len(clockwork.waits) < 2:
            limits.hold("int_1", 5)
        clockwork.waits.append(seconds)

    limits.hold("int_1", 1)
    await limits.take_turn("int_1", None, deadline=1e9)

    assert clockwork.waits == [1.0, 5.0, 5.0]


async def test_memory_is_bounded_and_the_unused_go_first(limits):
    for name in ("int_1", "int_2", "int_3"):
        await limits.take_turn(name, Rate(1, 60.0), deadline=1e9)
    with pytest.raises(RateLimited):
        await limits.take_turn("int_1", Rate(1, 60.0), deadline=0)
    await limits.take_turn("int_4", Rate(1, 60.0), deadline=1e9)

    assert len(limits) == 3
    with pytest.raises(RateLimited):
        await limits.take_turn("int_1", Rate(1, 60.0), deadline=0)


async def test_nothing_is_remembered_of_integrations_without_a_rate(limits):
    for n in range(100):
        await limits.take_turn(f"int_{n}", None, deadline=1e9)

    assert len(limits) == 0
