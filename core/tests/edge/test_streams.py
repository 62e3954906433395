"""Large bodies, both ways: they pass through and are not held."""

import hashlib
import tracemalloc

import pytest

from powerstrip.adapter import Content, SigV4, Unavailable
from powerstrip.edge import Caps, NoAnswer, Refused

MEGABYTE = 1024 * 1024
PIECE = bytes(range(256)) * 1024  # 256 KiB


class Sink:
    """A peer that reads a body in pieces and remembers only its digest."""

    def __init__(self):
        self.size, self.digest, self.head = 0, hashlib.sha256(), b""

    async def serve(self, reader, writer):
        self.head = await reader.readuntil(b"\r\n\r\n")
        length = int(self.head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        self.size, self.digest = 0, hashlib.sha256()
        while self.size < length:
            data = await reader.read(65536)
            self.size += len(data)
            self.digest.update(data)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nETag: x\r\n\r\n{}")
        await writer.drain()
        writer.close()


@pytest.fixture
async def sink():
    import asyncio

    made = Sink()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield made
    server.close()


@pytest.fixture
def big(tmp_path):
    path = tmp_path / "big"
    path.write_bytes(PIECE * 80)  # 20 MB
    return path


def download(megabytes: int, **headers: str):
    async def answer(seen, writer):
        lines = [f"{name}: {value}\r\n" for name, value in headers.items()]
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {megabytes * MEGABYTE}\r\n{''.join(lines)}\r\n".encode())
        for _ in range(megabytes * 4):
            writer.write(PIECE)
            await writer.drain()

    return answer


class Memory:
    def __enter__(self):
        tracemalloc.start()
        return self

    def __exit__(self, *_):
        self.peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()


@pytest.mark.parametrize("auth", [None, SigV4(service="s3")], ids=["key", "signed over the body"])
async def test_20_mb_go_up_without_being_held(bench, sink, kit, big, auth):
    made = await bench(
        credentials={"api_key": "pm-invented", "access_key_id": "AKIA-INVENTED", "secret_access_key": "s-invented"}
    )
    http, trace = made.http(kit.adapter_at(sink.url, auth=auth))

    with Memory() as memory:
        await http.put("/object", content=Content(path=big))

    assert sink.size == 20 * MEGABYTE
    assert sink.digest.hexdigest() == Content(path=big).sha256()
    assert b"content-length: 20971520" in sink.head.lower()
    assert b"transfer-encoding" not in sink.head.lower()
    assert auth is None or sink.digest.hexdigest().encode() in sink.head
    assert memory.peak < 6 * MEGABYTE
    assert trace.attempts == 1


async def test_a_repeat_sends_the_whole_body_again(bench, peer, kit, big, clockwork):
    here = await peer(kit.reply(500), kit.reply())
    made = await bench(tempo=clockwork.tempo)

    await made.http(kit.adapter_at(here.url), idempotent=True, deadline=1e9)[0].put("/object", content=Content(path=big))

    assert [len(seen.body) for seen in here.requests] == [20 * MEGABYTE] * 2


async def test_20_mb_come_down_to_disk_without_being_held(bench, peer, kit):
    here = await peer(download(20, **{"Content-Type": "video/mp4"}))
    made = await bench()
    http, trace = made.http(kit.adapter_at(here.url))

    with Memory() as memory:
        answer = await http.download("/object")

    content = answer.content
    assert (content.size, content.media_type) == (20 * MEGABYTE, "video/mp4")
    assert content.sha256() == hashlib.sha256(PIECE * 80).hexdigest()
    assert content.path.stat().st_mode & 0o777 == 0o600
    assert memory.peak < 8 * MEGABYTE
    assert trace.files == [content.path]
    assert here.requests[0].headers["accept-encoding"] == "identity"

    trace.discard()

    assert not content.path.exists()


async def test_a_small_download_stays_in_memory(bench, peer, kit, tmp_path):
    here = await peer(kit.reply(200, b"small", Content_Type="text/plain"))
    made = await bench()
    http, trace = made.http(kit.adapter_at(here.url))

    answer = await http.download("/object")

    assert (answer.content.read(), answer.content.media_type, answer.body) == (b"small", "text/plain", b"")
    assert trace.files == []
    assert list((tmp_path / "streams").iterdir()) == []


async def test_a_download_has_a_cap_of_its_own(bench, peer, kit, tmp_path):
    here = await peer(b"HTTP/1.1 200 OK\r\n\r\n" + PIECE * 20)
    made = await bench(caps=Caps(body=1024, download=3 * MEGABYTE))

    with pytest.raises(Refused):
        await made.http(kit.adapter_at(here.url))[0].download("/object")

    assert list((tmp_path / "streams").iterdir()) == []


async def test_a_cut_download_leaves_nothing(bench, peer, kit, tmp_path):
    async def cut(seen, writer):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 20000000\r\n\r\n" + PIECE * 10)
        await writer.drain()
        writer.close()

    here = await peer(cut)
    made = await bench()
    http, trace = made.http(kit.adapter_at(here.url))

    with pytest.raises(NoAnswer):
        await http.download("/object")

    assert list((tmp_path / "streams").iterdir()) == []
    assert trace.files == []


async def test_an_error_instead_of_a_download_is_read_and_told(bench, peer, kit):
    here = await peer(kit.reply(500, b'{"message": "no disk"}'))
    made = await bench()

    with pytest.raises(Unavailable, match="no disk"):
        await made.http(kit.adapter_at(here.url))[0].download("/object")


async def test_a_disk_that_cannot_be_written_is_our_trouble(bench, peer, kit, tmp_path):
    here = await peer(download(3))
    made = await bench()
    (tmp_path / "streams").rmdir()

    with pytest.raises(Refused, match="operator"):
        await made.http(kit.adapter_at(here.url))[0].download("/object")


async def test_what_an_earlier_process_left_is_cleared(bench, tmp_path):
    streams = tmp_path / "streams"
    streams.mkdir()
    (streams / "left.part").write_bytes(b"x")
    (streams / "other").write_bytes(b"x")

    await bench()

    assert [path.name for path in streams.iterdir()] == ["other"]


async def test_a_secret_in_a_streamed_answer_is_not_written_to_disk(bench, peer, kit):
    line = f"x-echo: {kit.SECRET}\n".encode()
    body = line * (3 * MEGABYTE // len(line))
    there = await peer(kit.reply(200, body))
    http, trace = (await bench()).http(kit.adapter_at(there.url))

    reply = await http.download("/file")

    kept = reply.content.path.read_bytes()
    assert kept == body.replace(kit.SECRET.encode(), b"[secret]")
    trace.discard()
