"""Providers that refuse, fail or answer nonsense, and adapters that misbehave: each ends as a result that says which."""

import asyncio
import json
import logging
import time
from typing import Any

import pytest
import structlog
from callhouse import CANARY, House, eventually, leaks
from werkzeug import Request, Response

from powerstrip.connect import watched
from powerstrip.problems import Conflict, Unprocessable
from powerstrip.store import Audit, Credential, Integration, Invocation


async def test_a_refused_key_expires_the_integration_with_the_providers_words(house: House, database_url: str) -> None:
    link = await house.connect()
    house.peer.say("POST /notes", {"message": "Your key is not valid"}, status=401)

    result = await house.call()

    assert (result.status, result.error_type, result.error) == ("failed", "auth_failed", "Your key is not valid")
    row = await house.integrations.get(house.project.id, link.id)
    assert (row.status, row.status_reason) == ("expired", "Your key is not valid")
    (told,) = await house.audited("update", link.id)
    assert (told.actor_name, told.changes["status"]) == ("hub", {"before": "active", "after": "expired"})
    with pytest.raises(Conflict) as caught:
        await house.call()
    assert caught.value.code == "integration_expired"
    assert house.peer.asked("POST /notes") == 1


async def test_an_old_refusal_does_not_expire_a_new_credential(house: House) -> None:
    link = await house.connect()
    house.peer.say("POST /notes", {"message": "Your key is not valid"}, status=401)
    house.peer.gate.clear()
    call = asyncio.create_task(house.call())
    await eventually(lambda: house.peer.asked("POST /notes") == 1)

    fresh = {"api_key": "acme-invented-second"}
    await house.integrations.rotate(house.project, house.actor, link.id, fresh, probe=False)
    house.peer.gate.set()

    assert (await call).error_type == "auth_failed"
    assert (await house.integrations.get(house.project.id, link.id)).status == "active"


@pytest.mark.parametrize(
    ("status", "body", "error_type", "words"),
    [
        (404, {"message": "no such note"}, "rejected", "no such note"),
        (422, {"error": {"message": "text is too long"}}, "rejected", "text is too long"),
        (429, {"message": "slow down"}, "rate_limited", "slow down"),
        (500, {"message": "broken"}, "unavailable", "broken"),
        (302, {}, "rejected", "redirect"),
        (200, {"ok": False, "error": "room_not_found"}, "rejected", "room_not_found"),
        (200, {"nothing": "documented"}, "unavailable", "id: Field required"),
    ],
)
async def test_what_the_provider_says_is_told(
    house: House, status: int, body: dict[str, Any], error_type: str, words: str
) -> None:
    await house.connect()
    house.peer.say("POST /notes", body, status=status)

    result = await house.call()

    assert (result.status, result.error_type) == ("failed", error_type)
    assert words in (result.error or "")
    assert house.peer.asked("POST /notes") == 1
    row = await house.actions.get(house.project.id, result.invocation_id)
    assert (row.status, row.error_type, row.error_message) == ("failed", error_type, result.error)


async def test_a_gateway_s_answer_to_a_write_leaves_its_effect_unknown(house: House) -> None:
    await house.connect()
    house.peer.say("POST /notes", {"message": "gateway timeout"}, status=504)

    result = await house.call()

    assert (result.status, result.error_type) == ("failed", "unknown")
    assert "whether it took effect is unknown" in (result.error or "")


@pytest.mark.parametrize(
    "answer",
    [
        Response("<html><body>Bad gateway</body></html>", 200, content_type="text/html"),
        Response(b"\xff\xfe\x00garbage", 200, content_type="application/json"),
        Response("", 200),
        Response("[" * 50_000, 200, content_type="application/json"),
        Response('{"id": 1e999}', 200, content_type="application/json"),
        Response("null", 200, content_type="application/json"),
    ],
)
async def test_an_answer_that_is_no_answer_is_a_provider_out_of_order(house: House, answer: Response) -> None:
    await house.connect()
    house.peer.say("POST /notes", answer)

    result = await house.call()

    assert (result.status, result.error_type) == ("failed", "unavailable")


