"""A run's inputs: completed by defaults, judged by what the plan declares."""

from collections.abc import Mapping
from typing import Any

from powerstrip.automations.expressions import TemplateFailed, render
from powerstrip.automations.spec import Concurrency, Plan
from powerstrip.problems import BadInput
from powerstrip.validation import encode

MAX_INPUTS = 256 * 1024
"""Bytes of a run's inputs as JSON."""
_TYPES: dict[str, Any] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "object": dict,
    "array": list,
    "any": object,
}


def complete_inputs(plan: Plan, defaults: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs of a run: what is given, over the automation's defaults, over those of the plan.

    Raises `BadInput` with the names of what is missing or of the wrong type, and `TooLarge` beyond `MAX_INPUTS`.
    """
    values = {each.name: each.default for each in plan.inputs} | dict(defaults) | dict(given)
    errors = [
        {"path": f"inputs.{each.name}", "message": reason} for each in plan.inputs if (reason := _wrong(each, values, given))
    ]
    if errors:
        raise BadInput(f"{errors[0]['path']} {errors[0]['message']}", details={"errors": errors})
    encode(values, "inputs", MAX_INPUTS)
    return values


def _wrong(declared: Any, values: Mapping[str, Any], given: Mapping[str, Any]) -> str:
    value = values[declared.name]
    if value is None:
        return "is missing" if declared.required and given.get(declared.name) is None else ""
    fits = isinstance(value, _TYPES[declared.type]) and (declared.type in ("boolean", "any") or not isinstance(value, bool))
    return "" if fits else f"is to be of the type {declared.type}"


def concurrency_key(concurrency: Concurrency, inputs: Mapping[str, Any]) -> str | None:
    """The key under which runs are counted; None where all of the automation count together."""
    if not concurrency.key:
        return None
    try:
        return str(render(concurrency.key, {"inputs": inputs}))[:255]
    except TemplateFailed as failed:
        raise BadInput(f"The concurrency key cannot be filled: {failed.message}", code="bad_concurrency_key") from None
