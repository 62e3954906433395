"""`powerstrip automations`: specs in files, their versions, publication."""

import difflib
import re
from collections.abc import Sequence
from typing import Any

from powerstrip.cli import lists
from powerstrip.cli.commands import runs
from powerstrip.cli.context import Context
from powerstrip.cli.failures import FAILED, Stop
from powerstrip.cli.inputs import read_text
from powerstrip.cli.parser import YES, Parser, whole
from powerstrip.cli.text import block, fields, plain, table, when
from powerstrip.client import Client, HubError
from powerstrip.client.automations import AutomationVersion, SpecFinding

MAX_VERSION = 1_000_000
FILE = "a spec in YAML or JSON; - for standard input"

_NAME = re.compile(r"""^name:\s*(["']?)([^"'#\n]+)\1""", re.MULTILINE)


def configure(parser: Parser) -> None:
    """Arguments of `automations`."""
    listing = parser.command("list", "the project's automations", list_automations)
    listing.add_argument("--status", choices=("draft", "active", "paused", "archived", "all"), help="only these")
    lists.add_paging(listing)
    _named(parser.command("show", "one automation, its triggers and what was found in its newest version", show))
    checking = parser.command("check", "check a spec and say what it compiles to; nothing is kept", check)
    checking.add_argument("file", help=FILE)
    checking.add_argument("--handle", help="the automation it would belong to")
    applying = parser.command("apply", "make an automation from a spec, or give it a new version", apply)
    applying.add_argument("file", help=FILE)
    applying.add_argument("--handle", help="its handle (made from the spec's `name` or the file's where it is not given)")
    applying.add_argument("--publish", action="store_true", help="publish the version at once")
    _version(_named(parser.command("publish", "let new runs use a version (the newest)", publish)))
    unpublishing = _named(parser.command("unpublish", "let no version run", unpublish))
    unpublishing.add_argument("--yes", action="store_true", help=YES)
    for name, words, run in (("pause", "keep its triggers from firing", pause),):
        _named(parser.command(name, words, run))
    resuming = parser.command("resume", "let its triggers fire again; with a run's id, go on with that failed run", resume)
    resuming.add_argument("automation", metavar="automation|run", help="an automation's handle, or a run's id")
    runs.add_choice(resuming)
    runs.configure_beside(parser)
    _named(parser.command("versions", "all versions of an automation", versions))
    differing = _named(parser.command("diff", "what changed between two versions", diff))
    differing.add_argument("before", type=whole(1, MAX_VERSION), nargs="?", help="a version (the published one)")
    differing.add_argument("after", type=whole(1, MAX_VERSION), nargs="?", help="another (the newest)")
    archiving = _named(parser.command("archive", "take an automation out of use; its runs stay", archive))
    archiving.add_argument("--yes", action="store_true", help=YES)
    exporting = _version(_named(parser.command("export", "print a version's spec as YAML", export)))
    exporting.add_argument(
        "--spelling", choices=("authoring", "api"), help="write it anew in this spelling; else as it was written"
    )


def _named(parser: Parser) -> Parser:
    parser.add_argument("automation", help="its handle")
    return parser


def _version(parser: Parser) -> Parser:
    parser.add_argument(
        "--version", dest="number", type=whole(1, MAX_VERSION), metavar="N", help="a version; the newest if not given"
    )
    return parser


async def list_automations(context: Context) -> None:
    """Print the automations."""
    async with context.project() as hub:
        page = await lists.read(context, hub.automations.list(status=context.args.status))
    rows = [
        (each["handle"], each["status"], str(each.get("published_version", "-")), str(each["latest_version"]), each["name"])
        for each in page.items
    ]
    text = table(("HANDLE", "STATUS", "PUBLISHED", "NEWEST", "NAME"), rows)
    lists.put(context, page, text, "No automations yet. Make one:  powerstrip automations apply FILE")


