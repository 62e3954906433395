"""`powerstrip connect`: a service by consent in a browser, or a link for somebody without an account."""

from powerstrip.cli import lists
from powerstrip.cli.consenting import add_ways, consent
from powerstrip.cli.context import Context
from powerstrip.cli.failures import Usage
from powerstrip.cli.inputs import read_object
from powerstrip.cli.parser import Parser
from powerstrip.cli.text import plain, table, when
from powerstrip.cli.views import describe
from powerstrip.client.shapes import Consent


def configure(parser: Parser) -> None:
    """Arguments of `connect`."""
    parser.add_argument("provider", help="such as slack; or `links list`, `links revoke ID`")
    parser.add_argument("rest", nargs="*", metavar="WORD", help="after `links`")
    parser.add_argument("--name", default="", help="unique among the provider's integrations (the provider's id)")
    words = "settings: JSON, @file, field=text or field:=json"
    parser.add_argument("--config", action="append", default=[], metavar="JSON", help=words)
    parser.add_argument("--auth", metavar="KIND", help="which way to sign in, where the provider has several")
    add_ways(parser)
    parser.add_argument("--link", action="store_true", help="make a link for somebody without an account")
    parser.add_argument("--expires-at", metavar="TIME", help="with --link: RFC 3339, at most a day from now")
    lists.add_paging(parser)
    parser.set_defaults(run=connect)


async def connect(context: Context) -> None:
    """Connect, or make, list and take back links."""
    args = context.args
    if args.provider == "links":
        return await _links(context)
    if args.rest:
        raise Usage(f"What is {args.rest[0]}?", hint="powerstrip connect --help")
    return await (_make_link(context) if args.link else _connect(context))


async def _connect(context: Context) -> None:
    args = context.args
    config = read_object(args.config, "--config") or None
    async with context.project() as hub:

        async def begin(way: str, redirect_uri: str | None) -> Consent:
            return await hub.consents.begin(
                args.provider,
                args.name or args.provider,
                config=config,
                scopes=args.scope,
                auth_kind=args.auth,
                way=way,  # pyright: ignore[reportArgumentType] - one of the options
                redirect_uri=redirect_uri,
            )

        end = await consent(context, hub, args.provider, begin)
        made = await hub.integrations.get(end["integration_id"])  # pyright: ignore[reportTypedDictNotRequiredAccess]
    if missing := end.get("missing_scopes"):
        context.console.note(f"note: not granted: {', '.join(map(plain, missing))}")
    context.console.put(made, f"Connected.\n\n{describe(made)}")


async def _make_link(context: Context) -> None:
    args = context.args
    config = read_object(args.config, "--config") or None
    kinds = [args.auth] if args.auth else None
    async with context.project() as hub:
        made = await hub.connect_sessions.create(
            args.provider,
            args.name or args.provider,
            expires_at=args.expires_at,
            auth_kinds=kinds,
            scopes=args.scope,
            config=config,
        )
    text = f"{made.get('url', '')}\n\nGood once, until {when(made['expires_at'])} UTC. Whoever has it can use it: send it to one."
    context.console.put(made, text)


async def _links(context: Context) -> None:
    args = context.args
    async with context.project() as hub:
        match args.rest:
            case ["list"] | []:
                page = await lists.read(context, hub.connect_sessions.list())
                rows = [(row["provider"], row["name"], row["status"], when(row["expires_at"]), row["id"]) for row in page.items]
                text = table(("PROVIDER", "NAME", "STATUS", "GOOD UNTIL", "ID"), rows)
                lists.put(context, page, text, "No links yet. Make one:  powerstrip connect PROVIDER --link")
            case ["revoke", id]:
                await hub.connect_sessions.revoke(id)
                context.console.put({"revoked": id}, "Taken back.")
            case _:
                raise Usage("Links are listed, or one is revoked", hint="powerstrip connect links revoke ID")
