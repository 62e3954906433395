"""Over the network: what is sent, what is taken, and what is repeated."""

import asyncio
import gzip
import io
import zlib
from datetime import UTC, datetime, timedelta

import pytest
import structlog

from powerstrip.adapter import (
    AuthFailed,
    Basic,
    Bearer,
    IdempotencyKey,
    Model,
    NoAuth,
    Rate,
    RateLimited,
    Rejected,
    Request,
    SigV4,
    Unavailable,
)
from powerstrip.clock import monotonic
from powerstrip.edge import Caps, NoAnswer, Refused, Unreached
from powerstrip.edge.live import MAX_HEADERS

KEY = IdempotencyKey("Idempotency-Key")


class Letter(Model):
    to: str


async def hang(seen, writer):
    """Take the request and never answer."""
    await asyncio.sleep(30)


async def hang_up(seen, writer):
    """Take the request and cut the connection."""
    writer.transport.abort()
    raise ConnectionError


class TestSent:
    async def test_method_path_query_headers_and_body_arrive(self, bench, peer, kit):
        here = await peer(kit.reply(body=b'{"ok": true, "id": "7"}'))
        made = await bench()
        http, trace = made.http(kit.adapter_at(f"{here.url}/base"))

        answer = await http.post(
            "/letters", json=Letter(to="a@example.com"), params={"x": "1 2"}, headers={"X-Trace": "t"}, returns=kit.Answered
        )

        [seen] = here.requests
        assert (seen.method, seen.path) == ("POST", "/base/letters?x=1%202")
        assert seen.body == b'{"to":"a@example.com"}'
        assert seen.headers["x-key"] == kit.SECRET
        assert seen.headers["host"] == f"127.0.0.1:{here.port}"
        assert seen.headers["content-type"] == "application/json"
        assert seen.headers["x-trace"] == "t"
        assert "cookie" not in seen.headers
        assert answer.id == "7"
        assert (trace.host, trace.requests, trace.attempts, trace.retries, trace.status) == ("127.0.0.1", 1, 1, 0, 200)
        assert not trace.unknown

    async def test_an_unsigned_request_carries_no_credential(self, bench, peer, kit):
        here = await peer()
        made = await bench()
        http, _ = made.http(kit.adapter_at(here.url))

        await http.send_to("PUT", f"{here.url}/upload?sig=1", content=b"x")

        assert here.requests[0].path == "/upload?sig=1"
        assert kit.SECRET.encode() not in here.requests[0].raw_head
        assert made.revealed == []

    async def test_connections_are_kept(self, bench, peer, kit):
        here = await peer()
        made = await bench()

        for _ in range(3):
            http, _ = made.http(kit.adapter_at(here.url))
            await http.get("/x")

        assert (len(here.requests), here.connections) == (3, 1)

    async def test_the_environments_proxy_and_netrc_are_ignored(self, bench, peer, kit, monkeypatch, tmp_path):
        here, proxy = await peer(), await peer(kit.reply(502))
        netrc = tmp_path / "netrc"
        netrc.write_text("machine 127.0.0.1 login someone password pm-invented-netrc\n")
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        monkeypatch.setenv("NETRC", str(netrc))
        made = await bench()

        await made.http(kit.adapter_at(here.url, auth=NoAuth()))[0].get("/x")

        assert proxy.requests == []
        assert "authorization" not in here.requests[0].headers

    async def test_cookies_are_not_kept(self, bench, peer, kit):
        here = await peer(kit.reply(Set_Cookie="session=pm-invented"))
        made = await bench()
        http, _ = made.http(kit.adapter_at(here.url))

        await http.get("/x")
        await http.get("/x")

        assert "cookie" not in here.requests[1].headers

    @pytest.mark.parametrize("value", ["pm-invented\r\nX-Evil: 1", "pm-invented-ü", "pm-invented\0"])
    async def test_a_credential_that_no_header_can_carry_is_not_sent(self, bench, peer, kit, value):
        here = await peer()
        made = await bench(credentials={"api_key": value})

        with pytest.raises(Refused) as refused:
            await made.http(kit.adapter_at(here.url))[0].get("/x")

        assert here.requests == []
        assert "invented" not in refused.value.message

    async def test_a_missing_credential_asks_for_one(self, bench, peer, kit):
        here = await peer()
        made = await bench(credentials={"other": "x"})

        with pytest.raises(AuthFailed):
            await made.http(kit.adapter_at(here.url))[0].get("/x")
        with pytest.raises(AuthFailed):
            await made.http(kit.adapter_at(here.url), {"credential": None})[0].get("/x")

        assert here.requests == []

    async def test_a_way_of_signing_in_cannot_move_the_request(self, bench, peer, kit):
        class Elsewhere(Bearer):
            def sign(self, request, credentials, settings, now):
                return request.at("https://evil.test/")

        here = await peer()
        made = await bench()

        with pytest.raises(Refused):
            await made.http(kit.adapter_at(here.url, auth=Elsewhere()))[0].get("/x")

        assert here.requests == []

    async def test_a_deadline_that_has_passed_sends_nothing(self, bench, peer, kit):
        here = await peer()
        made = await bench()

        with pytest.raises(Unavailable):
            await made.http(kit.adapter_at(here.url), deadline=monotonic() - 1)[0].get("/x")

        assert here.requests == []


