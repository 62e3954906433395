"""What becomes of an integration: change, rotation, tests, copies, its end."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from callhouse import CANARY, House, leaks
from sqlmodel import Session, select

from powerstrip.adapter import Query
from powerstrip.connect import IntegrationChanges
from powerstrip.problems import BadInput, Conflict, NotFound, StoreUnavailable, Unprocessable
from powerstrip.store import Credential, Integration

SECOND = "acme-invented-second-51b0"


async def change(house: House, row: Integration, **changes: Any) -> Integration:
    return await house.integrations.update(house.project, house.actor, row.id, IntegrationChanges(**changes))


async def expire(house: House, row: Integration) -> None:
    """By the provider's word."""
    house.peer.say("GET /me", {"message": "Your key is gone"}, status=401)
    probe = await house.integrations.test(house.project, house.actor, row.id)
    house.peer.answers.clear()
    assert (probe.ok, probe.error_type, probe.error) == (False, "auth_failed", "Your key is gone")


async def sent_key(house: House) -> str:
    await house.call()
    return house.peer.requests[-1][1]["x-acme-key"]


async def test_what_is_not_given_stays(house: House, database_url: str) -> None:
    row = await house.connect(config={"base_url": house.peer.url, "default_room": "den"})

    renamed = await change(house, row, name="Renamed")

    assert (renamed.name, renamed.config, renamed.credential_version) == ("Renamed", row.config, 1)
    assert renamed.updated_at > row.updated_at
    assert await sent_key(house) == CANARY
    configured = await change(house, renamed, config={"base_url": house.peer.url})
    assert configured.config == {"base_url": house.peer.url, "default_room": "lobby"}
    assert (await house.audited("update", row.id))[-1].changes == {"fields": ["config"]}


async def test_credentials_are_replaced_as_a_whole(house: House) -> None:
    row = await house.connect()

    changed = await change(house, row, credentials={"username": "ada", "password": SECOND})

    assert (changed.auth_kind, changed.credential_fields, changed.credential_version) == ("login", ["password", "username"], 2)
    assert leaks(house.bytes_on_disk(), SECOND) == []
    with pytest.raises(Unprocessable) as caught:
        await change(house, changed, credentials={"username": "ada", "password": "********"})
    assert caught.value.code == "placeholder_credential"


async def test_a_rename_meets_the_same_rules(house: House) -> None:
    first, second = await house.connect("first"), await house.connect("second")

    with pytest.raises(Conflict) as caught:
        await change(house, second, name="FIRST")
    assert caught.value.code == "name_taken"
    assert (await change(house, first, name="First")).name == "First"
    with pytest.raises(BadInput):
        await change(house, second, name="a\u202eb")


async def test_the_seeds_table_of_states(house: House) -> None:
    row = await house.connect()

    row = await change(house, row, status="inactive")
    assert row.status == "inactive"
    row = await change(house, row, status="active")
    assert row.status == "active"
    with pytest.raises(BadInput) as caught:
        await change(house, row, status="expired")
    assert caught.value.details["errors"][0]["path"] == "status"
    await expire(house, row)
    row = await house.integrations.get(house.project.id, row.id)
    assert (row.status, row.status_reason) == ("expired", "Your key is gone")
    for status in ("active", "inactive"):
        with pytest.raises(Conflict) as refused:
            await change(house, row, status=status)
        assert refused.value.code == "integration_expired"
    row = await change(house, row, name="renamed")
    assert row.status == "expired"
    row = await change(house, row, status="active", credentials={"api_key": SECOND})
    assert (row.status, row.status_reason) == ("active", "")
    told = (await house.audited("update", row.id))[-1]
    assert told.changes == {"fields": ["credentials", "status"], "status": {"before": "expired", "after": "active"}}
    assert await sent_key(house) == SECOND


