"""The one decoder for JSON that comes in from outside.

RFC 8259 read strictly: valid UTF-8, at most 32 levels, no key twice in an object, finite numbers, integers of 64 bits, no lone
surrogate and no NUL in a string. What it refuses is a `BadInput` that tells the place and never the value.
"""

import json
import math
from collections.abc import Iterator
from typing import Any, cast

from powerstrip.problems import BadInput

MAX_DEPTH = 32
MAX_INTEGER_DIGITS = 20
LEAST, MOST = -(2**63), 2**64 - 1


class _Refused(ValueError):
    """A reason, free of any value."""


def strict_json(raw: bytes) -> Any:
    """The value in `raw`. Raises `BadInput`. The caller limits the length first."""
    try:
        value = _DECODER.decode(raw.decode())
        if _needs_a_walk(raw):
            _check(value)
    except json.JSONDecodeError as error:
        raise _bad(f"is not valid JSON at line {error.lineno}, column {error.colno}") from None
    except UnicodeDecodeError:
        raise _bad("is not UTF-8") from None
    except RecursionError:
        raise _bad(_TOO_DEEP) from None
    except _Refused as reason:
        raise _bad(str(reason)) from None
    return value


def _needs_a_walk(raw: bytes) -> bool:
    """Only brackets can nest, only `\\u` can write a NUL or a lone surrogate: most bodies have few of one, none of the other."""
    return b"\\u" in raw or raw.count(b"[") + raw.count(b"{") > MAX_DEPTH


def _check(value: Any) -> None:
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH):
        level = [child for node in level for child in _children(node)]
    for leaf in level:
        if isinstance(leaf, dict | list):
            raise _Refused(_TOO_DEEP)
        if isinstance(leaf, str):
            _check_text(leaf)


def _children(node: Any) -> Iterator[Any]:
    """The values below a node; its strings are checked on the way."""
    if isinstance(node, str):
        _check_text(node)
    elif isinstance(node, dict):
        for key, child in cast(dict[str, Any], node).items():
            _check_text(key)
            yield child
    elif isinstance(node, list):
        yield from cast(list[Any], node)


def _check_text(text: str) -> None:
    if "\0" in text:
        raise _Refused("holds a NUL character")
    if not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):
        raise _Refused("holds half a surrogate pair")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Refused("has a key twice in one object")
    return found


def _integer(digits: str) -> int:
    if len(digits) > MAX_INTEGER_DIGITS or not LEAST <= (number := int(digits)) <= MOST:
        raise _Refused("holds an integer of more than 64 bits")
    return number


def _float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise _Refused("holds a number that is out of range")
    return number


def _constant(word: str) -> Any:
    raise _Refused("holds a number that is not finite")


def _bad(reason: str) -> BadInput:
    return BadInput(f"The body {reason}", details={"errors": [{"path": "", "message": reason}]})


_TOO_DEEP = f"is nested deeper than {MAX_DEPTH} levels"
_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_int=_integer, parse_float=_float, parse_constant=_constant)
