"""`powerstrip serve`: the hub's HTTP API on one port."""

import asyncio
import gc
import ipaddress

from powerstrip.cli import target
from powerstrip.cli.context import Context
from powerstrip.cli.parser import Parser, whole

LEVELS = ("debug", "info", "warning", "error")
BREATH = 0.05
"""Seconds for who waited for the port, before the hub goes on to load."""
TLS_WARNING = "warning: other machines can reach this port, and it speaks no TLS: put a TLS proxy before it"


def configure(parser: Parser) -> None:
    """Arguments of `serve`."""
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (127.0.0.1)")
    parser.add_argument(
        "--port", type=whole(0, 65535), metavar="PORT", default=8000, help="the port to listen on; 0 takes a free one (8000)"
    )
    parser.add_argument(
        "--engine", metavar="NAME", help="what makes runs durable: journal, or dbos on PostgreSQL (POWERSTRIP_ENGINE, journal)"
    )
    parser.add_argument("--log-level", choices=LEVELS, default="warning", help="info logs each request (warning)")
    parser.set_defaults(run=serve)


def serve(context: Context) -> None:
    """Serve until SIGTERM or SIGINT."""
    gc.disable()  # nothing of what a start makes is garbage: looking for some is a tenth of it
    import uvloop

    uvloop.run(_serve(context))


def _own_url(host: str, port: int) -> str:
    """Where a browser on this machine reaches the hub. What listens on every address is reached over loopback too."""
    address = ipaddress.ip_address(host)
    if address.is_unspecified:
        host = "127.0.0.1" if address.version == 4 else "::1"
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


async def _serve(context: Context) -> None:
    from powerstrip.cli.server import listener, serve_app

    chosen = {"POWERSTRIP_ENGINE": context.args.engine} if context.args.engine else {}
    settings = target.folder_settings(context.args, {**context.environ, **chosen})
    target.must_exist(settings)
    bound = listener(context.args.host, context.args.port)
    host, port = bound.getsockname()[:2]
    settings = settings if settings.public_url else settings.model_copy(update={"public_url": _own_url(host, port)})
    url = f"http://{f'[{host}]' if ':' in host else host}:{port}"

    def ready() -> None:
        context.console.put({"url": url, "data": str(settings.data)}, f"powerstrip ready on {url} (data {settings.data})")
        if not ipaddress.ip_address(host).is_loopback:
            context.console.note(TLS_WARNING)

    level = context.args.log_level
    async with target.open_hub(settings, context.environ, own=[(host, port)], log_level=level, whole=False) as hub:

        async def after() -> None:
            await asyncio.sleep(BREATH)
            with target.refusals():
                await hub.app.warm()
            gc.freeze()
            gc.enable()

        await serve_app(hub.app, bound, ready, hub.release, after)
