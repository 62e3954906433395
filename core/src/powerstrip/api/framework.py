"""The web framework's own refusals as problems of the hub. Kept apart, so that the front opens before the framework is there."""

from typing import Any

from litestar.exceptions import HTTPException, NotFoundException, ValidationException

from powerstrip.problems import BadInput, NotFound, Problem


def problem_of(error: HTTPException) -> Problem:
    """What the web framework refuses, in our words: its own repeat values."""
    if isinstance(error, NotFoundException):
        return NotFound("There is nothing at this address")
    if isinstance(error, ValidationException):
        return _invalid(error)
    return BadInput("The request cannot be read")


def _invalid(error: ValidationException) -> BadInput:
    found: list[dict[str, Any]] = error.extra if isinstance(error.extra, list) else []
    errors = [{"path": str(each.get("key", "")), "message": _plain(str(each.get("message", "")))} for each in found]
    where = ", ".join(each["path"] for each in errors if each["path"]) or "the request"
    return BadInput(f"This is not allowed for {where}", details={"errors": errors})


def _plain(message: str) -> str:
    """The framework's words, unless they quote the value."""
    return "This value is not allowed here" if "'" in message or not message else message
