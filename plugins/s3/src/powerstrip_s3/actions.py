"""What can be done with objects and buckets, and the values to choose from.

Source: Amazon S3 API reference, https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations.html. Buckets stand in the path
("path style"), which every S3 store understands.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from urllib.parse import quote, unquote_plus

from powerstrip.adapter import Account, Choice, Content, Http, Page, Query, Rejected, segment
from powerstrip_s3.models import (
    BucketInfo,
    BucketQuery,
    Buckets,
    Copied,
    Copy,
    Deleted,
    Entries,
    Entry,
    Info,
    Link,
    Listing,
    Object,
    Put,
    Ref,
    Share,
    Stored,
)
from powerstrip_s3.provider import s3
from powerstrip_s3.xml import Element, fill, parse, text

META = "x-amz-meta-"


@s3.action("object.put", title="Store an object", idempotent=True)
async def put(http: Http, object: Put) -> Stored:
    """Store an object, replacing any with the same key."""
    bucket = _bucket(http, object.bucket)
    headers = {"Content-Type": object.content_type} | {META + name: value for name, value in object.metadata.items()}
    reply = await http.send("PUT", _path(bucket, object.key), content=object.body, headers=headers)
    return Stored(
        bucket=bucket,
        key=object.key,
        etag=_etag(reply.headers.get("etag", "")),
        size=object.body.size,
        version_id=reply.headers.get("x-amz-version-id"),
    )


@s3.action("object.get", title="Read an object", read_only=True)
async def get(http: Http, ref: Ref) -> Object:
    """Read an object of any size with what is known about it."""
    bucket = _bucket(http, ref.bucket)
    reply = await http.download(_path(bucket, ref.key))
    body = reply.content or Content(reply.body, media_type=reply.headers.get("content-type"))
    return fill(Object, _info(bucket, ref.key, reply.headers) | {"size": body.size, "body": body})


@s3.action("object.head", title="Look at an object", read_only=True)
async def head(http: Http, ref: Ref) -> Info:
    """Tell an object's size, type, time and metadata without reading it."""
    bucket = _bucket(http, ref.bucket)
    reply = await http.send("HEAD", _path(bucket, ref.key))
    return fill(Info, _info(bucket, ref.key, reply.headers) | {"size": reply.headers.get("content-length")})


@s3.action("object.list", title="List objects", read_only=True)
async def list_objects(http: Http, listing: Listing) -> Entries:
    """List objects under a prefix, a thousand at a time."""
    root = await _list(http, listing)
    decode = _decoder(root)
    return Entries(
        entries=[_entry(node, decode) for node in root.iterfind("Contents")],
        prefixes=[decode(node.text or "") for node in root.iterfind("CommonPrefixes/Prefix")],
        next=_next(root),
    )


@s3.action("object.copy", title="Copy an object", idempotent=True)
async def copy(http: Http, wanted: Copy) -> Copied:
    """Copy an object within the store, with its metadata, replacing any of the target's name."""
    source = _bucket(http, wanted.source_bucket)
    target = wanted.target_bucket or source
    headers = {"x-amz-copy-source": _path(source, wanted.source_key)}
    reply = await http.send("PUT", _path(target, wanted.target_key), headers=headers)
    root = parse(reply.body)
    made = {"etag": _etag(text(root, "ETag")), "last_modified": text(root, "LastModified")}
    return fill(Copied, {"bucket": target, "key": wanted.target_key, **made})


@s3.action("object.delete", title="Delete an object", idempotent=True, destructive=True)
async def delete(http: Http, ref: Ref) -> Deleted:
    """Delete an object. One that is not there is fine."""
    bucket = _bucket(http, ref.bucket)
    reply = await http.send("DELETE", _path(bucket, ref.key))
    return Deleted(
        bucket=bucket,
        key=ref.key,
        delete_marker=reply.headers.get("x-amz-delete-marker") == "true",
        version_id=reply.headers.get("x-amz-version-id"),
    )


@s3.action("object.presign", title="Make a link to an object", read_only=True)
async def presign(http: Http, share: Share) -> Link:
    """Make a link that reads one object for a while. Nothing is sent, so nobody looks whether the object is there."""
    path = _path(_bucket(http, share.bucket), share.key)
    return Link(url=http.presign("GET", path, seconds=share.expires_in), expires_in=share.expires_in)


