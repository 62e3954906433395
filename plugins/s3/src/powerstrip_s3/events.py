"""What S3 tells: objects made and removed, sent through an Amazon SNS topic or by an EventBridge rule.

The bucket notifies the topic, and the topic calls the hub; S3's own form of message and EventBridge's are read. Or the bucket
notifies EventBridge, and a rule calls the hub as an API destination, whose connection puts a key into a header.
Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html,
https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html,
https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html and
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-target-connection-auth.html.
"""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Literal, cast
from urllib.parse import unquote_plus

from powerstrip.adapter import Delivery, Incoming, Model, Rejected, StaticToken, Verify
from powerstrip.adapter.auth import Settings
from powerstrip.adapter.signatures import sns_signature
from powerstrip_s3.provider import s3


class _Change(Model):
    bucket: str
    key: str
    """The object's name."""
    version_id: str | None = None
    """Its version, in a bucket that keeps versions."""
    cause: str
    """What made S3 tell, in its words: `Put`, `Copy`, `CompleteMultipartUpload`, `Delete`, `DeleteMarkerCreated`."""
    occurred_at: datetime


@s3.event("object.created")
class ObjectCreated(_Change):
    """An object was put, copied or uploaded, or replaced."""

    change: Literal["created"]
    size: int | None = None
    """Bytes."""
    etag: str | None = None


@s3.event("object.removed")
class ObjectRemoved(_Change):
    """An object was deleted, or hidden by a delete marker."""

    change: Literal["removed"]


@s3.event("subscription.requested")
class SubscriptionRequested(Model):
    """The topic asks whether the hub wants its messages. Open the link to say yes; it is good for three days."""

    change: Literal["subscription"]
    topic_arn: str
    confirm_url: str


def scheme(settings: Settings) -> Verify:
    """How the deliveries of an integration prove themselves: by SNS's signature, or by the key of an EventBridge connection."""
    if settings.get("webhook") != "eventbridge":
        return sns_signature()
    how = "AWS, EventBridge, API destinations, the connection: authorization by API key, named X-Webhook-Token, with this value."
    return StaticToken(header="x-webhook-token", label="API key", help=how)


@s3.webhook(verify=sns_signature(), by=scheme)
def receive(delivery: Delivery) -> Incoming | list[Incoming]:
    """The changes in one message. S3's message that tries a new notification out holds none."""
    match delivery.json():
        case {"source": "aws.s3", "id": str(id)} as event:
            return [Incoming(change, key=id) for change in _changes(event)]
        case {"Type": "Notification", "MessageId": str(id), "Message": str(text)}:
            return [Incoming(change, key=f"{id}/{place}") for place, change in enumerate(_changes(_inner(text)))]
        case {"Type": "SubscriptionConfirmation", "MessageId": str(id), "TopicArn": str(topic), "SubscribeURL": str(url)}:
            return Incoming({"change": "subscription", "topic_arn": topic, "confirm_url": url}, key=id)
        case {"Type": "UnsubscribeConfirmation"}:
            return []
        case _:
            raise Rejected("This is no message of Amazon SNS or EventBridge")


def _inner(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise Rejected("The topic's message is not of S3") from None


def _changes(message: Any) -> Iterator[dict[str, Any]]:
    match message:
        case {"Records": [*records]}:
            yield from (change for record in records if (change := _of_record(record)))
        case {"source": "aws.s3", "detail-type": str(kind), "time": str(time), "detail": {"bucket": bucket, "object": thing}}:
            if change := {"Object Created": "created", "Object Deleted": "removed"}.get(kind):
                yield _change(change, str(message["detail"].get("reason") or kind), time, bucket, thing)
        case {"Event": "s3:TestEvent"}:
            return
        case _:
            raise Rejected("The topic's message is not of S3")


def _of_record(record: Any) -> dict[str, Any] | None:
    """A change in S3's own form, whose keys are written as in a query; None for other news, such as a restore."""
    match record:
        case {"eventName": str(name), "eventTime": str(time), "s3": {"bucket": bucket, "object": {"key": str(key)} as thing}}:
            family, _, cause = name.partition(":")
            change = {"ObjectCreated": "created", "ObjectRemoved": "removed"}.get(family)
            plain = {**cast(dict[str, Any], thing), "key": unquote_plus(key)}
            return _change(change, cause, time, bucket, plain) if change else None
        case _:
            raise Rejected("The topic's message is not of S3")


def _change(change: str, cause: str, time: str, bucket: Any, thing: Any) -> dict[str, Any]:
    match bucket, thing:
        case {"name": str(name)}, {"key": str(key)}:
            about = cast(dict[str, Any], thing)
        case _:
            raise Rejected("The topic's message names no object")
    found = {"bucket": name, "key": key, "version_id": about.get("versionId") or about.get("version-id")}
    if change == "created":
        found |= {"size": about.get("size"), "etag": about.get("eTag") or about.get("etag")}
    return {"change": change, **found, "cause": cause, "occurred_at": time}