async def test_a_provider_that_reflects_the_token_gets_it_nowhere(
    house: House, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """In bodies, headers and errors, plain and in base64."""
    caplog.set_level(logging.DEBUG)

    def reflect(request: Request) -> Response:
        key = request.headers["X-Acme-Key"]
        body = {"id": key, "text": f"your key is {key}", "room": key.encode().hex()}
        return Response(json.dumps(body), 200, {"X-Seen": key}, content_type="application/json")

    def refuse(request: Request) -> Response:
        key = request.headers["X-Acme-Key"]
        return Response(json.dumps({"message": f"The key {key} may not"}), 403, content_type="application/json")

    await house.connect()
    house.peer.say("POST /notes", reflect, reflect, refuse)
    with structlog.testing.capture_logs() as logs:
        results = [await house.call(idempotency_key=key) for key in ("one", "two")]
        results.append(await house.call("acme.deed.do", {"kind": "echo"}))
        results.append(await house.call())

    assert [result.error_type for result in results] == [None, None, None, "auth_failed"]
    assert "[secret]" in json.dumps(results[0].output)
    kept = [row.model_dump() for table in (Invocation, Integration, Audit) for row in await house.all(table)]
    shown = [repr(results), *map(repr, kept), caplog.text, *capfd.readouterr(), repr(logs)]
    assert leaks("\n".join(shown)) == []
    assert leaks(house.bytes_on_disk()) == []
    assert await house.all(Credential) != []


@pytest.mark.parametrize("kind", ["exit", "interrupt", "error", "cancel", "nothing", "other", "unfit", "huge", "surrogate"])
async def test_an_adapter_at_fault_harms_its_call_alone(house: House, kind: str) -> None:
    await house.connect()

    with structlog.testing.capture_logs() as logs:
        result = await house.call("acme.deed.do", {"kind": kind}, idempotency_key="order-1")

    assert (result.status, result.error_type) == ("failed", "adapter_broken")
    assert CANARY not in f"{result.error} {logs}"
    assert (await house.call("acme.deed.do", {"kind": kind}, idempotency_key="order-1")).error == result.error
    assert (await house.call()).status == "completed"


async def test_an_input_validator_that_fails_is_the_adapter_s_fault(house: House) -> None:
    await house.connect()

    with pytest.raises(Unprocessable) as caught:
        await house.call("acme.deed.do", {"kind": "slip"})

    assert caught.value.code == "adapter_broken"
    assert await house.all(Invocation) == []


async def test_a_faulty_adapter_is_logged_with_its_place(house: House) -> None:
    await house.connect()

    with structlog.testing.capture_logs() as logs:
        await house.call("acme.deed.do", {"kind": "error"})

    (told,) = [entry for entry in logs if entry["event"] == "adapter.failed"]
    assert (told["call"], told["error"]) == ("acme.deed.do", "ZeroDivisionError")
    assert "callhouse.py:" in told["at"]


@pytest.mark.parametrize(
    ("kind", "end"),
    [("sleep", "timeout"), ("stubborn", "timeout"), ("block", "timeout"), ("write and block", "unknown")],
)
async def test_a_call_has_an_end_and_what_comes_later_does_not_count(house: House, kind: str, end: str) -> None:
    await house.connect()

    result = await asyncio.wait_for(house.call("acme.deed.do", {"kind": kind}, timeout_seconds=1), 5)

    assert (result.status, result.error_type, result.output) == ("failed", end, None)


async def test_an_adapter_that_blocks_the_loop_is_told_once(house: House) -> None:
    await house.connect()

    await house.call()

    with structlog.testing.capture_logs() as logs, watched(asyncio.get_running_loop(), 0.5):
        await house.call("acme.deed.do", {"kind": "block"})

    assert [(each["event"], each["call"]) for each in logs] == [("adapter.blocks", "acme.deed.do")]


async def test_a_loop_that_the_hub_itself_blocks_is_no_adapters_fault() -> None:
    with structlog.testing.capture_logs() as logs, watched(asyncio.get_running_loop(), 0.05):
        time.sleep(0.2)

    assert logs == []


async def test_a_write_without_an_answer_is_unknown_and_a_read_is_late(house: House) -> None:
    await house.connect()
    house.peer.gate.clear()

    write = await house.call(timeout_seconds=1)
    read = await house.call("acme.note.get", {}, timeout_seconds=1)
    house.peer.gate.set()

    assert (write.status, write.error_type) == ("failed", "unknown")
    assert "look at the provider" in (write.error or "")
    assert read.error_type == "timeout"
    assert house.peer.asked("POST /notes") == 1


async def test_a_provider_that_is_not_there_was_sent_nothing(house: House) -> None:
    await house.connect(config={"base_url": "http://127.0.0.1:9"})

    result = await house.call()

    assert result.error_type == "unavailable"


async def test_a_caller_that_goes_away_leaves_an_end_on_record(house: House) -> None:
    await house.connect()
    house.peer.gate.clear()
    call = asyncio.create_task(house.call(idempotency_key="order-1"))
    await eventually(lambda: house.peer.asked("POST /notes") == 1)

    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    house.peer.gate.set()

    (row,) = await house.actions.list(house.project.id)
    assert (row.status, row.error_type) == ("failed", "unknown")
    assert (await house.call(idempotency_key="order-1")).error_type == "unknown"
    assert house.peer.asked("POST /notes") == 1


async def test_calls_go_on_while_the_credential_is_rotated(house: House) -> None:
    """Each call is signed with one of the two, and none fails."""
    link = await house.connect()
    stop = asyncio.Event()

    async def caller() -> list[str]:
        ends: list[str] = []
        while not stop.is_set():
            ends.append((await house.call()).status)
        return ends

    callers = [asyncio.create_task(caller()) for _ in range(3)]
    for number in range(3):
        await asyncio.sleep(0.05)
        fresh = {"api_key": f"acme-invented-{number}"}
        await house.integrations.rotate(house.project, house.actor, link.id, fresh)
    stop.set()
    ends = [end for ends in await asyncio.gather(*callers) for end in ends]

    assert ends
    assert set(ends) == {"completed"}
    used = [headers["x-acme-key"] for line, headers, _ in house.peer.requests if line == "POST /notes"]
    assert set(used) <= {CANARY, *(f"acme-invented-{number}" for number in range(3))}
    await house.call()
    assert house.peer.requests[-1][1]["x-acme-key"] == "acme-invented-2"


async def test_a_destination_that_moved_under_a_credential_stops_the_call(house: House) -> None:
    """By hand in the row, as by an operator's setting or another version of the adapter."""
    link = await house.connect()
    await house.store.hot(
        lambda connection: (
            connection.exec_driver_sql("""UPDATE integration SET config = '{"base_url":"http://127.0.0.1:9"}'""") and None
        )
    )

    with pytest.raises(Conflict) as caught:
        await house.call()

    assert caught.value.code == "destination_changed"
    assert await house.audited("use", link.id) == []
