"""Acme Notes: read and write notes, and hear when one is written.

Acme Notes is invented. Copy this package to begin an adapter of your own.
"""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_camel

from powerstrip.adapter import (
    Account,
    Adapter,
    ApiKey,
    Choice,
    Delivery,
    Hmac,
    Http,
    Incoming,
    Model,
    Page,
    Pick,
    Query,
    Rejected,
    segment,
)

acme_notes = Adapter(
    id="acme_notes",
    title="Acme Notes",
    description="Read and write notes, and hear when one is written.",
    base_url="https://api.acme-notes.example/v1",
    auth=ApiKey(header="X-Acme-Key", help="Acme Notes → Settings → API keys."),
    category="Productivity",
    aka=("acme notebook",),
)


class Wire(Model):
    """Acme writes camelCase; people meet our names."""

    model_config = ConfigDict(alias_generator=to_camel)


# Two actions. The docstring is the description, the type hints are the schemas.


class NoteRef(Model):
    note_id: str = Field(description="The note's id, as Acme shows it in its address.")


class NewNote(Wire):
    notebook_id: Annotated[str, Pick("notebook")] = Field(description="The notebook to write into.")
    title: str = Field(min_length=1, max_length=200)
    text: str = ""
    remind_at: datetime | None = Field(None, description="When Acme reminds of the note.")


class Note(Wire):
    note_id: str
    notebook_id: str
    title: str
    text: str
    created_at: datetime


@acme_notes.action("note.get", read_only=True)
async def get_note(http: Http, note: NoteRef) -> Note:
    """Read one note."""
    return await http.get(f"/notes/{segment(note.note_id)}", returns=Note)


@acme_notes.action("note.create", aliases=("create-note",))
async def create_note(http: Http, note: NewNote) -> Note:
    """Write a note into a notebook."""
    return await http.post("/notes", json=note, returns=Note)


# A picker: values to choose from, so that nobody types an id.


class _Notebook(Wire):
    notebook_id: str
    name: str
    note_count: int


class _Notebooks(Wire):
    notebooks: list[_Notebook]
    next_cursor: str | None = None


@acme_notes.picker("notebook")
async def notebooks(http: Http, query: Query) -> Page:
    """The notebooks of the account."""
    found = await http.get("/notebooks", params={"cursor": query.cursor, "limit": 100}, returns=_Notebooks)
    return Page(
        choices=[Choice(each.notebook_id, each.name, f"{each.note_count} notes") for each in found.notebooks],
        next=found.next_cursor,
    )


# An event and the webhook that brings it. The hub verifies the signature before `receive` is called.


@acme_notes.event("note.created", entity="note", key="note_id")
class NoteCreated(Wire):
    """A note was written."""

    type: Literal["note.created"]
    note_id: str
    notebook_id: str
    title: str


@acme_notes.webhook(verify=Hmac(header="x-acme-signature", timestamp="x-acme-time", message="{timestamp}.{body}"))
def receive(delivery: Delivery) -> Incoming:
    """One event a delivery: its id dedupes, the account's id says whose it is."""
    match delivery.json():
        case {"eventId": str(key), "accountId": str(owner), "event": event}:
            return Incoming(data=event, key=key, account=owner)
        case _:
            raise Rejected("This is not a delivery of Acme Notes")


# Whose key it is: the connection test, and what routes webhooks.


class _Me(Wire):
    account_id: str
    name: str


@acme_notes.account
async def account(http: Http) -> Account:
    """The Acme account that the key belongs to."""
    me = await http.get("/me", returns=_Me)
    return Account(id=me.account_id, name=me.name)
