"""`powerstrip catalog`: actions that can be called, events that can be heard."""

import json

from powerstrip.cli.context import Context
from powerstrip.cli.parser import Parser
from powerstrip.cli.schema import field_table
from powerstrip.cli.text import block, fields, plain, table
from powerstrip.client.shapes import ActionEntry, EventSource


def configure(parser: Parser) -> None:
    """Arguments of `catalog`."""
    actions = parser.command("list-actions", "every action that can be called", list_actions)
    events = parser.command("list-events", "every event that can be heard", list_events)
    for listing in (actions, events):
        listing.add_argument("--provider", default="", metavar="ID", help="only this provider's")
        listing.add_argument("--search", default="", metavar="TEXT", help="only those with TEXT in name or description")
    get = parser.command("get-action", "one action: its input, its output, how safe it is", get_action)
    get.add_argument("name", help="such as slack.message.post")


async def list_actions(context: Context) -> None:
    """Print the action catalog."""
    async with context.project() as hub:
        actions = [
            entry for entry in await hub.catalog.actions() if _wanted(context, entry["name"], entry.get("description", ""))
        ]
    rows = [(entry["name"], hints(entry), _ready(entry), _first_line(entry.get("description", ""))) for entry in actions]
    context.console.put(
        {"items": actions}, table(("ACTION", "SAFE USE", "STATE", "WHAT IT DOES"), rows) if rows else "No action fits."
    )


async def list_events(context: Context) -> None:
    """Print the event catalog."""
    async with context.project() as hub:
        sources = await hub.catalog.events()
    kept: list[EventSource] = []
    for source in sources:
        types = [event for event in source["event_types"] if _wanted(context, event["name"], event.get("description", ""))]
        if types:
            source["event_types"] = types
            kept.append(source)
    rows = [
        (event["name"], source["readiness"].replace("_", " "), _first_line(event.get("description", "")))
        for source in kept
        for event in source["event_types"]
    ]
    context.console.put({"items": kept}, table(("EVENT", "STATE", "WHEN"), rows) if rows else "No event fits.")


async def get_action(context: Context) -> None:
    """Print one action."""
    async with context.project() as hub:
        action = await hub.catalog.action(context.args.name)
    context.console.put(action, describe(action))


def describe(action: ActionEntry) -> str:
    """An action on a page."""
    head = fields(
        (
            ("Action", action["name"]),
            ("Title", action.get("title")),
            ("Safe use", hints(action)),
            ("Risk", action.get("risk")),
            ("State", _ready(action)),
            ("Why", action.get("message")),
            ("Also named", ", ".join(action.get("aliases", []))),
            ("Deprecated", action.get("deprecated")),
        )
    )
    parts = [
        head,
        block(action.get("description", "")),
        "Input\n" + field_table(action.get("input_schema", {})),
        "Output\n" + field_table(action.get("output_schema", {})),
        f"Try it, sending nothing:\n  powerstrip call {plain(action['name'])} --sandbox --input '{_example(action)}'",
    ]
    return "\n\n".join(part for part in parts if part)


def hints(action: ActionEntry) -> str:
    """The annotations that are set, in words."""
    return ", ".join(name.replace("_", " ") for name, is_set in action["annotations"].items() if is_set)


def _example(action: ActionEntry) -> str:
    """An input to begin with: the first example, else the required fields with blanks to fill."""
    examples = action.get("examples", [])
    example = examples[0] if examples else dict.fromkeys(action.get("input_schema", {}).get("required", []), "…")
    return plain(json.dumps(example, ensure_ascii=False).replace("'", "'\\''"))


def _ready(action: ActionEntry) -> str:
    reason = action.get("readiness_reason")
    return str(reason or action["readiness"]).replace("_", " ")


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0]


def _wanted(context: Context, name: str, description: str) -> bool:
    if context.args.provider and not name.startswith(f"{context.args.provider}."):
        return False
    said = f"{name} {description}".lower()
    return all(word in said for word in context.args.search.lower().split())
