import json
import time
from typing import Any, cast

import pytest
from pydantic import ValidationError

from powerstrip.adapter import AuthFailed, Content, Delivery, Incoming, Query, RateLimited, Rejected, Response, Unavailable
from powerstrip.adapter.testing import check, provider
from powerstrip.adapter.testing.vectors import read_vectors
from powerstrip.inbound.verifying import run_vectors
from powerstrip_s3 import Listing, Put, Ref, Share, get, list_objects, presign, put, s3
from powerstrip_s3.actions import buckets, copy, delete, head, list_buckets, prefixes
from powerstrip_s3.events import receive, scheme
from powerstrip_s3.models import BucketQuery, Copy
from powerstrip_s3.xml import parse

test_contract = check(s3)

NS = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
REF = Ref(bucket="reports", key="a.txt")


def xml(text: str, status: int = 200, **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status, {"content-type": "application/xml", **named}, text.encode())


def error(code: str, status: int = 400, **headers: str) -> Response:
    text = f"<Error><Code>{code}</Code><Message>in S3's words</Message></Error>"
    return xml(f'<?xml version="1.0" encoding="UTF-8"?>\n{text}', status, **headers)


PAGE = xml(
    f"""<?xml version="1.0" encoding="UTF-8"?>
    <ListBucketResult {NS}><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>
    <Contents><Key>a%2Bb+c/%F0%9F%8E%89.txt</Key><Size>7</Size><LastModified>2026-01-02T03:04:05.000Z</LastModified>
    <ETag>&quot;abc&quot;</ETag><StorageClass>GLACIER</StorageClass></Contents>
    <CommonPrefixes><Prefix>2026+q1/</Prefix></CommonPrefixes><NextContinuationToken>t/0=</NextContinuationToken>
    </ListBucketResult>"""
)
OWNER = xml(
    f"""<ListAllMyBucketsResult {NS}><Owner><ID>75aa57f0</ID><DisplayName>ops</DisplayName></Owner>
    <Buckets><Bucket><Name>reports</Name><CreationDate>2026-01-02T03:04:05.000Z</CreationDate></Bucket>
    <Bucket><Name>odd</Name><CreationDate></CreationDate></Bucket></Buckets></ListAllMyBucketsResult>"""
)


async def test_an_object_is_streamed_out_with_its_headers() -> None:
    http = provider(s3, {"PUT /reports/2026/q%203%2B.pdf": Response(200, {"etag": '"abc"', "x-amz-version-id": "v1"})})
    content = Content(b"Hello")
    stored = await put(
        http, Put(bucket="reports", key="2026/q 3+.pdf", body=content, content_type="text/plain", metadata={"by": "us"})
    )
    assert (stored.etag, stored.size, stored.version_id) == ("abc", 5, "v1")
    request = http.sent[0]
    assert request.body is content, "it is handed on, not read"
    assert (request.header("content-type"), request.header("x-amz-meta-by")) == ("text/plain", "us")


