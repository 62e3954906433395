"""What is read in Salesforce. Source: REST API Developer Guide, "Query", "Search", "sObject Describe" and "List View Results"."""

import re
from typing import Any, cast

from pydantic import Field, RootModel, field_validator

from powerstrip.adapter import Http, Model, Rejected, segment
from powerstrip_salesforce.actions import path_of
from powerstrip_salesforce.models import (
    Described,
    FieldInfo,
    Limit,
    Limits,
    Nothing,
    ObjectInfo,
    Query,
    Record,
    Rows,
    Search,
    ViewRef,
    WhichRecord,
)
from powerstrip_salesforce.provider import data, salesforce

MAX_OFFSET = 2000
"""Salesforce's own end of paging by offset."""


class Row(RootModel[dict[str, Any]]):
    """A record as Salesforce writes it: its fields, and what it is in `attributes`."""

    root: dict[str, Any] = Field(examples=[{"attributes": {"type": "Contact"}, "Id": "003000000000001AAA", "LastName": "King"}])

    @field_validator("root")
    @classmethod
    def _is_record(cls, row: dict[str, Any]) -> dict[str, Any]:
        if not isinstance(row.get("attributes"), dict):
            raise ValueError("a record says what it is in `attributes`")
        return row

    def record(self) -> Record:
        """With its id and object beside its fields. A row of sums has no id."""
        kind = str(self.root["attributes"].get("type", ""))
        return Record(id=str(self.root.get("Id") or ""), object=kind, fields=plain(self.root))


class Page(Model):
    """One page of a query."""

    records: list[Row]
    totalSize: int = 0  # noqa: N815 - Salesforce's own spelling
    done: bool = True
    nextRecordsUrl: str | None = None  # noqa: N815 - Salesforce's own spelling

    @property
    def next(self) -> str | None:
        """What names the next page: the end of its address, which is never followed as it is."""
        return (self.nextRecordsUrl or "").rpartition("/")[2] or None if not self.done else None


def plain(row: dict[str, Any]) -> dict[str, Any]:
    """A record's fields, without what Salesforce says of records themselves; those that it refers to likewise."""
    return {name: _value(value) for name, value in row.items() if name != "attributes"}


def _value(value: Any) -> Any:
    match value:
        case {"attributes": _}:
            return plain(cast(dict[str, Any], value))
        case {"records": [*rows], "done": _}:
            return [_value(each) for each in rows]
        case _:
            return value


async def soql(http: Http, query: str, *, deleted: bool = False) -> Page:
    """The first page of a query."""
    return await http.get(data(http, "/queryAll" if deleted else "/query"), params={"q": query}, returns=Page)


