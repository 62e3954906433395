"""What people give and get."""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from powerstrip.adapter import Content, Model, NoPick, Pick
from powerstrip_fhir.bundles import Found

ResourceType = Annotated[
    str, Pick("resource_type"), Field(pattern=r"^[A-Z][A-Za-z]{1,63}$", description="Such as `Patient`.", examples=["Patient"])
]
Id = Annotated[
    str,
    Pick("resource"),
    Field(pattern=r"^[A-Za-z0-9.-]{1,64}$", description="The resource's id at the server.", examples=["sample"]),
]
PatientId = Annotated[
    str, Pick("patient"), Field(pattern=r"^[A-Za-z0-9.-]{1,64}$", description="The patient's id.", examples=["sample"])
]
PractitionerId = Annotated[
    str, Pick("practitioner"), Field(pattern=r"^[A-Za-z0-9.-]{1,64}$", description="The practitioner's id.")
]
Version = Annotated[
    str,
    NoPick("one comes with each answer, and resource.history lists them"),
    Field(pattern=r"^[A-Za-z0-9.-]{1,64}$", examples=["1"]),
]
Time = Annotated[str, Field(pattern=r"^[0-9]{4}(-[0-9]{2}(-[0-9]{2}(T[0-9:.]{5,20}(Z|[+-][0-9]{2}:[0-9]{2}))?)?)?$")]
Resource = Annotated[
    dict[str, Any],
    Field(
        description="The resource in FHIR's own spelling, with its `resourceType`.",
        examples=[{"resourceType": "Patient", "name": [{"family": "Sample"}]}],
    ),
]
Cursor = Annotated[str | None, Field(max_length=8000, description="`next` of the page before.")]
Count = Annotated[int, Field(ge=1, le=1000, description="Resources a page, as far as the server goes along.")]
Criteria = Annotated[str, Field(min_length=3, max_length=2000, pattern=r"^[^\s?#]+=[^\s#]*$")]


class Read(Model):
    """Which resource, and which version of it."""

    resource_type: ResourceType
    id: Id
    version_id: Version | None = Field(default=None, description="An earlier version; the present one when left out.")


class SearchFor(Model):
    """What to look for: the server's search parameters, and what to bring along."""

    resource_type: ResourceType
    parameters: dict[str, str | list[str]] = Field(
        default={},
        max_length=50,
        description="The server's search parameters: `birthdate` with `ge2000-01-01`. Several values must all hold; "
        "alternatives are parted by commas.",
        examples=[{"family": "Sample"}],
    )
    patient: PatientId | None = Field(default=None, description="Only what is about this patient.")
    practitioner: PractitionerId | None = Field(default=None, description="Only what this practitioner takes part in.")
    code_in: Annotated[str, Pick("value_set")] | None = Field(
        default=None, description="Only codes of this value set, by its URL."
    )
    include: list[str] = Field(default=[], max_length=20, description="Bring what is referred to: `Encounter:subject`.")
    revinclude: list[str] = Field(default=[], max_length=20, description="Bring what refers to it: `Observation:patient`.")
    sort: str | None = Field(default=None, max_length=200, description="Such as `-_lastUpdated`.")
    count: Count = 50
    cursor: Cursor = None
    as_file: bool = Field(default=False, description="Keep the answer as a file, whatever its size, instead of reading it.")


class Page(Model):
    """One page of resources."""

    resources: list[Found]
    included: list[Found] = Field(default_factory=list[Found])
    total: int | None = Field(default=None, description="How many there are in all, where the server counts.")
    warnings: list[str] = Field(default=[], description="What the server said beside, such as parameters that it does not know.")
    next: str | None = Field(default=None, description="Cursor of the next page.")
    file: Content | None = Field(default=None, description="The whole answer, where it was asked for as a file.", examples=[None])


class Create(Model):
    """A new resource."""

    resource: Resource
    if_none_exist: Criteria | None = Field(
        default=None,
        examples=["identifier=urn:mrn|1042"],
        description="Create only where this search finds none: `identifier=urn:mrn|1042`. One that is found is given instead.",
    )


class Saved(Found):
    """A resource as the server has it now."""

    created: bool = Field(description="True where it did not exist before.")


class Update(Model):
    """A resource in place of another version of itself. Name it by its own `id`, or by a search that finds one."""

    resource: Annotated[
        dict[str, Any],
        Field(
            description="The whole resource in FHIR's own spelling.",
            examples=[{"resourceType": "Patient", "id": "sample", "name": [{"family": "Sample"}]}],
        ),
    ]
    if_match: Version | None = Field(default=None, description="Only if this is still its version: else the server says 412.")
    where: Criteria | None = Field(
        default=None,
        examples=[None],
        description="In place of an id, a search that finds at most one: `identifier=urn:mrn|1042`.",
    )

    @model_validator(mode="after")
    def _one_way(self) -> "Update":
        if (self.where is None) == ("id" not in self.resource):
            raise ValueError("name the resource by its `id`, or by `where`")
        return self


