"""From JSON into a model: one meaning of bytes, dates and literals for every caller, and errors that name the place."""

import json
import re
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from powerstrip.problems import BadInput, TooLarge

M = TypeVar("M", bound=BaseModel)

MAX_ERRORS = 20
"""Errors that are listed; who mends these is told of the rest."""
ECHO = 6
"""A message that repeats this many characters of the refused value is not passed on."""
_ENCODER = json.JSONEncoder(allow_nan=False, sort_keys=True, separators=(",", ":"))
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")


def encode(value: Mapping[str, Any], what: str, limit: int) -> str:
    """A JSON object as canonical text: sorted keys, no blanks, ASCII. The same object always gives the same text.

    Raises `BadInput` for what JSON cannot hold (NaN, bytes, endless nesting) and `TooLarge` beyond `limit` bytes.
    """
    try:
        text = _ENCODER.encode(value)
    except (TypeError, ValueError, RecursionError):
        raise BadInput(f"The {what} is not plain JSON: use texts, finite numbers, true, false, null, lists and objects") from None
    if len(text) > limit:
        raise TooLarge(f"The {what} is larger than {limit} bytes", details={"limit_bytes": limit})
    return text


def read_json(model: type[M], text: str, what: str, *, under: str = "") -> M:
    """Read JSON text into a model by our field names; unknown fields are refused.

    Raises `BadInput` whose `details["errors"]` lists `{"path": "messages[0].to", "message"}`, never the value itself.
    `under` is the field of the request that holds this object; paths begin with it.
    """
    try:
        return model.model_validate_json(text, extra="forbid", by_name=True, by_alias=False)
    except ValidationError as error:
        found = error.errors(include_url=False)[:MAX_ERRORS]
        errors = [{"path": path_of(entry["loc"], under), "message": _message(entry, model)} for entry in found]
        verb = "are" if what.endswith("s") else "is"
        raise BadInput(f"The {what} {verb} not valid: {_first(errors[0])}", details={"errors": errors}) from None


def path_of(location: tuple[int | str, ...], under: str = "") -> str:
    """A place in JSON as people write it: `messages[0].to`, `headers["X-Id"]`."""
    path = under
    for part in location:
        if isinstance(part, int):
            path += f"[{part}]"
        elif _PLAIN.fullmatch(part):
            path += f".{part}" if path else part
        else:
            path += f"[{json.dumps(part[:64])}]"
    return path


def _first(error: Mapping[str, str]) -> str:
    return f"{error['path']}: {error['message']}" if error["path"] else error["message"]


def _message(entry: ErrorDetails, model: type[BaseModel]) -> str:
    top = str(entry["loc"][0]) if len(entry["loc"]) == 1 else ""
    match entry["type"]:
        case "extra_forbidden":
            return "There is no such field" + (f"; there are: {', '.join(model.model_fields) or 'none'}" if top else "")
        case "missing":
            advice = model.model_fields[top].description if top in model.model_fields else None
            return "This field is required" + (f". {advice}" if advice else "")
        case "json_invalid":
            deep = "recursion" in entry["msg"]
            return "It is nested too deeply" if deep else "A text holds half a character (a lone surrogate)"
        case _:
            message = entry["msg"].removeprefix("Value error, ")
            return "This value is not allowed here" if _repeats(message, entry["input"]) else message


def _repeats(message: str, value: Any) -> bool:
    """True where a message made by a validator quotes a piece of what it refused."""
    texts = list(_texts(value))
    short = any(0 < len(text) < ECHO and f"'{text}'" in message for text in texts)
    pieces = (message[at : at + ECHO] for at in range(len(message) - ECHO + 1))
    return short or any(piece in text for piece in pieces for text in texts)


def _texts(value: Any) -> list[str]:
    match value:
        case str():
            return [value]
        case dict():
            return [text for item in cast(dict[str, Any], value).values() for text in _texts(item)]
        case list():
            return [text for item in cast(list[Any], value) for text in _texts(item)]
        case _:
            return []
