"""The fields of an entity type: a closed list of types, and how a record's value is judged by them."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Literal, TypeAlias, cast, get_args

from powerstrip.clock import rfc3339
from powerstrip.names import unfit
from powerstrip.problems import BadInput
from powerstrip.value import Value, asdict

FieldType: TypeAlias = Literal["string", "integer", "number", "boolean", "date", "datetime", "choice", "json"]
TYPES: tuple[FieldType, ...] = get_args(FieldType)
FIELD_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII)
MAX_FIELDS = 100
MAX_CHOICES = 200
MAX_TEXT = 65_536
MAX_INTEGER = 2**53 - 1
"""What every reader of JSON takes for the same whole number (RFC 8259, 6)."""
_BAD = "value is not of the field's type"


class Field(Value):
    """One field. `choices` are the values of a `choice`."""

    name: str
    type: FieldType = "string"
    required: bool = False
    description: str = ""
    choices: tuple[str, ...] = ()

    def stored(self) -> dict[str, Any]:
        """As the type's row keeps it."""
        return asdict(self) | {"choices": list(self.choices)}


def read_fields(stored: Sequence[Mapping[str, Any]]) -> tuple[Field, ...]:
    """The fields of a type's row."""
    return tuple(_read(dict(each)) for each in stored)


def _read(facts: dict[str, Any]) -> Field:
    facts["choices"] = tuple(facts.get("choices", ()))
    return Field(**facts)


def check_fields(fields: Sequence[Field]) -> list[dict[str, Any]]:
    """Judge the fields of a new type. Raises `BadInput`."""
    if not 1 <= len(fields) <= MAX_FIELDS:
        raise refused("fields", f"Give 1 to {MAX_FIELDS} fields")
    for number, field in enumerate(fields):
        _check_field(field, f"fields[{number}]")
    if len({field.name for field in fields}) < len(fields):
        raise refused("fields", "Two fields have the same name")
    return [field.stored() for field in fields]


def _check_field(field: Field, path: str) -> None:
    if not FIELD_NAME.fullmatch(field.name):
        raise refused(f"{path}.name", "Write lower-case letters, digits and _, beginning with a letter, at most 64")
    if (field.type == "choice") != bool(field.choices) or len(field.choices) > MAX_CHOICES:
        raise refused(f"{path}.choices", f"A choice has 1 to {MAX_CHOICES} choices, any other type none")
    if any(not 0 < len(choice) <= 200 or unfit(choice) for choice in field.choices):
        raise refused(f"{path}.choices", "A choice is 1 to 200 characters without controls")


def check_value(fields: Sequence[Field], value: Mapping[str, Any]) -> dict[str, Any]:
    """A record's value, each field in its one spelling. Raises `BadInput` with the paths of all that is wrong."""
    known = {field.name: field for field in fields}
    errors = [(f"value.{name[:64]}", "There is no such field") for name in value if name not in known]
    made: dict[str, Any] = {}
    for name, field in known.items():
        given = value.get(name)
        if given is None:
            errors += [(f"value.{name}", "This field is required")] if field.required else []
            continue
        try:
            made[name] = one_spelling(field, given)
        except ValueError as error:
            errors.append((f"value.{name}", str(error)))
    if errors:
        listed = [{"path": path, "message": message} for path, message in errors[:20]]
        raise BadInput(f"{errors[0][0]}: {errors[0][1]}", details={"errors": listed})
    return made


def one_spelling(field: Field, given: Any) -> Any:
    """A value in the one form that is stored and compared. Raises `ValueError`, which repeats nothing of it."""
    match field.type:
        case "string" if isinstance(given, str):
            return _text(given)
        case "integer" if isinstance(given, int) and not isinstance(given, bool) and abs(given) <= MAX_INTEGER:
            return given
        case "number" if isinstance(given, int | float) and not isinstance(given, bool) and abs(given) <= 1e300:
            return given
        case "boolean" if isinstance(given, bool):
            return given
        case "date" if isinstance(given, str):
            return _moment(given, whole_day=True)
        case "datetime" if isinstance(given, str):
            return _moment(given, whole_day=False)
        case "choice" if given in field.choices:
            return given
        case "json":
            return clean(given)
        case "choice":
            raise ValueError(f"Give one of {', '.join(field.choices[:20])}")
        case _:
            raise ValueError(f"The {_BAD} ({field.type})")


def from_text(field: Field, text: str) -> Any:
    """The same from a query's text. Raises `ValueError`."""
    match field.type:
        case "integer" if re.fullmatch(r"-?[0-9]{1,16}", text, re.ASCII):
            return one_spelling(field, int(text))
        case "number" if re.fullmatch(r"-?[0-9]{1,20}(\.[0-9]{1,20})?", text, re.ASCII):
            return one_spelling(field, float(text))
        case "boolean" if text in ("true", "false"):
            return text == "true"
        case "integer" | "number" | "boolean":
            raise ValueError(f"The {_BAD} ({field.type})")
        case _:
            return one_spelling(field, text)


def clean(value: Any, depth: int = 0) -> Any:
    """JSON that both databases can look into: no NUL, nothing that is no text, and not nested without end."""
    if depth > 32:
        raise ValueError("It is nested too deeply")
    match value:
        case str():
            return _text(value)
        case list():
            return [clean(each, depth + 1) for each in cast(list[Any], value)]
        case dict():
            return {_text(name): clean(each, depth + 1) for name, each in cast(dict[str, Any], value).items()}
        case _:
            return value


def _text(text: str) -> str:
    if len(text) > MAX_TEXT:
        raise ValueError(f"It is longer than {MAX_TEXT} characters")
    if "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise ValueError("It holds a character that cannot be kept")
    return text


def _moment(text: str, *, whole_day: bool) -> str:
    """Dates as `2026-01-31`, times in UTC with microseconds: as texts they sort as they follow one another."""
    try:
        if whole_day:
            return date.fromisoformat(text).isoformat()
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"Write {'a date such as 2026-01-31' if whole_day else 'a time such as 2026-01-31T12:00:00Z'}") from None
    if at.tzinfo is None:
        raise ValueError("The time has no zone: end it with Z or an offset")
    try:
        return rfc3339(at.astimezone(UTC))
    except OverflowError:
        raise ValueError("The time is out of range") from None


def refused(path: str, message: str) -> BadInput:
    """An error at one place of the request."""
    return BadInput(f"{path}: {message}", details={"errors": [{"path": path, "message": message}]})
