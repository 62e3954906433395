"""One call from its name to its result, and what is to be seen of it afterwards."""

import json
from typing import Any

import pytest
from callhouse import CANARY, House

from powerstrip.connect import IntegrationChanges
from powerstrip.problems import BadInput, Conflict, NotFound, Problem, TooLarge, Unprocessable
from powerstrip.store import Invocation


async def test_a_call_goes_out_signed_and_comes_back_typed(house: House, database_url: str) -> None:
    link = await house.connect()

    result = await house.call(input={"text": "hello", "room": "den"}, run_id="run_1", step_name="notify", source="automation")

    assert (result.status, result.mode, result.output) == ("completed", "live", {"id": "n-1", "text": "done", "room": "lobby"})
    line, headers, body = house.peer.requests[-1]
    assert (line, headers["x-acme-key"], json.loads(body)) == ("POST /notes", CANARY, {"text": "hello", "room": "den"})
    (use,) = await house.audited("use", link.id)
    assert (use.changes["action"], use.changes["invocation_id"]) == ("acme.note.create", result.invocation_id)
    row = await house.actions.get(house.project.id, result.invocation_id)
    assert (row.status, row.action_name, row.integration_id, row.mode) == ("completed", "acme.note.create", link.id, "live")
    assert (row.run_id, row.step_name, row.source) == ("run_1", "notify", "automation")
    assert row.parameters == {"room": "den", "text": "hello"}
    assert row.output_summary == {"id": "n-1", "text": "done", "room": "lobby"}
    assert row.output is None
    assert row.started_at < (row.finished_at or "")
    assert (await house.store.read(house.vault.audit.verify)).intact


async def test_an_alias_is_another_spelling(house: House) -> None:
    await house.connect()

    result = await house.call("acme.post-note")

    assert (await house.actions.get(house.project.id, result.invocation_id)).action_name == "acme.note.create"


@pytest.mark.parametrize(
    ("given", "path", "words"),
    [
        ({}, "text", "required"),
        ({"text": 7}, "text", "valid string"),
        ({"text": "x", "romo": "den"}, "romo", "no such field; there are: text, room"),
        ({"text": "x", "room": ["den"]}, "room", "valid string"),
        ({"text": "\ud800"}, "", "surrogate"),
    ],
)
async def test_an_input_that_does_not_fit_names_the_place(house: House, given: Any, path: str, words: str) -> None:
    await house.connect()

    with pytest.raises(BadInput) as caught:
        await house.call(input=given)

    (error,) = caught.value.details["errors"]
    assert error["path"] == path
    assert words in error["message"]
    assert await house.all(Invocation) == []
    assert house.peer.requests == []


@pytest.mark.parametrize("given", [{"text": float("nan")}, {"text": b"bytes"}, {"text": {1, 2}}])
async def test_an_input_that_is_no_json_is_refused(house: House, given: Any) -> None:
    await house.connect()

    with pytest.raises(BadInput, match="not plain JSON"):
        await house.call(input=given)


async def test_an_endlessly_deep_or_large_input_is_refused(house: House) -> None:
    await house.connect()
    deep: Any = "x"
    for _ in range(100_000):
        deep = [deep]

    with pytest.raises(BadInput):
        await house.call(input={"text": deep})
    with pytest.raises(TooLarge):
        await house.call(input={"text": "x" * (11 * 1024 * 1024)})
    while isinstance(deep, list):
        deep = deep.pop()


async def test_a_secret_in_an_input_is_refused_and_shown_the_way(house: House) -> None:
    await house.connect()
    token = "xoxb-invented-0000000000"

    with pytest.raises(Unprocessable) as caught:
        await house.call(input={"text": f"use {token} please"})

    assert caught.value.code == "secret_in_input"
    assert caught.value.details["errors"][0]["path"] == "text"
    assert "integration" in caught.value.message
    assert token not in f"{caught.value} {caught.value.details}"
    assert token.encode() not in house.bytes_on_disk()


async def test_an_unknown_action_is_not_found_with_what_may_be_meant(house: House) -> None:
    with pytest.raises(NotFound, match=r"acme\.note\.create"):
        await house.call("acme.note.creat")


async def test_without_an_integration_it_says_what_to_do(house: House) -> None:
    with pytest.raises(Conflict) as caught:
        await house.call()

    assert caught.value.code == "needs_setup"
    assert "powerstrip integrations create" in caught.value.message
    assert await house.all(Invocation) == []


async def test_of_several_integrations_one_must_be_named(house: House) -> None:
    await house.connect("first")
    second = await house.connect("second")

    with pytest.raises(Unprocessable) as caught:
        await house.call()

    assert caught.value.details == {"integrations": ["first", "second"]}
    for name in ("second", "SECOND", second.id):
        result = await house.call(integration=name)
        assert (await house.actions.get(house.project.id, result.invocation_id)).integration_id == second.id


async def test_an_inactive_one_does_not_stand_in_the_way_of_the_only_active_one(house: House) -> None:
    first, second = await house.connect("first"), await house.connect("second")
    await house.integrations.update(house.project, house.actor, first.id, IntegrationChanges(status="inactive"))

    result = await house.call()

    assert (await house.actions.get(house.project.id, result.invocation_id)).integration_id == second.id
    with pytest.raises(Conflict) as caught:
        await house.call(integration="first")
    assert caught.value.code == "integration_inactive"


async def test_a_call_that_names_nobody_does_not_go_over_to_another_account(house: House) -> None:
    first, _ = await house.connect("first"), await house.connect("second")
    await house.integrations.expire(house.project, house.actor, first.id, "its key leaked")

    with pytest.raises(Unprocessable) as caught:
        await house.call()

    assert caught.value.code == "ambiguous_integration"


