"""Properties of pages: plain values for people, Notion's own form on the wire.

Source: developers.notion.com/reference/page-property-values and /reference/property-object.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias, cast

from pydantic import Field

from powerstrip.adapter import Model, Rejected
from powerstrip_notion.text import Piece, plain, rich

Value: TypeAlias = str | int | float | bool | list[str] | dict[str, Any] | None
"""Of a property: a text, number, yes or no, date, name of an option or list of them; or Notion's own form, as an object."""
READ_ONLY = frozenset(
    (
        "button",
        "created_by",
        "created_time",
        "formula",
        "last_edited_by",
        "last_edited_time",
        "rollup",
        "unique_id",
        "verification",
    )
)
_ONE = ("number", "checkbox", "url", "email", "phone_number")
_TEXTS = ("title", "rich_text")


class Property(Model):
    """A property of a database."""

    id: str
    type: str = Field(examples=["rich_text"])


Schema: TypeAlias = Mapping[str, Property]


def spelled(schema: Schema, values: Mapping[str, Value]) -> dict[str, Any]:
    """Values as Notion takes them. Raises `Rejected` for a property that is not there, or cannot be set."""
    return {name: _spelled(name, _kind(schema, name), value) for name, value in values.items()}


def _kind(schema: Schema, name: str) -> str:
    if name not in schema:
        known = ", ".join(list(schema)[:30])
        raise Rejected(f"There is no property {name}. There are: {known}")
    kind = schema[name].type
    if kind in READ_ONLY:
        raise Rejected(f"Notion itself fills in the property {name}")
    return kind


def _spelled(name: str, kind: str, value: Value) -> Any:
    if isinstance(value, dict):
        return value
    if value is None:
        return {
            kind: []
            if kind in (*_TEXTS, "multi_select", "people", "relation", "files")
            else False
            if kind == "checkbox"
            else None
        }
    listed = value if isinstance(value, list) else [str(value)]
    match kind:
        case "title" | "rich_text":
            return {kind: rich("\n".join(listed))}
        case "select" | "status":
            return {kind: {"name": str(value)}}
        case "multi_select":
            return {kind: [{"name": each} for each in listed]}
        case "people" | "relation":
            return {kind: [{"id": each} for each in listed]}
        case "date":
            return {kind: _date(name, listed)}
        case "files":
            return {kind: [{"name": each.rpartition("/")[2][:100] or each, "external": {"url": each}} for each in listed]}
        case _:
            return {kind: _one(name, kind, value)}


def _date(name: str, listed: list[str]) -> dict[str, str]:
    if not 1 <= len(listed) <= 2:
        raise Rejected(f"{name} is a date: give one, or where it begins and ends")
    return dict(zip(("start", "end"), listed, strict=False))


def _one(name: str, kind: str, value: Value) -> Value:
    """A value that stands alone. Texts are read where a number or a yes is wanted."""
    if kind == "number" and not isinstance(value, (int, float)):
        try:
            return float(str(value))
        except ValueError:
            raise Rejected(f"{name} is a number") from None
    if kind == "checkbox" and not isinstance(value, bool):
        if str(value).casefold() not in ("true", "false", "yes", "no", "1", "0"):
            raise Rejected(f"{name} is a checkbox: write true or false")
        return str(value).casefold() in ("true", "yes", "1")
    return value if kind in _ONE[:2] else str(value)


class _Named(Model):
    name: str | None = None
    id: str | None = None
    email: str | None = None

    def word(self) -> str:
        return self.name or self.email or self.id or ""


class _Date(Model):
    start: str | None = None
    end: str | None = None


def plain_value(given: Any) -> Any:
    """A property as Notion sends it, as a plain value; None where it is empty or of a kind that is not known."""
    if not isinstance(given, dict):
        return None
    shape = cast(dict[str, Any], given)
    kind = str(shape.get("type", ""))
    return _plain(kind, shape.get(kind))


def _plain(kind: str, value: Any) -> Any:
    match kind, value:
        case _, None:
            return None
        case (("title" | "rich_text"), [*pieces]):
            return plain([Piece.model_validate(each) for each in pieces])
        case (("multi_select" | "people" | "relation" | "files"), [*rows]):
            return [_Named.model_validate(each).word() for each in rows]
        case (("select" | "status" | "created_by" | "last_edited_by"), dict()):
            return _Named.model_validate(value).word()
        case "date", dict():
            date = _Date.model_validate(value)
            return [date.start, date.end] if date.end else date.start
        case (("formula" | "rollup"), {"type": "array", "array": [*rows]}):
            return [plain_value(each) for each in rows]
        case (("formula" | "rollup"), {"type": str(inner)}):
            return (
                _plain(inner, cast(dict[str, Any], value).get(inner))
                if inner == "date"
                else cast(dict[str, Any], value).get(inner)
            )
        case "unique_id", {"number": number, **rest}:
            return f"{rest['prefix']}-{number}" if rest.get("prefix") else str(number)
        case _:
            return value


def equals(schema: Schema, where: Mapping[str, Value]) -> list[dict[str, Any]]:
    """Conditions that properties have these values. Raises `Rejected` as `spelled` does."""
    return [_equals(name, schema, value) for name, value in where.items()]


def _equals(name: str, schema: Schema, value: Value) -> dict[str, Any]:
    if name not in schema:
        _kind(schema, name)
    kind = schema[name].type
    if value is None:
        return {"property": name, kind: {"is_empty": True}}
    if isinstance(value, (dict, list)):
        raise Rejected(f"{name}: give one value to compare with, or use `filter`")
    test = "contains" if kind in ("multi_select", "people", "relation", "created_by", "last_edited_by") else "equals"
    if kind in ("created_time", "last_edited_time"):
        return {"timestamp": kind, kind: {test: str(value)}}
    return {"property": name, kind: {test: _one(name, kind, value)}}
