"""`powerstrip serve`: the hub's HTTP API on one port."""

import ipaddress

from powerstrip.cli import target
from powerstrip.cli.context import Context
from powerstrip.cli.parser import Parser, whole

LEVELS = ("debug", "info", "warning", "error")
TLS_WARNING = "warning: other machines can reach this port, and it speaks no TLS: put a TLS proxy before it"


def configure(parser: Parser) -> None:
    """Arguments of `serve`."""
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (127.0.0.1)")
    parser.add_argument(
        "--port", type=whole(0, 65535), metavar="PORT", default=8000, help="the port to listen on; 0 takes a free one (8000)"
    )
    parser.add_argument("--log-level", choices=LEVELS, default="warning", help="info logs each request (warning)")
    parser.set_defaults(run=serve)


def serve(context: Context) -> None:
    """Serve until SIGTERM or SIGINT."""
    import uvloop

    uvloop.run(_serve(context))


async def _serve(context: Context) -> None:
    from powerstrip.cli.server import free_address, serve_app

    settings = target.folder_settings(context.args, context.environ)
    target.must_exist(settings)
    host, port = await free_address(context.args.host, context.args.port)
    url = f"http://{f'[{host}]' if ':' in host else host}:{port}"

    def ready() -> None:
        context.console.put({"url": url, "data": str(settings.data)}, f"powerstrip ready on {url} (data {settings.data})")
        if not ipaddress.ip_address(host).is_loopback:
            context.console.note(TLS_WARNING)

    async with target.open_hub(settings, context.environ, own=[(host, port)], log_level=context.args.log_level) as hub:
        await serve_app(hub.app, host, port, ready)
