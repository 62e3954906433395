"""`powerstrip entities`: the project's own things, and what providers' events say of theirs."""

import json

from powerstrip.cli import lists
from powerstrip.cli.context import Context
from powerstrip.cli.failures import Stop, Usage
from powerstrip.cli.inputs import read_object
from powerstrip.cli.parser import YES, Parser
from powerstrip.cli.text import plain, table, when
from powerstrip.client.entities import EntityField

FIELD = "name:type, with ! behind it where it is required, choices after =: status:choice=open,closed!"


def configure(parser: Parser) -> None:
    """Arguments of `entities`."""
    parser.command("list", "the project's entities", list_entities)
    make = parser.command("create", "define an entity", create)
    make.add_argument("name", help="a lower-case word")
    make.add_argument("--field", action="append", default=[], metavar="FIELD", required=True, help=FIELD)
    make.add_argument("--title", default="", help="for people")
    _named(parser.command("show", "one entity and its fields", show))
    delete_parser = _named(parser.command("delete", "remove it with all its records, for good", delete))
    delete_parser.add_argument("--yes", action="store_true", help=YES)
    records_parser = _named(parser.command("records", "find records", records))
    words = "field=value or field.operator=value (ne, lt, lte, gt, gte, in, prefix, present); may be repeated"
    records_parser.add_argument("--where", action="append", default=[], metavar="CONDITION", help=words)
    records_parser.add_argument("--key", help="only the record of this key")
    lists.add_paging(records_parser)
    put_parser = _named(parser.command("put", "make a record or replace its value", put))
    put_parser.add_argument("key", help="what tells it from the others")
    put_parser.add_argument("--value", action="append", default=[], metavar="JSON", help="JSON, @file, field=text or field:=json")
    remove_parser = _named(parser.command("remove", "delete a record by its key", remove))
    remove_parser.add_argument("key", help="its key")
    remove_parser.add_argument("--yes", action="store_true", help=YES)


def _named(parser: Parser) -> Parser:
    parser.add_argument("entity", help="its name")
    return parser


async def list_entities(context: Context) -> None:
    """Print the entities."""
    async with context.project() as hub:
        found = await hub.entities.list()
    rows = [(each["name"], each["origin"], ", ".join(field["name"] for field in each["fields"])) for each in found]
    text = table(("NAME", "ORIGIN", "FIELDS"), rows) if found else "No entities yet."
    context.console.put({"items": found, "has_more": False}, text)


async def create(context: Context) -> None:
    """Define an entity."""
    args = context.args
    async with context.project() as hub:
        made = await hub.entities.create(args.name, [read_field(text) for text in args.field], title=args.title)
    context.console.put(made, f"Defined {plain(made['name'])}.")


def read_field(text: str) -> EntityField:
    """A field as it is typed. Raises `Usage`."""
    name, _, rest = text.partition(":")
    required = rest.endswith("!")
    kind, _, choices = rest.removesuffix("!").partition("=")
    if not name or (":" in text and not kind):
        raise Usage("--field has another form", hint=FIELD)
    return {"name": name, "type": kind or "string", "required": required, "choices": choices.split(",") if choices else []}


async def show(context: Context) -> None:
    """Print one entity."""
    async with context.project() as hub:
        found = await hub.entities.get(context.args.entity)
    rows = [
        (field["name"], field["type"], "yes" if field.get("required") else "", ", ".join(field.get("choices") or []))
        for field in found["fields"]
    ]
    context.console.put(found, table(("FIELD", "TYPE", "REQUIRED", "CHOICES"), rows))


async def delete(context: Context) -> None:
    """Delete it; a person at a terminal is asked first."""
    name = context.args.entity
    async with context.project() as hub:
        if not (context.args.yes or context.console.agreed(f"Delete {name} and all its records for good?")):
            raise Stop("Nothing was deleted", code="declined")
        await hub.entities.delete(name)
    context.console.put({"deleted": name}, f"Deleted {plain(name)}.")


async def records(context: Context) -> None:
    """Print records."""
    args = context.args
    conditions = dict(_condition(text) for text in args.where)
    async with context.project() as hub:
        page = await lists.read(context, hub.entities.records(args.entity, conditions, key=args.key))
    rows = [
        (each["key"], when(each["updated_at"]), json.dumps(each["value"], ensure_ascii=False)[:100], each["id"])
        for each in page.items
    ]
    lists.put(context, page, table(("KEY", "CHANGED", "VALUE", "ID"), rows), "No records.")


def _condition(text: str) -> tuple[str, str]:
    field, equals, value = text.partition("=")
    if not equals:
        raise Usage("A condition reads field=value or field.operator=value", hint="--where status=open")
    return field, value


async def put(context: Context) -> None:
    """Write a record."""
    args = context.args
    value = read_object(args.value, "--value")
    async with context.project() as hub:
        written = await hub.entities.put(args.entity, args.key, value)
    words = {"none": "is as it was"}.get(written["change"], f"was {written['change']}")
    context.console.put(written, f"{plain(args.key)} {words}.")


async def remove(context: Context) -> None:
    """Delete a record; a person at a terminal is asked first."""
    args = context.args
    async with context.project() as hub:
        found = await hub.entities.records(args.entity, key=args.key).all()
        if not found:
            raise Stop(f"There is no record {args.key}", hint=f"powerstrip entities records {args.entity}", code="not_found")
        if not (args.yes or context.console.agreed(f"Delete the record {args.key}?")):
            raise Stop("Nothing was deleted", code="declined")
        await hub.entities.delete_record(args.entity, found[0]["id"])
    context.console.put({"deleted": found[0]["id"]}, f"Deleted {plain(args.key)}.")