async def test_another_destination_drops_the_credential(house: House) -> None:
    row = await house.connect()

    moved = await change(house, row, config={"base_url": house.peer.url + "/v2"})

    assert (moved.status, moved.credential_version, moved.credential_fields) == ("expired", 0, [])
    assert "destination" in moved.status_reason
    assert await house.all(Credential) == []
    assert (await house.audited("update", row.id))[-1].changes["credentials"] == "dropped: the destination changed"
    with pytest.raises(Conflict):
        await house.call()
    assert house.peer.requests == []
    with pytest.raises(Conflict):
        await change(house, moved, status="active")
    healed = await change(house, moved, credentials={"api_key": SECOND})
    assert healed.status == "active"
    assert await sent_key(house) == SECOND


async def test_another_destination_with_its_credential_in_one_request_is_fine(house: House) -> None:
    row = await house.connect()

    moved = await change(house, row, config={"base_url": house.peer.url + "/v2"}, credentials={"api_key": SECOND})

    assert (moved.status, moved.origin) == ("active", house.peer.url + "/v2")
    await house.call()
    assert house.peer.requests[-1][0] == "POST /v2/notes"


async def test_another_setting_of_the_same_destination_drops_nothing(house: House) -> None:
    row = await house.connect()

    changed = await change(house, row, config={"base_url": house.peer.url + "/", "default_room": "den"})

    assert (changed.status, changed.credential_version) == ("active", 1)


async def test_a_rotation_is_tried_before_it_counts(house: House, database_url: str) -> None:
    row = await house.connect()
    house.peer.say("GET /me", {"message": "Wrong key"}, status=401)

    with pytest.raises(Unprocessable) as caught:
        await house.integrations.rotate(house.project, house.actor, row.id, {"api_key": SECOND})

    assert caught.value.code == "probe_failed"
    assert caught.value.details == {"error_type": "auth_failed"}
    assert house.peer.requests[-1][1]["x-acme-key"] == SECOND
    kept = await house.integrations.get(house.project.id, row.id)
    assert (kept.status, kept.credential_version) == ("active", 1)
    assert await sent_key(house) == CANARY
    house.peer.answers.clear()
    rotated = await house.integrations.rotate(house.project, house.actor, row.id, {"api_key": SECOND})
    assert (rotated.credential_version, rotated.account_id) == (2, "account-1")
    assert await sent_key(house) == SECOND
    states = {each.version: each.state for each in await house.all(Credential)}
    assert states == {1: "previous", 2: "current"}
    assert leaks(house.bytes_on_disk()) == leaks(house.bytes_on_disk(), SECOND) == []


async def test_a_rotation_heals_what_had_expired_and_leaves_off_what_is_off(house: House) -> None:
    row = await house.connect()
    await expire(house, row)

    healed = await house.integrations.rotate(house.project, house.actor, row.id, {"api_key": SECOND})
    assert (healed.status, healed.status_reason) == ("active", "")
    await change(house, healed, status="inactive")
    again = await house.integrations.rotate(house.project, house.actor, row.id, {"api_key": CANARY})
    assert again.status == "inactive"


async def test_a_key_of_another_account_needs_a_word(house: House) -> None:
    row = await house.connect()
    assert (await house.integrations.test(house.project, house.actor, row.id)).account_id == "account-1"
    house.peer.say("GET /me", {"id": "account-2", "name": "Somebody else"})

    with pytest.raises(Conflict) as caught:
        await house.integrations.rotate(house.project, house.actor, row.id, {"api_key": SECOND})

    assert caught.value.code == "other_account"
    assert "Somebody else" in caught.value.message
    assert await sent_key(house) == CANARY
    moved = await house.integrations.rotate(house.project, house.actor, row.id, {"api_key": SECOND}, accept_other_account=True)
    assert moved.account_id == "account-2"


async def test_a_rotation_may_be_done_blind_and_is_where_nobody_can_be_asked(house: House) -> None:
    row = await house.connect()
    await house.integrations.rotate(house.project, house.actor, row.id, {"api_key": SECOND}, probe=False)
    assert house.peer.requests == []
    other = await house.connect("other", "other")
    assert (await house.integrations.rotate(house.project, house.actor, other.id, {"api_key": SECOND})).credential_version == 2
    with pytest.raises(Unprocessable) as caught:
        await house.integrations.rotate(house.project, house.actor, other.id, {"api_key": SECOND}, probe=True)
    assert caught.value.code == "not_testable"


