"""Bodies that are no good: each is a 4xx in the one shape, changes nothing and repeats nothing."""

import json

import pytest

from .conftest import SEND, problem

pytestmark = pytest.mark.asyncio(loop_scope="module")
JSON = {"content-type": "application/json"}
CANARY = "canary-5d1e"
ESCAPE = b"\\"


def named(raw: bytes) -> bytes:
    """The raw value as the name of a project."""
    return b'{"name": ' + raw + b"}"


BAD = {
    "empty": b"",
    "no JSON": b"hello " + CANARY.encode(),
    "half": b'{"name": "' + CANARY.encode(),
    "two values": b'{"name": "a"} {"name": "b"}',
    "a list": b"[]",
    "a text": b'"' + CANARY.encode() + b'"',
    "null": b"null",
    "invalid UTF-8": named(b'"\xff\xfe"'),
    "overlong UTF-8": named(b'"\xc0\xaf"'),
    "surrogates in UTF-8": named(b'"\xed\xa0\x80"'),
    "BOM": b'\xef\xbb\xbf{"name": "a"}',
    "UTF-16": '{"name": "a"}'.encode("utf-16"),
    "duplicate key": b'{"name": "a", "name": "' + CANARY.encode() + b'"}',
    "duplicate key inside": b'{"name": "a", "tags": {"k": "1", "k": "2"}}',
    "NaN": named(b"NaN"),
    "Infinity": named(b"-Infinity"),
    "1e400": named(b"1e400"),
    "huge integer": named(b"9" * 5000),
    "lone surrogate": named(b'"' + ESCAPE + b'ud800"'),
    "NUL": named(b'"a' + ESCAPE + b'u0000b"'),
    "NUL in a key": b'{"na' + ESCAPE + b'u0000me": "a"}',
    "raw NUL": named(b'"a\x00b"'),
    "deep": b'{"name": ' + b"[" * 1_000 + b"]" * 1_000 + b"}",
    "very deep": b"[" * 100_000 + b"]" * 100_000,
    "very deep objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "unknown field": b'{"name": "a", "is_admin": true}',
    "unknown field with an id": b'{"name": "a", "project_id": "' + CANARY.encode() + b'"}',
    "wrong type": named(b"5"),
    "wrong type, null": named(b"null"),
    "wrong enum": b'{"name": "a", "mode": "' + CANARY.encode() + b'"}',
    "number as text": b'{"name": "a", "tags": {"k": 5}}',
    "missing field": b"{}",
    "name with a control": named(b'"a' + ESCAPE + b"u202e" + CANARY.encode() + b'"'),
    "name with a line break": named(b'"a' + ESCAPE + b"n" + CANARY.encode() + b'"'),
    "long name": named(b'"' + b"x" * 201 + b'"'),
    "combining marks": named(('"e' + "\u0301" * 10_000 + '"').encode()),
}


@pytest.mark.parametrize("raw", BAD.values(), ids=BAD.keys())
async def test_a_bad_body_is_a_400(shared, raw) -> None:
    before = await shared.ok("GET", "/v1/projects")
    told = problem(await shared.ask("POST", "/v1/projects", content=raw, headers=JSON), 400)
    assert CANARY not in json.dumps(told)
    assert told["code"] == "invalid_request"
    assert len(json.dumps(told)) < 1500
    assert await shared.ok("GET", "/v1/projects") == before


@pytest.mark.parametrize("name", ["deep", "invalid UTF-8", "duplicate key", "NaN", "lone surrogate", "NUL", "unknown field"])
async def test_the_way_of_an_invocation_is_as_strict(shared, name) -> None:
    raw = BAD[name].replace(b'{"name"', b'{"input"', 1)
    problem(await shared.ask("POST", SEND, content=raw, headers=JSON), 400)


@pytest.mark.parametrize(
    "kind",
    [
        None,
        "",
        "text/plain",
        "application/x-msgpack",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonp",
        "application/json, application/json",
        "application/json; charset=latin-1",
        "application/json; profile=x",
        "application/problem+json",
        "text/json",
    ],
)
@pytest.mark.parametrize("path", ["/v1/projects", SEND])
async def test_another_content_type_is_a_415(shared, path, kind) -> None:
    headers = {} if kind is None else {"content-type": kind}
    told = problem(await shared.ask("POST", path, content=b'{"name": "a"}', headers=headers), 415)
    assert told["code"] == "unsupported_media_type"


