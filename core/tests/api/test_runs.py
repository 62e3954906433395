"""Runs over HTTP: the document workflow in a sandbox, HTTP triggers, the log as a stream, stopping and resuming."""

import asyncio
import json
import time
from typing import Any

import pytest

from powerstrip.automations.intake import sign

from .conftest import House, problem

DOCUMENT = """\
inputs: {doc_id: string}
steps:
  - name: store
    action: entity.record.upsert
    action_kind: server
    parameters: {entity: summary, key: "${inputs.doc_id}", value: {text: done}}

  - name: notify
    action: slack.post-message
    action_kind: server
    parameters:
      channel: "#ops"
      text: "Summary complete for ${inputs.doc_id}"
triggers:
  - {key: form, kind: http}
"""
WAITING = "steps: [{name: hook, wait_for_event: {event: acme.paid}}]\ntriggers: [{key: form, kind: http}]"


async def publish(house: House, text: str, handle: str = "documents") -> Any:
    await house.ok("POST", "automations", {"handle": handle, "name": handle})
    made = await house.ok("POST", f"automations/{handle}/versions", {"source": text})
    return await house.ok("POST", f"automations/{handle}/versions/{made['version']}/publication")


async def slack(house: House) -> None:
    token = {"bot_token": "xoxb-invented-0000"}
    await house.ok("POST", "integrations", {"name": "team", "provider": "slack", "credentials": token})
    await house.ok("POST", "entities", {"name": "summary", "fields": [{"name": "text"}]})


async def ended(house: House, run_id: str) -> Any:
    async with asyncio.timeout(10):
        while (run := await house.ok("GET", f"runs/{run_id}"))["status"] not in ("completed", "failed", "cancelled"):
            await asyncio.sleep(0.01)
    return run


async def test_the_document_workflow_tells_what_it_would_have_sent(house: House) -> None:
    await slack(house)
    await publish(house, DOCUMENT)
    started = await house.ok("POST", "automations/documents/runs", {"inputs": {"doc_id": "d-7"}, "external_id": "d-7"})
    run = await ended(house, started["id"])
    assert (run["status"], run["mode"]) == ("completed", "sandbox"), run
    store, notify = (await house.ok("GET", f"runs/{run['id']}/steps"))["items"]
    assert store["status"] == notify["status"] == "completed"
    assert "Summary complete for d-7" in notify["would_have_sent"][0]["body"]
    assert notify["result"] == run["result"]["notify"]
    refused = problem(
        await house.ask("POST", "automations/documents/runs", {"external_id": "d-7", "inputs": {"doc_id": "x"}}), 409
    )
    assert refused["code"] == "external_id_conflict"
    assert refused["details"]["existing_run_id"] == run["id"]


async def test_an_http_trigger_starts_a_run_once_and_gives_its_result(house: House) -> None:
    await slack(house)
    known = await publish(house, DOCUMENT)
    address = f"/v1/triggers/http/{known['triggers'][0]['http_handle']}"
    body, key = {"doc_id": "d-9"}, {"x-idempotency-key": "form-1"}
    first = await house.ok("POST", f"{address}?wait=10", body, key="", headers=key)
    assert (first["status"], first["run"]["status"]) == ("accepted", "completed"), first
    second = await house.ok("POST", address, body, key="", headers=key)
    assert (second["source_event_id"], second["deduped"]) == (first["source_event_id"], True)
    runs = (await house.ok("GET", f"runs?source_event_id={first['source_event_id']}"))["items"]
    assert runs == [first["run"]]
    assert runs[0]["inputs"]["doc_id"] == "d-9"
    problem(await house.ask("POST", "/v1/triggers/http/hook_aaaaaaaaaaaaaaaaaaaaaaaaaa", body, key=""), 404)
    problem(await house.ask("POST", address, [1], key=""), 400)