@pytest.mark.parametrize("metadata", [{"by": "café"}, {"by": "a\r\nx: y"}, {"b y": "us"}, {"": "us"}])
def test_metadata_that_is_no_header_is_refused_before(metadata: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Put(bucket="reports", key="a", body=Content(), metadata=metadata)


async def test_an_object_is_read_as_content() -> None:
    headers = {
        "content-type": "text/plain",
        "etag": '"abc"',
        "last-modified": "Fri, 02 Jan 2026 03:04:05 GMT",
        "x-amz-meta-by": "us",
    }
    http = provider(s3, {"GET /reports/a.txt": Response(200, headers, b"Hello")})
    read = await get(http, REF)
    assert read.body.read() == b"Hello"
    assert (read.size, read.content_type, read.etag, read.metadata) == (5, "text/plain", "abc", {"by": "us"})
    assert read.last_modified is not None
    assert read.last_modified.isoformat() == "2026-01-02T03:04:05+00:00"
    assert http.sent[0].stream


async def test_an_answer_to_head_is_all_headers() -> None:
    http = provider(
        s3, {"HEAD /reports/a.txt": Response(200, {"content-length": "52428800", "etag": '"abc"', "last-modified": "?"})}
    )
    info = await head(http, REF)
    assert (info.size, info.etag, info.last_modified) == (52428800, "abc", None)


@pytest.mark.parametrize(("status", "words"), [(404, "no such object or bucket"), (403, "Access denied")])
async def test_a_refusal_without_words_gets_some(status: int, words: str) -> None:
    with pytest.raises(Rejected, match=words) as caught:
        await head(provider(s3, {"HEAD /reports/a.txt": Response(status)}), REF)
    assert caught.value.status == status


async def test_a_list_is_decoded_and_paged() -> None:
    http = provider(s3, {"GET /reports": PAGE})
    page = await list_objects(http, Listing(bucket="reports", prefix="a+b", cursor="t/ö"))
    (entry,) = page.entries
    assert (entry.key, entry.size, entry.etag, entry.storage_class) == ("a+b c/🎉.txt", 7, "abc", "GLACIER")
    assert (page.prefixes, page.next) == (["2026 q1/"], "t/0=")
    assert dict(http.sent[0].params) == {
        "list-type": "2",
        "encoding-type": "url",
        "max-keys": "1000",
        "prefix": "a+b",
        "continuation-token": "t/ö",
    }


async def test_a_store_that_encodes_nothing_is_read_as_it_writes() -> None:
    plain = "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>a+b%20c</Key><Size>0</Size><ETag>x</ETag>"
    plain += "<LastModified>2026-01-02T03:04:05Z</LastModified></Contents></ListBucketResult>"
    page = await list_objects(provider(s3, {"GET /reports": xml(plain)}), Listing(bucket="reports"))
    assert ([entry.key for entry in page.entries], page.next) == (["a+b%20c"], None)


async def test_an_odd_list_is_the_stores_fault() -> None:
    odd = (
        "<ListBucketResult><Contents><Key>a</Key><Size>many</Size><LastModified>now</LastModified></Contents></ListBucketResult>"
    )
    with pytest.raises(Unavailable, match="size"):
        await list_objects(provider(s3, {"GET /reports": xml(odd)}), Listing(bucket="reports"))


async def test_a_copy_names_its_source_in_a_header() -> None:
    done = (
        f"<CopyObjectResult {NS}><ETag>&quot;abc&quot;</ETag><LastModified>2026-01-02T03:04:05Z</LastModified></CopyObjectResult>"
    )
    http = provider(s3, {"PUT /reports/b.txt": xml(done)}, {"bucket": "reports"})
    copied = await copy(
        http, Copy(source_bucket="old.files", source_key="a b/ö.txt", target_bucket="reports", target_key="b.txt")
    )
    assert (copied.bucket, copied.key, copied.etag) == ("reports", "b.txt", "abc")
    assert http.sent[0].header("x-amz-copy-source") == "/old.files/a%20b/%C3%B6.txt"


@pytest.mark.parametrize(("code", "kind"), [("InternalError", Unavailable), ("SlowDown", RateLimited), ("NoSuchKey", Rejected)])
async def test_a_copy_that_fails_with_status_200_has_failed(code: str, kind: type[Exception]) -> None:
    failed = Response(200, {"content-type": "application/xml"}, b"\n   " + error(code).body)
    http = provider(s3, {"PUT /reports/b.txt": failed}, {"bucket": "reports"})
    with pytest.raises(kind, match=f"{code}: in S3's words"):
        await copy(http, Copy(source_key="a.txt", target_key="b.txt"))


async def test_a_delete_answers_without_a_body() -> None:
    http = provider(s3, {"DELETE /reports/a.txt": Response(204, {"x-amz-delete-marker": "true", "x-amz-version-id": "v2"})})
    gone = await delete(http, REF)
    assert (gone.delete_marker, gone.version_id) == (True, "v2")


async def test_a_link_is_made_without_sending() -> None:
    http = provider(s3, {}, {"bucket": "reports"})
    link = await presign(http, Share(key="a b.txt", expires_in=60))
    assert link.url.startswith("https://s3.{region}.amazonaws.com/reports/a%20b.txt?")
    assert http.sent == []
    with pytest.raises(ValidationError):
        Share(key="a", expires_in=604_801)


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (403, "InvalidAccessKeyId", AuthFailed),
        (403, "SignatureDoesNotMatch", AuthFailed),
        (400, "ExpiredToken", AuthFailed),
        (403, "AccessDenied", Rejected),
        (403, "RequestTimeTooSkewed", Rejected),
        (404, "NoSuchKey", Rejected),
        (404, "NoSuchBucket", Rejected),
        (503, "SlowDown", RateLimited),
        (500, "InternalError", Unavailable),
        (400, "RequestTimeout", Unavailable),
    ],
)
async def test_a_failure_is_shown_as_s3_said_it(status: int, code: str, kind: type[Exception]) -> None:
    http = provider(s3, {"GET /reports": error(code, status=status)})
    with pytest.raises(kind, match=f"^{code}: in S3's words$"):
        await list_objects(http, Listing(bucket="reports"))


