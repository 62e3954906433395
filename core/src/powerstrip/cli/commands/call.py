"""`powerstrip call ACTION`: call an action and show what came of it."""

import asyncio
import base64
import mimetypes
import shutil
import sys
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from powerstrip.cli.commands.sandbox import as_request
from powerstrip.cli.console import as_json
from powerstrip.cli.context import Context
from powerstrip.cli.failures import FAILED, OK, Stop, Usage
from powerstrip.cli.inputs import pairs, put_at, read_object, spooled
from powerstrip.cli.parser import Parser, whole
from powerstrip.client import Client
from powerstrip.client.shapes import CallResult

INLINE = 256 * 1024
"""Bytes; a larger file is uploaded first and named in the input."""
CHUNK = 256 * 1024
STDOUT = "-"
WAIT = "wait, then call again: the provider takes no more calls for now"
TROUBLES = ("unauthorized", "rate_limited", "server_error", "timeout")


def configure(parser: Parser) -> None:
    """Arguments of `call`."""
    parser.add_argument("action", help="such as slack.message.post; see `powerstrip catalog list-actions`")
    parser.add_argument("--input", action="append", default=[], metavar="JSON", help="JSON, @file, -, field=text or field:=json")
    parser.add_argument(
        "--file",
        action="append",
        default=[],
        metavar="FIELD=@PATH",
        help="put a file's content into a field; @- is standard input",
    )
    parser.add_argument("--output", metavar="PATH", help="write the answer's file (else its JSON) to PATH; - is standard output")
    parser.add_argument("--integration", metavar="NAME", help="which connection, by id or name, where there are several")
    parser.add_argument("--sandbox", action="store_true", help="send nothing; show what would have been sent")
    parser.add_argument("--dry-run", action="store_true", help="refuse anything that changes something at the provider")
    parser.add_argument("--simulate", choices=TROUBLES, help="in a sandbox, answer with this trouble")
    parser.add_argument("--idempotency-key", metavar="KEY", help="the same key never calls twice")
    parser.add_argument("--timeout", type=whole(1, 120), metavar="SECONDS", help="give up after, 1 to 120 (30)")
    parser.add_argument(
        "--yes", action="store_true", help="do not ask before what cannot be undone; only a person at a terminal is asked"
    )
    parser.set_defaults(run=call)


async def call(context: Context) -> int:
    """Call; exit code 1 where the provider or the hub refused."""
    args = context.args
    if args.output == STDOUT and context.console.json:
        raise Usage("--output - and --json both write to standard output", hint="give one of them")
    given = read_object(args.input, "--input")
    async with context.project() as hub, _files(args.file) as files:
        await _ask_first(context, hub)
        uploaded = await _attach(hub, given, files)
        try:
            result = await _invoke(context, hub, given)
            return await _show(context, hub, result)
        finally:
            for file_id in uploaded:
                await hub.files.delete(file_id)


@asynccontextmanager
async def _files(words: Sequence[str]) -> AsyncGenerator[dict[str, Path]]:
    """The file for each field. What comes from standard input lies in a folder of its own as long as the block runs."""
    with tempfile.TemporaryDirectory(prefix="powerstrip-") as folder:
        yield {field: spooled(source, "--file", Path(folder)) for field, source in pairs(words, "--file").items()}


async def _ask_first(context: Context, hub: Client) -> None:
    """Ask a person at a terminal before something that cannot be undone. Scripts are not asked."""
    args, console = context.args, context.console
    if args.yes or args.sandbox or args.dry_run or not console.interactive:
        return
    action = await hub.catalog.action(args.action)
    if action["annotations"].get("destructive") and not console.confirm(f"{action['name']} cannot be undone. Call it?"):
        raise Stop("Nothing was called", code="declined")


async def _attach(hub: Client, input: dict[str, Any], files: dict[str, Path]) -> list[str]:
    """Put each file into its field: small ones inline, others uploaded. Returns the ids to delete after the call."""
    uploaded: list[str] = []
    for field, path in files.items():
        if path.stat().st_size <= INLINE:
            put_at(input, field, base64.b64encode(path.read_bytes()).decode())
            continue
        media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        stored = await hub.files.upload(_chunks(path), name=path.name, media_type=media_type)
        uploaded.append(stored["id"])
        put_at(input, field, {"file": stored["id"]})
    return uploaded


