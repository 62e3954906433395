"""The base of every input, output, event, setting and credential form."""

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema


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


def by_name(model: BaseModel) -> dict[str, Any]:
    """A model as people see it: our field names, JSON values, `None` left out."""
    return model.model_dump(mode="json", by_alias=False, exclude_none=True)


def by_wire(model: BaseModel) -> dict[str, Any]:
    """A model as the provider sees it: its own spelling, JSON values, `None` left out."""
    return model.model_dump(mode="json", by_alias=True, exclude_none=True)
