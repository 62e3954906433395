"""The S3 adapter against two stores: SeaweedFS, which checks signatures, and moto. boto3 looks on."""

import functools
import hashlib
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from parts.servers import Store
from parts.through_the_edge import Connected, connected

from powerstrip.adapter import AuthFailed, Content, Rejected, Since
from powerstrip_s3 import s3
from powerstrip_s3.polls import Watched, look

pytestmark = pytest.mark.part

MANY = 1003
LARGE = 50 * 1024 * 1024
ODD_KEYS = [
    "plain.txt",
    "with space.txt",
    "a+b=c&d.txt",
    "100%/50%25.txt",
    "grüße/日本語/🎉.txt",
    "quote'\"<>&amp;.txt",
    "..hidden/...three/a..b",
    "tilde~star*paren()!;:@$,.txt",
    "question?hash#.txt",
]


@functools.cache  # making one takes a fifth of a second
def client_of(store: Store) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=store.url,
        region_name="us-east-1",
        aws_access_key_id=store.access_key_id,
        aws_secret_access_key=store.secret_access_key,
        config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}, request_checksum_calculation="when_required"),
    )


@pytest.fixture
def client(store: Store) -> Any:
    return client_of(store)


@pytest.fixture
def bucket(client: Any) -> str:
    name = f"b-{uuid.uuid4().hex[:12]}"
    client.create_bucket(Bucket=name)
    return name


@pytest.fixture
async def objects(store: Store, bucket: str, tmp_path: Path) -> AsyncIterator[Connected]:
    async with connected(s3, store.url, tmp_path, store.credentials, bucket=bucket) as connection:
        yield connection


@pytest.fixture
async def strict(weed: Store, tmp_path: Path) -> AsyncIterator[Connected]:
    """The store that knows people, for what only it can refuse."""
    async with connected(s3, weed.url, tmp_path, weed.credentials) as connection:
        yield connection


def reads(url: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


async def test_an_object_is_kept_with_its_type_and_metadata(objects: Connected, client: Any, bucket: str) -> None:
    stored = await objects.call(
        "object.put", key="hello.txt", body="SGVsbG8h", content_type="text/plain; charset=utf-8", metadata={"order": "42"}
    )
    assert (stored.size, stored.etag) == (6, hashlib.md5(b"Hello!").hexdigest())

    seen = client.get_object(Bucket=bucket, Key="hello.txt")
    assert seen["Body"].read() == b"Hello!"
    assert seen["ContentType"] == "text/plain; charset=utf-8"
    assert seen["Metadata"] == {"order": "42"}

    head = await objects.call("object.head", key="hello.txt")
    assert (head.size, head.content_type, head.metadata) == (6, "text/plain; charset=utf-8", {"order": "42"})
    assert head.etag == stored.etag
    assert head.last_modified == seen["LastModified"]

    read = await objects.call("object.get", key="hello.txt")
    assert read.body.read() == b"Hello!"
    assert (read.size, read.content_type, read.etag) == (6, "text/plain; charset=utf-8", stored.etag)


async def test_an_empty_object_is_an_object(objects: Connected) -> None:
    await objects.call("object.put", key="empty", body="")
    assert (await objects.call("object.get", key="empty")).body.read() == b""
    assert (await objects.call("object.head", key="empty")).size == 0


@pytest.mark.parametrize("key", ODD_KEYS)
async def test_a_key_comes_back_as_it_was_given(objects: Connected, client: Any, bucket: str, key: str) -> None:
    await objects.call("object.put", key=key, body="SGVsbG8h")
    assert client.get_object(Bucket=bucket, Key=key)["Body"].read() == b"Hello!"
    assert [entry.key for entry in (await objects.call("object.list")).entries] == [key]
    assert [entry.key for entry in (await objects.call("object.list", prefix=key[:6])).entries] == [key]
    assert (await objects.call("object.head", key=key)).key == key
    await objects.call("object.copy", source_key=key, target_key="copy/" + key)
    assert (await objects.call("object.get", key="copy/" + key)).body.read() == b"Hello!"
    link = await objects.call("object.presign", key=key)
    assert reads(link.url) == (200, b"Hello!")
    await objects.call("object.delete", key=key)
    assert client.list_objects_v2(Bucket=bucket, Prefix=key[:6]).get("KeyCount") == 0


@pytest.mark.parametrize("key", ["../escape", "a/../b", "a/./b", "..", "a/.."])
async def test_a_key_that_would_climb_is_refused(objects: Connected, key: str) -> None:
    for action, input in {
        "object.put": {"key": key, "body": ""},
        "object.get": {"key": key},
        "object.delete": {"key": key},
        "object.presign": {"key": key},
        "object.copy": {"source_key": key, "target_key": "fine"},
    }.items():
        with pytest.raises(Rejected, match="is not sent"):
            await objects.call(action, **input)


async def test_more_than_a_thousand_keys_come_in_pages(objects: Connected, client: Any, bucket: str) -> None:
    keys = [f"many/{number:05d}" for number in range(MANY)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda key: client.put_object(Bucket=bucket, Key=key, Body=b""), keys))

    first = await objects.call("object.list", prefix="many/")
    assert len(first.entries) == 1000
    second = await objects.call("object.list", prefix="many/", cursor=first.next)
    assert [entry.key for entry in first.entries + second.entries] == keys
    assert second.next is None


