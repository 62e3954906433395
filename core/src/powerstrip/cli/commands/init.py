"""`powerstrip init`: a data folder with a project, an admin and a first API key."""

from powerstrip.cli import target
from powerstrip.cli.context import Context
from powerstrip.cli.failures import Stop, Usage
from powerstrip.cli.parser import Parser
from powerstrip.cli.text import fields

DEFAULT_PROJECT = "default"


def configure(parser: Parser) -> None:
    """Arguments of `init`."""
    parser.description = (
        "Make a data folder, a project and its first API key. On a folder that is there: one more project or key."
    )
    parser.add_argument("--mode", choices=("live", "sandbox"), help="the project's mode, for good: a sandbox never sends (live)")
    parser.set_defaults(run=init)


async def init(context: Context) -> None:
    """Make what is missing and print the project's handle and a key."""
    from powerstrip.problems import Problem

    if getattr(context.args, "url", ""):
        raise Usage("`init` makes a data folder on this machine", hint="give --data, or use `powerstrip projects create`")
    settings = target.folder_settings(context.args, context.environ)
    handle = context.named_project or DEFAULT_PROJECT
    async with target.open_hub(settings, context.environ, whole=False) as hub:
        try:
            made = await hub.access.bootstrap(handle, mode=context.args.mode)
        except Problem as problem:
            raise Stop(problem.message, code=problem.code) from None
    data = settings.data
    summary = fields((("Project", f"{handle} ({made.project.mode})"), ("API key", made.key), ("Data", data)))
    head = "" if made.created else f"The project {handle} was there already: this is one more key, those before stay good.\n\n"
    text = f"{head}{summary}\n\nThe key is shown this once. Start the hub and use it:\n\n{_next_steps(str(data), handle)}"
    if not made.created and context.console.json:
        context.console.note(f"the project {handle} was there already: one more key was made (powerstrip keys list)")
    context.console.put({"project": handle, "api_key": made.key}, text)


def _next_steps(data: str, handle: str) -> str:
    return (
        f"  powerstrip serve --data {data}\n"
        "  export POWERSTRIP_URL=http://127.0.0.1:8000 POWERSTRIP_API_KEY=mbx_…\n"
        f"  powerstrip providers list --project {handle}"
    )
