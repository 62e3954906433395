"""Access tokens: fetched once, used by all, renewed in time, and nowhere to be read."""

import asyncio
import json
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from callhouse import CANARY, House, leaks
from sqlmodel import Session, col
from tokenhouse import FIRST, REFRESH, REFRESHED, SCOPES, SECOND, SECRET, THIRD, TokenHouse, both_kinds, settle, token
from werkzeug import Response

from powerstrip.adapter import AuthFailed, Unavailable
from powerstrip.clock import now, rfc3339
from powerstrip.connect.tokens import rows, state_of
from powerstrip.problems import Unprocessable
from powerstrip.store import AccessToken, Integration, Project
from powerstrip.vault import Purpose

NOTES = "POST /notes"
TOKEN = "POST /token"


@pytest.fixture
def tick(house: House) -> TokenHouse:
    return settle(house, both_kinds(house.peer.url))


async def bound(tick: TokenHouse, row: Integration) -> Any:
    """What the edge would ask with."""
    house = tick.house
    purpose = Purpose("tick.note.create", "inv_test", "live")
    sealed = await house.store.hot(lambda at: house.vault.use(at, row.project_id, row.id, house.actor, purpose))
    from powerstrip.connect.binding import link_of

    return link_of(row).bound(tick.adapter, "live", sealed)


async def in_minutes(tick: TokenHouse, minutes: float) -> str:
    """A stamp of the near future."""
    return rfc3339(now() + timedelta(minutes=minutes))


async def test_client_credentials_fetch_one_token_for_many_calls(tick: TokenHouse) -> None:
    tick.house.peer.say(TOKEN, token())
    row = await tick.connect()
    assert (row.auth_kind, row.status) == ("oauth2_client_credentials", "active")
    assert tick.asked() == []  # nothing is fetched before it is needed

    first, second = await tick.call(), await tick.call()

    assert (first.status, second.status) == ("completed", "completed")
    assert tick.tokens_sent() == [FIRST, FIRST]
    assert tick.asked() == [{"grant_type": "client_credentials", "scope": " ".join(SCOPES)}]
    kept = await tick.row(row.id)
    assert (kept.version, kept.renewable, kept.holder, kept.scopes) == (1, False, "", None)
    assert kept.data_key_id
    changes = [each.changes for each in await tick.house.audited("update", row.id)]
    assert [each["token"] for each in changes] == ["fetched"]
    assert any(each.changes.get("lease") == 1 for each in await tick.house.audited("use", row.id))
    assert leaks(tick.house.bytes_on_disk()) == []


async def test_a_sandbox_fetches_nothing(tick: TokenHouse) -> None:
    project = await tick.house.make_project("play", "sandbox")
    row = await tick.connect(project=project)

    result = await tick.call(project=project)

    assert result.status == "completed"
    assert ["Authorization", "Bearer <access_token>"] in [list(each) for each in result.would_send[0].headers]
    assert tick.house.peer.requests == []
    assert await tick.house.all(AccessToken) == []
    assert row.mode == "sandbox"


async def test_two_hundred_callers_wait_for_one_request(tick: TokenHouse) -> None:
    tick.house.peer.say(TOKEN, token())
    await tick.connect()
    tick.house.peer.gate.clear()
    calls = [asyncio.create_task(tick.call()) for _ in range(200)]
    await asyncio.sleep(0.1)
    calls[0].cancel()
    tick.house.peer.gate.set()

    results = await asyncio.gather(*calls[1:])

    assert {result.status for result in results} == {"completed"}
    assert len(tick.asked()) == 1


async def test_a_refused_token_is_renewed_once_and_the_request_repeated(tick: TokenHouse) -> None:
    row = await tick.consented(expires_at=await in_minutes(tick, 60))
    tick.house.peer.say(TOKEN, token(SECOND, refresh_token=REFRESHED))
    refusal = Response("{}", 401, content_type="application/json")
    kind = Response('{"id": "n-1"}', 200, content_type="application/json")
    tick.house.peer.say(NOTES, refusal, kind)

    with time_machine.travel(now() + timedelta(minutes=5), tick=True):
        result = await tick.call()

    assert result.status == "completed"
    assert tick.tokens_sent() == [FIRST, SECOND]
    assert [form["refresh_token"] for form in tick.asked()] == [REFRESH]
    assert (await tick.integration(row.id)).status == "active"