class TestErrors:
    @pytest.mark.parametrize(
        ("status", "error"),
        [
            *((status, Rejected) for status in (302, 307, 400, 404, 409, 422)),
            *((status, AuthFailed) for status in (401, 403)),
            *((status, Unavailable) for status in (500, 502, 503)),
            (429, RateLimited),
        ],
    )
    async def test_a_status_becomes_its_error_and_a_write_is_sent_once(self, bench, peer, kit, status, error):
        here = await peer(kit.reply(status, b'{"Message": "As the provider says"}', Location="http://127.0.0.1:1/"))
        made = await bench()
        http, trace = made.http(kit.adapter_at(here.url))

        with pytest.raises(error) as raised:
            await http.post("/x", json={})

        assert len(here.requests) == 1
        assert status < 400 or raised.value.message == "As the provider says"
        assert trace.unknown is (status in (502, 503))
        assert trace.status == status

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    async def test_redirects_are_named_and_not_followed(self, bench, peer, kit, status):
        target = await peer()
        here = await peer(kit.reply(status, Location=f"{target.url}/other"))
        made = await bench()

        with pytest.raises(Rejected, match="redirects"):
            await made.http(kit.adapter_at(here.url), read_only=True)[0].get("/x")

        assert target.requests == []
        assert len(here.requests) == 1

    async def test_the_adapter_is_asked_first(self, bench, peer, kit):
        here = await peer(kit.reply(200, b'{"ok": false}'))
        made = await bench()
        adapter = kit.adapter_at(here.url)
        adapter.errors(lambda response: None if response.json()["ok"] else AuthFailed("said so"))

        with pytest.raises(AuthFailed, match="said so"):
            await made.http(adapter)[0].get("/x")

    async def test_a_reflected_secret_is_taken_out_everywhere(self, bench, peer, kit):
        secret = kit.SECRET.encode()
        here = await peer(
            kit.reply(200, b'{"id": "' + secret + b'"}', X_Echo=kit.SECRET), kit.reply(400, b'{"error": "bad ' + secret + b'"}')
        )
        made = await bench()
        http, _ = made.http(kit.adapter_at(here.url))

        answer = await http.send("GET", "/x")
        with pytest.raises(Rejected) as rejected:
            await http.send("GET", "/x")

        assert answer.json() == {"id": "[secret]"}
        assert answer.headers["x-echo"] == "[secret]"
        assert rejected.value.message == "bad [secret]"

    async def test_a_reflected_basic_pair_is_taken_out(self, bench, peer, kit):
        async def echo(seen, writer):
            writer.write(kit.reply(400, b'{"message": "' + seen.headers["authorization"].encode() + b'"}'))

        here = await peer(echo)
        made = await bench(credentials={"username": "someone", "password": "pm-invented-password"})

        with pytest.raises(Rejected) as rejected:
            await made.http(kit.adapter_at(here.url, auth=Basic()))[0].get("/x")

        assert "[secret]" in rejected.value.message
        assert "aW52ZW50ZWQt" not in rejected.value.message

    async def test_no_error_carries_the_signed_request_with_it(self, bench, peer, kit):
        here = await peer(b"HTTP/1.1 200 OK\r\nX-A: " + b"a" * 100_000 + b"\r\n\r\n")
        made = await bench()

        with pytest.raises(NoAnswer) as failed:
            await made.http(kit.adapter_at(here.url))[0].get("/x")

        assert failed.value.__cause__ is None
        assert failed.value.__context__ is None

    async def test_nobody_there(self, bench, kit):
        made = await bench()
        http, trace = made.http(kit.adapter_at("http://127.0.0.1:1"), deadline=monotonic() + 0.2)

        with pytest.raises(Unreached):
            await http.post("/x", json={})

        assert not trace.unknown

    async def test_the_log_holds_neither_path_nor_query_nor_secret(self, bench, peer, kit):
        here = await peer(kit.reply(503, b'{"message": "private words"}'))
        made = await bench()

        with structlog.testing.capture_logs() as logs, pytest.raises(Unavailable):
            await made.http(kit.adapter_at(here.url))[0].post("/private/path", params={"private": "query"}, json={})

        [line] = logs
        assert set(line) == {"event", "log_level", "provider", "integration", "host", "method", "attempt", "error"}
        assert "private" not in str(line)
        assert kit.SECRET not in str(line)


