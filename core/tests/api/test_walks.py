"""A walk through each resource as a client takes it: what comes back, and what must not."""

import asyncio
from datetime import datetime

import pytest

from powerstrip.access import NewProject
from powerstrip.settings import Settings

from .conftest import CANARY, EMAIL, SEND, House, opened, problem

ISO = "%Y-%m-%dT%H:%M:%S.%fZ"
CREDENTIALS = {"server_token": CANARY}


def is_time(text: str) -> bool:
    return datetime.strptime(text, ISO).year > 2000


async def connect(house: House, name: str = "mail", **more) -> dict:
    return await house.ok("POST", "integrations", {"name": name, "provider": "postmark", "credentials": CREDENTIALS} | more)


async def test_a_project_s_life(house) -> None:
    made = await house.ok("POST", "/v1/projects", {"name": "Customer Mail", "mode": "sandbox", "tags": {"env": "test"}})
    assert {name: made[name] for name in ("handle", "mode", "access_mode", "description", "tags")} == {
        "handle": "customer-mail", "mode": "sandbox", "access_mode": "org_open", "description": "", "tags": {"env": "test"},
    }  # fmt: skip
    assert made["id"].startswith("prj_")
    assert is_time(made["created_at"])
    assert made["created_by"] == house.first.principal.id
    for name in (made["id"], "customer-mail"):
        assert await house.ok("GET", f"/v1/projects/{name}") == made
    problem(await house.ask("POST", "/v1/projects", {"name": "customer mail"}), 409)
    problem(await house.ask("PATCH", "/v1/projects/customer-mail", {"mode": "live"}), 400)
    problem(await house.ask("PATCH", "/v1/projects/customer-mail", {"handle": "other"}), 400)
    changed = await house.ok("PATCH", "/v1/projects/customer-mail", {"description": "text", "default_agent_role_id": None})
    assert (changed["description"], changed["name"]) == ("text", "Customer Mail")
    assert problem(await house.ask("DELETE", "/v1/projects/customer-mail"), 409)["code"] == "project_not_archived"
    archived = await house.ok("POST", "/v1/projects/customer-mail/archive")
    assert is_time(archived["archived_at"])
    assert await house.ok("POST", "/v1/projects/customer-mail/archive") == archived
    assert "customer-mail" not in [row["handle"] for row in (await house.ok("GET", "/v1/projects"))["items"]]
    assert [row["handle"] for row in (await house.ok("GET", "/v1/projects?status=archived"))["items"]] == ["customer-mail"]
    restored = await house.ok("POST", "/v1/projects/customer-mail/restore")
    assert "archived_at" not in restored
    await house.ok("POST", "/v1/projects/customer-mail/archive")
    answer = await house.ask("DELETE", "/v1/projects/customer-mail")
    assert (answer.status_code, answer.content) == (204, b"")
    problem(await house.ask("GET", "/v1/projects/customer-mail"), 404)
    assert problem(await house.ask("DELETE", "/v1/projects/main"), 409)["code"] == "project_is_home"


async def test_an_archived_project_is_read_and_nothing_else(house) -> None:
    integration = await connect(house)
    archived = await house.ok("POST", "/v1/projects/main/archive")
    for path in ("integrations", f"integrations/{integration['id']}", "catalog/actions", "audit-logs", "", "roles"):
        await house.ok("GET", path)
    attempts = [
        ("POST", SEND, {"input": EMAIL}),
        ("POST", f"integrations/{integration['id']}/test", None),
        ("PUT", f"integrations/{integration['id']}", {"name": "x"}),
        ("POST", "principals", {"name": "x"}),
        ("PATCH", "", {"name": "x"}),
        ("DELETE", f"integrations/{integration['id']}", None),
        ("POST", "files", None),
        ("GET", f"integrations/{integration['id']}/pickers/any", None),
    ]
    for method, path, body in attempts:
        told = problem(await house.ask(method, path, body), 409)
        assert told["code"] == "project_archived"
    await house.ok("POST", "/v1/projects", {"name": "Target", "handle": "target"})
    copying = {"source_project_id": archived["id"], "source_integration_id": integration["id"]}
    told = problem(await house.ask("POST", "/v1/projects/target/integrations/copy", copying), 409)
    assert told["code"] == "project_archived"
    await house.ok("POST", "/v1/projects/main/restore")
    assert (await house.ok("POST", SEND, {"input": EMAIL}))["status"] == "completed"