async def test_a_token_just_fetched_and_refused_is_not_fetched_again(tick: TokenHouse) -> None:
    tick.house.peer.say(TOKEN, token())
    tick.house.peer.say(NOTES, {}, status=401)
    row = await tick.connect()

    result = await tick.call()

    assert result.error_type == "auth_failed"
    assert (len(tick.asked()), len(tick.tokens_sent())) == (1, 1)
    assert (await tick.integration(row.id)).status == "expired"


async def test_a_short_token_that_ran_out_on_the_way_is_renewed(tick: TokenHouse) -> None:
    row = await tick.consented(expires_at=rfc3339(now() + timedelta(seconds=20)))
    tick.house.peer.say(TOKEN, token(SECOND, refresh_token=REFRESHED))
    tick.house.peer.say(NOTES, Response("{}", 401, content_type="application/json"), {"id": "n-1"})
    tick.house.peer.gate.clear()

    calling = asyncio.create_task(tick.call())
    while not tick.tokens_sent():
        await asyncio.sleep(0.01)
    with time_machine.travel(now() + timedelta(seconds=25), tick=True):
        tick.house.peer.gate.set()
        result = await calling

    assert result.status == "completed"
    assert tick.tokens_sent() == [FIRST, SECOND]
    assert (await tick.integration(row.id)).status == "active"


async def test_a_short_token_whose_time_began_earlier_than_was_told_is_renewed(tick: TokenHouse) -> None:
    """A provider that gives its last answer once more tells the whole life again."""
    row = await tick.consented(expires_at=rfc3339(now() + timedelta(seconds=40)))
    tick.house.peer.say(TOKEN, token(SECOND, refresh_token=REFRESHED))
    tick.house.peer.say(NOTES, Response("{}", 401, content_type="application/json"), {"id": "n-1"})

    with time_machine.travel(now() + timedelta(seconds=12), tick=True):
        result = await tick.call()

    assert result.status == "completed"
    assert tick.tokens_sent() == [FIRST, SECOND]
    assert (await tick.integration(row.id)).status == "active"


async def test_a_refusal_of_the_deed_renews_nothing(tick: TokenHouse) -> None:
    await tick.consented(expires_at=await in_minutes(tick, 60))
    tick.house.peer.say(NOTES, {"error": "no permission"}, status=403)

    with time_machine.travel(now() + timedelta(minutes=5), tick=True):
        result = await tick.call()

    assert result.error_type == "auth_failed"
    assert tick.asked() == []


@pytest.mark.parametrize("given", [{}, {"refresh_token": ""}, {"refresh_token": None}])
async def test_a_missing_refresh_token_leaves_the_old_one(tick: TokenHouse, given: dict[str, Any]) -> None:
    await tick.consented(expires_at=await in_minutes(tick, -1))
    tick.house.peer.say(TOKEN, token(SECOND, expires_in=1, **given), token(THIRD))

    await tick.call()
    with time_machine.travel(now() + timedelta(minutes=2), tick=True):
        await tick.call()

    assert [form["refresh_token"] for form in tick.asked()] == [REFRESH, REFRESH]
    assert tick.tokens_sent() == [SECOND, THIRD]


async def test_a_rotated_refresh_token_is_used_next(tick: TokenHouse) -> None:
    row = await tick.consented(expires_at=await in_minutes(tick, -1))
    tick.house.peer.say(TOKEN, token(SECOND, refresh_token=REFRESHED, scope="notes:read", expires_in=60), token(THIRD))

    await tick.call()
    with time_machine.travel(now() + timedelta(minutes=2), tick=True):
        await tick.call()

    assert [form["refresh_token"] for form in tick.asked()] == [REFRESH, REFRESHED]
    state = state_of(await tick.row(row.id), tick.adapter, "oauth2")
    assert (state.granted, state.missing) == (("notes:read",), ("notes:write",))
    drift = [each.changes["scopes"] for each in await tick.house.audited("update", row.id) if "scopes" in each.changes]
    assert drift == [{"before": list(SCOPES), "after": ["notes:read"]}]


