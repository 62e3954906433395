"""Argument parsers that are built when they are needed: only the command that was typed imports its module.

Nothing here may import more than argparse; the time of `powerstrip --help` is measured.
"""

import argparse
import os
import sys
from collections.abc import Iterable

from powerstrip.cli.failures import Usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, NoReturn

    from powerstrip.cli.context import Command

COMMANDS = {
    "init": "make a data folder, a project and its first API key",
    "serve": "run the hub's HTTP API",
    "demo": "see it all in a sandbox: no network, no account",
    "tui": "the terminal dashboard; `powerstrip` alone opens it too",
    "doctor": "check this installation and a data folder",
    "providers": "services that can be connected",
    "catalog": "actions that can be called, events that can be heard",
    "http": "import an API's description, and call its operations as actions",
    "integrations": "connect services: create, test, rotate, copy, disable",
    "connect": "connect a service by consent in a browser, or send somebody a link",
    "apps": "this hub as an OAuth client of its services",
    "chat": "set things up in sentences",
    "call": "call an action",
    "actions": "actions of your own: HTTP endpoints, and what workers do",
    "worker": "run the functions of a module as worker actions",
    "workers": "who does worker actions, and their jobs",
    "automations": "what happens by itself: check, apply, publish specs",
    "runs": "what automations did, step for step: follow, stop, resume",
    "events": "what providers sent, and what became of it: follow, replay, fire",
    "endpoints": "addresses that providers send to",
    "polls": "look for events where a provider sends none",
    "invocations": "what was called, and what came of it",
    "sandbox": "what sandboxed calls would have sent",
    "pickers": "values of a provider to choose from",
    "webhooks": "tell others what happens: signed deliveries",
    "entities": "the project's own things: types, records, questions",
    "projects": "workspaces",
    "secrets": "named values for workers; they go in and never come out",
    "keys": "API keys; the rotation of the keys that seal",
    "principals": "who acts in a project",
    "roles": "what principals may do",
    "files": "contents kept for calls",
    "audit": "who did what; verify the chain",
    "plugin": "tools for people who write adapters",
    "completion": "shell completion for bash, zsh and tcsh",
}


class Wide(argparse.HelpFormatter):
    """Help as wide as the terminal. (Asked for no width, the base imports a compression library to learn it.)"""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=30, width=columns() - 2)


class Raw(Wide, argparse.RawTextHelpFormatter):
    """The same for texts that need no wrapping, and so no module that wraps."""


def columns() -> int:
    """The terminal's width, at most 120, and 80 where there is none."""
    try:
        return min(os.get_terminal_size().columns or 80, 120)
    except OSError:
        return 80


class Parser(argparse.ArgumentParser):
    """A parser that refuses by raising `Usage`, and that may be filled by a command's module on first use."""

    module = ""

    def fill(self) -> None:
        """Add the arguments of the module this parser stands for."""
        if self.module:
            from importlib import import_module

            name, self.module = self.module, ""
            add_common(self)
            import_module(f"powerstrip.cli.commands.{name}").configure(self)

    def parse_known_args(self, args: "Any" = None, namespace: "Any" = None) -> "Any":  # pyright: ignore[reportIncompatibleMethodOverride] - the base is overloaded
        """Fill, then parse. A word that a command does not know is refused there, so that the hint is about that command."""
        self.fill()
        known, unknown = super().parse_known_args(args, namespace)
        if unknown and self._subparsers is None:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return known, unknown

    def error(self, message: str) -> "NoReturn":
        """Refuse the words that were typed. For a command that is none, the most alike are named in place of all."""
        from re import findall, match

        if wrong := match(r"argument COMMAND: invalid choice: '(.*)' \(choose from (.*)\)$", message):
            from difflib import get_close_matches

            alike = get_close_matches(wrong[1], findall(r"[\w-]+", wrong[2]), 2, 0.5)
            meant = f": did you mean {' or '.join(alike)}?" if alike else ""
            message = f"there is no command {wrong[1]!r}{meant}"
        raise Usage(message[:1].upper() + message[1:], hint=f"{self.prog} --help")

    def command(self, name: str, help: str, run: "Command | None" = None) -> "Parser":
        """Add a sub-command below this one and return its parser; `run` is what it does."""
        if self._subparsers is None:
            self._commands = self.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=Parser)
        parser = self._commands.add_parser(name, help=help, description=sentence(help), formatter_class=Wide)
        add_common(parser)
        if run is not None:
            parser.set_defaults(run=run)
        return parser


def build() -> Parser:
    """The whole parser. Commands are named; their arguments come with their modules."""
    parser = Parser(
        prog="powerstrip", description="Call any service through one hub that keeps the keys.", epilog=EPILOG, formatter_class=Raw
    )
    parser.add_argument("--version", action=Version, nargs=0, default=argparse.SUPPRESS, help="print the version")
    add_common(parser)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", parser_class=Parser)
    for name, words in COMMANDS.items():
        commands.add_parser(name, help=words, description=sentence(words), formatter_class=Wide).module = name
    return parser


def add_common(parser: argparse.ArgumentParser) -> None:
    """The options every command takes, before or after its name."""
    group = parser.add_argument_group("which hub")
    for flag, metavar, words in COMMON:
        group.add_argument(flag, metavar=metavar, default=argparse.SUPPRESS, help=words)
    group.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print JSON, as the API answers it")


def whole(lowest: int, highest: int) -> "Callable[[str], int]":
    """A type of argument: a whole number of this range, both ends included."""

    def read(text: str) -> int:
        if text.isascii() and text.isdigit() and len(text) <= 9 and lowest <= int(text) <= highest:
            return int(text)
        raise argparse.ArgumentTypeError(f"write a whole number from {lowest} to {highest}")

    return read


def sentence(text: str) -> str:
    """A help text as a sentence."""
    return f"{text[:1].upper()}{text[1:]}."


class Version(argparse.Action):
    """Prints the version, read when it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *rest: object) -> None:
        """Print and end."""
        from powerstrip import __version__

        sys.stdout.write(f"powerstrip {__version__}\n")
        parser.exit()


YES = "do not ask; where there is no terminal, nobody is asked"
COMMON: Iterable[tuple[str, str, str]] = (
    ("--data", "DIR", "a hub's data folder (POWERSTRIP_DATA)"),
    ("--url", "URL", "a running hub (POWERSTRIP_URL)"),
    ("--api-key", "KEY", "its API key; better in POWERSTRIP_API_KEY"),
    ("--project", "HANDLE", "a project's handle (POWERSTRIP_PROJECT)"),
)
EPILOG = """\
With POWERSTRIP_URL and POWERSTRIP_API_KEY a command talks to that hub. Without, it opens the data folder itself.
Begin with:  powerstrip demo
"""
