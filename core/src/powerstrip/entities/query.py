"""Questions to records: enumerated fields and operators, bounded in number, the same answers on both databases."""

from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeAlias, cast, get_args

from sqlalchemy import Numeric, Text, func, type_coerce
from sqlalchemy import cast as sql_cast
from sqlmodel import col

from powerstrip.entities.fields import Field, from_text, one_spelling, refused
from powerstrip.store import EntityRecord
from powerstrip.value import Value

Operator: TypeAlias = Literal["eq", "ne", "lt", "lte", "gt", "gte", "in", "prefix", "present"]
OPERATORS: tuple[Operator, ...] = get_args(Operator)
MAX_CONDITIONS = 10
MAX_IN = 50
_ORDERED = frozenset(("string", "integer", "number", "date", "datetime"))
_NUMBERS = frozenset(("integer", "number"))


class Condition(Value):
    """`field op value`. `in` takes a list, `present` true or false; a record without the field fits only `present: false`
    and `ne`."""

    field: str
    op: Operator = "eq"
    value: Any = None


def read_condition(fields: Sequence[Field], name: str, text: str) -> Condition:
    """A condition of an address: `status=open`, `amount.gte=10`, `status.in=a,b`. Raises `BadInput`."""
    field, _, op = name.partition(".")
    operator = _operator(op or "eq", name)
    known = _known(fields, field)
    try:
        if operator == "present":
            return Condition(field, operator, {"true": True, "false": False}.get(text))
        if operator == "in":
            return Condition(field, operator, [from_text(known, each) for each in text.split(",")])
        return Condition(field, operator, text if operator == "prefix" else from_text(known, text))
    except ValueError as error:
        raise refused(name, str(error)) from None


def where(fields: Sequence[Field], conditions: Sequence[Condition], *, sqlite: bool) -> list[Any]:
    """The conditions as SQL. Raises `BadInput` for an unknown field or operator, too many, or a value of another type."""
    if len(conditions) > MAX_CONDITIONS:
        raise refused("where", f"At most {MAX_CONDITIONS} conditions")
    return [_clause(fields, each, sqlite) for each in conditions]


def _clause(fields: Sequence[Field], condition: Condition, sqlite: bool) -> Any:
    field = _known(fields, condition.field)
    operator = _operator(condition.op, condition.field)
    value = _checked(field, operator, condition.value)
    column = _column(field, sqlite)
    match operator:
        case "present":
            return column.is_not(None) if value else column.is_(None)
        case "in":
            return column.in_([_bound(field, each, sqlite) for each in value])
        case "ne":
            return column.is_distinct_from(_bound(field, value, sqlite))
        case "prefix":
            return func.substr(column, 1, len(value)) == value
        case _:
            return _COMPARE[operator](column, _bound(field, value, sqlite))


_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "eq": lambda column, value: column == value,
    "lt": lambda column, value: column < value,
    "lte": lambda column, value: column <= value,
    "gt": lambda column, value: column > value,
    "gte": lambda column, value: column >= value,
}


def _column(field: Field, sqlite: bool) -> Any:
    """The field within the record's JSON, comparable: texts by their bytes, numbers as numbers."""
    if sqlite:
        found = func.json_extract(type_coerce(col(EntityRecord.value), Text()), f'$."{field.name}"')
        return type_coerce(found, Numeric(asdecimal=False)) if field.type in _NUMBERS else type_coerce(found, Text())
    from sqlalchemy.dialects.postgresql import JSONB  # a hub on SQLite starts without

    text = sql_cast(col(EntityRecord.value), JSONB)[field.name].astext
    return sql_cast(text, Numeric(asdecimal=False)) if field.type in _NUMBERS else text.collate("C")


def _bound(field: Field, value: Any, sqlite: bool) -> Any:
    """A value as the database gives it back: SQLite has 1 and 0 for true and false, PostgreSQL the words."""
    if field.type != "boolean":
        return value
    return int(value) if sqlite else ("true" if value else "false")


def _checked(field: Field, operator: Operator, value: Any) -> Any:
    path = f"where.{field.name}"
    if field.type == "json" and operator != "present":
        raise refused(path, "A json field can only be asked for its presence")
    if operator == "present":
        if not isinstance(value, bool):
            raise refused(path, "Give true or false")
        return value
    if operator in ("lt", "lte", "gt", "gte") and field.type not in _ORDERED:
        raise refused(path, f"A {field.type} has no order")
    words = isinstance(value, str) and 0 < len(value) <= 200 and field.type in ("string", "choice")
    if operator == "prefix" and not words:
        raise refused(path, "prefix takes a text of 1 to 200 characters, of a string or choice")
    try:
        if operator == "in":
            return _listed(field, value)
        return value if operator == "prefix" else one_spelling(field, value)
    except ValueError as error:
        raise refused(path, str(error)) from None


def _listed(field: Field, value: Any) -> list[Any]:
    if not isinstance(value, list) or not 0 < len(cast(list[Any], value)) <= MAX_IN:
        raise ValueError(f"Give a list of 1 to {MAX_IN} values")
    return [one_spelling(field, each) for each in cast(list[Any], value)]


def _known(fields: Sequence[Field], name: str) -> Field:
    found = next((field for field in fields if field.name == name), None)
    if found is None:
        known = ", ".join(field.name for field in fields)
        raise refused("where", f"There is no such field; there are: {known}")
    return found


def _operator(op: str, name: str) -> Operator:
    if op not in OPERATORS:
        raise refused("where", f"The operator must be one of {', '.join(OPERATORS)}")
    return op