@s3.action("bucket.list", title="List buckets", read_only=True)
async def list_buckets(http: Http, query: BucketQuery) -> Buckets:
    """List the buckets of the account; Amazon gives 10,000 at once, unless a limit is given."""
    params = {"max-buckets": query.limit, "continuation-token": query.cursor}
    root = parse((await http.send("GET", "/", params=params)).body)
    found = root.iterfind("Buckets/Bucket")
    rows = [fill(BucketInfo, {"name": text(n, "Name"), "created_at": text(n, "CreationDate")}) for n in found]
    return Buckets(buckets=rows, next=text(root, "ContinuationToken") or None)


@s3.picker("bucket")
async def buckets(http: Http, query: Query) -> Page:
    """Buckets of the account; only the integration's own where the key may not list them."""
    try:
        found = await list_buckets(http, BucketQuery(cursor=query.cursor))
    except Rejected:
        if not (own := http.config.get("bucket")):
            raise
        return Page([Choice(own, own)])
    return Page([Choice(each.name, each.name) for each in found.buckets], found.next)


@s3.picker("prefix", searches=True, depends=("bucket",))
async def prefixes(http: Http, query: Query) -> Page:
    """Folders of the bucket: those at the top, or those below what is typed."""
    bucket = query.values.get("bucket")
    root = await _list(http, Listing(bucket=bucket, prefix=query.search, delimiter="/", cursor=query.cursor))
    decode = _decoder(root)
    found = [decode(node.text or "") for node in root.iterfind("CommonPrefixes/Prefix")]
    return Page([Choice(prefix, prefix) for prefix in found], _next(root))


@s3.account
async def account(http: Http) -> Account:
    """The owner of the buckets. Where the key may not list buckets, the integration's own bucket stands for it."""
    try:
        root = parse((await http.send("GET", "/")).body)
    except Rejected:
        if not (own := http.config.get("bucket")):
            raise
        await _list(http, Listing(bucket=own, limit=1))
        return Account(id=f"bucket:{own}", name=own)
    owner = text(root, "Owner/ID")
    return Account(id=owner or "unnamed", name=text(root, "Owner/DisplayName") or owner or "Unnamed owner")


def _bucket(http: Http, given: str | None) -> str:
    """The bucket of a call. Raises `Rejected` where neither call nor integration names one."""
    bucket = given or http.config.get("bucket")
    if not bucket:
        raise Rejected("Say in which bucket: give a bucket, or set one on the integration")
    return bucket


def _path(bucket: str, key: str) -> str:
    """The object's path, everything but unreserved characters and slashes encoded, as SigV4 wants it."""
    if any(part in (".", "..") for part in key.split("/")):
        raise Rejected('A key with "." or ".." between its slashes is not sent: on the way it would become another key')
    return f"/{segment(bucket)}/{quote(key, safe='/-_.~')}"


async def _list(http: Http, listing: Listing) -> Element:
    """One page of ListObjectsV2. Names are asked for url-encoded: XML cannot hold all that a key may."""
    params = {
        "list-type": 2,
        "encoding-type": "url",
        "max-keys": listing.limit,
        "prefix": listing.prefix or None,
        "delimiter": listing.delimiter or None,
        "continuation-token": listing.cursor,
    }
    return parse((await http.send("GET", f"/{segment(_bucket(http, listing.bucket))}", params=params)).body)


def _decoder(root: Element) -> Callable[[str], str]:
    """How names are written in this list: not every store does as it is asked."""
    return unquote_plus if text(root, "EncodingType") == "url" else str


def _entry(node: Element, decode: Callable[[str], str]) -> Entry:
    values = {
        "key": decode(text(node, "Key")),
        "size": text(node, "Size"),
        "last_modified": text(node, "LastModified"),
        "etag": _etag(text(node, "ETag")),
        "storage_class": text(node, "StorageClass"),
    }
    return fill(Entry, values)


def _next(root: Element) -> str | None:
    return text(root, "NextContinuationToken") or None if text(root, "IsTruncated") == "true" else None


def _etag(text: str) -> str:
    return text.strip('"')


def _info(bucket: str, key: str, headers: Mapping[str, str]) -> dict[str, object]:
    """What an answer's headers tell of an object, but for its size."""
    return {
        "bucket": bucket,
        "key": key,
        "content_type": headers.get("content-type"),
        "etag": _etag(headers.get("etag", "")),
        "last_modified": _date(headers.get("last-modified", "")),
        "metadata": {name.removeprefix(META): value for name, value in headers.items() if name.startswith(META)},
        "version_id": headers.get("x-amz-version-id"),
    }


def _date(text: str) -> datetime | None:
    """A header's date; none for an odd one, which says nothing about the object's content."""
    try:
        return parsedate_to_datetime(text)
    except ValueError:
        return None
