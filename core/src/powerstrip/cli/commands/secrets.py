"""`powerstrip secrets`: named values for workers, which go in and never come out."""

import getpass
import sys
from typing import Any

from powerstrip.cli import lists
from powerstrip.cli.context import Context
from powerstrip.cli.failures import Stop, Usage
from powerstrip.cli.inputs import STDIN, parse_object, read_text
from powerstrip.cli.parser import YES, Parser
from powerstrip.cli.text import fields, plain, table, when
from powerstrip.client import HubError
from powerstrip.client.secrets import Secret

FORMS = "FIELD asks for it, FIELD=@file and FIELD=env:NAME read it; --values - reads JSON from standard input"


def configure(parser: Parser) -> None:
    """Arguments of `secrets`."""
    lists.add_paging(parser.command("list", "the project's secrets, without values", list_secrets))
    setting = _named(parser.command("set", "make a secret, or a new version of it", set_secret))
    setting.epilog = f"Values are never typed on the command line: {FORMS}."
    setting.add_argument("fields", nargs="*", metavar="FIELD[=SOURCE]", help="a value; it is asked for unless a source is named")
    setting.add_argument("--values", metavar="@FILE", help="all values as a JSON object of texts: @file, or - for standard input")
    setting.add_argument("--reference", metavar="REF", help="where a back end keeps them, such as vault:secret/data/shop")
    setting.add_argument("--description", help="for people")
    _named(parser.command("show", "one secret, without values", show))
    _named(parser.command("versions", "its versions, without values", versions))
    deleting = _named(parser.command("delete", "remove it with every version, for good", delete))
    deleting.add_argument("--yes", action="store_true", help=YES)


def _named(parser: Parser) -> Parser:
    parser.add_argument("secret", help="its name or its id")
    return parser


async def list_secrets(context: Context) -> None:
    """Print the secrets."""
    async with context.project() as hub:
        page = await lists.read(context, hub.secrets.list())
    rows = [
        (each["name"], str(each["version"]), ", ".join(each["key_names"]), when(each["updated_at"]), each["id"])
        for each in page.items
    ]
    text = table(("NAME", "VERSION", "FIELDS", "CHANGED", "ID"), rows)
    lists.put(context, page, text, "No secrets yet. Make one:  powerstrip secrets set NAME FIELD")


async def set_secret(context: Context) -> None:
    """Make the secret, or its next version where there is one of this name."""
    args = context.args
    values = None if args.reference else _values(context)
    async with context.project() as hub:
        try:
            known: Secret | None = await hub.secrets.get(args.secret)
        except HubError as error:
            if error.status != 404:
                raise
            known = None
        if known is None:
            made = await hub.secrets.create(args.secret, values, reference=args.reference, description=args.description)
        else:
            made = await hub.secrets.update(known["id"], values=values, reference=args.reference, description=args.description)
    context.console.put(made, f"Kept as version {made['version']}.\n\n{describe(made)}")


def _values(context: Context) -> dict[str, Any]:
    args = context.args
    found: dict[str, Any] = {}
    if args.values:
        if args.values != STDIN and not args.values.startswith("@"):
            raise Usage("--values takes @file or -, for others can read a command line", hint=FORMS)
        found = parse_object(read_text(args.values, "--values"), "--values")
    for word in args.fields:
        name, _, source = word.partition("=")
        found[name] = _one(context, name, source)
    if not found:
        raise Usage("No values were given", hint=FORMS)
    return found


def _one(context: Context, name: str, source: str) -> str:
    if source.startswith("@") or source == STDIN:
        return read_text(source, name).rstrip("\r\n")
    if source.startswith("env:"):
        variable = source.removeprefix("env:")
        if not context.environ.get(variable):
            raise Usage(f"{plain(name)}: the variable {variable} is not set")
        return context.environ[variable]
    if source:
        raise Usage("A value on the command line can be read by others on this machine", hint=FORMS)
    if context.console.interactive:
        return getpass.getpass(plain(f"{name}: "), stream=context.console.err)
    return sys.stdin.readline().rstrip("\r\n")


async def show(context: Context) -> None:
    """Print one secret."""
    async with context.project() as hub:
        found = await hub.secrets.get(context.args.secret)
    context.console.put(found, describe(found))


async def versions(context: Context) -> None:
    """Print the versions."""
    async with context.project() as hub:
        found = await hub.secrets.versions(context.args.secret)
    rows = [
        (str(each["version"]), each["stage"], when(each["created_at"]), each.get("reference", ""), each.get("kms_key_id", ""))
        for each in found
    ]
    context.console.put({"items": found}, table(("VERSION", "STAGE", "MADE", "KEPT AT", "SEALED BY"), rows))


async def delete(context: Context) -> None:
    """Delete it; a person at a terminal is asked first."""
    async with context.project() as hub:
        found = await hub.secrets.get(context.args.secret)
        if not (context.args.yes or context.console.agreed(f"Delete {found['name']} and its values for good?")):
            raise Stop("Nothing was deleted", code="declined")
        await hub.secrets.delete(found["id"])
    context.console.put({"deleted": found["id"]}, f"Deleted {plain(found['name'])}.")


def describe(entry: Secret) -> str:
    """A secret as lines."""
    return fields(
        (
            ("Name", entry["name"]),
            ("Version", str(entry["version"])),
            ("Fields", ", ".join(entry["key_names"])),
            ("About", entry.get("description")),
            ("Id", entry["id"]),
            ("Created", when(entry["created_at"])),
        )
    )
