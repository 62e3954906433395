"""What happens in Acme Notes, and the webhook that tells. The hub verifies the signature before `receive` is called."""

from typing import Literal

from powerstrip.adapter import Delivery, Hmac, Incoming, Rejected

from .provider import Wire, adapter


@adapter.event("note.created", entity="note", key="note_id")
class NoteCreated(Wire):
    """A note was written."""

    type: Literal["note.created"]
    note_id: str
    notebook_id: str
    title: str


@adapter.webhook(
    verify=Hmac(
        header="x-acme-notes-signature",
        timestamp="x-acme-notes-time",
        message="{timestamp}.{body}",
        help="Acme Notes → Settings → Webhooks: Signing secret.",
    )
)
def receive(delivery: Delivery) -> Incoming:
    """One event a delivery: its id dedupes, the account's id says whose it is."""
    match delivery.json():
        case {"eventId": str(key), "accountId": str(owner), "event": event}:
            return Incoming(data=event, key=key, account=owner)
        case _:
            raise Rejected("This is not a delivery of Acme Notes")
