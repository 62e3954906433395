"""`powerstrip polls`: looking for events where a provider sends none."""

from powerstrip.cli.context import Context
from powerstrip.cli.finding import find_integration
from powerstrip.cli.inputs import read_object
from powerstrip.cli.parser import Parser, whole
from powerstrip.cli.text import fields, table, when
from powerstrip.client.shapes import Poll

SECONDS = (30, 604_800)


def configure(parser: Parser) -> None:
    """Arguments of `polls`."""
    listing = parser.command("list", "polls of the project's integrations, on or off", list_polls)
    listing.add_argument("--integration", metavar="ID|NAME", help="of this one alone")
    making = _named(parser.command("enable", "look for events from now on", enable))
    making.add_argument("watch", nargs="*", metavar="FIELD=VALUE", help="what to look at: field=value, JSON, or @file")
    making.add_argument("--seconds", type=whole(*SECONDS), metavar="SECONDS", help="between looks (the adapter's own measure)")
    _named(parser.command("disable", "look no more; where it was is kept", disable))
    _named(parser.command("now", "look at once", now))


def _named(parser: Parser) -> Parser:
    parser.add_argument("integration", help="its id or its name")
    parser.add_argument("poll", help="the adapter's name of it, such as object")
    return parser


async def list_polls(context: Context) -> None:
    """Print the polls."""
    args = context.args
    async with context.project() as hub:
        wanted = (await find_integration(hub, args.integration))["id"] if args.integration else None
        found = await hub.polls.list(integration_id=wanted)
    rows = [
        (each["provider"], each["poll"], _state(each), f"{each['seconds']} s", each["found"], each["integration_id"])
        for each in found
    ]
    text = table(("PROVIDER", "POLL", "STATE", "EVERY", "FOUND", "INTEGRATION"), rows)
    context.console.put({"items": found}, text if found else "No integration here has a poll.")


async def enable(context: Context) -> None:
    """Switch one on."""
    args = context.args
    watch = read_object(args.watch, "WATCH")
    async with context.project() as hub:
        integration = await find_integration(hub, args.integration)
        made = await hub.polls.enable(integration["id"], args.poll, watch, seconds=args.seconds)
    context.console.put(made, f"On. The first look finds out where now is.\n\n{describe(made)}")


async def disable(context: Context) -> None:
    """Switch one off."""
    args = context.args
    async with context.project() as hub:
        changed = await hub.polls.disable((await find_integration(hub, args.integration))["id"], args.poll)
    context.console.put(changed, "The poll is off.")


async def now(context: Context) -> None:
    """Look at once."""
    args = context.args
    async with context.project() as hub:
        looked = await hub.polls.now((await find_integration(hub, args.integration))["id"], args.poll)
    context.console.put(looked, describe(looked))


def describe(poll: Poll) -> str:
    """A poll as lines."""
    return fields(
        (
            ("Poll", f"{poll['provider']} {poll['poll']}"),
            ("State", _state(poll)),
            ("Every", f"{poll['seconds']} s"),
            ("Watches", ", ".join(f"{name}={value}" for name, value in poll["watch"].items())),
            ("Events so far", poll["found"]),
            ("Looked", when(poll["looked_at"]) if "looked_at" in poll else None),
            ("Next look", when(poll["next_look_at"]) if "next_look_at" in poll else None),
            ("Stopped because", poll.get("stopped")),
            ("Trouble", poll.get("error")),
        )
    )


def _state(poll: Poll) -> str:
    if not poll["enabled"]:
        return "off"
    if poll.get("stopped"):
        return "stopped"
    return "in trouble" if poll.get("error") else "on"
