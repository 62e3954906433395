"""`powerstrip tui`, or `powerstrip` alone at a terminal: the dashboard, a package of its own."""

import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING

from powerstrip.cli import target
from powerstrip.cli.context import Context
from powerstrip.cli.failures import Stop
from powerstrip.cli.parser import Parser, whole

if TYPE_CHECKING:
    from powerstrip_tui import Door


def configure(parser: Parser) -> None:
    """Arguments of `tui`."""
    parser.description = "Open the terminal dashboard on POWERSTRIP_URL, or on a hub of the data folder that it runs itself."
    parser.add_argument("--web", action="store_true", help="serve it to browsers on this machine; they log in with an API key")
    port = "the port of --web; 0 takes a free one (8001)"
    parser.add_argument("--port", type=whole(0, 65535), metavar="PORT", default=8001, help=port)
    parser.set_defaults(run=dashboard)


async def dashboard(context: Context) -> None:
    """Run the dashboard on the hub that is meant."""
    if find_spec("powerstrip_tui") is None:
        raise Stop("The dashboard is not installed", hint="pip install powerstrip-tui", code="no_tui")
    if context.args.web:
        return await _web(context)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Stop("The dashboard needs a terminal", hint="powerstrip --help shows what works without one", code="no_terminal")
    from powerstrip_tui import run

    await run(_door(context))


async def _web(context: Context) -> None:
    """Serve the dashboard; where no hub is named, one runs on the data folder beside it."""
    from powerstrip.cli.beside import hub_beside
    from powerstrip.cli.server import free_port
    from powerstrip_tui.web import serve_web

    port = free_port(context.args.port)

    def ready(url: str) -> None:
        context.console.put({"url": url}, f"powerstrip dashboard ready on {url}")

    there = target.server(context.args, context.environ)
    if there is not None:
        return await serve_web(there.url, port, context.named_project, ready)
    settings = target.folder_settings(context.args, context.environ)
    target.must_exist(settings)
    async with hub_beside(settings.data, context.environ) as url:
        await serve_web(url, port, context.named_project, ready)


def _door(context: Context) -> "Door":
    from powerstrip.cli.doors import FolderDoor, ServedDoor

    there = target.server(context.args, context.environ)
    if there is not None:
        return ServedDoor(there.url, there.key, context.named_project)
    return FolderDoor(context.args, context.environ, context.named_project)