async def test_a_delivery_that_starts_no_run_waits_for_none(house: House) -> None:
    text = "inputs: {n: integer}\nsteps: [{name: s, action: load, action_kind: worker}]\ntriggers: [{key: a, kind: http}]"
    known = await publish(house, text)
    address = f"/v1/triggers/http/{known['triggers'][0]['http_handle']}"
    async with asyncio.timeout(10):
        told = await house.ok("POST", f"{address}?wait=30", {"n": "many"}, key="")
    assert (told["status"], told.get("run")) == ("accepted", None)
    assert (await house.ok("GET", f"runs?source_event_id={told['source_event_id']}"))["items"] == []
    for wait in ("31", "-1", "1.5", "x"):
        refused = problem(await house.ask("POST", f"{address}?wait={wait}", {"n": 1}, key=""), 400)
        assert refused["details"]["errors"][0]["path"] == "wait"
    problem(await house.ask("POST", f"{address}?wait=0&another=1", {"n": 1}, key=""), 400)


async def test_a_trigger_that_was_met_a_moment_ago_counts_as_it_is_now(house: House) -> None:
    known = await publish(house, WAITING)
    address = f"/v1/triggers/http/{known['triggers'][0]['http_handle']}"
    assert (await house.ok("POST", address, {}, key=""))["status"] == "accepted"
    await house.ok("PATCH", "automations/documents", {"status": "paused"})
    assert (await house.ok("POST", address, {}, key=""))["status"] == "skipped"
    await house.ok("PATCH", "automations/documents", {"status": "active"})
    assert (await house.ok("POST", address, {}, key=""))["status"] == "accepted"
    await house.ok("POST", "automations/documents/triggers/form/secret")
    problem(await house.ask("POST", address, {}, key=""), 401)


async def test_a_trigger_with_a_secret_takes_signed_deliveries_alone(house: House) -> None:
    known = await publish(house, WAITING)
    address = f"/v1/triggers/http/{known['triggers'][0]['http_handle']}"
    secret = (await house.ok("POST", "automations/documents/triggers/form/secret"))["signing_secret"]
    body, now = json.dumps({"a": 1}).encode(), str(int(time.time()))

    async def deliver(timestamp: str, signature: str | bytes) -> int:
        headers = {"content-type": "application/json", "x-powerstrip-timestamp": timestamp, "x-powerstrip-signature": signature}
        return (await house.ask("POST", address, key="", headers=headers, content=body)).status_code

    assert await deliver(now, sign(secret, now, body)) == 202
    assert await deliver(now, sign("another", now, body)) == 401
    old = str(int(time.time()) - 1000)
    assert await deliver(old, sign(secret, old, body)) == 401
    assert await deliver(now, "v1=äö".encode()) == 401
    problem(await house.ask("POST", address, {"a": 1}, key=""), 401)
    async with asyncio.timeout(10):
        while not (runs := (await house.ok("GET", "runs"))["items"]):  # the run begins after the answer
            await asyncio.sleep(0.01)
    assert len(runs) == 1


async def test_the_log_is_streamed_to_the_end_and_from_any_place(house: House) -> None:
    await publish(house, WAITING)
    run = await house.ok("POST", "automations/documents/runs")
    async with asyncio.timeout(10):
        while (await house.ok("GET", f"runs/{run['id']}"))["status"] != "suspended":
            await asyncio.sleep(0.01)
    refused = problem(await house.ask("POST", f"runs/{run['id']}/signals", {"step_key": "other"}), 409)
    assert refused["details"] == {"waiting": ["hook"]}
    await house.ok("POST", f"runs/{run['id']}/signals", {"step_key": "hook", "result": {"by": "hand"}})
    assert (await ended(house, run["id"]))["result"] == {"hook": {"by": "hand"}}
    whole = (await house.ask("GET", f"runs/{run['id']}/events.stream")).text
    ids = [int(line[4:]) for line in whole.splitlines() if line.startswith("id: ")]
    assert ids == list(range(1, len(ids) + 1))
    assert "event: run.completed" in whole
    rest = (await house.ask("GET", f"runs/{run['id']}/events.stream", headers={"last-event-id": str(ids[-2])})).text
    assert [line for line in rest.splitlines() if line.startswith("id: ")] == [f"id: {ids[-1]}"]
    problem(await house.ask("GET", f"runs/{run['id']}/events.stream", headers={"last-event-id": "x"}), 400)
    page = await house.ok("GET", f"runs/{run['id']}/events?limit=2&since_sequence=1")
    assert ([each["sequence"] for each in page["items"]], page["next_sequence"], page["has_more"]) == ([2, 3], 3, True)


