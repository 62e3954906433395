"""`powerstrip demo`: a hub in a temporary folder, three providers in a sandbox, and what can be seen of it."""

import shutil
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from powerstrip.cli import target
from powerstrip.cli.context import Context
from powerstrip.cli.parser import Parser
from powerstrip.client import Client, embedded

PROJECT = "demo"


def configure(parser: Parser) -> None:
    """Arguments of `demo`."""
    parser.description = (
        "Start a hub in a temporary folder, connect three providers in a sandbox, call them, and show what happened."
    )
    parser.add_argument("--keep", action="store_true", help="keep the folder and say where it is")
    parser.set_defaults(run=demo)


async def demo(context: Context) -> None:
    """Tell the story. Needs no network, account or terminal."""
    from powerstrip.cli.story import next_steps, tell

    folder = Path(tempfile.mkdtemp(prefix="powerstrip-demo-"))
    try:
        async with _hub(folder) as hub:
            facts = await tell(hub, context.console)
        context.console.say(next_steps(folder if context.args.keep else None, context.environ))
        if context.console.json:
            context.console.put({**facts, "data": str(folder) if context.args.keep else None}, "")
    finally:
        if not context.args.keep:
            shutil.rmtree(folder)


@asynccontextmanager
async def _hub(folder: Path) -> AsyncGenerator[Client]:
    """A hub of its own: the operator's settings and keys do not reach into the demo."""
    from powerstrip.settings import Settings

    async with target.open_hub(Settings(data=folder), {}) as hub:
        await hub.access.bootstrap(PROJECT, name="Demo", mode="sandbox")
        async with embedded(hub, PROJECT) as client:
            yield client
