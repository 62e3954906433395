"""What becomes of an integration at the command line: settings, state, copies, its end, and what uses it."""

from typing import Any

from powerstrip.cli.context import Context
from powerstrip.cli.failures import Usage
from powerstrip.cli.finding import find_integration
from powerstrip.cli.inputs import read_object
from powerstrip.cli.parser import Parser
from powerstrip.cli.planning import add_plan, agree, describe_impact, shown
from powerstrip.cli.secrets import add_credentials, read_credentials
from powerstrip.cli.text import plain, table, when
from powerstrip.cli.views import describe
from powerstrip.client.shapes import Integration, Plan


def configure(parser: Parser) -> None:
    """Arguments of these sub-commands of `integrations`."""
    update_parser = add_plan(_named(parser.command("update", "change its name, settings or credentials", update)))
    update_parser.add_argument("--name", help="another name")
    words = "settings to change: JSON, @file, field=text or field:=json; the others stay"
    update_parser.add_argument("--config", action="append", default=[], metavar="JSON", help=words)
    update_parser.add_argument("--unset", action="append", default=[], metavar="FIELD", help="a setting to remove")
    add_credentials(update_parser)
    rename_parser = _named(parser.command("rename", "give it another name", rename))
    rename_parser.add_argument("name", help="unique among the provider's integrations")
    _named(parser.command("enable", "use it again", enable))
    add_plan(_named(parser.command("disable", "keep it, and refuse calls with it", disable)))
    expire_parser = add_plan(_named(parser.command("expire", "refuse calls until it gets another credential", expire)))
    expire_parser.add_argument("--reason", required=True, help="shown to those who find it so")
    copy_parser = add_plan(_named(parser.command("copy", "copy one to another project, credentials included", copy)))
    copy_parser.add_argument("--to", required=True, metavar="PROJECT", help="handle of the project that gets the copy")
    copy_parser.add_argument("--name", help="another name for the copy")
    copy_parser.add_argument("--replace", action="store_true", help="write over the one that has the name there")
    add_plan(_named(parser.command("delete", "remove it with its credentials, for good", delete)))
    _named(parser.command("impact", "what uses it", impact))
    _named(parser.command("history", "what became of it", history))


def _named(parser: Parser) -> Parser:
    parser.add_argument("integration", help="its id or its name")
    return parser


async def update(context: Context) -> None:
    """Change what is given and keep the rest; a destination's change is shown first, for it drops the credentials."""
    args = context.args
    settings = read_object(args.config, "--config")
    credentials = read_credentials(args.credentials, args.credential, context.environ, context.console)
    if not (args.name or settings or args.unset or credentials):
        raise Usage("Say what to change", hint="--name, --config, --unset, --credential")
    async with context.project() as hub:
        found = await find_integration(hub, args.integration)
        changes: dict[str, Any] = {"name": args.name, "credentials": credentials, "config": _merged(found, settings, args.unset)}
        plan = await hub.integrations.plan_update(found["id"], **changes)
        if shown(context, plan):
            return
        accepted = _drops(plan) and agree(context, plan, "Change it? Its credentials are dropped", must=True)
        changed = await hub.integrations.update(found["id"], **changes, accept_impact=accepted)
    context.console.put(changed, f"Changed.\n\n{describe(changed)}")


def _merged(found: Integration, settings: dict[str, Any], unset: list[str]) -> dict[str, Any] | None:
    """All settings as they are to be; None where none is to change."""
    if not settings and not unset:
        return None
    before = found.get("config") or {}
    missing = [name for name in unset if name not in before]
    if missing:
        raise Usage(f"It has no setting {', '.join(missing)}", hint=f"there are: {', '.join(before) or 'none'}")
    return {name: value for name, value in {**before, **settings}.items() if name not in unset}


def _drops(plan: Plan) -> bool:
    return any(each["field"] == "credentials" and str(each.get("after")).startswith("dropped") for each in plan["changes"])


