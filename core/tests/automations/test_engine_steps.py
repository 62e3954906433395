"""What every engine does with a plan: steps in their order, waits, branches, loops, failures."""

import pytest

from powerstrip.automations.engine import Outcome, Pending
from powerstrip.problems import Conflict

CALL = "action: acme.note.create\n    action_kind: server"
THREE = """\
inputs: {text: string}
steps:
  - name: one
    action: acme.note.create
    action_kind: server
    parameters: {text: "${inputs.text}"}
  - name: two
    action: acme.note.get
    action_kind: server
    parameters: {id: "${steps.one.output.text}"}
  - name: three
    action: count-letters
    parameters: {word: "${steps.two.output.id}"}
"""


async def test_steps_run_in_order_and_hand_on_what_they_gave(flows) -> None:
    run_id = await flows.begin(THREE, text="hello")
    result = await flows.done(run_id)
    assert result == {"one": {"text": "hello"}, "two": {"id": "hello"}, "three": {"word": "hello"}}
    assert flows.actor.names() == ["acme.note.create", "acme.note.get", "count-letters"]
    assert len({call.idempotency_key for call in flows.actor.calls}) == 3
    assert (await flows.told(run_id))[:3] == ["run.queued", "run.started", "step.started"]
    assert (await flows.told(run_id))[-1] == "run.completed"


async def test_a_condition_skips_and_a_branch_takes_one_way(flows) -> None:
    text = """\
inputs: {amount: integer}
steps:
  - name: never
    action: touch
    if: inputs.amount > 1000
  - name: which
    branch:
      cases:
        - if: inputs.amount > 100
          steps: [{name: big, action: big-one}]
      else: [{name: small, action: small-one}]
  - name: last
    action: tell
    parameters: {what: "${steps.never.status}", which: "${steps.which.output}"}
"""
    flows.actor.say("big-one", {"is": "big"})
    result = await flows.done(await flows.begin(text, amount=500))
    assert flows.actor.names() == ["big-one", "tell"]
    assert result["last"] == {"what": "skipped", "which": {"is": "big"}}


async def test_a_loop_runs_for_each_item_and_lists_what_they_gave(flows) -> None:
    text = """\
inputs: {names: array}
steps:
  - name: each
    for_each:
      items: "${inputs.names}"
      as: who
      concurrency: 2
      steps:
        - {name: greet, action: greet, parameters: {text: "Hi ${who}", place: "${index}"}}
"""
    run_id = await flows.begin(text, names=["Ada", "Bob", "Cy"])
    result = await flows.done(run_id)
    assert result["each"] == [{"text": f"Hi {name}", "place": place} for place, name in enumerate(("Ada", "Bob", "Cy"))]
    assert set(await flows.steps(run_id)) == {"each", "each[0].greet", "each[1].greet", "each[2].greet"}


async def test_too_many_items_fail_the_loop(flows) -> None:
    text = "steps: [{name: each, for_each: {items: [1, 2, 3], limit: 2, steps: [{name: one, action: one}]}}]"
    run = await flows.until(await flows.begin(text))
    assert (run.status, run.error_type) == ("failed", "too_many_items")
    assert flows.actor.calls == []


async def test_arms_run_side_by_side_and_one_that_waits_does_not_hold_the_other(flows) -> None:
    text = """\
steps:
  - name: both
    parallel:
      a: [{name: nap, sleep: "0.1s"}, {name: after, action: after}]
      b: [{name: quick, action: quick}]
"""
    result = await flows.done(await flows.begin(text))
    assert flows.actor.names() == ["quick", "after"]
    assert result["both"] == {"a": {}, "b": {}}


async def test_a_failure_ends_the_run_and_its_cleanup_still_runs(flows) -> None:
    text = """\
steps:
  - {name: one, action: one}
  - {name: two, action: two}
cleanup:
  - {name: sweep, action: sweep}
"""
    flows.actor.say("one", Outcome("failed", error_type="rejected", error="No"))
    run_id = await flows.begin(text)
    run = await flows.until(run_id)
    assert (run.status, run.error_type, run.error_message) == ("failed", "rejected", "Step one: No")
    assert flows.actor.names() == ["one", "sweep"]
    assert (await flows.steps(run_id))["sweep"].kind == "cleanup"


