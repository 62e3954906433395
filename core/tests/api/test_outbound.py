"""Webhooks and entities as a client takes them."""

import asyncio
import time

import pytest

from .conftest import House, problem

TYPE = {
    "name": "order",
    "fields": [
        {"name": "status", "type": "choice", "choices": ["open", "closed"], "required": True},
        {"name": "amount", "type": "number"},
        {"name": "due", "type": "date"},
    ],
}


async def test_a_webhook_s_life(house: House) -> None:
    made = await house.ok("POST", "webhooks", {"name": "Sink", "events": ["run.*"], "url": "https://hooks.example.com/a?b=1"})
    assert made["id"].startswith("wbh_")
    assert made["standard_webhooks_secret"] == "whsec_" + made["signing_secret"]
    assert (made["secret_version"], made["secret_ref"]) == (1, f"webhooks/{made['id']}")
    shown = await house.ok("GET", f"webhooks/{made['id']}")
    assert {"signing_secret", "standard_webhooks_secret", "secret_version"}.isdisjoint(shown)
    assert made["signing_secret"] not in (await house.ask("GET", "webhooks")).text
    problem(await house.ask("POST", "webhooks", {"name": "sink", "events": []}), 409)
    problem(await house.ask("POST", "webhooks", {"name": "bad", "events": ["Run Completed"]}), 400)
    refused = problem(await house.ask("POST", "webhooks", {"name": "bad", "events": [], "url": "https://127.0.0.1/x"}), 422)
    assert refused["code"] == "url_refused"
    changed = await house.ok("PATCH", f"webhooks/{made['id']}", {"enabled": False, "events": []})
    assert (changed["enabled"], changed["events"], changed["url"]) == (False, [], made["url"])
    assert [row["id"] for row in (await house.ok("GET", "webhooks?enabled=false"))["items"]] == [made["id"]]
    assert (await house.ok("GET", "webhooks?enabled=true"))["items"] == []
    new = await house.ok("POST", f"webhooks/{made['id']}/secret/rotate")
    assert new["secret_version"] == 2
    assert new["signing_secret"] != made["signing_secret"]
    problem(await house.ask("POST", f"webhooks/{made['id']}/secret/rotate", {"overlap_seconds": -1}), 400)
    ping = await house.ok("POST", f"webhooks/{made['id']}/ping")
    assert ping == {"success": True, "simulated": True}
    assert (await house.ok("GET", f"webhooks/{made['id']}/deliveries")) == {"items": [], "has_more": False}
    answer = await house.ask("DELETE", f"webhooks/{made['id']}")
    assert answer.status_code == 204
    problem(await house.ask("GET", f"webhooks/{made['id']}"), 404)


async def test_what_a_target_answered_is_for_those_who_may_change_it(house: House) -> None:
    made = await house.ok("POST", "webhooks", {"name": "Sink", "events": [], "url": "https://hooks.example.com/a"})
    await house.ok("POST", "entities", TYPE)
    await house.ok("PUT", "entities/order/records", {"key": "1", "value": {"status": "open"}})
    row = {}
    for _ in range(200):
        items = (await house.ok("GET", f"webhooks/{made['id']}/deliveries"))["items"]
        if items and items[0]["status"] == "delivered":
            [row] = items
            break
        await asyncio.sleep(0.02)
    assert (row["event_type"], row["mode"], row["attempts"]) == ("entity.record.created", "sandbox", 1)
    assert "delivered_at" not in row
    sent = (await house.ok("GET", "sandbox/requests"))["items"]
    assert [each["url"] for each in sent] == ["https://hooks.example.com/a"]
    viewer = await house.member("viewer")
    seen = await house.ok("GET", f"webhooks/{made['id']}/deliveries", key=viewer)
    assert "response_text" not in seen["items"][0]
    problem(await house.ask("POST", f"webhooks/{made['id']}/ping", {}, key=viewer), 403)
    again = await house.ok("POST", f"webhooks/{made['id']}/deliveries/{row['id']}/resend")
    assert again["id"] == row["id"]