async def test_folders_are_listed_and_offered(objects: Connected, bucket: str) -> None:
    for key in ("2025/a.txt", "2026/b.txt", "2026/q3/c.txt", "top.txt"):
        await objects.call("object.put", key=key, body="SGVsbG8h")
    level = await objects.call("object.list", delimiter="/")
    assert ([entry.key for entry in level.entries], level.prefixes) == (["top.txt"], ["2025/", "2026/"])
    assert [choice.value for choice in (await objects.pick("prefix")).choices] == ["2025/", "2026/"]
    assert [choice.value for choice in (await objects.pick("prefix", "2026/", bucket=bucket)).choices] == ["2026/q3/"]


async def test_a_copy_goes_to_another_bucket_with_its_metadata(objects: Connected, client: Any, bucket: str) -> None:
    await objects.call("object.put", key="a", body="SGVsbG8h", content_type="text/plain", metadata={"by": "us"})
    other = f"other-{bucket}"
    client.create_bucket(Bucket=other)
    copied = await objects.call("object.copy", source_key="a", target_bucket=other, target_key="b")
    seen = client.get_object(Bucket=other, Key="b")
    assert (seen["Body"].read(), seen["ContentType"], seen["Metadata"]) == (b"Hello!", "text/plain", {"by": "us"})
    assert copied.etag == seen["ETag"].strip('"')


async def test_deleting_twice_is_fine(objects: Connected) -> None:
    await objects.call("object.put", key="gone", body="")
    for _ in range(2):
        assert (await objects.call("object.delete", key="gone")).key == "gone"
    with pytest.raises(Rejected, match="404"):
        await objects.call("object.head", key="gone")
    with pytest.raises(Rejected, match="NoSuchKey"):
        await objects.call("object.get", key="gone")


async def test_buckets_are_listed_and_offered(objects: Connected, bucket: str) -> None:
    assert bucket in [each.name for each in (await objects.call("bucket.list")).buckets]
    assert bucket in [choice.value for choice in (await objects.pick("bucket")).choices]


async def test_a_missing_bucket_is_refused_in_the_stores_words(objects: Connected) -> None:
    with pytest.raises(Rejected, match="NoSuchBucket"):
        await objects.call("object.list", bucket="no-such-bucket-here")