async def test_a_bucket_elsewhere_tells_where() -> None:
    moved = error("PermanentRedirect", status=301, x_amz_bucket_region="eu-central-1")
    with pytest.raises(Rejected, match="the bucket is in eu-central-1: set the integration's region"):
        await list_objects(provider(s3, {"GET /reports": moved}), Listing(bucket="reports"))


@pytest.mark.parametrize("key", ["..", ".", "../b", "a/../b", "a/./b", "a/.."])
async def test_a_key_that_would_climb_is_refused_and_not_sent(key: str) -> None:
    http = provider(s3, {})
    for act in (get, head, delete):
        with pytest.raises(Rejected, match="is not sent"):
            await act(http, Ref(bucket="reports", key=key))
    with pytest.raises(Rejected, match="is not sent"):
        await copy(http, Copy(source_bucket="reports", source_key=key, target_key="b"))
    assert http.sent == []


@pytest.mark.parametrize("bucket", ["..", "a/b", "a b", "", "-a-", "a?b"])
def test_a_bucket_that_is_no_name_is_refused_before(bucket: str) -> None:
    with pytest.raises(ValidationError):
        Ref(bucket=bucket, key="a")


async def test_without_a_bucket_nothing_is_sent() -> None:
    http = provider(s3, {})
    with pytest.raises(Rejected, match="give a bucket, or set one on the integration"):
        await list_objects(http, Listing())
    assert http.sent == []


async def test_buckets_are_listed() -> None:
    http = provider(s3, {"GET /": OWNER})
    found = (await list_buckets(http, BucketQuery())).buckets
    assert [(bucket.name, bucket.created_at is None) for bucket in found] == [("reports", False), ("odd", True)]
    assert [choice.value for choice in (await buckets(http, Query())).choices] == ["reports", "odd"]


async def test_a_key_for_one_bucket_still_picks_and_connects() -> None:
    answers: dict[str, Any] = {"GET /": error("AccessDenied", status=403), "GET /reports": PAGE}
    http = provider(s3, answers, {"bucket": "reports"})
    assert s3.whoami is not None
    assert [choice.value for choice in (await buckets(http, Query())).choices] == ["reports"]
    assert (await s3.whoami(http)).id == "bucket:reports"
    lost = provider(s3, answers)
    for ask in (buckets(lost, Query()), s3.whoami(lost)):
        with pytest.raises(Rejected, match="AccessDenied"):
            await ask


async def test_the_account_is_the_owner() -> None:
    assert s3.whoami is not None
    account = await s3.whoami(provider(s3, {"GET /": OWNER}))
    assert (account.id, account.name) == ("75aa57f0", "ops")


async def test_folders_below_what_is_typed_are_offered() -> None:
    http = provider(s3, {"GET /other": PAGE}, {"bucket": "reports"})
    page = await prefixes(http, Query(search="2026", values={"bucket": "other"}))
    assert ([choice.value for choice in page.choices], page.next) == (["2026 q1/"], "t/0=")
    assert dict(http.sent[0].params)["delimiter"] == "/"


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE bomb [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(12))
    + "]><Error><Code>&m;</Code></Error>"
)