async def _chunks(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(CHUNK):
            yield piece


async def _invoke(context: Context, hub: Client, given: dict[str, Any]) -> CallResult:
    args = context.args
    return await hub.call(
        args.action,
        given,
        integration=args.integration,
        dry_run=args.dry_run,
        sandbox=args.sandbox,
        simulate=args.simulate,
        timeout_seconds=args.timeout,
        idempotency_key=args.idempotency_key,
    )


async def _show(context: Context, hub: Client, result: CallResult) -> int:
    """Print the answer; what would have been sent goes above it."""
    console = context.console
    if result["status"] == "failed":
        if console.json:
            console.put(result, "")
        invocation = result.get("invocation_id")
        hints = [_wait(result)] if result.get("error_type") == "rate_limited" else []
        hints += [f"powerstrip invocations show {invocation}"] if invocation else []
        provider = context.args.action.partition(".")[0]
        _note_replay(context, result)
        console.trouble(f"{provider}: {result.get('error') or 'The call failed'}", "\n".join(hints))
        return FAILED
    output = result.get("output") or {}
    _note_replay(context, result)
    if context.args.output == STDOUT:
        await _to_stdout(context, hub, result)
        return OK
    if context.args.output:
        saved = await _save(hub, context.args.action, output, Path(context.args.output))
        result = {**result, "output": saved}
    console.put(result, _as_text(result))
    return OK


def _wait(result: CallResult) -> str:
    seconds = result.get("retry_after")
    return f"wait {seconds:g} s, then call again: the provider takes no more calls for now" if seconds else WAIT


def _note_replay(context: Context, result: CallResult) -> None:
    if result.get("replayed"):
        context.console.note(
            "note: replayed: this key was used before, so nothing was called again; this is what came of it then"
        )


async def _to_stdout(context: Context, hub: Client, result: CallResult) -> None:
    """The answer's file (else its JSON) alone on standard output; that nothing was sent is said beside it."""
    with tempfile.TemporaryDirectory(prefix="powerstrip-") as folder:
        path = Path(folder) / "answer"
        await _save(hub, context.args.action, result.get("output") or {}, path)
        with path.open("rb") as file:
            shutil.copyfileobj(file, sys.stdout.buffer)
        sys.stdout.buffer.flush()
    if result.get("mode") == "sandbox":
        context.console.note("note: nothing was sent; a mock answered")


def _as_text(result: CallResult) -> str:
    parts = [f"Would have sent:\n{as_request(entry, '  ')}\n" for entry in result.get("would_have_sent") or []]
    output = result.get("output")
    if parts or result.get("mode") == "sandbox":
        parts.append("Nothing was sent." if output is None else "Nothing was sent. A mock answers:")
    if output is not None:
        parts.append(as_json(output))
    return "\n".join(parts) or "Done."


async def _save(hub: Client, action: str, output: dict[str, Any], to: Path) -> dict[str, Any]:
    """Write the file in the output to `to`, or the whole output as JSON where there is none; returns what is left to show."""
    field = await _content_field(hub, action, output)
    if field is None:
        await asyncio.to_thread(to.write_text, as_json(output) + "\n")
        return {"saved_to": str(to)}
    match output[field]:
        case {"file": str(id)}:
            size = await hub.files.download(id, to)
        case text:
            size = await asyncio.to_thread(to.write_bytes, base64.b64decode(text))
    return {**output, field: {"saved_to": str(to), "size": size}}


async def _content_field(hub: Client, action: str, output: dict[str, Any]) -> str | None:
    """The field of the output that is declared to hold a file's content."""
    declared = (await hub.catalog.action(action)).get("output_schema", {}).get("properties", {})
    return next((name for name, schema in declared.items() if "base64" in str(schema) and output.get(name)), None)
