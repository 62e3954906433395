"""What every engine does around a run: crashes, concurrency, loops, schedules, what a person decides."""

import asyncio
from datetime import timedelta

import pytest

from powerstrip.automations.again import Again
from powerstrip.automations.engine import Choice, Outcome, Pending
from powerstrip.automations.ticking import Ticker
from powerstrip.clock import now, rfc3339
from powerstrip.problems import Conflict, Unprocessable
from powerstrip.store import AutomationTrigger

TWO = "steps: [{name: one, action: one}, {name: two, action: two}, {name: three, action: three}]"


async def stuck(call) -> None:
    await asyncio.sleep(60)


async def test_after_a_crash_finished_steps_stay_and_the_one_in_flight_comes_again_with_its_key(flows, database_url) -> None:
    flows.actor.say("two", stuck)
    run_id = await flows.begin(TWO)
    async with asyncio.timeout(8):
        while "two" not in flows.actor.names():
            await asyncio.sleep(0.005)
    flows.actor.say("two", {"ok": True})
    second = await flows.restarted()
    try:
        await second.until(run_id)
        assert flows.actor.names() == ["one", "two", "two", "three"]
        first, again = flows.actor.of("two")
        assert (first.idempotency_key, first.attempt) == (again.idempotency_key, again.attempt)
        assert (first.again, again.again) == (False, True)
    finally:
        await second.close()


async def test_a_suspended_run_is_found_by_the_next_process(flows) -> None:
    await flows.publish("steps: [{name: hook, wait_for_event: {event: acme.paid}}, {name: nap, sleep: 1s}]")
    run_id = await flows.start()
    await flows.until(run_id, "suspended")
    second = await flows.restarted()
    try:
        await second.happen("acme.paid", {"order": 1})
        result = await second.done(run_id)
        assert result["hook"]["event"] == {"order": 1}
    finally:
        await second.close()


async def test_an_unknown_outcome_stops_the_run_until_a_person_has_looked(flows) -> None:
    flows.actor.say("two", Outcome("unknown"), {"second": "time"})
    run_id = await flows.begin(TWO)
    run = await flows.until(run_id)
    assert (run.status, run.error_type) == ("failed", "unknown")
    project, actor = flows.house.project, flows.house.actor
    await flows.runs.resume(project, actor, run_id, Choice("retry"))
    assert (await flows.done(run_id))["two"] == {"second": "time"}
    first, second = flows.actor.of("two")
    assert first.idempotency_key != second.idempotency_key
    assert flows.actor.names() == ["one", "two", "two", "three"]
    with pytest.raises(Conflict):
        await flows.runs.resume(project, actor, run_id, Choice("retry"))


async def test_a_person_may_say_what_the_unknown_step_gave(flows) -> None:
    flows.actor.say("two", Outcome("unknown"))
    run_id = await flows.begin(TWO)
    await flows.until(run_id)
    await flows.runs.resume(flows.house.project, flows.house.actor, run_id, Choice("skip", {"found": "it"}))
    assert (await flows.done(run_id))["two"] == {"found": "it"}
    assert flows.actor.names() == ["one", "two", "three"]


async def test_a_retry_is_a_new_run_that_keeps_what_was_done(flows) -> None:
    flows.actor.say("two", Outcome("failed", error_type="rejected", error="No"), {"now": "fine"})
    run_id = await flows.begin(TWO)
    await flows.until(run_id)
    again = Again(flows.house.store, flows.engine, flows.house.vault.audit)
    fresh = await again.retry(flows.house.project, flows.house.actor, run_id)
    assert (await flows.done(fresh))["two"] == {"now": "fine"}
    assert flows.actor.names() == ["one", "two", "two", "three"]
    found = {(each.path, each.field) for each in await again.diff(flows.house.project.id, run_id, fresh)}
    assert {("", "status"), ("two", "status"), ("two", "result"), ("three", "status")} <= found
    assert ("one", "result") not in found


POLICIES = [("skip", None), ("queue", "queued"), ("allow", "suspended"), ("replace", "suspended")]


@pytest.mark.parametrize(("policy", "state"), POLICIES)
async def test_what_becomes_of_a_run_beside_another(flows, policy: str, state: str | None) -> None:
    flows.actor.say("one", Pending("job"))
    await flows.publish(f"concurrency: {{policy: {policy}}}\nsteps: [{{name: one, action: one}}]")
    first = await flows.start()
    await flows.until(first, "suspended")
    if state is None:
        with pytest.raises(Conflict):
            await flows.start()
        return
    second = await flows.start()
    await flows.until(second, state)
    assert (await flows.until(first, "suspended", "cancelled")).status == ("cancelled" if policy == "replace" else "suspended")
    await flows.engine.step_done(first, "one", 1, Outcome("completed", {}))
    await flows.until(second, "suspended")


