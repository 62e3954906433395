"""What Intercom tells. Sources: developers.intercom.com, "Webhook topics" and "Webhook notifications".

An app's webhooks are set up in Intercom's Developer Hub: there is no API for them. A notification holds the thing itself.
"""

from typing import Any, Literal

from pydantic import ConfigDict, Field

from powerstrip.adapter import Delivery, Incoming, Model, Rejected, variant
from powerstrip.adapter.signatures import intercom_signature
from powerstrip_intercom.provider import intercom


class _Item(Model):
    model_config = ConfigDict(extra="allow")

    id: str = Field(examples=["63a0"])
    type: str = ""


class _Event(Model):
    app_id: str = Field(examples=["abcd1234"])
    """The workspace."""
    created_at: int = Field(examples=[1_700_000_000])
    """When it happened, in seconds since 1970."""
    item: _Item
    """The contact, conversation or ticket, as Intercom has it."""


EVENTS: dict[str, tuple[Any, str]] = {
    "conversation.created": (
        Literal["conversation.user.created", "conversation.admin.single.created", "conversation.contact.created"],
        "A conversation began.",
    ),
    "conversation.replied": (
        Literal["conversation.user.replied", "conversation.admin.replied", "conversation.contact.replied"],
        "Somebody replied in a conversation; `topic` says whether a contact or a teammate.",
    ),
    "conversation.closed": (Literal["conversation.admin.closed"], "A conversation was closed."),
    "conversation.opened": (Literal["conversation.admin.opened"], "A conversation was opened again."),
    "conversation.assigned": (Literal["conversation.admin.assigned"], "A conversation was given to somebody."),
    "contact.created": (Literal["contact.user.created", "contact.lead.created"], "A contact was made: a user or a lead."),
    "contact.updated": (Literal["contact.user.updated", "contact.lead.updated"], "A contact changed."),
    "contact.deleted": (Literal["contact.deleted"], "A contact was deleted."),
    "ticket.created": (Literal["ticket.created"], "A ticket was opened."),
    "ticket.state_updated": (Literal["ticket.state.updated"], "A ticket moved to another state."),
}
"""Event id → Intercom's topics, and what it says."""

for _id, (_topics, _words) in EVENTS.items():
    _kind, _, _verb = _id.partition(".")
    _model = variant(_Event, _id, _words, {}, {"topic": _topics})
    intercom.event(_id, entity=_kind, key="item.id", change="deleted" if _verb == "deleted" else "upserted")(_model)


@intercom.webhook(verify=intercom_signature())
def receive(delivery: Delivery) -> list[Incoming]:
    """One event of the workspace that it names. A ping tells nothing; a repeat has the same id."""
    match delivery.json():
        case {"type": "notification_event", "topic": "ping"}:
            return []
        case {
            "type": "notification_event",
            "topic": str(topic),
            "id": str(key),
            "app_id": str(app),
            "data": {"item": {**item}},
        } as told:
            data = {"topic": topic, "app_id": app, "created_at": told.get("created_at"), "item": item}
            return [Incoming(data, key, app)]
        case _:
            raise Rejected("This is not a notification of Intercom")
