"""The hub behind its real server: what a hostile peer can send before our code sees a request."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from powerstrip.cli import server as serving

from .conftest import House


@dataclass
class Served:
    """A hub on a loopback port."""

    house: House
    port: int

    async def talk(self, raw: bytes, *, seconds: float = 2.0) -> bytes:
        """Send these bytes; everything that comes back until the peer closes or falls silent."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        found = b""
        try:
            writer.write(raw)
            async with asyncio.timeout(seconds):
                while piece := await reader.read(65536):
                    found += piece
        except (TimeoutError, ConnectionError):
            pass
        writer.close()
        return found

    def post(self, *lines: str, body: bytes = b"") -> bytes:
        head = ["POST /v1/projects HTTP/1.1", "Host: hub", f"Authorization: Bearer {self.house.first.key}", *lines]
        return "\r\n".join([*head, "", ""]).encode("latin-1") + body


@pytest.fixture
async def served(house) -> AsyncIterator[Served]:
    bound = serving.listener("127.0.0.1", 0)
    server = serving.Server(house.hub.app, bound)
    task = asyncio.create_task(server.run_on())
    await serving.started(server, task)
    await house.hub.app.warm()
    yield Served(house, bound.getsockname()[1])
    server.stop()
    await task


def statuses(answer: bytes) -> list[int]:
    return [int(line.split()[1]) for line in answer.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")]


JSON = "Content-Type: application/json"
NAMED = b'{"name": 5}'
CHUNKED = b"b\r\n" + NAMED + b"\r\n0\r\n\r\n"
SECOND = b"GET /v1/projects/smuggled HTTP/1.1\r\nHost: hub\r\n\r\n"


async def test_requests_are_never_told_apart_in_two_ways(served) -> None:
    """Smuggling: a request whose end two parsers see in two places gets one answer at most, and the connection ends."""
    attempts = {
        "TE and CL": served.post(JSON, "Content-Length: 4", "Transfer-Encoding: chunked", body=CHUNKED + SECOND),
        "CL and CL": served.post(JSON, "Content-Length: 11", "Content-Length: 12", body=NAMED + SECOND),
        "CL list": served.post(JSON, "Content-Length: 11, 11", body=NAMED + SECOND),
        "CL sign": served.post(JSON, "Content-Length: +11", body=NAMED + SECOND),
        "TE unknown": served.post(JSON, "Transfer-Encoding: xchunked", body=CHUNKED + SECOND),
        "TE not last": served.post(JSON, "Transfer-Encoding: chunked, identity", body=CHUNKED + SECOND),
        "obs-fold": served.post(JSON, "X-A: b\r\n  Content-Length: 5", "Content-Length: 11", body=NAMED),
        "space before colon": served.post(JSON, "Content-Length : 11", body=NAMED),
        "NUL in a header": served.post(JSON, "X-A: a\0b", "Content-Length: 11", body=NAMED),
        "chunk extension with a line feed": served.post(
            JSON, "Transfer-Encoding: chunked", body=b"b;x\n" + NAMED + b"\r\n0\r\n\r\n"
        ),
        "chunk size with a prefix": served.post(JSON, "Transfer-Encoding: chunked", body=b"0xb\r\n" + NAMED + b"\r\n0\r\n\r\n"),
        "chunk size beyond 64 bits": served.post(JSON, "Transfer-Encoding: chunked", body=b"f" * 20 + b"\r\n"),
    }
    for name, raw in attempts.items():
        found = statuses(await served.talk(raw))
        assert found == [400], (name, found)


async def test_a_chunked_body_is_read_and_limited(served) -> None:
    fine = await served.talk(served.post(JSON, "Transfer-Encoding: chunked", "Connection: close", body=CHUNKED))
    assert statuses(fine) == [400]
    assert b"name" in fine
    piece = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    large = await served.talk(served.post(JSON, "Transfer-Encoding: chunked", "Connection: close", body=piece * 40), seconds=5)
    assert statuses(large) == [413]


async def test_heads_beyond_the_limits(served) -> None:
    attempts = {
        "10,000 headers": ("\r\n".join(f"X-{number}: a" for number in range(10_000)), 431),
        "64 KB header": ("X-A: " + "a" * 65_536, 431),
        "17 KB header": ("X-A: " + "a" * 17_000, 431),
        "99 headers": ("\r\n".join(f"X-{number}: a" for number in range(99)), 431),
    }
    for name, (lines, status) in attempts.items():
        found = statuses(await served.talk(served.post(lines, JSON, "Content-Length: 11", "Connection: close", body=NAMED)))
        assert found == [status], (name, found)


async def test_a_head_that_does_not_end_is_refused(served) -> None:
    """Also where the headers never come to an end, or one of them never does."""
    endless = {
        "headers": served.post(*(f"X-{number}: a" for number in range(20_000)))[:-2],
        "a header": served.post("X-A: " + "a" * 200_000)[:-4],
        "an address": b"GET /" + b"a" * 200_000,
    }
    for name, raw in endless.items():
        answer = await served.talk(raw)
        assert statuses(answer) == [431], name
        assert b'"code":"headers_too_large"' in answer


async def test_a_head_that_comes_too_slowly_ends_the_connection(served, monkeypatch) -> None:
    monkeypatch.setattr(serving, "HEAD_SECONDS", 0.2)
    assert await served.talk(b"", seconds=5) == b""
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    writer.write(b"GET /health HTTP/1.1\r\nHost: hub\r\n\r\n")
    assert (await reader.readuntil(b"}")).startswith(b"HTTP/1.1 200")  # a whole head stops the clock
    writer.write(b"GET /health HTTP/1.1\r\n")
    assert await asyncio.wait_for(reader.read(), 5) == b""
    writer.close()


async def test_what_is_no_http_is_told_in_the_one_shape(served) -> None:
    answer = await served.talk(b"GET / HTTP/1.1\r\nno header\r\n\r\n")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert statuses(head) == [400]
    assert b"connection: close" in head
    assert json.loads(body)["error"]["code"] == "invalid_request"


async def test_a_broken_body_brings_no_second_answer(served) -> None:
    """The hub has answered by the head alone (a wrong key); what follows in the body is not answered, too."""
    raw = b"POST /v1/projects HTTP/1.1\r\nHost: hub\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    writer.write(raw)
    first = await reader.readuntil(b"\r\n\r\n")
    assert statuses(first) == [401]
    writer.write(b"zz\r\n")
    rest = await asyncio.wait_for(reader.read(), 5)
    assert statuses(rest) == []
    writer.close()


async def test_noise_is_refused_and_the_hub_lives_on(served) -> None:
    for noise in (
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: hub\r\n\r\n",
        b"\r\n" * 1000,
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: hub\r\n\r\n",
        b"\x00" * 1000,
    ):
        answer = await served.talk(noise, seconds=0.5)
        assert not [status for status in statuses(answer) if status >= 500 or status < 400], noise[:20]
    answer = await served.talk(b"GET /health HTTP/1.1\r\nHost: hub\r\nConnection: close\r\n\r\n")
    assert statuses(answer) == [200]


async def test_addresses_with_odd_octets(served) -> None:
    for path in (
        "/v1/projects/%00",
        "/v1/projects/%ff%fe",
        "/v1/projects/a%2fb",
        "/v1/projects/..%2f..%2fetc",
        "//v1//projects",
        "*",
    ):
        raw = f"GET {path} HTTP/1.1\r\nHost: hub\r\nConnection: close\r\nAuthorization: Bearer {served.house.first.key}\r\n\r\n"
        found = statuses(await served.talk(raw.encode()))
        assert len(found) == 1
        assert found[0] < 500, path


async def test_a_client_that_leaves_in_the_middle_harms_nobody(served) -> None:
    for _ in range(20):
        _, writer = await asyncio.open_connection("127.0.0.1", served.port)
        writer.write(served.post(JSON, "Content-Length: 1000", body=b'{"name"'))
        await writer.drain()
        writer.close()
    answer = await served.talk(b"GET /health HTTP/1.1\r\nHost: hub\r\nConnection: close\r\n\r\n")
    assert statuses(answer) == [200]


async def test_a_large_file_streams_through(served) -> None:
    size = 3 * 1024 * 1024
    raw = (
        f"POST /v1/projects/main/files?name=big.bin HTTP/1.1\r\nHost: hub\r\nConnection: close\r\nContent-Length: {size}\r\n"
        f"Content-Type: application/octet-stream\r\nAuthorization: Bearer {served.house.first.key}\r\n\r\n"
    )
    answer = await served.talk(raw.encode() + b"z" * size, seconds=10)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert statuses(head) == [201], answer[:300]
    assert json.loads(body)["size"] == size
