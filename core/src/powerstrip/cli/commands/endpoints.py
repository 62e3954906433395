"""`powerstrip endpoints`: addresses that providers send to."""

from powerstrip.cli.context import Context
from powerstrip.cli.failures import Stop
from powerstrip.cli.finding import find_integration
from powerstrip.cli.inputs import read_text
from powerstrip.cli.parser import YES, Parser, whole
from powerstrip.cli.subscribing import add_subscribing
from powerstrip.cli.text import fields, plain, table
from powerstrip.client.shapes import Endpoint

MAX_OVERLAP = 604_800
SECRET = "the secret that the provider made: @file, or - for standard input"  # noqa: S105 - words of a help text


def configure(parser: Parser) -> None:
    """Arguments of `endpoints`."""
    parser.command("list", "the project's endpoints", list_endpoints)
    making = parser.command("create", "make an address for an integration", create)
    making.add_argument("integration", nargs="?", help="its id or its name")
    making.add_argument("--provider", metavar="ID", help="one address for every account of this provider instead")
    making.add_argument("--secret", metavar="@FILE", help=SECRET)
    _named(parser.command("show", "one endpoint, and what is to be done at the provider", show))
    rotating = _named(parser.command("rotate", "replace the secret; the one before is taken a while longer", rotate))
    rotating.add_argument("--secret", metavar="@FILE", help=SECRET)
    words = "how much longer the secret before is taken (86400)"
    rotating.add_argument("--overlap", type=whole(0, MAX_OVERLAP), metavar="SECONDS", help=words)
    _named(parser.command("confirm", "show the secret that the provider handed over, for entering it there", confirm))
    _named(parser.command("enable", "take deliveries again", enable))
    _named(parser.command("disable", "answer as if there were no such endpoint", disable))
    add_subscribing(parser)
    _named(parser.command("delete", "remove it with its secrets, for good", delete)).add_argument(
        "--yes", action="store_true", help=YES
    )


def _named(parser: Parser) -> Parser:
    parser.add_argument("endpoint", help="its id")
    return parser


async def list_endpoints(context: Context) -> None:
    """Print the endpoints."""
    async with context.project() as hub:
        found = await hub.endpoints.list()
    rows = [(each["provider"], _state(each), each["scheme"], _whose(each), each["id"]) for each in found]
    text = table(("PROVIDER", "STATE", "PROOF", "INTEGRATION", "ID"), rows)
    empty = "No endpoints yet. Make one:  powerstrip endpoints create INTEGRATION"
    context.console.put({"items": found}, text if found else empty)


async def create(context: Context) -> None:
    """Make an endpoint; a secret that the hub makes is printed once."""
    args = context.args
    if bool(args.integration) == bool(args.provider):
        raise _usage("Name an integration, or a provider with --provider", "powerstrip integrations list")
    secret = _secret(args.secret)
    async with context.project() as hub:
        found = (await find_integration(hub, args.integration))["id"] if args.integration else None
        made = await hub.endpoints.create(integration_id=found, provider=args.provider, secret=secret)
    context.console.put(made, f"Made.\n\n{describe(made)}")


async def show(context: Context) -> None:
    """Print one endpoint."""
    async with context.project() as hub:
        found = await hub.endpoints.get(context.args.endpoint)
    context.console.put(found, describe(found))


async def rotate(context: Context) -> None:
    """Replace the secret."""
    args = context.args
    secret = _secret(args.secret)
    async with context.project() as hub:
        changed = await hub.endpoints.rotate(args.endpoint, secret, overlap_seconds=args.overlap)
    context.console.put(changed, f"Rotated.\n\n{describe(changed)}")


async def confirm(context: Context) -> None:
    """Print the secret that came in the first delivery."""
    async with context.project() as hub:
        found = await hub.endpoints.confirm(context.args.endpoint)
    context.console.put(found, f"Enter this at the provider, which thereby knows that it sends to you: {found.get('secret')}")


async def enable(context: Context) -> None:
    """Switch it on."""
    await _switch(context, enabled=True)


async def disable(context: Context) -> None:
    """Switch it off."""
    await _switch(context, enabled=False)


async def _switch(context: Context, *, enabled: bool) -> None:
    async with context.project() as hub:
        changed = await hub.endpoints.enable(context.args.endpoint, enabled)
    context.console.put(changed, f"The endpoint is {_state(changed)}.")


async def delete(context: Context) -> None:
    """Remove it."""
    doomed = context.args.endpoint
    if not context.args.yes and not context.console.agreed(
        f"Delete the endpoint {doomed}? What the provider sends is lost then."
    ):
        return
    async with context.project() as hub:
        await hub.endpoints.delete(doomed)
    context.console.put({"deleted": doomed}, "Deleted.")


def describe(row: Endpoint) -> str:
    """An endpoint as lines, the steps below it."""
    facts = fields(
        (
            ("Provider", row["provider"]),
            ("Address", row["url"]),
            ("Secret (shown once)", row.get("secret")),
            ("State", _state(row)),
            ("Proof", ": ".join(filter(None, (row["scheme"], row.get("reason"))))),
            ("Integration", _whose(row)),
            ("Id", row["id"]),
        )
    )
    steps = "\n".join(f"{number}. {plain(step)}" for number, step in enumerate(row["steps"], 1))
    return f"{facts}\n\nTo do at the provider:\n{steps}"


def _whose(row: Endpoint) -> str:
    return row.get("integration_id") or "every account"


def _usage(message: str, hint: str) -> Stop:
    return Stop(message, hint=hint, code="usage", exit_code=2)


def _state(row: Endpoint) -> str:
    if not row["enabled"]:
        return "off"
    return "waits for its secret" if row["waits_for_secret"] else "on"


def _secret(word: str | None) -> str | None:
    if word is None:
        return None
    if word != "-" and not word.startswith("@"):
        raise _usage("A secret is not typed as an argument, which others can see", "--secret @FILE or --secret -")
    return read_text(word, "--secret").strip()
