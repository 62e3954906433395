"""`powerstrip runs`: what automations did, step for step. `powerstrip automations` has the same commands beside its own."""

import json
from typing import TYPE_CHECKING, Any

from powerstrip.cli import lists
from powerstrip.cli.context import Context
from powerstrip.cli.failures import FAILED
from powerstrip.cli.inputs import read_object
from powerstrip.cli.parser import Parser
from powerstrip.cli.text import block, fields, plain, table, when

if TYPE_CHECKING:
    from powerstrip.client import Client

STATES = ("queued", "running", "suspended", "completed", "failed", "cancelled")
INPUT = "JSON, @file, -, field=text or field:=json"


def configure(parser: Parser) -> None:
    """Arguments of `runs`."""
    listing = _listing(parser.command("list", "runs, newest first", list_runs))
    listing.add_argument("--automation", metavar="HANDLE", help="only of this automation")
    _run(parser.command("show", "one run and its steps", show))
    add_commands(parser)


def configure_beside(parser: Parser) -> None:
    """The commands of runs as `automations` has them."""
    starting = parser.command("run", "start a run", start)
    starting.add_argument("automation", help="its handle")
    starting.add_argument("--input", action="append", default=[], metavar="JSON", help=INPUT)
    starting.add_argument("--external-id", metavar="ID", help="your name for it: twice is once while it is active")
    starting.add_argument("--sandbox", action="store_true", help="send nothing, tell what would have been sent")
    starting.add_argument("--watch", action="store_true", help="follow it to its end")
    listing = _listing(parser.command("runs", "an automation's runs, newest first", list_runs))
    listing.add_argument("automation", nargs="?", help="its handle; all automations where it is left out")
    add_commands(parser, diff="diff-runs", resume=False)


def add_commands(parser: Parser, *, diff: str = "diff", resume: bool = True) -> None:
    """What is done with one run."""
    watching = _run(parser.command("watch", "follow a run's log to its end", watch))
    watching.add_argument("--since", type=int, default=0, metavar="N", help="after this entry")
    cancelling = _run(parser.command("cancel", "stop a run; its cleanup still runs", cancel))
    cancelling.add_argument("--reason", help="why; it is kept")
    signalling = _run(parser.command("signal", "let a step that waits for an event go on", signal))
    signalling.add_argument("step", help="its key")
    signalling.add_argument("--result", action="append", default=[], metavar="JSON", help=f"its output: {INPUT}")
    retrying = _run(parser.command("retry", "a new run from the step at which this one failed", retry))
    retrying.add_argument("--from", dest="from_step", metavar="STEP", help="from this step instead")
    differing = _run(parser.command(diff, "what two runs have differently", diff_runs))
    differing.add_argument("other", help="the other run's id")
    if resume:
        add_choice(_run(parser.command("resume", "go on with a failed run where it failed", resume_run)))


def add_choice(parser: Parser) -> None:
    """How a failed run goes on."""
    parser.add_argument("--skip", action="store_true", help="do not do the failed step again")
    parser.add_argument("--output", action="append", default=[], metavar="JSON", help=f"with --skip, what it gave: {INPUT}")


def _run(parser: Parser) -> Parser:
    parser.add_argument("run_id", metavar="RUN", help="its id")
    return parser


def _listing(parser: Parser) -> Parser:
    parser.add_argument("--status", choices=STATES, help="only these")
    lists.add_paging(parser)
    return parser


async def start(context: Context) -> int:
    """Start a run."""
    args = context.args
    async with context.project() as hub:
        inputs = read_object(args.input, "--input")
        run = await hub.runs.start(args.automation, inputs, external_id=args.external_id, sandbox=args.sandbox or None)
        if args.watch:
            return await _follow(context, hub, run["id"], 0)
    context.console.put(run, f"Started {run['id']}.\nFollow it:  powerstrip automations watch {run['id']}")
    return 0


async def list_runs(context: Context) -> None:
    """Print runs."""
    args = context.args
    async with context.project() as hub:
        of = (await hub.automations.get(args.automation))["id"] if args.automation else None
        page = await lists.read(context, hub.runs.list(status=args.status, automation_id=of))
        handles = {} if context.console.json else await _handles(hub)
    rows = [
        (
            each["id"],
            plain(handles.get(each["automation_id"], each["automation_id"])),
            each["status"],
            when(each["created_at"]),
            plain(each.get("error_message", "")),
        )
        for each in page.items
    ]
    lists.put(context, page, table(("RUN", "AUTOMATION", "STATUS", "STARTED", "FAILURE"), rows), "No runs yet.")


