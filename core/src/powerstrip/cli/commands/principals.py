"""`powerstrip principals`: who acts in a project."""

from typing import Any

from powerstrip.cli.context import Context
from powerstrip.cli.failures import Stop
from powerstrip.cli.finding import find_principal, find_role
from powerstrip.cli.parser import YES, Parser
from powerstrip.cli.text import fields, plain, table, when
from powerstrip.client.shapes import Principal, Role


def configure(parser: Parser) -> None:
    """Arguments of `principals`."""
    listing = parser.command("list", "who acts in the project", list_principals)
    listing.add_argument("--include-disabled", action="store_true", help="the disabled ones too")
    make = parser.command("create", "make a service principal", create)
    make.add_argument("name")
    make.add_argument("--description")
    make.add_argument("--role", action="append", default=[], metavar="ROLE", help="name or id of a role it gets")
    _named(parser.command("show", "one principal", show))
    _named(parser.command("enable", "let it act again", enable))
    disable_parser = _named(parser.command("disable", "stop its keys at once", disable))
    disable_parser.add_argument("--yes", action="store_true", help=YES)
    delete_parser = _named(parser.command("delete", "end it, for good", delete))
    delete_parser.add_argument("--yes", action="store_true", help=YES)


def _named(parser: Parser) -> Parser:
    parser.add_argument("principal", help="its id or its name")
    return parser


async def list_principals(context: Context) -> None:
    """Print the principals with their roles."""
    async with context.project() as hub:
        principals = await hub.principals.list(include_disabled=context.args.include_disabled)
        roles = await hub.roles.list().all() if principals else []
    rows = [(each["name"], each["kind"], each["state"], _roles(each, roles), each["id"]) for each in principals]
    context.console.put({"items": principals}, table(("NAME", "KIND", "STATE", "ROLES", "ID"), rows))


async def create(context: Context) -> None:
    """Make a principal."""
    args = context.args
    async with context.project() as hub:
        roles = await hub.roles.list().all() if args.role else []
        ids = [find_role(roles, name)["id"] for name in args.role]
        made = await hub.principals.create(args.name, description=args.description, role_ids=ids or None)
    context.console.put(made, f"{_describe(made, roles)}\n\nGive it a key:  powerstrip keys create NAME --principal {made['id']}")


async def show(context: Context) -> None:
    """Print one principal."""
    async with context.project() as hub:
        found = await find_principal(hub, context.args.principal)
        roles = await hub.roles.list().all()
    context.console.put(found, _describe(found, roles))


async def enable(context: Context) -> None:
    """Let it act again."""
    await _set_state(context, "active")


async def disable(context: Context) -> None:
    """Stop it; a person at a terminal is asked first."""
    await _set_state(context, "disabled", "Stop {} and its keys at once?")


async def _set_state(context: Context, state: str, question: str = "") -> None:
    async with context.project() as hub:
        found = await find_principal(hub, context.args.principal)
        _ask(context, question.format(found["name"]) if question else "")
        changed = await hub.principals.update(found["id"], {"state": state})
    context.console.put(changed, f"{plain(changed['name'])} is {changed['state']}.")


async def delete(context: Context) -> None:
    """Delete it; a person at a terminal is asked first."""
    async with context.project() as hub:
        found = await find_principal(hub, context.args.principal)
        _ask(context, f"Delete {found['name']} for good?")
        await hub.principals.delete(found["id"])
    context.console.put({"deleted": found["id"]}, f"Deleted {plain(found['name'])}.")


def _ask(context: Context, question: str) -> None:
    if question and not (context.args.yes or context.console.agreed(question)):
        raise Stop("Nothing was changed", code="declined")


def _roles(principal: Principal, roles: list[Role]) -> str:
    names: dict[str, Any] = {role["id"]: role["name"] for role in roles}
    return ", ".join(names.get(each, each) for each in principal.get("role_ids", []))


def _describe(principal: Principal, roles: list[Role]) -> str:
    return fields(
        (
            ("Name", principal["name"]),
            ("Kind", principal["kind"]),
            ("State", principal["state"]),
            ("Roles", _roles(principal, roles)),
            ("Id", principal["id"]),
            ("Created", when(principal["created_at"])),
        )
    )
