"""The command line. Importing it loads nothing: `powerstrip --help` must answer at once."""

from collections.abc import Sequence


def main(words: Sequence[str] | None = None) -> int:
    """Run `powerstrip` with these words (the process's own for None) and return its exit code.

    0 it is done, 1 the hub or a provider refused, 2 the command is wrong, 3 the hub cannot be reached, 130 interrupted.
    """
    from powerstrip.cli.main import run

    return run(words)


__all__ = ["main"]
