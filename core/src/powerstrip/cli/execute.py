"""Runs a parsed command and turns whatever stops it into a sentence and an exit code."""

import asyncio
import os
import re
import signal
from argparse import Namespace
from collections.abc import Generator
from contextlib import contextmanager

from powerstrip.cli.console import Console
from powerstrip.cli.context import Context
from powerstrip.cli.failures import FAILED, OK, UNREACHABLE, Stop, Usage
from powerstrip.client import BadAddress, HubError, HubUnreachable


def execute(args: Namespace) -> int:
    """Run `args.run`; a coroutine gets an event loop. Returns the exit code."""
    console = Console(json=getattr(args, "json", False))
    context = Context(args, os.environ, console)
    try:
        with interrupted_at_once():
            outcome = args.run(context)
            if asyncio.iscoroutine(outcome):
                outcome = asyncio.run(outcome)
        return outcome or OK
    except Stop as stop:
        return console.fail(stop)
    except HubError as error:
        return console.fail(refused(error), error.details)
    except HubUnreachable as error:
        return console.fail(Stop(str(error), hint=UNREACHABLE_HINT, code="unreachable", exit_code=UNREACHABLE))
    except BadAddress as error:
        return console.fail(Usage(str(error)))
    except BrokenPipeError:
        raise
    except OSError as error:
        return console.fail(Stop(_of_system(error), code="system"))


@contextmanager
def interrupted_at_once() -> Generator[None]:
    """Ctrl-C ends what is going on, a prompt too. (asyncio's own handler waits for the next turn of its loop.)"""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def refused(error: HubError) -> Stop:
    """A hub's refusal as people read it: its sentence, each field's reason, what to do next."""
    reasons = [f"{path}: {words}" if path else words for path, words in error.reasons]
    message = "; ".join([error.message, *(reason for reason in reasons if reason not in error.message)])
    return Stop(_as_options(message), hint=_as_options(_hint(error)), code=error.code, exit_code=FAILED)


def _as_options(text: str) -> str:
    """The API's names of fields as the options that fill them."""
    return FIELD.sub(lambda found: OPTIONS[found[1] or found[2]], text)


def _of_system(error: OSError) -> str:
    """A file or a folder that cannot be read or written, in the system's words."""
    words = error.strerror or type(error).__name__
    return f"{words}: {error.filename}" if error.filename else words


def _hint(error: HubError) -> str:
    match error.status:
        case 401:
            return "check POWERSTRIP_API_KEY (or --api-key); a lost key is replaced with `powerstrip keys create`"
        case 403:
            return "ask an owner of the project for the permission, or use a key that has it"
        case 429 | 503 if error.retry_after:
            return f"try again in {error.retry_after:g} s"
        case _ if any(path.startswith("credentials.") for path, _ in error.reasons):
            return "--credential FIELD=- reads it from standard input, FIELD=@file from a file, FIELD=env:NAME from a variable"
        case _:
            return str(error.details.get("hint", ""))


OPTIONS = {
    "integration": "--integration",
    "sandbox": "--sandbox",
    "dry_run": "--dry-run",
    "simulate": "--simulate",
    "accept_other_account": "--accept-other-account",
    "accept_impact": "--yes",
    "accept_breaking": "--yes",
    "skip_conflicts": "--skip-conflicts",
    "timeout_seconds": "--timeout",
    "created_after": "--since",
    "created_before": "--until",
}
FIELD = re.compile(f"`({'|'.join(OPTIONS)})`|\\b(timeout_seconds|created_after|created_before)\\b")
"""Words of everyday language are fields only where the hub marks them as such."""
UNREACHABLE_HINT = "is the hub running? `powerstrip serve` starts one; POWERSTRIP_URL says where it is"
