"""Bundles at the command line: out to standard output, in with the difference shown first."""

from typing import Any

from powerstrip.cli.console import as_json
from powerstrip.cli.context import Context
from powerstrip.cli.failures import Stop, Usage
from powerstrip.cli.inputs import parse_object, read_text
from powerstrip.cli.parser import Parser
from powerstrip.cli.planning import add_plan
from powerstrip.cli.text import table
from powerstrip.client.shapes import ImportResult


def configure(parser: Parser) -> None:
    """`integrations export` and `integrations import`."""
    out = parser.command(
        "export", "write the integrations to standard output as a bundle; no secret is in it without --seal-to", export
    )
    out.add_argument(
        "--seal-to",
        metavar="PUBLICKEY",
        help="with the credentials, so that one hub alone can open them: what `powerstrip keys bundle-key` prints on it",
    )
    into = add_plan(
        parser.command("import", "take integrations from another hub's bundle; the difference is shown first", import_bundle)
    )
    into.add_argument("bundle", metavar="FILE", help="a file that `integrations export` wrote; - is standard input")
    into.add_argument("--skip-conflicts", action="store_true", help="import the others where some cannot be")


async def export(context: Context) -> None:
    """Print the bundle."""
    async with context.project() as hub:
        bundle = await hub.integrations.export(seal_to=context.args.seal_to)
    context.console.put(bundle, as_json(bundle, context.console.out.encoding))


async def import_bundle(context: Context) -> None:
    """Show the difference, ask, import."""
    args, console = context.args, context.console
    source = args.bundle if args.bundle == "-" else f"@{args.bundle.removeprefix('@')}"
    bundle: dict[str, Any] = parse_object(read_text(source, "the bundle"), "the bundle")
    async with context.project() as hub:
        plan = await hub.integrations.plan_import(bundle)
        if args.dry_run:
            console.put(plan, f"{describe(plan)}\n\nNothing was changed.")
            return
        _agree(context, plan)
        done = await hub.integrations.import_bundle(bundle, skip_conflicts=args.skip_conflicts, accept_impact=True)
    console.put(done, f"{describe(done)}\n\nImported.")


def _agree(context: Context, plan: ImportResult) -> None:
    """Raises `Stop` where nobody says yes. Nothing to do is no question."""
    console = context.console
    if context.args.yes or all(entry["state"] == "same" for entry in plan["entries"]):
        return
    for line in describe(plan).splitlines():
        console.note(line)
    if not console.interactive:
        raise Usage("Nothing was imported", hint="add --yes where it is meant; --dry-run shows the difference")
    if not console.confirm("Import it?"):
        raise Stop("Nothing was imported", code="declined")


def describe(plan: ImportResult) -> str:
    """The difference as a table."""
    rows = [
        (
            entry["state"].replace("_", " "),
            entry["provider"],
            entry["name"],
            f"stops {len(entry['breaks'])}" if entry["breaks"] else "",
            entry.get("reason") or ", ".join(change["field"] for change in entry["changes"]),
        )
        for entry in plan["entries"]
    ]
    return table(("STATE", "PROVIDER", "NAME", "IMPACT", "WHAT"), rows) if rows else "The bundle is empty."
