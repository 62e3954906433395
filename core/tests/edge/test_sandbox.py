"""A sandbox writes down what would have been sent, answers with a mock, and touches neither network nor credential."""

import asyncio
import hashlib
import json
import socket
from pathlib import Path

import aiohttp
import pytest

from powerstrip.adapter import (
    ApiKey,
    AuthFailed,
    Basic,
    Bearer,
    ClientCredentials,
    Content,
    HmacSigned,
    IdempotencyKey,
    Model,
    Mtls,
    NoAuth,
    Rate,
    RateLimited,
    Rejected,
    SigV4,
    Unavailable,
)
from powerstrip.clock import monotonic
from powerstrip.edge import Bound, Call, Edge, Refused, SandboxAnswer
from powerstrip.edge.sandbox import KEPT_BODY, MAX_REQUESTS
from powerstrip.settings import Settings
from powerstrip.store import Project, Store, WouldSend, insert_row


def refuse(*args, **named):
    raise AssertionError("a sandbox touched the network or a credential")


@pytest.fixture
def no_network(monkeypatch):
    """Whoever makes a socket, opens a session or looks up a name fails the test."""
    for name in ("socket", "create_connection", "getaddrinfo", "gethostbyname", "socketpair"):
        monkeypatch.setattr(socket, name, refuse)
    for name in ("create_connection", "getaddrinfo", "sock_connect"):
        monkeypatch.setattr(asyncio.BaseEventLoop, name, refuse, raising=False)
    monkeypatch.setattr(aiohttp, "ClientSession", refuse)
    monkeypatch.setattr(aiohttp, "TCPConnector", refuse)


@pytest.fixture
async def sandbox(kit):
    """`await sandbox(auth=…, …)` gives the `Http` and `Trace` of a sandboxed call of a public provider."""

    async def make(auth=None, *, bound=None, fields=("api_key",), base="https://api.example.com/v1", adapter=None, **call):
        edge = Edge(Settings(data=Path("/nowhere")), refuse, Path("/nowhere"), lookup=refuse, tls=refuse)
        adapter = adapter or kit.adapter_at(base, auth=auth)
        integration = {
            "project_id": "prj_1",
            "integration_id": "int_1",
            "provider": adapter.id,
            "adapter": adapter,
            "auth": adapter.auths[0],
            "config": {},
            "mode": "sandbox",
            "credential": object(),
            "credential_fields": fields,
        }
        given = {"invocation_id": "inv_1", "action_name": "tester.do", "deadline": monotonic() + 5}
        return edge.http(Bound(**(integration | (bound or {}))), Call(**(given | call)))

    return make


class Letter(Model):
    to: str
    text: str = ""


class Sent(Model):
    id: str
    to: str
    ok: bool


async def test_what_would_have_been_sent_is_written_down(sandbox, no_network):
    http, trace = await sandbox(read_only=False)

    await http.post("/letters", json=Letter(to="a@example.com"), params={"x": "1 2"}, headers={"X-Trace": "t"}, returns=Sent)

    [row] = trace.would_send
    headers = dict(json.loads(row["headers"]))
    assert (row["method"], row["url"]) == ("POST", "https://api.example.com/v1/letters?x=1%202")
    assert headers["X-Key"] == "<api_key>"
    assert headers["X-Trace"] == "t"
    assert headers["Content-Type"] == "application/json"
    assert json.loads(row["body"]) == {"to": "a@example.com", "text": ""}
    assert row["body_size"] == len(row["body"])
    assert row["body_sha256"] == hashlib.sha256(row["body"].encode()).hexdigest()
    assert (row["project_id"], row["integration_id"], row["invocation_id"]) == ("prj_1", "int_1", "inv_1")
    assert (row["provider"], row["action_name"]) == ("tester", "tester.do")
    assert json.loads(row["answer"])["ok"] is True
    assert row["answer_status"] == 200
    assert (trace.requests, trace.attempts, trace.retries) == (1, 0, 0)


async def test_the_row_is_the_tables(sandbox, tmp_path):
    http, trace = await sandbox()
    await http.get("/x", returns=Sent)
    [row] = trace.would_send
    assert set(row) == set(WouldSend.model_fields)

    store = Store(f"sqlite:///{tmp_path / 'a.db'}")
    store.migrate()
    await store.start()
    try:
        await store.write(lambda session: session.add(Project(id="prj_1", name="A", handle="a")))
        await store.hot(lambda connection: insert_row(connection, WouldSend, row))
        kept = await store.read(lambda session: session.get(WouldSend, row["id"]).model_dump())
    finally:
        await store.close()
    assert kept == row | {"headers": json.loads(row["headers"])}