async def test_an_entity_s_life(house: House) -> None:
    made = await house.ok("POST", "entities", TYPE)
    assert [field["name"] for field in made["fields"]] == ["status", "amount", "due"]
    problem(await house.ask("POST", "entities", TYPE), 409)
    wrong = problem(await house.ask("PUT", "entities/order/records", {"key": "1", "value": {"amount": "x", "more": 1}}), 400)
    assert {each["path"] for each in wrong["details"]["errors"]} == {"value.more", "value.status", "value.amount"}
    for number in range(5):
        value = {"status": "open" if number % 2 else "closed", "amount": number * 10, "due": f"2026-01-0{number + 1}"}
        written = await house.ok("PUT", "entities/order/records", {"key": f"o-{number}", "value": value})
        assert written["change"] == "created"
    assert (await house.ok("PUT", "entities/order/records", {"key": "o-4", "value": value}))["change"] == "none"
    changed = await house.ok("PUT", "entities/order/records", {"key": "o-4", "value": {"status": "open"}})
    assert (changed["change"], changed["record"]["before"], changed["record"]["version"]) == ("updated", value, 2)
    page = await house.ok("GET", "entities/order/records?where.status=open&limit=2")
    assert [row["key"] for row in page["items"]] == ["o-4", "o-3"]
    rest = await house.ok("GET", f"entities/order/records?where.status=open&limit=2&cursor={page['next_cursor']}")
    assert [row["key"] for row in rest["items"]] == ["o-1"]
    problem(await house.ask("GET", f"entities/order/records?where.status=closed&cursor={page['next_cursor']}"), 400)
    problem(await house.ask("GET", "entities/order/records?where.color=red"), 400)
    problem(await house.ask("GET", "entities/order/records?where.amount.near=1"), 400)
    [one] = (await house.ok("GET", "entities/order/records?key=o-1"))["items"]
    assert await house.ok("GET", f"entities/order/records/{one['id']}") == one
    assert (await house.ask("DELETE", f"entities/order/records/{one['id']}")).status_code == 204
    problem(await house.ask("GET", f"entities/order/records/{one['id']}"), 404)
    await house.ok("PATCH", "entities/order", {"title": "Orders"})
    assert (await house.ask("DELETE", "entities/order")).status_code == 204
    problem(await house.ask("GET", "entities/order"), 404)


async def test_the_actions_of_the_built_in_provider(house: House) -> None:
    await house.ok("POST", "entities", TYPE)
    call = "actions/entity.record.{}/invocations"
    given = {"entity": "order", "key": "a", "value": {"status": "open", "amount": 5}}
    made = await house.ok("POST", call.format("upsert"), {"input": given})
    assert made["output"]["change"] == "created"
    found = await house.ok("POST", call.format("get"), {"input": {"entity": "order", "key": "a"}})
    assert found["output"]["record"]["value"] == given["value"]
    asked = {"entity": "order", "where": [{"field": "amount", "op": "gte", "value": 5}]}
    assert len((await house.ok("POST", call.format("query"), {"input": asked}))["output"]["records"]) == 1
    failed = await house.ok("POST", call.format("upsert"), {"input": given | {"entity": "nothing"}})
    assert (failed["status"], failed["error_type"]) == ("failed", "rejected")
    gone = await house.ok("POST", call.format("delete"), {"input": {"entity": "order", "key": "a"}})
    assert gone["output"] == {"deleted": True}
    names = [each["name"] for each in (await house.ok("GET", "integrations/providers"))["providers"]]
    assert "entity" in names


@pytest.mark.parametrize("mode", ["live"])
async def test_a_sandboxed_call_changes_nothing_of_a_live_project(house: House, mode: str) -> None:
    await house.another("Live", mode)
    await house.ok("POST", "entities", TYPE, project="live")
    body = {"input": {"entity": "order", "key": "a", "value": {"status": "open"}}, "sandbox": True}
    begun = time.monotonic()
    told = await house.ok("POST", "actions/entity.record.upsert/invocations", body, project="live")
    assert (told["output"]["change"], told["mode"]) == ("created", "sandbox")
    assert (await house.ok("GET", "entities/order/records", project="live"))["items"] == []
    assert time.monotonic() - begun < 10
