"""What a step gives an action against the action's input schema, and what a step reads against an output schema.

Templates are known by their type only, where that is known: a reference that is all of a text by the schema it points into, any
other text with references as a text.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, TypeAlias, cast

import jsonschema_rs

from powerstrip.automations.expressions import Reference, parse_dollar
from powerstrip.validation import encode
from powerstrip.value import Value

Schema: TypeAlias = dict[str, Any]
TypeOf: TypeAlias = Callable[[Reference], str | None]
"""The JSON type of what a reference points at; None where it is not known."""

MAX_ERRORS = 10
SAMPLES: dict[str, Any] = {"string": "", "integer": 0, "number": 0.5, "boolean": True, "object": {}, "array": [], "null": None}
STRUCTURE = ("required", "additionalProperties")
"""Rules about which fields there are: the values do not matter."""


class Misfit(Value):
    """Where in the parameters, and what is wrong. It holds no value."""

    path: tuple[str | int, ...]
    code: str
    message: str


def misfits(schema: Schema, parameters: dict[str, Any], type_of: TypeOf) -> list[Misfit]:
    """What in the parameters cannot fit the schema, whatever the templates give."""
    samples: dict[tuple[str | int, ...], str | None] = {}
    filled = _filled(parameters, (), type_of, samples)
    found: list[Misfit] = []
    for error in _validator(encode(schema, "schema", 4 * 1024 * 1024)).iter_errors(filled):
        path = tuple(cast("list[str | int]", error.instance_path))
        rule = _rule(error)
        if rule in STRUCTURE:
            found.append(
                Misfit(path, "unknown_parameter" if rule == STRUCTURE[1] else "missing_parameter", _structure(error, rule))
            )
        elif path in samples:
            if rule == "type" and samples[path] is not None:
                found.append(Misfit(path, "type_mismatch", f"This gives {_word(samples[path])}, which does not fit here"))
        elif not any(each[: len(path)] == path for each in samples):
            found.append(Misfit(path, "bad_parameter", f"This value does not fit the action's schema ({rule})"))
        if len(found) >= MAX_ERRORS:
            break
    return found


def step_into(schema: Schema, path: tuple[str | int, ...], *, closed: bool) -> Schema | None:
    """The schema at a path; an empty one where anything may be. None where there is nothing at the path.

    `closed`: an object that names its fields has no others, unless it says so.
    """
    at = _resolved(schema, schema)
    for part in path:
        options = [found for each in _options(at, schema) if (found := _inner(each, part, closed)) is not None]
        if not options:
            return None
        at = _resolved(options[0] if len(options) == 1 else {}, schema)
    return at


def json_type(schema: Schema) -> str | None:
    """The one JSON type that a schema allows."""
    kind = schema.get("type")
    return kind if isinstance(kind, str) else None


@lru_cache(64)
def _validator(schema: str) -> Any:
    return jsonschema_rs.validator_for(schema)


def _filled(value: Any, path: tuple[str | int, ...], type_of: TypeOf, samples: dict[tuple[str | int, ...], str | None]) -> Any:
    """The parameters with a sample in the place of each template; `samples` learns where and of which type."""
    if isinstance(value, str):
        template = parse_dollar(value)
        if template.plain:
            return "".join(cast("tuple[str, ...]", template.pieces))
        whole = template.whole
        kind = "string" if whole is None else type_of(whole) if isinstance(whole, Reference) else None
        samples[path] = kind
        return SAMPLES.get(kind or "", "")
    if isinstance(value, dict):
        items = cast(dict[str, Any], value).items()
        return {name: _filled(item, (*path, name), type_of, samples) for name, item in items}
    if isinstance(value, list):
        return [_filled(item, (*path, place), type_of, samples) for place, item in enumerate(cast(list[Any], value))]
    return value


def _rule(error: Any) -> str:
    words = [str(part) for part in error.schema_path]
    return next((rule for rule in STRUCTURE if rule in words[-2:]), words[-1] if words else "schema")


def _structure(error: Any, rule: str) -> str:
    names = [word for word in str(error.message).split("'" if rule == STRUCTURE[1] else '"')[1::2] if len(word) <= 64]
    listed = ", ".join(names[:5])
    return f"The action needs {listed}" if rule == "required" else f"The action has no parameter {listed}"


def _word(kind: str | None) -> str:
    return f"{'an' if kind in ('integer', 'object', 'array') else 'a'} {kind}"


def _resolved(at: Schema, root: Schema) -> Schema:
    """A schema whose local `$ref` is followed, a few times at most."""
    for _ in range(8):
        reference = at.get("$ref")
        if not isinstance(reference, str) or not reference.startswith("#/"):
            return at
        found: Any = root
        for part in reference[2:].split("/"):
            found = cast(Schema, found).get(part, {}) if isinstance(found, dict) else {}
        at = cast(Schema, found)
    return {}


def _options(at: Schema, root: Schema) -> Iterator[Schema]:
    several = [*at.get("anyOf", ()), *at.get("oneOf", ())]
    if not several:
        yield at
    for each in several:
        yield _resolved(cast(Schema, each), root)


def _inner(at: Schema, part: str | int, closed: bool) -> Schema | None:
    properties: Any = at.get("properties")
    if isinstance(properties, dict) and str(part) in properties:
        return cast(Schema, properties[str(part)])
    if isinstance(at.get("items"), dict):
        return cast(Schema, at["items"]) if str(part).isdigit() else None
    more = at.get("additionalProperties", not (closed and properties))
    if isinstance(more, dict):
        return cast(Schema, more)
    if json_type(at) in ("string", "integer", "number", "boolean", "null"):
        return None
    return {} if more else None
