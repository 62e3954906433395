"""Google Drive: finding files, and choosing among them. Source: developers.google.com/workspace/drive/api/guides/search-files."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from powerstrip.adapter import Choice, Http, Model, Page, Pick, Query
from powerstrip_google.provider import Wire, file_id, google

Kind = Literal["spreadsheet", "document", "presentation", "form", "folder", "pdf"]
TYPES: dict[str, str] = {
    **{name: f"application/vnd.google-apps.{name}" for name in ("spreadsheet", "document", "presentation", "form", "folder")},
    "pdf": "application/pdf",
}
PAGE = 50


class Search(Model):
    """What to look for."""

    query: str = Field("", max_length=200, examples=["budget"])
    """Words that the file's name begins with or holds."""
    kind: Kind | None = None
    """Only files of this kind."""
    folder: Annotated[str, Pick("folder")] | None = Field(
        default=None, max_length=300, description="Only files in it: id or address."
    )
    limit: int = Field(50, ge=1, le=1000, description="Files on a page.")
    cursor: str | None = Field(None, description="As `next` of the page before.")


class File(Wire):
    """A file in Drive."""

    id: str
    name: str
    mime_type: str = Field(examples=["application/pdf"])
    modified_time: datetime | None = None
    web_view_link: str | None = Field(None, examples=["https://drive.google.com/file/d/1_invented/view"])


class Files(Model):
    """A page of files."""

    files: list[File] = Field(default_factory=list[File])
    next: str | None = Field(None, alias="nextPageToken")


def _text(words: str) -> str:
    return "'" + words.replace("\\", "\\\\").replace("'", "\\'") + "'"


async def _find(http: Http, search: Search) -> Files:
    terms = ["trashed = false"]
    terms += [f"name contains {_text(search.query)}"] if search.query else []
    terms += [f"mimeType = {_text(TYPES[search.kind])}"] if search.kind else []
    terms += [f"{_text(file_id(search.folder))} in parents"] if search.folder else []
    params = {
        "q": " and ".join(terms),
        "pageSize": search.limit,
        "pageToken": search.cursor,
        "orderBy": "modifiedTime desc",
        "fields": "nextPageToken,files(id,name,mimeType,modifiedTime,webViewLink)",
        "supportsAllDrives": True,
        "includeItemsFromAllDrives": True,
    }
    return await http.get("drive:/files", params=params, returns=Files)


@google.action("file.search", title="Find files", read_only=True)
async def search_files(http: Http, search: Search) -> Files:
    """Find files in Drive by name, kind and folder, the last changed first."""
    return await _find(http, search)


async def _choices(http: Http, query: Query, kind: Kind) -> Page:
    found = await _find(http, Search(query=query.search[:200], kind=kind, limit=PAGE, cursor=query.cursor))
    shown = [
        Choice(each.id, each.name, each.modified_time.date().isoformat() if each.modified_time else "") for each in found.files
    ]
    return Page(shown, found.next)


@google.picker("spreadsheet", searches=True)
async def spreadsheets(http: Http, query: Query) -> Page:
    """Spreadsheets that the account may see, the last changed first."""
    return await _choices(http, query, "spreadsheet")


@google.picker("document", searches=True)
async def documents(http: Http, query: Query) -> Page:
    """Documents that the account may see, the last changed first."""
    return await _choices(http, query, "document")


@google.picker("folder", searches=True)
async def folders(http: Http, query: Query) -> Page:
    """Folders in Drive."""
    return await _choices(http, query, "folder")