async def _handles(hub: "Client") -> dict[str, str]:
    """What people call each automation, by its id."""
    return {each["id"]: each["handle"] for each in await hub.automations.list().all()}


async def show(context: Context) -> None:
    """Print one run with its steps."""
    async with context.project() as hub:
        run = await hub.runs.get(context.args.run_id)
        steps = await hub.runs.steps(run["id"])
    pairs: list[tuple[str, object]] = [
        ("run", run["id"]),
        ("status", run["status"]),
        ("mode", run["mode"]),
        ("version", run["automation_version"]),
        ("started", when(run.get("started_at"))),
        ("ended", when(run.get("completed_at"))),
        ("failure", run.get("error_message")),
        ("goes on at", when(run.get("wake_at"))),
    ]
    rows = [(each["path"], each["status"], str(each["attempt"]), plain(each.get("error_message", ""))) for each in steps]
    text = fields([pair for pair in pairs if pair[1]])
    text += "\n\n" + table(("STEP", "STATUS", "ATTEMPT", "FAILURE"), rows) if rows else ""
    context.console.put({**run, "steps": steps}, text + _unsent(steps) + _shown("Result", run.get("result")))


def _unsent(steps: "list[Any]") -> str:
    """What a sandbox would have sent, beside what it answered itself."""
    lines: list[str] = []
    for step in steps:
        for each in step.get("would_have_sent", ()):
            lines += [f"{step['path']} would have sent  {each['method']} {each['url']}", f"    {each.get('body', '')}"]
            lines.append(f"    mock: {json.dumps(step.get('result'), ensure_ascii=False)}")
    return "\n\n" + block("\n".join(lines)) if lines else ""


def _shown(name: str, value: Any) -> str:
    return "" if value is None else f"\n\n{name}\n" + block(json.dumps(value, ensure_ascii=False, indent=2))


async def watch(context: Context) -> int:
    """Follow a run."""
    async with context.project() as hub:
        return await _follow(context, hub, context.args.run_id, context.args.since)


async def _follow(context: Context, hub: Any, run_id: str, since: int) -> int:
    """Print the log to the end; exit code 1 where the run did not end well."""
    async for each in hub.runs.watch(run_id, since=since):
        payload: dict[str, Any] = each.get("payload") or {}
        words = " ".join(f"{name}={value}" for name, value in payload.items())
        context.console.put(each, plain(f"{each['sequence']:>4}  {each['event_type']:<16} {each.get('step_key', '')}  {words}"))
    return 0 if (await hub.runs.get(run_id))["status"] == "completed" else FAILED


async def cancel(context: Context) -> None:
    """Stop a run."""
    async with context.project() as hub:
        run = await hub.runs.cancel(context.args.run_id, context.args.reason)
    context.console.put(run, f"{run['id']} is {run['status']}.")


async def signal(context: Context) -> None:
    """Give a waiting step its result."""
    args = context.args
    async with context.project() as hub:
        run = await hub.runs.signal(args.run_id, args.step, read_object(args.result, "--result"))
    context.console.put(run, f"{plain(args.step)} goes on; {run['id']} is {run['status']}.")


async def resume_run(context: Context) -> None:
    """Go on with a failed run."""
    args = context.args
    output = read_object(args.output, "--output") if args.output else None
    async with context.project() as hub:
        run = await hub.runs.resume(args.run_id, "skip" if args.skip else "retry", output)
    context.console.put(run, f"{run['id']} goes on.")


async def retry(context: Context) -> None:
    """Run again from a step."""
    async with context.project() as hub:
        run = await hub.runs.retry(context.args.run_id, context.args.from_step)
    context.console.put(run, f"Started {run['id']}, a retry of {plain(context.args.run_id)}.")


async def diff_runs(context: Context) -> None:
    """Print what two runs have differently."""
    args = context.args
    async with context.project() as hub:
        found = await hub.runs.diff(args.run_id, args.other)
    rows = [(each["path"] or "run", each["field"], _short(each.get("before")), _short(each.get("after"))) for each in found]
    text = table(("PLACE", "FIELD", "FIRST", "SECOND"), rows) if rows else "They did the same."
    context.console.put({"differences": found}, text)


def _short(value: Any) -> str:
    return plain("-" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))[:60]
