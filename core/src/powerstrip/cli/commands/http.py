"""`powerstrip http`: any REST API, by its description or by operations written by hand."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from powerstrip.cli.context import Context
from powerstrip.cli.failures import Stop, Usage
from powerstrip.cli.finding import find_integration
from powerstrip.cli.inputs import read_object
from powerstrip.cli.parser import Parser
from powerstrip.cli.secrets import add_credentials, read_credentials
from powerstrip.cli.text import plain, table
from powerstrip.client import Client, HubError

if TYPE_CHECKING:
    from powerstrip.adapter import Imported

CHUNK = 256 * 1024
INLINE = 256 * 1024
"""Bytes; a larger description is uploaded first."""
PROVIDER = "http"
SHOWN = 20


def configure(parser: Parser) -> None:
    """Arguments of `http`."""
    importing = parser.command("import", "make an action of each operation of a description", import_description)
    importing.add_argument("spec", help="OpenAPI 3.0 or 3.1, Swagger 2.0 or operations by hand; a file or an https address")
    importing.add_argument("--name", help="the integration to make or to update; the description's title where it is left out")
    importing.add_argument("--dry-run", action="store_true", help="only tell what would be imported, and what would break")
    importing.add_argument("--yes", action="store_true", help="apply it although it breaks who uses the integration")
    words = "settings: JSON, @file, field=text or field:=json"
    importing.add_argument("--config", action="append", default=[], metavar="JSON", help=words)
    importing.add_argument("--auth", metavar="KIND", help="which way to sign in, where the description names several")
    importing.add_argument("--mode", choices=("live", "sandbox"), help="a sandbox never sends; fixed for good")
    add_credentials(importing)
    adding = parser.command("add-operation", "write one operation by hand, beside those that are there", add_operation)
    adding.add_argument("integration", help="its id or its name")
    adding.add_argument("operation", help="its id, such as users.get")
    adding.add_argument("request", help='method and path, such as "GET /users/{id}"')
    adding.add_argument("--summary", default="", help="what it does")
    for name, what in (("input", "fields of its path, query or body"), ("query", "parameters"), ("headers", "headers")):
        adding.add_argument(f"--{name}", action="append", default=[], metavar="JSON", help=f"{what}: a JSON Schema for each")
    adding.add_argument("--output", action="append", default=[], metavar="JSON", help="JSON Schema of its answer")
    adding.add_argument("--required", action="append", default=[], metavar="FIELD", help="a field that must be given")
    adding.add_argument("--yes", action="store_true", help="apply it although it breaks who uses the integration")
    showing = parser.command("show", "the operations of an integration", show)
    showing.add_argument("integration", help="its id or its name")
    comparing = parser.command("diff", "what changed between two versions of its operations", diff)
    comparing.add_argument("integration", help="its id or its name")
    comparing.add_argument("old", type=int)
    comparing.add_argument("new", type=int)


async def import_description(context: Context) -> None:
    """Read a description; make or update the integration unless it is a dry run."""
    args = context.args
    local = None if "://" in args.spec else _existing(args.spec)
    if args.dry_run and local is not None and args.name is None:
        return _told(context, _read_here(local))
    async with context.project() as hub:
        source, uploaded = await _source(hub, args.spec, local)
        try:
            await _import(context, hub, source)
        finally:
            if uploaded is not None:
                await hub.files.delete(uploaded)


async def _import(context: Context, hub: Client, source: dict[str, Any]) -> None:
    args = context.args
    report = await hub.definitions.read(**source)
    name = args.name or report["title"] or "api"
    known = next((each for each in await hub.integrations.list(provider=PROVIDER).all() if each["name"] == name), None)
    if args.dry_run:
        outlook = await hub.definitions.plan(known["id"], **source) if known else {}
        return _told(context, report, outlook.get("changes") or [], compared=known is not None)
    if known is not None:
        applied = await _applied(context, hub, known["id"], source | {"source": args.spec})
        return _told(context, applied["report"], applied["changes"], applied)
    credentials = read_credentials(args.credentials, args.credential, context.environ, context.console)
    made = await hub.definitions.create(
        name,
        **source,
        source=args.spec,
        credentials=credentials,
        config=read_object(args.config, "--config"),
        auth_kind=args.auth,
        mode=args.mode,
    )
    _told(context, made["report"], [], made)


async def _applied(context: Context, hub: Client, integration_id: str, source: dict[str, Any]) -> dict[str, Any]:
    """Apply; what breaks is shown first, and needs --yes or a person's word."""
    args, console = context.args, context.console
    try:
        return await hub.definitions.apply(integration_id, **source, accept_breaking=args.yes)
    except HubError as error:
        if error.code != "breaking":
            raise
        for line in _changes(error.details.get("changes") or []).splitlines():
            console.note(line)
        if console.interactive and console.confirm("This breaks who uses it. Apply it?"):
            return await hub.definitions.apply(integration_id, **source, accept_breaking=True)
        raise