async def show(context: Context) -> None:
    """Print one automation."""
    async with context.project() as hub:
        found = await hub.automations.get(context.args.automation)
        newest = await hub.automations.version(found["handle"], found["latest_version"]) if found["latest_version"] else None
    findings: list[SpecFinding] = newest["validation"]["findings"] if newest else []
    pairs: list[tuple[str, object]] = [
        ("handle", found["handle"]),
        ("name", found["name"]),
        ("status", found["status"]),
        ("published version", found.get("published_version", "none")),
        ("newest version", found["latest_version"] or "none"),
        ("changed", when(found["updated_at"])),
    ]
    triggers = [
        (each["name"], each["kind"], "yes" if each["enabled"] else "no", _trigger_words(each)) for each in found["triggers"]
    ]
    text = fields(pairs) + ("\n\n" + table(("TRIGGER", "KIND", "ENABLED", "WHEN"), triggers) if triggers else "")
    context.console.put({**found, "findings": findings}, text + _told(findings))


def _trigger_words(trigger: Any) -> str:
    if trigger["kind"] == "http":
        return f"/v1/triggers/http/{trigger.get('http_handle', '')}"
    return str(trigger.get("event_type") or when(trigger.get("next_fire_at")) or "by hand")


async def check(context: Context) -> int:
    """Say what is wrong with a spec. Exit code 1 where it has errors."""
    source = _read(context.args.file)
    async with context.project() as hub:
        found = await hub.automations.check(source=source, handle=context.args.handle)
    steps: Sequence[Any] = found.get("plan", {}).get("steps", [])
    lines = [f"  {each['key']}  {each['task']['kind']} {each['task'].get('action', '')}".rstrip() for each in steps]
    summary = "\n".join(["The spec is fine:", *lines]) if found["valid"] else "The spec has errors."
    context.console.put(found, block(summary) + _told(found["findings"]))
    return 0 if found["valid"] else FAILED


async def apply(context: Context) -> int:
    """Make or change the automation that a file describes."""
    args = context.args
    source = _read(args.file)
    async with context.project() as hub:
        handle, name = await _whose(hub, source, args.handle, args.file)
        try:
            known = await hub.automations.get(handle)
        except HubError as error:
            if error.status != 404:
                raise
            known = await hub.automations.create(handle, name)
        version = await hub.automations.add_version(handle, source=source, base_version=known["latest_version"])
        valid = version["validation"]["valid"]
        if args.publish and valid:
            await hub.automations.publish(handle, version["version"])
    done = "and published" if args.publish and valid else "as a draft"
    hint = "" if args.publish and valid else f"\nPublish it:  powerstrip automations publish {handle}"
    text = f"Stored version {version['version']} of {handle} {done}." + (
        hint if valid else "\nIt has errors: it cannot be published."
    )
    context.console.put({**version, "handle": handle}, block(text) + _told(version["validation"]["findings"]))
    return 0 if valid else FAILED


async def _whose(hub: Client, source: str, handle: str | None, file: str) -> tuple[str, str]:
    """The automation's handle and name, from the option, the spec's name, or the file's."""
    found = await hub.automations.check(source=source, handle=handle)
    stem = "" if file == "-" else re.split(r"[/\\]", file)[-1].rsplit(".", 1)[0]
    said = _NAME.search(source)  # a spec with errors has no plan, and is this automation all the same
    name = str(found.get("plan", {}).get("name") or (said and said[2].strip()) or stem or handle or "")
    slug = handle or "-".join(re.findall(r"[a-z0-9]+", name.lower()))[:64].strip("-")
    if not slug:
        raise Stop("The spec has no `name` to make a handle of", hint="name it with --handle", code="no_handle")
    return slug, name or slug


async def publish(context: Context) -> None:
    """Publish a version."""
    handle = context.args.automation
    async with context.project() as hub:
        number = context.args.number or (await hub.automations.get(handle))["latest_version"]
        if not number:
            raise Stop("It has no version yet", hint="powerstrip automations apply FILE", code="no_version")
        found = await hub.automations.publish(handle, number)
    context.console.put(found, f"Published version {number} of {plain(handle)}.")


