"""A JSON Schema as people read it: one line for each field."""

from collections.abc import Iterable, Mapping
from typing import Any, cast

from powerstrip.cli.text import plain, table

_WORDS = {"string": "text", "integer": "whole number", "boolean": "true or false", "null": "null"}


def field_table(schema: Mapping[str, Any]) -> str:
    """The fields of an object schema, indented, or a line that there are none."""
    fields = cast(dict[str, Mapping[str, Any]], schema.get("properties", {}))
    required = set(schema.get("required", []))
    rows = [
        (name, type_of(field, schema), "required" if name in required else "", _about(field)) for name, field in fields.items()
    ]
    if not rows:
        return "  no fields"
    _, *lines = table(("", "", "", ""), rows).split("\n")
    return "\n".join(f"  {line}" for line in lines)


def type_of(field: Mapping[str, Any], root: Mapping[str, Any]) -> str:
    """A field's type in a few words."""
    if "$ref" in field:
        return type_of(root.get("$defs", {}).get(str(field["$ref"]).rpartition("/")[2], {}), root)
    if "enum" in field:
        return " | ".join(plain(value) for value in field["enum"][:6]) + (" | …" if len(field["enum"]) > 6 else "")
    if "const" in field:
        return plain(field["const"])
    if choices := field.get("anyOf") or field.get("oneOf"):
        return _either(choices, root)
    if field.get("writeOnly"):
        return "secret"
    kind = field.get("type", "anything")
    if kind == "array":
        return f"list of {type_of(field.get('items', {}), root)}"
    return str(field.get("format") or _WORDS.get(str(kind), kind))


def _either(choices: Iterable[Mapping[str, Any]], root: Mapping[str, Any]) -> str:
    named = [type_of(choice, root) for choice in choices if choice.get("type") != "null"]
    return " or ".join(dict.fromkeys(named))


def _about(field: Mapping[str, Any]) -> str:
    said = str(field.get("description", ""))
    default = field.get("default")
    parts = [
        said,
        f"Default {default}." if default not in (None, "", [], {}) else "",
        f"Picker {field['x-picker']}." if "x-picker" in field else "",
    ]
    return " ".join(part for part in parts if part)