async def test_deleting_a_project_takes_its_files_from_the_disk(house) -> None:
    other = await house.another("Other", "sandbox")
    await house.ok("POST", "files?name=a.txt", project="other", content=b"theirs", headers={"content-type": "text/plain"})
    kept = await house.ok("POST", "files?name=b.txt", content=b"ours", headers={"content-type": "text/plain"})
    folder = house.hub.settings.data / "files"
    assert len(list(folder.iterdir())) == 2
    await house.ok("POST", f"/v1/projects/{other.handle}/archive")
    await house.ok("DELETE", f"/v1/projects/{other.handle}")
    assert [path.name for path in folder.iterdir()] == [kept["id"]]


async def test_a_principal_and_its_key(house) -> None:
    viewer = next(row for row in (await house.ok("GET", "roles"))["items"] if row["name"] == "Viewer")
    made = await house.ok("POST", "principals", {"name": "CI", "role_ids": [viewer["id"]], "metadata": {"team": "ops"}})
    assert (made["kind"], made["state"], made["handle"], made["role_ids"]) == ("service", "active", "svc:ci", [viewer["id"]])
    key = await house.ok("POST", "api-keys", {"name": "ci", "principal_id": made["id"], "include_handle": True})
    assert key["key"].startswith("mbx_")
    assert key["key"].endswith(".main")
    assert key["key_prefix"] == key["key"][:8]
    shown = await house.ok("GET", f"api-keys/{key['id']}")
    listed = await house.ok("GET", "api-keys?limit=200")
    assert "key" not in shown
    assert key["key"][8:] not in str(listed)
    assert (await house.ask("GET", "", key=key["key"])).status_code == 200
    await house.ok("PATCH", f"principals/{made['id']}", {"state": "disabled"})
    problem(await house.ask("GET", "", key=key["key"]), 401)
    assert made["id"] not in [row["id"] for row in (await house.ok("GET", "principals"))["items"]]
    assert made["id"] in [row["id"] for row in (await house.ok("GET", "principals?include_disabled=true"))["items"]]
    await house.ok("PATCH", f"principals/{made['id']}", {"state": "active", "role_ids": []})
    problem(await house.ask("GET", "", key=key["key"]), 404)
    await house.ok("DELETE", f"api-keys/{key['id']}")
    problem(await house.ask("GET", "", key=key["key"]), 401)
    await house.ok("DELETE", f"principals/{made['id']}")
    assert (await house.ok("GET", f"principals/{made['id']}"))["state"] == "deleted"


@pytest.mark.parametrize(
    "expiry", ["2020-01-01T00:00:00Z", "2030-01-01", "2030-01-01T00:00:00", "9999-12-31T00:00:00Z", 1893456000, "soon"]
)
async def test_an_expiry_that_is_none_is_refused(house, expiry) -> None:
    body = {"name": "x", "principal_id": house.first.principal.id, "expires_at": expiry}
    told = problem(await house.ask("POST", "api-keys", body), 400)
    assert told["details"]["errors"][0]["path"] == "expires_at"


async def test_roles_are_given_and_taken(house) -> None:
    role = await house.ok("POST", "roles", {"name": "Reader", "permissions": ["project.view", "catalog.view"]})
    assert (role["system_defined"], role["project_id"]) == (False, house.project.id)
    principal = await house.ok("POST", "principals", {"name": "reader"})
    given = await house.ok("POST", "role-assignments", {"user_id": principal["id"], "role_name": "Reader"})
    assert (given["role_id"], given["user_id"], given["role_name"]) == (role["id"], principal["id"], "Reader")
    assert given["granted_by_user_id"] == house.first.principal.id
    assert problem(await house.ask("POST", "role-assignments", {"user_id": principal["id"], "role_id": role["id"]}), 409)
    for body in ({"user_id": principal["id"]}, {"user_id": principal["id"], "role_id": role["id"], "role_name": "Reader"}):
        problem(await house.ask("POST", "role-assignments", body), 400)
    changed = await house.ok("PATCH", f"roles/{role['id']}", {"permissions": ["project.view"], "tags": {"a": "b"}})
    assert (changed["permissions"], changed["tags"]) == (["project.view"], {"a": "b"})
    await house.ok("DELETE", f"role-assignments/{given['id']}")
    await house.ok("DELETE", f"roles/{role['id']}")
    problem(await house.ask("GET", f"roles/{role['id']}"), 404)
    catalog = await house.ok("GET", "permissions")
    assert {preset["id"] for preset in catalog["presets"]} == {"owner", "admin", "builder", "worker", "viewer"}
    postmark = next(group for group in catalog["action_groups"] if group["id"] == "actions.execute.postmark.*")
    assert "actions.execute.postmark.email.send" in postmark["children"]