async def test_of_many_runs_that_write_at_once_the_one_whose_time_is_over_writes_nothing(flows) -> None:
    from powerstrip.automations.engine.ending import Changes, Lives
    from powerstrip.automations.engine.records import Fenced, Note, StepRow
    from powerstrip.automations.engine.writing import Write, write_all

    text = "steps: [{name: one, wait_for_event: {event: never.comes}}]"
    runs = [await flows.until(await flows.begin(text), "suspended") for _ in range(3)]
    project = flows.house.project.id
    writes = [Write(run.id, project, run.epoch - (run is runs[1]), [Note("step.noted"), Note("step.noted")]) for run in runs]
    for write in writes:
        write.step(StepRow(f"{write.run_id}-two"[-40:], "two", "two", "action", 1, status="running", inputs={"a": 1}), None)
    writes.append(Write(runs[0].id, project, runs[0].epoch, [Note("step.noted")]))
    lives = Lives(flows.events, "", "journal")
    told = await flows.house.store.hot(lambda connection: write_all(connection, writes, lives))
    assert [type(each) for each in told] == [Changes, Fenced, Changes, Changes]
    logs = [(await flows.told(run.id)).count("step.noted") for run in runs]
    assert (logs, ["two" in await flows.steps(run.id) for run in runs]) == ([3, 0, 2], [True, False, True])


async def test_an_event_starts_one_run_however_often_it_is_handed_on(flows) -> None:
    from powerstrip.automations.triggers import Triggers
    from powerstrip.events.source import row_of
    from powerstrip.store import SourceEvent

    text = "steps: [{name: one, action: one}]\ntriggers: [{key: a, kind: event, event: acme.*, condition: event.amount > 10}]"
    await flows.publish(text)
    small = await flows.processed(await flows.happen("acme.paid", {"amount": 1}))
    assert small["automations"]["triggers"][0]["state"] == "not_matched"
    event_id = await flows.happen("acme.paid", {"amount": 50})
    (run_id,) = (await flows.processed(event_id))["automations"]["runs"]
    await flows.done(run_id)
    row = await flows.house.store.read(lambda session: row_of(session.get(SourceEvent, _seq(session, event_id))))
    (told,) = await flows.house.store.hot(lambda connection: Triggers(flows.engine).take_all(connection, [row]))
    (fired,) = told.outcome["triggers"]
    assert fired == {**fired, "state": "existing", "run_id": run_id}
    assert flows.actor.names() == ["one"]


def _seq(session, event_id):
    from sqlmodel import col, select

    from powerstrip.store import SourceEvent

    return session.exec(select(SourceEvent.seq).where(col(SourceEvent.id) == event_id)).one()


async def test_a_run_s_end_is_an_event_and_a_loop_of_them_ends(flows) -> None:
    await flows.publish("steps: [{name: one, action: one}]\ntriggers: [{key: again, kind: event, event: run.completed}]")
    await flows.start()
    async with asyncio.timeout(20):
        while True:
            before = len(flows.actor.calls)
            await asyncio.sleep(0.7)
            if len(flows.actor.calls) == before:
                break
    assert 10 < len(flows.actor.calls) <= 18


async def test_an_input_that_is_missing_or_secret_starts_nothing(flows) -> None:
    from powerstrip.problems import BadInput

    await flows.publish("inputs: {text: {type: string, required: true}}\nsteps: [{name: one, action: one}]")
    with pytest.raises(BadInput):
        await flows.start()
    with pytest.raises(Unprocessable):
        await flows.start(text="xoxb-123456789012-invented0000000000000000")
    assert flows.actor.calls == []


@pytest.mark.parametrize(("misfire", "runs"), [("once", 1), ("skip", 0)])
async def test_a_schedule_fires_once_whoever_looks_and_says_what_it_missed(flows, database_url, misfire: str, runs: int) -> None:
    await flows.publish(
        f"steps: [{{name: one, action: one}}]\ntriggers: [{{key: t, kind: schedule, every: 1m, misfire: {misfire}}}]"
    )
    due = rfc3339(now() - timedelta(minutes=5))

    def late(session) -> None:
        from sqlmodel import select

        row = session.exec(select(AutomationTrigger)).one()
        row.next_fire_at = due
        session.add(row)

    await flows.house.store.write(late)
    tickers = [Ticker(flows.house.store, flows.events) for _ in range(2)]
    await asyncio.gather(*(each.tick() for each in tickers))
    found = await flows.runs.list(flows.house.project.id)
    async with asyncio.timeout(8):
        while len(found) < runs:
            await asyncio.sleep(0.01)
            found = await flows.runs.list(flows.house.project.id)
    await asyncio.sleep(0.1)
    assert len(await flows.runs.list(flows.house.project.id)) == runs
    if found:
        assert found[0].inputs["event"]["missed"] >= 4
        assert found[0].inputs["event"]["scheduled_at"] == due
