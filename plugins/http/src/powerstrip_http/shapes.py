"""OpenAPI's schemas as JSON Schema 2020-12, with the parts that are used again under `$defs`.

Sources: OpenAPI 3.0.3 "Schema Object" (a dialect with `nullable` and boolean `exclusiveMinimum`), 3.1 (JSON Schema itself),
Swagger 2.0. What a document gets wrong is left out and told: the value is passed on unchecked, which is never wrong.
"""

import json
import re
from collections.abc import Callable
from typing import Any, cast

from powerstrip.adapter.described import usable_pattern
from powerstrip_http.names import one_line
from powerstrip_http.refs import BadRef, Node, Refs

MAX_DEPTH = 40
MAX_EXAMPLE = 2_000
TYPES = ("string", "number", "integer", "boolean", "object", "array", "null")
_MAPS = ("properties", "patternProperties")
_LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
_SINGLE = ("items", "additionalProperties", "not", "propertyNames", "contains")
_COUNTS = ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties")
_NUMBERS = ("minimum", "maximum", "multipleOf")


class Shapes:
    """Turns schemas into ours. `defs` fills as references are met; `told` notes what could not be understood."""

    def __init__(self, refs: Refs, tell: Callable[[str], None]) -> None:
        self._refs = refs
        self._tell = tell
        self._names: dict[str, str] = {}
        self.defs: dict[str, Node] = {}

    def of(self, schema: object, depth: int = 0) -> Node:
        """One schema. References become `#/$defs/Name`."""
        made = self._of(schema, depth)
        self._work_off()
        return made

    def plain(self, schema: object) -> Node:
        """The schema that a chain of references leads to, as it stands in the document; empty where it leads nowhere."""
        try:
            found = self._refs.follow(schema)
        except BadRef:
            return {}
        return cast(Node, found) if isinstance(found, dict) else {}

    def local(self, schema: Node) -> Node:
        """One of our schemas, its reference into `defs` followed."""
        for _ in range(MAX_DEPTH):
            if "$ref" not in schema:
                return schema
            schema = self.defs.get(schema["$ref"].removeprefix("#/$defs/"), {})
        return {}

    def _work_off(self) -> None:
        while waiting := [(ref, name) for ref, name in self._names.items() if name not in self.defs]:
            for ref, name in waiting:
                self.defs[name] = {}
                try:
                    self.defs[name] = self._of(self._refs.find(ref), 0)
                except BadRef as error:
                    self._tell(f"A schema cannot be followed and is passed on unchecked: {error}")

    def _of(self, schema: object, depth: int) -> Node:
        if depth > MAX_DEPTH:
            self._tell("A schema is nested very deeply: what lies below is passed on unchecked")
            return {}
        if schema is False:
            return {"not": {}}
        if isinstance(schema, list):
            return self._listed(cast(list[Any], schema), depth)
        if not isinstance(schema, dict):
            return {}
        given = cast(Node, schema)
        return self._reference(given) if "$ref" in given else self._described(given, depth)

    def _listed(self, schemas: list[Any], depth: int) -> Node:
        """A list where one schema belongs, as in some published documents: any of them."""
        self._tell("A list stands where one schema belongs: any of its schemas is taken")
        made = [each for item in schemas if isinstance(item, dict) and (each := self._of(cast(Node, item), depth + 1))]
        return {"anyOf": made} if len(made) > 1 else made[0] if made else {}

    def _reference(self, given: Node) -> Node:
        ref = given["$ref"]
        try:
            self._refs.find(ref)
        except BadRef as error:
            self._tell(f"A schema cannot be followed and is passed on unchecked: {error}")
            return {}
        made: Node = {"$ref": f"#/$defs/{self._name(ref)}"}
        if words := one_line(given.get("description")):
            made["description"] = words
        return made

    def _name(self, ref: str) -> str:
        if ref not in self._names:
            base = re.sub(r"[^A-Za-z0-9_]+", "_", ref.rpartition("/")[2]).strip("_")[:60] or "Root"
            name, number, taken = base, 1, set(self._names.values()) | {"Content"}
            while name in taken:
                number += 1
                name = f"{base}_{number}"
            self._names[ref] = name
        return self._names[ref]

    def _described(self, given: Node, depth: int) -> Node:
        made: Node = {}
        self._type(given, made)
        self._parts(given, made, depth)
        self._limits(given, made)
        self._words(given, made)
        if given.get("nullable") is True or given.get("x-nullable") is True:
            made = _nullable(made)
        return made

    def _type(self, given: Node, made: Node) -> None:
        declared = given.get("type")
        several = [each for each in cast(list[Any], declared) if each in TYPES] if isinstance(declared, list) else []
        if declared in TYPES:
            made["type"] = declared
        elif several:
            made["type"] = several[0] if len(several) == 1 else several
        elif declared == "file":
            made["type"], made["format"] = "string", "binary"
        elif declared is not None:
            kind = one_line(str(cast(Any, declared)), 40)
            self._tell(f"The type {kind!r} is none of JSON's: such values are passed on unchecked")
        if isinstance(given.get("enum"), list) and given["enum"]:
            made["enum"] = given["enum"]
        if "const" in given:
            made["const"] = given["const"]

    def _parts(self, given: Node, made: Node, depth: int) -> None:
        for key in _MAPS:
            if isinstance(given.get(key), dict):
                fields = cast(Node, given[key])
                made[key] = {str(name): self._of(each, depth + 1) for name, each in fields.items()}
        for key in _LISTS:
            if isinstance(given.get(key), list) and given[key]:
                made["anyOf" if key == "oneOf" else key] = [self._of(each, depth + 1) for each in given[key]]
        for key in _SINGLE:
            if key in given:
                made[key] = given[key] if isinstance(given[key], bool) else self._of(given[key], depth + 1)
        if made.get("items") is True:
            del made["items"]
        if isinstance(given.get("required"), list):
            declared = given.get("properties")
            hidden = _one_way(cast(Node, declared) if isinstance(declared, dict) else {})
            names = [str(name) for name in dict.fromkeys(map(str, given["required"])) if name not in hidden]
            if names:
                made["required"] = names

    def _limits(self, given: Node, made: Node) -> None:
        for key in _COUNTS:
            if isinstance(given.get(key), int) and not isinstance(given[key], bool) and given[key] >= 0:
                made[key] = given[key]
        for key in _NUMBERS:
            if _is_number(given.get(key)) and (key != "multipleOf" or given[key] > 0):
                made[key] = given[key]
        for key, plain in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
            if given.get(key) is True and plain in made:
                made[key] = made.pop(plain)
            elif _is_number(given.get(key)):
                made[key] = given[key]
        if given.get("uniqueItems") is True:
            made["uniqueItems"] = True
        pattern = given.get("pattern")
        if isinstance(pattern, str) and usable_pattern(pattern):
            made["pattern"] = pattern
        if isinstance(given.get("format"), str) and "format" not in made:
            made["format"] = given["format"][:40]

    def _words(self, given: Node, made: Node) -> None:
        if words := one_line(given.get("description")):
            made["description"] = words
        if given.get("deprecated") is True:
            made["deprecated"] = True
        if "default" in given and fits_type(given["default"], made):
            made["default"] = given["default"]
        examples: list[Any] = [given["example"]] if "example" in given else []
        if isinstance(given.get("examples"), list):
            examples += given["examples"][:1]
        if good := [each for each in examples if each is not None and fits_type(each, made) and _is_small(each)][:1]:
            made["examples"] = good


