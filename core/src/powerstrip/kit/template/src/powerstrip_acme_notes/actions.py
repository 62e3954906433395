"""What can be done with Acme Notes, and the values to choose from."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from powerstrip.adapter import Choice, Http, Model, Page, Pick, Query, segment

from .provider import Wire, adapter

# The docstring is the description, the type hints are the schemas. A field's description stands below it.


class NoteRef(Model):
    note_id: Annotated[str, Pick("note")]
    """The note."""


class NewNote(Wire):
    notebook_id: Annotated[str, Pick("notebook")]
    """The notebook to write into."""
    title: str = Field(min_length=1, max_length=200)
    """The note's first line."""
    text: str = ""
    """What it says."""
    remind_at: datetime | None = None
    """When Acme Notes reminds of it."""


class Note(Wire):
    note_id: str
    notebook_id: str
    title: str
    text: str
    created_at: datetime


@adapter.action("note.get", read_only=True)
async def get_note(http: Http, note: NoteRef) -> Note:
    """Read one note."""
    return await http.get(f"/notes/{segment(note.note_id)}", returns=Note)


@adapter.action("note.create", aliases=("create-note",))
async def create_note(http: Http, note: NewNote) -> Note:
    """Write a note into a notebook."""
    return await http.post("/notes", json=note, returns=Note)


class NoteQuery(Model):
    cursor: str | None = None
    """Where to go on: `next` of the page before."""


class Notes(Wire):
    notes: list[Note]
    next: str | None = Field(None, alias="nextCursor")


@adapter.action("note.list", read_only=True)
async def list_notes(http: Http, query: NoteQuery) -> Notes:
    """List the notes, newest first, page by page."""
    return await http.get("/notes", params={"cursor": query.cursor, "limit": 100}, returns=Notes)


# Pickers: values to choose from, so that nobody types an id.


@adapter.picker("note")
async def notes(http: Http, query: Query) -> Page:
    """The notes of the account."""
    found = await http.get("/notes", params={"cursor": query.cursor, "limit": 100}, returns=Notes)
    return Page([Choice(each.note_id, each.title) for each in found.notes], found.next)


class _Notebook(Wire):
    notebook_id: str
    name: str
    note_count: int


class _Notebooks(Wire):
    notebooks: list[_Notebook]
    next_cursor: str | None = None


@adapter.picker("notebook")
async def notebooks(http: Http, query: Query) -> Page:
    """The notebooks of the account."""
    found = await http.get("/notebooks", params={"cursor": query.cursor, "limit": 100}, returns=_Notebooks)
    choices = [Choice(each.notebook_id, each.name, f"{each.note_count} notes") for each in found.notebooks]
    return Page(choices, found.next_cursor)