async def test_two_changes_at_once_do_not_lose_one(house: House) -> None:
    row = await house.connect()
    house.peer.gate.clear()
    slow = asyncio.create_task(house.integrations.rotate(house.project, house.actor, row.id, {"api_key": SECOND}))
    while not house.peer.requests:
        await asyncio.sleep(0.01)
    await change(house, row, config={"base_url": house.peer.url + "/v2"})
    house.peer.gate.set()

    with pytest.raises(Conflict) as caught:
        await slow

    assert caught.value.code == "changed_meanwhile"
    assert (await house.integrations.get(house.project.id, row.id)).credential_version == 0


async def test_a_test_tells_whose_credential_it_is(house: House, database_url: str) -> None:
    row = await house.connect()

    probe = await house.integrations.test(house.project, house.actor, row.id)

    assert (probe.ok, probe.account_id, probe.account_name, probe.simulated) == (True, "account-1", "Acme of Ada", False)
    found = await house.integrations.get(house.project.id, row.id)
    assert (found.account_id, found.account_name, found.updated_at) == ("account-1", "Acme of Ada", row.updated_at)
    assert found.tested_at
    (use,) = await house.audited("use", row.id)
    assert use.changes["action"] == "acme:account"


async def test_a_test_tells_what_the_account_cannot_do_until_the_next_one(house: House) -> None:
    row = await house.connect()
    house.peer.say("GET /me", {"id": "account-1", "name": "Acme", "cannot": {"note.create": "This plan\nonly reads"}})
    assert (await house.integrations.test(house.project, house.actor, row.id)).ok

    async def cannot() -> Mapping[str, str]:
        [known] = (await house.integrations.connections(house.project.id))["acme"]
        return known.unsupported

    assert await cannot() == {"note.create": "This plan only reads"}
    house.peer.say("GET /me", {"id": "account-1", "name": "Acme"}, status=503)
    assert not (await house.integrations.test(house.project, house.actor, row.id)).ok
    assert await cannot() == {"note.create": "This plan only reads"}
    house.peer.answers.clear()
    assert (await house.integrations.test(house.project, house.actor, row.id)).ok
    assert await cannot() == {}


async def test_what_one_server_cannot_do_is_not_said_of_the_next(house: House) -> None:
    house.peer.say("GET /me", {"id": "account-1", "name": "Acme", "cannot": {"note.create": "It only reads"}})
    row = await house.connect()
    assert (await house.integrations.test(house.project, house.actor, row.id)).ok
    row = await house.integrations.get(house.project.id, row.id)
    assert row.unsupported == {"note.create": "It only reads"}
    row = await change(house, row, name="renamed")
    assert row.unsupported
    moved = await change(house, row, config={"base_url": house.peer.url + "/v2"}, credentials={"api_key": SECOND})
    assert moved.unsupported == {}


async def test_an_account_call_that_tells_of_a_strange_action_is_at_fault(house: House) -> None:
    row = await house.connect()
    house.peer.say("GET /me", {"id": "account-1", "name": "Acme", "cannot": {"note.sing": "No voice"}})

    with pytest.raises(Unprocessable) as caught:
        await house.integrations.test(house.project, house.actor, row.id)

    assert caught.value.code == "adapter_broken"
    assert (await house.integrations.get(house.project.id, row.id)).unsupported == {}


async def test_a_passed_test_heals_what_a_refusal_expired(house: House) -> None:
    row = await house.connect()
    await expire(house, row)

    assert (await house.integrations.test(house.project, house.actor, row.id)).ok

    assert (await house.integrations.get(house.project.id, row.id)).status == "active"
    assert [row.changes["status"]["after"] for row in await house.audited("update", row.id)] == ["expired", "active"]


async def test_a_test_of_what_is_off_leaves_it_off(house: House) -> None:
    row = await change(house, await house.connect(), status="inactive")
    house.peer.say("GET /me", {"message": "no"}, status=401)

    assert not (await house.integrations.test(house.project, house.actor, row.id)).ok
    house.peer.answers.clear()
    assert (await house.integrations.test(house.project, house.actor, row.id)).ok

    assert (await house.integrations.get(house.project.id, row.id)).status == "inactive"


