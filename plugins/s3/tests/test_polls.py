"""The poll: made, replaced and removed objects are found by holding two lists against each other."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from powerstrip.adapter import Http, Polled, Rejected, Request, Response, Since
from powerstrip_s3.polls import MAX_OBJECTS, Watched, look

BEGIN = datetime(2026, 11, 1, tzinfo=UTC)


class Bucket:
    """Objects by name, listed a thousand at a time."""

    def __init__(self, **objects: str) -> None:
        self.objects = {name: (etag, BEGIN) for name, etag in objects.items()}

    def put(self, name: str, etag: str, days: int = 1) -> None:
        self.objects[name] = (etag, BEGIN + timedelta(days=days))

    async def send(self, request: Request) -> Response:
        params = dict(request.params)
        names = sorted(name for name in self.objects if name.startswith(params.get("prefix", "")))
        start = int(params.get("continuation-token", 0))
        page, rest = names[start : start + 1000], len(names) > start + 1000
        rows = "".join(self._row(name) for name in page)
        token = f"<NextContinuationToken>{start + 1000}</NextContinuationToken>" if rest else ""
        more = f"<IsTruncated>{'true' if rest else 'false'}</IsTruncated>{token}"
        text = f"<ListBucketResult><EncodingType>url</EncodingType>{more}{rows}</ListBucketResult>"
        return Response(200, {"content-type": "application/xml"}, text.encode())

    def _row(self, name: str) -> str:
        etag, at = self.objects[name]
        facts = f"<LastModified>{at.isoformat()}</LastModified><ETag>&quot;{etag}&quot;</ETag><Size>3</Size>"
        return f"<Contents><Key>{quote(name)}</Key>{facts}</Contents>"

    async def look(self, cursor: str | None, prefix: str = "") -> Polled:
        return await look(Http(self.send, {"bucket": "reports"}), Since(Watched(prefix=prefix), cursor))


def told(polled: Polled) -> list[tuple[str, str]]:
    data: list[dict[str, Any]] = [each.data for each in polled.events]
    return [(each["change"], each["key"]) for each in data]


async def test_the_first_look_tells_nothing_and_the_next_what_changed() -> None:
    bucket = Bucket(a="1", b="1", c="1")
    first = await bucket.look(None)
    assert told(first) == []
    assert told(await bucket.look(first.cursor)) == []
    bucket.put("grüße/日本.txt", "1", days=2)
    bucket.put("b", "2", days=1)
    del bucket.objects["c"]
    second = await bucket.look(first.cursor)
    assert told(second) == [("removed", "c"), ("created", "b"), ("created", "grüße/日本.txt")]
    assert told(await bucket.look(second.cursor)) == []


async def test_an_object_with_an_older_time_is_found_too() -> None:
    """A multipart upload has the time of its beginning."""
    bucket = Bucket(a="1")
    bucket.put("b", "1", days=3)
    first = await bucket.look(None)
    bucket.put("late", "1", days=-3)
    assert told(await bucket.look(first.cursor)) == [("created", "late")]


async def test_repeats_have_the_same_key_and_another_content_another_one() -> None:
    bucket = Bucket(a="1")
    first = await bucket.look(None)
    bucket.put("a", "2")
    once, again = await bucket.look(first.cursor), await bucket.look(first.cursor)
    assert [each.key for each in once.events] == [each.key for each in again.events]
    bucket.put("a", "3")
    assert [each.key for each in (await bucket.look(first.cursor)).events] != [each.key for each in once.events]


async def test_many_objects_keep_marks_alone_and_too_many_are_refused() -> None:
    bucket = Bucket()
    for number in range(MAX_OBJECTS - 1):
        bucket.put(f"{number * 7919 % 100_003:x}-{number * 104_729:o}", "1")
    first = await bucket.look(None)
    assert len(first.cursor) <= 64 * 1024
    bucket.put("new", "1")
    gone = next(iter(bucket.objects))
    del bucket.objects[gone]
    assert told(await bucket.look(first.cursor)) == [("created", "new")]
    bucket.put("one", "1")
    bucket.put("two", "1")
    with pytest.raises(Rejected, match="longer prefix"):
        await bucket.look(first.cursor)


async def test_only_the_prefix_is_looked_at() -> None:
    bucket = Bucket(a="1")
    first = await bucket.look(None, "in/")
    bucket.put("in/x", "1")
    bucket.put("out/x", "1")
    assert told(await bucket.look(first.cursor, "in/")) == [("created", "in/x")]