async def test_a_no_of_the_token_endpoint_expires_the_integration(tick: TokenHouse) -> None:
    row = await tick.consented(expires_at=await in_minutes(tick, -1))
    tick.house.peer.say(TOKEN, {"error": "invalid_grant", "error_description": f"{REFRESH} was revoked"}, status=400)

    result = await tick.call()
    again = await tick.call_raises()

    assert result.error_type == "auth_failed"
    assert "invalid_grant" in str(result.error)
    assert leaks(str(result.error)) == []
    kept = await tick.integration(row.id)
    assert kept.status == "expired"
    assert "invalid_grant" in kept.status_reason
    assert leaks(kept.status_reason) == []
    assert again == "integration_expired"
    assert len(tick.asked()) == 1
    assert tick.tokens_sent() == []


@pytest.mark.parametrize(
    "answer",
    [
        Response("{}", 503, content_type="application/json"),
        Response("{}", 429, {"Retry-After": "40"}, content_type="application/json"),
        Response("<html>", 200, content_type="text/html"),
        Response("x" * (5 * 1024 * 1024), 200, content_type="application/json"),
        Response('{"error": "temporarily_unavailable"}', 400, content_type="application/json"),
        Response('{"error": "invalid_client"}', 401, content_type="application/json"),
        Response("", 302, {"Location": "https://elsewhere.example/"}),
    ],
    ids=["503", "429", "html", "5 MB", "later", "our client", "redirect"],
)
async def test_not_now_keeps_the_token_and_waits(tick: TokenHouse, answer: Response) -> None:
    row = await tick.consented(expires_at=await in_minutes(tick, -1))
    tick.house.peer.say(TOKEN, answer, token(SECOND))

    first = await tick.call()
    second = await tick.call()
    asked = len(tick.asked())
    with time_machine.travel(now() + timedelta(minutes=1), tick=True):
        third = await tick.call()

    assert {first.error_type, second.error_type} <= {"unavailable", "rate_limited", "rejected"}
    assert asked == 1  # the second call did not ask again
    assert third.status == "completed"
    assert (await tick.integration(row.id)).status == "active"
    assert [form["refresh_token"] for form in tick.asked()] == [REFRESH, REFRESH]


async def test_a_consent_without_a_refresh_token_ends_when_its_token_does(tick: TokenHouse) -> None:
    row = await tick.consented(refresh_token=None, expires_at=await in_minutes(tick, 10))

    assert (await tick.call()).status == "completed"
    with time_machine.travel(now() + timedelta(minutes=11), tick=True):
        result = await tick.call()

    assert result.error_type == "auth_failed"
    assert "connect the integration again" in str(result.error)
    assert (await tick.integration(row.id)).status == "expired"
    assert tick.asked() == []


async def test_tokens_are_renewed_ahead_of_their_end(tick: TokenHouse) -> None:
    row = await tick.consented(expires_at=await in_minutes(tick, 60))
    tick.house.peer.say(TOKEN, token(SECOND, refresh_token=REFRESHED))

    assert await tick.ahead.look() == 0
    with time_machine.travel(now() + timedelta(minutes=56), tick=True):
        assert await tick.ahead.look() == 1
        assert await tick.ahead.look() == 0
        await tick.call()

    assert (len(tick.asked()), tick.tokens_sent()) == (1, [SECOND])
    used = [each.changes for each in await tick.house.audited("use", row.id)]
    assert used[0]["action"] == "tick:token"