@pytest.mark.parametrize(
    "kind", ["application/json", "Application/JSON", "application/json; charset=utf-8", 'application/json;charset="UTF-8"']
)
async def test_json_by_other_spellings_of_its_type_passes(shared, kind) -> None:
    answer = await shared.ask("POST", "/v1/projects", content=b'{"name": 5}', headers={"content-type": kind})
    assert problem(answer, 400)["details"]["errors"][0]["path"] == "name"


async def test_two_content_types_are_refused(shared) -> None:
    headers = [("content-type", "application/json"), ("content-type", "application/x-msgpack")]
    headers.append(("authorization", f"Bearer {shared.first.key}"))
    messages = await conversation(shared, "POST", "/v1/projects", headers, [b"{}"])
    assert messages[0]["status"] == 400


@pytest.mark.parametrize("path", ["/v1/projects", SEND, "files"])
@pytest.mark.parametrize("encoding", ["gzip", "br", "zstd", "deflate", "GZIP", "gzip, identity"])
async def test_a_compressed_body_is_a_415(shared, path, encoding) -> None:
    headers = JSON | {"content-encoding": encoding}
    problem(await shared.ask("POST", path, content=b"\x1f\x8b\x08", headers=headers), 415)


@pytest.mark.parametrize("path", ["/v1/projects", SEND])
async def test_a_large_body_is_a_413(shared, path) -> None:
    raw = b'{"name": "' + b"x" * (1024 * 1024) + b'"}'
    told = problem(await shared.ask("POST", path, content=raw, headers=JSON), 413)
    assert told["details"] == {"limit_bytes": 1024 * 1024}


async def test_a_large_body_without_a_length_is_cut_off_on_the_way(shared) -> None:
    chunks = [b"[" + b" " * 65_535] * 40
    headers = [("content-type", "application/json"), ("authorization", f"Bearer {shared.first.key}")]
    read: list[int] = []
    messages = await conversation(shared, "POST", "/v1/projects", headers, chunks, read)
    assert messages[0]["status"] == 413
    assert len(read) <= 18


@pytest.mark.parametrize(("declared", "status"), [("-1", 400), ("+5", 400), ("1e3", 400), ("9" * 30, 400), ("99999999999", 413)])
async def test_a_length_that_lies(shared, declared, status) -> None:
    headers = [
        ("content-type", "application/json"),
        ("authorization", f"Bearer {shared.first.key}"),
        ("content-length", declared),
    ]
    messages = await conversation(shared, "POST", "/v1/projects", headers, [b"{}"])
    assert messages[0]["status"] == status


@pytest.mark.parametrize("path", ["/v1/projects", f"/v1/projects/main/{SEND}", "/v1/projects/main/files"])
async def test_a_body_that_breaks_off_is_a_400_and_leaves_nothing(shared, path) -> None:
    headers = [("content-type", "application/json"), ("authorization", f"Bearer {shared.first.key}")]
    messages = await conversation(shared, "POST", path, headers, [b'{"name"', None])
    assert messages[0]["status"] == 400
    assert (await shared.ok("GET", "files"))["items"] == []
    assert not list((shared.hub.settings.data / "files").iterdir())


async def test_a_body_that_does_not_come_is_a_408(shared, monkeypatch) -> None:
    monkeypatch.setattr("powerstrip.api.body.SECONDS", 0.05)
    headers = [("content-type", "application/json"), ("authorization", f"Bearer {shared.first.key}")]
    for path in ("/v1/projects", f"/v1/projects/main/{SEND}"):
        messages = await conversation(shared, "POST", path, headers, [b'{"name"', ...])
        assert messages[0]["status"] == 408


async def conversation(
    house, method: str, path: str, headers: list[tuple[str, str]], chunks: list, read: list | None = None
) -> list:
    """Speak ASGI by hand. In `chunks` None is a lost connection and ... a client that falls silent."""
    import asyncio

    sent: list[dict] = []
    left = list(chunks)

    async def receive():
        chunk = left.pop(0) if left else b""
        if read is not None:
            read.append(len(chunk or b""))
        if chunk is None:
            return {"type": "http.disconnect"}
        if chunk is ...:
            await asyncio.sleep(30)
        return {"type": "http.request", "body": chunk, "more_body": bool(left)}

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path.partition("?")[0],
        "raw_path": path.partition("?")[0].encode(),
        "query_string": path.partition("?")[2].encode(),
        "root_path": "",
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers],
        "client": ("127.0.0.9", 4711),
        "server": ("hub.test", 80),
    }
    await house.hub.app(scope, receive, send)
    return sent
