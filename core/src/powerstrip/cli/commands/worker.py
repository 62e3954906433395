"""`powerstrip worker`: run the functions of a module as the project's worker actions."""

import sys
from importlib import import_module

from powerstrip.cli import target
from powerstrip.cli.context import Context
from powerstrip.cli.failures import Stop, Usage
from powerstrip.cli.parser import Parser, whole
from powerstrip.client.worker import Worker, WorkerRefused, actions_of


def configure(parser: Parser) -> None:
    """Arguments of `worker`."""
    parser.add_argument("--module", required=True, help="a Python module whose functions bear @action; this folder is looked in")
    parser.add_argument("--concurrency", type=whole(1, 1000), default=1, metavar="N", help="jobs at once (1)")
    parser.add_argument("--name", default="", help="unique among the project's live workers (made up)")
    parser.add_argument("--queue", action="append", default=[], metavar="NAME", help="take jobs of this queue; may be repeated")
    parser.set_defaults(run=work)


def work(context: Context) -> None:
    """Do jobs until SIGTERM or SIGINT; what is under way is finished first."""
    args = context.args
    server = target.server(args, context.environ)
    if server is None:
        raise Usage("A worker connects to a running hub", hint="give --url and POWERSTRIP_API_KEY, and --project")
    if not context.named_project:
        raise Usage("Which project?", hint="name one with --project or POWERSTRIP_PROJECT")
    worker = Worker(
        server.url,
        server.key,
        context.named_project,
        name=args.name,
        concurrency=args.concurrency,
        queues=tuple(args.queue),
    )
    for name, act in actions_of(_module(args.module)).items():
        worker.add(name, act)
    if not worker.actions:
        raise Stop(f"{args.module} has no actions", hint="mark functions with @action from powerstrip.client.worker")
    context.console.note(f"worker {worker.name}: {', '.join(worker.actions)}")
    try:
        worker.run()
    except WorkerRefused as error:
        raise Stop(str(error), code=error.code) from None


def _module(name: str) -> object:
    if "" not in sys.path:
        sys.path.insert(0, "")
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name and not name.startswith(error.name):
            raise
        raise Stop(f"There is no module {name}", hint="run this in its folder, or install it") from None
