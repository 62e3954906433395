"""Deliveries: what is an event and what is not. Signatures are tried with `vectors.json`, by `powerstrip plugin check`."""

import json
from typing import Any

import pytest
from powerstrip_acme_notes import adapter
from powerstrip_acme_notes.webhook import receive

from powerstrip.adapter import Delivery, Incoming, Rejected


def delivery(**body: Any) -> Delivery:
    return Delivery(json.dumps(body).encode())


def test_a_delivery_is_one_event() -> None:
    event = {"type": "note.created", "noteId": "n1", "notebookId": "b1", "title": "Milk"}
    incoming = receive(delivery(eventId="e1", accountId="a1", event=event))
    assert incoming == Incoming(data=event, key="e1", account="a1")
    assert adapter.name_event(incoming.data) == "note.created"


def test_what_is_no_event_is_rejected() -> None:
    with pytest.raises(Rejected):
        receive(delivery(eventId=7))
