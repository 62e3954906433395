"""What can be done at a FHIR server.

Sources: hl7.org/fhir/R4/http.html for paths, headers and meanings, hl7.org/fhir/R4/patient-operation-everything.html.
What is sent is checked against R4 first; what comes back is taken as it is.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from powerstrip.adapter import Content, Http, Model, Response, Unavailable, segment
from powerstrip.adapter.http import read
from powerstrip.adapter.model import by_wire
from powerstrip_fhir.bundles import Answered, Bundle, Entry, Found, Raw, fetch, found
from powerstrip_fhir.models import (
    Create,
    Delete,
    Deleted,
    Done,
    Edition,
    Everything,
    History,
    HistoryOf,
    Page,
    Patch,
    Read,
    Saved,
    SearchFor,
    StepDone,
    Transaction,
    Update,
)
from powerstrip_fhir.provider import ACCEPT, JSON, fhir, words_of
from powerstrip_fhir.r4 import check_resource, check_type

BODY = {**ACCEPT, "Content-Type": JSON, "Prefer": "return=representation"}


@fhir.action("resource.read", read_only=True)
async def read_resource(http: Http, which: Read) -> Found:
    """Read one resource, or an earlier version of it."""
    path = _path(which.resource_type, which.id) + (f"/_history/{segment(which.version_id)}" if which.version_id else "")
    return found(await http.get(path, headers=ACCEPT, returns=Raw))


@fhir.action("resource.search", read_only=True)
async def search(http: Http, search: SearchFor) -> Page:
    """Find resources of a type by the server's search parameters, with what they refer to if wanted."""
    path = _path(search.resource_type)
    params = list(_parameters(search))
    return await _file(http, path, params) if search.as_file else await _page(http, path, params, search.cursor)


@fhir.action("resource.create")
async def create(http: Http, new: Create) -> Saved:
    """Create a resource; with `if_none_exist` only where a search finds none like it."""
    check_resource(new.resource)
    headers = BODY | ({"If-None-Exist": new.if_none_exist} if new.if_none_exist else {})
    path = _path(str(new.resource["resourceType"]))
    return _saved(await http.send("POST", path, json=new.resource, headers=headers, returns=Raw), new.resource)


@fhir.action("resource.update", idempotent=True)
async def update(http: Http, update: Update) -> Saved:
    """Put a resource in place of its present version, or create it with this id where the server allows that."""
    check_resource(update.resource)
    kind = str(update.resource["resourceType"])
    path = _path(kind) if update.where else _path(kind, str(update.resource["id"]))
    params = _criteria(update.where) if update.where else None
    headers = BODY | _if_match(update.if_match)
    answer = await http.send("PUT", path, json=update.resource, params=params, headers=headers, returns=Raw)
    return _saved(answer, update.resource)


@fhir.action("resource.patch")
async def patch(http: Http, patch: Patch) -> Saved:
    """Change parts of a resource by JSON Patch (RFC 6902)."""
    check_type(patch.resource_type)
    headers = BODY | {"Content-Type": "application/json-patch+json"} | _if_match(patch.if_match)
    changes = [by_wire(each) for each in patch.changes]
    path = _path(patch.resource_type, patch.id)
    answer = await http.send("PATCH", path, json=changes, headers=headers, returns=Raw)
    return _saved(answer, {"resourceType": patch.resource_type, "id": patch.id})


@fhir.action("resource.delete", idempotent=True, destructive=True)
async def delete(http: Http, which: Delete) -> Deleted:
    """Delete a resource. Whether its earlier versions can still be read is the server's to decide."""
    await http.send("DELETE", _path(which.resource_type, which.id), headers=ACCEPT, returns=Model)
    return Deleted(reference=f"{which.resource_type}/{which.id}")


@fhir.action("resource.history", read_only=True)
async def history(http: Http, of: HistoryOf) -> History:
    """List versions of a resource, or of all resources of a type, the latest first."""
    path = (_path(of.resource_type, of.id) if of.id else _path(of.resource_type)) + "/_history"
    bundle, after = await fetch(http, path, [("_count", of.count), ("_since", of.since)], of.cursor)
    return History(versions=[_edition(entry) for entry in bundle.entry], total=bundle.total, next=after)


@fhir.action("bundle.transaction", title="Run a transaction", destructive=True)
async def transaction(http: Http, given: Transaction) -> Done:
    """Do several requests at once: all of them or none, or as a batch each by itself."""
    bundle = {"resourceType": "Bundle", "type": given.type, "entry": [_step(each) for each in given.entries]}
    check_resource(bundle)
    answer = await http.post("/", json=bundle, headers=BODY, returns=Bundle)
    done = [_done(entry) for entry in answer.entry]
    return Done(entries=done, failed=sum(each.status >= 400 for each in done))


