"""What all shapes have in common."""

from typing import Annotated, Any, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from powerstrip.names import unfit

MAX_DESCRIPTION = 2000


def _fit(text: str) -> str:
    if unfit(text):
        raise ValueError("It holds a control or direction-changing character")
    return text


Object: TypeAlias = dict[str, Any]
TagMap: TypeAlias = dict[str, str]
Description: TypeAlias = Annotated[str, Field(max_length=MAX_DESCRIPTION), AfterValidator(_fit)]
Name: TypeAlias = Annotated[str, Field(min_length=1, max_length=10_000)]
"""Judged in full by `powerstrip.names`; no more than a bound is set here."""
Id: TypeAlias = Annotated[str, Field(min_length=1, max_length=80)]


class Asked(BaseModel):
    """A request's body: closed, of exact types, and no error repeats a value."""

    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True, defer_build=True)


class Told(BaseModel):
    """An answer. What is None is left out."""

    model_config = ConfigDict(extra="forbid", defer_build=True)


def told_fields(shape: type[Told], beyond: frozenset[str], *, full: bool) -> list[str]:
    """The fields of a shape that this caller takes: all of them, or without those beyond the published shape."""
    return [name for name in shape.model_fields if full or name not in beyond]


class ErrorDetail(Told):
    """What went wrong."""

    code: str
    """For programs; it does not change."""
    message: str
    """For people: what happened, and what to do next."""
    details: Object
    """More for programs. `errors` lists `{"path", "message"}` for each field that is at fault."""


class ErrorResponse(Told):
    """The one shape of every error."""

    error: ErrorDetail


def listed(rows: list[Any], cursor: str | None) -> dict[str, Any]:
    """The fields that every page has."""
    return {"items": rows, "has_more": cursor is not None, "next_cursor": cursor}
