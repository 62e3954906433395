"""Values to try an adapter with."""

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from powerstrip.adapter.mock import mock, mock_wire

M = TypeVar("M", bound=BaseModel)


def sample(model: type[M], seed: str = "") -> M | None:
    """A made-up value, or else the model's defaults; None where a required field can only be given by hand."""
    try:
        return mock(model, seed)
    except ValueError:
        pass
    try:
        return model()
    except ValidationError:
        return None


def wire_sample(model: type[BaseModel]) -> dict[str, Any]:
    """A made-up value as the provider would write it; empty where none can be made up."""
    try:
        return mock_wire(model)
    except ValueError:
        return {}