async def test_an_answer_that_was_kept_is_read_after_a_crash(tick: TokenHouse) -> None:
    row = await tick.consented(expires_at=await in_minutes(tick, -1))
    await crash(
        tick, row, answer=b'{"status": 200, "headers": {}, "body": "{\\"access_token\\": \\"' + SECOND.encode() + b'\\"}"}'
    )

    result = await settle(tick.house, tick.adapter).call()

    assert result.status == "completed"
    assert (tick.asked(), tick.tokens_sent()) == ([], [SECOND])


async def test_the_time_of_a_kept_token_runs_from_when_it_was_asked_for(tick: TokenHouse) -> None:
    """A hub that lay still for two hours between the answer and its use does not take an hour's token for a fresh one."""
    row = await tick.consented(expires_at=await in_minutes(tick, -180))
    given = json.dumps(token(SECOND, refresh_token=REFRESHED))
    with time_machine.travel(now() - timedelta(hours=2), tick=True):
        await crash(tick, row, json.dumps({"status": 200, "headers": {}, "body": given}).encode())
    tick.house.peer.say(TOKEN, token(THIRD))

    result = await settle(tick.house, tick.adapter).call()

    assert result.status == "completed"
    assert tick.tokens_sent() == [THIRD]
    assert [form["refresh_token"] for form in tick.asked()] == [REFRESHED]


async def test_a_crash_while_the_provider_was_asked_is_told_as_it_is(tick: TokenHouse) -> None:
    row = await tick.consented(expires_at=await in_minutes(tick, -1))
    await crash(tick, row)
    tick.house.peer.say(TOKEN, {"error": "invalid_grant"}, status=400)

    result = await settle(tick.house, tick.adapter).call()

    assert result.error_type == "auth_failed"
    kept = await tick.integration(row.id)
    assert kept.status == "expired"
    assert "cut off" in kept.status_reason
    assert any("took_over" in each.changes for each in await tick.house.audited("use", row.id))


async def test_a_crash_before_the_provider_was_reached_costs_nothing(tick: TokenHouse) -> None:
    row = await tick.consented(expires_at=await in_minutes(tick, -1))
    await crash(tick, row)
    tick.house.peer.say(TOKEN, token(SECOND, refresh_token=REFRESHED))

    assert (await settle(tick.house, tick.adapter).call()).status == "completed"
    assert (await tick.integration(row.id)).status == "active"


async def test_the_time_of_a_token_given_twice_runs_from_the_first_time(tick: TokenHouse) -> None:
    """A provider that gives its last answer once more, to two who were cut off and to the third, tells the whole life again."""
    row = await tick.consented(expires_at=await in_minutes(tick, -180))
    with time_machine.travel(now() - timedelta(minutes=50), tick=True):
        await crash(tick, row)
    with time_machine.travel(now() - timedelta(minutes=20), tick=True):
        await crash(tick, row)
    tick.house.peer.say(TOKEN, token(SECOND, refresh_token=REFRESHED))

    assert (await settle(tick.house, tick.adapter).call()).status == "completed"
    ends = datetime.fromisoformat((await tick.row(row.id)).expires_at or "")
    assert timedelta(minutes=9) < ends - now() < timedelta(minutes=11)


async def crash(tick: TokenHouse, row: Integration, answer: bytes | None = None) -> None:
    """Leave the lease as a process would that died while it held it."""
    house, key = tick.house, rows.Key(row.project_id, row.id, row.credential_version)

    def die(at: Any) -> None:
        found = rows.find(at, key)
        assert found is not None
        lease = rows.take(at, house.vault, key, found, "hub_dead")
        assert lease is not None
        if answer is not None:
            assert rows.keep_answer(at, house.vault, lease, answer)

    await house.store.hot(die)


async def test_an_overtaken_holder_writes_nothing(tick: TokenHouse) -> None:
    row = await tick.consented(expires_at=await in_minutes(tick, -1))
    house, key = tick.house, rows.Key(row.project_id, row.id, row.credential_version)

    def overtake(at: Any) -> tuple[bool, bool]:
        first = rows.take(at, house.vault, key, rows.find(at, key), "hub_slow")  # type: ignore[arg-type]
        second = rows.take(at, house.vault, key, rows.find(at, key), "hub_quick")  # type: ignore[arg-type]
        assert first is not None
        assert second is not None
        return rows.keep_answer(at, house.vault, first, b"{}"), rows.keep_answer(at, house.vault, second, b"{}")

    assert await house.store.hot(overtake) == (False, True)


