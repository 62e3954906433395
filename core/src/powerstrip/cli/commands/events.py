"""`powerstrip events`: what providers sent, and what became of it."""

import json
from functools import partial

from powerstrip.cli import lists
from powerstrip.cli.context import Context
from powerstrip.cli.failures import FAILED, Stop
from powerstrip.cli.inputs import read_object
from powerstrip.cli.parser import Parser
from powerstrip.cli.text import fields, plain, table, when
from powerstrip.client import Client
from powerstrip.client.shapes import EventStage, Json, ReceivedEvent

ALL_EVENTS = "powerstrip catalog list-events"
HEADS = ("RECEIVED (UTC)", "EVENT", "STATUS", "PROCESSING", "ID", "REASON")


def configure(parser: Parser) -> None:
    """Arguments of `events`."""
    listing = parser.command("list", "what came in, newest first", list_events)
    _add_filters(listing)
    listing.add_argument("--status", choices=("received", "refused", "conflict"))
    listing.add_argument("--processing", metavar="STATE", help="such as succeeded, retrying, dead, missing")
    lists.add_paging(listing)
    parser.command("show", "one event, its payload and its way through the hub", show).add_argument("event", help="its id")
    tailing = parser.command("tail", "print events as they come", tail)
    tailing.add_argument("--after", metavar="ID", help="begin after this event, not now")
    replaying = parser.command("replay", "hand events on once more", replay)
    replaying.add_argument("event", nargs="*", help="their ids; or a time with --since")
    _add_filters(replaying, narrow=True)
    replaying.add_argument("--sandbox", action="store_true", help="as events of a sandbox: nothing is sent")
    _configure_fire(parser.command("fire", "set off a test event, or see who would hear of it", fire))
    dead = parser.command("dead", "events whose processing failed for good", list_dead)
    lists.add_paging(dead)
    again = parser.command("redrive", "process dead events again", redrive)
    again.add_argument("event", nargs="*", help="their ids (evt_…); all where none is named")


def _add_filters(parser: Parser, *, narrow: bool = False) -> None:
    parser.add_argument("--since", metavar="TIME", help="received at or after, such as 2030-01-31T12:00:00Z")
    parser.add_argument("--until", metavar="TIME", help="received before")
    parser.add_argument("--type", metavar="NAME", help="only this event, such as slack.message.posted")
    if not narrow:
        parser.add_argument("--provider", metavar="ID", help="only of this provider")


def _configure_fire(parser: Parser) -> None:
    parser.add_argument("type", metavar="NAME", help="the event, such as slack.message.posted")
    parser.add_argument("--payload", action="append", default=[], metavar="JSON", help="its data; a sample where it is left out")
    parser.add_argument("--integration", metavar="ID", help="as if it came from this integration")
    parser.add_argument("--deliver", action="store_true", help="set it off; without, only tell who would hear of it")


async def list_events(context: Context) -> None:
    """Print the ledger."""
    args = context.args
    async with context.project() as hub:
        pages = hub.events.list(
            provider=args.provider,
            event_type=args.type,
            status=args.status,
            processing=args.processing,
            since=args.since,
            until=args.until,
        )
        page = await lists.read(context, pages)
    text = table(HEADS, [_cells(row) for row in page.items])
    lists.put(context, page, text, "Nothing came in yet. Make an address:  powerstrip endpoints create INTEGRATION")


def _cells(row: ReceivedEvent) -> tuple[object, ...]:
    name = row["event_type"] or row["provider"]
    return when(row["received_at"]), name, row["status"], row["source_event"]["status"], row["id"], row.get("reason")


async def show(context: Context) -> None:
    """Print one event and its way."""
    async with context.project() as hub:
        found = await hub.events.get(context.args.event)
        stages = await hub.events.trace(context.args.event)
    context.console.put({**found, "trace": stages}, describe(found, stages))


