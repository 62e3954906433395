"""A call's input: judged before anything is done."""

import json
from collections.abc import Iterator, Mapping
from types import NoneType
from typing import Any, cast

from pydantic import BaseModel

from powerstrip.actions.calls import Invoke
from powerstrip.actions.files import Files
from powerstrip.actions.targets import Target
from powerstrip.adapter import Content, Model
from powerstrip.connect import plugin_code, refuse_secrets
from powerstrip.problems import BadInput, NotFound, Unprocessable
from powerstrip.validation import encode, read_json

MAX_INPUT = 10 * 1024 * 1024
"""Bytes of an input as JSON."""
MAX_KEPT = 16 * 1024
"""Bytes of an input that the log keeps."""
MAX_TEXT = 1024
"""Characters of one text in it; a longer one is told by its size."""
_BARE = frozenset((str, int, float, bool, NoneType))
SIMULATIONS = ("unauthorized", "rate_limited", "server_error", "timeout")
MIN_SECONDS, MAX_SECONDS = 1, 120
PUT_ELSEWHERE = "it would end in logs. Put it into an integration's credentials or a project secret instead"


def check_options(target: Target, call: Invoke) -> None:
    """Judge what a call asks for beside its input. Raises `BadInput` or `Unprocessable`."""
    if call.dry_run and not target.action.annotations.read_only:
        raise Unprocessable(
            "Only a read-only action has a dry run: call this one with `sandbox` to see what it would send",
            code="dry_run_needs_read_only",
        )
    if call.simulate is not None and call.simulate not in SIMULATIONS:
        raise _bad("simulate", f"Give one of {', '.join(SIMULATIONS)}")
    if not MIN_SECONDS <= call.timeout_seconds <= MAX_SECONDS:
        raise _bad("timeout_seconds", f"Give {MIN_SECONDS} to {MAX_SECONDS} seconds")
    key = call.idempotency_key
    if key is not None and not (0 < len(key) <= 255 and key.isascii() and key.isprintable()):
        raise _bad("Idempotency-Key", "Give 1 to 255 printable ASCII characters")


def read_input(target: Target, call: Invoke) -> tuple[Model, str]:
    """The input as the action's model, and as canonical text. Raises `BadInput` with paths, `Unprocessable` for a secret."""
    text = encode(call.input, "input", MAX_INPUT)
    refuse_secrets(call.input, "input", PUT_ELSEWHERE, text=text)
    with plugin_code(f"{target.name}:input"):
        return read_json(target.action.input, text, "input"), text


async def resolve_files(files: Files, project_id: str, model: Model) -> None:
    """Let every file reference of the input lead to the project's file. Raises `Unprocessable` for one that is not there."""
    for content in contents(model):
        if content.file_id is None:
            continue
        try:
            row, path = await files.get(project_id, content.file_id)
        except NotFound as error:
            raise Unprocessable(f"A file of the input cannot be used: {error.message}", code="file_not_found") from None
        content.path, content.size, content.media_type = path, row.size, content.media_type or row.media_type


def contents(value: object) -> Iterator[Content]:
    """Every content within a model, in no order."""
    left = [value]
    while left:
        part = left.pop()
        if isinstance(part, Content):
            yield part
        elif isinstance(part, BaseModel):
            left += [each for each in part.__dict__.values() if type(each) not in _BARE]
        elif isinstance(part, dict):
            left += cast(dict[Any, object], part).values()
        elif isinstance(part, (list, tuple)):
            left += cast(list[object], part)


def parameters_of(call: Invoke, text: str) -> str:
    """The input as the log keeps it, as JSON: long texts by their size, and all of it by its size where it is very long."""
    if len(text) > MAX_TEXT:
        text = json.dumps(_shortened(call.input), separators=(",", ":"))
    return text if len(text) <= MAX_KEPT else json.dumps({"omitted": {"bytes": len(text)}})


def _shortened(value: Any) -> Any:
    match value:
        case str() if len(value) > MAX_TEXT:
            return {"omitted": {"characters": len(value)}}
        case list():
            return [_shortened(item) for item in cast(list[Any], value)]
        case Mapping():
            return {name: _shortened(item) for name, item in cast(Mapping[str, Any], value).items()}
        case _:
            return value


def _bad(path: str, message: str) -> BadInput:
    return BadInput(f"{path}: {message}", details={"errors": [{"path": path, "message": message}]})
