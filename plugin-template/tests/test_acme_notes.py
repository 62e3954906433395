"""The adapter against the contract, and against Acme's answers."""

import json
from typing import Any

import pytest
from powerstrip_acme_notes import (
    NewNote,
    NoteRef,
    account,
    acme_notes,
    create_note,
    get_note,
    notebooks,
    receive,
)

from powerstrip.adapter import Choice, Delivery, Incoming, Query, RateLimited, Rejected
from powerstrip.adapter.testing import check, provider

test_contract = check(acme_notes)

NOTE = {"noteId": "n1", "notebookId": "b1", "title": "Milk", "text": "", "createdAt": "2026-01-01T08:00:00Z"}


async def test_a_note_is_written_as_acme_spells_it() -> None:
    http = provider(acme_notes, {"POST /notes": NOTE})
    note = await create_note(http, NewNote(notebook_id="b1", title="Milk"))
    assert note.note_id == "n1"
    assert json.loads(http.sent[0].body) == {"notebookId": "b1", "title": "Milk", "text": ""}


async def test_a_note_is_read_by_its_id() -> None:
    http = provider(acme_notes, {"GET /notes/n%2F1": NOTE})
    assert (await get_note(http, NoteRef(note_id="n/1"))).title == "Milk"


async def test_a_refusal_is_told_in_acmes_words() -> None:
    http = provider(acme_notes, {"POST /notes": (422, {"message": "The notebook is full"})})
    with pytest.raises(Rejected, match="The notebook is full"):
        await create_note(http, NewNote(notebook_id="b1", title="Milk"))


async def test_too_many_calls_are_told_apart() -> None:
    with pytest.raises(RateLimited):
        await get_note(provider(acme_notes, {"GET /notes/n1": (429, {})}), NoteRef(note_id="n1"))


async def test_notebooks_come_page_by_page() -> None:
    found = {"notebooks": [{"notebookId": "b1", "name": "Home", "noteCount": 3}], "nextCursor": "c2"}
    page = await notebooks(provider(acme_notes, {"GET /notebooks": found}), Query())
    assert page.choices == [Choice("b1", "Home", "3 notes")]
    assert page.next == "c2"


async def test_the_account_is_told() -> None:
    assert (await account(provider(acme_notes, {"GET /me": {"accountId": "a1", "name": "Ada"}}))).name == "Ada"


def delivery(**body: Any) -> Delivery:
    return Delivery(json.dumps(body).encode())


def test_a_delivery_is_one_event() -> None:
    event = {"type": "note.created", "noteId": "n1", "notebookId": "b1", "title": "Milk"}
    incoming = receive(delivery(eventId="e1", accountId="a1", event=event))
    assert incoming == Incoming(data=event, key="e1", account="a1")
    assert acme_notes.name_event(incoming.data) == "note.created"


def test_what_is_no_event_of_acme_is_rejected() -> None:
    with pytest.raises(Rejected):
        receive(delivery(eventId=7))
