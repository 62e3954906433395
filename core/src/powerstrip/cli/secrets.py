"""Credentials on their way in: asked for without echo, or taken from a file, standard input or the environment."""

import getpass
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from powerstrip.cli.console import Console
from powerstrip.cli.failures import Usage
from powerstrip.cli.inputs import STDIN, pairs, parse_object, read_text
from powerstrip.cli.parser import Parser
from powerstrip.cli.text import plain

WARNING = "warning: others on this machine can read a secret on the command line; @file, env:NAME and - keep it off"


def add_credentials(parser: Parser) -> None:
    """`--credentials` and `--credential`."""
    parser.add_argument("--credentials", default="", metavar="@FILE", help="all fields as JSON: @file, or - for standard input")
    words = "one field: field=@file, field=env:NAME or field=-"
    parser.add_argument("--credential", action="append", default=[], metavar="FIELD=SOURCE", help=words)


def read_credentials(whole: str, single: Sequence[str], environ: Mapping[str, str], console: Console) -> dict[str, Any] | None:
    """Credentials from `--credentials` (JSON, `@file`, `-`) and `--credential field=source`; None where neither is given."""
    if not whole and not single:
        return None
    found = _whole(whole, console) if whole else {}
    for field, source in pairs(single, "--credential").items():
        found[field] = _one(field, source, environ, console)
    return found


def _whole(source: str, console: Console) -> dict[str, Any]:
    if source == STDIN or source.startswith("@"):
        source = read_text(source, "--credentials")
    else:
        console.note(WARNING)
    return parse_object(source, "--credentials")


def _one(field: str, source: str, environ: Mapping[str, str], console: Console) -> str:
    if source == STDIN or source.startswith("@"):
        return read_text(source, f"--credential {field}").rstrip("\r\n")
    if source.startswith("env:"):
        name = source.removeprefix("env:")
        if not environ.get(name):
            raise Usage(f"--credential {field}: the variable {name} is not set")
        return environ[name]
    console.note(WARNING)
    return source


def ask_form(form: Mapping[str, Any], title: str, console: Console) -> dict[str, str]:
    """Ask the person at the terminal for each field of a form (a JSON Schema); secrets are not echoed.

    A field that is not required may be left empty.
    """
    required = set(form.get("required", []))
    answers: dict[str, str] = {}
    for name, schema in form.get("properties", {}).items():
        while True:
            answer = _ask(f"{title}: {_label(name, schema, name in required)}: ", _is_secret(schema), console)
            if answer or name not in required:
                break
        if answer:
            answers[name] = answer
    return answers


def _ask(prompt: str, secret: bool, console: Console) -> str:
    if secret:
        return getpass.getpass(plain(prompt), stream=console.err).strip()
    console.err.write(plain(prompt))
    console.err.flush()
    line = sys.stdin.readline()
    if not line:
        raise Usage("The terminal was closed before the form was filled")
    return line.strip()


def _is_secret(schema: Mapping[str, Any]) -> bool:
    return bool(schema.get("writeOnly")) or schema.get("format") == "password"


def _label(name: str, schema: Mapping[str, Any], required: bool) -> str:
    title = schema.get("title") or name
    return title if required else f"{title} (optional)"
