"""Deliveries through the whole house: what a provider sends becomes an event that people see, once."""

import asyncio
import base64
import hashlib
import hmac
import json
import time
from typing import Any

import httpx2
import pytest

from powerstrip.events import NotProcessable
from powerstrip.inbound import MAX_BODY

from .conftest import House, problem

SECRET = "invented-signing-secret-0001"
MESSAGE = {"type": "message", "channel": "C1", "ts": "1.2", "text": "hello", "user": "U1"}


def wrapped(event: dict[str, Any], event_id: str = "Ev1", team: str = "T1") -> bytes:
    return json.dumps({"type": "event_callback", "event_id": event_id, "team_id": team, "event": event}).encode()


def signed(body: bytes, secret: str = SECRET, at: float | None = None) -> dict[str, str]:
    stamp = str(int(at or time.time()))
    mac = hmac.new(secret.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    return {"x-slack-request-timestamp": stamp, "x-slack-signature": f"v0={mac}", "content-type": "application/json"}


async def slack(house: House, **more: Any) -> tuple[dict[str, Any], str]:
    """A Slack integration with an endpoint: the endpoint, and the path of its address."""
    made = await house.ok(
        "POST",
        "integrations",
        {"name": "team", "provider": "slack", "credentials": {"bot_token": "xoxb-invented-0000"}, "auth_kind": "bot_token"},
    )
    endpoint = await house.ok("POST", "endpoints", {"integration_id": made["id"], "secret": SECRET} | more)
    return endpoint, f"/v1/hooks/{endpoint['id']}"


async def send(
    house: House, path: str, body: bytes, headers: dict[str, str] | None = None, method: str = "POST"
) -> httpx2.Response:
    return await house.ask(method, path, key="", content=body, headers=signed(body) if headers is None else headers)


async def settled(house: House, id: str) -> dict[str, Any]:
    """The event once its processing has ended."""
    for _ in range(100):
        event = await house.ok("GET", f"integrations/events/{id}")
        if event["source_event"]["status"] not in ("pending", "processing"):
            return event
        await asyncio.sleep(0.02)
    raise AssertionError(event)


async def listed(house: House, query: str = "") -> list[dict[str, Any]]:
    return (await house.ok("GET", f"integrations/events{query}"))["items"]


async def test_a_signed_delivery_becomes_a_named_event_once(house: House) -> None:
    heard: list[dict[str, Any]] = []
    house.hub.events.add_consumer("test", lambda connection, event: heard.append(event.envelope()))
    endpoint, path = await slack(house)
    body = wrapped(MESSAGE)
    answers = [await send(house, path, body) for _ in range(3)]
    assert [(answer.status_code, answer.text) for answer in answers] == [(200, "")] * 3
    (row,) = await listed(house)
    assert (row["event_type"], row["status"], row["source"], row["duplicates"]) == (
        "slack.message.posted",
        "received",
        "webhook",
        2,
    )
    assert (row["dedup_key"], row["endpoint_id"], row["integration_id"]) == ("Ev1", endpoint["id"], endpoint["integration_id"])
    assert "payload" not in row
    event = await settled(house, row["id"])
    assert event["source_event"]["status"] == "succeeded"
    assert event["payload"] == MESSAGE
    assert len(heard) == 1
    assert heard[0]["event"] == MESSAGE
    meta = heard[0]["meta"]
    assert (meta["name"], meta["provider"], meta["integration_id"], meta["mode"], meta["test"]) == (
        "slack.message.posted", "slack", endpoint["integration_id"], "sandbox", False,
    )  # fmt: skip
    trace = await house.ok("GET", f"integrations/events/{row['id']}/trace")
    stages = [(stage["name"], stage["state"]) for stage in trace["stages"]]
    assert stages[:5] == [(name, "done") for name in ("received", "verified", "named", "matched", "processed")]
    assert ("test", "done") in stages[5:]


async def test_the_same_id_with_another_body_is_a_conflict_and_sets_nothing_off(house: House) -> None:
    _, path = await slack(house)
    for text in ("one", "other", "other"):
        assert (await send(house, path, wrapped(MESSAGE | {"text": text}))).status_code == 200
    conflict, first = await listed(house)
    assert (first["status"], first["duplicates"], conflict["status"], conflict["duplicates"]) == ("received", 0, "conflict", 1)
    assert conflict["source_event"] == {"status": "missing"}
    assert (await house.ok("GET", f"integrations/events/{conflict['id']}"))["payload"]["text"] == "other"


def _forged(body: bytes) -> list[tuple[str, dict[str, str]]]:
    good = signed(body)
    signature = good["x-slack-signature"]
    without = {name: value for name, value in good.items() if name != "x-slack-signature"}
    return [
        ("none", without),
        ("empty", good | {"x-slack-signature": ""}),
        ("wrong prefix", good | {"x-slack-signature": "v9=" + signature[3:]}),
        ("no prefix", good | {"x-slack-signature": signature[3:]}),
        ("of another body", good | {"x-slack-signature": signed(body + b" ")["x-slack-signature"]}),
        ("of another secret", signed(body, "another-invented-secret")),
        ("of another time", good | {"x-slack-request-timestamp": str(int(time.time()) - 1)}),
        ("late", signed(body, at=time.time() - 301)),
        ("early", signed(body, at=time.time() + 400)),
        ("exponent", good | {"x-slack-request-timestamp": "1e9"}),
        ("negative", good | {"x-slack-request-timestamp": "-1"}),
        ("long", good | {"x-slack-request-timestamp": "1" * 400}),
        ("algorithm", good | {"x-slack-signature": "v1a," + signature[3:]}),
        ("many", good | {"x-slack-signature": " ".join(["v0=" + "0" * 64] * 100)}),
    ]


async def test_what_is_not_slack_s_own_is_refused_and_on_record_without_its_body(house: House) -> None:
    _, path = await slack(house)
    body = wrapped(MESSAGE)
    for name, headers in _forged(body):
        answer = await send(house, path, body, headers)
        assert (name, problem(answer, 401)["code"]) == (name, "not_verified")
    rows = await listed(house)
    assert len(rows) == len(_forged(body))
    assert {row["status"] for row in rows} == {"refused"}
    assert all(row["reason"] and row["source_event"] == {"status": "missing"} for row in rows)
    assert "hello" not in str([await house.ok("GET", f"integrations/events/{row['id']}") for row in rows])
    trace = await house.ok("GET", f"integrations/events/{rows[0]['id']}/trace")
    assert [(stage["name"], stage["state"]) for stage in trace["stages"]] == [("received", "done"), ("verified", "stopped")]


@pytest.mark.parametrize("value", [b"v0=\xd9\xa3\xff", "v0=٣".encode()])
async def test_a_signature_that_is_not_ascii_is_a_refusal(house: House, value: bytes) -> None:
    _, path = await slack(house)
    body = wrapped(MESSAGE)
    headers: Any = [(name.encode(), each.encode()) for name, each in signed(body).items() if name != "x-slack-signature"]
    transport = httpx2.ASGITransport(app=house.hub.app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://hub.test") as client:
        answer = await client.post(path, content=body, headers=[*headers, (b"x-slack-signature", value)])
    assert answer.status_code == 401


async def test_refusals_do_not_fill_the_disk(house: House) -> None:
    _, path = await slack(house)
    for _ in range(70):
        assert (await send(house, path, b"{}", {})).status_code == 401
    assert len(await listed(house, "?limit=200")) == 50


async def test_unknown_deleted_and_disabled_endpoints_look_alike(house: House) -> None:
    endpoint, path = await slack(house)
    body = wrapped(MESSAGE)
    assert (await send(house, path, body)).status_code == 200
    await house.ok("PATCH", f"endpoints/{endpoint['id']}", {"enabled": False})
    disabled = await send(house, path, body)
    await house.ok("PATCH", f"endpoints/{endpoint['id']}", {"enabled": True})
    assert (await send(house, path, body)).status_code == 200
    await house.ok("DELETE", f"endpoints/{endpoint['id']}")
    answers = [disabled, await send(house, path, body)]
    answers += [await send(house, f"/v1/hooks/{name}", body, {}) for name in ("hook_" + "a" * 26, "x", "%00", "é", "a" * 300)]
    shown = {(answer.status_code, answer.text) for answer in answers}
    assert len(shown) == 1
    assert shown.pop()[0] == 404
    assert len({tuple(sorted(name for name in answer.headers)) for answer in answers}) == 1
    assert len(endpoint["id"].partition("_")[2]) >= 26


async def test_a_challenge_is_answered_in_plain_text(house: House) -> None:
    _, path = await slack(house)
    body = json.dumps({"type": "url_verification", "challenge": "<script>alert(1)</script>" + "x" * 10_000}).encode()
    answer = await send(house, path, body)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/plain; charset=utf-8")
    assert answer.text.startswith("<script>")
    assert len(answer.text) == 4096
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert await listed(house) == []
    assert (await send(house, path, body, {})).status_code == 401


@pytest.mark.parametrize(
    ("size", "headers", "status"),
    [(MAX_BODY + 1, {}, 413), (10, {"content-encoding": "gzip"}, 415), (10, {"content-length": "9" * 30}, 400)],
)
async def test_bodies_have_limits(house: House, size: int, headers: dict[str, str], status: int) -> None:
    _, path = await slack(house)
    body = b" " * size
    problem(await send(house, path, body, signed(body) | headers), status)
    assert await listed(house) == []


async def test_a_full_body_is_taken_and_other_methods_are_not(house: House) -> None:
    _, path = await slack(house)
    room = MAX_BODY - len(wrapped(MESSAGE | {"text": ""}))
    body = wrapped(MESSAGE | {"text": "x" * room})
    assert len(body) == MAX_BODY
    assert (await send(house, path, body)).status_code == 200
    for method in ("GET", "PUT", "DELETE"):
        problem(await send(house, path, b"", {}, method), 405)
        problem(await send(house, "/v1/hooks/hook_" + "b" * 26, b"", {}, method), 405)


@pytest.mark.parametrize(
    "body",
    [b"\xff\xfe{", b"{", b"[1]", b"null", b'{"type":"event_callback"}', b"[" * 100_000, '{"type": "é"}'.encode("latin-1")],
)
async def test_what_is_genuine_and_no_event_is_kept_as_refused(house: House, body: bytes) -> None:
    _, path = await slack(house)
    told = problem(await send(house, path, body), 422)
    assert told["code"] == "no_event"
    (row,) = await listed(house)
    assert (row["status"], bool(row["raw_kept_until"])) == ("refused", True)


@pytest.mark.parametrize("poison", [{"text": "a\u0000b"}, {"deep": json.loads("[" * 40 + "]" * 40)}, {"big": 2**70}])
async def test_an_event_that_no_database_should_hold_is_kept_without_a_name(house: House, poison: dict[str, Any]) -> None:
    _, path = await slack(house)
    assert (await send(house, path, wrapped({"type": "odd"} | poison))).status_code == 200
    (row,) = await listed(house)
    assert (row["event_type"], row["status"]) == ("slack.unnamed", "received")
    assert row["reason"]


async def test_another_workspace_s_event_is_kept_and_not_handed_on(house: House) -> None:
    _, path = await slack(house)
    rows = await house.hub.store.read(lambda session: None)
    assert rows is None
    assert (await send(house, path, wrapped(MESSAGE))).status_code == 200
    await house.hub.store.hot(lambda connection: connection.exec_driver_sql("UPDATE integration SET account_id = 'T1'"))
    house.hub.inbound.endpoints.forget(path.rpartition("/")[2])
    assert (await send(house, path, wrapped(MESSAGE, "Ev2", "T2"))).status_code == 200
    assert (await send(house, path, wrapped(MESSAGE, "Ev3", "T1"))).status_code == 200
    states = {row["dedup_key"]: row["source_event"]["status"] == "missing" for row in await listed(house)}
    assert states == {"Ev1": False, "Ev2": True, "Ev3": False}


async def test_secrets_rotate_with_an_overlap(house: House) -> None:
    endpoint, path = await slack(house)
    body, new = wrapped(MESSAGE), "invented-signing-secret-0002"
    told = await house.ok("POST", f"endpoints/{endpoint['id']}/rotate", {"secret": new})
    assert "secret" not in told
    assert (await send(house, path, body)).status_code == 200
    assert (await send(house, path, body, signed(body, new))).status_code == 200
    newest = "invented-signing-secret-0003"
    await house.ok("POST", f"endpoints/{endpoint['id']}/rotate", {"secret": newest, "overlap_seconds": 0})
    assert (await send(house, path, body)).status_code == 401
    assert (await send(house, path, body, signed(body, new))).status_code == 401
    assert (await send(house, path, body, signed(body, newest))).status_code == 200
    problem(await house.ask("POST", f"endpoints/{endpoint['id']}/rotate", {}), 400)
    seen = str([(await house.ask("GET", way)).text for way in ("endpoints", "audit-logs", f"endpoints/{endpoint['id']}")])
    assert SECRET not in seen
    assert new not in seen


async def test_an_endpoint_without_its_secret_takes_nothing(house: House) -> None:
    made = await house.ok("POST", "integrations", {"name": "t", "provider": "slack"})
    endpoint = await house.ok("POST", "endpoints", {"integration_id": made["id"]})
    assert endpoint["waits_for_secret"] is True
    assert any("rotate" in step for step in endpoint["steps"])
    assert (await send(house, f"/v1/hooks/{endpoint['id']}", wrapped(MESSAGE))).status_code == 401
    assert (await house.ask("POST", "endpoints", {"integration_id": made["id"]})).status_code == 409
    problem(await house.ask("POST", "endpoints", {"provider": "no-such"}), 404)
    problem(await house.ask("POST", "endpoints", {}), 400)
    problem(await house.ask("POST", "endpoints", {"provider": "slack", "secret": " "}), 400)


async def test_a_password_in_the_address(house: House) -> None:
    made = await house.ok(
        "POST", "integrations", {"name": "mail", "provider": "postmark", "credentials": {"server_token": "pm-invented-token"}}
    )
    endpoint = await house.ok("POST", "endpoints", {"integration_id": made["id"]})
    password = endpoint["secret"]
    body = json.dumps(
        {
            "RecordType": "Open",
            "MessageID": "m1",
            "Recipient": "a@example.com",
            "ReceivedAt": "2026-01-01T00:00:00Z",
            "FirstOpen": True,
        }
    ).encode()
    good = {"authorization": "Basic " + base64.b64encode(password.encode()).decode()}
    path = f"/v1/hooks/{endpoint['id']}"
    assert (
        await send(house, path, body, {"authorization": "Basic " + base64.b64encode(b"powerstrip:guess").decode()})
    ).status_code == 401
    assert (await send(house, path, body, good)).status_code == 200
    (row,) = [each for each in await listed(house) if each["status"] == "received"]
    assert row["event_type"] == "postmark.email.opened"
    assert "secret" not in await house.ok("GET", f"endpoints/{endpoint['id']}")


async def test_the_ledger_is_filtered_and_paged(house: House) -> None:
    _, path = await slack(house)
    for number in range(5):
        assert (await send(house, path, wrapped(MESSAGE, f"Ev{number}"))).status_code == 200
    await send(house, path, b"{}", {})
    assert [row["dedup_key"] for row in await listed(house, "?status=received")] == [f"Ev{n}" for n in (4, 3, 2, 1, 0)]
    assert len(await listed(house, "?event_type=slack.message.posted&provider=slack&source=webhook&include_payload=true")) == 5
    assert await listed(house, "?event_type=slack.nothing") == []
    assert await listed(house, "?since=2999-01-01T00:00:00Z") == []
    assert len(await listed(house, "?processing=missing")) == 1
    page = await house.ok("GET", "integrations/events?limit=4")
    rest = await house.ok("GET", f"integrations/events?limit=4&cursor={page['next_cursor']}")
    assert (len(page["items"]), len(rest["items"]), rest["has_more"]) == (4, 2, False)
    for query in ("?since=yesterday", "?status=odd", "?limit=0", "?nothing=1"):
        problem(await house.ask("GET", f"integrations/events{query}"), 400)


async def test_secrets_in_payloads_are_hidden(house: House) -> None:
    _, path = await slack(house)
    event = {
        "type": "odd",
        "api_key": "invented-value",
        "note": "xoxb-" + "1234567890-" * 2 + "AbCdEfGhIjKlMnOpQrStUvWx",
        "user": "U1",
    }
    await send(house, path, wrapped(event))
    (row,) = await listed(house, "?include_payload=true")
    assert (row["payload"]["api_key"], row["payload"]["user"]) == ("[redacted]", "U1")
    assert "AbCdEfGh" not in str(row)


async def test_dead_letters_are_listed_and_driven_again(house: House) -> None:
    ill = [True]

    def consumer(connection: Any, event: Any) -> None:
        if ill[0] and event.data.get("text") == "poison":
            raise NotProcessable("the consumer does not like it")

    house.hub.events.add_consumer("test", consumer)
    _, path = await slack(house)
    await send(house, path, wrapped(MESSAGE | {"text": "poison"}, "Ev1"))
    await send(house, path, wrapped(MESSAGE, "Ev2"))
    fine, poisoned = await listed(house)
    assert (await settled(house, fine["id"]))["source_event"]["status"] == "succeeded"
    event = await settled(house, poisoned["id"])
    assert (event["source_event"]["status"], event["source_event"]["last_error"]) == (
        "failed",
        "test: the consumer does not like it",
    )
    (dead,) = (await house.ok("GET", "integrations/events/dead-letters"))["items"]
    assert (dead["integration_event_id"], dead["status"]) == (poisoned["id"], "failed")
    ill[0] = False
    assert await house.ok("POST", "integrations/events/dead-letters/redrive", {"ids": [dead["id"]]}) == {"redriven": 1}
    for _ in range(100):
        if (await house.ok("GET", f"integrations/events/{poisoned['id']}"))["source_event"]["status"] == "succeeded":
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it was not processed again")


async def test_an_event_is_replayed_and_a_range_into_a_sandbox(house: House) -> None:
    heard: list[tuple[str, str]] = []
    house.hub.events.add_consumer("test", lambda connection, event: heard.append((event.data["text"], event.mode)))
    _, path = await slack(house)
    await send(house, path, wrapped(MESSAGE))
    (row,) = await listed(house)
    done = await house.ok("POST", "integrations/events/replay", {"ids": [row["id"]]})
    (again,) = done["ids"]
    assert (await settled(house, again))["replay_of"] == row["id"]
    done = await house.ok("POST", "integrations/events/replay", {"since": row["received_at"], "sandbox": True})
    assert len(done["ids"]) == 2
    await settled(house, done["ids"][1])
    assert heard == [("hello", "sandbox")] * 4
    problem(await house.ask("POST", "integrations/events/replay", {}), 400)
    problem(await house.ask("POST", "integrations/events/replay", {"ids": ["pev_nothing"]}), 404)


async def test_samples_are_fired(house: House) -> None:
    heard: list[Any] = []
    house.hub.events.add_consumer("test", lambda connection, event: heard.append(event))
    samples = (await house.ok("GET", "integrations/events/test/samples?provider=slack"))["samples"]
    sample = next(each for each in samples if each["event_type"] == "slack.message.posted")
    preview = await house.ok("POST", "integrations/events/test/fires", {"sample_id": sample["id"]})
    assert (preview["mode"], preview["delivered"], preview["triggers"]) == ("preview", False, [])
    assert await listed(house) == []
    body = {"sample_id": sample["id"], "mode": "deliver", "dedup_key": "one"}
    first = await house.ok("POST", "integrations/events/test/fires", body)
    second = await house.ok("POST", "integrations/events/test/fires", body)
    assert (first["delivered"], first["deduped"], second["delivered"], second["deduped"]) == (True, False, False, True)
    assert first["event"]["id"] == second["event"]["id"]
    event = await settled(house, first["event"]["id"])
    assert (event["source"], event["integration_id"]) == ("synthetic", "synthetic:slack")
    assert [(each.name, each.test) for each in heard] == [("slack.message.posted", True)]
    for wrong in (
        {},
        {"event_type": "odd"},
        {"event_type": "slack.x", "provider": "github"},
        {"event_type": "slack.x", "payload": []},
    ):
        problem(await house.ask("POST", "integrations/events/test/fires", wrong), 400)
    problem(await house.ask("POST", "integrations/events/test/fires", {"sample_id": "no"}), 404)


async def test_who_may_only_look_sets_nothing_off(house: House) -> None:
    viewer = await house.member("viewer")
    await house.ok("GET", "integrations/events", key=viewer)
    for path in ("test/fires", "replay", "dead-letters/redrive"):
        problem(await house.ask("POST", f"integrations/events/{path}", {}, key=viewer), 403)
    problem(await house.ask("POST", "endpoints", {"provider": "slack"}, key=viewer), 403)
    worker = await house.member("worker")
    problem(await house.ask("GET", "integrations/events", key=worker), 403)


async def test_another_project_s_events_and_endpoints_are_not_there(house: House) -> None:
    endpoint, path = await slack(house)
    await send(house, path, wrapped(MESSAGE))
    (row,) = await listed(house)
    await house.another("Other", "sandbox")
    for way in (f"integrations/events/{row['id']}", f"integrations/events/{row['id']}/trace", f"endpoints/{endpoint['id']}"):
        problem(await house.ask("GET", way, project="other"), 404)
    problem(await house.ask("POST", "integrations/events/replay", {"ids": [row["id"]]}, project="other"), 404)
    problem(await house.ask("DELETE", f"endpoints/{endpoint['id']}", project="other"), 404)
    assert (await house.ok("GET", "integrations/events", project="other"))["items"] == []
    assert await house.ok("POST", "integrations/events/dead-letters/redrive", {}, project="other") == {"redriven": 0}


async def test_the_live_tail_goes_on_after_an_event_and_ends_with_the_key(house: House) -> None:
    _, path = await slack(house)
    for number in range(3):
        await send(house, path, wrapped(MESSAGE, f"Ev{number}"))
    first = (await listed(house))[2]
    answer = await house.ask("GET", "integrations/events/stream?seconds=0", headers={"last-event-id": first["id"]})
    assert answer.headers["content-type"].startswith("text/event-stream")
    rows = [json.loads(line.removeprefix("data: ")) for line in answer.text.splitlines() if line.startswith("data: ")]
    assert [row["dedup_key"] for row in rows] == ["Ev1", "Ev2"]
    problem(await house.ask("GET", "integrations/events/stream?seconds=0", headers={"last-event-id": "pev_none"}), 404)
    viewer = await house.member("viewer")
    watching = asyncio.create_task(house.ask("GET", "integrations/events/stream", key=viewer))
    await asyncio.sleep(0.1)
    key = next(row for row in (await house.ok("GET", "api-keys?limit=200"))["items"] if row["name"] == "member viewer")
    await house.ok("DELETE", f"api-keys/{key['id']}")
    assert (await asyncio.wait_for(watching, 5)).status_code == 200