def describe(row: ReceivedEvent, stages: list[EventStage]) -> str:
    """An event as lines."""
    facts = fields(
        (
            ("Event", row["event_type"]),
            ("Status", row["status"]),
            ("Reason", row.get("reason")),
            ("Processing", row["source_event"]["status"]),
            ("Error", row["source_event"].get("last_error")),
            ("Integration", row["integration_id"]),
            ("Came again", row["duplicates"] or ""),
            ("Received", when(row["received_at"])),
            ("Replay of", row.get("replay_of")),
            ("Id", row["id"]),
        )
    )
    way = table(("STAGE", "STATE", "DETAIL"), [(each["name"], each["state"], each["detail"]) for each in stages])
    payload = plain(json.dumps(row.get("payload") or {}, ensure_ascii=False))
    return f"{facts}\n\n{way}\n\nPayload\n{payload}"


async def tail(context: Context) -> None:
    """Print events as they come, until it is interrupted."""
    async with context.project() as hub:
        async for row in hub.events.tail(context.args.after):
            name = row["event_type"] or row["provider"]
            line = f"{when(row['received_at'])}  {plain(name)}  {row['status']}  {row['id']}"
            context.console.put(row, line)


async def replay(context: Context) -> int:
    """Replay events by id or by time. Exit code 1 where none of them could be."""
    args = context.args
    if bool(args.event) == bool(args.since):
        raise Stop("Name events, or a time with --since", hint="powerstrip events list", code="usage", exit_code=2)
    async with context.project() as hub:
        done = await hub.events.replay(
            args.event or None, since=args.since, until=args.until, event_type=args.type, sandbox=args.sandbox
        )
    left = "".join(f"\nnot {each}: {plain(reason)}" for each, reason in done["skipped"].items())
    context.console.put(done, f"Replayed {len(done['ids'])} events.{left}")
    return FAILED if done["skipped"] and not done["ids"] else 0


async def fire(context: Context) -> None:
    """Preview or deliver a test event."""
    args = context.args
    payload = read_object(args.payload, "--payload")
    async with context.project() as hub:
        samples = [] if payload else await hub.events.samples(event_type=args.type)
        fired = partial(
            hub.events.fire,
            sample_id=samples[0]["id"] if samples else None,
            event_type=args.type,
            payload=payload or None,
            integration_id=args.integration,
        )
        if not samples and not payload and not _hearing(await fired(mode="preview")):
            await _refuse_unknown(hub, args.type)
        done = await fired(mode="deliver" if args.deliver else "preview")
    hearing = _hearing(done)
    words = f"Set off as {done['event'].get('id')}." if done["delivered"] else "Not set off: --deliver does."
    context.console.put(done, f"{hearing} automations hear of {plain(args.type)}. {words}")


def _hearing(told: Json) -> int:
    return len(told["triggers"]) + sum(1 for each in told["waiters"] if each["matches"])


async def _refuse_unknown(hub: Client, name: str) -> None:
    """Stop at a name that no provider here sends; the most alike are named."""
    from difflib import get_close_matches

    known = [str(each["event_type"]) for each in await hub.events.samples()]
    alike = get_close_matches(name, known, 3, 0.75)
    beside = [each for each in known if each.partition(".")[0] == name.partition(".")[0]][:8]
    hint = f"did you mean {' or '.join(alike)}?" if alike else f"there are: {', '.join(beside)}" if beside else ALL_EVENTS
    raise Stop(f"Nothing here sends an event {name}, and no automation waits for it", hint=hint, code="unknown_event")


async def list_dead(context: Context) -> None:
    """Print dead events."""
    async with context.project() as hub:
        page = await lists.read(context, hub.events.dead_letters())
    rows = [
        (when(row["received_at"]), row["event_type"], row["status"], row["attempts"], row["id"], row.get("last_error"))
        for row in page.items
    ]
    text = table(("RECEIVED (UTC)", "EVENT", "STATUS", "ATTEMPTS", "ID", "ERROR"), rows)
    lists.put(context, page, text, "No dead events.")


async def redrive(context: Context) -> None:
    """Process dead events again."""
    async with context.project() as hub:
        count = await hub.events.redrive(context.args.event or None)
    context.console.put({"redriven": count}, f"{count} events are processed again.")
