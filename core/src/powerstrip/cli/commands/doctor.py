"""`powerstrip doctor`: is this installation sound, and which exceptions are in force?"""

from typing import Any

from powerstrip.cli import target
from powerstrip.cli.context import Context
from powerstrip.cli.failures import FAILED, OK, Stop
from powerstrip.cli.parser import Parser
from powerstrip.cli.text import plain
from powerstrip.client import HubError
from powerstrip.client.secrets import HubFinding

MARKS = {"ok": "ok     ", "warning": "warning", "broken": "BROKEN "}
NOT_OPERATOR = (
    "give the key of a principal with platform.manage everywhere, or run it on the hub's machine: powerstrip doctor --data DIR"
)


def configure(parser: Parser) -> None:
    """Arguments of `doctor`."""
    parser.epilog = (
        "With --url or POWERSTRIP_URL the running hub is asked, else a data folder is looked at. Ends with 1 where something is"
        " broken; warnings do not count."
    )
    parser.set_defaults(run=doctor)


async def doctor(context: Context) -> int:
    """Print what was found: by the running hub that is named, else in the data folder."""
    server = target.server(context.args, context.environ)
    if server is not None:
        return _told(context, await _asked(context), {"url": server.url}, hub=True)
    return await _looked(context)


async def _asked(context: Context) -> list[HubFinding]:
    """What the running hub finds."""
    async with context.hub() as hub:
        try:
            return (await hub.findings())["findings"]
        except HubError as error:
            if error.status != 403:
                raise
            raise Stop(error.message, hint=NOT_OPERATOR, code=error.code) from None


async def _looked(context: Context) -> int:
    """Run every check on the data folder."""
    from powerstrip.api.findings import Finding
    from powerstrip.cli.checks import CHECKS, has_hub

    settings = target.folder_settings(context.args, context.environ)
    found: list[Finding] = []
    for check in CHECKS:
        try:
            found += await check(settings)
        except OSError as error:  # a file or folder that this user may not look at: the other checks still tell something
            where = f"{error.filename or settings.data}: {error.strerror or type(error).__name__}"
            name = check.__name__.removeprefix("check_").replace("_", " ")
            found.append(Finding(name, "broken", where, "run it as the user that the hub runs as, or give that user the files"))
    rows = [HubFinding(check=each.check, state=each.state, message=each.message, hint=each.hint) for each in found]
    broken = any(each.state == "broken" for each in found)  # to look further may not be allowed then
    named = next((name for name in ("POWERSTRIP_URL", "MOBIUS_API_URL") if context.environ.get(name)), "")
    if named:
        context.console.note(f"doctor looks at {settings.data} on this machine, not at the hub that {named} names")
    return _told(context, rows, {"data": str(settings.data)}, hub=not broken and has_hub(settings))


def _told(context: Context, found: list[HubFinding], where: dict[str, Any], *, hub: bool) -> int:
    broken = sum(each["state"] == "broken" for each in found)
    warnings = sum(each["state"] == "warning" for each in found)
    verdict = "Something is broken" if broken else "Sound" if hub else "There is no hub yet"
    lines = [*map(_line, found), f"\n{verdict}: {broken} broken, {warnings} warnings."]
    context.console.put({"healthy": not broken, **where, "findings": found}, "\n".join(lines))
    return FAILED if broken else OK


def _line(finding: HubFinding) -> str:
    line = f"{MARKS[finding['state']]}  {finding['check'].ljust(11)}  {plain(finding['message'])}"
    hint = finding.get("hint")
    return f"{line}\n{' ' * 22}-> {plain(hint)}" if hint else line
