"""From words to an exit code: parse, run, and say in plain words what went wrong."""

import sys
from collections.abc import Sequence

from powerstrip.cli.failures import INTERRUPTED, OK, Stop
from powerstrip.cli.parser import build


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
            if not _opens_dashboard():
                parser.print_help()
                return OK
            args = parser.parse_args([*words, "tui"])
    except Stop as stop:
        from powerstrip.cli.console import Console

        return Console(json="--json" in words).fail(stop)
    from powerstrip.cli.execute import execute

    return execute(args)


def _opens_dashboard() -> bool:
    """Whether `powerstrip` alone is the dashboard: for a person at a terminal; anyone else reads the help."""
    from importlib.util import find_spec

    return sys.stdin.isatty() and sys.stdout.isatty() and find_spec("powerstrip_tui") is not None


def _pipe_closed() -> int:
    """The reader (`| head`) has enough. Python would complain at exit, so its last flush goes nowhere."""
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return OK
