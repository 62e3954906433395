"""`powerstrip roles`: named bundles of permissions, and who holds them."""

from powerstrip.cli import lists
from powerstrip.cli.context import Context
from powerstrip.cli.failures import Stop
from powerstrip.cli.finding import find_principal, find_role
from powerstrip.cli.parser import YES, Parser
from powerstrip.cli.text import fields, plain, table, when


def configure(parser: Parser) -> None:
    """Arguments of `roles`."""
    lists.add_paging(parser.command("list", "built-in roles and the project's own", list_roles))
    make = parser.command("create", "make a role", create)
    make.add_argument("name")
    make.add_argument("--permission", action="append", required=True, metavar="ID", help="see `powerstrip roles permissions`")
    make.add_argument("--description")
    _named(parser.command("show", "one role", show))
    delete_parser = _named(parser.command("delete", "remove a role; it is taken from all who hold it", delete))
    delete_parser.add_argument("--yes", action="store_true", help=YES)
    _held(parser.command("assign", "give a role to a principal", assign))
    _held(parser.command("unassign", "take a role from a principal", unassign))
    parser.command("permissions", "what a role can be made of", permissions)


def _named(parser: Parser) -> Parser:
    parser.add_argument("role", help="its id or its name")
    return parser


def _held(parser: Parser) -> None:
    _named(parser).add_argument("principal", help="its id or its name")


async def list_roles(context: Context) -> None:
    """Print the roles."""
    async with context.project() as hub:
        page = await lists.read(context, hub.roles.list())
    rows = [
        (role["name"], "built in" if role["system_defined"] else "", len(role["permissions"]), role["id"]) for role in page.items
    ]
    lists.put(context, page, table(("NAME", "", "PERMISSIONS", "ID"), rows), "No roles.")


async def create(context: Context) -> None:
    """Make a role."""
    args = context.args
    async with context.project() as hub:
        made = await hub.roles.create(args.name, args.permission, description=args.description)
    context.console.put(made, f"Made {plain(made['name'])}.")


async def show(context: Context) -> None:
    """Print one role with its permissions."""
    async with context.project() as hub:
        role = find_role(await hub.roles.list().all(), context.args.role)
    facts = (
        ("Name", role["name"]),
        ("About", role.get("description")),
        ("Id", role["id"]),
        ("Created", when(role["created_at"])),
    )
    context.console.put(role, "\n".join([fields(facts), "", *(plain(each) for each in role["permissions"])]))


async def delete(context: Context) -> None:
    """Delete it; a person at a terminal is asked first."""
    async with context.project() as hub:
        role = find_role(await hub.roles.list().all(), context.args.role)
        if not (context.args.yes or context.console.agreed(f"Delete {role['name']} and take it from all who hold it?")):
            raise Stop("Nothing was deleted", code="declined")
        await hub.roles.delete(role["id"])
    context.console.put({"deleted": role["id"]}, f"Deleted {plain(role['name'])}.")


async def assign(context: Context) -> None:
    """Give a role."""
    async with context.project() as hub:
        principal = await find_principal(hub, context.args.principal)
        role = find_role(await hub.roles.list().all(), context.args.role)
        held = await hub.role_assignments.create(principal["id"], role["id"])
    context.console.put(held, f"{plain(principal['name'])} is {plain(role['name'])} now.")


async def unassign(context: Context) -> None:
    """Take a role."""
    async with context.project() as hub:
        principal = await find_principal(hub, context.args.principal)
        role = find_role(await hub.roles.list().all(), context.args.role)
        wanted = (principal["id"], role["id"])
        held = [each for each in await hub.role_assignments.list() if (each["user_id"], each["role_id"]) == wanted]
        if not held:
            raise Stop(f"{principal['name']} is not {role['name']}", hint="powerstrip principals show", code="not_found")
        await hub.role_assignments.delete(held[0]["id"])
    context.console.put({"deleted": held[0]["id"]}, f"{plain(principal['name'])} is no longer {plain(role['name'])}.")


async def permissions(context: Context) -> None:
    """Print the permissions."""
    async with context.project() as hub:
        catalog = await hub.roles.permissions()
    rows = [(each["id"], each["risk"], each["description"]) for each in catalog["permissions"]]
    rows += [(each["id"], "high", each["label"]) for each in catalog["action_groups"]]
    context.console.put(catalog, table(("ID", "RISK", "WHAT"), rows))