async def rename(context: Context) -> None:
    """Give it another name."""
    async with context.project() as hub:
        found = await find_integration(hub, context.args.integration)
        changed = await hub.integrations.update(found["id"], name=context.args.name)
    context.console.put(changed, f"{plain(found['name'])} is {plain(changed['name'])} now.")


async def enable(context: Context) -> None:
    """Set it active."""
    async with context.project() as hub:
        found = await find_integration(hub, context.args.integration)
        changed = await hub.integrations.update(found["id"], status="active")
    _put_status(context, changed)


async def disable(context: Context) -> None:
    """Set it inactive."""
    async with context.project() as hub:
        found = await find_integration(hub, context.args.integration)
        plan = await hub.integrations.plan_update(found["id"], status="inactive")
        if shown(context, plan):
            return
        accepted = agree(context, plan, "Switch it off?") if plan["breaks"] else False
        changed = await hub.integrations.update(found["id"], status="inactive", accept_impact=accepted)
    _put_status(context, changed)


async def expire(context: Context) -> None:
    """Mark it expired."""
    async with context.project() as hub:
        found = await find_integration(hub, context.args.integration)
        plan = await hub.integrations.plan_expire(found["id"], context.args.reason)
        if shown(context, plan):
            return
        accepted = agree(context, plan, "Mark it expired? It needs another credential then")
        changed = await hub.integrations.expire(found["id"], context.args.reason, accept_impact=accepted)
    _put_status(context, changed)


def _put_status(context: Context, changed: Integration) -> None:
    context.console.put(changed, f"{plain(changed['name'])} is {changed['status']}.")


async def copy(context: Context) -> None:
    """Copy to another project without entering the credentials again."""
    args = context.args
    async with context.project() as hub:
        found = await find_integration(hub, args.integration)
        source = await hub.projects.get(hub.project or "")
        there = hub.within(args.to).integrations
        accepted = False
        if args.replace or args.dry_run:
            plan = await there.plan_copy(source["id"], found["id"], name=args.name)
            if shown(context, plan):
                return
            if plan.get("integration_id"):
                accepted = agree(context, plan, "Write over it?", must=True)
        made = await there.copy(source["id"], found["id"], name=args.name, replace=args.replace, accept_impact=accepted)
    context.console.put(made, f"Copied to {plain(args.to)}.\n\n{describe(made)}")


async def delete(context: Context) -> None:
    """Delete it; a person at a terminal sees what uses it and is asked first."""
    async with context.project() as hub:
        found = await find_integration(hub, context.args.integration)
        plan = await hub.integrations.plan_delete(found["id"])
        if shown(context, plan):
            return
        question = f"Delete {found['provider']}/{found['name']} and its credentials for good?"
        await hub.integrations.delete(found["id"], accept_impact=agree(context, plan, question))
    fate = next((str(each.get("after")) for each in plan["changes"] if each["field"] == "consent"), "")
    told = {"deleted": found["id"]} | ({"consent": fate} if fate else {})
    context.console.put(told, f"Deleted {plain(found['name'])}." + (f" Its consent: {plain(fate)}." if fate else ""))


async def impact(context: Context) -> None:
    """Print who and what uses it."""
    async with context.project() as hub:
        found = await find_integration(hub, context.args.integration)
        uses = await hub.integrations.impact(found["id"])
    context.console.put(uses, describe_impact(uses))


async def history(context: Context) -> None:
    """Print its changes."""
    async with context.project() as hub:
        found = await find_integration(hub, context.args.integration)
        steps = await hub.integrations.history(found["id"])
    rows = [
        (when(each["at"]), each["action"], each.get("status"), ", ".join(each["fields"]), each.get("by"), each.get("reason"))
        for each in steps
    ]
    context.console.put({"items": steps}, table(("WHEN", "WHAT", "STATUS", "FIELDS", "BY", "WHY"), rows))
