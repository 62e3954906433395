"""Values that are typed: JSON, `field=value` pairs, files, standard input. Errors name the place, never the value."""

import shutil
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, cast

from powerstrip.cli.failures import Usage

STDIN = "-"
STDIN_FORMS = (STDIN, "@-")
"""Both name standard input; a file of that name is `@./-`."""


def read_object(words: Sequence[str], what: str) -> dict[str, Any]:
    """A JSON object made of words, later ones adding to earlier ones.

    A word is JSON (`{"to": …}`), `@file` or `-` that hold JSON, `field=text`, or `field:=json`. `what` names it in errors.
    """
    found: dict[str, Any] = {}
    for word in words:
        found.update(_object(word, what))
    return found


def _object(word: str, what: str) -> dict[str, Any]:
    if word == STDIN or word.startswith("@"):
        return parse_object(read_text(word, what), what)
    name, equals, text = word.partition("=")
    if word.lstrip().startswith(("{", "[")) or not equals or not name.strip(":"):
        return parse_object(word, what)
    if name.endswith(":"):
        return {name[:-1]: parse(text, f"{what} {name[:-1]}")}
    return {name: text}


def parse_object(text: str, what: str) -> dict[str, Any]:
    """The same for a JSON object. Stops on any other value."""
    value = parse(text, what)
    if not isinstance(value, dict):
        raise Usage(f"{what} is not a JSON object", hint=_forms(what))
    return cast(dict[str, Any], value)


def parse(text: str, what: str) -> Any:
    """JSON read as strictly as the hub reads it. Stops with the line and column of what is wrong."""
    from powerstrip.problems import BadInput
    from powerstrip.strictjson import strict_json

    try:
        return strict_json(text.encode("utf-8", "surrogateescape"))
    except BadInput as error:
        raise Usage(f"{what} {error.message.removeprefix('The body ')}", hint=_forms(what)) from None


def _forms(what: str) -> str:
    return f'write {what} \'{{"field": "value"}}\', {what} field=text, {what} field:=json, {what} @file or {what} -'


def read_text(source: str, what: str) -> str:
    """The content of `-` (standard input) or `@file`."""
    if source in STDIN_FORMS:
        return sys.stdin.read()
    return file_named(source, what).read_bytes().decode("utf-8", "surrogateescape")


def file_named(source: str, what: str) -> Path:
    """The file that `@path` names. Stops where there is none."""
    path = Path(source.removeprefix("@")).expanduser()
    if not path.is_file():
        raise Usage(f"{what}: there is no file {path}")
    return path


def spooled(source: str, what: str, folder: Path) -> Path:
    """The file that `@path` names; for standard input (`-`, `@-`) one in `folder` that holds all of it."""
    if source not in STDIN_FORMS:
        return file_named(source, what)
    path = folder / "stdin"
    if path.exists():
        raise Usage(f"{what}: standard input can fill one field only")
    with path.open("wb") as file:
        shutil.copyfileobj(sys.stdin.buffer, file)
    return path


def pairs(words: Iterable[str], what: str) -> dict[str, str]:
    """`field=value` words as a dictionary."""
    found: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise Usage(f"{what} takes field=value")
        found[name] = value
    return found


def put_at(target: dict[str, Any], place: str, value: Any) -> None:
    """Set a field by its path (`attachments.0.content`); missing objects on the way are made."""
    *way, last = place.split(".")
    holder: Any = target
    for part in way:
        holder, key = _slot(holder, part, place)
        holder = holder.setdefault(key, {}) if isinstance(key, str) else holder[key]
    holder, key = _slot(holder, last, place)
    holder[key] = value


def _slot(holder: Any, part: str, place: str) -> tuple[Any, str | int]:
    """A container and the key in it. Stops where the way leads through what holds nothing."""
    match holder:
        case dict():
            return cast(dict[str, Any], holder), part
        case list() if part.isdigit() and int(part) < len(cast(list[Any], holder)):
            return cast(list[Any], holder), int(part)
        case _:
            raise Usage(f"The input has no place {place}")
