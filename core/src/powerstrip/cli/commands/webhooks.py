"""`powerstrip webhooks`: tell others what happens, by signed deliveries."""

from powerstrip.cli import lists
from powerstrip.cli.context import Context
from powerstrip.cli.failures import FAILED, OK, Stop
from powerstrip.cli.parser import YES, Parser, whole
from powerstrip.cli.text import fields, plain, table, when
from powerstrip.client import Client
from powerstrip.client.webhooks import Webhook

ONCE = "This is the only time the secret is shown. Keep it where only its receiver can read it."
MAX_OVERLAP = 7 * 86_400


def configure(parser: Parser) -> None:
    """Arguments of `webhooks`."""
    make = parser.command("create", "make a webhook; its secret is shown once", create)
    make.add_argument("name", help="unique in the project")
    _add_target(make)
    make.add_argument("--disabled", action="store_true", help="switched off at first")
    lists.add_paging(parser.command("list", "the project's webhooks", list_webhooks))
    _named(parser.command("show", "one webhook", show))
    update_parser = _named(parser.command("update", "change its name, address, events, or switch it on or off", update))
    update_parser.add_argument("--name", help="another name")
    _add_target(update_parser)
    switch = update_parser.add_mutually_exclusive_group()
    switch.add_argument("--enable", action="store_true", help="switch it on")
    switch.add_argument("--disable", action="store_true", help="switch it off; what waits is not sent")
    delete_parser = _named(parser.command("delete", "remove it with its deliveries, for good", delete))
    delete_parser.add_argument("--yes", action="store_true", help=YES)
    ping_parser = _named(parser.command("ping", "send one signed test", ping))
    ping_parser.add_argument("--to", dest="target", help="to this address instead of its own")
    lists.add_paging(_named(parser.command("deliveries", "what was sent, and what waits", deliveries)))
    resend_parser = _named(parser.command("resend", "send a delivery that has ended once more", resend))
    resend_parser.add_argument("delivery", help="its id")
    rotate_parser = _named(parser.command("rotate-secret", "replace the signing secret", rotate_secret))
    words = "how long the old one signs too (86400); 0 ends it at once"
    rotate_parser.add_argument("--overlap", type=whole(0, MAX_OVERLAP), metavar="SECONDS", help=words)


def _add_target(parser: Parser) -> None:
    parser.add_argument("--to", dest="target", help="where events go, https")
    words = "an event such as run.completed, or run.*; may be repeated (every event)"
    parser.add_argument("--event", action="append", default=None, metavar="NAME", help=words)


def _named(parser: Parser) -> Parser:
    parser.add_argument("webhook", help="its id or its name")
    return parser


async def create(context: Context) -> None:
    """Make a webhook and show its secret."""
    args = context.args
    async with context.project() as hub:
        made = await hub.webhooks.create(args.name, args.event or [], url=args.target or "", enabled=not args.disabled)
    secret = f"Secret: {made['signing_secret']}\nFor Standard Webhooks: {made['standard_webhooks_secret']}"
    context.console.put(made, f"{describe(made)}\n\n{secret}\n{ONCE}")


async def list_webhooks(context: Context) -> None:
    """Print the webhooks."""
    async with context.project() as hub:
        page = await lists.read(context, hub.webhooks.list())
    rows = [(each["name"], _state(each), ", ".join(each["events"]) or "all", each["url"], each["id"]) for each in page.items]
    text = table(("NAME", "STATE", "EVENTS", "URL", "ID"), rows)
    lists.put(context, page, text, "No webhooks yet. Make one:  powerstrip webhooks create NAME --to URL")


async def show(context: Context) -> None:
    """Print one webhook."""
    async with context.project() as hub:
        found = await _find(hub, context.args.webhook)
    context.console.put(found, describe(found))