async def test_an_integration_never_gives_its_credential(house) -> None:
    made = await connect(house, config={}, auth_kind="api_key")
    assert (made["has_credentials"], made["mode"], made["auth_kind"], made["status"]) == (True, "sandbox", "api_key", "active")
    id = made["id"]
    await house.ok("PUT", f"integrations/{id}", {"name": "post"})
    await house.ok("PUT", f"integrations/{id}", {"status": "inactive"})
    assert problem(await house.ask("POST", SEND, {"input": EMAIL}), 409)
    await house.ok("PUT", f"integrations/{id}", {"status": "active"})
    await house.ok("POST", f"integrations/{id}/rotate", {"credentials": {"server_token": CANARY + "-2"}})
    tested = await house.ok("POST", f"integrations/{id}/test")
    assert (tested["ok"], tested["simulated"]) == (True, True)
    picked = await house.ok("GET", f"integrations/{id}/pickers/template?search=")
    assert picked["choices"]
    assert set(picked["choices"][0]) == {"value", "label", "detail"}
    problem(await house.ask("GET", f"integrations/{id}/pickers/nothing"), 404)
    other = await house.another("Other", "sandbox")
    copy = {"source_project_id": house.project.id, "source_integration_id": id, "name": "copied"}
    assert (await house.ok("POST", "integrations/copy", copy, project=other.handle))["has_credentials"] is True
    problem(await house.ask("PUT", f"integrations/{id}", {"provider": "slack"}), 400)
    problem(await house.ask("PUT", f"integrations/{id}", {"credentials": {"server_token": "********"}}), 422)
    problem(await house.ask("POST", "integrations", {"name": "POST", "provider": "postmark", "credentials": CREDENTIALS}), 409)
    free = await house.ok("POST", "integrations", {"name": "own", "provider": "unheard-of", "credentials": {"token": CANARY}})
    assert free["provider"] == "unheard-of"
    seen = "".join(
        [(await house.ask("GET", path)).text for path in ("integrations", f"integrations/{id}", "audit-logs?limit=200")]
    )
    assert CANARY not in seen
    await house.ok("DELETE", f"integrations/{id}")
    problem(await house.ask("GET", f"integrations/{id}"), 404)


async def test_the_catalog_tells_what_is_ready(house) -> None:
    async def postmark() -> dict:
        providers = (await house.ok("GET", "integrations/providers"))["providers"]
        return next(entry for entry in providers if entry["name"] == "postmark")

    before = await postmark()
    assert (before["readiness"], before["readiness_reason"], before["connection"]) == (
        "needs_setup", "not_configured", {"connected": False},
    )  # fmt: skip
    made = await connect(house)
    after = await postmark()
    assert (after["readiness"], after["connection"]["integration_id"]) == ("connected", made["id"])
    assert after["actions"][0]["input_schema"]["type"] == "object"
    forms = await house.ok("GET", "integrations/providers/postmark")
    assert forms["auth"][0]["secret_fields"] == ["server_token"]
    assert forms["config_schema"]["type"] == "object"
    action = await house.ok("GET", "catalog/actions/postmark.email.send")
    assert (action["readiness"], action["risk"], action["annotations"]["read_only"]) == ("ready", "medium", False)
    names = [entry["name"] for entry in (await house.ok("GET", "catalog/actions"))["items"]]
    assert {"postmark.email.send", "slack.message.post", "s3.object.put"} <= set(names)
    events = await house.ok("GET", "catalog/events")
    source = next(each for each in events["items"] if each["prefix"] == "postmark")
    assert source["readiness"] == "ready"
    assert "readiness_reason" not in source
    near = problem(await house.ask("GET", "catalog/actions/postmark.email.sned"), 404)
    assert "postmark.email.send" in near["message"]
    problem(await house.ask("GET", "integrations/providers/nobody"), 404)
    key = await house.member("viewer")
    entry = await house.ok("GET", "catalog/actions/postmark.email.send", key=key)
    assert (entry["readiness"], entry["readiness_reason"]) == ("needs_setup", "permission_missing")