@pytest.mark.parametrize(
    "body",
    [
        BOMB.encode(),
        BOMB.encode("utf-16"),
        BOMB.encode("utf-16-le"),
        BOMB.replace('"1.0"', '"1.0" encoding="utf-7"').encode("utf-7"),
        b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><Error/>',
        b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><Error><Code>&e;</Code></Error>',
        b"<a/><!DOCTYPE",
        '<!DOCTYPE x [<!ENTITY a "aaaa">]><Error><Code>&a;</Code></Error>'.encode("utf-16-le"),
        '<!DOCTYPE x [<!ENTITY a "aaaa">]><Error><Code>&a;</Code></Error>'.encode("utf-16-be"),
    ],
)
async def test_a_document_with_entities_is_not_read(body: bytes) -> None:
    began = time.monotonic()
    with pytest.raises(Unavailable):
        parse(body)
    for status, kind in ((200, Unavailable), (400, Rejected), (500, Unavailable)):
        answer = Response(status, {"content-type": "application/xml"}, body)
        with pytest.raises(kind) as caught:
            await list_objects(provider(s3, {"GET /reports": answer}), Listing(bucket="reports"))
        assert not any(expanded in str(caught.value) for expanded in ("root:", "aaaa"))
    assert time.monotonic() - began < 1


@pytest.mark.parametrize("body", [b"", b"<html>", b"{}", b"<a>" * 100_000, b"\xff\xfe"])
async def test_what_is_no_xml_is_the_stores_fault(body: bytes) -> None:
    with pytest.raises(Unavailable, match="not S3's XML"):
        await list_objects(provider(s3, {"GET /reports": Response(200, {}, body)}), Listing(bucket="reports"))


@pytest.mark.parametrize("region", ["eu-central-1", "auto"])
def test_the_region_is_part_of_the_address(region: str) -> None:
    assert s3.config(region=region).model_dump()["region"] == region
    for odd in ("a.evil.test/", "EU", "a b", "", "x" * 41):
        with pytest.raises(ValidationError):
            s3.config(region=odd)


def told(message: object, **envelope: str) -> Delivery:
    body = {"Type": "Notification", "MessageId": "m1", "TopicArn": "arn:aws:sns:eu-central-1:1:t", "Message": json.dumps(message)}
    return Delivery(json.dumps({**body, **envelope}).encode())


def record(name: str, key: str) -> dict[str, Any]:
    thing = {"key": key, "size": 7, "eTag": "abc", "versionId": "v1"}
    return {"eventName": name, "eventTime": "2026-01-02T03:04:05.678Z", "s3": {"bucket": {"name": "reports"}, "object": thing}}


def test_a_message_of_s3_is_split_into_its_changes() -> None:
    records = [
        record("ObjectCreated:Put", "a+b/%C3%BC.txt"),
        record("ObjectRestore:Post", "x"),
        record("ObjectRemoved:Delete", "b"),
    ]
    events = receive(told({"Records": records}))
    assert isinstance(events, list)
    assert [(each.key, s3.name_event(each.data)) for each in events] == [("m1/0", "object.created"), ("m1/1", "object.removed")]
    assert (events[0].data["key"], events[0].data["size"], events[0].data["cause"]) == ("a b/ü.txt", 7, "Put")


def test_eventbridge_speaks_of_the_same() -> None:
    detail = {"bucket": {"name": "reports"}, "object": {"key": "a b.txt", "size": 7}, "reason": "PutObject"}
    message = {"source": "aws.s3", "detail-type": "Object Created", "time": "2026-01-02T03:04:05Z", "detail": detail}
    [event] = cast(list[Incoming], receive(told(message)))
    assert (s3.name_event(event.data), event.data["key"], event.data["cause"]) == ("object.created", "a b.txt", "PutObject")


def test_s3s_trial_message_holds_no_event() -> None:
    assert receive(told({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "reports"})) == []


def test_a_topic_that_asks_for_consent_is_shown_with_its_link() -> None:
    event = receive(
        told({}, Type="SubscriptionConfirmation", SubscribeURL="https://sns.eu-central-1.amazonaws.com/?Action=Confirm")
    )
    assert isinstance(event, Incoming)
    assert s3.name_event(event.data) == "subscription.requested"


