"""`powerstrip audit`: who did what; and whether the chain holds."""

from powerstrip.cli import lists
from powerstrip.cli.context import Context
from powerstrip.cli.failures import FAILED, OK
from powerstrip.cli.parser import Parser
from powerstrip.cli.text import plain, table, when
from powerstrip.client.shapes import AuditEntry


def configure(parser: Parser) -> None:
    """Arguments of `audit`."""
    listing = parser.command("list", "the audit log, newest first", list_audit)
    listing.add_argument("--action", metavar="WORD", help="create, update, delete, archive, restore, use, invoke or refuse")
    listing.add_argument("--resource-type", metavar="TYPE", help="such as integration or api_key")
    listing.add_argument("--resource-id", metavar="ID")
    listing.add_argument("--since", metavar="TIME", help="RFC 3339, such as 2026-01-31T00:00:00Z")
    listing.add_argument("--until", metavar="TIME", help="RFC 3339")
    lists.add_paging(listing)
    parser.command("verify", "walk the hash chain and name the first place that does not hold", verify)


async def list_audit(context: Context) -> None:
    """Print the audit log."""
    args = context.args
    async with context.project() as hub:
        found = hub.audit.list(
            action=args.action,
            resource_type=args.resource_type,
            resource_id=args.resource_id,
            created_after=args.since,
            created_before=args.until,
        )
        page = await lists.read(context, found)
    lists.put(context, page, as_table(page.items), "Nothing was recorded that fits.")


def as_table(entries: list[AuditEntry]) -> str:
    """One line for each entry."""
    rows = [(when(row["created_at"]), _actor(row), row["action"], row["resource_type"], _what(row)) for row in entries]
    return table(("AT (UTC)", "WHO", "DID", "WITH A", "NAMED"), rows)


def _actor(row: AuditEntry) -> str:
    key = row.get("credential_name")
    return f"{row.get('actor_name') or ''}" + (f" (key {key})" if key else "")


def _what(row: AuditEntry) -> str:
    """What it was done to, and for what."""
    name, changes = row.get("resource_name") or row["resource_id"], row.get("changes") or {}
    if row["action"] == "use" and changes.get("action"):
        sandboxed = " (sandbox)" if changes.get("mode") == "sandbox" else ""
        return f"{name}, for {changes['action']}{sandboxed}"
    if row["action"] == "update" and changes.get("fields"):
        return f"{name}: {', '.join(changes['fields'])}"
    return name


async def verify(context: Context) -> int:
    """Verify the chain; exit code 1 where it is broken."""
    async with context.project() as hub:
        report = await hub.audit.verify()
    if report["intact"]:
        context.console.put(report, f"The audit chain holds: {report['rows']} rows.")
        return OK
    if context.console.json:
        context.console.put(report, "")
    place = f"row {report.get('broken_seq')}: {plain(report.get('reason'))}"
    context.console.trouble(f"The audit chain is broken at {place}", "keep the database as it is and compare it with a backup")
    return FAILED