async def test_a_deletion_wins_over_a_renewal_under_way(tick: TokenHouse) -> None:
    row = await tick.consented(expires_at=await in_minutes(tick, -1))
    tick.house.peer.say(TOKEN, token(SECOND, refresh_token=REFRESHED))
    tick.house.peer.gate.clear()
    asking = asyncio.create_task(tick.tokens.access(await bound(tick, row)))
    while not tick.asked():
        await asyncio.sleep(0.01)
    await tick.house.integrations.delete(tick.house.project, tick.house.actor, row.id)
    tick.house.peer.gate.set()

    with pytest.raises(Unavailable, match="changed"):
        await asking
    assert await tick.house.all(AccessToken) == []


async def test_a_newer_consent_is_not_touched_by_an_older_renewal(tick: TokenHouse) -> None:
    row = await tick.consented(expires_at=await in_minutes(tick, -1))
    old = await bound(tick, row)
    from powerstrip.connect.tokens import Grant

    def reconnect(session: Session) -> None:
        found = session.get(Integration, row.id)
        assert found is not None
        grant = Grant(access_token=THIRD, refresh_token=f"{CANARY}-refresh-9", expires_at=rfc3339(now() + timedelta(hours=1)))
        tick.tokens.keep_grant(session, found, grant, tick.house.actor)

    await tick.house.store.write(reconnect)
    tick.house.peer.say(TOKEN, {"error": "invalid_grant"}, status=400)
    with pytest.raises(AuthFailed):
        await tick.tokens.access(old)

    assert (await tick.integration(row.id)).status == "active"
    await tick.call()
    assert tick.tokens_sent() == [THIRD]


async def test_a_credential_is_tried_before_it_is_kept(tick: TokenHouse) -> None:
    tick.house.peer.say(TOKEN, {"error": "invalid_client", "error_description": f"bad {SECRET}"}, status=401)

    with pytest.raises(Unprocessable) as caught:
        await tick.connect(probe=True)
    tick.house.peer.say(TOKEN, token())
    row = await tick.connect(probe=True)

    assert caught.value.code == "probe_failed"
    assert leaks(str(caught.value)) == []
    assert row.account_name == "Acme of Ada"
    assert await tick.house.all(AccessToken) == []  # the trial's token was not kept


async def test_what_a_provider_echoes_of_its_token_is_taken_out(tick: TokenHouse) -> None:
    await tick.consented(expires_at=await in_minutes(tick, 60))
    tick.house.peer.say(NOTES, {"id": "n-1", "text": f"you are {FIRST} and {REFRESH}"})

    result = await tick.call()

    assert result.output is not None
    assert leaks(str(result.output)) == []


async def test_another_project_and_another_place_do_not_open_a_token(tick: TokenHouse) -> None:
    row = await tick.consented(expires_at=await in_minutes(tick, 60))
    other: Project = await tick.house.make_project("other")
    kept = await tick.row(row.id)
    place = rows.place_of(kept, "sealed")

    def open_elsewhere(at: Any) -> bytes:
        from powerstrip.value import replace

        assert kept.sealed is not None
        return tick.house.vault.open(at, replace(place, project=other.id), kept.sealed)

    with pytest.raises(Unprocessable) as caught:
        await tick.house.store.hot(open_elsewhere)
    assert caught.value.code == "seal_broken"


async def test_rows_of_versions_that_are_gone_are_removed(tick: TokenHouse) -> None:
    tick.house.peer.say(TOKEN, token())
    row = await tick.connect()
    await tick.call()

    await tick.house.integrations.delete(tick.house.project, tick.house.actor, row.id)

    assert await tick.house.all(AccessToken, col(AccessToken.integration_id) == row.id) == []