async def add_operation(context: Context) -> None:
    """Add one operation, through the same import."""
    args = context.args
    verb, _, path = args.request.partition(" ")
    if verb.lower() not in ("get", "head", "post", "put", "patch", "delete") or not path.startswith("/"):
        raise Usage("Give method and path as one word", hint='powerstrip http add-operation NAME users.get "GET /users/{id}"')
    operation: dict[str, Any] = {verb.lower(): path, "summary": args.summary, "required": args.required}
    for name in ("input", "query", "headers", "output"):
        if given := read_object(getattr(args, name), f"--{name}"):
            operation[name] = given
    document = json.dumps({"operations": {args.operation: operation}})
    async with context.project() as hub:
        found = await find_integration(hub, args.integration)
        applied = await _applied(context, hub, found["id"], {"document": document, "source": "by hand", "adds": True})
    _told(context, applied["report"], applied["changes"], applied)


async def show(context: Context) -> None:
    """Print the operations."""
    async with context.project() as hub:
        found = await find_integration(hub, context.args.integration)
        definition = await hub.definitions.get(found["id"])
    head = f"{plain(definition['title'])}, version {definition['version']}, from {plain(definition['source'])}"
    context.console.put(definition, "\n".join([head, "", *definition["actions"]]))


async def diff(context: Context) -> None:
    """Print what changed."""
    args = context.args
    async with context.project() as hub:
        found = await find_integration(hub, args.integration)
        compared = await hub.definitions.diff(found["id"], args.old, args.new)
    context.console.put(compared, _changes(compared["changes"]) or "Nothing changed.")


async def _source(hub: Client, spec: str, local: Path | None) -> tuple[dict[str, Any], str | None]:
    """How the hub is given the description, and the id of the file that was uploaded for it."""
    if local is None:
        return {"url": spec}, None
    text = await asyncio.to_thread(local.read_bytes)
    if len(text) <= INLINE:
        return {"document": text.decode("utf-8", "replace")}, None
    stored = await hub.files.upload(_chunks(local), name=local.name, media_type="application/octet-stream")
    return {"file": stored["id"]}, stored["id"]


async def _chunks(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(CHUNK):
            yield piece


def _existing(path: str) -> Path:
    found = Path(path)
    if not found.is_file():
        raise Usage(f"There is no file {path}", hint="name a description's file, or its https address")
    return found


def _read_here(path: Path) -> dict[str, Any]:
    """A dry run of a file needs no hub: nothing is compared, kept or sent."""
    from powerstrip.catalog import discover, load_adapter
    from powerstrip.connect.definitions import read_file, report_of
    from powerstrip.problems import Problem

    found = next((each for each in discover() if each.name == PROVIDER), None)
    if found is None:
        raise Stop("The adapter for Custom HTTP is not installed", hint="install powerstrip-http", code="no_adapter")
    try:
        imported: Imported = read_file(load_adapter(found.name, found.value), path.read_bytes())
    except Problem as problem:
        raise Stop(problem.message, code=problem.code) from None
    return report_of(imported)


def _told(
    context: Context,
    report: Any,
    changes: list[dict[str, str]] | None = None,
    applied: dict[str, Any] | None = None,
    *,
    compared: bool = False,
) -> None:
    """The report: four numbers and lists first, then what a person must do, and what changes for who uses it."""
    first = {name: report[name] for name in ("operations", "imported", "auth", "warnings")}
    more = {name: report[name] for name in ("title", "refused", "todo", "sign_in", "config")}
    done = {name: applied[name] for name in ("integration_id", "handle", "version") if applied} if applied else {}
    payload = {**first, **more, **done} | ({"changes": changes} if changes is not None else {})
    lines = [f"{report['imported']} of {report['operations']} operations{' imported' if applied else ' can be imported'}"]
    if applied:
        lines.append(
            f"Call them as http.{applied['handle']}.OPERATION; list them: powerstrip http show {applied['integration_id']}"
        )
    lines += _listed("Not taken, or taken with care", report["warnings"]) + _listed("To confirm", report["todo"])
    if report["todo"]:
        lines += _confirming(context.args, applied)
    if changes:
        lines += ["", "Changes", _changes(changes)]
    elif compared:
        lines += ["", "Nothing changes for who uses it."]
    context.console.put(payload, "\n".join(lines))


def _confirming(args: Any, applied: dict[str, Any] | None) -> list[str]:
    """The commands that set what is to be confirmed, and try it."""
    if not applied:
        again = f"powerstrip http import {plain(getattr(args, 'spec', 'SPEC'))} --config base_url=https://… --auth KIND"
        return ["", f"Settings and the way to sign in are given with the import:  {again}"]
    made, call = applied["integration_id"], f"http.{applied['handle']}.OPERATION"
    return [
        "",
        f"Set what is otherwise:  powerstrip integrations update {made} --config base_url=https://… --config check_path=/…",
        f"Then try it:            powerstrip integrations test {made};  powerstrip call {call} --sandbox",
    ]


def _listed(title: str, entries: list[str]) -> list[str]:
    more = [f"  and {len(entries) - SHOWN} more (--json lists all)"] if len(entries) > SHOWN else []
    return ["", title, *(f"  {plain(each)}" for each in entries[:SHOWN]), *more] if entries else []


def _changes(changes: list[dict[str, str]]) -> str:
    rows = [(each["kind"], plain(each["where"]), plain(each["what"])) for each in changes]
    return table(("KIND", "WHERE", "WHAT"), rows) if rows else ""
