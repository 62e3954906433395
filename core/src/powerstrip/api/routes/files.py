"""Files: content too large for JSON, handed over before a call or made by one."""

from collections.abc import AsyncIterator
from typing import Any

from litestar import Request
from litestar.params import FromPath
from litestar.response import File as FileAnswer

from powerstrip.actions import MAX_FILE
from powerstrip.api.body import check_length
from powerstrip.api.given import GivenHub, GivenVisit
from powerstrip.api.route import PROJECT, Cursor, Filter, Limit, route
from powerstrip.api.shapes.base import listed
from powerstrip.api.shapes.calls import File, FileListResponse
from powerstrip.problems import BadInput

TAG = "files"
FILES = f"{PROJECT}/files"
FILE = f"{FILES}/{{id:str}}"
ANY_TYPE = "application/octet-stream"
DOWNLOAD = {"content-security-policy": "default-src 'none'; sandbox"}
"""A file is data: a browser that opens one runs nothing of it."""


@route("POST", FILES, "files.manage", id="createFile", tag=TAG, summary="Store a file", status=201)
async def create_file(visit: GivenVisit, hub: GivenHub, request: Request[Any, Any, Any], name: Filter = None) -> File:
    """The body is the content, its Content-Type the media type. The file is kept for a day; name it in an input by its id."""
    visit.body.check_encoding()
    check_length(visit.head.fields.get(b"content-length"), MAX_FILE)
    kind = visit.head.fields.get(b"content-type", ANY_TYPE.encode()).decode("latin-1")
    row = await hub.files.put(visit.project.id, visit.actor, _chunks(request), name=name or "", media_type=kind)
    return File.of(row)


@route("GET", FILES, "files.manage", id="listFiles", tag=TAG, summary="List files")
async def list_files(visit: GivenVisit, hub: GivenHub, limit: Limit = 50, cursor: Cursor = None) -> FileListResponse:
    """Those that have not expired, newest first."""

    async def fetch(after: tuple[str, str] | None, wanted: int) -> list[Any]:
        return await hub.files.list(visit.project.id, after=after, limit=wanted)

    page = await visit.page(cursor, limit, fetch, lambda row: (row.created_at, row.id))
    return FileListResponse(**listed([File.of(row) for row in page.rows], page.next_cursor))


@route("GET", FILE, "files.manage", id="getFile", tag=TAG, summary="Get a file's content")
async def get_file(visit: GivenVisit, hub: GivenHub, id: FromPath[str]) -> FileAnswer:
    """The content as it was stored."""
    row, path = await hub.files.get(visit.project.id, id)
    return FileAnswer(path=path, filename=row.name or row.id, headers={"content-type": row.media_type, **DOWNLOAD})


@route("DELETE", FILE, "files.manage", id="deleteFile", tag=TAG, summary="Delete a file", status=204)
async def delete_file(visit: GivenVisit, hub: GivenHub, id: FromPath[str]) -> None:
    """Before it expires."""
    await hub.files.delete(visit.project.id, visit.actor, id)


async def _chunks(request: Request[Any, Any, Any]) -> AsyncIterator[bytes]:
    """The body as it comes in. Raises `BadInput` where it ends early: half a file is none."""
    while True:
        message: dict[str, Any] = await request.receive()  # pyright: ignore[reportAssignmentType]
        if message["type"] == "http.disconnect":
            raise BadInput("The body is not complete")
        yield message.get("body", b"")
        if not message.get("more_body"):
            return


HANDLERS = [create_file, list_files, get_file, delete_file]
