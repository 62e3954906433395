"""What a FHIR R4 resource must be, and what gives away one of another version.

The rules are HL7's own (4.0.1), made by `make_r4.py` and kept compressed beside this file. They are read at the first check, and
compiled for each type when it first comes. They hold types, codes, patterns, closed objects and required elements; profiles,
terminologies and invariants are the server's to judge.
"""

import gzip
import json
from collections.abc import Iterator
from functools import lru_cache
from importlib.resources import files
from typing import Any, Protocol, TypeAlias, cast

from powerstrip.adapter import Rejected
from powerstrip.adapter.schemas import compile_schema

Json: TypeAlias = Any
REF = "#/definitions/"
ANY = "ResourceList"
KEPT = 32
"""Types whose rules stay compiled, at about 1 MB each."""
SHOWN = 3
"""Faults that are told of one resource."""
ELSEWHERE = {
    "DSTU2": "Conformance DeviceUseRequest DiagnosticOrder MedicationOrder Order OrderResponse ProcedureRequest",
    "STU3": "BodySite EligibilityRequest ExpansionProfile ReferralRequest Sequence ServiceDefinition",
    "R4B": "AdministrableProductDefinition Citation ManufacturedItemDefinition MedicinalProductDefinition SubscriptionStatus",
    "R5": "ActorDefinition DeviceDispense DeviceUsage EncounterHistory FormularyItem GenomicStudy ImagingSelection "
    "InventoryReport MedicationUsage Permission Requirements SubscriptionTopic TestPlan Transport",
}
"""Resources that R4 does not have, by the version they are of. The lists tell what is common, and need not be whole."""
TELLING = {
    ("Encounter", "actualPeriod"): "R5", ("Encounter", "admission"): "R5",
    ("Encounter", "subjectStatus"): "R5", ("Condition", "participant"): "R5", ("MedicationRequest", "medication"): "R5",
    ("Observation", "related"): "STU3", ("Observation", "comment"): "STU3", ("Patient", "animal"): "STU3",
    ("Immunization", "notGiven"): "STU3", ("Subscription", "topic"): "R5", ("AllergyIntolerance", "participant"): "R5",
}  # fmt: skip
"""Elements that R4 does not have, by the version they are of."""


class _Error(Protocol):
    @property
    def message(self) -> str: ...
    @property
    def instance_path(self) -> list[str | int]: ...
    @property
    def kind(self) -> Any: ...


class _Validator(Protocol):
    def iter_errors(self, instance: Any) -> Iterator[_Error]: ...


def check_resource(resource: Json) -> None:
    """Raises `Rejected` for what is no resource of FHIR R4, resources within included. It tells the place and never the value."""
    faults: list[str] = []
    for where, each in _within(resource, ""):
        for fault in _faults(each):
            faults.append(f"{where}{fault}")
            if len(faults) == SHOWN:
                break
    if faults:
        raise Rejected(f"This is not valid FHIR R4: {'; '.join(faults[:SHOWN])}")


def is_type(name: str) -> bool:
    """Whether R4 has a resource of this name."""
    return name in _rules()["types"]


def check_type(name: str) -> None:
    """Raises `Rejected` for a resource type that R4 does not have."""
    if not is_type(name):
        raise Rejected(_no_type(name))


def _within(resource: Json, where: str) -> Iterator[tuple[str, Json]]:
    """A resource, and those it holds: contained, of a bundle's entries, of parameters."""
    yield where, resource
    if not isinstance(resource, dict):
        return
    held = cast(dict[str, Json], resource)
    name = held.get("resourceType")
    for place, inner in _places(held):
        yield from _within(inner, f"{where}{name}.{place}: ")


def _places(held: dict[str, Json]) -> Iterator[tuple[str, Json]]:
    for number, inner in enumerate(_list(held.get("contained"))):
        yield f"contained[{number}]", inner
    for name in ("entry", "parameter"):
        for number, row in enumerate(_list(held.get(name))):
            inner = cast(dict[str, Json], row).get("resource") if isinstance(row, dict) else None
            if isinstance(inner, dict):
                yield f"{name}[{number}].resource", inner


def _list(value: Json) -> list[Json]:
    return cast(list[Json], value) if isinstance(value, list) else []


def _faults(resource: Json) -> Iterator[str]:
    if not isinstance(resource, dict):
        yield "a resource is an object"
        return
    fields = cast(dict[str, Json], resource)
    name = fields.get("resourceType")
    if not isinstance(name, str) or not name:
        yield "the resource has no resourceType"
    elif not is_type(name):
        yield _no_type(name)
    elif other := next((each for field in fields if (each := TELLING.get((name, field)))), ""):
        yield f"this {name} is one of FHIR {other}, and this adapter speaks R4 (4.0.1)"
    else:
        yield from (_told(name, error) for error in _validator(name).iter_errors(fields))


def _no_type(name: str) -> str:
    version = next((version for version, names in ELSEWHERE.items() if name in names.split()), "")
    if version:
        return f"{name} is a resource of FHIR {version}, and this adapter speaks R4 (4.0.1)"
    return f"FHIR R4 has no resource of the type {name[:40]!a}"


def _told(name: str, error: _Error) -> str:
    """Where it is wrong and why. Unknown and missing elements are named, a wrong value is not repeated."""
    at = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.instance_path)
    kind = error.kind
    match str(kind.name):
        case "additionalProperties":
            why = f"has no element {', '.join(map(str, kind.unexpected[:SHOWN]))}"
        case "required":
            why = f"needs the element {kind.property}"
        case "anyOf":
            why = f"needs the element {kind.context[0][0].kind.property}"
        case "enum":
            why = "is none of the codes that are allowed"
        case "type":
            why = f"must be {'a list' if 'array' in str(kind.types) else 'of another type'}"
        case "pattern":
            why = "is not written as FHIR wants it"
        case other:
            why = f"breaks the rule {other!r}"
    return f"{name}{at} {why}"


@lru_cache(KEPT)
def _validator(name: str) -> _Validator:
    """The rules of one type and of all that it is made of. Resources within it are left to a check of their own."""
    rules = _rules()["definitions"]
    needed: dict[str, Json] = {ANY: {"type": "object"}}
    waiting = [name]
    while waiting:
        if (each := waiting.pop()) not in needed:
            needed[each] = rules[each]
            waiting += _references(rules[each])
    return cast(_Validator, compile_schema({"$ref": REF + name, "definitions": needed}))


def _references(node: Json) -> list[str]:
    if isinstance(node, list):
        return [name for each in cast(list[Json], node) for name in _references(each)]
    if not isinstance(node, dict):
        return []
    fields = cast(dict[str, Json], node)
    own = [str(fields["$ref"]).removeprefix(REF)] if isinstance(fields.get("$ref"), str) else []
    return own + [name for each in fields.values() for name in _references(each)]


@lru_cache(1)
def _rules() -> dict[str, Json]:
    packed = files("powerstrip_fhir").joinpath("r4.json.gz").read_bytes()
    return json.loads(gzip.decompress(packed))
