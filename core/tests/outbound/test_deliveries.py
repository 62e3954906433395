"""From an event to a signed POST, and everything that may go wrong on the way."""

import asyncio
import base64
import json
from pathlib import Path

import pytest
from deepnoodle.mobius import InvalidSignatureError, parse_webhook_delivery, verify_signed_delivery
from sqlmodel import col

from powerstrip.edge import HOP
from powerstrip.outbound import WebhookChanges
from powerstrip.problems import Unprocessable
from powerstrip.store import Audit, SourceEvent, Webhook, WebhookDelivery, WouldSend

from .conftest import ADA, Room, close_room, eventually, open_room


async def test_an_event_is_delivered_and_the_published_verifier_takes_it(room: Room, database_url: str) -> None:
    made = await room.hook(events=["thing.*"])
    event_id = await room.happen()
    row = await room.until(made.row.id, lambda row: row.status == "delivered")
    [got] = room.target.got
    verified = verify_signed_delivery(got.body, got.headers, key=base64.b64decode(made.key.text))
    told = parse_webhook_delivery(verified)
    assert (told["type"], told["id"], told["data"]) == ("thing.done", event_id, {"text": "häppened"})
    assert told["meta"]["name"] == "thing.done"
    assert (verified.delivery_id, verified.secret_ref, verified.secret_version) == (row.id, f"webhooks/{made.row.id}", 1)
    assert (row.attempts, row.response_status, row.response_text, row.due_at) == (1, 200, "ok", None)
    assert got.headers[HOP] == "hop-1"
    with pytest.raises(InvalidSignatureError):
        verify_signed_delivery(got.body + b" ", got.headers, key=made.key.key)


def standard_signatures(headers: dict[str, str], body: bytes, key: bytes) -> tuple[str, list[str]]:
    """What Standard Webhooks says the signature is, and those that came."""
    import hashlib
    import hmac

    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return expected, headers["webhook-signature"].split()


async def test_both_secrets_sign_during_the_overlap_and_the_old_one_stops_after_it(room: Room) -> None:
    made = await room.hook()
    new = await room.webhooks.rotate(room.project.id, ADA, made.row.id, 3600)
    assert new.key.version == 2
    await room.happen()
    await eventually(lambda: len(room.target.got) == 1)
    got = room.target.got[0]
    verify_signed_delivery(got.body, got.headers, key=new.key.key)
    old = got.headers | {"X-Mobius-Signature": got.headers["X-Mobius-Previous-Signature"]}
    verify_signed_delivery(got.body, old, key=made.key.key)
    for key in (made.key.key, new.key.key):
        expected, came = standard_signatures(got.headers, got.body, key)
        assert expected in came
    last = await room.webhooks.rotate(room.project.id, ADA, made.row.id, 0)
    await room.happen()
    await eventually(lambda: len(room.target.got) == 2)
    got = room.target.got[1]
    verify_signed_delivery(got.body, got.headers, key=last.key.key)
    assert "X-Mobius-Previous-Signature" not in got.headers
    assert standard_signatures(got.headers, got.body, last.key.key)[1] == [
        standard_signatures(got.headers, got.body, last.key.key)[0]
    ]


async def test_only_matching_events_of_the_own_project_are_delivered(room: Room) -> None:
    other = await room.make_project("other")
    wanted = await room.hook("/wanted", events=["run.completed", "entity.*"])
    await room.hook("/off", enabled=False)
    await room.hook("/theirs", project=other)
    await room.hook("/empty", url="")
    await room.happen("run.failed")
    await room.happen("entity.record.created")
    await room.happen("run.completed")
    await eventually(lambda: len(room.target.got) == 2)
    assert [each.json["type"] for each in room.target.at("/wanted")] == ["entity.record.created", "run.completed"]
    assert {row.webhook_id for row in await room.all(WebhookDelivery)} == {wanted.row.id}


@pytest.mark.parametrize("status", ["500 Oops", "408 Slow", "429 Busy", "302 Found", "503 Down"])
async def test_a_failure_is_tried_again_under_the_same_id(room: Room, status: str) -> None:
    made = await room.hook()
    room.target.say(status, "no", location=room.target.url("/elsewhere"))
    await room.happen()
    row = await room.until(made.row.id, lambda row: row.attempts == 1 and row.status == "pending")
    assert (row.response_status, row.response_text) == (int(status[:3]), "no")
    assert "answered" in row.last_error
    room.target.say("204 No Content")
    await room.make_due()
    row = await room.until(made.row.id, lambda row: row.status == "delivered")
    first, second = room.target.got
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == row.id
    assert first.body == second.body
    assert room.target.at("/elsewhere") == []


async def test_a_refusal_is_not_tried_again_and_can_be_resent_by_hand(room: Room) -> None:
    made = await room.hook()
    room.target.say("404 Not Found")
    await room.happen()
    row = await room.until(made.row.id, lambda row: row.status == "failed")
    assert (row.attempts, row.due_at) == (1, None)
    room.target.say("200 OK")
    await room.webhooks.resend(room.project.id, ADA, made.row.id, row.id)
    again = await room.until(made.row.id, lambda row: row.status == "delivered")
    assert (again.id, again.attempts) == (row.id, 2)
    assert room.target.got[0].headers["webhook-id"] == room.target.got[1].headers["webhook-id"]


