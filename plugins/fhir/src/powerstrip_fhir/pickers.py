"""Values to choose from."""

from typing import Any

from powerstrip.adapter import Choice, Http, Page, Query, segment
from powerstrip_fhir.bundles import Raw, fetch
from powerstrip_fhir.capability import statement
from powerstrip_fhir.provider import fhir
from powerstrip_fhir.r4 import check_type

COUNT = 50


@fhir.picker("resource_type")
async def resource_types(http: Http, query: Query) -> Page:
    """The types that the server says it keeps."""
    found = await statement(http)
    return Page(
        [Choice(each.type, each.type, ", ".join(code.code for code in each.interaction)) for each in found.server.resource]
    )


@fhir.picker("patient", searches=True)
async def patients(http: Http, query: Query) -> Page:
    """Patients, found by name."""
    return await _people(http, "Patient", query)


@fhir.picker("practitioner", searches=True)
async def practitioners(http: Http, query: Query) -> Page:
    """Practitioners, found by name."""
    return await _people(http, "Practitioner", query)


@fhir.picker("value_set", searches=True)
async def value_sets(http: Http, query: Query) -> Page:
    """Value sets that the server knows, found by title; each is named by its URL."""
    rows, after = await _rows(http, "ValueSet", query, "title")
    known = [each for row in rows if (each := row.plain()).get("url")]
    return Page([Choice(str(each["url"]), label_of(each)) for each in known], after)


@fhir.picker("resource", depends=("resource_type",))
async def resources(http: Http, query: Query) -> Page:
    """Resources of the type that was chosen, the latest changed first."""
    kind = str(query.values.get("resource_type") or "Patient")
    check_type(kind)
    rows, after = await _rows(http, kind, query, "")
    return Page([Choice(row.id, label_of(row.plain()), row.resource_type) for row in rows if row.id], after)


async def _people(http: Http, kind: str, query: Query) -> Page:
    rows, after = await _rows(http, kind, query, "name")
    return Page([_person(row) for row in rows if row.id], after)


async def _rows(http: Http, kind: str, query: Query, by: str) -> tuple[list[Raw], str | None]:
    wanted = (by, query.search or None) if by else ("_sort", "-_lastUpdated")
    params: list[tuple[str, Any]] = [("_count", COUNT), wanted]
    bundle, after = await fetch(http, f"/{segment(kind)}", params, query.cursor)
    return list(bundle.found("match")), after


def _person(row: Raw) -> Choice:
    person = row.plain()
    return Choice(str(row.id), label_of(person), " ".join(filter(None, (str(person.get("birthDate", "")), _identifier(person)))))


def label_of(resource: dict[str, Any]) -> str:
    """What a person would call a resource: its name, title or code, else its id."""
    match resource:
        case {"name": [{"text": str(text)}, *_]} if text:
            return text
        case {"name": [{"family": str(family), "given": [str(given), *_]}, *_]}:
            return f"{family}, {given}"
        case {"name": [{"family": str(text)}, *_]}:
            return text
        case {"title": str(text)} | {"name": str(text)} | {"code": {"text": str(text)}} | {"description": str(text)}:
            return text
        case {"code": {"coding": [{"display": str(text)}, *_]}}:
            return text
        case _:
            return str(resource.get("id", ""))


def _identifier(person: dict[str, Any]) -> str:
    match person:
        case {"identifier": [{"value": str(value)}, *_]}:
            return value
        case _:
            return ""