async def test_a_call_its_log_and_its_ledger(house) -> None:
    integration = await connect(house)
    result = await house.ok("POST", SEND, {"input": EMAIL, "integration": "mail"})
    assert (result["status"], result["mode"]) == ("completed", "sandbox")
    assert set(result) == {"status", "output", "invocation_id", "mode", "would_have_sent"}
    sent = (await house.ok("GET", f"sandbox/requests?invocation_id={result['invocation_id']}"))["items"]
    assert [sent[0]] == result["would_have_sent"]
    assert (sent[0]["method"], sent[0]["integration_id"]) == ("POST", integration["id"])
    assert CANARY not in str(sent)
    entry = await house.ok("GET", f"action-invocations/{result['invocation_id']}")
    assert (entry["status"], entry["action_name"], entry["source"], entry["mode"]) == (
        "completed", "postmark.email.send", "api", "sandbox",
    )  # fmt: skip
    assert "output" not in entry
    assert (await house.ok("GET", "action-invocations?status=failed"))["items"] == []
    for narrowed, found in (
        (f"integration_id={integration['id']}", 1), ("provider=postmark", 1), ("mode=sandbox", 1),
        ("integration_id=int_other", 0), ("provider=slack", 0), ("mode=live", 0), ("provider=postmark&mode=live", 0),
    ):  # fmt: skip
        assert len((await house.ok("GET", f"action-invocations?{narrowed}"))["items"]) == found, narrowed
    failed = await house.ok("POST", SEND, {"input": EMAIL, "simulate": "unauthorized"})
    assert (failed["status"], failed["error_type"], "output" in failed) == ("failed", "auth_failed", False)
    missing = problem(await house.ask("POST", SEND, {"input": {"to": 5}}), 400)
    assert {error["path"] for error in missing["details"]["errors"]} >= {"to"}
    secret = problem(await house.ask("POST", SEND, {"input": EMAIL | {"subject": "key xoxb-123456789012-abcdefghijklmnop"}}), 422)
    assert "xoxb" not in str(secret)
    for extra in ({"timeout_seconds": 0}, {"timeout_seconds": 121}, {"simulate": "canary"}, {"dry_run": "yes"}, {"mode": "live"}):
        assert "canary" not in str(problem(await house.ask("POST", SEND, {"input": EMAIL} | extra), 400))


async def test_an_idempotency_key_makes_one_call_of_many(house) -> None:
    await connect(house)
    headers = {"idempotency-key": "order-1"}
    answers = await asyncio.gather(*(house.ask("POST", SEND, {"input": EMAIL}, headers=headers) for _ in range(10)))
    assert {answer.status_code for answer in answers} <= {200, 409}
    again = await house.ask("POST", SEND, {"input": EMAIL}, headers=headers)
    assert again.headers["idempotency-replayed"] == "true"
    assert len((await house.ok("GET", "action-invocations"))["items"]) == 1
    problem(await house.ask("POST", SEND, {"input": EMAIL | {"subject": "Other"}}, headers=headers), 422)
    other = await house.another("Other", "sandbox")
    await house.ok(
        "POST", "integrations", {"name": "m", "provider": "postmark", "credentials": CREDENTIALS}, project=other.handle
    )
    theirs = await house.ask("POST", SEND, {"input": EMAIL}, headers=headers, project=other.handle)
    assert "idempotency-replayed" not in theirs.headers


async def test_both_ways_to_an_invocation_are_one(house) -> None:
    """The front takes the address before the framework; asked by the framework alone it answers alike."""
    await connect(house)
    requests = [
        ({"input": EMAIL}, {}),
        ({"input": {}}, {}),
        ({"input": EMAIL, "x": 1}, {}),
        ([], {}),
        ({"input": EMAIL}, {"content-type": "text/plain"}),
        ({"input": EMAIL}, {"authorization": "Bearer mbx_x"}),
        ({"input": EMAIL}, {"idempotency-key": ""}),
    ]
    for query in ("", "?x=1"):
        for body, headers in requests:
            short = await house.ask("POST", SEND + query, body, headers=headers)
            long = await house.ask("POST", SEND.replace("actions", "actions/") + query, body, headers=headers)
            assert short.status_code == long.status_code, (body, short.text, long.text)
            if short.status_code != 200:
                assert short.json() == long.json()
            else:
                assert set(short.json()) == set(long.json())
            assert set(short.headers) == set(long.headers)