async def test_an_integration_of_another_project_or_provider_is_not_there(house: House) -> None:
    elsewhere = await house.make_project("elsewhere")
    theirs = await house.connect(project=elsewhere)
    other = await house.connect("other one", "other")
    await house.connect("mine")

    errors: list[str] = []
    for reference in (theirs.id, other.id, "other one", "int_doesnotexist", "main"):
        with pytest.raises(NotFound) as caught:
            await house.call(integration=reference)
        errors.append(caught.value.message)

    assert len(set(errors)) == 1
    assert house.peer.requests == []


async def test_an_id_wins_over_a_name_that_looks_like_one(house: House) -> None:
    first = await house.connect("first")
    second = await house.connect(first.id)

    result = await house.call(integration=first.id)

    assert second.name == first.id
    assert (await house.actions.get(house.project.id, result.invocation_id)).integration_id == first.id


async def test_a_built_in_provider_needs_no_integration_and_is_on_record(house: House) -> None:
    result = await house.call("clock.time.tell", {"id": "now"})

    assert result.output == {"id": "now", "text": "noon", "room": ""}
    (row,) = await house.audited("invoke")
    assert (row.resource_id, row.changes["invocation_id"]) == ("clock.time.tell", result.invocation_id)


async def test_a_dry_run_of_a_read_only_action_shows_the_request_and_sends_none(house: House) -> None:
    await house.connect()

    result = await house.call("acme.note.get", {"id": "a/b"}, dry_run=True)

    assert (result.status, result.output) == ("completed", None)
    assert [row.method + " " + row.url for row in result.would_send] == [f"GET {house.peer.url}/notes/a%2Fb"]
    assert house.peer.requests == []
    assert (await house.actions.get(house.project.id, result.invocation_id)).dry_run
    with pytest.raises(Unprocessable) as caught:
        await house.call(dry_run=True)
    assert caught.value.code == "dry_run_needs_read_only"


@pytest.mark.parametrize(
    "options",
    [
        {"timeout_seconds": 0},
        {"timeout_seconds": 121},
        {"simulate": "timeout"},
        {"simulate": "earthquake", "sandbox": True},
        {"idempotency_key": ""},
        {"idempotency_key": "k" * 256},
        {"idempotency_key": "schlüssel"},
        {"idempotency_key": "a\nb"},
    ],
)
async def test_options_that_cannot_be_are_refused_without_a_trace(house: House, options: dict[str, Any]) -> None:
    await house.connect()

    with pytest.raises(BadInput):
        await house.call(**options)

    assert await house.all(Invocation) == []
    assert house.peer.requests == []


async def test_the_log_is_paged_and_filtered(house: House, database_url: str) -> None:
    await house.connect()
    house.peer.say("GET /notes/1", {"error": "gone"}, status=404)
    for number in range(3):
        await house.call(run_id=f"run_{number % 2}")
    await house.call("acme.note.get", {})
    list_calls, project = house.actions.list, house.project.id

    everything = await list_calls(project)
    first = await list_calls(project, limit=2)
    rest = await list_calls(project, limit=9, after=(first[-1].started_at, first[-1].id))

    assert [row.id for row in first + rest] == [row.id for row in everything]
    assert [row.started_at for row in everything] == sorted((row.started_at for row in everything), reverse=True)
    assert len(await list_calls(project, run_id="run_0")) == 2
    assert [row.action_name for row in await list_calls(project, status="failed")] == ["acme.note.get"]
    assert len(await list_calls(project, action_name="acme.note.create")) == 3
    elsewhere = await house.make_project("elsewhere")
    assert await list_calls(elsewhere.id) == []
    with pytest.raises(NotFound):
        await house.actions.get(elsewhere.id, everything[0].id)


async def test_the_log_keeps_sizes_in_place_of_long_texts(house: House) -> None:
    await house.connect()
    house.peer.say("POST /notes", {"id": "n-1", "text": "y" * 300, "room": "https://files.example/a?sig=abc"})

    long = await house.call(input={"text": "x" * 2000})
    many = await house.call("acme.deed.do", {"kind": "z" * 1000})

    row = await house.actions.get(house.project.id, long.invocation_id)
    assert row.parameters == {"text": {"omitted": {"characters": 2000}}}
    assert row.output_summary == {"id": "n-1", "text": {"characters": 300}, "room": {"characters": 31}}
    assert (await house.actions.get(house.project.id, many.invocation_id)).parameters == {"kind": "z" * 1000}


async def test_a_token_in_an_answer_is_given_to_the_caller_and_not_to_the_log(house: House) -> None:
    await house.connect()
    token = "xoxb-invented-0000000000"
    house.peer.say("POST /notes", {"id": "n-1", "text": token, "room": "den"})

    result = await house.call()

    assert (result.output or {})["text"] == token
    row = await house.actions.get(house.project.id, result.invocation_id)
    assert row.output_summary == {"id": "n-1", "text": {"characters": len(token)}, "room": "den"}


async def test_what_is_refused_is_one_of_our_problems(house: House) -> None:
    """Odd names and references end in a 4xx, whatever they hold."""
    await house.connect()
    for name in ("", ".", "acme", "acme.", ".note.create", "acme.note.create ", "ACME.note.create", "é" * 500, "a.b\0c"):
        with pytest.raises(Problem) as caught:
            await house.call(name)
        assert caught.value.status == 404
    for reference in ("", " ", "\0", "'; DROP TABLE integration; --", "x" * 10_000):
        with pytest.raises(NotFound):
            await house.call(integration=reference)