@pytest.mark.parametrize(
    ("answer", "status", "error_type"),
    [({"message": "out of order"}, 500, "unavailable"), ({"message": "slow"}, 429, "rate_limited"), ({}, 404, "rejected")],
)
async def test_a_provider_in_trouble_expires_nothing(house: House, answer: Any, status: int, error_type: str) -> None:
    row = await house.connect()
    house.peer.say("GET /me", answer, status=status, **{"Retry-After": "100"})

    probe = await house.integrations.test(house.project, house.actor, row.id)

    assert (probe.ok, probe.error_type) == (False, error_type)
    assert (await house.integrations.get(house.project.id, row.id)).status == "active"


async def test_a_pause_that_the_provider_asked_for_ends_with_another_credential(house: House) -> None:
    row = await house.connect()
    house.peer.say("POST /notes", {"message": "slow"}, status=429, **{"Retry-After": "3600"})
    assert (await house.call()).error_type == "rate_limited"
    house.peer.say("POST /notes", {"id": "n-1"})
    assert "in 300 seconds" in ((await house.call()).error or "")
    assert (await house.call(sandbox=True)).status == "completed"
    assert (await house.integrations.test(house.project, house.actor, row.id)).ok

    await house.integrations.rotate(house.project, house.actor, row.id, {"api_key": SECOND})

    assert (await house.call()).status == "completed"


async def test_an_account_call_at_fault_is_told(house: House) -> None:
    row = await house.connect()
    house.peer.say("GET /me", {"nobody": True})

    with pytest.raises(Unprocessable) as caught:
        await house.integrations.test(house.project, house.actor, row.id)

    assert caught.value.code == "adapter_broken"


async def test_a_sandbox_asks_nobody_and_says_so(house: House) -> None:
    row = await house.connect(mode="sandbox")

    probe = await house.integrations.test(house.project, house.actor, row.id)

    assert (probe.ok, probe.simulated, probe.account_id) == (True, True, "sample-account")
    assert house.peer.requests == []
    (entry,) = await house.actions.would_send(house.project.id, integration_id=row.id)
    assert (entry.method, entry.invocation_id) == ("GET", None)
    assert (await house.integrations.get(house.project.id, row.id)).account_id is None


async def test_without_an_account_call_there_is_nothing_to_test(house: House) -> None:
    row = await house.connect("other", "other")

    with pytest.raises(Unprocessable) as caught:
        await house.integrations.test(house.project, house.actor, row.id)

    assert caught.value.code == "not_testable"


async def test_a_copy_takes_the_credential_along_and_nobody_enters_it_again(house: House, database_url: str) -> None:
    source = await house.connect()
    await house.integrations.test(house.project, house.actor, source.id)
    target = await house.make_project("target")

    copy = await house.integrations.copy(target, house.actor, house.project.id, source.id)

    assert (copy.project_id, copy.name, copy.provider, copy.mode) == (target.id, "main", "acme", "live")
    assert (copy.account_id, copy.origin, copy.config) == ("account-1", source.origin, source.config)
    result = await house.call(project=target)
    assert result.status == "completed"
    assert house.peer.requests[-1][1]["x-acme-key"] == CANARY
    one, two = await house.all(Credential)
    assert one.sealed != two.sealed
    assert one.data_key_id != two.data_key_id
    (used,) = [row for row in await house.audited("use", source.id) if row.changes["action"] == "copy"]
    assert used.changes["copied_to"] == {"project_id": target.id}
    (made,) = await house.audited("create", copy.id)
    assert made.project_id == target.id
    assert made.changes["copied_from"] == {"integration_id": source.id, "project_id": house.project.id}
    assert leaks(house.bytes_on_disk()) == []


async def test_a_copy_lives_its_own_life(house: House) -> None:
    source = await house.connect()
    target = await house.make_project("target")
    copy = await house.integrations.copy(target, house.actor, house.project.id, source.id, name="copy")
    await house.integrations.delete(house.project, house.actor, source.id)

    assert (await house.call(project=target)).status == "completed"
    assert (await house.integrations.get(target.id, copy.id)).name == "copy"


