"""What a registered action may be: its name, its schemas, its numbers."""

import re
from collections.abc import Mapping
from typing import Any

import jsonschema_rs

from powerstrip.catalog import Catalog
from powerstrip.problems import BadInput, Conflict, NotFound
from powerstrip.validation import encode

MAX_NAME = 128
MAX_SCHEMA = 64 * 1024
"""Bytes of one schema as JSON."""
MAX_TITLE = 200
MIN_SECONDS, MAX_SECONDS = 1, 3600
RESERVED = frozenset(("mobius", "powerstrip"))
"""First words of names that are the hub's own."""
_NAME = re.compile(r"[a-z0-9]+(?:[._-][a-z0-9]+)*", re.ASCII)
_QUEUE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?", re.ASCII)


def check_name(name: str, catalog: Catalog) -> str:
    """A name that may be taken. Raises `BadInput`, and `Conflict` where it is a provider's."""
    if len(name) > MAX_NAME or not _NAME.fullmatch(name):
        raise bad("name", f"Use lower-case letters and digits, with - _ or . between, at most {MAX_NAME} characters")
    first = name.partition(".")[0]
    if first in RESERVED:
        raise bad("name", f"The names {' and '.join(sorted(RESERVED))} and what begins with them are the hub's own")
    if "." in name and first in {each.id for each in catalog.providers()}:
        raise Conflict("The name begins as a provider's actions do: choose another first word", code="name_taken")
    try:
        catalog.find_action(name)
    except NotFound:
        return name
    raise Conflict("A provider has an action of this name: choose another", code="name_taken")


def check_queue(queue: str) -> str:
    """A queue's name. Raises `BadInput`."""
    if not _QUEUE.fullmatch(queue):
        raise bad("queue", "Use 1 to 64 letters, digits, dots, hyphens and underscores")
    return queue


def check_seconds(seconds: int) -> int:
    """How long one attempt may take. Raises `BadInput`."""
    if not MIN_SECONDS <= seconds <= MAX_SECONDS:
        raise bad("timeout_seconds", f"Give {MIN_SECONDS} to {MAX_SECONDS} seconds")
    return seconds


def check_title(title: str) -> str:
    """A short text. Raises `BadInput`."""
    if len(title) > MAX_TITLE:
        raise bad("title", f"Use at most {MAX_TITLE} characters")
    return title


def check_schema(schema: Mapping[str, Any] | None, field: str) -> dict[str, Any] | None:
    """A JSON Schema (2020-12) of an object: small, without references to elsewhere, with patterns of linear time."""
    if schema is None:
        return None
    if len(encode(schema, field, 16 * MAX_SCHEMA)) > MAX_SCHEMA:
        raise bad(field, f"The schema is larger than {MAX_SCHEMA} bytes")
    if schema.get("type", "object") != "object":
        raise bad(field, "The schema must be of an object")
    linear = jsonschema_rs.RegexOptions()
    try:
        jsonschema_rs.Draft202012Validator(dict(schema), offline=True, pattern_options=linear, validate_formats=False)
    except (ValueError, jsonschema_rs.ValidationError):
        raise bad(field, "This is no JSON Schema (2020-12) whose references and patterns can be followed here") from None
    return dict(schema)


def bad(path: str, message: str) -> BadInput:
    """The refusal of one field."""
    return BadInput(f"{path}: {message}", details={"errors": [{"path": path, "message": message}]})
