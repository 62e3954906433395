"""`powerstrip files`: contents that are kept for calls, for a day."""

import mimetypes
from collections.abc import AsyncIterator
from pathlib import Path

from powerstrip.cli import lists
from powerstrip.cli.context import Context
from powerstrip.cli.failures import Usage
from powerstrip.cli.parser import Parser
from powerstrip.cli.text import plain, table, when

CHUNK = 256 * 1024
ANY_TYPE = "application/octet-stream"


def configure(parser: Parser) -> None:
    """Arguments of `files`."""
    lists.add_paging(parser.command("list", "the project's files, newest first", list_files))
    put = parser.command("upload", "keep a file's content for a day", upload)
    put.add_argument("path", metavar="PATH")
    put.add_argument("--media-type", metavar="TYPE", help="such as image/png; else by the file's name")
    get = parser.command("download", "write a file's content", download)
    get.add_argument("file", metavar="ID")
    get.add_argument("--output", required=True, metavar="PATH", help="where it is written to")
    parser.command("delete", "remove a file before it expires", delete).add_argument("file", metavar="ID")


async def list_files(context: Context) -> None:
    """Print the files."""
    async with context.project() as hub:
        page = await lists.read(context, hub.files.list())
    rows = [
        (each.get("name"), each["size"], each.get("media_type"), when(each.get("expires_at")), each["id"]) for each in page.items
    ]
    lists.put(context, page, table(("NAME", "BYTES", "TYPE", "EXPIRES", "ID"), rows), "No files.")


async def upload(context: Context) -> None:
    """Upload a file in pieces."""
    path = _existing(context.args.path)
    kind = context.args.media_type or mimetypes.guess_type(path.name)[0] or ANY_TYPE
    async with context.project() as hub:
        stored = await hub.files.upload(_chunks(path), name=path.name, media_type=kind)
    context.console.put(stored, f'{stored["id"]}\n\nName it in an input as {{"file": "{stored["id"]}"}}.')


def _existing(path: str) -> Path:
    found = Path(path)
    if not found.is_file():
        raise Usage(f"There is no file {path}", hint="name a file to read")
    return found


async def _chunks(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(CHUNK):
            yield piece


async def download(context: Context) -> None:
    """Write the content to a path."""
    args = context.args
    async with context.project() as hub:
        size = await hub.files.download(args.file, Path(args.output))
    context.console.put({"saved_to": args.output, "size": size}, f"Wrote {size} bytes to {plain(args.output)}.")


async def delete(context: Context) -> None:
    """Delete a file."""
    async with context.project() as hub:
        await hub.files.delete(context.args.file)
    context.console.put({"deleted": context.args.file}, f"Deleted {plain(context.args.file)}.")