async def test_after_eight_tries_it_has_failed(room: Room) -> None:
    made = await room.hook()
    room.target.say("500 Oops")
    await room.happen()
    for attempts in range(1, 9):
        await room.until(made.row.id, lambda row, n=attempts: row.attempts == n and row.lease is None)
        await room.make_due()
    row = await room.delivery(made.row.id)
    assert (row.status, row.attempts, row.due_at) == ("failed", 8, None)
    assert len(room.target.got) == 8


async def test_gone_switches_the_webhook_off_with_an_event_and_an_audit_row(room: Room) -> None:
    made = await room.hook(events=["thing.*"])
    watcher = await room.hook("/watch", events=["webhook.disabled"])
    room.target.say("410 Gone")
    await room.happen()
    await eventually(lambda: len(room.target.at("/watch")) == 1)
    [event] = room.target.at("/watch")
    assert event.json["data"]["webhook_id"] == made.row.id
    [hook] = await room.all(Webhook, col(Webhook.id) == made.row.id)
    assert (hook.enabled, hook.disabled_reason) == (False, "The target answered 410 (gone)")
    audit = await room.all(Audit, col(Audit.resource_id) == made.row.id, col(Audit.action) == "update")
    assert [row.actor_name for row in audit] == ["hub"]
    assert (await room.store.read(room.vault.audit.verify)).intact
    await room.happen()
    await room.until(watcher.row.id, lambda row: row.status == "delivered")
    assert len(room.target.at("/hook")) == 1


async def test_five_days_of_failure_switch_it_off_and_a_success_forgets_them(room: Room, database_url: str) -> None:
    made = await room.hook(events=["thing.*"])
    room.target.say("500 Oops")
    await room.set_webhook(made.row.id, failing_since="2020-01-01T00:00:00.000000Z")
    room.target.say("200 OK")
    await room.happen()
    await room.until(made.row.id, lambda row: row.status == "delivered")
    [hook] = await room.all(Webhook)
    assert hook.failing_since is None
    await room.set_webhook(made.row.id, failing_since="2020-01-01T00:00:00.000000Z")
    room.target.say("500 Oops")
    await room.happen()
    await eventually(lambda: len(room.target.got) == 2)
    for _ in range(200):
        [hook] = await room.all(Webhook)
        if not hook.enabled:
            break
        await asyncio.sleep(0.01)
    assert (hook.enabled, hook.disabled_reason) == (False, "Every delivery failed for five days")
    assert [row.name for row in await room.all(SourceEvent, col(SourceEvent.name) == "webhook.disabled")] == ["webhook.disabled"]
    on = await room.webhooks.update(room.project.id, ADA, made.row.id, WebhookChanges(enabled=True))
    assert (on.enabled, on.disabled_reason, on.failing_since) == (True, "", None)


async def test_one_that_hangs_delays_no_other(room: Room) -> None:
    room.outbound._sender._seconds = 60
    slow = await room.hook("/hang")
    for number in range(30):
        await room.hook(f"/fast/{number}")
    for _ in range(8):
        await room.happen()
    await eventually(lambda: len(room.target.got) == 240 + 5, seconds=30)
    assert len(room.target.at("/hang")) == 5  # what one webhook may have under way
    rows = await room.all(WebhookDelivery, col(WebhookDelivery.webhook_id) == slow.row.id, col(WebhookDelivery.attempts) == 0)
    assert len(rows) == 3


async def test_a_target_that_does_not_answer_is_given_up_and_tried_again(room: Room) -> None:
    made = await room.hook("/hang")
    await room.happen()
    row = await room.until(made.row.id, lambda row: row.status == "pending" and row.attempts == 1, seconds=6)
    assert (row.response_status, row.last_error) == (None, "The service did not answer in time")


async def test_the_answer_is_kept_short_and_without_keys(room: Room) -> None:
    made = await room.hook()
    room.target.say("500 Oops", f"key {made.key.text} and \x1b[31m{'x' * 5000}")
    await room.happen()
    row = await room.until(made.row.id, lambda row: row.response_status == 500)
    assert made.key.text not in row.response_text
    assert row.response_text.startswith("key [secret] and [31mxxx")
    assert len(row.response_text.encode()) <= 1024
    room.target.say("500 Oops", "your xoxb-111111111111-222222222222-AbCdEfGhIjKlMnOpQrStUvWx")
    await room.make_due()
    row = await room.until(made.row.id, lambda row: row.attempts == 2 and row.lease is None)
    assert "xoxb" not in row.response_text


