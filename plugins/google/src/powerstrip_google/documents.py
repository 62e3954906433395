"""Google Docs: making, reading and writing documents. Source: developers.google.com/workspace/docs/api/reference/rest.

Texts are plain: what a document holds beside text (images, styles) is neither read nor written.
"""

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import Field

from powerstrip.adapter import Http, Model, Pick, segment
from powerstrip_google.provider import Wire, file_id, google

Document = Annotated[
    str, Pick("document"), Field(min_length=1, max_length=300, description="Id or address.", examples=["1XyZ_invented-doc"])
]
Text = Annotated[str, Field(max_length=1_000_000)]


class _Run(Wire):
    content: str = ""


class _Element(Wire):
    text_run: _Run | None = None


class _Paragraph(Wire):
    elements: list[_Element] = Field(default_factory=list[_Element])


class _Cell(Wire):
    content: list["_Piece"] = Field(default_factory=list["_Piece"], examples=[[]])


class _TableRow(Wire):
    table_cells: list[_Cell] = Field(default_factory=list[_Cell], examples=[[]])


class _Table(Wire):
    table_rows: list[_TableRow] = Field(default_factory=list[_TableRow], examples=[[]])


class _Piece(Wire):
    paragraph: _Paragraph | None = None
    table: _Table | None = None


class _Body(Wire):
    content: list[_Piece] = Field(default_factory=list[_Piece], examples=[[]])


class _Document(Wire):
    document_id: str = Field(examples=["1XyZ_invented-doc"])
    title: str = ""
    revision_id: str | None = None
    body: _Body = Field(default_factory=_Body)


def _text(pieces: list[_Piece]) -> Iterator[str]:
    for piece in pieces:
        if piece.paragraph:
            yield "".join(each.text_run.content for each in piece.paragraph.elements if each.text_run)
        for row in piece.table.table_rows if piece.table else ():
            yield "\t".join("".join(_text(cell.content)).rstrip("\n") for cell in row.table_cells) + "\n"


def _address(document: str) -> str:
    return f"https://docs.google.com/document/d/{document}/edit"


def _path(document: str, verb: str = "") -> str:
    return f"docs:/documents/{segment(file_id(document))}{verb}"


class DocumentRef(Model):
    """Which document."""

    document: Document


class DocumentText(Model):
    """A document as plain text."""

    document: str = Field(examples=["1XyZ_invented-doc"])
    title: str
    text: str
    """Cells of tables are parted by tabs."""
    revision: str | None = None
    url: str = Field(examples=["https://docs.google.com/document/d/1XyZ_invented-doc/edit"])


class NewDocument(Model):
    """A document to make."""

    title: str = Field(min_length=1, max_length=300, examples=["Minutes"])
    """Its name in Drive."""
    text: Text = Field("", description="What it begins with.")


class Written(Model):
    """The document that was written to."""

    document: str = Field(examples=["1XyZ_invented-doc"])
    url: str = Field(examples=["https://docs.google.com/document/d/1XyZ_invented-doc/edit"])


class _Replaced(Wire):
    occurrences_changed: int = 0


class _Reply(Wire):
    replace_all_text: _Replaced | None = None


class _Batch(Wire):
    document_id: str = Field(examples=["1XyZ_invented-doc"])
    replies: list[_Reply] = Field(default_factory=list[_Reply])


async def _change(http: Http, document: str, change: dict[str, Any]) -> _Batch:
    return await http.post(_path(document, ":batchUpdate"), json={"requests": [change]}, returns=_Batch)


def _appending(text: str) -> dict[str, Any]:
    return {"insertText": {"endOfSegmentLocation": {}, "text": text}}


@google.action("doc.create", title="Create a document")
async def create_document(http: Http, new: NewDocument) -> Written:
    """Make a document, with text in it if there is some."""
    made = await http.post("docs:/documents", json={"title": new.title}, returns=_Document)
    if new.text:
        await _change(http, made.document_id, _appending(new.text))
    return Written(document=made.document_id, url=_address(made.document_id))


@google.action("doc.get", title="Read a document", read_only=True)
async def get_document(http: Http, which: DocumentRef) -> DocumentText:
    """Read a document's text; of one with several tabs, the first."""
    found = await http.get(_path(which.document), returns=_Document)
    text = "".join(_text(found.body.content))
    return DocumentText(
        document=found.document_id,
        title=found.title,
        text=text,
        revision=found.revision_id,
        url=_address(found.document_id),
    )


class MoreText(DocumentRef):
    """Text to add."""

    text: Annotated[Text, Field(min_length=1)] = Field(examples=["Decided: yes.\n"])
    """It goes to the very end: begin it with a line break for a paragraph of its own."""


@google.action("doc.append_text", title="Append text to a document")
async def append_text(http: Http, more: MoreText) -> Written:
    """Add text at the end of a document."""
    changed = await _change(http, more.document, _appending(more.text))
    return Written(document=changed.document_id, url=_address(changed.document_id))


class Replacement(DocumentRef):
    """What to replace by what."""

    find: str = Field(min_length=1, max_length=1000, examples=["{{name}}"])
    """Text that stands in the document."""
    text: Text = Field(description="What stands there afterwards; empty removes it.", examples=["Ana"])
    match_case: bool = True
    """Whether capitals matter."""


class Replaced(Model):
    """What became of it."""

    document: str = Field(examples=["1XyZ_invented-doc"])
    replaced: int = Field(description="How often it was found.", examples=[2])


@google.action("doc.replace_text", title="Replace text in a document")
async def replace_text(http: Http, given: Replacement) -> Replaced:
    """Replace every occurrence of a text, such as a placeholder."""
    found = {"text": given.find, "matchCase": given.match_case}
    changed = await _change(http, given.document, {"replaceAllText": {"containsText": found, "replaceText": given.text}})
    counts = [each.replace_all_text.occurrences_changed for each in changed.replies if each.replace_all_text]
    return Replaced(document=changed.document_id, replaced=sum(counts))
