"""Looking for objects by listing them, for stores that tell nobody.

A list is by name and not by time, so every look reads all of it, and holds it against what was there before. That is kept in the
cursor: every name with a mark of its content while that fits, so that removals are told too; for more objects the marks alone,
which tells what is new and not what is gone. The marks are 40 bits each: of 8,000 objects one in a hundred million new ones may
be missed.
Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html. A multipart upload has the time of its beginning,
which is why times alone would miss some.
"""

import base64
import hashlib
import json
import zlib
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import UTC, datetime
from typing import Annotated, cast

from pydantic import Field

from powerstrip.adapter import Http, Incoming, Model, Pick, Polled, Rejected, Since
from powerstrip_s3.actions import list_objects
from powerstrip_s3.models import Entry, Listing
from powerstrip_s3.provider import Bucket, s3

MAX_OBJECTS = 8000
ROOM = 60_000
"""Characters of a cursor."""
MARK = 5
"""Bytes."""


class Watched(Model):
    """Which objects to look at."""

    bucket: Bucket | None = None
    """The bucket. The integration's own when left out."""
    prefix: Annotated[str, Pick("prefix"), Field(max_length=1024)] = ""
    """Only names that begin with this. At most 8,000 objects may lie there."""


@s3.poll("object", seconds=300)
async def look(http: Http, since: Since[Watched]) -> Polled:
    """Find objects that were made, replaced or removed. Removals are told while all names fit into the cursor."""
    entries = [each async for each in _entries(http, Listing(bucket=since.watch.bucket, prefix=since.watch.prefix))]
    bucket = str(since.watch.bucket or http.config.get("bucket"))
    cursor = _cursor({each.key: _mark(each) for each in entries})
    if since.cursor is None:
        return Polled(cursor)
    names, marks = _before(since.cursor)
    made = [_created(bucket, each) for each in entries if _mark(each) not in marks]
    there = {each.key for each in entries}
    gone = [_removed(bucket, key, mark) for key, mark in names.items() if key not in there]
    return Polled(cursor, [*gone, *sorted(made, key=lambda each: each.data["occurred_at"])])


async def _entries(http: Http, listing: Listing) -> AsyncIterator[Entry]:
    """Every object of the list. Raises `Rejected` where there are too many to hold against each other."""
    count = 0
    while True:
        page = await list_objects(http, listing)
        count += len(page.entries)
        if count > MAX_OBJECTS:
            raise Rejected(
                f"More than {MAX_OBJECTS} objects lie there: watch a longer prefix, or let the bucket notify the hub's endpoint"
            )
        for entry in page.entries:
            yield entry
        if page.next is None:
            return
        listing = listing.model_copy(update={"cursor": page.next})


def _mark(entry: Entry) -> str:
    """Tells one content under one name from another."""
    told = json.dumps([entry.key, entry.etag, entry.last_modified.isoformat()])
    return base64.b32encode(hashlib.sha256(told.encode()).digest()[:MARK]).decode()


def _cursor(marks: Mapping[str, str]) -> str:
    """With the names where they fit."""
    text = "n" + _packed(json.dumps(marks, ensure_ascii=False).encode())
    if len(text) <= ROOM:
        return text
    return "m" + base64.b85encode(b"".join(base64.b32decode(mark) for mark in marks.values())).decode()


def _before(cursor: str) -> tuple[Mapping[str, str], frozenset[str]]:
    """Names with their marks, as far as they were kept, and all marks."""
    packed = base64.b85decode(cursor[1:])
    if cursor.startswith("n"):
        names = cast(dict[str, str], json.loads(zlib.decompress(packed)))
        return names, frozenset(names.values())
    return {}, frozenset(_marks(packed))


def _marks(packed: bytes) -> Iterator[str]:
    for start in range(0, len(packed), MARK):
        yield base64.b32encode(packed[start : start + MARK]).decode()


def _packed(data: bytes) -> str:
    return base64.b85encode(zlib.compress(data, 9)).decode()


def _created(bucket: str, entry: Entry) -> Incoming:
    data = {
        "change": "created",
        "bucket": bucket,
        "key": entry.key,
        "cause": "Listed",
        "occurred_at": entry.last_modified.isoformat(),
        "size": entry.size,
        "etag": entry.etag,
    }
    return Incoming(data, key=f"created/{bucket}/{_mark(entry)}/{entry.last_modified.isoformat()}")


def _removed(bucket: str, key: str, mark: str) -> Incoming:
    """When it was removed nobody tells: the time is that of the look."""
    at = datetime.now(UTC).isoformat()
    data = {"change": "removed", "bucket": bucket, "key": key, "cause": "Missing", "occurred_at": at}
    return Incoming(data, key=f"removed/{bucket}/{mark}/{hashlib.sha256(key.encode()).hexdigest()[:16]}")