async def test_fifty_megabytes_are_streamed_both_ways(objects: Connected, client: Any, bucket: str, tmp_path: Path) -> None:
    source = tmp_path / "large.bin"
    piece = hashlib.sha512(b"invented").digest() * 16_384
    with source.open("wb") as file:
        for number in range(LARGE // len(piece)):
            file.write(number.to_bytes(4) + piece[4:])
    content = Content(path=source)
    digest = content.sha256()

    stored = await objects.call("object.put", key="large.bin", body=content)
    assert stored.size == client.head_object(Bucket=bucket, Key="large.bin")["ContentLength"] == LARGE
    read = await objects.call("object.get", key="large.bin")
    assert read.body.path is not None, "a large answer lies on disk, not in memory"
    assert (read.body.size, read.body.sha256()) == (LARGE, digest)


async def test_a_link_ends_with_its_signature(strict: Connected, weed: Store) -> None:
    client_of(weed).create_bucket(Bucket="links")
    await strict.call("object.put", bucket="links", key="shared.txt", body="SGVsbG8h")
    url = (await strict.call("object.presign", bucket="links", key="shared.txt", expires_in=60)).url
    assert reads(url) == (200, b"Hello!")
    assert reads(url.replace("shared.txt", "other.txt"))[0] == 403
    assert reads(url.replace("X-Amz-Expires=60", "X-Amz-Expires=600"))[0] == 403
    assert weed.secret_access_key not in urllib.parse.unquote(url)


async def test_a_wrong_secret_expires_the_integration(strict: Connected, weed: Store) -> None:
    stranger = Connected(strict.edge, s3, {}, weed.credentials | {"secret_access_key": "wrong"})
    with pytest.raises(AuthFailed, match="SignatureDoesNotMatch"):
        await stranger.account()
    unknown = Connected(strict.edge, s3, {}, weed.credentials | {"access_key_id": "AKIAINVENTED0000NONE"})
    with pytest.raises(AuthFailed, match="InvalidAccessKeyId"):
        await unknown.account()


async def test_a_forbidden_bucket_says_nothing_about_the_key(strict: Connected, weed: Store) -> None:
    client = client_of(weed)
    for name in ("shared", "private"):
        client.create_bucket(Bucket=name)
    await strict.call("object.put", bucket="shared", key="a", body="SGVsbG8h")
    reader = dict(zip(("access_key_id", "secret_access_key"), weed.reader, strict=True))
    guest = Connected(strict.edge, s3, {"bucket": "shared"}, reader)
    assert (await guest.call("object.get", key="a")).body.read() == b"Hello!"
    with pytest.raises(Rejected, match="AccessDenied"):
        await guest.call("object.put", key="a", body="")
    with pytest.raises(Rejected, match="AccessDenied"):
        await guest.call("object.list", bucket="private")
    assert "shared" in [choice.value for choice in (await guest.pick("bucket")).choices]


async def test_the_owner_is_the_account(objects: Connected) -> None:
    first, second = await objects.account(), await objects.account()
    assert first.id
    assert first == second


async def test_a_poll_finds_what_is_made_replaced_and_removed(objects: Connected, client: Any, bucket: str) -> None:
    for key in ("old.txt", *ODD_KEYS):
        client.put_object(Bucket=bucket, Key=key, Body=b"1")
    http, watch = objects.http("poll"), Watched()
    first = await look(http, Since(watch))
    assert list(first.events) == []
    assert list((await look(http, Since(watch, first.cursor))).events) == []
    client.put_object(Bucket=bucket, Key="grüße/neu.txt", Body=b"2")
    client.put_object(Bucket=bucket, Key="old.txt", Body=b"another content")
    client.delete_object(Bucket=bucket, Key=ODD_KEYS[1])
    found = await look(http, Since(watch, first.cursor))
    told = sorted((s3.name_event(each.data), each.data["key"]) for each in found.events)
    assert told == [("object.created", "grüße/neu.txt"), ("object.created", "old.txt"), ("object.removed", ODD_KEYS[1])]
    assert list((await look(http, Since(watch, found.cursor))).events) == []