async def test_a_failure_may_be_passed_over(flows) -> None:
    text = (
        "steps: [{name: one, action: one, on_error: continue}, {name: two, action: two, parameters: {e: '${steps.one.error}'}}]"
    )
    flows.actor.say("one", Outcome("failed", error_type="rejected", error="No"))
    assert (await flows.done(await flows.begin(text)))["two"] == {"e": "No"}


async def test_a_retry_has_a_new_key_after_a_known_failure_and_the_same_after_an_unknown_one(flows) -> None:
    text = "steps: [{name: one, action: one, retry: {max_attempts: 4, delay: 10ms}}]"
    failed = Outcome("failed", error_type="unavailable", error="Down", retryable=True)
    flows.actor.say("one", failed, Outcome("unknown", error_type="timeout", retryable=True), failed, {"ok": True})
    run_id = await flows.begin(text)
    assert await flows.done(run_id) == {"one": {"ok": True}}
    keys = [call.idempotency_key for call in flows.actor.calls]
    assert keys[0] != keys[1] == keys[2] != keys[3]
    assert (await flows.steps(run_id))["one"].attempt == 4
    assert (await flows.told(run_id)).count("step.retrying") == 3


async def test_what_must_not_be_retried_is_not(flows) -> None:
    flows.actor.say("one", Outcome("failed", error_type="rejected", error="No"))
    run = await flows.until(await flows.begin("steps: [{name: one, action: one, retry: {max_attempts: 3, delay: 10ms}}]"))
    assert run.status == "failed"
    assert len(flows.actor.calls) == 1


async def test_a_step_that_takes_too_long_fails_with_its_outcome_unknown(flows) -> None:
    import asyncio

    async def slow(call: object) -> dict[str, str]:
        await asyncio.sleep(30)
        return {}

    flows.actor.say("one", slow)
    run = await flows.until(await flows.begin("steps: [{name: one, action: one, timeout: 1s}]"))
    assert (run.status, run.error_type) == ("failed", "unknown")


async def test_a_worker_tells_the_end_later(flows) -> None:
    flows.actor.say("one", Pending("job_1"))
    run_id = await flows.begin("steps: [{name: one, action: one}]")
    await flows.until(run_id, "suspended")
    outcome = Outcome("completed", {"words": 3}, job_id="job_1")
    assert await flows.engine.step_done(run_id, "one", 1, outcome)
    assert await flows.done(run_id) == {"one": {"words": 3}}
    assert not await flows.engine.step_done(run_id, "one", 1, outcome)


async def test_a_worker_that_is_quicker_than_the_record_is_heard(flows) -> None:
    async def quick(call) -> Pending:
        assert await flows.engine.step_done(call.run_id, call.path, call.attempt, Outcome("completed", {"quick": True}))
        return Pending("job_1")

    flows.actor.say("one", quick)
    assert await flows.done(await flows.begin("steps: [{name: one, action: one}]")) == {"one": {"quick": True}}


async def test_a_late_or_foreign_report_changes_nothing(flows) -> None:
    flows.actor.say("one", Pending("job_1"))
    run_id = await flows.begin("steps: [{name: one, action: one}]")
    await flows.until(run_id, "suspended")
    done = Outcome("completed", {})
    assert not await flows.engine.step_done(run_id, "one", 2, done)
    assert not await flows.engine.step_done(run_id, "two", 1, done)
    assert not await flows.engine.step_done("run_aaaa", "one", 1, done)
    assert (await flows.until(run_id, "suspended")).status == "suspended"


