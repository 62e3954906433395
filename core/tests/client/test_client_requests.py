"""What goes out for each method of the client."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from powerstrip.client import Client

Ask = Callable[[Client], Awaitable[Any]]
P = "/v1/projects/shop"
ROLE = {"name": "caller", "permissions": ["actions.invoke"]}
NEW = {"name": "Shop", "handle": "shop"}
OFF = {"state": "disabled"}

ASKED: list[tuple[str, Ask, tuple[str, str], Any]] = [
    (
        "create a project",
        lambda c: c.projects.create("Shop", handle="shop"),
        ("POST", "/v1/projects"),
        {"name": "Shop", "handle": "shop"},
    ),
    ("get a project", lambda c: c.projects.get("shop"), ("GET", P), None),
    ("change a project", lambda c: c.projects.update("shop", name="New"), ("PATCH", P), {"name": "New"}),
    ("archive a project", lambda c: c.projects.archive("shop"), ("POST", f"{P}/archive"), None),
    ("restore a project", lambda c: c.projects.restore("shop"), ("POST", f"{P}/restore"), None),
    (
        "create an integration",
        lambda c: c.integrations.create("main", "slack", credentials={"bot_token": "xoxb-invented"}, mode="sandbox"),
        ("POST", f"{P}/integrations"),
        {"name": "main", "provider": "slack", "credentials": {"bot_token": "xoxb-invented"}, "mode": "sandbox"},
    ),
    ("get an integration", lambda c: c.integrations.get("int_1"), ("GET", f"{P}/integrations/int_1"), None),
    (
        "disable an integration",
        lambda c: c.integrations.update("int_1", status="inactive"),
        ("PUT", f"{P}/integrations/int_1"),
        {"status": "inactive"},
    ),
    ("delete an integration", lambda c: c.integrations.delete("int_1"), ("DELETE", f"{P}/integrations/int_1"), None),
    (
        "copy an integration",
        lambda c: c.integrations.copy("prj_1", "int_1"),
        ("POST", f"{P}/integrations/copy"),
        {"source_project_id": "prj_1", "source_integration_id": "int_1"},
    ),
    (
        "rotate credentials",
        lambda c: c.integrations.rotate("int_1", {"bot_token": "xoxb-new"}),
        ("POST", f"{P}/integrations/int_1/rotate"),
        {"credentials": {"bot_token": "xoxb-new"}},
    ),
    ("test an integration", lambda c: c.integrations.test("int_1"), ("POST", f"{P}/integrations/int_1/test"), None),
    ("get a provider", lambda c: c.providers.get("slack"), ("GET", f"{P}/integrations/providers/slack"), None),
    ("get an action", lambda c: c.catalog.action("s3.object.put"), ("GET", f"{P}/catalog/actions/s3.object.put"), None),
    (
        "call",
        lambda c: c.call("s3.object.put", {"key": "a"}, integration="main", dry_run=True),
        ("POST", f"{P}/actions/s3.object.put/invocations"),
        {"input": {"key": "a"}, "integration": "main", "dry_run": True},
    ),
    ("get an invocation", lambda c: c.invocations.get("inv_1"), ("GET", f"{P}/action-invocations/inv_1"), None),
    (
        "create a key",
        lambda c: c.keys.create("ci", "prn_1", expires_at="2030-01-01T00:00:00Z"),
        ("POST", f"{P}/api-keys"),
        {"name": "ci", "principal_id": "prn_1", "expires_at": "2030-01-01T00:00:00Z"},
    ),
    ("revoke a key", lambda c: c.keys.revoke("key_1"), ("DELETE", f"{P}/api-keys/key_1"), None),
    (
        "create a principal",
        lambda c: c.principals.create("bot", role_ids=["role_1"]),
        ("POST", f"{P}/principals"),
        {"name": "bot", "role_ids": ["role_1"]},
    ),
    (
        "change a principal",
        lambda c: c.principals.update("prn_1", OFF),
        ("PATCH", f"{P}/principals/prn_1"),
        {"state": "disabled"},
    ),
    (
        "create a role",
        lambda c: c.roles.create("caller", ["actions.invoke"]),
        ("POST", f"{P}/roles"),
        {"name": "caller", "permissions": ["actions.invoke"]},
    ),
    (
        "assign a role",
        lambda c: c.role_assignments.create("prn_1", "role_1"),
        ("POST", f"{P}/role-assignments"),
        {"user_id": "prn_1", "role_id": "role_1"},
    ),
    ("take a role back", lambda c: c.role_assignments.delete("ra_1"), ("DELETE", f"{P}/role-assignments/ra_1"), None),
    ("list permissions", lambda c: c.roles.permissions(), ("GET", f"{P}/permissions"), None),
    ("verify the audit log", lambda c: c.audit.verify(), ("GET", f"{P}/audit-logs/verify"), None),
    ("ask for health", lambda c: c.health(), ("GET", "/health"), None),
]


@pytest.mark.parametrize(("ask", "asked", "body"), [row[1:] for row in ASKED], ids=[row[0] for row in ASKED])
async def test_a_method_is_one_request(client, canned, ask: Ask, asked: tuple[str, str], body: Any) -> None:
    await ask(client)
    assert canned.asked == asked
    assert canned.body == body
    assert canned.last.headers["authorization"] == "Bearer mbx_invented-client-key"


LISTED: list[tuple[Ask, str, str]] = [
    (lambda c: c.projects.list(search="sh"), "/v1/projects?search=sh", "items"),
    (lambda c: c.providers.list(), f"{P}/integrations/providers", "providers"),
    (lambda c: c.catalog.actions(), f"{P}/catalog/actions", "items"),
    (lambda c: c.catalog.events(), f"{P}/catalog/events", "items"),
    (lambda c: c.integrations.list(provider="slack").all(), f"{P}/integrations?provider=slack", "items"),
    (lambda c: c.invocations.list(status="failed").all(), f"{P}/action-invocations?status=failed", "items"),
    (lambda c: c.sandbox.requests(invocation_id="inv_1").all(), f"{P}/sandbox/requests?invocation_id=inv_1", "items"),
    (lambda c: c.keys.list().all(), f"{P}/api-keys", "items"),
    (lambda c: c.principals.list(), f"{P}/principals?limit=200", "items"),
    (lambda c: c.roles.list().all(), f"{P}/roles", "items"),
    (lambda c: c.role_assignments.list(), f"{P}/role-assignments", "items"),
    (lambda c: c.audit.list(action="use").all(), f"{P}/audit-logs?action=use", "items"),
    (
        lambda c: c.integrations.pick("int_1", "channel", search="ops", values={"team": "T1"}).all(),
        f"{P}/integrations/int_1/pickers/channel?search=ops&value.team=T1",
        "choices",
    ),
]


@pytest.mark.parametrize(("ask", "target", "items"), LISTED, ids=[row[1] for row in LISTED])
async def test_a_list_is_read_from_its_place(client, canned, ask: Ask, target: str, items: str) -> None:
    canned.answers = [httpx2.Response(200, json={items: [{"id": "one"}], "has_more": False})]
    assert await ask(client) == [{"id": "one"}]
    assert canned.asked == ("GET", target)


@pytest.mark.parametrize("name", ["../../other/integrations/int_1", "a/b", "a?b=c", "a#b", "%2e%2e", "é"])
async def test_no_value_changes_which_resource_is_meant(client, canned, name: str) -> None:
    await client.integrations.get(name)
    target = canned.last.url.raw_path.decode()
    assert target.startswith(f"{P}/integrations/")
    assert target.count("/") == 5
    assert "?" not in target


@pytest.mark.parametrize("name", ["", ".", ".."])
async def test_a_name_that_cannot_be_escaped_is_refused(client, canned, name: str) -> None:
    with pytest.raises(ValueError, match="cannot be empty"):
        await client.integrations.get(name)
    assert canned.requests == []


async def test_a_project_must_be_named_for_its_resources(client) -> None:
    nowhere = Client("http://hub.test", "mbx_invented")
    with pytest.raises(ValueError, match="Name a project"):
        nowhere.integrations.list()
    assert client.within("other").project == "other"


async def test_the_same_connection_serves_another_project(client, canned) -> None:
    await client.within("other").integrations.get("int_1")
    assert canned.asked[1] == "/v1/projects/other/integrations/int_1"


async def test_a_call_carries_its_idempotency_key(client, canned) -> None:
    await client.call("s3.object.put", {}, idempotency_key="order-7")
    assert canned.last.headers["idempotency-key"] == "order-7"


async def test_a_file_goes_up_in_pieces_and_comes_down_to_disk(client, canned, tmp_path: Path) -> None:
    async def pieces():
        for _ in range(3):
            yield b"x" * 1000

    canned.answers = [httpx2.Response(201, json={"id": "file_1", "size": 3000})]
    stored = await client.files.upload(pieces(), name="a.bin", media_type="image/png")
    assert stored["size"] == len(canned.last.content) == 3000
    assert canned.asked == ("POST", f"{P}/files?name=a.bin")
    assert canned.last.headers["content-type"] == "image/png"

    canned.answers = [httpx2.Response(200, content=b"y" * 2000)]
    assert await client.files.download("file_1", tmp_path / "b.bin") == 2000
    assert (tmp_path / "b.bin").read_bytes() == b"y" * 2000


async def test_pages_are_read_as_they_are_walked(client, canned) -> None:
    canned.answers = [
        httpx2.Response(200, json={"items": [1, 2], "has_more": True, "next_cursor": "c1"}),
        httpx2.Response(200, json={"items": [3], "has_more": False}),
    ]
    pages = client.integrations.list()
    assert canned.requests == []
    walked = []
    async for item in pages:
        walked.append((item, len(canned.requests)))
    assert walked == [(1, 1), (2, 1), (3, 2)]
    assert canned.asked[1].endswith("integrations?cursor=c1")
