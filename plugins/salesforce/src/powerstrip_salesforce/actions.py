"""What changes records in Salesforce. Source: REST API Developer Guide, "sObject Resources" and "Composite Resources"."""

from typing import Any

from pydantic import Field, RootModel

from powerstrip.adapter import Http, Model, Rejected, segment
from powerstrip_salesforce.models import (
    Created,
    Done,
    Many,
    ManyDone,
    ManyResult,
    NewRecord,
    RecordChange,
    RecordRef,
    RecordUpsert,
    Upserted,
)
from powerstrip_salesforce.provider import data, salesforce, words_of


def path_of(http: Http, *parts: str) -> str:
    """A path below the objects."""
    return data(http, "/sobjects/" + "/".join(map(segment, parts)))


def _fields(record: NewRecord | RecordChange) -> dict[str, Any]:
    return record.fields | ({"OwnerId": record.owner} if record.owner else {})


@salesforce.action("record.create")
async def create(http: Http, record: NewRecord) -> Created:
    """Create a record of any object."""
    return await http.post(path_of(http, record.object), json=_fields(record), returns=Created)


@salesforce.action("record.update", idempotent=True)
async def update(http: Http, change: RecordChange) -> Done:
    """Change fields of a record."""
    if not (fields := _fields(change)):
        raise Rejected("There is nothing to change: name at least one field")
    await http.send("PATCH", path_of(http, change.object, change.id), json=fields)
    return Done(id=change.id)


@salesforce.action("record.upsert", title="Create or update record", idempotent=True)
async def upsert(http: Http, record: RecordUpsert) -> Upserted:
    """Create the record of an external id, or change the one that there is. Repeated, it makes no second one."""
    path = path_of(http, record.object, record.field, record.value)
    fields = {name: value for name, value in record.fields.items() if name.lower() != record.field.lower()}
    return await http.patch(path, json=fields, returns=Upserted)


@salesforce.action("record.delete", idempotent=True, destructive=True)
async def delete(http: Http, which: RecordRef) -> Done:
    """Delete a record. It lies in the recycle bin for 15 days."""
    await http.send("DELETE", path_of(http, which.object, which.id))
    return Done(id=which.id)


class _Result(Model):
    id: str | None = Field(None, examples=["003000000000001AAA"])
    success: bool = True
    errors: list[dict[str, Any]] = Field(default_factory=list[dict[str, Any]])

    def told(self) -> ManyResult:
        words = "; ".join(map(words_of, self.errors))
        return ManyResult(id=self.id if self.success else None, error=None if self.success else words or "refused")


class _Results(RootModel[list[_Result]]):
    pass


@salesforce.action("record.create_many", title="Create many records")
async def create_many(http: Http, many: Many) -> ManyDone:
    """Create up to two hundred records at once. Each is told of by itself."""
    rows = [{"attributes": {"type": each.object}} | _fields(each) for each in many.records]
    body = {"allOrNone": many.all_or_none, "records": rows}
    done = await http.post(data(http, "/composite/sobjects"), json=body, returns=_Results)
    results = [each.told() for each in done.root]
    return ManyDone(results=results, failed=sum(each.id is None for each in results))
