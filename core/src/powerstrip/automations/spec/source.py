"""From a text, YAML or JSON, to plain values with the line and column of each.

YAML is read strictly, by its events: one document, no tags, no anchors and no aliases (nothing can unfold), no key twice, texts
as keys. A plain word is a number, true, false or null as in YAML 1.2's core schema, else a text: `on`, `no` and `12:30` are
texts. JSON is a part of this YAML.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, cast

import yaml

from powerstrip.automations.spec.findings import Finding, Path, SpecRefused
from powerstrip.problems import BadInput, TooLarge
from powerstrip.strictjson import LEAST, MOST
from powerstrip.validation import encode

MAX_BYTES = 256 * 1024
"""Bytes of a spec. Read in full, it costs some tenths of a second at most."""
MAX_DEPTH = 32
MAX_NODES = 10_000
"""Values of a spec, containers included."""

_INTEGER = re.compile(r"[-+]?[0-9]{1,20}")
_NOT_DECIMAL = re.compile(r"0(?:x[0-9A-Fa-f]{1,16}|o[0-7]{1,22})")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]{1,40}|[0-9]{1,40}(?:\.[0-9]{0,40})?)(?:[eE][-+]?[0-9]{1,4})?")
_INFINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)|[-+]?Infinity|NaN")
_BOOLEANS: dict[str, Any] = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_WORDS: dict[str, Any] = _BOOLEANS | {"null": None, "Null": None, "NULL": None, "~": None, "": None}
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml where the wheel has it: ten times as quick. Only its events are used."""


@dataclass
class Source:
    """A spec as values, the place of each value, and the text where there was one."""

    value: Any
    positions: dict[Path, tuple[int, int]] = field(default_factory=dict[Path, tuple[int, int]])
    text: str = ""


