"""A plausible answer made from a declared model: the same seed gives the same answer."""

import hashlib
import json
import math
import random
from collections.abc import Mapping
from copy import deepcopy
from functools import lru_cache
from typing import Any, TypeAlias, TypeVar, cast

from pydantic import BaseModel, ValidationError

Schema: TypeAlias = dict[str, Any]
M = TypeVar("M", bound=BaseModel)

FORMATS = {
    "email": "someone@example.com",
    "date-time": "2026-01-01T00:00:00Z",
    "date": "2026-01-01",
    "time": "00:00:00Z",
    "duration": "PT1H",
    "uri": "https://example.com",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "binary": "c2FtcGxl",
    "base64url": "c2FtcGxl",
    "base64": "c2FtcGxl",
    "ipv4": "192.0.2.1",
    "password": "sample-password",
}
MAX_DEPTH = 12
ROOMY = 400
"""Values of one mock after which only required fields are filled in: schemas of others may hold each other without end."""
MAX_VALUES = 5_000


def mock(model: type[M], seed: str = "", echo: Mapping[str, Any] | None = None) -> M:
    """An instance made from the model's schema.

    `seed` varies ids and numbers; `echo` holds the call's input, whose values are taken over into equally named fields where
    they fit. Raises `ValueError` when the schema cannot be satisfied without an example.
    """
    return _read(model, mock_wire(model, seed, echo))


def mock_wire(model: type[BaseModel], seed: str = "", echo: Mapping[str, Any] | None = None) -> Any:
    """The same as JSON in the provider's spelling: what the provider would have answered."""
    schema = _wire_schema(model)
    value = _Maker(schema.get("$defs", {}), seed).value(schema, model.__name__, 0)
    try:
        _read(model, value)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise ValueError(f"{model.__name__}: no mock for {where or 'it'} ({first['msg']}); give the field an example") from None
    return _echoed(model, value, echo or {})


@lru_cache(1024)
def _wire_schema(model: type[BaseModel]) -> Schema:
    """Made once for a model: making it takes far longer than reading it."""
    return model.model_json_schema(by_alias=True)


def _read(model: type[M], value: Any) -> M:
    """As an answer is read: from JSON, so that bytes and dates have one meaning."""
    return model.model_validate_json(json.dumps(value), by_alias=True, by_name=True)


def _echoed(model: type[BaseModel], value: Any, echo: Mapping[str, Any]) -> Any:
    """Take over each value of the call that the answer's model accepts in a field of the same name."""
    if not isinstance(value, dict):
        return value
    made = cast(Schema, value)
    for name, field in model.model_fields.items():
        wire = field.serialization_alias or field.alias or name
        if name not in echo or wire not in made:
            continue
        tried = {**made, wire: echo[name]}
        try:
            _read(model, tried)
        except (ValidationError, TypeError):
            continue
        made = tried
    return made