class TestRetry:
    @pytest.fixture
    async def made(self, bench, clockwork):
        return await bench(tempo=clockwork.tempo)

    @pytest.mark.parametrize("first", [500, 503, 429])
    async def test_a_read_is_repeated(self, made, peer, kit, first):
        here = await peer(kit.reply(first), kit.reply())
        http, trace = made.http(kit.adapter_at(here.url), read_only=True, deadline=1e9)

        await http.get("/x")

        assert len(here.requests) == 2
        assert (trace.requests, trace.attempts, trace.retries) == (1, 2, 1)

    @pytest.mark.parametrize("first", [500, 503, 429])
    @pytest.mark.parametrize("method", ["get", "put", "delete", "post"])
    async def test_anything_else_is_not(self, made, peer, kit, first, method):
        here = await peer(kit.reply(first), kit.reply())
        http, _ = made.http(kit.adapter_at(here.url), deadline=1e9)

        with pytest.raises((Unavailable, RateLimited)):
            await getattr(http, method)("/x")

        assert len(here.requests) == 1

    async def test_an_idempotent_write_is(self, made, peer, kit):
        here = await peer(kit.reply(500), kit.reply())

        await made.http(kit.adapter_at(here.url), idempotent=True, deadline=1e9)[0].put("/x", json={})

        assert len(here.requests) == 2

    @pytest.mark.parametrize("status", [400, 401, 404, 302])
    async def test_a_no_is_never_repeated(self, made, peer, kit, status):
        here = await peer(kit.reply(status), kit.reply())

        with pytest.raises((Rejected, AuthFailed)):
            await made.http(kit.adapter_at(here.url), read_only=True, deadline=1e9)[0].get("/x")

        assert len(here.requests) == 1

    async def test_three_attempts_with_growing_waits(self, made, peer, kit, clockwork):
        here = await peer(kit.reply(500))

        with pytest.raises(Unavailable):
            await made.http(kit.adapter_at(here.url), read_only=True, deadline=1e9)[0].get("/x")

        assert len(here.requests) == 3
        assert clockwork.waits == [0.25, 0.5]

    @pytest.mark.parametrize(
        ("after", "wait"),
        [("7", 7.0), ("-5", 0.25), ("0", 0.25), ("1.5", 1.5), ("soon", 1.0), ("1000000000", 3600.0), ("９", 1.0)],
    )
    async def test_retry_after_in_seconds(self, made, peer, kit, clockwork, after, wait):
        here = await peer(kit.reply(429, Retry_After=after), kit.reply())

        await made.http(kit.adapter_at(here.url), read_only=True, deadline=1e9)[0].get("/x")

        assert sum(clockwork.waits) == pytest.approx(wait)

    async def test_retry_after_as_a_date(self, made, peer, kit, clockwork):
        later = (datetime.now(UTC) + timedelta(seconds=30)).strftime("%a, %d %b %Y %H:%M:%S GMT")
        here = await peer(kit.reply(503, Retry_After=later), kit.reply())

        await made.http(kit.adapter_at(here.url), read_only=True, deadline=1e9)[0].get("/x")

        assert sum(clockwork.waits) == pytest.approx(30, abs=3)

    async def test_never_past_the_deadline(self, made, peer, kit, clockwork):
        here = await peer(kit.reply(503, Retry_After="60"), kit.reply())

        with pytest.raises(Unavailable):
            await made.http(kit.adapter_at(here.url), read_only=True, deadline=clockwork.time + 30)[0].get("/x")

        assert len(here.requests) == 1
        assert clockwork.waits == []

    async def test_a_429_holds_back_every_call_of_the_integration(self, made, peer, kit, clockwork):
        here = await peer(kit.reply(429, Retry_After="20"), kit.reply())
        adapter = kit.adapter_at(here.url)

        with pytest.raises(RateLimited) as limited:
            await made.http(adapter, deadline=1e9)[0].post("/x", json={})
        await made.http(adapter, {"integration_id": "int_2"}, deadline=1e9)[0].post("/x", json={})
        assert clockwork.waits == []
        await made.http(adapter, deadline=1e9)[0].post("/x", json={})

        assert limited.value.retry_after == 20.0
        assert clockwork.waits == [20.0]

    @pytest.mark.parametrize("other", [{"probe": True}, {"edition": "later"}, {"mode": "sandbox"}])
    async def test_a_429_does_not_hold_a_test_a_sandbox_or_the_integration_after_a_change(
        self, made, peer, kit, clockwork, other
    ):
        here = await peer(kit.reply(429, Retry_After="3600"), kit.reply())
        adapter = kit.adapter_at(here.url)
        with pytest.raises(RateLimited):
            await made.http(adapter, deadline=1e9)[0].post("/x", json={})
        call = {name: other[name] for name in other if name == "probe"}
        bound = {name: other[name] for name in other if name != "probe"}

        await made.http(adapter, bound, deadline=clockwork.time + 5, **call)[0].post("/x", json={}, returns=kit.Answered)

        assert clockwork.waits == []

    async def test_a_429_to_a_test_holds_nothing(self, made, peer, kit, clockwork):
        here = await peer(kit.reply(429, Retry_After="20"), kit.reply())
        adapter = kit.adapter_at(here.url)
        with pytest.raises(RateLimited):
            await made.http(adapter, deadline=1e9, probe=True)[0].post("/x", json={})

        await made.http(adapter, deadline=1e9)[0].post("/x", json={})

        assert clockwork.waits == []

    @pytest.mark.parametrize(
        ("status", "call", "unknown"),
        [
            (502, {}, True),
            (503, {}, True),
            (504, {}, True),
            (500, {}, False),
            (400, {}, False),
            (504, {"read_only": True}, False),
            (504, {"idempotent": True}, False),
        ],
    )
    async def test_a_gateway_s_answer_says_nothing_about_the_effect_of_a_write(self, made, peer, kit, status, call, unknown):
        here = await peer(kit.reply(status))
        http, trace = made.http(kit.adapter_at(here.url), deadline=1e9, **call)

        with pytest.raises((Unavailable, Rejected)):
            await http.post("/x", json={})

        assert trace.unknown is unknown

    async def test_the_declared_rate_is_kept(self, made, peer, kit, clockwork):
        here = await peer()
        adapter = kit.adapter_at(here.url, rate=Rate(1, 10.0))

        for _ in range(3):
            await made.http(adapter, deadline=1e9)[0].get("/x")

        assert clockwork.waits == [10.0, 10.0]

    async def test_no_connection_is_tried_again_for_any_request(self, bench, peer, kit, clockwork):
        here = await peer()
        tries = []

        async def lookup(name):
            tries.append(name)
            if len(tries) == 1:
                raise OSError("not now")
            return ["127.0.0.1"]

        made = await bench(tempo=clockwork.tempo, lookup=lookup)

        await made.http(kit.adapter_at(f"http://api.example.com:{here.port}"), deadline=1e9)[0].post("/x", json={})

        assert len(here.requests) == 1

    async def test_a_cut_connection_is_not_repeated_for_a_write(self, made, peer, kit):
        """Also for PUT and DELETE, which the HTTP library would send again by itself on a kept connection."""
        for method in ("post", "put", "delete", "patch"):
            here = await peer(kit.reply(), hang_up, kit.reply())
            adapter = kit.adapter_at(here.url)
            await made.http(adapter, deadline=1e9)[0].get("/warm")
            http, trace = made.http(adapter, deadline=1e9)

            with pytest.raises(NoAnswer):
                await getattr(http, method)("/x")

            assert len(here.requests) == 2, method
            assert trace.unknown, method

    async def test_a_cut_connection_is_repeated_for_a_read(self, made, peer, kit):
        here = await peer(hang_up, kit.reply())
        http, trace = made.http(kit.adapter_at(here.url), read_only=True, deadline=1e9)

        await http.get("/x")

        assert len(here.requests) == 2
        assert not trace.unknown


