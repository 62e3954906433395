"""What the S3 actions take and give."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import ConfigDict, Field

from powerstrip.adapter import Content, Model, Pick
from powerstrip_s3.provider import Bucket

Key = Annotated[str, Field(min_length=1, max_length=1024)]
"""An object's name, with slashes as people use folders. Parts that are `.` or `..` are refused."""
HeaderText = Annotated[str, Field(max_length=1000, pattern=r"^[\x20-\x7e]*$")]
"""Text that fits into a header: ASCII."""
Metadata = dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,100}$")], HeaderText]


def _examples(*inputs: dict[str, Any]) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": list(inputs)})


class InBucket(Model):
    """Where to look."""

    bucket: Bucket | None = None
    """The bucket. The integration's own when left out."""


class Ref(InBucket):
    """Which object."""

    model_config = _examples({"bucket": "reports", "key": "2026/q3.pdf"})

    key: Key
    """The object's name, such as `2026/q3.pdf`."""


class Put(Ref):
    """An object to keep."""

    model_config = _examples({"bucket": "reports", "key": "hello.txt", "body": "SGVsbG8h", "content_type": "text/plain"})

    body: Content
    """The content: base64, or a reference to a file uploaded to the hub. At most 5 GB."""
    content_type: Annotated[HeaderText, Field(min_length=1)] = "application/octet-stream"
    """What kind of content it is, as a media type."""
    metadata: Metadata = Field(default_factory=dict[str, str])
    """Names and values of yours to keep with it, in ASCII, 2 KB altogether."""


class Copy(Model):
    """What to copy, and where to."""

    model_config = _examples({"source_bucket": "reports", "source_key": "2026/q3.pdf", "target_key": "archive/q3.pdf"})

    source_bucket: Bucket | None = None
    """The bucket to copy from. The integration's own when left out."""
    source_key: Key
    """The object to copy, at most 5 GB."""
    target_bucket: Bucket | None = None
    """The bucket to copy to. The one that is copied from when left out."""
    target_key: Key
    """The name of the copy. An object with this name is replaced."""


class Listing(InBucket):
    """Which objects."""

    model_config = _examples({"bucket": "reports", "prefix": "2026/", "limit": 100})

    prefix: Annotated[str, Pick("prefix"), Field(max_length=1024)] = ""
    """Only names that begin with this."""
    delimiter: Annotated[str, Field(max_length=10)] = ""
    """`/` to list one level as folders: deeper names are put together in `prefixes`."""
    limit: Annotated[int, Field(ge=1, le=1000)] = 1000
    """How many at most, 1000 being S3's limit."""
    cursor: Annotated[str, Field(max_length=4096)] | None = None
    """`next` of the page before."""


class Share(Ref):
    """What to share, and for how long."""

    model_config = _examples({"bucket": "reports", "key": "2026/q3.pdf", "expires_in": 3600})

    expires_in: Annotated[int, Field(ge=1, le=604_800)] = 3600
    """Seconds until the link ends, at most seven days."""


class BucketQuery(Model):
    """Which buckets. Source: the S3 API's ListBuckets."""

    model_config = _examples({})

    limit: Annotated[int, Field(ge=1, le=10_000)] | None = None
    """How many at most. Stores other than Amazon's may give all of them."""
    cursor: Annotated[str, Field(max_length=1024)] | None = None
    """`next` of the page before."""


class Stored(Model):
    """An object that was kept."""

    bucket: str
    key: str
    etag: str
    """Tells one content from another."""
    size: int
    """Bytes."""
    version_id: str | None = None
    """Only in a bucket that keeps versions."""


class Info(Model):
    """What is known about an object."""

    bucket: str
    key: str
    size: int
    """Bytes."""
    content_type: str = "application/octet-stream"
    etag: str
    last_modified: datetime | None = None
    metadata: dict[str, str] = Field(default_factory=dict[str, str])
    version_id: str | None = None


class Object(Info):
    """An object with its content."""

    body: Content


class Copied(Model):
    """The copy."""

    bucket: str
    key: str
    etag: str
    last_modified: datetime | None = None


class Deleted(Model):
    """What is gone. S3 says the same of an object that never was."""

    bucket: str
    key: str
    delete_marker: bool = False
    """True in a bucket that keeps versions: the object is hidden, its versions stay."""
    version_id: str | None = None


class Entry(Model):
    """One object of a list."""

    key: str
    size: int
    """Bytes."""
    last_modified: datetime
    etag: str
    storage_class: str = "STANDARD"


class Entries(Model):
    """One page of a bucket's list, by name."""

    entries: list[Entry]
    prefixes: list[str] = Field(default_factory=list[str])
    """With a delimiter: the folders of this level."""
    next: str | None = None
    """Cursor of the following page; none on the last one."""


class Link(Model):
    """A link for whoever has it."""

    url: Annotated[str, Field(json_schema_extra={"format": "uri"})]
    expires_in: int
    """Seconds until it ends."""


class BucketInfo(Model):
    """One bucket."""

    name: str
    created_at: datetime | None = None


class Buckets(Model):
    """The buckets of the account."""

    buckets: list[BucketInfo]
    next: str | None = None