@pytest.mark.parametrize(
    ("auth", "fields", "shown"),
    [
        (ApiKey(header="X-Key", prefix="Token "), ("api_key",), {"X-Key": "Token <api_key>"}),
        (Bearer(), ("token",), {"Authorization": "Bearer <token>"}),
        (Basic(), ("username", "password"), {"Authorization": "Basic <username>:<password>"}),
        (ClientCredentials(token_url="https://x.test"), ("client_id",), {"Authorization": "Bearer <access_token>"}),
        (HmacSigned(), ("signing_key",), {"X-Signature": "<signature>"}),
        (Mtls(), ("certificate", "private_key"), {}),
        (NoAuth(), (), {}),
        (Bearer(), (), {"Authorization": "Bearer <token>"}),
        (Basic(), (), {"Authorization": "Basic <username>:<password>"}),
    ],
)
async def test_secrets_are_shown_as_placeholders(sandbox, no_network, auth, fields, shown):
    http, trace = await sandbox(auth, fields=fields)

    await http.post("/x", json={}, returns=Sent)

    headers = dict(json.loads(trace.would_send[0]["headers"]))
    assert shown.items() <= headers.items()
    assert ("Authorization" in headers) == ("Authorization" in shown)


@pytest.mark.parametrize("fields", [("access_key_id", "secret_access_key"), ()])
async def test_an_aws_signature_is_shown_by_its_parts(sandbox, no_network, fields):
    http, trace = await sandbox(SigV4(service="s3"), fields=fields)

    await http.put("/bucket/key", content=b"data", returns=Sent)

    headers = dict(json.loads(trace.would_send[0]["headers"]))
    assert headers["Authorization"].startswith("AWS4-HMAC-SHA256 Credential=<access_key_id>/")
    assert headers["Authorization"].endswith("Signature=<signature>")
    assert "x-amz-security-token" not in headers


async def test_a_key_in_the_query_is_shown_readably(sandbox, no_network):
    http, trace = await sandbox(ApiKey(query="key"))

    await http.get("/x", params={"a": "b"}, returns=Sent)

    assert trace.would_send[0]["url"] == "https://api.example.com/v1/x?a=b&key=<api_key>"


class TestBodies:
    async def test_bytes_that_are_no_text_are_base64(self, sandbox, no_network):
        http, trace = await sandbox()

        await http.put("/x", content=b"\xff\x00", returns=Sent)

        assert (trace.would_send[0]["body"], trace.would_send[0]["body_encoding"]) == ("/wA=", "base64")

    @pytest.mark.parametrize("size", [KEPT_BODY + 1, 3 * 1024 * 1024])
    @pytest.mark.parametrize("on_disk", [True, False])
    async def test_long_ones_are_named_by_size_and_digest(self, sandbox, tmp_path, size, on_disk):
        data = b"x" * size
        (tmp_path / "long").write_bytes(data)
        http, trace = await sandbox(SigV4(service="s3"), fields=())

        await http.put("/x", content=Content(path=tmp_path / "long") if on_disk else data, returns=Sent)

        [row] = trace.would_send
        assert (row["body"], row["body_size"], row["body_sha256"]) == ("", size, hashlib.sha256(data).hexdigest())

    async def test_the_longest_that_is_kept(self, sandbox, no_network):
        http, trace = await sandbox()

        await http.put("/x", content=b"x" * KEPT_BODY, returns=Sent)

        assert len(trace.would_send[0]["body"]) == KEPT_BODY


class TestAnswers:
    async def test_the_same_call_gets_the_same_mock_with_its_own_input_in_it(self, sandbox, no_network):
        first, _ = await sandbox(seed="a", echo={"to": "someone@example.com"})
        again, _ = await sandbox(seed="a", echo={"to": "someone@example.com"})
        other, _ = await sandbox(seed="b")

        one = await first.post("/x", json={}, returns=Sent)
        two = await again.post("/x", json={}, returns=Sent)
        three = await other.post("/x", json={}, returns=Sent)

        assert one == two
        assert one.to == "someone@example.com"
        assert one.id != three.id

    async def test_later_requests_of_a_call_get_other_values(self, sandbox, no_network):
        http, _ = await sandbox(seed="a")

        assert (await http.get("/x", returns=Sent)).id != (await http.get("/x", returns=Sent)).id

    @pytest.mark.parametrize("read", ["send", "json", "download"])
    async def test_who_reads_a_raw_reply_is_answered_by_the_caller(self, sandbox, no_network, read):
        http, trace = await sandbox()

        reads = {"send": lambda: http.send("GET", "/x"), "json": lambda: http.get("/x"), "download": lambda: http.download("/x")}

        with pytest.raises(SandboxAnswer) as answer:
            await reads[read]()

        assert not isinstance(answer.value, Exception)
        assert trace.would_send == [answer.value.row]

    async def test_the_adapters_own_check_does_not_judge_a_mock(self, sandbox, kit, no_network):
        adapter = kit.adapter_at("https://api.example.com")
        adapter.errors(lambda response: Rejected("never satisfied"))
        http, _ = await sandbox(adapter=adapter)

        await http.get("/x", returns=Sent)

    async def test_endless_paging_ends(self, sandbox, no_network):
        http, trace = await sandbox()

        async def page_for_ever():
            while True:
                await http.get("/x", returns=Sent)

        with pytest.raises(SandboxAnswer):
            await page_for_ever()

        assert len(trace.would_send) == MAX_REQUESTS