@fhir.action("patient.everything", title="Get everything of a patient", read_only=True)
async def everything(http: Http, of: Everything) -> Page:
    """Read the whole record of a patient, page by page or as one file."""
    path = _path("Patient", of.patient) + "/$everything"
    params = [("start", of.start), ("end", of.end), ("_type", ",".join(of.types) or None), ("_count", of.count)]
    return await _file(http, path, params) if of.as_file else await _page(http, path, params, of.cursor)


def _path(kind: str, id: str | None = None) -> str:
    check_type(kind)
    return f"/{segment(kind)}" if id is None else f"/{segment(kind)}/{segment(id)}"


def _parameters(search: SearchFor) -> Iterator[tuple[str, Any]]:
    for name, value in search.parameters.items():
        yield from ((name, each) for each in ([value] if isinstance(value, str) else value))
    if search.patient:
        yield ("_id" if search.resource_type == "Patient" else "patient"), search.patient
    if search.practitioner:
        yield ("_id" if search.resource_type == "Practitioner" else "practitioner"), search.practitioner
    if search.code_in:
        yield "code:in", search.code_in
    yield from (("_include", each) for each in search.include)
    yield from (("_revinclude", each) for each in search.revinclude)
    yield from (("_sort", search.sort), ("_count", search.count))


async def _page(http: Http, path: str, params: list[tuple[str, Any]], cursor: str | None) -> Page:
    bundle, after = await fetch(http, path, params, cursor)
    return Page(
        resources=[found(each) for each in bundle.found("match")],
        included=[found(each) for each in bundle.found("include")],
        total=bundle.total,
        warnings=[words_of(each.plain()) for each in bundle.found("outcome")],
        next=after,
    )


async def _file(http: Http, path: str, params: list[tuple[str, Any]]) -> Page:
    """The answer as a file, streamed. Only its beginning is looked at: an outcome in place of a bundle is a failure."""
    answer = await http.download(path, params=params, headers=ACCEPT)
    content = answer.content or Content(answer.body)
    beginning = b""
    async for piece in content.chunks():
        beginning = piece[:400].lstrip()
        break
    if not beginning.startswith(b"{") or b'"OperationOutcome"' in beginning:
        raise Unavailable("The server answered with something that is no bundle")
    return Page(resources=[], file=Content(content.data, path=content.path, media_type=JSON))


def _criteria(query: str) -> list[tuple[str, str]]:
    return [(name, value) for name, _, value in (each.partition("=") for each in query.split("&"))]


def _if_match(version: str | None) -> dict[str, str]:
    return {"If-Match": f'W/"{version}"'} if version else {}


def _saved(answer: Response, sent: Mapping[str, Any]) -> Saved:
    """What the server says that it has, or where it says nothing what was sent, with the id and version of the headers."""
    created = answer.status == 201
    if answer.body.strip():
        return Saved(created=created, **found(read(answer, Raw)).model_dump())
    place = _located(answer.headers.get("location", ""))
    name = {"id": place.id} if place.id else {}
    known = found(Raw.model_validate(dict(sent) | {"meta": {"versionId": place.version}} | name))
    return Saved(created=created, **known.model_dump())


@dataclass(frozen=True)
class _Place:
    kind: str = ""
    id: str | None = None
    version: str | None = None

    @property
    def reference(self) -> str | None:
        return f"{self.kind}/{self.id}" if self.kind and self.id else None


_PLACE = re.compile(r"(?:.*/)?([A-Z][A-Za-z]+)/([A-Za-z0-9.-]{1,64})(?:/_history/([A-Za-z0-9.-]{1,64}))?/?")


def _located(location: str) -> _Place:
    """Type, id and version in `[base]/Patient/1/_history/2`, as far as they stand there."""
    match = _PLACE.fullmatch(location)
    return _Place(match[1], match[2], match[3]) if match else _Place()


def _edition(entry: Entry) -> Edition:
    method = entry.request.method if entry.request else ("PUT" if entry.resource else "DELETE")
    version = found(entry.resource) if entry.resource and method != "DELETE" else None
    asked = _located(entry.request.url if entry.request else "")
    reference = version.reference if version else asked.reference
    return Edition(method=method, deleted=method == "DELETE", reference=reference, version=version)


def _step(step: Any) -> dict[str, Any]:
    request = {"method": step.method, "url": step.url}
    if step.if_match:
        request["ifMatch"] = f'W/"{step.if_match}"'
    if step.if_none_exist:
        request["ifNoneExist"] = step.if_none_exist
    entry: dict[str, Any] = {"request": request}
    if step.full_url:
        entry["fullUrl"] = step.full_url
    if step.resource is not None:
        entry["resource"] = step.resource
    return entry


def _done(entry: Entry) -> StepDone:
    answer = entry.response or Answered(status="0")
    status = int(answer.status[:3]) if answer.status[:3].isdigit() else 0
    place, about = _located(answer.location or ""), found(entry.resource) if entry.resource else None
    return StepDone(
        status=status,
        reference=about.reference if about else place.reference,
        version_id=about.version_id if about else place.version,
        error=words_of(answer.outcome) if status >= 400 and answer.outcome else None,
        resource=about.resource if about else None,
    )
