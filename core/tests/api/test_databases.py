"""The same on both databases: a walk through what is kept, and input that one of them would choke on."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from .conftest import CANARY, EMAIL, SEND, House, opened, problem
from .table import BODIES, KINDS, ROUTES

ODD = ["a\x00b", "\ud800", "x" * 100_000, "'; DROP TABLE project;--", "\ufffd", "𝕏" * 50, "%", "\\"]


@pytest.fixture
async def house(tmp_path, catalog_folder, database_url) -> AsyncIterator[House]:
    url = database_url if database_url.startswith("postgresql") else ""
    async with opened(tmp_path / "data", catalog_folder, database_url=url) as house:
        yield house


async def test_a_walk(house) -> None:
    await house.ok("POST", "/v1/projects", {"name": "Other", "mode": "sandbox"})
    role = await house.ok("POST", "roles", {"name": "caller", "permissions": ["project.view", "actions.execute.postmark.*"]})
    principal = await house.ok("POST", "principals", {"name": "caller", "role_ids": [role["id"]], "metadata": {"ä": [1, None]}})
    key = (await house.ok("POST", "api-keys", {"name": "caller", "principal_id": principal["id"]}))["key"]
    body = {"name": "mail", "provider": "postmark", "credentials": {"server_token": CANARY}}
    made = await house.ok("POST", "integrations", body)
    problem(await house.ask("POST", "integrations", body), 409)
    results = await asyncio.gather(*(house.ok("POST", SEND, {"input": EMAIL}, key=key) for _ in range(20)))
    assert {result["status"] for result in results} == {"completed"}
    assert len((await house.ok("GET", "action-invocations?limit=200"))["items"]) == 20
    problem(await house.ask("GET", "integrations", key=key), 403)
    await house.ok("DELETE", f"roles/{role['id']}")
    problem(await house.ask("POST", SEND, {"input": EMAIL}, key=key), 404)
    copy = {"source_project_id": house.project.id, "source_integration_id": made["id"]}
    await house.ok("POST", "integrations/copy", copy, project="other")
    await house.ok("POST", "/v1/projects/other/archive")
    await house.ok("DELETE", "/v1/projects/other")
    assert (await house.ok("GET", "audit-logs/verify"))["intact"] is True


async def test_twenty_at_once_make_one(house) -> None:
    """Names and handles stay unique under concurrent requests."""
    for path, body, field in (
        ("/v1/projects", {"name": "Race"}, "/v1/projects"),
        ("roles", {"name": "race", "permissions": ["project.view"]}, "roles?limit=200"),
        ("principals", {"name": "race"}, "principals?limit=200"),
        ("integrations", {"name": "race", "provider": "postmark", "credentials": {"server_token": CANARY}}, "integrations"),
    ):
        answers = await asyncio.gather(*(house.ask("POST", path, body) for _ in range(20)))
        assert sorted(answer.status_code for answer in answers) == [201] + [409] * 19, path
        rows = (await house.ok("GET", field))["items"]
        assert [row["name"].lower() for row in rows].count("race") == 1


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: ascii(odd)[:12])
async def test_odd_texts_in_addresses_and_queries_are_no_failure(house, odd) -> None:
    from urllib.parse import quote

    text = quote(odd, safe="", errors="surrogatepass")
    for route in ROUTES:
        if route.method != "GET" or not route.permission:
            continue
        for path in (route.at(id=text), route.at(project=text), f"{route.at()}?cursor={text}", f"{route.at()}?user_id={text}"):
            if len(path) > 60_000:
                continue
            answer = await house.ask("GET", path)
            assert answer.status_code < 500, (path[:100], answer.text)


ODD_VALUES: list[Any] = [
    None, True, 0, -1, 2**63, 2**64 - 1, 1e308, "", " ", "x", "x" * 100_000, "\u202e", "\uffff", "😀" * 60, "\x7f", "<b>", "=1+1",
    "../..", "2026-13-45T99:99:99Z", [], [[]], [None], ["x"] * 1000, {}, {"x": None}, {"": ""}, {"x" * 300: "y"}, {"$ref": "file:///etc"},
]  # fmt: skip


@pytest.mark.slow
async def test_odd_values_in_bodies_are_no_failure(house) -> None:
    """Every field of every body with every odd value: refused or taken, never a 5xx, and never told back in full."""
    made = await house.ok("POST", "integrations", BODIES["createIntegration"])
    role = await house.ok("POST", "roles", {"name": "odd", "permissions": ["project.view"]})
    principal = await house.ok("POST", "principals", {"name": "odd"})
    ids = {"int": made["id"], "role": role["id"], "prn": principal["id"]}
    seen: set[int] = set()
    for route in [route for route in ROUTES if route.takes_json]:
        fields = route.fields
        for field, value in [(field, value) for field in fields for value in ODD_VALUES]:
            path = route.at(id=ids.get(KINDS.get(route.operation, ""), ""))
            answer = await house.ask(route.method, path, route.body | {field: value})
            seen.add(answer.status_code)
            assert answer.status_code < 500, (route.operation, field, ascii(value)[:60], answer.text)
            if answer.status_code >= 400:
                problem(answer, answer.status_code)
                assert len(answer.text) < 20_000
                assert "x" * 1000 not in answer.text
    assert {200, 201, 400} <= seen
    assert (await house.ok("GET", "audit-logs/verify"))["intact"] is True
