"""Everything before the body: keys, headers, addresses, queries, methods."""

import pytest

from .conftest import SEND, problem
from .test_bad_json import conversation

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize("path", ["/v1/projects", "/v1/projects/main", f"/v1/projects/main/{SEND}"])
async def test_every_way_to_have_no_key_looks_the_same(shared, path) -> None:
    key = shared.first.key
    ways: list[list[tuple[str, str]]] = [
        [],
        [("authorization", "")],
        [("authorization", "Bearer")],
        [("authorization", "Bearer ")],
        [("authorization", f"Bearer  {key}")],
        [("authorization", f"Bearer {key} {key}")],
        [("authorization", f"Bearer {key},")],
        [("authorization", f" Bearer {key}")],
        [("authorization", key)],
        [("authorization", f"Basic {key}")],
        [("authorization", f"Token {key}")],
        [("authorization", f"Bearer {key}"), ("authorization", f"Bearer {key}")],
        [("authorization", "Basic eDp5"), ("authorization", f"Bearer {key}")],
        [("authorization", f"Bearer {key[:-1]}")],
        [("authorization", f"Bearer {key}x")],
        [("authorization", f"Bearer {key.upper()}")],
        [("authorization", f"Bearer {key}.other")],
        [("authorization", "Bearer \xff\xfe")],
        [("authorization", "Bearer mbx_" + "a" * 10_000)],
        [("x-api-key", key)],
        [("cookie", f"token={key}")],
    ]
    seen = []
    method = "POST" if path.endswith("invocations") else "GET"
    for headers in ways:
        messages = await conversation(shared, method, path, headers, [b"{}"])
        start = messages[0]
        own = [pair for pair in start["headers"] if pair[0] != b"x-request-id"]
        seen.append((start["status"], own, messages[1]["body"]))
    assert seen[0][0] == 401
    assert all(each == seen[0] for each in seen)


async def test_a_key_in_the_query_does_not_count(shared) -> None:
    for name in ("api_key", "access_token", "token", "key"):
        problem(await shared.ask("GET", f"/v1/projects?{name}={shared.first.key}", key=""), 401)


async def test_the_scheme_is_read_in_any_case(shared) -> None:
    for scheme in ("Bearer", "bearer", "BEARER"):
        answer = await shared.ask("GET", "/v1/projects", key="", headers={"authorization": f"{scheme} {shared.first.key}"})
        assert answer.status_code == 200


async def test_a_megabyte_of_key_is_refused(shared) -> None:
    answer = await shared.ask("GET", "/v1/projects", key="mbx_" + "a" * 1_000_000)
    assert problem(answer, 431)["code"] == "headers_too_large"


async def test_too_many_and_too_long_headers(shared) -> None:
    many = {f"x-{number}": "a" for number in range(100)}
    assert problem(await shared.ask("GET", "/v1/projects", headers=many), 431)["code"] == "headers_too_large"
    assert problem(await shared.ask("GET", "/v1/projects", headers={"x-long": "a" * 17_000}), 431)
    fine = {f"x-{number}": "a" for number in range(80)}
    assert (await shared.ask("GET", "/v1/projects", headers=fine)).status_code == 200


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("limit=0", 400),
        ("limit=201", 400),
        ("limit=-1", 400),
        ("limit=ten", 400),
        ("limit=5&limit=6", 400),
        ("limit=", 400),
        ("limti=5", 400),
        ("cursor=%00", 400),
        ("cursor=%FF", 400),
        ("cursor=%0a", 400),
        ("tag=a", 400),
        ("tag=a:b&tag=c:d", 200),
        ("limit=200", 200),
        ("&".join(f"x{number}=1" for number in range(200)), 400),
        ("cursor=" + "a" * 5000, 400),
        ("cursor=" + "a" * 9000, 414),
        ("api_key=canary-secret", 400),
    ],
    ids=lambda value: str(value)[:24],
)
async def test_queries(shared, query, status) -> None:
    answer = await shared.ask("GET", f"roles?{query}")
    if status == 200:
        assert answer.status_code == 200
    else:
        told = problem(answer, status)
        assert "canary" not in str(told)
        assert "ten" not in str(told["details"])