class Change(Model):
    """One operation of JSON Patch (RFC 6902)."""

    op: Literal["add", "remove", "replace", "move", "copy", "test"] = Field(
        description="What to do at the path.", examples=["replace"]
    )
    path: str = Field(
        max_length=500, pattern=r"^(/.*)?$", description="Where, as a JSON Pointer (RFC 6901).", examples=["/gender"]
    )
    value: Any = Field(default=None, description="For add, replace and test.", examples=["female"])
    source: str | None = Field(
        default=None, alias="from", max_length=500, description="For move and copy: the other place.", examples=[None]
    )


class Patch(Model):
    """Changes of a resource."""

    resource_type: ResourceType
    id: Id
    changes: list[Change] = Field(min_length=1, max_length=200)
    if_match: Version | None = Field(default=None, description="Only if this is still its version: else the server says 412.")


class Delete(Model):
    """Which resource to delete."""

    resource_type: ResourceType
    id: Id


class Deleted(Model):
    """What was deleted."""

    reference: str = Field(examples=["Patient/sample"])


class HistoryOf(Model):
    """Whose versions: of one resource, or of all of a type."""

    resource_type: ResourceType
    id: Id | None = Field(default=None, description="All resources of the type when left out.")
    since: Time | None = Field(default=None, description="Only versions since then.", examples=["2026-01-01T00:00:00Z"])
    count: Count = 50
    cursor: Cursor = None


class Edition(Model):
    """One version: how it came about, and the resource, unless it was deleted."""

    method: str = Field(examples=["PUT"])
    deleted: bool
    reference: str | None = Field(default=None, examples=["Patient/sample"])
    version: Found | None = None


class History(Model):
    """Versions, the latest first."""

    versions: list[Edition]
    total: int | None = None
    next: str | None = Field(default=None, description="Cursor of the next page.")


class Step(Model):
    """One request of a transaction."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = Field(description="The HTTP method.", examples=["POST"])
    url: str = Field(
        max_length=2000,
        pattern=r"^[A-Z][A-Za-z]+([/?][^\s\\#]*)?$",
        description="Below the base URL: `Patient`, `Patient/1042`, `Patient?identifier=1042`.",
        examples=["Patient"],
    )
    resource: dict[str, Any] | None = Field(
        description="What to create or to put.",
        default=None,
        examples=[{"resourceType": "Patient", "name": [{"family": "Sample"}]}],
    )
    full_url: str | None = Field(
        default=None,
        max_length=500,
        description="A name others refer to it by: `urn:uuid:…`.",
        pattern=r"^urn:uuid:[0-9a-f-]{36}$",
        examples=[None],
    )
    if_match: Version | None = Field(description="Only if this is still its version.", default=None, examples=[None])
    if_none_exist: Criteria | None = Field(description="Create only where this search finds none.", default=None, examples=[None])


class Transaction(Model):
    """Requests that the server does together: all or none, or each by itself as a batch."""

    type: Literal["transaction", "batch"] = Field(default="transaction", description="All or none, or each by itself.")
    entries: list[Step] = Field(min_length=1, max_length=500)


class StepDone(Model):
    """What became of one request."""

    status: int = Field(examples=[201])
    reference: str | None = Field(default=None, examples=["Patient/sample"])
    version_id: str | None = Field(default=None, examples=["1"])
    error: str | None = Field(default=None, description="Why it failed, in the server's words.", examples=[None])
    resource: dict[str, Any] | None = Field(default=None, examples=[None])


class Done(Model):
    """What became of a transaction, in the order of its requests."""

    entries: list[StepDone]
    failed: int = Field(description="How many of a batch failed; always 0 for a transaction, which fails as one.", examples=[0])


class Everything(Model):
    """Whose record, and how much of it."""

    patient: PatientId
    start: Time | None = Field(default=None, description="Care since this date.", examples=["2026-01-01"])
    end: Time | None = Field(default=None, description="Care until this date.", examples=["2026-12-31"])
    types: list[Annotated[str, Pick("resource_type"), Field(pattern=r"^[A-Z][A-Za-z]{1,63}$")]] = Field(
        default=[], max_length=50, description="Only these types."
    )
    count: Count = 100
    cursor: Cursor = None
    as_file: bool = Field(default=False, description="Keep the answer as a file, whatever its size, instead of reading it.")


class Ask(Model):
    """What of the CapabilityStatement."""

    resource_type: ResourceType | None = Field(default=None, description="Only this type; all when left out.")


class Abilities(Model):
    """What the server does with one type."""

    resource_type: str = Field(examples=["Patient"])
    interactions: list[str] = Field(examples=[["read", "search-type", "create"]])
    search_parameters: list[str] = Field(examples=[["family", "birthdate"]])
    includes: list[str] = Field(default_factory=list[str])
    reverse_includes: list[str] = Field(default_factory=list[str])
    conditional_create: bool = False
    operations: list[str] = Field(default_factory=list[str])


class Readiness(Model):
    """Whether an action can be done at this server, as it declares itself."""

    action: str = Field(examples=["resource.read"])
    ready: bool
    resource_types: list[str] = Field(default=[], description="The types it can be done with; empty where types do not matter.")
    reason: str | None = Field(default=None, examples=[None])


class Capability(Model):
    """What the server says that it can do."""

    fhir_version: str = Field(examples=["4.0.1"])
    software: str | None = None
    resources: list[Abilities]
    operations: list[str] = Field(default_factory=list[str])
    actions: list[Readiness]
