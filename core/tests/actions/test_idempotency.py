"""An idempotency key makes one call of many, whatever happens between them."""

import asyncio
import json
from datetime import timedelta

import pytest
from callhouse import House, eventually
from sqlmodel import Session

from powerstrip.actions import Result
from powerstrip.actions.records import KEY_LIFETIME, STALE
from powerstrip.clock import now, rfc3339
from powerstrip.problems import Conflict, NotFound, StoreUnavailable, Unprocessable
from powerstrip.store import Idempotency, Invocation

KEY = "order-1"


async def test_a_repeat_gives_the_stored_result(house: House, database_url: str) -> None:
    await house.connect()

    first = await house.call(idempotency_key=KEY)
    house.peer.say("POST /notes", {"id": "n-2"})
    second = await house.call(idempotency_key=KEY)

    assert house.peer.asked("POST /notes") == 1
    assert (second.replayed, first.replayed) == (True, False)
    assert (second.output, second.invocation_id, second.status) == (first.output, first.invocation_id, "completed")


async def test_a_failure_is_given_again_too(house: House) -> None:
    await house.connect()
    house.peer.say("POST /notes", {"message": "no such room"}, status=422)

    first = await house.call(idempotency_key=KEY)
    second = await house.call(idempotency_key=KEY)

    assert house.peer.asked("POST /notes") == 1
    assert (second.error, second.error_type, second.replayed) == (first.error, "rejected", True)


async def test_a_sandboxed_repeat_shows_the_same_ledger(house: House) -> None:
    await house.connect()

    first = await house.call(idempotency_key=KEY, sandbox=True)
    second = await house.call(idempotency_key=KEY, sandbox=True)

    assert [row.id for row in second.would_send] == [row.id for row in first.would_send]
    assert second.mode == "sandbox"


@pytest.mark.parametrize(
    "other",
    [
        {"input": {"text": "another"}},
        {"sandbox": True},
        {"integration": "main"},
        {"name": "acme.note.replace"},
    ],
)
async def test_a_key_means_one_thing(house: House, other: dict[str, object]) -> None:
    await house.connect()
    await house.call(idempotency_key=KEY)

    with pytest.raises(Unprocessable) as caught:
        await house.call(idempotency_key=KEY, **other)

    assert caught.value.code == "idempotency_key_reused"
    assert len(house.peer.requests) == 1


async def test_the_order_of_fields_and_the_time_allowed_make_no_other_call(house: House) -> None:
    await house.connect()

    await house.call(input={"text": "a", "room": "b"}, idempotency_key=KEY)
    again = await house.call(input={"room": "b", "text": "a"}, idempotency_key=KEY, timeout_seconds=5)

    assert again.replayed


async def test_keys_of_two_projects_are_independent(house: House) -> None:
    elsewhere = await house.make_project("elsewhere")
    await house.connect()
    await house.connect(project=elsewhere)

    first = await house.call(idempotency_key=KEY)
    second = await house.call(idempotency_key=KEY, input={"text": "another"}, project=elsewhere)

    assert not second.replayed
    assert first.invocation_id != second.invocation_id


async def test_fifty_at_once_make_one_call(house: House, database_url: str) -> None:
    await house.connect()
    house.peer.gate.clear()

    calls = [asyncio.create_task(house.call(idempotency_key=KEY)) for _ in range(50)]
    await eventually(lambda: house.peer.asked("POST /notes") > 0 and sum(call.done() for call in calls) == 49)
    house.peer.gate.set()
    ends = await asyncio.gather(*calls, return_exceptions=True)

    assert house.peer.asked("POST /notes") == 1
    results = [end for end in ends if isinstance(end, Result)]
    conflicts = [end for end in ends if isinstance(end, Conflict)]
    assert (len(results), len(conflicts)) == (1, 49)
    assert {(end.code, end.retry_after) for end in conflicts} == {("in_flight", 1.0)}
    assert (await house.call(idempotency_key=KEY)).output == results[0].output
    assert len(await house.all(Invocation)) == 1