@pytest.mark.parametrize("message", ["text", {"Records": [7]}, {"Records": [{"eventName": "x"}]}, {"other": 1}, []])
def test_a_message_of_something_else_is_refused(message: object) -> None:
    with pytest.raises(Rejected):
        receive(told(message))


async def test_buckets_come_page_by_page() -> None:
    body = (
        b"<ListAllMyBucketsResult><Buckets><Bucket><Name>one</Name></Bucket></Buckets>"
        b"<ContinuationToken>t2</ContinuationToken></ListAllMyBucketsResult>"
    )
    http = provider(s3, {"GET /": Response(200, {"content-type": "application/xml"}, body)})
    page = await buckets(http, Query(cursor="t1"))
    assert ([each.value for each in page.choices], page.next) == (["one"], "t2")
    assert ("continuation-token", "t1") in http.sent[0].params


PUSHED = {
    "version": "0",
    "id": "17793124-05d4-b198-2fde-7ededc63b103",
    "detail-type": "Object Created",
    "source": "aws.s3",
    "account": "111122223333",
    "time": "2026-11-12T00:00:00Z",
    "region": "eu-central-1",
    "resources": ["arn:aws:s3:::reports"],
    "detail": {
        "version": "0",
        "bucket": {"name": "reports"},
        "object": {"key": "q 1+.pdf", "size": 5, "etag": "abc", "version-id": "v1", "sequencer": "0A"},
        "request-id": "C3D",
        "requester": "111122223333",
        "reason": "PutObject",
    },
}
BY_RULE = {"webhook": "eventbridge"}


def test_an_eventbridge_rule_tells_the_same_and_a_repeat_is_known_by_its_id() -> None:
    [event] = cast(list[Incoming], receive(Delivery(json.dumps(PUSHED).encode())))
    assert (s3.name_event(event.data), event.key) == ("object.created", PUSHED["id"])
    told = {"bucket": "reports", "key": "q 1+.pdf", "version_id": "v1", "size": 5, "etag": "abc", "cause": "PutObject"}
    assert told.items() <= event.data.items()
    gone = PUSHED | {"detail-type": "Object Deleted"}
    [event] = cast(list[Incoming], receive(Delivery(json.dumps(gone).encode())))
    assert s3.name_event(event.data) == "object.removed"
    assert receive(Delivery(json.dumps(PUSHED | {"detail-type": "Object Tags Added"}).encode())) == []


@pytest.mark.parametrize("detail", [None, {}, {"bucket": {"name": "reports"}}, {"bucket": "reports", "object": {"key": "a"}}])
def test_an_eventbridge_event_that_names_no_object_is_refused(detail: Any) -> None:
    with pytest.raises(Rejected):
        receive(Delivery(json.dumps(PUSHED | {"detail": detail}).encode()))


async def test_an_eventbridge_rule_proves_itself_by_the_key_of_its_connection_and_by_nothing_else() -> None:
    signed = {"x-webhook-token": "invented-connection-key"}
    headers = {
        "genuine": signed,
        "another key": {"x-webhook-token": "invented-connection-keY"},
        "an empty key": {"x-webhook-token": ""},
        "no key": {},
        "the key in another header": {"x-api-key": "invented-connection-key"},
    }
    vectors = [
        {
            "id": id,
            "method": "POST",
            "url": "https://hub.example.com/v1/hooks/ep_x",
            "headers": given,
            "body": json.dumps(PUSHED),
            "secret": "invented-connection-key",
            "at": 1790000000,
            "valid": given == signed,
        }
        for id, given in headers.items()
    ]
    file = read_vectors(json.dumps({"provider": "s3", "vectors": vectors}).encode())
    assert [each.problem for each in await run_vectors(scheme(BY_RULE), file, receive)] == [""] * len(vectors)
    by_topic = await run_vectors(scheme({}), file, receive)
    assert [each.id for each in by_topic if each.problem] == ["genuine"], "an integration that hears a topic takes no key"
