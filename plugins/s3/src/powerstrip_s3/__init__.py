"""S3: keep, read, list and share objects in Amazon S3 or any store that speaks its protocol."""

from powerstrip_s3 import actions, events, models, polls
from powerstrip_s3.actions import get, list_objects, presign, put
from powerstrip_s3.models import Listing, Put, Ref, Share
from powerstrip_s3.provider import s3

__all__ = [
    "Listing",
    "Put",
    "Ref",
    "Share",
    "actions",
    "events",
    "get",
    "list_objects",
    "models",
    "polls",
    "presign",
    "put",
    "s3",
]
