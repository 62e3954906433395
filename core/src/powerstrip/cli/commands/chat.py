"""`powerstrip chat`: set things up in sentences."""

import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from powerstrip.cli import target
from powerstrip.cli.context import Context
from powerstrip.cli.failures import Usage
from powerstrip.cli.parser import Parser
from powerstrip.cli.talking import Talk
from powerstrip.client import Client

if TYPE_CHECKING:
    from typing import Any

    from powerstrip.chat.parser import Parser as SentenceParser


def configure(parser: Parser) -> None:
    """Arguments of `chat`."""
    parser.add_argument(
        "words", nargs="*", metavar="SENTENCE", help='a request; or "parse", which only understands and does nothing'
    )
    parser.add_argument("--file", metavar="JSONL", help="parse: rows with `id` and `text` (- for standard input)")
    parser.add_argument("--out", metavar="JSONL", help="parse: where predictions go (standard output where left out)")
    parser.add_argument("--resume", metavar="ID", help="go on with a conversation")
    parser.set_defaults(run=chat)


async def chat(context: Context) -> int | None:
    """Talk with the hub, or parse sentences without one."""
    words: list[str] = context.args.words
    if words[:1] == ["parse"] and (context.args.file or len(words) > 1):
        return parse(context, " ".join(words[1:]))
    sentence = " ".join(words)
    if not sentence and not context.console.interactive:
        raise Usage("Say what is to be set up", hint='powerstrip chat "connect slack"')
    async with context.project() as hub:
        session = await hub.chats.get(context.args.resume) if context.args.resume else await hub.chats.begin()
        await _talk(context, hub, session["id"], sentence)
    return None


async def _talk(context: Context, hub: Client, session_id: str, sentence: str) -> None:
    talk = Talk(hub, context.console, session_id)
    try:
        reply = await talk.say(sentence) if sentence else None
        if context.console.interactive and not context.console.json and not (reply and reply.get("done")):
            await talk.go_on()
    except (KeyboardInterrupt, asyncio.CancelledError):  # at a prompt, or while an answer is waited for
        context.console.err.write("\n")
        context.console.note(f"What was connected stays. Go on:  powerstrip chat --resume {session_id}")
        raise
    if context.console.json:
        context.console.put(await hub.chats.get(session_id), "")
    elif reply is None or not reply.get("done"):
        context.console.note(f"go on later:  powerstrip chat --resume {session_id}")


def parse(context: Context, sentence: str) -> None:
    """Write what sentences are understood as, one JSON object a line. Needs no hub, calls nobody."""
    parser = _sentence_parser(context)
    rows = _rows(context.args.file) if context.args.file else [{"id": "1", "text": sentence}]
    lines = [json.dumps(_understood(parser, row), ensure_ascii=False) for row in rows]
    text = "".join(f"{line}\n" for line in lines)
    if context.args.out:
        Path(context.args.out).write_text(text, "utf-8")
        context.console.note(f"{len(lines)} predictions written")
    else:
        context.console.out.write(text)


def _understood(parser: "SentenceParser", row: dict[str, str]) -> dict[str, object]:
    from powerstrip.chat import redact

    redacted = redact(row["text"])
    return {"id": row["id"], **parser.parse(redacted.text, redacted.kinds.values()).as_row(), "secrets": redacted.values()}


def _rows(source: str) -> list[dict[str, str]]:
    try:
        text = sys.stdin.read() if source == "-" else Path(source).read_text("utf-8")
        rows: list[Any] = [json.loads(line) for line in text.splitlines() if line.strip()]
    except (OSError, ValueError) as error:
        raise Usage(f"{source} cannot be read as JSONL: {error}") from None
    for number, row in enumerate(rows, 1):
        match row:
            case {"id": _, "text": str()}:
                pass
            case _:
                raise Usage(f"Row {number} of {source} needs an `id` and a `text`")
    return rows


def _sentence_parser(context: Context) -> "SentenceParser":
    """A parser that knows the installed adapters."""
    from powerstrip.chat.parser import Parser

    with target.installed(target.folder_settings(context.args, context.environ)) as catalog:
        return Parser([catalog.provider(each.id) for each in catalog.providers() if not each.problem])