class TestIdempotencyKey:
    async def test_the_same_for_every_repeat_another_for_every_request(self, bench, peer, kit, clockwork):
        here = await peer(hang_up, kit.reply(500), kit.reply())
        made = await bench(tempo=clockwork.tempo)
        http, trace = made.http(kit.adapter_at(here.url), idempotency=KEY, idempotency_key="order-1", deadline=1e9)

        await http.post("/a", json={})
        await http.post("/b", json={})

        keys = [seen.headers.get("idempotency-key") for seen in here.requests]
        assert keys == ["order-1", "order-1", "order-1", "order-1-1"]
        assert not trace.unknown

    async def test_without_a_callers_key_the_call_itself_is_the_key(self, bench, peer, kit):
        here = await peer()
        made = await bench()

        await made.http(kit.adapter_at(here.url), idempotency=KEY)[0].post("/a", json={})

        assert here.requests[0].headers["idempotency-key"] == "inv_1"

    async def test_reads_and_other_hosts_do_not_get_it(self, bench, peer, kit):
        here = await peer()
        made = await bench()
        http, _ = made.http(kit.adapter_at(here.url), idempotency=KEY, idempotency_key="order-1")

        await http.get("/a")
        await http.send_to("PUT", f"{here.url}/upload", content=b"x")

        assert all("idempotency-key" not in seen.headers for seen in here.requests)

    async def test_a_key_that_no_header_can_carry_is_refused(self, bench, peer, kit):
        here = await peer()
        made = await bench()

        with pytest.raises(Refused):
            await made.http(kit.adapter_at(here.url), idempotency=KEY, idempotency_key="a\r\nb")[0].post("/a", json={})

        assert here.requests == []