async def update(context: Context) -> None:
    """Change what is given."""
    args = context.args
    enabled = True if args.enable else False if args.disable else None
    async with context.project() as hub:
        found = await _find(hub, args.webhook)
        changed = await hub.webhooks.update(found["id"], name=args.name, url=args.target, events=args.event, enabled=enabled)
    context.console.put(changed, f"Changed.\n\n{describe(changed)}")


async def delete(context: Context) -> None:
    """Delete it; a person at a terminal is asked first."""
    async with context.project() as hub:
        found = await _find(hub, context.args.webhook)
        if not (context.args.yes or context.console.agreed(f"Delete {found['name']} and its deliveries for good?")):
            raise Stop("Nothing was deleted", code="declined")
        await hub.webhooks.delete(found["id"])
    context.console.put({"deleted": found["id"]}, f"Deleted {plain(found['name'])}.")


async def ping(context: Context) -> int:
    """Send a test; exit code 1 where it is not taken."""
    async with context.project() as hub:
        found = await _find(hub, context.args.webhook)
        result = await hub.webhooks.ping(found["id"], url=context.args.target)
    if result["success"]:
        words = "in a sandbox: nothing was sent" if result.get("simulated") else f"taken ({result.get('status_code')})"
        context.console.put(result, f"{plain(found['name'])}: {words}.")
        return OK
    if context.console.json:
        context.console.put(result, "")
    context.console.trouble(f"{found['name']}: {result.get('error') or 'not taken'}", "check the address and its server")
    return FAILED


async def deliveries(context: Context) -> None:
    """Print a webhook's deliveries."""
    async with context.project() as hub:
        found = await _find(hub, context.args.webhook)
        page = await lists.read(context, hub.webhooks.deliveries(found["id"]))
    rows = [
        (
            when(each["created_at"]),
            each["event_type"],
            each["status"] if each["mode"] == "live" else f"{each['status']} (sandbox)",
            str(each["attempts"]),
            each.get("last_error", ""),
            each["id"],
        )
        for each in page.items
    ]
    lists.put(context, page, table(("WHEN", "EVENT", "STATUS", "TRIES", "ERROR", "ID"), rows), "Nothing was sent yet.")


async def resend(context: Context) -> None:
    """Send a delivery once more."""
    async with context.project() as hub:
        found = await _find(hub, context.args.webhook)
        row = await hub.webhooks.resend(found["id"], context.args.delivery)
    context.console.put(row, f"On its way again. See:  powerstrip webhooks deliveries {plain(found['name'])}")


async def rotate_secret(context: Context) -> None:
    """Replace the secret and show the new one."""
    async with context.project() as hub:
        found = await _find(hub, context.args.webhook)
        made = await hub.webhooks.rotate_secret(found["id"], overlap_seconds=context.args.overlap)
    secret = f"Secret: {made['signing_secret']}\nFor Standard Webhooks: {made['standard_webhooks_secret']}"
    context.console.put(made, f"{secret}\n{ONCE}")


async def _find(hub: Client, reference: str) -> Webhook:
    """The webhook with this id or name. Stops where there is none."""
    if reference.startswith("wbh_"):
        return await hub.webhooks.get(reference)
    everything = await hub.webhooks.list().all()
    found = next((each for each in everything if each["name"] == reference), None)
    if found is None:
        known = ", ".join(each["name"] for each in everything) or "none"
        raise Stop(f"There is no webhook {reference}", hint=f"there are: {known}", code="not_found")
    return found


def describe(entry: Webhook) -> str:
    """A webhook as lines."""
    return fields(
        (
            ("Name", entry["name"]),
            ("Address", entry["url"] or "none yet"),
            ("Events", ", ".join(entry["events"]) or "all"),
            ("State", _state(entry)),
            ("Why", entry.get("disabled_reason")),
            ("Failing since", when(entry.get("failing_since"))),
            ("Id", entry["id"]),
            ("Created", when(entry["created_at"])),
        )
    )


def _state(entry: Webhook) -> str:
    return "on" if entry["enabled"] else "off"
