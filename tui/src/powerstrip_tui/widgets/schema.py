"""A JSON Schema read as a form: which fields there are, what kind each is, and what is wrong with an answer."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, cast

import jsonschema_rs
from jsonschema_rs import ValidationErrorKind as Wrong

Schema: TypeAlias = Mapping[str, Any]
Kind: TypeAlias = Literal["text", "secret", "choice", "yes_no", "whole", "number", "lines", "json"]
MASK = "what was given"
"""Stands for a value in what is said of it: a secret is never repeated."""


@dataclass(frozen=True)
class FieldSpec:
    """One field."""

    name: str
    title: str
    kind: Kind
    required: bool
    help: str = ""
    default: Any = None
    example: str = ""
    choices: tuple[Any, ...] = ()
    picker: str = ""

    def read(self, text: str) -> Any:
        """The typed text as a value; None for nothing. Raises `ValueError` with a reason."""
        if not text.strip():
            return None
        match self.kind:
            case "whole":
                return _number(text, int, "Write a whole number.")
            case "number":
                return _number(text, float, "Write a number.")
            case "lines":
                return [each.strip() for each in text.splitlines() if each.strip()]
            case "json":
                try:
                    return json.loads(text)
                except ValueError as error:
                    place = f" (line {error.lineno}, column {error.colno})" if isinstance(error, json.JSONDecodeError) else ""
                    raise ValueError(f"This is not JSON yet{place}.") from None
            case "secret":
                return text.strip("\r\n")
            case _:
                return text

    def write(self, value: Any) -> str:
        """A value as the text to begin with."""
        match value:
            case None:
                return ""
            case str():
                return value if self.kind != "json" else json.dumps(value)
            case list() if self.kind == "lines":
                return "\n".join(map(str, cast(list[Any], value)))
            case bool() | dict() | list():
                return json.dumps(value, indent=2, ensure_ascii=False)
            case _:
                return str(value)


def _number(text: str, kind: type[int] | type[float], reason: str) -> int | float:
    try:
        return kind(text.strip())
    except ValueError:
        raise ValueError(reason) from None


def fields_of(schema: Schema) -> list[FieldSpec]:
    """The fields of an object's schema, those that are required first."""
    required = set(schema.get("required", []))
    found = [_field(name, part, schema, name in required) for name, part in schema.get("properties", {}).items()]
    return sorted(found, key=lambda field: not field.required)


def _field(name: str, part: Schema, whole: Schema, required: bool) -> FieldSpec:
    inner = _inner(part, whole)
    examples: list[Any] = part.get("examples") or inner.get("examples") or []
    kind, choices = _kind(inner, whole)
    return FieldSpec(
        name=name,
        title=str(part.get("title") or inner.get("title") or name),
        kind=kind,
        required=required,
        help=str(part.get("description") or inner.get("description") or ""),
        default=part.get("default", inner.get("default")),
        example="" if not examples else examples[0] if isinstance(examples[0], str) else json.dumps(examples[0]),
        choices=choices,
        picker=str(part.get("x-picker") or inner.get("x-picker") or ""),
    )


def _inner(part: Schema, whole: Schema) -> Schema:
    """The schema of a value that is given: references followed, `null` beside it left out."""
    for _ in range(8):  # a chain of references is short, or it has no end
        if isinstance(part.get("$ref"), str):
            part = {**_referred(part["$ref"], whole), **{name: value for name, value in part.items() if name != "$ref"}}
            continue
        for word in ("anyOf", "oneOf"):
            ways = [each for each in part.get(word, []) if each.get("type") != "null"]
            if len(ways) == 1:
                part = {**ways[0], **{name: value for name, value in part.items() if name not in (word, "default")}}
                break
        else:
            return part
    return part


def _referred(reference: str, whole: Schema) -> Schema:
    found: Any = whole
    for step in reference.removeprefix("#/").split("/"):
        name = step.replace("~1", "/").replace("~0", "~")
        found = cast(Schema, found).get(name, {}) if isinstance(found, Mapping) else {}
    return cast(Schema, found)


def _kind(part: Schema, whole: Schema) -> tuple[Kind, tuple[Any, ...]]:
    if part.get("writeOnly") or part.get("format") == "password":
        return "secret", ()
    if "enum" in part:
        return "choice", tuple(part["enum"])
    if "const" in part:
        return "choice", (part["const"],)
    match part.get("type"):
        case "string":
            return "text", ()
        case "boolean":
            return "yes_no", ()
        case "integer":
            return "whole", ()
        case "number":
            return "number", ()
        case "array" if _inner(part.get("items") or {}, whole).get("type") == "string":
            return "lines", ()
        case _:
            return "json", ()


class Judge:
    """Says what is wrong with the answers, field by field."""

    def __init__(self, schema: Schema) -> None:
        linear = jsonschema_rs.RegexOptions()
        self._validator = jsonschema_rs.Draft202012Validator(
            dict(schema), mask=MASK, offline=True, pattern_options=linear, validate_formats=False
        )

    def reasons(self, values: Mapping[str, Any]) -> dict[str, str]:
        """The first reason for each field; under "" what concerns none."""
        found: dict[str, str] = {}
        for error in self._validator.iter_errors(dict(values)):
            for name, words in _told(error):
                found.setdefault(name, words)
        return found


def _told(error: Any) -> Iterator[tuple[str, str]]:
    path = [str(step) for step in error.instance_path]
    inside = ".".join(path[1:])
    words = _words(error)
    match error.kind:
        case Wrong.Required() if not path:
            yield str(error.kind.property), "This is needed."
        case _:
            yield (path[0] if path else ""), f"{inside}: {words}" if inside else words


def _words(error: Any) -> str:
    match error.kind:
        case Wrong.Required():
            return f"`{error.kind.property}` is needed."
        case Wrong.MinLength():
            return f"At least {error.kind.limit} characters."
        case Wrong.MaxLength():
            return f"At most {error.kind.limit} characters."
        case Wrong.Minimum():
            return f"Not below {error.kind.limit}."
        case Wrong.Maximum():
            return f"Not above {error.kind.limit}."
        case Wrong.Enum():
            return f"One of {', '.join(map(str, error.kind.options))}."
        case Wrong.Pattern():
            return f"It must fit the pattern {error.kind.pattern}"
        case Wrong.Type():
            return f"It must be of type {' or '.join(error.kind.types)}."
        case Wrong.MinItems():
            return f"At least {error.kind.limit}."
        case Wrong.MaxItems():
            return f"At most {error.kind.limit}."
        case Wrong.AdditionalProperties():
            return f"There is no field {', '.join(error.kind.unexpected)}."
        case Wrong.AnyOf() | Wrong.OneOfNotValid():
            ways = [way[0] for way in error.kind.context if way and not _is_null(way[0])]
            return _words(ways[0]) if len(ways) == 1 else "It fits none of the forms that it may have."
        case _:
            return str(error.message)


def _is_null(error: Any) -> bool:
    return isinstance(error.kind, Wrong.Type) and [*error.kind.types] == ["null"]
