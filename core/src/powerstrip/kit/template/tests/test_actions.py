"""Each action and picker against answers of Acme Notes."""

import json

import pytest
from powerstrip_acme_notes import adapter
from powerstrip_acme_notes.actions import (
    NewNote,
    NoteQuery,
    NoteRef,
    create_note,
    get_note,
    list_notes,
    notebooks,
    notes,
)

from powerstrip.adapter import AuthFailed, Choice, Query, RateLimited, Rejected
from powerstrip.adapter.testing import provider

NOTE = {"noteId": "n1", "notebookId": "b1", "title": "Milk", "text": "", "createdAt": "2026-01-01T08:00:00Z"}
MILK = NewNote(notebook_id="b1", title="Milk")


async def test_a_note_is_written_as_the_provider_spells_it() -> None:
    http = provider(adapter, {"POST /notes": NOTE})
    note = await create_note(http, MILK)
    assert note.note_id == "n1"
    assert json.loads(http.sent[0].body) == {"notebookId": "b1", "title": "Milk", "text": ""}


async def test_a_note_is_read_by_its_id() -> None:
    http = provider(adapter, {"GET /notes/n%2F1": NOTE})
    assert (await get_note(http, NoteRef(note_id="n/1"))).title == "Milk"


async def test_notes_come_page_by_page() -> None:
    http = provider(adapter, {"GET /notes": {"notes": [NOTE], "nextCursor": "c2"}})
    page = await list_notes(http, NoteQuery(cursor="c1"))
    assert (page.notes[0].title, page.next) == ("Milk", "c2")
    assert ("cursor", "c1") in http.sent[0].params


async def test_a_refusal_is_told_in_the_providers_words() -> None:
    http = provider(adapter, {"POST /notes": (422, {"message": "The notebook is full"})})
    with pytest.raises(Rejected, match="The notebook is full"):
        await create_note(http, MILK)


@pytest.mark.parametrize(("status", "error"), [(401, AuthFailed), (429, RateLimited)])
async def test_refused_keys_and_too_many_calls_are_told_apart(status: int, error: type[Exception]) -> None:
    with pytest.raises(error):
        await create_note(provider(adapter, {"POST /notes": (status, {})}), MILK)


async def test_values_to_choose_from() -> None:
    found = {"notebooks": [{"notebookId": "b1", "name": "Home", "noteCount": 3}], "nextCursor": "c2"}
    page = await notebooks(provider(adapter, {"GET /notebooks": found}), Query())
    assert (page.choices, page.next) == ([Choice("b1", "Home", "3 notes")], "c2")
    page = await notes(provider(adapter, {"GET /notes": {"notes": [NOTE]}}), Query())
    assert (page.choices, page.next) == ([Choice("n1", "Milk")], None)
