"""The base of every input, output, event, setting and credential form."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler, create_model
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

M = TypeVar("M", bound="Model")


class Model(BaseModel):
    """A pydantic model with the hub's habits.

    People meet the field names as written here; an `alias_generator` or `alias` is the provider's spelling and appears on the
    wire only. What a provider sends beyond the declared fields is dropped; what a caller sends beyond them is refused.
    Bytes are base64 in JSON. Error texts never repeat the value that was refused.
    """

    model_config = ConfigDict(
        populate_by_name=True,
        hide_input_in_errors=True,
        ser_json_bytes="base64",
        val_json_bytes="base64",
        use_attribute_docstrings=True,
    )


@dataclass(frozen=True)
class Pick:
    """Says which picker offers values for a field: `channel: Annotated[str, Pick("channel")]`."""

    name: str

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {**handler(schema), "x-picker": self.name}


@dataclass(frozen=True)
class NoPick:
    """Says why a field that is named like a reference has no picker: `order_id: Annotated[str, NoPick("your own number")]`."""

    why: str

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {**handler(schema), "x-no-picker": self.why}


def variant(base: type[M], id: str, doc: str, words: Mapping[str, str], parts: Mapping[str, Any] | None = None) -> type[M]:
    """A model like `base` whose fields in `words` take that one text each: for events of one form that a word tells apart.

    `id` is the event's, which the class is named after; `doc` is its description; `parts` are further required fields.
    """
    fields: dict[str, Any] = {name: (Literal[word], ...) for name, word in words.items()}  # pyright: ignore[reportInvalidTypeForm]
    fields |= {name: (kind, ...) for name, kind in (parts or {}).items()}
    name = id.title().replace(".", "").replace("_", "")
    return create_model(name, __base__=base, __doc__=doc, __module__=base.__module__, **fields)


def by_name(model: BaseModel) -> dict[str, Any]:
    """A model as people see it: our field names, JSON values, `None` left out."""
    return model.model_dump(mode="json", by_alias=False, exclude_none=True)


def by_wire(model: BaseModel) -> dict[str, Any]:
    """A model as the provider sees it: its own spelling, JSON values, `None` left out."""
    return model.model_dump(mode="json", by_alias=True, exclude_none=True)


def wire_json(model: BaseModel) -> bytes:
    """The same as JSON text."""
    return model.__pydantic_serializer__.to_json(model, by_alias=True, exclude_none=True)
