"""An action's output: judged like any input, and told in short for the log."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from pydantic_core import PydanticSerializationError

from powerstrip.actions.inputs import contents
from powerstrip.actions.targets import Target
from powerstrip.adapter import Content
from powerstrip.connect import AdapterBroken
from powerstrip.vault import find_secrets

MAX_OUTPUT = 10 * 1024 * 1024
"""Bytes of an output as JSON."""
INLINE = 256 * 1024
"""Bytes of a content that stay in the JSON; a larger one becomes a file."""
_ENCODER = json.JSONEncoder(separators=(",", ":"))
MAX_FIELDS = 50
MAX_WORDS = 200
"""Fields of an output that its summary tells, and characters of a text that is told as it is."""


async def read_output(target: Target, result: object, keep: Callable[[Content], Awaitable[None]]) -> bytes:
    """What the action gave, as JSON by our field names. Large contents are handed to `keep`, which makes files of them.

    Raises `AdapterBroken` for anything but the declared model with values of the declared types, and for too much of it.
    """
    declared = target.action.output
    if not isinstance(result, declared):
        raise AdapterBroken(f"{target.name} gave {type(result).__name__} instead of {declared.__name__}")
    if target.gives_files:
        for content in contents(result):
            if content.path is not None or content.size > INLINE:
                await keep(content)
    try:
        text = declared.__pydantic_serializer__.to_json(result, by_alias=False, exclude_none=True, warnings="error")
    except (PydanticSerializationError, ValueError):
        raise AdapterBroken(f"{target.name} gave values that do not fit {declared.__name__}") from None
    if len(text) > MAX_OUTPUT:
        raise AdapterBroken(f"{target.name} gave more than {MAX_OUTPUT // 1024 // 1024} MB")
    return text


def summary_of(output: dict[str, Any]) -> str:
    """An output for the log, as JSON: plain top-level values as they are, the rest by its size. Nothing that may open a door."""
    fields = list(output.items())[:MAX_FIELDS]
    plain = {name: value for name, value in fields if isinstance(value, str) and _is_plain(value)}
    if plain and find_secrets(values := list(plain.values()), "\n".join(values)):
        plain = {name: value for name, value in plain.items() if not find_secrets(value)}
    return _ENCODER.encode({name: value if name in plain else _told(value) for name, value in fields})


def _is_plain(text: str) -> bool:
    return len(text) <= MAX_WORDS and text.isprintable() and "://" not in text


def _told(value: Any) -> Any:
    match value:
        case None | bool() | int() | float():
            return value
        case str():
            return {"characters": len(value)}
        case list():
            return {"items": len(value)}  # pyright: ignore[reportUnknownArgumentType]
        case _:
            return {"fields": len(value)}
