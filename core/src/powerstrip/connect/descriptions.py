"""Foreign API descriptions as plain values: JSON or YAML, read strictly, within limits, from a text alone.

YAML is read by its events as YAML 1.2's core schema has it: no tags, no key twice. Aliases count as what they unfold to, and so
does the merge key `<<` of YAML 1.1, which published descriptions use. JSON is read with no key twice and finite numbers. Nothing
that a description refers to is ever fetched.
"""

import json
import math
import re
from typing import Any, cast

import yaml

from powerstrip.problems import TooLarge, Unprocessable

MAX_DOCUMENT = 16 * 1024 * 1024
"""Bytes of a description. Published ones of 10 MB are not rare."""
GZIP = b"\x1f\x8b"
MAX_DEPTH = 100
MAX_VALUES = 3_000_000
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INTEGER = re.compile(r"[-+]?[0-9]{1,18}")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]{1,40}|[0-9]{1,40}(?:\.[0-9]{0,40})?)(?:[eE][-+]?[0-9]{1,3})?")
_BOOLEANS: dict[str, Any] = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_WORDS: dict[str, Any] = _BOOLEANS | {"null": None, "Null": None, "NULL": None, "~": None, "": None}


def read_description(data: bytes) -> dict[str, Any]:
    """A description as an object. It may take seconds: not for the event loop.

    Raises `TooLarge`, and `Unprocessable` with the place where it cannot be read.
    """
    if len(data) > MAX_DOCUMENT:
        raise TooLarge(f"A description has at most {MAX_DOCUMENT // 1024 // 1024} MB", details={"limit_bytes": MAX_DOCUMENT})
    if data.startswith(GZIP):
        raise _refused("it is compressed with gzip: unpack it first")
    try:
        text = data.decode("utf-8-sig")
        value = _json(text) if text.lstrip()[:1] in ("{", "[") and _looks_like_json(text) else _Yaml(text).document()
    except UnicodeDecodeError:
        raise _refused("it is not UTF-8") from None
    except RecursionError:
        raise _refused("it is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise _refused(f"it is not JSON at line {error.lineno}, column {error.colno}") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise _refused(f"it is not YAML at line {mark.line + 1}" if mark else "it is not YAML") from None
    except (yaml.YAMLError, ValueError) as error:
        raise _refused(str(error) if isinstance(error, _Bad) else "it holds characters that YAML does not allow") from None
    if not isinstance(value, dict):
        raise _refused("an object is expected")
    return cast("dict[str, Any]", value)


class _Bad(ValueError):
    """A reason, free of any value."""


def _looks_like_json(text: str) -> bool:
    """JSON's keys are quoted; a flow mapping of YAML need not."""
    return re.match(r"\s*(\{\s*(\"|\})|\[)", text) is not None


def _json(text: str) -> Any:
    value = json.loads(text, object_pairs_hook=_pairs, parse_constant=_constant)
    level, values = [value], 0
    for _ in range(MAX_DEPTH):
        level = [child for node in level for child in _children(node)]
        values += len(level)
    if values > MAX_VALUES or any(isinstance(each, dict | list) for each in level):
        raise _Bad("it is nested too deeply" if values <= MAX_VALUES else "it holds too many values")
    return value


def _children(node: Any) -> list[Any]:
    if isinstance(node, dict):
        return list(cast("dict[str, Any]", node).values())
    return cast("list[Any]", node) if isinstance(node, list) else []


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))
        raise _Bad(f"the key {twice[:80]!a} stands twice in one object")
    return made


def _constant(word: str) -> Any:
    raise _Bad(f"{word} is no number of JSON")


class _Yaml:
    """Builds values from a YAML parser's events."""

    def __init__(self, text: str) -> None:
        self._events: Any = yaml.parse(text, Loader=_LOADER)  # pyright: ignore[reportUnknownMemberType] - the stubs leave it open
        self._values = 0
        self._deepest = 0
        self._anchors: dict[str, tuple[Any, int, int]] = {}
        """By name: the value, how many values it holds, how deep it goes."""

    def document(self) -> Any:
        """The one document. Raises `_Bad` and the parser's own errors."""
        value: Any = None
        documents = 0
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                value = self._value(next(self._events), 0)
        if documents != 1:
            raise _Bad("one document is expected")
        return value

    def _value(self, event: Any, depth: int) -> Any:
        if isinstance(event, yaml.AliasEvent):
            return self._again(event, depth)
        before, deepest = self._values, self._deepest
        self._deepest = depth
        self._count(1, depth)
        value = _scalar(event) if isinstance(event, yaml.ScalarEvent) else self._collection(event, depth)
        if event.anchor is not None:
            self._anchors[event.anchor] = value, self._values - before, self._deepest - depth
        self._deepest = max(deepest, self._deepest)
        return value

    def _again(self, event: Any, depth: int) -> Any:
        """What an alias stands for. Raises `_Bad` for one of something later, or of what it stands in itself."""
        if event.anchor not in self._anchors:
            raise _Bad(f"line {event.start_mark.line + 1} is an alias of nothing that stands before it")
        value, values, height = self._anchors[event.anchor]
        self._count(values, depth + height)
        return value

    def _count(self, values: int, depth: int) -> None:
        self._values += values
        self._deepest = max(self._deepest, depth)
        if depth > MAX_DEPTH or self._values > MAX_VALUES:
            raise _Bad("it is nested too deeply" if depth > MAX_DEPTH else "it holds too many values")

    def _collection(self, event: Any, depth: int) -> Any:
        if getattr(event, "tag", None) is not None:
            raise _Bad(f"line {event.start_mark.line + 1} has a tag, which is not followed")
        return self._list(depth) if isinstance(event, yaml.SequenceStartEvent) else self._object(depth)

    def _list(self, depth: int) -> list[Any]:
        made: list[Any] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            made.append(self._value(event, depth + 1))
        return made

    def _object(self, depth: int) -> dict[str, Any]:
        made: dict[str, Any] = {}
        merged: list[dict[str, Any]] = []
        event: Any
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                raise _Bad(f"line {event.start_mark.line + 1}: a key must be a text")
            if event.value in made:
                raise _Bad(f"line {event.start_mark.line + 1}: a key stands twice in one object")
            value = self._value(next(self._events), depth + 1)
            if event.value == "<<" and event.style is None and (parts := _objects(value)):
                merged += parts
            else:
                made[event.value] = value
        for part in merged:
            made = {**part, **made}
        return made


def _objects(value: Any) -> list[dict[str, Any]]:
    """An object, or a list of them; none for anything else."""
    parts = cast("list[Any]", value) if isinstance(value, list) else [value]
    return cast("list[dict[str, Any]]", parts) if all(isinstance(each, dict) for each in parts) else []


def _scalar(event: Any) -> Any:
    text: str = event.value
    if event.tag is not None and not event.implicit[0] and not event.implicit[1]:
        raise _Bad(f"line {event.start_mark.line + 1} has a tag, which is not followed")
    if event.style in ("'", '"', "|", ">"):
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text) and math.isfinite(number := float(text)):
        return number
    return text


def _refused(reason: str) -> Unprocessable:
    return Unprocessable(f"The description cannot be read: {reason}", code="description_refused")