async def test_cancel_resume_retry_and_diff(house: House) -> None:
    await publish(house, WAITING)
    run = await house.ok("POST", "automations/documents/runs")
    stopped = await house.ok("POST", f"runs/{run['id']}/cancellations", {"reason": "Enough"})
    assert (stopped["status"], stopped["cancel_reason"]) == ("cancelled", "Enough")
    assert (await house.ok("POST", f"runs/{run['id']}/cancellations"))["status"] == "cancelled"
    assert problem(await house.ask("POST", f"runs/{run['id']}/resume"), 409)["code"] == "not_failed"
    fresh = await house.ok("POST", f"runs/{run['id']}/retry", {})
    assert fresh["retry_of"] == run["id"]
    found = (await house.ok("GET", f"runs/{run['id']}/diff?other={fresh['id']}"))["differences"]
    assert {"path": "", "field": "status"}.items() <= found[0].items() or any(each["field"] == "status" for each in found)


async def test_who_may_look_may_not_start(house: House) -> None:
    await publish(house, WAITING)
    viewer = await house.member("viewer")
    problem(await house.ask("POST", "automations/documents/runs", key=viewer), 403)
    assert (await house.ok("GET", "runs", key=viewer))["items"] == []


async def test_an_input_that_is_a_credential_is_refused(house: House) -> None:
    await publish(house, "inputs: {token: any}\nsteps: [{name: nap, sleep: 1s}]")
    refused = await house.ask(
        "POST", "automations/documents/runs", {"inputs": {"token": "xoxb-123456789012-invented000000000000"}}
    )
    assert refused.status_code == 422
    assert "xoxb" not in refused.text


async def test_events_start_runs_and_the_trace_says_which(house: House) -> None:
    await publish(house, "steps: [{name: nap, sleep: 1s}]\ntriggers: [{key: heard, kind: entity, entity: summary}]")
    await house.ok("POST", "entities", {"name": "summary", "fields": [{"name": "text"}]})
    await house.ok("PUT", "entities/summary/records", {"key": "a", "value": {"text": "b"}})
    async with asyncio.timeout(5):
        while not (runs := (await house.ok("GET", "runs"))["items"]):
            await asyncio.sleep(0.01)
    assert runs[0]["source"]["type"] == "trigger"
    assert runs[0]["inputs"]["event"]["key"] == "a"


@pytest.mark.parametrize("path", ["runs/run_aaaaaaaaaaaaaaaaaaaaaaaaaa", "runs/run_aaaaaaaaaaaaaaaaaaaaaaaaaa/steps"])
async def test_an_unknown_run_is_not_found(house: House, path: str) -> None:
    problem(await house.ask("GET", path), 404)


async def test_a_run_that_starts_itself_by_what_it_writes_comes_to_an_end(house: House) -> None:
    await house.ok("POST", "entities", {"name": "summary", "fields": [{"name": "text"}]})
    write = "action: entity.record.upsert, action_kind: server, parameters: {entity: summary, key: a, value: {text: '${run.id}'}}"
    await publish(house, f"steps: [{{name: write, {write}}}]\ntriggers: [{{key: heard, kind: entity, entity: summary}}]")
    await house.ok("POST", "automations/documents/runs")
    seen = -1
    async with asyncio.timeout(60):
        while (count := len((await house.ok("GET", "runs?limit=200"))["items"])) != seen or count < 10:
            seen = count
            await asyncio.sleep(1)
    assert 10 < count <= 20