class _Maker:
    def __init__(self, defs: Mapping[str, Schema], seed: str) -> None:
        self.defs = defs
        self.made = 0
        self.random = random.Random(hashlib.sha256(seed.encode()).digest())  # noqa: S311 - for likeness, not for secrecy

    def value(self, schema: Schema, name: str, depth: int) -> Any:
        self.made += 1
        if depth > MAX_DEPTH or self.made > MAX_VALUES:
            return None
        match schema:
            case {"examples": [first, *_]} | {"const": first} | {"enum": [first, *_]}:
                return deepcopy(first)
            case {"default": default} if default is not None or _leads_on(name):
                return deepcopy(default)
            case {"$ref": str(ref)}:
                return self.value(self.defs[ref.rpartition("/")[2]], name, depth + 1)
            case {"anyOf": [*choices]} | {"oneOf": [*choices]}:
                return self.value(_preferred(cast(list[Schema], choices), depth), name, depth + 1)
            case {"allOf": [only]} if "properties" not in schema:
                return self.value(cast(Schema, only), name, depth + 1)
            case {"allOf": [*parts]}:
                return self._typed(self._merged(schema, cast(list[Schema], parts), depth), name, depth)
            case _:
                return self._typed(schema, name, depth)

    def _typed(self, schema: Schema, name: str, depth: int) -> Any:
        match _type(schema):
            case "object":
                return self._object(schema, depth)
            case "array":
                return self._array(schema, name, depth)
            case "integer":
                return self._whole(schema)
            case "number":
                return self._number(schema)
            case "boolean":
                return not _leads_on(name)
            case "null":
                return None
            case "string":
                return self._string(schema, name)
            case _:
                return f"sample-{_kebab(name)}"

    def _object(self, schema: Schema, depth: int) -> dict[str, Any]:
        """All its fields; deep down, or in a mock that has grown large, the required ones alone."""
        fields, required = cast(dict[str, Schema], schema.get("properties", {})), schema.get("required", ())
        made: dict[str, Any] = {}
        for key, field in fields.items():
            if key in required or (depth < MAX_DEPTH - 2 and self.made < ROOMY):
                made[key] = self.value(field, key, depth + 1)
        return made

    def _merged(self, schema: Schema, parts: list[Schema], depth: int) -> Schema:
        """An object of the fields of all these parts."""
        whole = {key: value for key, value in schema.items() if key != "allOf"}
        for part in parts:
            while "$ref" in part and depth <= MAX_DEPTH:
                part, depth = self.defs[part["$ref"].rpartition("/")[2]], depth + 1
            if "allOf" in part and depth <= MAX_DEPTH:
                part = self._merged(part, part["allOf"], depth + 1)
            fields: Schema = {**cast(Schema, whole.get("properties", {})), **cast(Schema, part.get("properties", {}))}
            required: list[Any] = [*whole.get("required", ()), *part.get("required", ())]
            more: Schema = ({"properties": fields} if fields else {}) | ({"required": required} if required else {})
            whole = {**part, **whole, **more}
        return whole

    def _array(self, schema: Schema, name: str, depth: int) -> list[Any]:
        if "prefixItems" in schema:
            return [self.value(item, name, depth + 1) for item in schema["prefixItems"]]
        least = schema.get("minItems", 0)
        if "items" not in schema or (depth >= MAX_DEPTH - 2 and not least):
            return []
        return [self.value(schema["items"], name, depth + 1) for _ in range(max(1, least))]

    def _whole(self, schema: Schema) -> int:
        low, high = _bounds(schema, step=1)
        factor = schema.get("multipleOf", 1)
        least, most = math.ceil(low / factor), math.floor(high / factor)
        return int(self.random.randint(least, max(least, most)) * factor)

    def _number(self, schema: Schema) -> float:
        low, high = _bounds(schema, step=0)
        if "multipleOf" in schema:
            return math.ceil(low / schema["multipleOf"]) * schema["multipleOf"]
        made = self.random.uniform(low, max(low, high))
        return rounded if low <= (rounded := round(made, 2)) <= high else made

    def _string(self, schema: Schema, name: str) -> str:
        if schema.get("format") in FORMATS:
            return FORMATS[schema["format"]]
        text = f"sample-{_kebab(name)}"
        if name.lower().rstrip("s").endswith(("id", "ts", "key", "token", "etag")):
            text += f"-{self.random.getrandbits(40):010x}"
        return text.ljust(schema.get("minLength", 0), "x")[: schema.get("maxLength", 200)]


def _type(schema: Schema) -> object:
    """The type that is declared, or plainly meant; of several the first that is something."""
    declared = schema.get("type")
    if isinstance(declared, list):
        return next((each for each in cast(list[Any], declared) if each != "null"), "null")
    if declared is None:
        return "object" if "properties" in schema else "array" if "items" in schema else None
    return declared


def _bounds(schema: Schema, step: int) -> tuple[float, float]:
    """The least and the greatest number that the schema allows; 100 apart where it leaves one end open."""
    low = schema.get("minimum", schema["exclusiveMinimum"] + step if "exclusiveMinimum" in schema else None)
    high = schema.get("maximum", schema["exclusiveMaximum"] - step if "exclusiveMaximum" in schema else None)
    if low is None:
        low = 0 if high is None or high >= 0 else high - 100
    if high is None:
        high = low + 100
    if step:
        return low, high
    inset = (high - low) / 1000
    return low + (inset if "exclusiveMinimum" in schema else 0), high - (inset if "exclusiveMaximum" in schema else 0)


def _preferred(choices: list[Schema], depth: int) -> Schema:
    """The first choice that is something; null where a model that holds itself has gone deep enough."""
    nothing = [choice for choice in choices if choice.get("type") == "null"]
    if nothing and depth >= MAX_DEPTH // 2:
        return nothing[0]
    return next((choice for choice in choices if choice not in nothing), choices[0])


def _leads_on(name: str) -> bool:
    """Does the field lead to a next page? A made-up answer is a whole one: whoever follows it would never end."""
    word = name.lower().replace("_", "").replace("-", "")
    return word.startswith("next") or word in ("cursor", "continuationtoken", "hasmore", "more", "istruncated")


def _kebab(name: str) -> str:
    return name.lower().replace("_", "-")
