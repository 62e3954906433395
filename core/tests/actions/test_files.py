"""Files in and out of calls."""

import asyncio
import base64
import errno
import hashlib
import os
import resource
import stat
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from callhouse import House
from sqlmodel import Session
from werkzeug import Response

from powerstrip.actions import Files
from powerstrip.clock import now, rfc3339
from powerstrip.problems import BadInput, NotFound, StoreUnavailable, TooLarge, Unprocessable
from powerstrip.store import StoredFile

BIG = os.urandom(3 * 1024 * 1024)


async def pieces(data: bytes, size: int = 100_000) -> AsyncIterator[bytes]:
    for at in range(0, len(data), size):
        yield data[at : at + size]


async def broken() -> AsyncIterator[bytes]:
    yield b"the beginning"
    raise ConnectionResetError


def lying_in(house: House) -> list[Path]:
    folders = ("files", "streams")
    return [path for folder in folders for path in (house.settings.data / folder).iterdir() if path.is_file()]


async def test_a_file_is_kept_as_it_came(house: House, database_url: str) -> None:
    row = await house.files.put(house.project.id, house.actor, pieces(BIG), name="Größe.bin", media_type="image/png")

    found, path = await house.files.get(house.project.id, row.id)

    assert (found.size, found.sha256) == (len(BIG), hashlib.sha256(BIG).hexdigest())
    assert (found.name, found.media_type) == ("Größe.bin", "image/png")
    assert path.read_bytes() == BIG
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.name == row.id
    assert [each.id for each in await house.files.list(house.project.id)] == [row.id]
    (told,) = await house.audited("create", row.id)
    assert told.changes == {"size": len(BIG), "media_type": "image/png"}


