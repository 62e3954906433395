"""Pickers: values of the provider to choose from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Query:
    """What is asked of a picker: a page (`cursor` as the last page gave it), a search text, the other fields filled so far."""

    cursor: str | None = None
    search: str = ""
    values: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True)
class Choice:
    """One value with the words a person knows it by."""

    value: str
    label: str
    detail: str = ""


@dataclass(frozen=True)
class Page:
    """A page of choices; `next` is the cursor of the following one, None at the end."""

    choices: list[Choice]
    next: str | None = None
