"""What the docstrings below fields say, read from the source when the API's description is made.

pydantic can read them while a class is made (`use_attribute_docstrings`), and then does so at every start of the hub: for our
some two hundred shapes that was a sixth of it.
"""

import ast
import inspect
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import pairwise

from pydantic import BaseModel


def field_docstrings(model: type[BaseModel]) -> dict[str, str]:
    """The text for each field that has one, a base's where the class says nothing itself."""
    found: dict[str, str] = {}
    for each in reversed(model.__mro__):
        if issubclass(each, BaseModel) and each is not BaseModel:
            found |= _of_module(each.__module__).get(each.__qualname__, {})
    return {name: text for name, text in found.items() if name in model.model_fields}


@cache
def _of_module(name: str) -> dict[str, dict[str, str]]:
    """Field texts by the qualified name of the class."""
    tree = ast.parse(inspect.getsource(sys.modules[name]))
    return {where: dict(_pairs(body)) for where, body in _classes(tree.body)}


def _classes(body: Iterable[ast.stmt], within: str = "") -> Iterator[tuple[str, list[ast.stmt]]]:
    for each in body:
        if isinstance(each, ast.ClassDef):
            yield within + each.name, each.body
            yield from _classes(each.body, f"{within}{each.name}.")


def _pairs(body: list[ast.stmt]) -> Iterator[tuple[str, str]]:
    for field, after in pairwise(body):
        match field, after:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str() as text)):
                yield name, inspect.cleandoc(text)
            case _:
                pass