async def test_an_output_that_is_too_large_fails_and_one_with_a_credential_is_hidden(flows) -> None:
    flows.actor.say("one", {"text": "x" * 300_000})
    flows.actor.say("two", {"token": "xoxb-123456789012-invented0000000000000000", "text": "fine"})
    run_id = await flows.begin("steps: [{name: two, action: two}, {name: one, action: one}]")
    run = await flows.until(run_id)
    assert run.error_type == "output_too_large"
    kept = (await flows.steps(run_id))["two"].result
    assert kept["text"] == "fine"
    assert "xoxb" not in str(kept)


async def test_a_sub_automation_gives_its_result(flows) -> None:
    await flows.publish("inputs: {n: integer}\nsteps: [{name: inner, action: inner, parameters: {n: '${inputs.n}'}}]", "child")
    text = "steps: [{name: sub, automation: child, inputs: {n: 7}, wait: true}, {name: last, action: last}]"
    run_id = await flows.begin(text)
    assert (await flows.done(run_id))["sub"] == {"inner": {"n": 7}}
    child = (await flows.steps(run_id))["sub"].child_run_id
    row = await flows.until(child)
    assert (row.parent_run_id, row.parent_step_key, row.depth) == (run_id, "sub", 1)


async def test_a_sub_automation_that_fails_fails_its_step(flows) -> None:
    await flows.publish("steps: [{name: inner, action: inner}]", "child")
    flows.actor.say("inner", Outcome("failed", error_type="rejected", error="No"))
    run = await flows.until(await flows.begin("steps: [{name: sub, automation: child, wait: true}]"))
    assert (run.status, run.error_type) == ("failed", "rejected")


async def test_a_wait_takes_the_event_that_matches(flows) -> None:
    text = """\
inputs: {id: string}
steps:
  - name: hook
    wait_for_event:
      event: acme.paid
      match: {event.order: "${inputs.id}"}
      mapping: {amount: "${event.amount}"}
"""
    run_id = await flows.begin(text, id="o-1")
    await flows.until(run_id, "suspended")
    other = await flows.processed(await flows.happen("acme.paid", {"order": "o-2", "amount": 5}))
    assert other["automations"]["waits"] == []
    mine = await flows.processed(await flows.happen("acme.paid", {"order": "o-1", "amount": 7}))
    assert mine["automations"]["waits"] == [run_id]
    assert await flows.done(run_id) == {"hook": {"amount": 7}}


async def test_a_wait_ends_with_its_time_or_a_signal(flows) -> None:
    await flows.publish("steps: [{name: hook, wait_for_event: {event: acme.paid}, timeout: 1s}]")
    first, second = await flows.start(), await flows.start()
    await flows.until(first, "suspended")
    await flows.until(second, "suspended")
    await flows.engine.signal(flows.house.project.id, first, "hook", {"by": "hand"})
    assert await flows.done(first) == {"hook": {"by": "hand"}}
    assert (await flows.until(second)).error_type == "timeout"
    with pytest.raises(Conflict):
        await flows.engine.signal(flows.house.project.id, first, "hook", {})


async def test_cancel_stops_where_it_is_and_takes_pending_work_back(flows) -> None:
    flows.actor.say("one", Pending("job_1"))
    run_id = await flows.begin(
        "steps: [{name: one, action: one}, {name: two, action: two}]\ncleanup: [{name: sweep, action: sweep}]"
    )
    await flows.until(run_id, "suspended")
    project = flows.house.project
    await flows.runs.cancel(project, flows.house.actor, run_id, "Enough")
    assert (await flows.until(run_id)).status == "cancelled"
    assert flows.actor.cancelled == ["job_1"]
    assert flows.actor.names() == ["one", "sweep"]
    assert not await flows.engine.step_done(run_id, "one", 1, Outcome("completed", {}))
    assert (await flows.runs.cancel(project, flows.house.actor, run_id)).status == "cancelled"


async def test_the_whole_run_has_a_time(flows) -> None:
    run = await flows.until(await flows.begin("timeout: 1s\nsteps: [{name: nap, sleep: 1h}]"), seconds=10)
    assert (run.status, run.error_type) == ("failed", "timeout")
