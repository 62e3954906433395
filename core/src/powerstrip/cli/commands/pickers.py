"""`powerstrip pickers`: values of a provider to choose from."""

from powerstrip.cli import lists
from powerstrip.cli.context import Context
from powerstrip.cli.finding import find_integration
from powerstrip.cli.inputs import pairs
from powerstrip.cli.parser import Parser
from powerstrip.cli.text import table
from powerstrip.client import Client
from powerstrip.client.shapes import Integration


def configure(parser: Parser) -> None:
    """Arguments of `pickers`."""
    parser.add_argument("integration", help="its id or its name")
    parser.add_argument("picker", nargs="?", default="", help="such as channel; without it, the pickers there are")
    parser.add_argument("--search", default="", metavar="TEXT", help="only values that fit TEXT")
    parser.add_argument("--value", action="append", default=[], metavar="FIELD=VALUE", help="a field that the picker depends on")
    lists.add_paging(parser)
    parser.set_defaults(run=pick)


async def pick(context: Context) -> None:
    """Print what a picker offers, or which pickers there are."""
    args = context.args
    async with context.project() as hub:
        found = await find_integration(hub, args.integration)
        if not args.picker:
            return await _list_pickers(context, hub, found)
        offered = hub.integrations.pick(found["id"], args.picker, search=args.search, values=pairs(args.value, "--value"))
        page = await lists.read(context, offered)
    rows = [(choice["value"], choice["label"], choice.get("detail", "")) for choice in page.items]
    lists.put(context, page, table(("VALUE", "LABEL", "DETAIL"), rows), "It offers nothing.")
    return None


async def _list_pickers(context: Context, hub: Client, found: Integration) -> None:
    pickers = (await hub.providers.get(found["provider"])).get("reference_types", [])
    rows = [(each["id"], ", ".join(each["depends"]), each["description"].partition("\n")[0]) for each in pickers]
    context.console.put({"pickers": pickers}, table(("PICKER", "NEEDS", "WHAT IT LISTS"), rows) if rows else "It has no pickers.")