def fits_type(value: object, schema: Node) -> bool:
    """Whether a value is of the schema's type, as far as it names one, and one of its enum."""
    if "enum" in schema and value not in schema["enum"]:
        return False
    declared = schema.get("type")
    kinds: list[Any] = cast(list[Any], declared) if isinstance(declared, list) else [declared] if declared else []
    return not kinds or any(_is(value, kind) for kind in kinds)


def _is(value: object, kind: str) -> bool:
    match kind:
        case "string":
            return isinstance(value, str)
        case "boolean":
            return isinstance(value, bool)
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case "number":
            return _is_number(value)
        case "array":
            return isinstance(value, list)
        case "object":
            return isinstance(value, dict)
        case _:
            return value is None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_small(value: object) -> bool:
    try:
        return len(json.dumps(value)) <= MAX_EXAMPLE
    except (TypeError, ValueError, RecursionError):
        return False


def _one_way(properties: Node) -> set[str]:
    """Fields that are only read or only written: a shared schema cannot require them."""
    given = ((name, cast(Node, each)) for name, each in properties.items() if isinstance(each, dict))
    return {name for name, each in given if each.get("readOnly") is True or each.get("writeOnly") is True}


def _nullable(made: Node) -> Node:
    if isinstance(made.get("type"), str) and made["type"] != "null":
        made["type"] = [made["type"], "null"]
        if "enum" in made and None not in made["enum"]:
            made["enum"] = [*made["enum"], None]
        return made
    if "type" in made or not made:
        return made
    words = {key: made.pop(key) for key in ("description", "default", "examples") if key in made}
    return {"anyOf": [made, {"type": "null"}], **words}
