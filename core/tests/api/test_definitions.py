"""Descriptions through the API: read, made an integration of, called, imported again, compared; and what must not happen."""

import json
from itertools import pairwise
from typing import Any

from .conftest import House

TEXT = {"type": "string"}


BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{b}: &{b} [{', '.join([f'*{a}'] * 10)}]\n" for a, b in pairwise("abcdefgh")
)
"""Ten million values, if it were unfolded."""


def described(**operations: Any) -> str:
    return json.dumps({"title": "Acme", "base_url": "https://api.acme.example", "operations": operations})


GET = {"get": "/users/{id}", "input": {"id": TEXT}, "output": {"type": "object", "properties": {"name": TEXT}}}


async def test_a_description_becomes_actions_like_all_others(house: House) -> None:
    made = await house.ok(
        "POST", "integrations/definitions", {"name": "Acme Shop", "document": described(**{"users.get": GET}), "mode": "sandbox"}
    )
    assert (made["handle"], made["version"], made["report"]["imported"]) == ("acme_shop", 1, 1)
    entry = await house.ok("GET", "catalog/actions/http.acme_shop.users.get")
    assert entry["annotations"]["read_only"] is True
    assert entry["readiness"] == "ready"
    assert entry["input_schema"]["required"] == ["id"]
    result = await house.ok("POST", "actions/http.acme_shop.users.get/invocations", {"input": {"id": "4/2"}})
    assert (result["status"], result["mode"]) == ("completed", "sandbox")
    assert result["would_have_sent"][0]["url"] == "https://api.acme.example/users/4%2F2"
    assert "name" in result["output"]
    poor = await house.ask("POST", "actions/http.acme_shop.users.get/invocations", {"input": {"id": 7, "zz": 1}})
    assert poor.status_code == 400
    assert {each["path"] for each in poor.json()["error"]["details"]["errors"]} == {"id", "zz"}
    await house.ok("DELETE", f"integrations/{made['integration_id']}?accept_impact=true")
    assert (await house.ask("GET", "catalog/actions/http.acme_shop.users.get")).status_code == 404


async def test_what_breaks_is_told_and_needs_a_word(house: House) -> None:
    made = await house.ok(
        "POST", "integrations/definitions", {"name": "acme", "document": described(**{"users.get": GET}), "mode": "sandbox"}
    )
    at = f"integrations/{made['integration_id']}/definition"
    other = {"document": described(**{"users.list": {"get": "/users"}})}
    plan = await house.ok("POST", f"{at}?plan=true", other)
    assert {(each["kind"], each["where"]) for each in plan["changes"]} == {
        ("breaking", "acme.users.get"),
        ("additive", "acme.users.list"),
    }
    refused = await house.ask("POST", at, other)
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "breaking")
    assert (await house.ok("GET", at))["version"] == 1
    applied = await house.ok("POST", at, other | {"accept_breaking": True})
    assert (applied["applied"], applied["version"]) == (True, 2)
    assert (await house.ok("GET", f"{at}/diff?old=1&new=2"))["changes"] == plan["changes"]
    more = await house.ok("POST", at, {"document": described(**{"users.get": GET}), "adds": True})
    assert more["version"] == 3
    assert (await house.ok("GET", at))["actions"] == ["http.acme.users.list", "http.acme.users.get"]


async def test_documents_are_refused_with_a_reason(house: House) -> None:
    deep = "[" * 5000 + "]" * 5000
    poor = {
        "": "expected",
        "3": "object",
        "a: *x\nb: &x 1\n": "alias",
        "a: &x [*x]\n": "alias",
        BOMB: "too many values",
        '{"openapi": "9"}': "9",
        '{"a": 1, "a": 2}': "twice",
        deep: "deep",
    }
    for document, words in poor.items():
        answer = await house.ask("POST", "integrations/definitions/read", {"document": document})
        assert answer.status_code == 422, document[:20]
        assert words in answer.json()["error"]["message"]


async def test_an_address_is_fetched_through_the_guard_alone(house: House) -> None:
    for url in ("http://127.0.0.1:9/x.json", "https://169.254.169.254/x", "file:///etc/passwd", "https://localhost/x"):
        answer = await house.ask("POST", "integrations/definitions/read", {"url": url})
        assert 400 <= answer.status_code < 500, url
    sandbox = await house.another("sandboxed", mode="sandbox")
    answer = await house.ask(
        "POST", "integrations/definitions/read", {"url": "https://api.acme.example/x"}, project=sandbox.handle
    )
    assert answer.json()["error"]["code"] == "sandbox_project"


async def test_an_action_belongs_to_its_integration_and_its_project(house: House) -> None:
    body = {"document": described(**{"users.get": GET}), "mode": "sandbox"}
    first = await house.ok("POST", "integrations/definitions", body | {"name": "one"})
    second = await house.ok("POST", "integrations/definitions", body | {"name": "two"})
    assert first["handle"] != second["handle"]
    call = {"input": {"id": "1"}, "integration": "two"}
    answer = await house.ask("POST", "actions/http.one.users.get/invocations", call)
    assert answer.json()["error"]["code"] == "other_integration"
    await house.another("elsewhere")
    answer = await house.ask("POST", "actions/http.one.users.get/invocations", {"input": {"id": "1"}}, project="elsewhere")
    assert answer.status_code == 404
