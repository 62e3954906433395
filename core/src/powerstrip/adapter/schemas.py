"""JSON Schemas of a declared model, as people meet it: by our field names.

Each is made once for a model and shared by all who ask: read it, do not change it.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, TypeAlias, cast

import jsonschema_rs
from pydantic import BaseModel

Schema: TypeAlias = dict[str, Any]

MAX_SCHEMA = 1024 * 1024
"""Characters of one schema's `repr`; a larger one is refused."""
MADE = 1024
"""Schemas that are kept once made."""
_DATA = ("default", "examples", "example", "const", "enum")
"""Keywords that hold values, which may look like schemas and are none."""


@lru_cache(MADE)
def input_schema(model: type[BaseModel]) -> Schema:
    """What a caller gives. Fields that are not declared are refused, so every declared object is closed."""
    schema = model.model_json_schema(by_alias=False, mode="validation")
    for declared in _declared(schema):
        declared.setdefault("additionalProperties", False)
    return schema


@lru_cache(MADE)
def output_schema(model: type[BaseModel]) -> Schema:
    """What a caller gets. A field that may be null is left out where it is, so it is not required."""
    schema = model.model_json_schema(by_alias=False, mode="serialization")
    for declared in _declared(schema):
        fields: dict[str, Schema] = declared["properties"]
        declared["required"] = [name for name in declared.get("required", []) if not _nullable(fields.get(name, {}))]
    return schema


def compile_schema(schema: Schema) -> jsonschema_rs.Validator:
    """A validator. Raises `ValueError` with the reason for a schema that is too large, refers outward or is none."""
    if len(repr(schema)) > MAX_SCHEMA:
        raise ValueError("it is larger than 1 MiB")
    for _, part in parts(schema):
        if not str(part.get("$ref", "#")).startswith("#"):
            raise ValueError("it refers to another document; only references within it are followed")
    try:
        return jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
    except ValueError as error:
        raise ValueError(str(error).partition("\n")[0]) from None


def parts(schema: Schema, field: str = "") -> Iterator[tuple[str, Schema]]:
    """Every schema within a schema, itself first, with the dotted path of the field it describes."""
    yield field, schema
    for key, value in schema.items():
        if key in ("properties", "$defs"):
            for name, inner in cast(dict[str, Schema], value).items():
                yield from parts(inner, f"{field}.{name}".strip(".") if key == "properties" else name)
        elif isinstance(value, dict) and key not in _DATA:
            yield from parts(cast(Schema, value), field)
        elif isinstance(value, list) and key not in _DATA:
            for inner in cast(list[Any], value):
                if isinstance(inner, dict):
                    yield from parts(cast(Schema, inner), field)


def picks(schema: Schema) -> Iterator[tuple[str, str]]:
    """Each field that a picker offers values for, with the picker's id."""
    return ((field, part["x-picker"]) for field, part in parts(schema) if "x-picker" in part)


def secrets(schema: Schema) -> Iterator[str]:
    """Each field that holds a `Secret`."""
    return (field for field, part in parts(schema) if part.get("writeOnly") and part.get("format") == "password")


def _declared(schema: Schema) -> list[Schema]:
    """The schema's objects that were declared as models."""
    return [each for each in (schema, *schema.get("$defs", {}).values()) if "properties" in each]


def _nullable(schema: Schema) -> bool:
    return any(choice.get("type") == "null" for choice in schema.get("anyOf", []))
