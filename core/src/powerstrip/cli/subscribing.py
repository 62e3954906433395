"""`powerstrip endpoints subscribe|status|unsubscribe`: registrations that the hub keeps at providers."""

from powerstrip.cli.context import Context
from powerstrip.cli.failures import Stop
from powerstrip.cli.inputs import read_object
from powerstrip.cli.parser import YES, Parser
from powerstrip.cli.text import fields, plain, table, when
from powerstrip.client.shapes import Subscription, SubscriptionPlan, SubscriptionStatus

WATCH = "what to hear, as the provider's form asks: field=value, JSON, or @file"


def add_subscribing(parser: Parser) -> None:
    """The three commands, below `endpoints`."""
    making = parser.command("subscribe", "make the provider send events to an endpoint, and keep it so", subscribe)
    making.add_argument("endpoint", help="its id")
    making.add_argument("watch", nargs="*", metavar="FIELD=VALUE", help=WATCH)
    making.add_argument("--event", action="append", default=[], metavar="ID", help="hear this one; again for more (all)")
    making.add_argument("--dry-run", action="store_true", help="show what would change at the provider; change nothing")
    making.add_argument("--yes", action="store_true", help=YES)
    asking = parser.command("status", "what an endpoint is subscribed to, compared with the provider", status)
    asking.add_argument("endpoint", help="its id")
    asking.add_argument("--check", action="store_true", help="ask the provider now, and mend what differs")
    ending = parser.command("unsubscribe", "delete registrations at the provider", unsubscribe)
    ending.add_argument("endpoint", help="its id")
    ending.add_argument("--subscription", metavar="ID", help="this one alone (all of the endpoint)")
    ending.add_argument("--yes", action="store_true", help=YES)


async def subscribe(context: Context) -> None:
    """Show the plan, ask, and make the provider's side so."""
    args, console = context.args, context.console
    watch = read_object(args.watch, "WATCH")
    async with context.project() as hub:
        subscriptions = hub.subscriptions(args.endpoint)
        plan = await subscriptions.plan(watch, args.event)
        if args.dry_run:
            console.put(plan, f"{describe_plan(plan)}\n\nNothing was changed.")
            return
        if plan["steps"] and not args.yes and console.interactive:
            console.note(describe_plan(plan))
            if not console.confirm("Do it at the provider?"):
                raise Stop("Nothing was changed", code="declined")
        made = await subscriptions.publish(watch, args.event)
    console.put(made, f"Subscribed.\n\n{describe(made)}")


async def status(context: Context) -> None:
    """Print the subscriptions of an endpoint."""
    async with context.project() as hub:
        subscriptions = hub.subscriptions(context.args.endpoint)
        found = await subscriptions.status()
        if context.args.check:
            for each in found["items"]:
                await subscriptions.check(each["id"])
            found = await subscriptions.status()
    context.console.put(found, describe_status(found))


async def unsubscribe(context: Context) -> None:
    """Delete registrations."""
    args = context.args
    if not args.yes and not context.console.agreed("Delete the registration at the provider? It sends nothing any more then."):
        return
    async with context.project() as hub:
        subscriptions = hub.subscriptions(args.endpoint)
        doomed = [args.subscription] if args.subscription else [each["id"] for each in (await subscriptions.status())["items"]]
        for each in doomed:
            await subscriptions.remove(each)
    context.console.put({"deleted": doomed}, f"Deleted {len(doomed)}.")


def describe_plan(plan: SubscriptionPlan) -> str:
    """A plan as lines."""
    steps = "; ".join(plan["steps"]) or "nothing: all is as wanted"
    return fields(
        (
            ("At the provider", "nothing is sent from a sandbox" if plan["simulated"] else steps),
            ("Address", plan["url"]),
            ("Events", ", ".join(plan["events"])),
            ("What", _watch(plan["watch"])),
            ("Found", plan.get("drift")),
        )
    )


def describe(row: Subscription) -> str:
    """A subscription as lines."""
    has = row["registration"]
    return fields(
        (
            ("State", row["state"]),
            ("What", _watch(row["watch"])),
            ("At the provider", has.get("id")),
            ("Address there", has.get("url")),
            ("Events there", ", ".join(has.get("events", []))),
            ("Ends", when(has["expires_at"]) if has.get("expires_at") else None),
            ("Drift (mended)", row.get("drift")),
            ("Drift found", when(row["drift_at"]) if "drift_at" in row else None),
            ("Trouble", row.get("error")),
            ("Next look", when(row["next_check_at"]) if "next_check_at" in row else None),
            ("Id", row["id"]),
        )
    )


def describe_status(found: SubscriptionStatus) -> str:
    """All subscriptions, or what a person is to do where the hub cannot."""
    if not found["supported"]:
        steps = "\n".join(f"{number}. {plain(step)}" for number, step in enumerate(found["steps"], 1))
        return f"{plain(found.get('reason', ''))}.\n\nTo do at the provider:\n{steps}"
    if not found["items"]:
        form = [(name, each.get("description", each.get("title", ""))) for name, each in _properties(found)]
        asks = f"\n\n{table(('FIELD', 'WHAT'), form)}" if form else ""
        return f"Not subscribed. Subscribe:  powerstrip endpoints subscribe ENDPOINT [FIELD=VALUE …]{asks}"
    return "\n\n".join(describe(each) for each in found["items"])


def _properties(found: SubscriptionStatus) -> list[tuple[str, dict[str, str]]]:
    return list(found["watch_schema"].get("properties", {}).items())


def _watch(watch: dict[str, object]) -> str | None:
    return ", ".join(f"{name}={value}" for name, value in watch.items()) or None