async def test_a_copy_needs_a_free_name_and_a_source_that_is_there(house: House) -> None:
    source = await house.connect()
    target = await house.make_project("target")
    await house.connect("MAIN", project=target)

    with pytest.raises(Conflict) as caught:
        await house.integrations.copy(target, house.actor, house.project.id, source.id)
    assert caught.value.code == "name_taken"
    assert (await house.integrations.copy(target, house.actor, house.project.id, source.id, name="second")).name == "second"
    for project_id, id in ((target.id, source.id), (house.project.id, "int_missing"), ("prj_missing", source.id)):
        with pytest.raises(NotFound):
            await house.integrations.copy(target, house.actor, project_id, id, name="third")
    assert len(await house.audited("use", source.id)) == 1


async def test_sandboxes_and_live_projects_do_not_mix_by_copying(house: House) -> None:
    play = await house.make_project("play", "sandbox")
    live = await house.connect()
    trial = await house.connect("trial", mode="sandbox")

    into_play = await house.integrations.copy(play, house.actor, house.project.id, live.id)
    assert into_play.mode == "sandbox"
    await house.call(project=play)
    assert house.peer.requests == []
    for source_project, source in ((play.id, into_play.id), (house.project.id, trial.id)):
        with pytest.raises(Unprocessable) as caught:
            await house.integrations.copy(house.project, house.actor, source_project, source, name="back")
        assert caught.value.code == "sandbox_credential"


async def test_what_had_expired_arrives_expired(house: House) -> None:
    source = await house.connect()
    await expire(house, source)

    copy = await house.integrations.copy(await house.make_project("target"), house.actor, house.project.id, source.id)

    assert (copy.status, copy.status_reason) == ("expired", "Your key is gone")


async def test_what_was_switched_off_arrives_switched_off(house: House) -> None:
    source = await house.connect()
    await house.integrations.update(house.project, house.actor, source.id, IntegrationChanges(status="inactive"))

    copy = await house.integrations.copy(await house.make_project("target"), house.actor, house.project.id, source.id)

    assert copy.status == "inactive"


async def test_deleting_takes_every_version_of_the_credential(house: House, database_url: str) -> None:
    row = await house.connect()
    await house.integrations.rotate(house.project, house.actor, row.id, {"api_key": SECOND})
    call = await house.call()

    elsewhere = await house.make_project("elsewhere")
    with pytest.raises(NotFound):
        await house.integrations.delete(elsewhere, house.actor, row.id)
    await house.integrations.delete(house.project, house.actor, row.id)

    assert await house.all(Credential) == []
    assert await house.all(Integration) == []
    assert len(await house.audited("delete", row.id)) == 1
    assert (await house.actions.get(house.project.id, call.invocation_id)).integration_id == row.id
    with pytest.raises(NotFound):
        await house.integrations.delete(house.project, house.actor, row.id)
    assert (await house.connect()).credential_version == 1


async def test_without_an_audit_row_no_credential_is_used(house: House) -> None:
    row = await house.connect()
    await house.store.hot(lambda connection: connection.exec_driver_sql("DROP TABLE audit") and None)

    for ask in (
        house.integrations.test(house.project, house.actor, row.id),
        house.integrations.pick(house.project, house.actor, row.id, "room", Query()),
        house.integrations.rotate(house.project, house.actor, row.id, {"api_key": SECOND}),
        house.call(),
    ):
        with pytest.raises(StoreUnavailable):
            await ask
    assert house.peer.requests == []


async def test_a_foreign_credential_row_does_not_open(house: House) -> None:
    """Ciphertext moved between two integrations by hand."""
    first, second = await house.connect("first"), await house.connect("second", credentials={"api_key": SECOND})

    def swap(session: Session) -> None:
        rows = {row.integration_id: row for row in session.exec(select(Credential))}
        rows[first.id].sealed, rows[second.id].sealed = rows[second.id].sealed, rows[first.id].sealed

    await house.store.write(swap)
    result = await house.call(integration="first")

    assert (result.status, result.error_type) == ("failed", "auth_failed")
    assert house.peer.requests == []
