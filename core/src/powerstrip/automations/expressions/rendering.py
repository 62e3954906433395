"""Fills templates: looks paths up in the values that a run has, and applies the fixed functions, each of which is total."""

import json
from collections.abc import Callable, Mapping
from typing import Any, cast

from powerstrip.automations.expressions.grammar import (
    Call,
    Expression,
    Literal,
    Reference,
    TemplateRefused,
    parse_dollar,
)
from powerstrip.value import Value

MAX_OUTPUT = 1024 * 1024
"""Characters that one rendering may give, everything counted."""
MAX_DEPTH = 32


class TemplateFailed(Exception):
    """A template cannot be filled. The message names the path that is missing, never a value."""

    def __init__(self, message: str, code: str = "template_failed") -> None:
        super().__init__(message)
        self.message = message
        self.code = code


class Function(Value):
    """A function of templates: defined for every value, of bounded cost."""

    arity: int
    apply: Callable[..., Any]
    says: str


def render(value: Any, scope: Mapping[str, Any]) -> Any:
    """Fill every text in a JSON value. `scope` has the roots: inputs, steps, context, run, and a loop's variables.

    A text that is one reference alone gives the value itself; within a longer text a value is written out: texts as they are,
    null as nothing, everything else as JSON. Raises `TemplateFailed` for a path that is not there, and where the whole would be
    longer than `MAX_OUTPUT`.
    """
    return _Rendering(scope).value(value, 0)


class _Rendering:
    def __init__(self, scope: Mapping[str, Any]) -> None:
        self._scope = scope
        self._left = MAX_OUTPUT

    def value(self, value: Any, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise TemplateFailed(f"The value is nested deeper than {MAX_DEPTH} levels", "too_deep")
        match value:
            case str():
                return self._text(value)
            case dict():
                return {name: self.value(item, depth + 1) for name, item in cast(dict[str, Any], value).items()}
            case list() | tuple():
                return [self.value(item, depth + 1) for item in cast(list[Any], value)]
            case _:
                return value

    def _text(self, text: str) -> Any:
        try:
            template = parse_dollar(text)
        except TemplateRefused as error:
            raise TemplateFailed(str(error), "template_invalid") from None
        if (whole := template.whole) is not None:
            return self._counted(self._evaluate(whole))
        parts: list[str] = []
        for piece in template.pieces:
            written = piece if isinstance(piece, str) else _written(self._evaluate(piece))
            self._spend(len(written))
            parts.append(written)
        return "".join(parts)

    def _evaluate(self, expression: Expression) -> Any:
        match expression:
            case Literal():
                return expression.value
            case Reference():
                return look_up(expression, self._scope)
            case Call(name="default"):
                return self._default(*expression.arguments)
            case Call():
                result = FUNCTIONS[expression.name].apply(*map(self._evaluate, expression.arguments))
                self._spend(len(result) if isinstance(result, str) else 0)
                return result

    def _default(self, wanted: Expression, otherwise: Expression) -> Any:
        try:
            found = self._evaluate(wanted)
        except TemplateFailed as error:
            if error.code != "path_missing":
                raise
            found = None
        return self._evaluate(otherwise) if found is None else found

    def _counted(self, value: Any) -> Any:
        self._spend(_size(value))
        return value

    def _spend(self, characters: int) -> None:
        self._left -= characters
        if self._left < 0:
            raise TemplateFailed(f"The filled templates are longer than {MAX_OUTPUT} characters together", "too_large")


def look_up(reference: Reference, scope: Mapping[str, Any]) -> Any:
    """The value at a path: keys of objects, and places of lists. Raises `TemplateFailed` with the path up to what is missing."""
    value: Any = scope
    for count, part in enumerate(reference.parts):
        if isinstance(value, Mapping) and str(part) in value:
            value = cast(Mapping[str, Any], value)[str(part)]
        elif isinstance(value, list) and str(part).isdigit() and int(part) < len(cast(list[Any], value)):
            value = cast(list[Any], value)[int(part)]
        else:
            missing = Reference(reference.parts[: count + 1])
            raise TemplateFailed(f"There is nothing at {str(missing)[:200]}", "path_missing")
    return value


def _written(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else _json(value)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _length(value: Any) -> int:
    return len(cast("str | list[Any]", value)) if isinstance(value, str | list | dict) else 0


def _join(items: Any, between: Any) -> str:
    parts = [_written(item) for item in cast(list[Any], items)] if isinstance(items, list) else [_written(items)]
    separator = _written(between)
    if sum(map(len, parts)) + len(separator) * len(parts) > MAX_OUTPUT:
        raise TemplateFailed(f"join gives more than {MAX_OUTPUT} characters", "too_large")
    return separator.join(parts)


def _either(value: Any, other: Any) -> Any:
    return other if value is None else value


def _upper(value: Any) -> str:
    return _written(value).upper()


def _lower(value: Any) -> str:
    return _written(value).lower()


def _trim(value: Any) -> str:
    return _written(value).strip()


def _keys(value: Any) -> list[str]:
    return sorted(cast(dict[str, Any], value)) if isinstance(value, dict) else []


def _end(place: int) -> Callable[[Any], Any]:
    return lambda items: cast(list[Any], items)[place] if isinstance(items, list) and items else None


FUNCTIONS: dict[str, Function] = {
    "default": Function(2, _either, "the second where the first is missing"),
    "string": Function(1, _written, "the value as text"),
    "json": Function(1, _json, "the value as JSON"),
    "length": Function(1, _length, "how many letters, items or keys; 0 for anything else"),
    "upper": Function(1, _upper, "in capitals"),
    "lower": Function(1, _lower, "in small letters"),
    "trim": Function(1, _trim, "without blanks at both ends"),
    "join": Function(2, _join, "a list's items as one text, the second between them"),
    "first": Function(1, _end(0), "a list's first item, null where there is none"),
    "last": Function(1, _end(-1), "a list's last item, null where there is none"),
    "keys": Function(1, _keys, "an object's keys, sorted"),
}
"""All functions there are."""


def _size(value: Any) -> int:
    """Characters of a text, or of a structure as JSON; plain numbers count for nothing."""
    if isinstance(value, str):
        return len(value)
    return len(_json(value)) if isinstance(value, dict | list) else 0
