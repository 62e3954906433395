"""From words to an exit code: parse, run, and say in plain words what went wrong."""

import sys
from collections.abc import Sequence

from powerstrip.cli.failures import INTERRUPTED, OK, Stop
from powerstrip.cli.parser import Parser, build

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace


def run(words: Sequence[str] | None = None) -> int:
    """Run one command line. What raises here is a defect of ours."""
    words = sys.argv[1:] if words is None else words
    try:
        return _run(words)
    except SystemExit as end:  # argparse ends --help and --version this way
        return end.code if isinstance(end.code, int) else OK
    except KeyboardInterrupt:
        sys.stderr.write("\n")
        return INTERRUPTED
    except BrokenPipeError:
        return _pipe_closed()


def _run(words: Sequence[str]) -> int:
    try:
        parser = build()
        args = parser.parse_args(words)
        if not hasattr(args, "run"):
            return _without_command(parser, args)
    except Stop as stop:
        from powerstrip.cli.console import Console

        return Console(json="--json" in words).fail(stop)
    from powerstrip.cli.execute import execute

    return execute(args)


def _without_command(parser: Parser, args: "Namespace") -> int:
    """`powerstrip` alone: the dashboard for a person at a terminal, the help for anyone else."""
    from importlib.util import find_spec

    if sys.stdin.isatty() and sys.stdout.isatty() and find_spec("powerstrip_tui") is not None:
        from powerstrip.cli.commands.tui import dashboard
        from powerstrip.cli.execute import execute

        args.run = dashboard
        return execute(args)
    parser.print_help()
    return OK


def _pipe_closed() -> int:
    """The reader (`| head`) has enough. Python would complain at exit, so its last flush goes nowhere."""
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return OK
