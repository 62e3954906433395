"""What goes wrong inside: one shape outwards, a place in the log, and no value in either."""

import json

import pytest
from litestar.exceptions import HTTPException, NotFoundException

from powerstrip import logs
from powerstrip.adapter import AuthFailed, RateLimited, Rejected, Unavailable
from powerstrip.api.framework import problem_of
from powerstrip.api.problems import INTERNAL, answer_of
from powerstrip.connect import AdapterBroken, OutOfTime
from powerstrip.problems import (
    BadInput,
    Conflict,
    Forbidden,
    NotFound,
    StoreUnavailable,
    TooLarge,
    TooMany,
    Unauthenticated,
    Unprocessable,
)

from .conftest import EMAIL, SEND, problem

CANARY = "canary-77b1"


@pytest.mark.parametrize(
    ("error", "status", "code", "wait"),
    [
        (BadInput("x"), 400, "invalid_request", None),
        (Unauthenticated("x"), 401, "unauthenticated", None),
        (Forbidden("x"), 403, "forbidden", None),
        (NotFound("x"), 404, "not_found", None),
        (Conflict("x", code="name_taken"), 409, "name_taken", None),
        (TooLarge("x"), 413, "too_large", None),
        (Unprocessable("x"), 422, "unprocessable", None),
        (TooMany("x", retry_after=1.2), 429, "rate_limited", b"2"),
        (StoreUnavailable("x", retry_after=0.1), 503, "store_unavailable", b"1"),
        (AuthFailed("no"), 424, "provider_auth_failed", None),
        (RateLimited("slow", 7), 429, "provider_rate_limited", b"7"),
        (Rejected("no", 400), 422, "provider_rejected", None),
        (Unavailable("down", 3), 502, "provider_unavailable", b"3"),
        (AdapterBroken("ValueError"), 502, "adapter_broken", None),
        (OutOfTime(), 504, "provider_timeout", None),
        (problem_of(NotFoundException(detail=CANARY)), 404, "not_found", None),
        (problem_of(HTTPException(status_code=400, detail=CANARY)), 400, "invalid_request", None),
        (HTTPException(status_code=500, detail=CANARY), 500, "internal", None),
        (ValueError(CANARY), 500, "internal", None),
        (KeyError(CANARY), 500, "internal", None),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
def test_the_table(error, status, code, wait) -> None:
    answer = answer_of(error)
    shape = json.loads(answer.body)
    assert (answer.status, shape["error"]["code"]) == (status, code)
    assert set(shape["error"]) == {"code", "message", "details"}
    assert shape["error"]["message"]
    assert CANARY not in answer.body.decode()
    assert dict(answer.headers).get(b"retry-after") == wait


@pytest.fixture
def lines(capsys, monkeypatch):
    """The log's lines as objects, from INFO on."""
    import structlog

    logs.configure(logs.INFO)
    yield lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines() if line.startswith("{")]
    structlog.reset_defaults()


async def broken(*_, **__):
    secret = CANARY
    raise RuntimeError(f"with {secret}")


@pytest.mark.parametrize(
    ("method", "path", "where"),
    [("GET", "integrations", "integrations.list"), ("POST", SEND, "actions.invoke"), ("GET", "roles", "access.roles.list")],
)
async def test_an_unexpected_failure_is_a_500_without_a_word_of_it(house, lines, monkeypatch, method, path, where) -> None:
    owner = house.hub
    *path_to, name = where.split(".")
    for part in path_to:
        owner = getattr(owner, part)
    monkeypatch.setattr(owner, name, broken)
    answer = await house.ask(method, path, {"input": EMAIL} if method == "POST" else None)
    assert problem(answer, 500) == {"code": "internal", "message": INTERNAL, "details": {}}
    told = [line for line in lines() if line["event"] == "api.failed"]
    assert told[-1]["error"] == "RuntimeError"
    assert told[-1]["request_id"] == answer.headers["x-request-id"]
    assert "test_failures.py:" in told[-1]["at"]
    assert CANARY not in json.dumps(told)
    assert (await house.ask("GET", "/health")).status_code == 200


async def test_the_log_has_named_fields_alone(house, lines) -> None:
    lines()
    await house.ask("GET", f"roles?limit=1&tag=a:{CANARY}", headers={"x-canary": CANARY, "user-agent": CANARY})
    await house.ask("POST", "roles", {"name": CANARY}, headers={"cookie": CANARY})
    await house.ask("GET", f"integrations/{CANARY}")
    await house.ask("GET", f"/v1/{CANARY}", key=f"mbx_{CANARY}")
    await house.ask("POST", SEND, {"input": {"canary": CANARY}})
    told = lines()
    requests = [line for line in told if line["event"] == "api.request"]
    assert len(requests) == 5
    for line in requests:
        assert set(line) <= {
            "event",
            "level",
            "time",
            "request_id",
            "method",
            "route",
            "status",
            "ms",
            "project_id",
            "principal_id",
        }
    assert [line["status"] for line in requests] == [200, 400, 404, 404, 400]
    assert requests[0]["route"] == "/v1/projects/{project}/roles"
    assert requests[4]["route"] == "/v1/projects/{project}/actions/{action_name}/invocations"
    assert requests[0]["principal_id"] == house.first.principal.id
    assert CANARY not in json.dumps(told)
    assert house.first.key not in json.dumps(told)


async def test_a_library_is_heard_without_what_it_filled_in(lines) -> None:
    import logging

    logging.getLogger("some.library").warning("connecting with %s", CANARY)
    logging.getLogger("some.library").info("nothing of note")
    try:
        raise RuntimeError(CANARY)
    except RuntimeError:
        logging.getLogger("some.library").exception("it failed")
    told = [line for line in lines() if line["event"] == "library"]
    assert [line["said"] for line in told] == ["connecting with %s", "it failed"]
    assert told[1]["error"] == "RuntimeError"
    assert CANARY not in json.dumps(told)


async def test_a_database_that_does_not_answer_is_a_503(house, monkeypatch) -> None:
    async def unavailable(*_):
        raise StoreUnavailable("The database did not do it; nothing was changed", retry_after=1)

    await house.ask("GET", "")
    monkeypatch.setattr(house.hub.store, "read", unavailable)
    monkeypatch.setattr(house.hub.store, "write", unavailable)
    monkeypatch.setattr(house.hub.store, "hot", unavailable)
    monkeypatch.setattr(house.hub.store, "bulk", unavailable)
    viewer_attempt = await house.ask("GET", "integrations")
    assert problem(viewer_attempt, 503)["code"] == "store_unavailable"
    assert viewer_attempt.headers["retry-after"] == "1"
    problem(await house.ask("POST", SEND, {"input": EMAIL}), 503)
    problem(await house.ask("POST", "roles", {"name": "x", "permissions": []}), 503)
    assert (await house.ask("GET", "/health")).status_code == 200


async def test_a_refusal_that_cannot_be_written_down_is_still_a_refusal(house, monkeypatch) -> None:
    key = await house.member("viewer")
    await house.ask("GET", "", key=key)

    async def unavailable(*_):
        raise StoreUnavailable("The database did not do it", retry_after=1)

    monkeypatch.setattr(house.hub.store, "write", unavailable)
    problem(await house.ask("POST", "roles", {"name": "x", "permissions": []}, key=key), 403)