async def test_ten_thousand_parameters_are_a_414(shared) -> None:
    query = "&".join(f"x{number}=1" for number in range(10_000))
    messages = await conversation(shared, "GET", f"/v1/projects?{query}", [("authorization", f"Bearer {shared.first.key}")], [])
    assert messages[0]["status"] == 414


@pytest.mark.parametrize(
    "path",
    [
        "/v1/projects?status=gone",
        "integrations?status=canary",
        "principals?kind=human",
        "principals?include_disabled=perhaps",
        "audit-logs?action=canary",
        "audit-logs?created_after=yesterday",
        "audit-logs?created_after=2026-01-01",
        "audit-logs?created_after=2026-01-01T00:00:00",
        "audit-logs?created_after=0000-01-01T00:00:00Z",
        "audit-logs?created_after=9999-12-31T23:59:59Z",
        "audit-logs?created_before=2026-06-30T23:59:60Z",
        "audit-logs?created_before=2026-02-30T00:00:00Z",
        "audit-logs?created_before=2026-01-01T00:00:00%2B25:00",
        "audit-logs?created_before=2026-01-01T00:00:00%2B14:01",
        "audit-logs?created_before=1769000000",
        "action-invocations?status=a&status=b",
        "sandbox/requests?order=created_at;drop",
    ],
)
async def test_filters_are_checked(shared, path) -> None:
    told = problem(await shared.ask("GET", path), 400)
    assert "canary" not in str(told)


@pytest.mark.parametrize(
    "at", ["2026-01-01T00:00:00Z", "2026-01-01T00:00:00.123456Z", "2026-01-01T00:00:00%2B05:45", "2030-12-31T23:59:59-11:00"]
)
async def test_real_times_pass(shared, at) -> None:
    await shared.ok("GET", f"audit-logs?created_after={at}&created_before={at}")


@pytest.mark.parametrize("sql", ["'; DROP TABLE project;--", '" OR 1=1', "%", "_", "\\", "${jndi:x}", "{{7*7}}", "../../etc"])
async def test_metacharacters_are_text(shared, sql) -> None:
    from urllib.parse import quote

    text = quote(sql, safe="")
    assert (await shared.ok("GET", f"integrations?provider={text}"))["items"] == []
    assert (await shared.ok("GET", f"action-invocations?action_name={text}"))["items"] == []
    assert (await shared.ok("GET", f"/v1/projects?search={text}"))["items"] == []
    problem(await shared.ask("GET", f"integrations/{text}"), 404)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/v1",
        "/v0/projects",
        "/v1/projects/main/nothing",
        "/v1/projects/main/integrations/a/b/c",
        "/v1/projects/ma%00in",
        "/v1/projects/ma%0Ain",
        "/docs/openapi.json",
        "/static/../../etc/passwd",
        "/.well-known/security.txt",
        "/favicon.ico",
    ],
)
async def test_unknown_addresses_are_404_with_and_without_a_key(shared, path) -> None:
    for key in (None, ""):
        told = problem(await shared.ask("GET", path, key=key), 404)
        assert told["code"] == "not_found"


async def test_a_long_address_is_a_414(shared) -> None:
    assert problem(await shared.ask("GET", "/v1/projects/" + "a" * 3000), 414)["code"] == "address_too_long"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/v1/projects"),
        ("DELETE", "/health"),
        ("GET", SEND),
        ("HEAD", "/v1/projects"),
        ("TRACE", "/v1/projects"),
        ("PATCH", "integrations/x"),
    ],
)
async def test_other_methods_are_405_and_say_which_there_are(shared, method, path) -> None:
    answer = await shared.ask(method, path)
    assert answer.status_code == 405
    assert answer.headers["allow"]
    assert method not in answer.headers["allow"].split(", ")


@pytest.mark.parametrize("path", ["roles", "integrations", "/v1/projects", "files"])
async def test_options_and_405_name_the_same_methods(shared, path) -> None:
    asked, refused = await shared.ask("OPTIONS", path), await shared.ask("TRACE", path)
    assert asked.status_code == 204
    assert asked.headers["allow"] == refused.headers["allow"] == "GET, OPTIONS, POST"


