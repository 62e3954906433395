"""`powerstrip actions`: actions of one's own, HTTP endpoints and worker actions."""

from typing import Any

from powerstrip.cli import lists
from powerstrip.cli.context import Context
from powerstrip.cli.failures import Stop
from powerstrip.cli.inputs import read_object
from powerstrip.cli.parser import YES, Parser, whole
from powerstrip.cli.text import fields, plain, table, when
from powerstrip.client.actions import Hints, OwnAction

ONCE = "This is the only time the secret is shown. Keep it where only the endpoint can read it."
MAX_OVERLAP = 7 * 86_400


def configure(parser: Parser) -> None:
    """Arguments of `actions`."""
    make = parser.command("create", "register an action: --to for an endpoint, --worker for workers", create)
    make.add_argument("name", help="lower-case letters and digits, with - _ or . between")
    where = make.add_mutually_exclusive_group(required=True)
    where.add_argument("--to", dest="target", help="the endpoint that gets signed POSTs, https")
    where.add_argument("--worker", action="store_true", help="workers do it, as jobs")
    _add_changes(make)
    lists.add_paging(parser.command("list", "the project's own actions", list_actions))
    _named(parser.command("show", "one action", show))
    change = _named(parser.command("update", "change it", update))
    change.add_argument("--to", dest="target", help="another endpoint")
    _add_changes(change)
    remove = _named(parser.command("delete", "remove it", delete))
    remove.add_argument("--yes", action="store_true", help=YES)
    rotate = _named(parser.command("rotate-secret", "replace the signing secret", rotate_secret))
    words = "how long the old one signs too (86400); 0 ends it at once"
    rotate.add_argument("--overlap", type=whole(0, MAX_OVERLAP), metavar="SECONDS", help=words)


def _named(parser: Parser) -> Parser:
    parser.add_argument("name", help="its name")
    return parser


def _add_changes(parser: Parser) -> None:
    parser.add_argument("--title", help="what people call it")
    parser.add_argument("--description", help="what it does")
    parser.add_argument("--input", metavar="JSON", help="JSON Schema of what it takes; @file reads one")
    parser.add_argument("--output", metavar="JSON", help="JSON Schema of what it gives; @file reads one")
    parser.add_argument("--queue", help="where workers find its jobs (default)")
    parser.add_argument("--timeout", type=whole(1, 3600), metavar="SECONDS", help="how long one attempt may take (60)")
    parser.add_argument("--read-only", action="store_true", help="it has no effect")
    parser.add_argument("--idempotent", action="store_true", help="twice is once: it may be tried again")
    parser.add_argument("--destructive", action="store_true", help="it cannot be undone")


def _changes(context: Context) -> dict[str, Any]:
    """What the options say, by the client's names."""
    args = context.args
    hints: Hints = {}
    if args.read_only:
        hints["read_only"] = True
    if args.idempotent:
        hints["idempotent"] = True
    if args.destructive:
        hints["destructive"] = True
    return {
        "title": args.title,
        "description": args.description,
        "input_schema": read_object([args.input], "--input") if args.input else None,
        "output_schema": read_object([args.output], "--output") if args.output else None,
        "hints": hints or None,
        "queue": args.queue,
        "timeout_seconds": args.timeout,
    }


async def create(context: Context) -> None:
    """Register an action and show its secret, where it has one."""
    args = context.args
    async with context.project() as hub:
        kind = "worker" if args.worker else "http"
        made = await hub.actions.create(args.name, kind=kind, url=args.target, **_changes(context))
    secret = made.get("signing_secret")
    text = f"\n\nSecret: {secret}\nFor Standard Webhooks: {made.get('standard_webhooks_secret')}\n{ONCE}" if secret else ""
    context.console.put(made, describe(made) + text)


async def list_actions(context: Context) -> None:
    """Print the actions."""
    async with context.project() as hub:
        page = await lists.read(context, hub.actions.list())
    rows = [
        (row["name"], row["endpoint_kind"], row.get("endpoint_url") or row.get("queue", ""), row["title"]) for row in page.items
    ]
    empty = "No own actions yet. Register one:  powerstrip actions create NAME --worker"
    lists.put(context, page, table(("NAME", "KIND", "WHERE", "TITLE"), rows), empty)


async def show(context: Context) -> None:
    """Print one action."""
    async with context.project() as hub:
        found = await hub.actions.get(context.args.name)
    context.console.put(found, describe(found))


async def update(context: Context) -> None:
    """Change what is given."""
    async with context.project() as hub:
        changed = await hub.actions.update(context.args.name, url=context.args.target, **_changes(context))
    context.console.put(changed, f"Changed.\n\n{describe(changed)}")


async def delete(context: Context) -> None:
    """Remove it; a person at a terminal is asked first."""
    name = context.args.name
    async with context.project() as hub:
        if not (context.args.yes or context.console.agreed(f"Delete the action {name}?")):
            raise Stop("Nothing was deleted", code="declined")
        await hub.actions.delete(name)
    context.console.put({"deleted": name}, f"Deleted {plain(name)}.")


async def rotate_secret(context: Context) -> None:
    """Replace the secret and show the new one."""
    async with context.project() as hub:
        made = await hub.actions.rotate_secret(context.args.name, overlap_seconds=context.args.overlap)
    secret = f"Secret: {made['signing_secret']}\nFor Standard Webhooks: {made['standard_webhooks_secret']}"
    context.console.put(made, f"{secret}\n{ONCE}")


def describe(entry: OwnAction) -> str:
    """An action as lines."""
    hints = ", ".join(name.replace("_", "-") for name, given in entry["annotations"].items() if given)
    return fields(
        (
            ("Name", entry["name"]),
            ("Kind", entry["endpoint_kind"]),
            ("Endpoint", entry.get("endpoint_url")),
            ("Queue", entry.get("queue")),
            ("Hints", hints or None),
            ("Timeout", f"{entry['timeout_seconds']} s"),
            ("Id", entry["id"]),
            ("Created", when(entry["created_at"])),
        )
    )
