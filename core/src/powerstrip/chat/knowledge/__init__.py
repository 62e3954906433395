"""General knowledge of the field: services, what people call them, what they do. Our own data, beside the installed catalog."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any, TypeAlias

Table: TypeAlias = dict[str, Any]


@cache
def providers() -> Table:
    """Services by id; the fields are described in the file."""
    return _read("providers.toml")


@cache
def field() -> Table:
    """Vendors outside the catalog, and kinds of services."""
    return _read("field.toml")


@cache
def tongues() -> Table:
    """Words of requests in other languages, by English words, in groups."""
    return _read("tongues.toml")


def _read(name: str) -> Table:
    return tomllib.loads(files(__name__).joinpath(name).read_text("utf-8"))