async def test_the_provider_gets_the_same_key_on_every_repeat_and_another_for_every_call(house: House) -> None:
    await house.connect()
    house.peer.say("POST /payments", {"message": "busy"}, {"id": "p-1"}, status=503)
    house.peer.answers["POST /payments"][1].status_code = 200  # type: ignore[union-attr]

    result = await house.call("acme.note.pay", {"text": "x"}, idempotency_key=KEY)
    await house.call("acme.note.pay", {"text": "x"})
    await house.call("acme.note.pay", {"text": "x"})

    keys = [headers["idempotency-key"] for _, headers, _ in house.peer.requests]
    assert result.status == "completed"
    assert keys[0] == keys[1]
    assert len(set(keys)) == 3
    assert all(KEY not in key and len(key) == 36 for key in keys)
    assert (await house.actions.get(house.project.id, result.invocation_id)).retry_count == 1


async def _lose(house: House, invocation_id: str, hub: str = "hub_gone", age: timedelta = timedelta()) -> None:
    """As if a hub had been killed while this call was open."""

    def lose(session: Session) -> None:
        row = session.get(Invocation, invocation_id)
        assert row is not None
        row.status, row.hub, row.output, row.finished_at = "active", hub, None, None
        row.started_at = rfc3339(now() - age)

    await house.store.write(lose)


async def test_a_lost_write_is_reported_unknown_and_never_made_again(house: House, database_url: str) -> None:
    await house.connect()
    first = await house.call(idempotency_key=KEY)
    await _lose(house, first.invocation_id, age=2 * STALE)

    for _ in range(2):
        again = await house.call(idempotency_key=KEY)
        assert (again.status, again.error_type, again.replayed) == ("failed", "unknown", True)
        assert "look at the provider" in (again.error or "")

    assert house.peer.asked("POST /notes") == 1


@pytest.mark.parametrize("name", ["acme.note.pay", "acme.note.replace", "acme.note.get"])
async def test_a_lost_call_that_may_be_repeated_is_taken_up_again(house: House, name: str) -> None:
    link = await house.connect()
    given = {"id": "1"} if name.endswith("get") else {"text": "x"}
    first = await house.call(name, given, idempotency_key=KEY)
    await house.connect("another")  # a resumed call keeps its integration, though the choice is not clear any more
    await _lose(house, first.invocation_id)

    again = await house.call(name, given, idempotency_key=KEY)

    assert (again.status, again.replayed, again.invocation_id) == ("completed", False, first.invocation_id)
    keys = [headers.get("idempotency-key") for _, headers, _ in house.peer.requests]
    assert len(keys) == 2
    assert keys[0] == keys[1]
    row = await house.actions.get(house.project.id, first.invocation_id)
    assert (row.retry_count, row.integration_id) == (1, link.id)
    assert len(await house.audited("use", link.id)) == 2


async def test_twenty_at_once_take_a_lost_call_up_once(house: House) -> None:
    await house.connect()
    first = await house.call("acme.note.pay", {"text": "x"}, idempotency_key=KEY)
    await _lose(house, first.invocation_id)
    house.peer.requests.clear()
    house.peer.gate.clear()

    calls = [asyncio.create_task(house.call("acme.note.pay", {"text": "x"}, idempotency_key=KEY)) for _ in range(20)]
    await eventually(lambda: sum(call.done() for call in calls) == 19)
    house.peer.gate.set()
    await asyncio.gather(*calls, return_exceptions=True)

    assert house.peer.asked("POST /payments") == 1


async def test_at_the_start_open_calls_of_a_hub_that_is_gone_are_closed(house: House) -> None:
    await house.connect()
    first, second = await house.call(idempotency_key=KEY), await house.call()
    await _lose(house, first.invocation_id)

    fresh = house.restarted()

    assert await fresh.recover() == 1
    rows = {row.id: row for row in await fresh.list(house.project.id)}
    assert (rows[first.invocation_id].status, rows[first.invocation_id].error_type) == ("failed", "unknown")
    assert rows[second.invocation_id].status == "completed"
    assert await fresh.recover() == 0


