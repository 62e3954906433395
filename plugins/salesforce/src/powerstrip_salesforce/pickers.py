"""Values to choose from."""

import re

from pydantic import Field

from powerstrip.adapter import Choice, Http, Model, Page, Query, Rejected
from powerstrip_salesforce.actions import path_of
from powerstrip_salesforce.models import NAME
from powerstrip_salesforce.provider import data, salesforce
from powerstrip_salesforce.reading import Object, describe_object, quoted, soql

ROWS = 50
NAMED_BY = {
    **{"Case": "CaseNumber", "Task": "Subject", "Event": "Subject", "Contract": "ContractNumber", "Order": "OrderNumber"},
    **{"Solution": "SolutionName", "ContentDocument": "Title", "Idea": "Title", "WorkOrder": "WorkOrderNumber"},
}
"""The field by which people know a record, where that is not its name."""


class _Kind(Model):
    name: str = Field(examples=["Contact"])
    label: str = ""
    queryable: bool = True


class _Kinds(Model):
    sobjects: list[_Kind]


@salesforce.picker("object")
async def objects(http: Http, query: Query) -> Page:
    """Objects that can be queried, the organisation's own among them."""
    found = await http.get(data(http, "/sobjects"), returns=_Kinds)
    return Page([Choice(each.name, each.label or each.name, each.name) for each in found.sobjects if each.queryable])


async def _object(http: Http, query: Query) -> Object:
    return await describe_object(http, _chosen(query))


def _chosen(query: Query) -> str:
    """The object that was filled in. Raises `Rejected` for what is no name of one."""
    name = str(query.values.get("object") or "")
    if not re.fullmatch(NAME, name):
        raise Rejected("Choose the object first")
    return name


@salesforce.picker("field", depends=("object",))
async def fields(http: Http, query: Query) -> Page:
    """Fields of the object."""
    found = await _object(http, query)
    return Page([Choice(each.name, each.label or each.name, each.type) for each in found.fields])


@salesforce.picker("external_id", depends=("object",))
async def external_ids(http: Http, query: Query) -> Page:
    """Fields of the object that tell its records apart."""
    rows = [each.told() for each in (await _object(http, query)).fields]
    return Page([Choice(each.name, each.label or each.name, each.type) for each in rows if each.external_id])


def _where(field: str, query: Query) -> str:
    words = query.search.strip()[:200]
    return f"{field} LIKE {quoted('%' + words.replace('%', '').replace('_', ' ') + '%')}" if words else ""


def _after(query: Query) -> int:
    return int(query.cursor) if query.cursor and query.cursor.isdecimal() else 0


@salesforce.picker("record", searches=True, depends=("object",))
async def records(http: Http, query: Query) -> Page:
    """Records of the object, the last changed first."""
    kind, offset = _chosen(query), _after(query)
    name = NAMED_BY.get(kind, "Name")
    condition = f" WHERE {where}" if (where := _where(name, query)) else ""
    text = f"SELECT Id, {name} FROM {kind}{condition} ORDER BY SystemModstamp DESC LIMIT {ROWS} OFFSET {offset}"  # noqa: S608
    rows = [each.root for each in (await soql(http, text)).records]
    choices = [Choice(str(row["Id"]), str(row.get(name) or row["Id"]), kind) for row in rows if row.get("Id")]
    return Page(choices, str(offset + ROWS) if len(rows) == ROWS and offset < 2000 else None)


@salesforce.picker("user", searches=True)
async def users(http: Http, query: Query) -> Page:
    """People who may sign in."""
    offset = _after(query)
    condition = f" AND {where}" if (where := _where("Name", query)) else ""
    text = f"SELECT Id, Name, Email FROM User WHERE IsActive = true{condition} ORDER BY Name LIMIT {ROWS} OFFSET {offset}"  # noqa: S608
    rows = [each.root for each in (await soql(http, text)).records]
    choices = [
        Choice(str(row["Id"]), str(row.get("Name") or row["Id"]), str(row.get("Email") or "")) for row in rows if row.get("Id")
    ]
    return Page(choices, str(offset + ROWS) if len(rows) == ROWS and offset < 2000 else None)


class _View(Model):
    id: str = Field(examples=["00B000000000001AAA"])
    label: str = ""
    developerName: str = ""  # noqa: N815 - Salesforce's own spelling


class _Views(Model):
    listviews: list[_View]
    done: bool = True


@salesforce.picker("list_view", depends=("object",))
async def list_views(http: Http, query: Query) -> Page:
    """List views of the object."""
    offset = _after(query)
    found = await http.get(path_of(http, _chosen(query), "listviews"), params={"limit": ROWS, "offset": offset}, returns=_Views)
    choices = [Choice(each.id, each.label or each.id, each.developerName) for each in found.listviews]
    return Page(choices, None if found.done else str(offset + ROWS))