def quoted(text: str) -> str:
    """A text as SOQL writes it."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\r", "\\r")
    return f"'{escaped}'"


@salesforce.action("record.get", read_only=True)
async def get(http: Http, which: WhichRecord) -> Record:
    """Read a record, by id or by external id."""
    if which.id:
        params = {"fields": ",".join(which.show) or None}
        return (await http.get(path_of(http, which.object, which.id), params=params, returns=Row)).record()
    path = path_of(http, which.object, str(which.field), str(which.value))
    return (await http.get(path, returns=Row)).record()


@salesforce.action("query", title="Query by SOQL", read_only=True)
async def query(http: Http, wanted: Query) -> Rows:
    """Run a query in SOQL."""
    path = "/queryAll" if wanted.deleted else "/query"
    headers = {"Sforce-Query-Options": f"batchSize={wanted.limit}"}
    if wanted.cursor:
        page = await http.get(data(http, f"/query/{segment(wanted.cursor)}"), headers=headers, returns=Page)
    else:
        page = await http.get(data(http, path), params={"q": wanted.query}, headers=headers, returns=Page)
    return Rows(records=[each.record() for each in page.records], total=page.totalSize, next=page.next)


class _Found(Model):
    searchRecords: list[Row]  # noqa: N815 - Salesforce's own spelling


@salesforce.action("search", title="Search by words or SOSL", read_only=True)
async def search(http: Http, wanted: Search) -> Rows:
    """Find records by words, in one object or in the usual ones, or by a search in SOSL."""
    if re.match(r"\s*find\b\s*\{", wanted.query, re.IGNORECASE):
        if wanted.object or wanted.cursor:
            raise Rejected("A search in SOSL names its objects and its pages itself: leave out `object` and `cursor`")
        found = await http.get(data(http, "/search"), params={"q": wanted.query}, returns=_Found)
        return _rows(found)
    if wanted.show and not wanted.object:
        raise Rejected("Name the object whose fields are to be shown")
    offset = int(wanted.cursor or 0)
    body: dict[str, Any] = {"q": wanted.query, "overallLimit": wanted.limit}
    if wanted.object:
        fields = list(dict.fromkeys(["Id", *wanted.show]))
        body |= {"sobjects": [{"name": wanted.object, "fields": fields, "limit": wanted.limit}], "offset": offset}
    found = await http.post(data(http, "/parameterizedSearch"), json=body, returns=_Found)
    more = bool(wanted.object) and len(found.searchRecords) == wanted.limit and offset + wanted.limit <= MAX_OFFSET
    return _rows(found, str(offset + wanted.limit) if more else None)


def _rows(found: _Found, following: str | None = None) -> Rows:
    return Rows(records=[each.record() for each in found.searchRecords], total=len(found.searchRecords), next=following)


class _Value(Model):
    value: str
    active: bool = True


class Field_(Model):  # noqa: N801 - `Field` is pydantic's
    """A field as `describe` tells it."""

    name: str = Field(examples=["LastName"])
    label: str = ""
    type: str = Field("", examples=["string"])
    nillable: bool = True
    defaultedOnCreate: bool = False  # noqa: N815 - Salesforce's own spelling, here and below
    createable: bool = False
    updateable: bool = False
    externalId: bool = False  # noqa: N815
    idLookup: bool = False  # noqa: N815
    length: int = 0
    picklistValues: list[_Value] = Field(default_factory=list[_Value])  # noqa: N815
    referenceTo: list[str] = Field(default_factory=list[str])  # noqa: N815

    def told(self) -> FieldInfo:
        """In our words."""
        return FieldInfo(
            name=self.name,
            label=self.label,
            type=self.type,
            required=self.createable and not self.nillable and not self.defaultedOnCreate,
            writable=self.createable or self.updateable,
            external_id=self.externalId or (self.idLookup and self.name != "Id"),
            length=self.length or None,
            values=[each.value for each in self.picklistValues if each.active],
            refers_to=self.referenceTo,
        )


class Object(Model):
    """An object as `describe` tells it."""

    name: str = Field(examples=["Contact"])
    label: str = ""
    createable: bool = True
    updateable: bool = True
    deletable: bool = True
    fields: list[Field_]


async def describe_object(http: Http, name: str) -> Object:
    """What Salesforce knows of an object."""
    return await http.get(path_of(http, name, "describe"), returns=Object)


@salesforce.action("object.describe", title="Describe an object", read_only=True)
async def describe(http: Http, which: Described) -> ObjectInfo:
    """Say which fields an object has, which must be given, and what they take."""
    found = await describe_object(http, which.object)
    return ObjectInfo(
        name=found.name,
        label=found.label,
        creatable=found.createable,
        updatable=found.updateable,
        deletable=found.deletable,
        fields=[each.told() for each in found.fields],
    )


class _Column(Model):
    fieldNameOrPath: str = Field(examples=["Id"])  # noqa: N815 - Salesforce's own spelling
    value: Any = None


class _ViewRow(Model):
    columns: list[_Column]


class _View(Model):
    records: list[_ViewRow]
    size: int = 0


@salesforce.action("list_view.get", title="Read a list view", read_only=True)
async def list_view(http: Http, which: ViewRef) -> Rows:
    """Read the records of a list view, as people see them in Salesforce."""
    offset = int(which.cursor or 0)
    path = path_of(http, which.object, "listviews", which.view, "results")
    found = await http.get(path, params={"limit": which.limit, "offset": offset}, returns=_View)
    rows = [{each.fieldNameOrPath: each.value for each in row.columns} for row in found.records]
    records = [Record(id=str(row.get("Id") or ""), object=which.object, fields=row) for row in rows]
    more = len(rows) == which.limit and offset + which.limit <= MAX_OFFSET
    return Rows(records=records, total=found.size, next=str(offset + which.limit) if more else None)


class _Limit(Model):
    Max: int = Field(examples=[15000])
    Remaining: int = Field(examples=[14998])


class _Limits(RootModel[dict[str, _Limit]]):
    root: dict[str, _Limit] = Field(examples=[{"DailyApiRequests": {"Max": 15000, "Remaining": 14998}}])


@salesforce.action("limits.get", title="Read the organisation's limits", read_only=True)
async def limits(http: Http, _: Nothing) -> Limits:
    """Say what the organisation may use each day, and what is left of it."""
    found = await http.get(data(http, "/limits"), returns=_Limits)
    return Limits(limits=[Limit(name=name, max=each.Max, remaining=each.Remaining) for name, each in found.root.items()])