async def test_a_sandbox_writes_down_what_it_would_have_sent(room: Room) -> None:
    box = await room.make_project("box", mode="sandbox")
    made = await room.hook(project=box, url="https://hooks.example.com/in?token=1")
    await room.happen(project=box)
    row = await room.until(made.row.id, lambda row: row.status == "delivered")
    assert (row.mode, row.delivered_at) == ("sandbox", None)
    [sent] = await room.all(WouldSend)
    assert (sent.url, sent.action_name, sent.idempotency_key) == (
        "https://hooks.example.com/in?token=1",
        "webhook.deliver",
        row.id,
    )
    assert json.loads(sent.body)["type"] == "thing.done"
    shown = dict(sent.headers)
    assert shown["X-Mobius-Signature"] == shown["webhook-signature"] == "<signature>"
    ping = await room.webhooks.ping(box, ADA, made.row.id)
    assert (ping.success, ping.simulated) == (True, True)
    assert room.target.got == []


async def test_a_sandboxed_event_of_a_live_project_is_not_sent(room: Room) -> None:
    made = await room.hook()
    await room.happen(mode="sandbox")
    await room.until(made.row.id, lambda row: row.status == "delivered" and row.mode == "sandbox")
    assert room.target.got == []


@pytest.mark.parametrize(
    "url",
    [
        "http://10.0.0.7/hook", "https://192.168.1.1/x", "https://[::1]/x", "https://user:pw@example.com/x", "ftp://example.com",
        "https://0x7f.1/", "https://169.254.169.254/latest", "https://example.com/a/../b", "file:///etc/passwd",
    ],
)  # fmt: skip
async def test_an_address_is_judged_when_it_is_saved(room: Room, url: str) -> None:
    made = await room.hook()
    with pytest.raises(Unprocessable) as refused:
        await room.hook("/other", url=url)
    assert url not in refused.value.message
    for attempt in (
        room.webhooks.update(room.project.id, ADA, made.row.id, WebhookChanges(url=url)),
        room.webhooks.ping(room.project, ADA, made.row.id, url),
    ):
        with pytest.raises(Unprocessable):
            await attempt


async def test_an_address_is_judged_again_when_it_is_used(room: Room, tmp_path: Path) -> None:
    made = await room.hook()
    await close_room(room)
    strict = await open_room(tmp_path, room.store.url, room.target, allow_addresses=())
    await strict.happen()
    row = await strict.until(made.row.id, lambda row: row.attempts == 1 and row.lease is None)
    await close_room(strict)
    assert (row.response_status, row.status) == (None, "pending")
    assert "https" in row.last_error
    assert room.target.got == []


async def test_the_hub_s_own_address_is_refused(room: Room, tmp_path: Path) -> None:
    made = await room.hook()
    await close_room(room)
    own = await open_room(tmp_path, room.store.url, room.target, own=[("127.0.0.1", room.target.port)])
    await own.happen()
    row = await own.until(made.row.id, lambda row: row.attempts == 1 and row.lease is None)
    with pytest.raises(Unprocessable, match="does not call itself"):
        await own.hook("/v1/hooks/hook_x")
    await close_room(own)
    assert "does not call itself" in row.last_error
    assert room.target.got == []


async def test_a_ping_is_signed_and_leaves_no_delivery(room: Room) -> None:
    made = await room.hook(url="")
    with pytest.raises(Unprocessable, match="no address yet"):
        await room.webhooks.ping(room.project, ADA, made.row.id)
    good = await room.webhooks.ping(room.project, ADA, made.row.id, room.target.url())
    [got] = room.target.got
    told = parse_webhook_delivery(verify_signed_delivery(got.body, got.headers, key=made.key.key))
    assert told["type"] == "ping"
    assert (good.success, good.status_code, good.error) == (True, 200, None)
    room.target.say("500 Oops", "inner secret page")
    bad = await room.webhooks.ping(room.project, ADA, made.row.id, room.target.url())
    assert (bad.success, bad.status_code, bad.error) == (False, 500, "The target answered 500")
    assert await room.all(WebhookDelivery) == []


async def test_the_secret_lies_nowhere_in_the_clear(room: Room, tmp_path: Path) -> None:
    made = await room.hook()
    await room.happen()
    await room.until(made.row.id, lambda row: row.status == "delivered")
    assert made.key.text not in repr(made)
    for path in (each for each in tmp_path.rglob("*") if each.is_file()):
        data = path.read_bytes()
        assert made.key.key not in data
        assert made.key.text.encode() not in data


async def test_an_event_that_is_processed_twice_is_delivered_once(room: Room) -> None:
    from powerstrip.events import SourceEventRow
    from powerstrip.outbound.outbox import Outbox

    made = await room.hook()
    event_id = await room.happen()
    await room.until(made.row.id, lambda row: row.status == "delivered")
    [row] = await room.all(SourceEvent)
    names = list(SourceEventRow.__struct_fields__)
    again = SourceEventRow(**{name: getattr(row, name) for name in names})
    assert again.id == event_id
    outcome = await room.store.hot(lambda connection: Outbox(lambda: None).take(connection, again))
    assert outcome == {"deliveries": 0}
    assert len(await room.all(WebhookDelivery)) == 1
