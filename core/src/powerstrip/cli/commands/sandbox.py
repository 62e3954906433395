"""`powerstrip sandbox`: what sandboxed calls would have sent."""

import json
from collections.abc import Iterable

from powerstrip.cli import lists
from powerstrip.cli.context import Context
from powerstrip.cli.finding import find_integration
from powerstrip.cli.parser import Parser
from powerstrip.cli.text import block, plain, table, when
from powerstrip.client.shapes import SandboxRequest

MAX_BODY_LINES = 20


def configure(parser: Parser) -> None:
    """Arguments of `sandbox`."""
    listing = parser.command("requests", "the ledger of what would have been sent, newest first", requests)
    listing.add_argument("--invocation", metavar="ID", help="only of this invocation")
    listing.add_argument("--integration", metavar="NAME", help="only of this integration, by id or name")
    listing.add_argument("--full", action="store_true", help="with headers and body")
    lists.add_paging(listing)


async def requests(context: Context) -> None:
    """Print the ledger."""
    args = context.args
    async with context.project() as hub:
        integration = (await find_integration(hub, args.integration))["id"] if args.integration else None
        page = await lists.read(context, hub.sandbox.requests(invocation_id=args.invocation, integration_id=integration))
    full = args.full or args.invocation
    text = "\n\n".join(as_request(entry) for entry in page.items) if full else as_table(page.items)
    lists.put(context, page, text, "Nothing would have been sent. Try a call with --sandbox.")


def as_table(entries: Iterable[SandboxRequest]) -> str:
    """One line for each request."""
    rows = [(when(entry.get("created_at")), entry.get("action_name", ""), entry["method"], entry["url"]) for entry in entries]
    return table(("AT (UTC)", "ACTION", "METHOD", "URL"), rows)


def as_request(entry: SandboxRequest, indent: str = "") -> str:
    """A request as it would have gone out, secrets as placeholders."""
    lines = [f"{plain(entry['method'])} {plain(entry['url'])}"]
    lines += [f"{plain(name)}: {plain(value)}" for name, value in entry["headers"]]
    head = "\n".join(indent + line for line in lines)
    body = _body(entry)
    return f"{head}\n\n{block(body, indent)}" if body else head


def _body(entry: SandboxRequest) -> str:
    text = entry.get("body") or ""
    size = entry.get("body_size", len(text))
    if entry.get("body_encoding", "text") != "text" or not text:
        return f"({size} bytes)" if size else ""
    lines = _pretty(text).splitlines()
    more = [f"… {len(lines) - MAX_BODY_LINES} more lines"] if len(lines) > MAX_BODY_LINES else []
    return "\n".join(lines[:MAX_BODY_LINES] + more)


def _pretty(text: str) -> str:
    """JSON with one field a line; anything else as it is."""
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except ValueError:
        return text
