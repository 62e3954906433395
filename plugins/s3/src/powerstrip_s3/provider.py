"""The S3 adapter's object, its settings, and how S3 says no."""

from typing import Annotated, Literal

from pydantic import Field

from powerstrip.adapter import (
    Adapter,
    AuthFailed,
    Model,
    Pick,
    PowerstripError,
    RateLimited,
    Rejected,
    Response,
    SigV4,
    Unavailable,
)
from powerstrip_s3.xml import error_of

Bucket = Annotated[str, Pick("bucket"), Field(min_length=3, max_length=255, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
"""A bucket's name. Stores other than Amazon's allow more than its 63 lower-case letters, digits, dots and hyphens."""


class Settings(Model):
    """Where the objects are."""

    region: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,40}$")] = Field("us-east-1", title="Region")
    """The region of the buckets, such as `eu-central-1`. Cloudflare R2 takes `auto`."""
    endpoint: Annotated[str, Field(max_length=500, pattern=r"^https?://")] | None = Field(None, title="Endpoint")
    """Address of another S3 store, such as `https://minio.example.com:9000`. Amazon's own when left out."""
    bucket: Bucket | None = Field(None, title="Bucket")
    """The bucket for calls that name none."""
    webhook: Literal["sns", "eventbridge"] = Field("sns", title="Events come by")
    """Through an Amazon SNS topic, or from an EventBridge rule whose target is an API destination."""


s3 = Adapter(
    id="s3",
    title="Amazon S3",
    description="Keep, read, list and share objects in Amazon S3 or any store that speaks its protocol.",
    category="Storage",
    base_url="https://s3.{region}.amazonaws.com",
    base_url_field="endpoint",
    auth=SigV4(
        service="s3",
        help="In the AWS console: IAM, Users, the user, Security credentials, Create access key. Shown once, with its key id.",
    ),
    config=Settings,
    aka=("aws", "aws s3", "object storage", "minio", "cloudflare r2", "wasabi", "backblaze b2", "digitalocean spaces", "ceph"),
    docs_url="https://docs.aws.amazon.com/AmazonS3/latest/API/Welcome.html",
    icon="s3",
)

_KEY_REFUSED = ("ExpiredToken", "InvalidAccessKeyId", "InvalidToken", "SignatureDoesNotMatch", "TokenRefreshRequired")
_BUSY = ("RequestLimitExceeded", "SlowDown", "TooManyRequests")
_BROKEN = ("InternalError", "RequestTimeout", "ServiceUnavailable")
_ELSEWHERE = ("AuthorizationHeaderMalformed", "IllegalLocationConstraintException", "PermanentRedirect", "TemporaryRedirect")
_WORDLESS = {
    403: "Access denied, or no such object in a bucket whose list you may not read (403)",
    404: "There is no such object or bucket (404)",
}
"""What a status means when S3 says nothing, as in an answer to HEAD."""


@s3.errors
def check(response: Response) -> PowerstripError | None:
    """S3 names an error in XML, even with status 200 when a copy fails half way.

    A refused access to one object says nothing about the key, so it is a refusal of this call.
    Source: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html.
    """
    status, failure = response.status, error_of(response)
    code, words = failure.code, failure.words
    if not code:
        return Rejected(_WORDLESS[status], status) if status in _WORDLESS and not response.body else None
    if code in _KEY_REFUSED:
        return AuthFailed(words)
    if code in _BUSY:
        return RateLimited(words)
    if code in _BROKEN:
        return Unavailable(words)
    if code in _ELSEWHERE or 300 <= status < 400:
        region = response.headers.get("x-amz-bucket-region")
        where = f"the bucket is in {region}: set the integration's region to it" if region else "check the integration's region"
        return Rejected(f"{words} ({where})", status)
    return Rejected(words, status) if status < 300 or status == 403 else None