@contextmanager
def full_disk(size: int) -> Iterator[None]:
    """No file of this process grows beyond `size` bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


async def test_a_full_disk_is_told_and_leaves_nothing(house: House) -> None:
    with full_disk(2_000_000), pytest.raises(StoreUnavailable, match="File too large") as caught:
        await house.files.put(house.project.id, house.actor, pieces(BIG))

    assert (caught.value.code, caught.value.retry_after) == ("disk_unavailable", 60)
    assert str(house.settings.data) not in caught.value.message
    assert lying_in(house) == []
    assert await house.all(StoredFile) == []


async def test_a_call_whose_answer_the_disk_refuses_has_an_end(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    await house.connect()
    house.peer.say("GET /file", Response(BIG, 200, content_type="image/png"))
    monkeypatch.setattr("powerstrip.actions.files._measured", refuse)

    result = await house.call("acme.file.get", {"id": "1"})

    assert (result.status, result.error_type) == ("failed", "unavailable")
    assert "No space left on device" in (result.error or "")
    assert str(house.settings.data) not in (result.error or "")
    [row] = await house.actions.list(house.project.id)
    assert (row.status, row.error_message) == ("failed", result.error)
    assert lying_in(house) == []


def refuse(path: Path) -> None:
    raise OSError(errno.ENOSPC, "No space left on device", str(path))


async def test_a_file_belongs_to_its_project(house: House) -> None:
    row = await house.files.put(house.project.id, house.actor, pieces(b"x"))
    elsewhere = await house.make_project("elsewhere")

    for id in (row.id, "file_missing", "../../etc/passwd", ""):
        with pytest.raises(NotFound):
            await house.files.get(elsewhere.id, id)
        with pytest.raises(NotFound):
            await house.files.delete(elsewhere.id, house.actor, id)
    assert lying_in(house)


async def test_what_is_too_large_broken_off_or_ill_named_leaves_nothing(house: House) -> None:
    small = Files(house.store, house.settings.data / "files", house.vault.audit, limit=1000)

    with pytest.raises(TooLarge) as caught:
        await small.put(house.project.id, house.actor, pieces(BIG))
    with pytest.raises(ConnectionResetError):
        await house.files.put(house.project.id, house.actor, broken())
    for media_type in ("", "text", "text/plain\r\nX: y", "/", "té/xt", "image/png, text/html", 'text/plain; charset="x'):
        with pytest.raises(BadInput):
            await house.files.put(house.project.id, house.actor, pieces(b"x"), media_type=media_type)
    with pytest.raises(BadInput):
        await house.files.put(house.project.id, house.actor, pieces(b"x"), name="a\u202eb")

    assert caught.value.details == {"limit_bytes": 1000}
    assert lying_in(house) == []
    assert await house.all(StoredFile) == []


async def test_a_file_is_deleted_with_its_content(house: House) -> None:
    row = await house.files.put(house.project.id, house.actor, pieces(b"x"))

    await house.files.delete(house.project.id, house.actor, row.id)

    assert lying_in(house) == []
    with pytest.raises(NotFound):
        await house.files.delete(house.project.id, house.actor, row.id)
    assert len(await house.audited("delete", row.id)) == 1


async def test_the_sweep_removes_what_is_old_and_nothing_else(house: House) -> None:
    old, young = [await house.files.put(house.project.id, house.actor, pieces(b"x")) for _ in range(2)]
    folder = house.settings.data / "files"
    for name, age in (("file_stray", 50), ("file_fresh", 0), ("notes.txt", 50)):
        (folder / name).write_bytes(b"y")
        os.utime(folder / name, times=(now().timestamp() - age * 3600,) * 2)

    def age(session: Session) -> None:
        row = session.get(StoredFile, old.id)
        assert row is not None
        row.expires_at = rfc3339(now() - timedelta(seconds=1))

    await house.store.write(age)
    with pytest.raises(NotFound, match="expired"):
        await house.files.get(house.project.id, old.id)
    assert await house.files.sweep() == 2

    assert {path.name for path in lying_in(house)} == {young.id, "file_fresh", "notes.txt"}


async def test_a_stored_file_goes_out_as_it_is(house: House) -> None:
    await house.connect()
    row = await house.files.put(house.project.id, house.actor, pieces(BIG), media_type="image/png")

    result = await house.call("acme.file.put", {"body": {"file": row.id}})

    assert result.output == {"etag": "e-1", "size": len(BIG)}
    assert house.peer.requests[-1][2] == BIG
    call = await house.actions.get(house.project.id, result.invocation_id)
    assert call.parameters == {"body": {"file": row.id}}


async def test_inline_content_goes_out_and_is_not_kept_in_the_log(house: House) -> None:
    await house.connect()
    data = os.urandom(5000)

    result = await house.call("acme.file.put", {"body": base64.b64encode(data).decode()})

    assert house.peer.requests[-1][2] == data
    call = await house.actions.get(house.project.id, result.invocation_id)
    assert call.parameters == {"body": {"omitted": {"characters": 6668}}}


async def test_a_file_of_another_project_cannot_be_sent(house: House) -> None:
    await house.connect()
    elsewhere = await house.make_project("elsewhere")
    theirs = await house.files.put(elsewhere.id, house.actor, pieces(b"secret plans"))

    errors: list[str] = []
    for id in (theirs.id, "file_missing"):
        with pytest.raises(Unprocessable) as caught:
            await house.call("acme.file.put", {"body": {"file": id}})
        errors.append(f"{caught.value.code} {caught.value.message}")

    assert len(set(errors)) == 1
    assert house.peer.requests == []


@pytest.mark.parametrize("size", [1000, 300_000, len(BIG)])
async def test_a_large_answer_becomes_a_file_and_a_small_one_stays(house: House, size: int) -> None:
    """In memory and on disk: the edge writes answers of more than a megabyte to the folder."""
    await house.connect()
    house.peer.say("GET /file", Response(BIG[:size], 200, content_type="image/png"))

    result = await house.call("acme.file.get", {"id": "logo"})

    assert result.output is not None
    body = result.output["body"]
    if size <= 256 * 1024:
        assert base64.b64decode(body) == BIG[:size]
        assert lying_in(house) == []
        return
    assert body == {"file": body["file"], "size": size, "media_type": "image/png"}
    row, path = await house.files.get(house.project.id, body["file"])
    assert path.read_bytes() == BIG[:size]
    assert row.sha256 == hashlib.sha256(BIG[:size]).hexdigest()
    assert lying_in(house) == [path]
    again = await house.call("acme.file.put", {"body": {"file": body["file"]}})
    assert again.status == "completed"
    assert house.peer.requests[-1][2] == BIG[:size]


async def test_a_failed_download_leaves_nothing(house: House) -> None:
    await house.connect()
    house.peer.say("GET /file", Response(BIG, 500, content_type="image/png"))

    result = await house.call("acme.file.get", {})

    assert result.status == "failed"
    assert lying_in(house) == []


async def test_many_files_at_once(house: House) -> None:
    rows = await asyncio.gather(
        *(house.files.put(house.project.id, house.actor, pieces(bytes([number]) * 200_000)) for number in range(10))
    )

    for number, row in enumerate(rows):
        _, path = await house.files.get(house.project.id, row.id)
        assert path.read_bytes() == bytes([number]) * 200_000