@pytest.mark.parametrize("kind", ["text/plain", "text/plain; charset=latin-1", 'text/html;charset="utf-8"', "image/png"])
async def test_a_file_comes_back_with_its_own_media_type(shared, kind) -> None:
    kept = await shared.ok("POST", "files", content="ä".encode("latin-1"), headers={"content-type": kind})
    got = await shared.ask("GET", f"files/{kept['id']}")
    assert (got.headers["content-type"], got.content) == (kind, "ä".encode("latin-1"))


async def test_a_picker_takes_no_limit_and_a_description_no_controls(shared) -> None:
    problem(await shared.ask("GET", "integrations/int_x/pickers/x?limit=1"), 400)
    for text in ("a\x1b[0m", "a\u202eb", "a\x07"):
        error = problem(await shared.ask("POST", "roles", {"name": "odd", "permissions": [], "description": text}), 400)
        assert error["details"]["errors"][0]["path"] == "description"


@pytest.mark.parametrize("method", ["FOO", "get", "PROPFIND", "\x00"])
async def test_methods_that_are_none(shared, method) -> None:
    messages = await conversation(shared, method, "/v1/projects", [("authorization", f"Bearer {shared.first.key}")], [])
    assert 400 <= messages[0]["status"] < 500


@pytest.mark.parametrize("host", ["", "evil.test", "a/?#", "localhost:1", "x" * 300, "[::1]", "ä.test"])
async def test_the_host_is_not_asked_for_anything(shared, host) -> None:
    headers = [("authorization", f"Bearer {shared.first.key}"), ("host", host), ("x-forwarded-host", "evil.test")]
    messages = await conversation(shared, "GET", "/v1/projects", headers, [])
    assert messages[0]["status"] in (200, 400)
    assert b"evil" not in messages[1]["body"]


async def test_without_a_host_it_works_too(shared) -> None:
    messages = await conversation(shared, "GET", "/health", [], [])
    assert messages[0]["status"] == 200


@pytest.mark.parametrize("key", ["", " ", "\t", "a" * 256, "ä", "\x7f", "a\x00", "a\nb"])
async def test_idempotency_keys_of_another_form_are_a_400(shared, key) -> None:
    headers = [
        ("authorization", f"Bearer {shared.first.key}"),
        ("content-type", "application/json"),
        ("idempotency-key", key),
    ]
    messages = await conversation(shared, "POST", f"/v1/projects/main/{SEND}", headers, [b'{"input": {}}'])
    expected = 400
    assert messages[0]["status"] == expected
    if key.strip():
        assert key.encode() not in messages[1]["body"]


async def test_two_idempotency_keys_are_a_400(shared) -> None:
    headers = [("authorization", f"Bearer {shared.first.key}"), ("content-type", "application/json")]
    headers += [("idempotency-key", "one"), ("idempotency-key", "two")]
    messages = await conversation(shared, "POST", f"/v1/projects/main/{SEND}", headers, [b'{"input": {}}'])
    assert messages[0]["status"] == 400


async def test_every_answer_has_an_id_and_safe_headers(shared) -> None:
    seen = set()
    for path in ("/health", "/v1/projects", "/v1/nothing", "/docs", "integrations/none"):
        answer = await shared.ask("GET", path)
        seen.add(answer.headers["x-request-id"])
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
    assert len(seen) == 5


async def test_a_websocket_is_closed(shared) -> None:
    sent: list[dict] = []

    async def send(message):
        sent.append(message)

    async def receive():
        return {"type": "websocket.connect"}

    await shared.hub.app({"type": "websocket", "path": "/v1/projects", "headers": []}, receive, send)
    assert sent == [{"type": "websocket.close", "code": 1008}]


async def test_the_lifespan_of_a_server_is_answered(shared) -> None:
    sent: list[str] = []
    left = ["lifespan.startup", "lifespan.shutdown"]

    async def receive():
        return {"type": left.pop(0)}

    async def send(message):
        sent.append(message["type"])

    await shared.hub.app({"type": "lifespan"}, receive, send)
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
