"""What OpenAI tells when long work ends. A webhook is made at platform.openai.com: Settings, Project, Webhooks.

Source: platform.openai.com/docs/guides/webhooks and .../api-reference/webhook-events. The event holds the id of what it is about.
"""

from datetime import datetime
from typing import Any

from pydantic import ConfigDict, Field

from powerstrip.adapter import Delivery, Incoming, Model, Rejected, variant
from powerstrip.adapter.signatures import openai_signature
from powerstrip_openai.provider import openai


class Subject(Model):
    """What the event is about: read it with its id."""

    model_config = ConfigDict(extra="allow")

    id: str = Field(examples=["resp_0123456789abcdef"])


class _Event(Model):
    id: str = Field(examples=["evt_0123456789abcdef"])
    created_at: datetime
    data: Subject


TYPES = {
    "response.completed": "An answer that was made in the background is there: read it with response.get.",
    "response.failed": "An answer in the background failed.",
    "response.incomplete": "An answer in the background was cut off.",
    "response.cancelled": "An answer in the background was cancelled.",
    "batch.completed": "A batch of requests is done.",
    "batch.failed": "A batch could not be begun: its file is not valid.",
    "batch.expired": "A batch was not done in its time.",
    "batch.cancelled": "A batch was cancelled.",
    "fine_tuning.job.succeeded": "A model was trained.",
    "fine_tuning.job.failed": "The training of a model failed.",
    "fine_tuning.job.cancelled": "The training of a model was cancelled.",
    "eval.run.succeeded": "A run of an evaluation is done.",
    "eval.run.failed": "A run of an evaluation failed.",
    "eval.run.canceled": "A run of an evaluation was cancelled.",
}
"""Event → what it says. All have one form."""

for _kind, _words in TYPES.items():
    openai.event(_kind)(variant(_Event, _kind, _words, {"type": _kind}))


@openai.webhook(verify=openai_signature())
def receive(delivery: Delivery) -> Incoming:
    """One event a delivery. Its id dedupes."""
    event: Any = delivery.json()
    match event:
        case {"id": str(key), "type": str(), "data": {}}:
            return Incoming(event, key)
        case _:
            raise Rejected("This is not an event of OpenAI")
