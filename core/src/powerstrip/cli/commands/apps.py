"""`powerstrip apps`: this hub as an OAuth client of its services."""

from powerstrip.cli.context import Context
from powerstrip.cli.failures import Stop
from powerstrip.cli.parser import YES, Parser
from powerstrip.cli.secrets import ask_form, read_credentials
from powerstrip.cli.text import fields, plain, table
from powerstrip.client.shapes import PlatformApp

_FORM = {
    "properties": {"client_secret": {"title": "Client secret", "writeOnly": True}},
    "required": ["client_secret"],
}


def configure(parser: Parser) -> None:
    """Arguments of `apps`."""
    parser.command("list", "the OAuth clients of this hub", list_apps)
    setting = parser.command("set", "set a service's client id and secret", set_app)
    setting.add_argument("provider", help="such as slack; see `powerstrip providers list`")
    setting.add_argument("--client-id", required=True, metavar="ID", help="as the service shows it")
    words = "@file, env:NAME or - for standard input; asked for where it is left out"
    setting.add_argument("--client-secret", default="", metavar="SOURCE", help=words)
    methods = ("basic", "post", "none")
    setting.add_argument("--method", choices=methods, help="how the client proves itself; as the service's adapter says")
    deleting = parser.command("delete", "forget a service's client", delete_app)
    deleting.add_argument("provider", help="such as slack")
    deleting.add_argument("--yes", action="store_true", help=YES)


async def list_apps(context: Context) -> None:
    """Print every client."""
    async with context.hub() as hub:
        found = await hub.platform_apps.list()
    rows = [(row["provider"], row["client_id"], row["method"], row.get("redirect_uri", "")) for row in found]
    empty = "No OAuth client yet. Set one:  powerstrip apps set PROVIDER --client-id ID"
    context.console.put({"items": found}, table(("PROVIDER", "CLIENT ID", "METHOD", "REDIRECT URI"), rows) if rows else empty)


async def set_app(context: Context) -> None:
    """Set a client; its secret comes from a file, the environment, standard input or the terminal."""
    args = context.args
    async with context.hub() as hub:
        made = await hub.platform_apps.set(args.provider, args.client_id, _secret(context), method=args.method)
    context.console.put(made, f"Set.\n\n{_describe(made)}")


def _secret(context: Context) -> str:
    args, console = context.args, context.console
    if args.method == "none":
        return ""
    if args.client_secret:
        given = read_credentials("", [f"client_secret={args.client_secret}"], context.environ, console) or {}
        return str(given["client_secret"])
    if not console.interactive:
        raise Stop("No client secret was given", hint="--client-secret @file, env:NAME or -", code="usage", exit_code=2)
    return ask_form(_FORM, args.provider, console)["client_secret"]


async def delete_app(context: Context) -> None:
    """Forget a client; a person at a terminal is asked first."""
    provider: str = context.args.provider
    question = f"Forget the OAuth client of {provider}? Tokens of its integrations can then no longer be renewed"
    if not (context.args.yes or context.console.agreed(question)):
        raise Stop("Nothing was deleted", code="declined")
    async with context.hub() as hub:
        await hub.platform_apps.delete(provider)
    context.console.put({"deleted": provider}, f"Forgotten: {plain(provider)}.")


def _describe(made: PlatformApp) -> str:
    register = made.get("redirect_uri") or "shown once the hub is served, or with POWERSTRIP_PUBLIC_URL"
    return fields(
        (
            ("Provider", made["provider"]),
            ("Client id", made["client_id"]),
            ("Proves itself by", made["method"]),
            ("Redirect URI to register", register),
        )
    )
