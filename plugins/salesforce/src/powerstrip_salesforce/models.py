"""What goes to Salesforce and what comes back. A record's fields have Salesforce's own names: `LastName`, `Amount`, `Tier__c`."""

from typing import Annotated, Any

from pydantic import ConfigDict, Field, model_validator

from powerstrip.adapter import Model, NoPick, Pick

NAME = r"^[A-Za-z][A-Za-z0-9_]{0,79}$"
ID = r"^[A-Za-z0-9]{15}([A-Za-z0-9]{3})?$"
"""In 15 characters, or 18 where case does not matter."""
ObjectName = Annotated[str, Pick("object"), Field(pattern=NAME, description="The object, by its API name.", examples=["Contact"])]
RecordId = Annotated[str, Pick("record"), Field(pattern=ID, examples=["003000000000001AAA"])]
PATH = r"^[A-Za-z][A-Za-z0-9_]{0,79}(\.[A-Za-z][A-Za-z0-9_]{0,79}){0,5}$"
"""A field, or one of a record that it refers to: `Account.Name`."""
FieldName = Annotated[str, Pick("field"), Field(pattern=PATH, examples=["Email"])]
ExternalField = Annotated[str, Pick("external_id"), Field(pattern=NAME, examples=["Customer_Number__c"])]
Owner = Annotated[str, Pick("user"), Field(pattern=ID, examples=["005000000000001AAA"])]
Fields = Annotated[
    dict[str, Any],
    Field(max_length=800, description="Fields and their values, by API name.", examples=[{"LastName": "King"}]),
]


class NewRecord(Model):
    object: ObjectName
    fields: Fields
    owner: Owner | None = None
    """The user it is to belong to, by id; left out, whose credential it is."""


class Created(Model):
    id: str = Field(examples=["003000000000001AAA"])


class RecordRef(Model):
    object: ObjectName
    id: RecordId
    """Which record, by id."""


class RecordChange(RecordRef):
    fields: Fields
    owner: Owner | None = None
    """The user it is to belong to from now on, by id."""


class RecordUpsert(Model):
    object: ObjectName
    field: ExternalField
    """The external id's field: it tells whether there is such a record."""
    value: str = Field(min_length=1, max_length=255, examples=["C-1001"])
    """The external id."""
    fields: Fields


class Upserted(Model):
    id: str = Field(examples=["003000000000001AAA"])
    created: bool = False


class Done(Model):
    id: str = Field(examples=["003000000000001AAA"])


class WhichRecord(Model):
    model_config = ConfigDict(json_schema_extra={"examples": [{"object": "Contact", "id": "003000000000001AAA"}]})

    object: ObjectName
    id: RecordId | None = None
    """Which record, by id; or else by external id, in `field` and `value`."""
    field: ExternalField | None = None
    """The external id's field."""
    value: str | None = Field(None, min_length=1, max_length=255, examples=["C-1001"])
    """The external id."""
    show: list[FieldName] = Field(default_factory=list[str], max_length=200)
    """Fields to give; all where none is named. Only by id."""

    @model_validator(mode="after")
    def _names_one(self) -> "WhichRecord":
        if not self.id and not (self.field and self.value):
            raise ValueError("name the record: `id`, or `field` and `value` of an external id")
        return self


class Record(Model):
    id: str = Field(examples=["003000000000001AAA"])
    object: str = Field(examples=["Contact"])
    fields: dict[str, Any] = Field(examples=[{"LastName": "King"}])


class Many(Model):
    records: list[NewRecord] = Field(min_length=1, max_length=200)
    """Up to two hundred, of any objects."""
    all_or_none: bool = False
    """Whether one refusal undoes the whole."""


class ManyResult(Model):
    id: str | None = Field(None, examples=["003000000000001AAA"])
    error: str | None = None


class ManyDone(Model):
    results: list[ManyResult]
    """In the order of the records."""
    failed: int = 0


class Query(Model):
    query: str = Field(min_length=1, max_length=100_000, pattern=r"(?is)^\s*select\b", examples=["SELECT Id, Name FROM Account"])
    """In SOQL."""
    deleted: bool = False
    """Whether to find what lies in the recycle bin, too."""
    limit: int = Field(200, ge=200, le=2000)
    """How many at most in one page; Salesforce gives no fewer than 200, unless the query itself has a LIMIT."""
    cursor: str | None = Field(None, pattern=r"^[A-Za-z0-9-]{1,64}$")
    """`next` of the page before: Salesforce keeps it for two days."""


class Rows(Model):
    records: list[Record]
    total: int = 0
    next: str | None = None


class Search(Model):
    query: str = Field(min_length=2, max_length=10_000, examples=["Acme"])
    """Words to look for, or a whole search in SOSL, which begins with FIND."""
    object: ObjectName | None = None
    """The one object to look in; left out, Salesforce looks in the usual ones. Not with SOSL."""
    show: list[FieldName] = Field(default_factory=list[str], max_length=50)
    """Fields to give beside the id, where an object is named."""
    limit: int = Field(50, ge=1, le=2000)
    """How many at most. SOSL has a LIMIT of its own."""
    cursor: str | None = Field(None, pattern=r"^[0-9]{1,4}$")
    """`next` of the page before, where an object is named."""


class Described(Model):
    object: ObjectName


class FieldInfo(Model):
    name: str = Field(examples=["LastName"])
    label: str = ""
    type: str = Field("", examples=["string"])
    required: bool = False
    """Whether a new record must have it."""
    writable: bool = False
    external_id: bool = False
    length: int | None = None
    values: list[str] = Field(default_factory=list[str])
    """What may be chosen, of a picklist."""
    refers_to: list[str] = Field(default_factory=list[str])
    """The objects that it may refer to."""


class ObjectInfo(Model):
    name: str = Field(examples=["Contact"])
    label: str = ""
    creatable: bool = True
    updatable: bool = True
    deletable: bool = True
    fields: list[FieldInfo]


class ViewRef(Model):
    object: ObjectName
    view: Annotated[str, Pick("list_view")] = Field(pattern=ID, examples=["00B000000000001AAA"])
    """The list view, by id."""
    limit: int = Field(50, ge=1, le=2000)
    """How many at most."""
    cursor: str | None = Field(None, pattern=r"^[0-9]{1,4}$")
    """`next` of the page before."""


class Nothing(Model):
    """Nothing to fill in."""


class Limit(Model):
    name: Annotated[str, NoPick("an answer")] = Field(examples=["DailyApiRequests"])
    max: int = Field(examples=[15000])
    remaining: int = Field(examples=[14998])


class Limits(Model):
    limits: list[Limit]