class TestUnknown:
    async def test_a_write_without_an_answer(self, bench, peer, kit):
        here = await peer(hang)
        made = await bench()
        http, trace = made.http(kit.adapter_at(here.url), deadline=monotonic() + 0.15)

        with pytest.raises(NoAnswer):
            await http.post("/x", json={})

        assert trace.unknown

    async def test_a_read_without_an_answer_has_no_effect_to_be_unknown(self, bench, peer, kit):
        here = await peer(hang)
        made = await bench()
        http, trace = made.http(kit.adapter_at(here.url), deadline=monotonic() + 0.15, read_only=True)

        with pytest.raises(NoAnswer):
            await http.post("/x", json={})

        assert not trace.unknown

    async def test_an_answer_cut_in_the_middle(self, bench, peer, kit):
        async def half(seen, writer):
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
            await writer.drain()
            writer.close()

        here = await peer(half)
        made = await bench()
        http, trace = made.http(kit.adapter_at(here.url))

        with pytest.raises(NoAnswer):
            await http.post("/x", json={})

        assert trace.unknown

    async def test_a_caller_who_leaves_in_the_middle(self, bench, peer, kit):
        here = await peer(hang)
        made = await bench()
        http, trace = made.http(kit.adapter_at(here.url))
        task = asyncio.create_task(http.post("/x", json={}))
        while not here.requests:
            await asyncio.sleep(0.005)
        task.cancel()

        with pytest.raises(asyncio.CancelledError):
            await task

        assert trace.unknown


