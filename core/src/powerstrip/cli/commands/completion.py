"""`powerstrip completion SHELL`: completion scripts made from the parsers."""

from typing import cast

from powerstrip.cli.context import Context
from powerstrip.cli.parser import Parser, build


def configure(parser: Parser) -> None:
    """Arguments of `completion`."""
    parser.add_argument("shell", choices=("bash", "zsh", "tcsh"))
    parser.epilog = 'For bash: eval "$(powerstrip completion bash)"'
    parser.set_defaults(run=completion)


def completion(context: Context) -> None:
    """Print the script."""
    import shtab

    script = shtab.complete(_filled(build()), shell=context.args.shell)
    context.console.put({"shell": context.args.shell, "script": script}, script)


def _filled(parser: Parser) -> Parser:
    """The whole tree: every command's module is asked for its arguments."""
    parser.fill()
    for action in parser._actions:  # pyright: ignore[reportPrivateUsage] - argparse has no public way to its sub-parsers
        for child in cast(dict[str, Parser], action.choices).values() if isinstance(action.choices, dict) else ():
            _filled(child)
    return parser
