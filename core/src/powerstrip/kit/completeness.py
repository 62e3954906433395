"""Whether people are spared ids and find everything described. Each rule yields a sentence that says what to mend."""

import re
from collections.abc import Iterator
from typing import Any, cast

from powerstrip.adapter import Adapter, NoAuth
from powerstrip.adapter.schemas import Schema, input_schema, parts

_REFERENCE = re.compile(r"(.+_)?(id|ids|sid|sids|uuid|guid)")


def picked(adapter: Adapter) -> Iterator[str]:
    """Every field that names a thing of the provider has a picker, or says why not."""
    for where, schema in _inputs(adapter):
        for field, part in _fields(schema):
            name = field.rpartition(".")[2]
            if _REFERENCE.fullmatch(name) and not _has(part, schema, "x-picker", "x-no-picker", "const", "enum"):
                yield f'{where}: {field} names a thing: offer a picker, Pick("…"), or say why there is none, NoPick("…")'


def described(adapter: Adapter, readme: bool) -> Iterator[str]:
    """Every input, setting and way to sign in is described; there is a README, and the provider's own documentation is named."""
    if not readme:
        yield 'there is no README: name one in pyproject.toml, `readme = "README.md"`'
    if not adapter.docs_url:
        yield "`docs_url` is empty: name the provider's own documentation"
    for auth in adapter.auths:
        if not auth.help and not auth.needs_consent and not isinstance(auth, NoAuth):
            yield f"auth {auth.kind}: `help` is empty: say where at the provider the credential is found"
    for where, schema in _inputs(adapter):
        for field, part in _fields(schema):
            if not _has(part, schema, "description", "title" if where == "config" else "description"):
                yield f"{where}: {field} has no description"


def _inputs(adapter: Adapter) -> Iterator[tuple[str, Schema]]:
    yield "config", input_schema(adapter.config)
    for name, action in adapter.actions.items():
        yield f"action {name}, input", input_schema(action.input)
    for name, poll in adapter.polls.items():
        yield f"poll {name}, watch", input_schema(poll.watch)


def _fields(schema: Schema) -> Iterator[tuple[str, Schema]]:
    """Each declared field, those of models within it too, as `Model.field`."""
    for name, part in cast(dict[str, Schema], schema.get("properties", {})).items():
        yield name, part
    for model, inner in cast(dict[str, Schema], schema.get("$defs", {})).items():
        for name, part in cast(dict[str, Schema], inner.get("properties", {})).items():
            yield f"{model}.{name}", part


def _has(part: Schema, root: Schema, *keywords: str) -> bool:
    """Whether the field, or the model it is, says one of these."""
    return any(word in each for each in _reached(part, root) for word in keywords)


def _reached(part: Schema, root: Schema) -> Iterator[dict[str, Any]]:
    for _, each in parts(part):
        yield each
        if ref := each.get("$ref"):
            yield {key: value for key, value in root["$defs"][ref.rpartition("/")[2]].items() if key != "title"}