def bomb(size: int) -> bytes:
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=9) as file:
        for _ in range(size // 1024 // 1024):
            file.write(bytes(1024 * 1024))
    return out.getvalue()


class TestCaps:
    """Hostile answers: each ends with an error, in time, without being held."""

    async def test_a_bomb_stops_at_the_cap_of_decoded_bytes(self, bench, peer, kit):
        import tracemalloc

        here = await peer(kit.reply(200, bomb(40 * 1024 * 1024), Content_Encoding="gzip"))
        made = await bench(caps=Caps(body=1024 * 1024))
        http, _ = made.http(kit.adapter_at(here.url), read_only=True)
        tracemalloc.start()

        with pytest.raises(Refused) as refused:
            await http.get("/x")

        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert refused.value.reason == "size"
        assert peak < 8 * 1024 * 1024
        assert len(here.requests) == 1

    async def test_a_declared_length_over_the_cap_is_not_read(self, bench, peer, kit):
        async def much(seen, writer):
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n")

        here = await peer(much)
        made = await bench()

        with pytest.raises(Refused):
            await made.http(kit.adapter_at(here.url))[0].get("/x")

    async def test_no_length_and_no_end(self, bench, peer, kit):
        async def endless(seen, writer):
            writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            while True:
                writer.write(b"10000\r\n" + bytes(65536) + b"\r\n")
                await writer.drain()

        here = await peer(endless)
        made = await bench(caps=Caps(body=1024 * 1024))

        with pytest.raises(Refused):
            await made.http(kit.adapter_at(here.url))[0].get("/x")

    async def test_a_drip_ends_at_the_deadline(self, bench, peer, kit):
        async def drip(seen, writer):
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
            while True:
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(0.02)

        here = await peer(drip)
        made = await bench()
        began = monotonic()

        with pytest.raises(NoAnswer):
            await made.http(kit.adapter_at(here.url), deadline=began + 0.2)[0].get("/x")

        assert monotonic() - began < 1.5

    async def test_headers_without_end(self, bench, peer, kit):
        async def headers(seen, writer):
            writer.write(b"HTTP/1.1 200 OK\r\n")
            for n in range(100_000):
                writer.write(b"X-%d: y\r\n" % n)
                await writer.drain()

        here = await peer(headers)
        made = await bench()
        began = monotonic()

        with pytest.raises(NoAnswer):
            await made.http(kit.adapter_at(here.url))[0].get("/x")

        assert monotonic() - began < 3

    async def test_one_header_without_end(self, bench, peer, kit):
        here = await peer(b"HTTP/1.1 200 OK\r\nX-A: " + b"a" * 100_000 + b"\r\n\r\n")
        made = await bench()

        with pytest.raises(NoAnswer):
            await made.http(kit.adapter_at(here.url))[0].get("/x")

    async def test_many_headers_below_the_limit_are_fine(self, bench, peer, kit):
        here = await peer(kit.reply(200, **{f"X-{n}": "y" for n in range(MAX_HEADERS - 10)}))
        made = await bench()

        await made.http(kit.adapter_at(here.url))[0].get("/x")

    @pytest.mark.parametrize(
        "answer", [b"not HTTP at all\r\n\r\n", b"HTTP/1.1 999999 OK\r\n\r\n", b"\x16\x03\x01\x00\x05\r\n\r\n"]
    )
    async def test_what_is_no_http(self, bench, peer, kit, answer):
        here = await peer(answer)
        made = await bench()

        with pytest.raises(Unavailable):
            await made.http(kit.adapter_at(here.url))[0].get("/x")

    async def test_an_encoding_not_asked_for(self, bench, peer, kit):
        here = await peer(kit.reply(200, b"xyz", Content_Encoding="br"))
        made = await bench()

        with pytest.raises(Refused):
            await made.http(kit.adapter_at(here.url))[0].get("/x")

    @pytest.mark.parametrize("cut", [10, -8])
    async def test_coded_data_that_is_cut_or_spoiled(self, bench, peer, kit, cut):
        whole = gzip.compress(b'{"ok": true}' * 100)
        here = await peer(kit.reply(200, whole[:cut], Content_Encoding="gzip"))
        made = await bench()

        with pytest.raises(NoAnswer):
            await made.http(kit.adapter_at(here.url))[0].get("/x")

    @pytest.mark.parametrize(
        ("coding", "encode"),
        [
            ("gzip", gzip.compress),
            ("x-gzip", gzip.compress),
            ("GZIP", gzip.compress),
            ("gzip", lambda data: gzip.compress(data[:5]) + gzip.compress(data[5:])),
            ("gzip", lambda data: gzip.compress(data) + b"trailing"),
            ("deflate", zlib.compress),
            ("deflate", lambda data: zlib.compress(data, wbits=-15)),
            ("identity", bytes),
        ],
    )
    async def test_codings_that_are_understood(self, bench, peer, kit, coding, encode):
        here = await peer(kit.reply(200, encode(b'{"ok": true, "id": "7"}'), Content_Encoding=coding))
        made = await bench()

        answer = await made.http(kit.adapter_at(here.url))[0].get("/x", returns=kit.Answered)

        assert answer.id == "7"

    async def test_a_head_and_a_204_have_no_body(self, bench, peer, kit):
        here = await peer(
            b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\nContent-Encoding: br\r\nETag: x\r\n\r\n",
            b"HTTP/1.1 204 No Content\r\n\r\n",
        )
        made = await bench()
        http, _ = made.http(kit.adapter_at(here.url))

        assert (await http.send("HEAD", "/x")).headers["etag"] == "x"
        assert await http.delete("/x") is None
        assert here.connections == 1

    async def test_equal_header_names_are_joined(self, bench, peer, kit):
        here = await peer(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-A: 1\r\nx-a: 2\r\n\r\n{}")
        made = await bench()

        assert (await made.http(kit.adapter_at(here.url))[0].send("GET", "/x")).headers["x-a"] == "1, 2"

    async def test_a_host_gets_a_bounded_number_of_connections(self, bench, peer, kit):
        async def slow(seen, writer):
            await asyncio.sleep(0.02)
            writer.write(kit.reply())

        here = await peer(slow)
        made = await bench(caps=Caps(per_host=3))
        adapter = kit.adapter_at(here.url)

        await asyncio.gather(*(made.http(adapter)[0].get("/x") for _ in range(12)))

        assert here.connections == 3


class TestPresign:
    auth = SigV4(service="s3")

    async def test_a_link_is_made_with_the_credential_and_nothing_is_sent(self, bench, peer, kit):
        here = await peer()
        made = await bench(credentials={"access_key_id": "AKIA-INVENTED", "secret_access_key": "s3-invented"})
        http, trace = made.http(kit.adapter_at(here.url, auth=self.auth))

        link = http.presign("GET", "/bucket/key", seconds=60)

        assert link.startswith(f"{here.url}/bucket/key?")
        assert "X-Amz-Expires=60" in link
        assert "s3-invented" not in link
        assert here.requests == []
        assert trace.host == "127.0.0.1"

    async def test_temporary_keys_make_none_for_it_would_hold_their_token(self, bench, kit):
        keys = {"access_key_id": "AKIA-INVENTED", "secret_access_key": "s3-invented", "session_token": "invented/token+=="}
        made = await bench(credentials=keys)
        http, _ = made.http(kit.adapter_at("https://s3.example.com", auth=self.auth))

        with pytest.raises(Refused, match="session token") as refused:
            http.presign("GET", "/bucket/key", seconds=60)

        assert "invented" not in str(refused.value)

    @pytest.mark.parametrize("seconds", [0, -1, 604_801])
    async def test_its_life_has_limits(self, bench, kit, seconds):
        made = await bench(credentials={"access_key_id": "a", "secret_access_key": "b"})

        with pytest.raises(Refused):
            made.http(kit.adapter_at("https://s3.example.com", auth=self.auth))[0].presign("GET", "/b/k", seconds=seconds)

    async def test_other_ways_of_signing_in_make_none(self, bench, kit):
        made = await bench()

        with pytest.raises(Rejected):
            made.http(kit.adapter_at("https://api.example.com"))[0].presign("GET", "/x", seconds=60)

    async def test_it_is_guarded(self, bench, kit):
        made = await bench(allow=(), credentials={"access_key_id": "a", "secret_access_key": "b"})

        with pytest.raises(Refused):
            made.http(kit.adapter_at("https://169.254.169.254", auth=self.auth))[0].presign("GET", "/x", seconds=60)
        assert made.revealed == []


async def test_the_request_that_an_adapter_makes_by_hand_meets_the_same_rules(bench, peer, kit):
    here = await peer()
    made = await bench()
    http, _ = made.http(kit.adapter_at(here.url))

    for request in (
        Request("GET", "/x", headers=(("Authorization", "Bearer mine"),)),
        Request("GET", f"{here.url}/x"),
        Request("GET", "//127.0.0.1/x"),
        Request("TRACE", "/x"),
    ):
        with pytest.raises(Refused):
            await http.sender(request)

    assert here.requests == []
    assert made.revealed == []