async def test_on_postgresql_another_hubs_young_call_is_left_alone(house: House, database_url: str) -> None:
    if not database_url.startswith("postgresql"):
        pytest.skip("one hub works on one SQLite file")
    await house.connect()
    first = await house.call(idempotency_key=KEY)
    await _lose(house, first.invocation_id)

    assert await house.restarted().recover() == 0
    with pytest.raises(Conflict) as caught:
        await house.call(idempotency_key=KEY)
    assert caught.value.code == "in_flight"
    await _lose(house, first.invocation_id, age=2 * STALE)
    assert await house.restarted().recover() == 1


async def test_old_keys_are_forgotten_with_their_outputs(house: House) -> None:
    await house.connect()
    first = await house.call(idempotency_key=KEY)
    young = await house.call(idempotency_key="order-2")

    def age(session: Session) -> None:
        row = session.get(Idempotency, (house.project.id, KEY))
        assert row is not None
        row.created_at = rfc3339(now() - 2 * KEY_LIFETIME)

    await house.store.write(age)
    await house.actions.sweep()

    kept = {row.id: row.output for row in await house.actions.list(house.project.id)}
    assert kept[first.invocation_id] is None
    assert kept[young.invocation_id] is not None
    assert not (await house.call(idempotency_key=KEY)).replayed


async def test_a_kept_output_is_sealed_and_bound_to_its_place(house: House) -> None:
    await house.connect()
    house.peer.say("POST /notes", {"id": "n-1", "text": "an output that nobody reads on the disk. " * 10})
    first, second = await house.call(idempotency_key=KEY), await house.call(idempotency_key="order-2")
    assert b"nobody reads on the disk" not in house.bytes_on_disk()

    def swap(session: Session) -> None:
        one, two = session.get(Invocation, first.invocation_id), session.get(Invocation, second.invocation_id)
        assert one is not None
        assert two is not None
        one.output = two.output

    await house.store.write(swap)
    with pytest.raises(Unprocessable) as caught:
        await house.call(idempotency_key=KEY)
    assert caught.value.code == "seal_broken"


async def test_a_refused_call_takes_no_key(house: House) -> None:
    with pytest.raises(Conflict):
        await house.call(idempotency_key=KEY)
    await house.connect()
    with pytest.raises(NotFound):
        await house.call(idempotency_key=KEY, integration="missing")

    result = await house.call(idempotency_key=KEY)

    assert (result.status, result.replayed) == ("completed", False)


async def test_a_replay_works_after_the_integration_is_gone(house: House) -> None:
    link = await house.connect()
    first = await house.call(idempotency_key=KEY)
    await house.integrations.delete(house.project, house.actor, link.id)

    assert (await house.call(idempotency_key=KEY)).output == first.output


async def test_an_end_that_cannot_be_written_down_is_told_and_not_repeated(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    await house.connect()
    monkeypatch.setattr("powerstrip.actions.actions.RECORD_PAUSE", 0.01)
    write = house.actions._record_all

    def fail(*args: object, **named: object) -> None:
        raise StoreUnavailable("The disk is full")

    monkeypatch.setattr(house.actions, "_record_all", fail)
    with pytest.raises(StoreUnavailable) as caught:
        await house.call(idempotency_key=KEY)
    monkeypatch.setattr(house.actions, "_record_all", write)

    assert caught.value.code == "end_not_recorded"
    assert "inv_" in caught.value.message
    again = await house.call(idempotency_key=KEY)
    assert again.error_type == "unknown"
    assert house.peer.asked("POST /notes") == 1


async def test_the_rows_of_a_key_tell_nothing_of_the_input(house: House) -> None:
    await house.connect()
    await house.call(input={"text": "abc"}, idempotency_key=KEY)

    (row,) = await house.all(Idempotency)

    assert "abc" not in json.dumps(row.model_dump())
