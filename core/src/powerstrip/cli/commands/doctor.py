"""`powerstrip doctor`: is this installation sound, and which exceptions are in force?"""

from typing import TYPE_CHECKING

from powerstrip.cli import target
from powerstrip.cli.context import Context
from powerstrip.cli.failures import FAILED, OK
from powerstrip.cli.parser import Parser
from powerstrip.cli.text import plain

if TYPE_CHECKING:
    from powerstrip.cli.checks import Finding

MARKS = {"ok": "ok     ", "warning": "warning", "broken": "BROKEN "}


def configure(parser: Parser) -> None:
    """Arguments of `doctor`."""
    parser.epilog = "Ends with 1 where something is broken; warnings do not count."
    parser.set_defaults(run=doctor)


async def doctor(context: Context) -> int:
    """Run every check and print what was found."""
    from powerstrip.cli.checks import CHECKS, Finding, has_hub

    settings = target.folder_settings(context.args, context.environ)
    found: list[Finding] = []
    for check in CHECKS:
        try:
            found += await check(settings)
        except OSError as error:  # a file or folder that this user may not look at: the other checks still tell something
            where = f"{error.filename or settings.data}: {error.strerror or type(error).__name__}"
            name = check.__name__.removeprefix("check_").replace("_", " ")
            found.append(Finding(name, "broken", where, "run it as the user that the hub runs as, or give that user the files"))
    broken = sum(each.state == "broken" for each in found)
    warnings = sum(each.state == "warning" for each in found)
    payload = {
        "healthy": not broken,
        "data": str(settings.data),
        "findings": [{"check": each.check, "state": each.state, "message": each.message, "hint": each.hint} for each in found],
    }
    lines = [_line(each) for each in found]
    hub = not broken and has_hub(settings)  # where something is broken, to look may not be allowed
    verdict = "Something is broken" if broken else "Sound" if hub else "There is no hub yet"
    lines.append(f"\n{verdict}: {broken} broken, {warnings} warnings.")
    named = next((name for name in ("POWERSTRIP_URL", "MOBIUS_API_URL") if context.environ.get(name)), "")
    if named:
        context.console.note(f"doctor looks at {settings.data} on this machine, not at the hub that {named} names")
    context.console.put(payload, "\n".join(lines))
    return FAILED if broken else OK


def _line(finding: "Finding") -> str:
    line = f"{MARKS[finding.state]}  {finding.check.ljust(11)}  {plain(finding.message)}"
    return f"{line}\n{' ' * 22}-> {plain(finding.hint)}" if finding.hint else line
