"""`powerstrip keys`: API keys. (The keys that seal are in `sealing`.)"""

from powerstrip.cli import lists
from powerstrip.cli.commands.sealing import configure_keys
from powerstrip.cli.context import Context
from powerstrip.cli.failures import Stop, Usage
from powerstrip.cli.parser import YES, Parser
from powerstrip.cli.text import plain, table, when
from powerstrip.client import Client

DEFAULT_ROLE = "worker"
"""Calls actions, and changes nothing."""


def configure(parser: Parser) -> None:
    """Arguments of `keys`."""
    make = parser.command("create", "make an API key; it is shown once", create)
    make.add_argument("name", nargs="?", default="", help="a label, unique in the project")
    make.add_argument("--name", dest="named", default="", metavar="NAME", help="the same, as an option")
    make.add_argument("--principal", metavar="ID", help="who the key is for; a new service principal where none is named")
    make.add_argument("--role", metavar="ROLE", help=f"name or id of the new principal's role ({DEFAULT_ROLE})")
    make.add_argument("--expires-at", metavar="TIME", help="RFC 3339, such as 2030-01-01T00:00:00Z")
    lists.add_paging(parser.command("list", "the project's API keys, without their secret part", list_keys))
    parser.command("bundle-key", "print this hub's public key: other hubs seal exports of integrations to it", bundle_key)
    revoke_parser = parser.command("revoke", "end an API key at once, for good", revoke)
    revoke_parser.add_argument("key", help="its id or its name")
    revoke_parser.add_argument("--yes", action="store_true", help=YES)
    configure_keys(parser)


async def create(context: Context) -> None:
    """Make a key and show it."""
    args = context.args
    name = args.name or args.named
    if not name:
        raise Usage("Give the key a name", hint="powerstrip keys create NAME")
    if args.principal and args.role:
        raise Usage("--role is for a new principal, and --principal names one", hint="give one of them")
    async with context.project() as hub:
        principal = args.principal or await _new_principal(hub, name, args.role)
        made = await hub.keys.create(name, principal, expires_at=args.expires_at)
    context.console.put(made, f"{made['key']}\n\nThis is the only time it is shown. Keep it where only its user can read it.")


async def _new_principal(hub: Client, name: str, role: str | None) -> str:
    """A service principal of that name which holds one role; returns its id."""
    wanted = role or DEFAULT_ROLE
    roles = await hub.roles.list().all()
    found = next((each for each in roles if wanted in (each["id"], each["name"]) or wanted.lower() == each["name"].lower()), None)
    if found is None:
        raise Stop(f"There is no role {wanted}", hint=f"there are: {', '.join(each['name'] for each in roles)}", code="not_found")
    principal = await hub.principals.create(name, role_ids=[found["id"]])
    return principal["id"]


async def list_keys(context: Context) -> None:
    """Print the keys."""
    async with context.project() as hub:
        page = await lists.read(context, hub.keys.list())
    rows = [
        (
            key["name"],
            f"{key['key_prefix']}…",
            when(key.get("last_used_at")),
            when(key.get("expires_at")),
            key["principal_id"],
            key["id"],
        )
        for key in page.items
    ]
    lists.put(context, page, table(("NAME", "KEY", "LAST USED", "EXPIRES", "PRINCIPAL", "ID"), rows), "No keys.")


async def bundle_key(context: Context) -> None:
    """Print the public key."""
    async with context.project() as hub:
        key = await hub.integrations.bundle_key()
    context.console.put({"public_key": key}, key)


async def revoke(context: Context) -> None:
    """Revoke a key by its id or name."""
    reference = context.args.key
    async with context.project() as hub:
        found = [key async for key in hub.keys.list() if reference in (key["id"], key["name"])]
        if len(found) != 1:
            problem = f"Several keys are named {reference}" if found else f"There is no key {reference}"
            raise Stop(problem, hint="powerstrip keys list", code="ambiguous" if found else "not_found")
        if not (context.args.yes or context.console.agreed(f"Revoke the key {found[0]['name']} at once, for good?")):
            raise Stop("Nothing was revoked", code="declined")
        await hub.keys.revoke(found[0]["id"])
    context.console.put({"revoked": found[0]["id"]}, f"Revoked {plain(found[0]['name'])}.")