async def test_files_go_in_and_come_out(house) -> None:
    content = bytes(range(256)) * 5000
    headers = {"content-type": "image/png"}
    made = await house.ok("POST", "files?name=pic%20%C3%A4.png", content=content, headers=headers)
    assert (made["size"], made["media_type"], made["name"]) == (len(content), "image/png", "pic ä.png")
    answer = await house.ask("GET", f"files/{made['id']}")
    assert answer.content == content
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["content-disposition"].startswith("attachment")
    assert "sandbox" in answer.headers["content-security-policy"]
    assert [row["id"] for row in (await house.ok("GET", "files"))["items"]] == [made["id"]]
    for bad in ("a/b\nc", "../../etc/passwd\0", "x" * 300):
        problem(await house.ask("POST", "files", params={"name": bad}, content=b"x", headers=headers), 400)
    problem(await house.ask("POST", "files", content=b"x", headers={"content-type": "no type"}), 400)
    traversal = await house.ok("POST", "files", params={"name": "../../etc/passwd"}, content=b"x", headers=headers)
    assert (house.hub.settings.data / "files" / traversal["id"]).read_bytes() == b"x"
    await house.ok("DELETE", f"files/{made['id']}")
    problem(await house.ask("GET", f"files/{made['id']}"), 404)


async def test_the_audit_log_is_filtered_and_verified(house) -> None:
    made = await connect(house)
    await house.ok("POST", SEND, {"input": EMAIL})
    rows = (await house.ok("GET", f"audit-logs?resource_id={made['id']}"))["items"]
    assert rows[-1]["action"] == "create"
    assert (rows[-1]["user_id"], rows[-1]["ip_address"]) == (house.first.principal.id, "127.0.0.9")
    assert "hash" not in rows[0]
    for name, value in (("action", "create"), ("resource_type", "integration"), ("user_id", house.first.principal.id)):
        found = (await house.ok("GET", f"audit-logs?{name}={value}&limit=200"))["items"]
        assert found
        assert {row[name] for row in found} == {value}
    middle = rows[-1]["created_at"]
    older = (await house.ok("GET", f"audit-logs?created_before={middle}&limit=200"))["items"]
    assert all(row["created_at"] < middle for row in older)
    told = await house.ok("GET", "audit-logs/verify")
    assert told["intact"] is True
    assert len(told["head"]) == 64
    project_owner = await house.member("owner")
    shown = await house.ok("GET", "audit-logs/verify", key=project_owner)
    assert set(shown) == {"intact", "rows"}


async def test_names_twins_are_refused_everywhere(house) -> None:
    await connect(house, "Primary")
    for twin in ("primary", "Рrimаry", "ｐｒｉｍａｒｙ", "primary "):
        problem(await house.ask("POST", "integrations", {"name": twin, "provider": "postmark", "credentials": CREDENTIALS}), 409)
    for hidden in ("prim\u200bary", "prim\u202eary", "prim\u2066ary"):
        problem(
            await house.ask("POST", "integrations", {"name": hidden, "provider": "postmark", "credentials": CREDENTIALS}), 400
        )


async def test_a_picker_tells_the_provider_s_failure_apart_from_ours(tmp_path, catalog_folder, httpserver) -> None:
    """Refused credential 424, provider out of order 502, provider asks for fewer calls 429: never 401 or 500."""
    network = {"allow_addresses": ["127.0.0.0/8"], "provider_urls": {"postmark": httpserver.url_for("").rstrip("/")}}
    settings = Settings.model_validate({"data": tmp_path, **network}, strict=False).model_dump(include=set(network))
    async with opened(tmp_path / "data", catalog_folder, "live", **settings) as house:
        made = await connect(house)
        for status, ours, code in (
            (401, 424, "provider_auth_failed"), (503, 502, "provider_unavailable"),
            (429, 429, "provider_rate_limited"), (422, 422, "provider_rejected"),
        ):  # fmt: skip
            httpserver.clear()
            httpserver.expect_request("/templates").respond_with_json(
                {"Message": "no"}, status=status, headers={"retry-after": "0"}
            )
            answer = await house.ask("GET", f"integrations/{made['id']}/pickers/template?search=s{status}")
            assert problem(answer, ours)["code"] == code
            if status == 401:
                await house.ok("PUT", f"integrations/{made['id']}", {"credentials": CREDENTIALS, "status": "active"})


async def test_another_admin_s_new_project_is_not_told_of(house) -> None:
    """The operator makes a project that nobody owns: only who owns the hub sees it."""
    from powerstrip.access import OPERATOR

    await house.hub.access.projects.create(OPERATOR, NewProject("Quiet"))
    owner = await house.member("owner")
    assert "quiet" not in str(await house.ok("GET", "/v1/projects", key=owner))
    assert "quiet" in str(await house.ok("GET", "/v1/projects"))
