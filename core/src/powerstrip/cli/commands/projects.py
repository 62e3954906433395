"""`powerstrip projects`: workspaces."""

from powerstrip.cli.context import Context
from powerstrip.cli.failures import Stop
from powerstrip.cli.parser import YES, Parser
from powerstrip.cli.text import fields, plain, table, when
from powerstrip.client.shapes import Project


def configure(parser: Parser) -> None:
    """Arguments of `projects`."""
    listing = parser.command("list", "the projects you may see", list_projects)
    listing.add_argument("--status", choices=("active", "archived", "all"), help="active where nothing is said")
    make = parser.command("create", "make a project", create)
    make.add_argument("handle", help="its short name in addresses")
    make.add_argument("--name", help="what people call it")
    make.add_argument("--description")
    make.add_argument("--mode", choices=("live", "sandbox"), help="a sandbox never sends; fixed for good")
    for name, words, run in (("show", "one project", show), ("restore", "bring it back", restore)):
        parser.command(name, words, run).add_argument("handle")
    archive_parser = parser.command("archive", "put it away: nothing in it can be called", archive)
    archive_parser.add_argument("handle")
    archive_parser.add_argument("--yes", action="store_true", help=YES)


async def list_projects(context: Context) -> None:
    """Print the projects."""
    async with context.hub() as hub:
        projects = await hub.projects.list(status=context.args.status)
    rows = [
        (each["handle"], each["name"], each.get("mode", ""), "archived" if each.get("archived_at") else "", each["id"])
        for each in projects
    ]
    text = (
        table(("HANDLE", "NAME", "MODE", "", "ID"), rows)
        if rows
        else "No projects yet. Make one:  powerstrip projects create HANDLE"
    )
    context.console.put({"items": projects}, text)


async def create(context: Context) -> None:
    """Make a project."""
    args = context.args
    async with context.hub() as hub:
        made = await hub.projects.create(
            args.name or args.handle, handle=args.handle, description=args.description, mode=args.mode
        )
    context.console.put(made, describe(made))


async def show(context: Context) -> None:
    """Print one project."""
    async with context.hub() as hub:
        found = await hub.projects.get(context.args.handle)
    context.console.put(found, describe(found))


async def archive(context: Context) -> None:
    """Archive a project; a person at a terminal is asked first."""
    handle = context.args.handle
    if not (context.args.yes or context.console.agreed(f"Put {handle} away? Nothing in it can be called until it is restored")):
        raise Stop("Nothing was archived", code="declined")
    async with context.hub() as hub:
        found = await hub.projects.archive(handle)
    handle = plain(found["handle"])
    context.console.put(found, f"{handle} is archived. Bring it back:  powerstrip projects restore {handle}")


async def restore(context: Context) -> None:
    """Restore a project."""
    async with context.hub() as hub:
        found = await hub.projects.restore(context.args.handle)
    context.console.put(found, f"{plain(found['handle'])} is back.")


def describe(project: Project) -> str:
    """A project as lines."""
    return fields(
        (
            ("Handle", project["handle"]),
            ("Name", project["name"]),
            ("Mode", project.get("mode")),
            ("About", project.get("description")),
            ("Access", project["access_mode"]),
            ("Archived", when(project.get("archived_at"))),
            ("Id", project["id"]),
            ("Created", when(project["created_at"])),
        )
    )
