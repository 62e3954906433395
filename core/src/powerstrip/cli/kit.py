"""The author's kit on the command line: `plugin check`, `manifest`, `diff`, `new` and `dev`."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from powerstrip.cli.context import Context
from powerstrip.cli.failures import FAILED, OK, Stop
from powerstrip.cli.parser import Parser, whole
from powerstrip.cli.text import plain, table

if TYPE_CHECKING:
    from powerstrip.catalog import ProviderManifest
    from powerstrip.kit.checking import Report, Verdict

PACKAGE = "an installed provider, a project's folder or a wheel"
TIERS = ("bronze", "silver", "gold", "platinum")


def configure(parser: Parser) -> None:
    """Arguments of the kit's commands."""
    check = parser.command("check", "compute an adapter's tier from evidence", check_package)
    check.add_argument("package", metavar="PACKAGE", help=PACKAGE)
    how = check.add_mutually_exclusive_group()  # what is kept must not be lower for what nobody looked at
    how.add_argument("--quick", action="store_true", help="leave out its tests and the type checker")
    how.add_argument("--write", action="store_true", help="keep the tier beside the code, to be shipped with it")
    check.add_argument("--at-least", choices=TIERS, default="bronze", help="end with 1 below this tier (bronze)")
    check.epilog = "The rules and how to pass them: docs/adapters/tiers.md"
    new = parser.command("new", "begin an adapter: a complete package with tests", new_package)
    new.add_argument("name", metavar="NAME", help="the provider's id: lower-case words joined by - or _")
    new.add_argument("--auth", choices=("api-key", "oauth2", "none"), default="api-key", help="how to sign in (api-key)")
    new.add_argument("--webhook", action="store_true", help="with a signed webhook and an event")
    new.add_argument("--title", default="", metavar="TEXT", help="the provider's name as people write it")
    new.add_argument("--dir", default="", metavar="DIR", help="where to; must be empty or new (powerstrip-NAME)")
    manifest = parser.command("manifest", "what the catalogue says of an adapter", manifest_of_package)
    manifest.add_argument("package", metavar="PACKAGE", help=PACKAGE)
    diff = parser.command("diff", "what changed between two versions: breaking, deprecated, additive", diff_packages)
    for name in ("old", "new"):
        diff.add_argument(name, metavar=name.upper(), help=f"{PACKAGE}, or the JSON of `plugin manifest`")
    diff.epilog = "Ends with 1 where anything breaks."
    dev = parser.command("dev", "serve a throw-away sandbox hub with the adapter, anew on every change", develop)
    dev.add_argument("folder", metavar="DIR", nargs="?", default=".", help="the project's folder (.)")
    dev.add_argument("--port", type=whole(0, 65535), metavar="PORT", default=8000, help="the port to serve on; 0: any (8000)")


def check_package(context: Context) -> int:
    """Judge a package and print what is missing."""
    from powerstrip.kit import checking
    from powerstrip.kit.package import NoPackage, find

    with TemporaryDirectory(prefix="powerstrip-") as scratch:
        try:
            package = find(context.args.package, Path(scratch))
            report = checking.check(package, quick=context.args.quick)
            if context.args.write:
                context.console.note(f"written: {checking.write_record(package, report)}")
        except NoPackage as reason:
            raise Stop(str(reason), code="no_package") from None
    context.console.put(_payload(report), _page(report))
    reached = -1 if report.tier is None else TIERS.index(report.tier)
    return OK if reached >= TIERS.index(context.args.at_least) else FAILED


def new_package(context: Context) -> None:
    """Make a distribution from the template."""
    from powerstrip.kit.scaffold import NotMade, Plan, make

    args = context.args
    folder = Path(args.dir or f"powerstrip-{args.name.replace('_', '-')}")
    try:
        made = make(Plan(args.name, folder, args.auth, args.webhook, args.title))
    except NotMade as reason:
        raise Stop(str(reason), code="not_made") from None
    names = [str(path.relative_to(folder)) for path in made]
    next_steps = f"Next: cd {plain(folder)}; powerstrip plugin check . --quick; powerstrip plugin dev ."
    context.console.put({"folder": str(folder), "files": names}, "\n".join([*map(plain, names), "", next_steps]))


def manifest_of_package(context: Context) -> None:
    """Print a manifest as JSON, with or without --json: it is made for programs."""
    from powerstrip.cli.console import as_json

    with TemporaryDirectory(prefix="powerstrip-") as scratch:
        payload = _manifest(context.args.package, Path(scratch)).model_dump(mode="json")
    context.console.put(payload, as_json(payload))


def diff_packages(context: Context) -> int:
    """Print what changed."""
    from powerstrip.catalog import differences

    with TemporaryDirectory(prefix="powerstrip-") as scratch:
        old, new = (
            _manifest(each, Path(scratch) / side) for each, side in ((context.args.old, "old"), (context.args.new, "new"))
        )
    found = differences(old, new)
    sums = {kind: sum(each.kind == kind for each in found) for kind in ("breaking", "deprecated", "additive")}
    lines = [f"{each.kind}: {plain(each.where)}: {plain(each.what)}" for each in found]
    payload = {"old": old.version, "new": new.version, **sums, "changes": [each.model_dump() for each in found]}
    context.console.put(payload, "\n".join([*lines, ", ".join(f"{count} {kind}" for kind, count in sums.items())]))
    return FAILED if sums["breaking"] else OK


def _manifest(reference: str, scratch: Path) -> "ProviderManifest":
    from powerstrip.catalog import ProviderManifest
    from powerstrip.kit.package import NoPackage, find, manifest_of

    try:
        if reference.endswith(".json"):
            return ProviderManifest.model_validate_json(Path(reference).read_bytes())
        return manifest_of(find(reference, scratch))
    except NoPackage as reason:
        raise Stop(str(reason), code="no_package") from None
    except ValueError:
        raise Stop(f"{reference} holds no manifest", hint="powerstrip plugin manifest PACKAGE", code="no_manifest") from None


async def develop(context: Context) -> None:
    """Serve until interrupted."""
    from powerstrip.kit.dev import Workbench
    from powerstrip.kit.package import NoPackage

    try:
        with Workbench(Path(context.args.folder), context.args.port, context.console.say) as bench:
            await bench.run()
    except NoPackage as reason:
        raise Stop(str(reason), code="no_package") from None


def _payload(report: "Report") -> dict[str, Any]:
    return {
        "provider": report.provider,
        "package": report.distribution,
        "version": report.version,
        "tier": report.tier,
        "computed_at": report.at,
        "rules": [
            {
                "id": each.requirement.id,
                "tier": each.requirement.tier,
                "title": each.requirement.title,
                "state": each.state,
                "findings": list(each.findings),
                "how": each.requirement.how,
            }
            for each in report.verdicts
        ],
    }


def _page(report: "Report") -> str:
    rows = [(each.requirement.tier, each.requirement.id, each.state, each.requirement.title) for each in report.verdicts]
    missing = [each for each in report.verdicts if each.state == "not shown"]
    head = f"{plain(report.provider)} ({plain(report.distribution)} {plain(report.version)}): {report.tier or 'below bronze'}"
    return "\n\n".join([table(("TIER", "RULE", "STATE", "WHAT"), rows), *map(_missing, missing), head])


def _missing(verdict: "Verdict") -> str:
    lines = [f"  - {plain(each)}" for each in verdict.findings[:10]]
    more = [f"  - and {len(verdict.findings) - 10} more"] if len(verdict.findings) > 10 else []
    return "\n".join([f"{verdict.requirement.id}: {verdict.requirement.how}", *lines, *more])