class TestSimulated:
    @pytest.mark.parametrize(
        ("kind", "error", "status"),
        [
            ("unauthorized", AuthFailed, 401),
            ("rate_limited", RateLimited, 429),
            ("server_error", Unavailable, 500),
            ("timeout", Unavailable, 0),
        ],
    )
    async def test_a_failure_on_demand(self, sandbox, no_network, kind, error, status):
        http, trace = await sandbox(simulate=kind, read_only=True)

        with pytest.raises(error, match="Simulated") as raised:
            await http.get("/x", returns=Sent)

        assert [row["answer_status"] for row in trace.would_send] == [status]
        assert kind != "rate_limited" or raised.value.retry_after == 30.0
        assert not trace.unknown

    async def test_a_write_that_times_out_is_unknown(self, sandbox, no_network):
        http, trace = await sandbox(simulate="timeout")

        with pytest.raises(Unavailable):
            await http.post("/x", json={}, returns=Sent)

        assert trace.unknown

    async def test_it_comes_also_where_a_raw_reply_is_read(self, sandbox, no_network):
        http, _ = await sandbox(simulate="unauthorized")

        with pytest.raises(AuthFailed):
            await http.send("GET", "/x")

    async def test_it_is_the_same_for_an_adapter_with_a_check_of_its_own(self, sandbox, kit, no_network):
        adapter = kit.adapter_at("https://api.example.com")
        adapter.errors(lambda response: None if response.json().get("ok") else Rejected("unknown_error"))
        http, _ = await sandbox(adapter=adapter, simulate="unauthorized")

        with pytest.raises(AuthFailed):
            await http.get("/x", returns=Sent)


class TestSameRules:
    """What is refused live is refused here too, and leaves no entry."""

    @pytest.mark.parametrize(
        ("base", "path", "headers"),
        [
            ("https://api.example.com", "/a/../b", {}),
            ("https://api.example.com", "/x", {"Authorization": "x"}),
            ("https://api.example.com", "/x", {"X-A": "a\r\nb"}),
            ("https://169.254.169.254", "/x", {}),
            ("https://127.0.0.1", "/x", {}),
            ("http://api.example.com", "/x", {}),
            ("https://localhost", "/x", {}),
            ("https://api.example.com:22", "/x", {}),
        ],
    )
    async def test_refused(self, sandbox, no_network, base, path, headers):
        http, trace = await sandbox(base=base)

        with pytest.raises(Rejected):
            await http.get(path, headers=headers, returns=Sent)

        assert trace.would_send == []

    async def test_a_handed_out_address_on_another_host(self, sandbox, no_network):
        http, trace = await sandbox()

        with pytest.raises(Refused):
            await http.send_to("PUT", "https://evil.test/x", content=b"x")

        assert trace.would_send == []

    async def test_the_rate_is_kept(self, sandbox, kit, no_network):
        adapter = kit.adapter_at("https://api.example.com", rate=Rate(1, 60.0))
        http, _ = await sandbox(adapter=adapter, deadline=monotonic() + 1)
        await http.get("/x", returns=Sent)

        with pytest.raises(RateLimited):
            await http.get("/x", returns=Sent)

    async def test_the_idempotency_key_is_set_and_noted(self, sandbox, no_network):
        http, trace = await sandbox(idempotency=IdempotencyKey("Idempotency-Key"), idempotency_key="order-1")

        await http.post("/x", json={}, returns=Sent)

        assert dict(json.loads(trace.would_send[0]["headers"]))["Idempotency-Key"] == "order-1"
        assert trace.would_send[0]["idempotency_key"] == "order-1"

    @pytest.mark.parametrize("mode", ["sandbox", "", "LIVE", "test"])
    async def test_whatever_is_not_live_is_a_sandbox(self, sandbox, no_network, mode):
        http, trace = await sandbox(bound={"mode": mode})

        await http.get("/x", returns=Sent)

        assert len(trace.would_send) == 1


async def test_temporary_keys_make_no_link_here_either(sandbox, no_network):
    http, _ = await sandbox(SigV4(service="s3"), fields=("access_key_id", "secret_access_key", "session_token"))

    with pytest.raises(Refused, match="session token"):
        http.presign("GET", "/bucket/key", seconds=60)


async def test_a_link_is_made_of_placeholders(sandbox, no_network):
    http, _ = await sandbox(SigV4(service="s3"), fields=("access_key_id", "secret_access_key"))

    link = http.presign("GET", "/bucket/key", seconds=60)

    assert link.startswith("https://api.example.com/v1/bucket/key?")
    assert "%3Caccess_key_id%3E" in link
