"""What several actions take and give."""

import json
from typing import Annotated, Any, Literal, cast

from pydantic import Field

from powerstrip.adapter import Model, Pick
from powerstrip_openai.provider import Word

ModelName = Annotated[Word, Pick("model")]
Effort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]
Text = Annotated[str, Field(max_length=4_000_000)]


class Shape(Model):
    """The form that an answer must have."""

    name: str = Field("answer", pattern=r"^[A-Za-z0-9_-]{1,64}$")
    """What the form is called."""
    json_schema: dict[str, Any] = Field(
        examples=[
            {
                "type": "object",
                "properties": {"city": {"type": "string"}},
                "required": ["city"],
                "additionalProperties": False,
            }
        ]
    )
    """A JSON Schema. With `strict`, all properties are required and `additionalProperties` is false."""
    strict: bool = True
    """Whether the answer is made to fit, and not only asked to."""

    def spelled(self) -> dict[str, Any]:
        """As OpenAI has it, beside the word `json_schema`."""
        return {"name": self.name, "schema": self.json_schema, "strict": self.strict}


class Tokens(Model):
    """What was counted."""

    input_tokens: int = 0
    output_tokens: int = 0
    total_tokens: int = 0


def parsed(text: str, shape: Shape | None) -> dict[str, Any] | None:
    """The answer as the object that was asked for; None where none was, or where it was cut off or refused."""
    if shape is None:
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return cast(dict[str, Any], value) if isinstance(value, dict) else None