async def unpublish(context: Context) -> None:
    """Take the published version out of force."""
    handle = context.args.automation
    _ask(context, f"Take {plain(handle)} out of force? Its triggers no longer fire.")
    async with context.project() as hub:
        found = await hub.automations.unpublish(handle)
    context.console.put(found, f"No version of {plain(handle)} is published.")


async def pause(context: Context) -> None:
    """Pause an automation."""
    async with context.project() as hub:
        found = await hub.automations.update(context.args.automation, status="paused")
    context.console.put(found, f"Paused {plain(found['handle'])}.")


async def resume(context: Context) -> None:
    """Let it run again; a run's id goes on with that run."""
    if context.args.automation.startswith("run_"):
        context.args.run_id = context.args.automation
        return await runs.resume_run(context)
    async with context.project() as hub:
        found = await hub.automations.update(context.args.automation, status="active")
    context.console.put(found, f"{plain(found['handle'])} is active.")


async def versions(context: Context) -> None:
    """Print the versions."""
    async with context.project() as hub:
        found = await hub.automations.versions(context.args.automation)
    rows = [
        (
            str(each["version"]),
            each["status"],
            "yes" if each["validation"].get("valid") else "no",
            when(each["created_at"]),
            each["id"],
        )
        for each in found
    ]
    context.console.put(
        {"items": found}, table(("VERSION", "STATUS", "VALID", "STORED", "ID"), rows) if rows else "No versions yet."
    )


async def diff(context: Context) -> None:
    """Print what changed between two versions."""
    args = context.args
    async with context.project() as hub:
        known = await hub.automations.get(args.automation)
        before = args.before or known.get("published_version") or max(known["latest_version"] - 1, 1)
        after = args.after or known["latest_version"]
        old, new = [_as_text(await hub.automations.version(args.automation, number)).splitlines() for number in (before, after)]
    lines = list(difflib.unified_diff(old, new, f"version {before}", f"version {after}", lineterm=""))
    text = block("\n".join(lines)) if lines else f"Versions {before} and {after} say the same."
    context.console.put({"before": before, "after": after, "diff": lines}, text)


async def archive(context: Context) -> None:
    """Archive an automation."""
    handle = context.args.automation
    _ask(context, f"Archive {plain(handle)}? Its triggers no longer fire.")
    async with context.project() as hub:
        await hub.automations.archive(handle)
    context.console.put({"archived": handle}, f"Archived {plain(handle)}.")


async def export(context: Context) -> None:
    """Print a version's spec."""
    args = context.args
    async with context.project() as hub:
        number = args.number or (await hub.automations.get(args.automation))["latest_version"]
        found = await hub.automations.version(args.automation, number)
    text = _as_text(found) if args.spelling is None else _respelled(found, args.spelling)
    context.console.put({"version": found["version"], "spec": found["spec"], "text": text}, block(text.rstrip("\n")))


def _respelled(version: AutomationVersion, spelling: str) -> str:
    from powerstrip.automations import Plan, to_api, to_authoring, to_yaml

    plan = version.get("compiled_plan")
    if plan is None:
        raise Stop("This version has errors: it cannot be written anew", hint="powerstrip automations show", code="invalid_spec")
    write = to_api if spelling == "api" else to_authoring
    return to_yaml(write(Plan.model_validate(plan)))


def _as_text(version: AutomationVersion) -> str:
    from powerstrip.automations import to_yaml

    return version.get("source") or to_yaml(version["spec"])


def _read(file: str) -> str:
    return read_text(file if file == "-" else f"@{file}", "FILE")


def _ask(context: Context, question: str) -> None:
    if not (context.args.yes or context.console.agreed(question)):
        raise Stop("Nothing was changed", code="declined")


def _told(findings: Sequence[SpecFinding]) -> str:
    """Findings, a line each, with a hint below."""
    lines: list[str] = []
    for each in findings:
        line, hint = each.get("line"), each.get("hint")
        place = f"{line}:{each.get('column', 1)}" if line else each["path"]
        lines.append(f"{place or 'spec'}: {each['severity']}: {each['message']} ({each['code']})")
        lines += [f"    {hint}"] if hint else []
    return "\n\n" + block("\n".join(lines)) if lines else ""