def read_text(text: str) -> Source:
    """Read YAML or JSON. Raises `SpecRefused`."""
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise refused("too_large", f"The spec is larger than {MAX_BYTES // 1024} KB")
    reader = _Reader(text)
    try:
        return Source(reader.document(), reader.positions, text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise _at(mark, "syntax", f"This is not YAML: {_words(error.problem)}") from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise SpecRefused(Finding("error", "syntax", "There is a character that YAML does not allow", line=line)) from None
    except (UnicodeError, yaml.YAMLError):
        raise refused("syntax", "This is not YAML: it holds half a character") from None
    except RecursionError:
        raise refused("too_deep", f"The spec is nested deeper than {MAX_DEPTH} levels") from None


def read_value(value: Any) -> Source:
    """Take a spec that came as JSON and was read already; nothing is known of lines. Raises `SpecRefused`."""
    try:
        encode({"spec": value}, "spec", MAX_BYTES)
    except TooLarge:
        raise refused("too_large", f"The spec is larger than {MAX_BYTES // 1024} KB") from None
    except BadInput as error:
        raise refused("syntax", error.message) from None
    for count, depth in enumerate(_depths(value, 0), 1):
        if depth > MAX_DEPTH or count > MAX_NODES:
            raise refused("too_deep" if depth > MAX_DEPTH else "too_large", "The spec is nested too deeply or holds too much")
    return Source(value)


def _depths(value: Any, depth: int) -> Iterator[int]:
    yield depth
    if depth > MAX_DEPTH or not isinstance(value, dict | list):
        return
    children = cast(dict[str, Any], value).values() if isinstance(value, dict) else cast(list[Any], value)
    for child in children:
        yield from _depths(child, depth + 1)


def refused(code: str, message: str) -> SpecRefused:
    """A refusal of the whole text."""
    return SpecRefused(Finding("error", code, message))


class _Reader:
    """Builds values from the events of one YAML document."""

    def __init__(self, text: str) -> None:
        self.positions: dict[Path, tuple[int, int]] = {}
        self._events: Any = yaml.parse(text, Loader=_LOADER)  # pyright: ignore[reportUnknownMemberType] - the stubs leave it open
        self._nodes = 0

    def document(self) -> Any:
        """The one document."""
        self._next()
        event = self._next()
        if isinstance(event, yaml.StreamEndEvent):
            raise refused("empty", "The spec is empty: it needs at least `steps`")
        value = self._value(self._next(), ())
        self._next()
        after = self._next()
        if not isinstance(after, yaml.StreamEndEvent):
            raise _at(after.start_mark, "several_documents", "There is a second document: a file holds one spec")
        return value

    def _next(self) -> Any:
        return next(self._events)

    def _value(self, event: Any, path: Path) -> Any:
        self._nodes += 1
        self.positions.setdefault(path, (event.start_mark.line + 1, event.start_mark.column + 1))
        _check_node(event)
        if len(path) > MAX_DEPTH:
            raise _at(event.start_mark, "too_deep", f"The spec is nested deeper than {MAX_DEPTH} levels")
        if self._nodes > MAX_NODES:
            raise _at(event.start_mark, "too_large", f"The spec holds more than {MAX_NODES} values")
        if isinstance(event, yaml.ScalarEvent):
            return _scalar(event)
        return self._list(path) if isinstance(event, yaml.SequenceStartEvent) else self._mapping(path)

    def _list(self, path: Path) -> list[Any]:
        found: list[Any] = []
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            found.append(self._value(event, (*path, len(found))))
        return found

    def _mapping(self, path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            key = _key(event)
            if key in found:
                raise _at(event.start_mark, "duplicate_key", "This key stands here twice: keep one of the two")
            self.positions[(*path, key)] = (event.start_mark.line + 1, event.start_mark.column + 1)
            found[key] = self._value(self._next(), (*path, key))
        return found


def _key(event: Any) -> str:
    _check_node(event)
    if not isinstance(event, yaml.ScalarEvent):
        raise _at(event.start_mark, "key_not_text", "A key is a text: write no list or mapping here")
    if event.value == "<<" and event.implicit[0]:
        raise _at(event.start_mark, "merge_key", "Merge keys (<<) are not taken: write the fields out")
    return _clean(event)


def _check_node(event: Any) -> None:
    if isinstance(event, yaml.AliasEvent):
        raise _at(event.start_mark, "alias", "Aliases (*name) are not taken: write the value out")
    if getattr(event, "anchor", None):
        raise _at(event.start_mark, "alias", "Anchors (&name) are not taken: write the value out where it is needed")
    if getattr(event, "tag", None) is not None:
        raise _at(event.start_mark, "tag", "Tags (!name) are not taken: write plain values")


def _scalar(event: Any) -> Any:
    text = _clean(event)
    if not event.implicit[0]:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INFINITE.fullmatch(text):
        raise _at(event.start_mark, "not_finite", "This number is not finite: write a finite one, or a text in quotes")
    if _INTEGER.fullmatch(text) or _NOT_DECIMAL.fullmatch(text):
        return _integer(event, text)
    if _FLOAT.fullmatch(text):
        number = float(text)
        if not math.isfinite(number):
            raise _at(event.start_mark, "not_finite", "This number is out of range")
        return number
    return text


def _integer(event: Any, text: str) -> int:
    number = int(text, 0) if _NOT_DECIMAL.fullmatch(text) else int(text)
    if not LEAST <= number <= MOST:
        raise _at(event.start_mark, "not_finite", "This integer has more than 64 bits: write it as a text in quotes")
    return number


def _clean(event: Any) -> str:
    text: str = event.value
    if "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise _at(event.start_mark, "syntax", "This text holds a NUL or half a character")
    return text


def _at(mark: Any, code: str, message: str) -> SpecRefused:
    line, column = (mark.line + 1, mark.column + 1) if mark is not None else (0, 0)
    return SpecRefused(Finding("error", code, message, line=line, column=column))


def _words(problem: str | None) -> str:
    """The parser's words, as long as they quote nothing long."""
    return (problem or "it cannot be read").split("\n")[0][:120]
