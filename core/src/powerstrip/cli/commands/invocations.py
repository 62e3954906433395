"""`powerstrip invocations`: what was called, and what came of it."""

import json

from powerstrip.cli import lists
from powerstrip.cli.context import Context
from powerstrip.cli.finding import find_integration
from powerstrip.cli.parser import Parser
from powerstrip.cli.text import fields, table, when
from powerstrip.client.shapes import Invocation


def configure(parser: Parser) -> None:
    """Arguments of `invocations`."""
    listing = parser.command("list", "the invocation log, newest first", list_invocations)
    listing.add_argument("--action", metavar="NAME", help="only of this action")
    listing.add_argument("--provider", metavar="NAME", help="only of this provider")
    listing.add_argument("--integration", metavar="NAME", help="only through this integration, by id or name")
    listing.add_argument("--mode", choices=("live", "sandbox"))
    listing.add_argument("--status", choices=("active", "completed", "failed"))
    listing.add_argument("--run", dest="run_id", metavar="ID", help="only of this run")
    lists.add_paging(listing)
    parser.command("show", "one invocation", show).add_argument("invocation", help="its id")


async def list_invocations(context: Context) -> None:
    """Print the log."""
    args = context.args
    async with context.project() as hub:
        integration = (await find_integration(hub, args.integration))["id"] if args.integration else None
        found = hub.invocations.list(
            action_name=args.action,
            provider=args.provider,
            integration_id=integration,
            mode=args.mode,
            status=args.status,
            run_id=args.run_id,
        )
        page = await lists.read(context, found)
    rows = [
        (when(row["started_at"]), row["action_name"], row["status"], row.get("mode", ""), row["id"], row.get("error_message"))
        for row in page.items
    ]
    text = table(("STARTED (UTC)", "ACTION", "STATUS", "MODE", "ID", "ERROR"), rows)
    lists.put(context, page, text, "Nothing was called yet. Try:  powerstrip catalog list-actions")


async def show(context: Context) -> None:
    """Print one invocation."""
    async with context.project() as hub:
        found = await hub.invocations.get(context.args.invocation)
    context.console.put(found, describe(found))


def describe(row: Invocation) -> str:
    """An invocation as lines."""
    return fields(
        (
            ("Action", row["action_name"]),
            ("Status", row["status"]),
            ("Error", row.get("error_message")),
            ("Error type", row.get("error_type")),
            ("Mode", row.get("mode")),
            ("Dry run", "yes" if row.get("dry_run") else ""),
            ("Input", json.dumps(row.get("parameters") or {}, ensure_ascii=False)),
            ("Output", json.dumps(row.get("output_summary") or {}, ensure_ascii=False)),
            ("Repeats", row["retry_count"] or ""),
            ("Source", row["source"]),
            ("Integration", row.get("integration_id")),
            ("Run", row.get("run_id")),
            ("Step", row.get("step_name")),
            ("Started", when(row["started_at"])),
            ("Finished", when(row.get("finished_at"))),
            ("Id", row["id"]),
        )
    )
