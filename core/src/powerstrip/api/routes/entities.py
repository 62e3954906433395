"""Entities, their records, and questions to them."""

from typing import Any

from litestar.params import FromPath, JSONBody

from powerstrip.api.given import GivenHub, GivenVisit
from powerstrip.api.route import PROJECT, Cursor, Filter, Limit, route
from powerstrip.api.shapes.base import listed
from powerstrip.api.shapes.entities import (
    CreateEntityRequest,
    Entity,
    EntityListResponse,
    EntityRecord,
    EntityRecordListResponse,
    PutRecordRequest,
    PutRecordResult,
    UpdateEntityRequest,
)
from powerstrip.entities import NewType, TypeChanges, read_condition

TAG = "entities"
ENTITIES = f"{PROJECT}/entities"
ENTITY = f"{ENTITIES}/{{entity:str}}"
RECORDS = f"{ENTITY}/records"
RECORD = f"{RECORDS}/{{id:str}}"
WHERE = "where."
VIEW, MANAGE = "entities.view", "entities.manage"


@route("GET", ENTITIES, VIEW, id="listEntities", tag=TAG, summary="List entities")
async def list_entities(visit: GivenVisit, hub: GivenHub) -> EntityListResponse:
    """Those that people defined and those that providers' events brought, oldest first."""
    return EntityListResponse(items=[Entity.of(row) for row in await hub.entities.types(visit.project.id)])


@route("POST", ENTITIES, MANAGE, id="createEntity", tag=TAG, summary="Define an entity", status=201)
async def create_entity(visit: GivenVisit, hub: GivenHub, data: JSONBody[CreateEntityRequest]) -> Entity:
    """A name and typed fields. Records of it have a key and these fields."""
    new = NewType(data.name, tuple(each.field() for each in data.fields), data.title, data.description)
    return Entity.of(await hub.entities.define(visit.project, visit.actor, new))


@route("GET", ENTITY, VIEW, id="getEntity", tag=TAG, summary="Get an entity")
async def get_entity(visit: GivenVisit, hub: GivenHub, entity: FromPath[str]) -> Entity:
    """By its name."""
    return Entity.of(await hub.entities.type(visit.project.id, entity))


@route("PATCH", ENTITY, MANAGE, id="updateEntity", tag=TAG, summary="Change an entity")
async def update_entity(visit: GivenVisit, hub: GivenHub, entity: FromPath[str], data: JSONBody[UpdateEntityRequest]) -> Entity:
    """Records stay as they are until they are written again."""
    fields = None if data.fields is None else tuple(each.field() for each in data.fields)
    changes = TypeChanges(data.title, data.description, fields)
    return Entity.of(await hub.entities.change(visit.project.id, visit.actor, entity, changes))


@route("DELETE", ENTITY, MANAGE, id="deleteEntity", tag=TAG, summary="Delete an entity", status=204)
async def delete_entity(visit: GivenVisit, hub: GivenHub, entity: FromPath[str]) -> None:
    """With all its records, for good."""
    await hub.entities.remove(visit.project.id, visit.actor, entity)


@route("GET", RECORDS, VIEW, id="queryEntityRecords", tag=TAG, summary="Find records", query=(f"{WHERE}*",))
async def query_entity_records(
    visit: GivenVisit,
    hub: GivenHub,
    entity: FromPath[str],
    key: Filter = None,
    source: Filter = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> EntityRecordListResponse:
    """Newest first. `where.<field>=value` and `where.<field>.<operator>=value` must all hold."""
    fields = await hub.entities.fields(visit.project.id, entity)
    given = [(name.removeprefix(WHERE), value) for name, value in visit.query if name.startswith(WHERE)]
    conditions = [read_condition(fields, name, value) for name, value in given]

    async def fetch(after: tuple[str, str] | None, wanted: int) -> list[Any]:
        options: dict[str, Any] = {"key": key, "source": source, "after": after, "limit": wanted}
        return await hub.entities.query(visit.project.id, entity, conditions, **options)

    page = await visit.page(cursor, limit, fetch, lambda row: (row.created_at, row.id))
    return EntityRecordListResponse(**listed([EntityRecord.of(row) for row in page.rows], page.next_cursor))


@route("PUT", RECORDS, MANAGE, id="putEntityRecord", tag=TAG, summary="Write a record")
async def put_entity_record(
    visit: GivenVisit, hub: GivenHub, entity: FromPath[str], data: JSONBody[PutRecordRequest]
) -> PutRecordResult:
    """Make the record of this key, or replace its value. An event tells of it, unless nothing changed."""
    kept = await hub.entities.upsert(visit.project, entity, data.key, data.value)
    assert kept.record is not None
    return PutRecordResult.model_validate({"change": kept.change, "record": EntityRecord.of(kept.record)})


@route("GET", RECORD, VIEW, id="getEntityRecord", tag=TAG, summary="Get a record")
async def get_entity_record(visit: GivenVisit, hub: GivenHub, entity: FromPath[str], id: FromPath[str]) -> EntityRecord:
    """By its id; by its key with `?key=` on the list."""
    return EntityRecord.of(await hub.entities.get(visit.project.id, entity, id))


@route("DELETE", RECORD, MANAGE, id="deleteEntityRecord", tag=TAG, summary="Delete a record", status=204)
async def delete_entity_record(visit: GivenVisit, hub: GivenHub, entity: FromPath[str], id: FromPath[str]) -> None:
    """An event tells of it."""
    row = await hub.entities.get(visit.project.id, entity, id)
    await hub.entities.delete(visit.project, entity, row.key)


HANDLERS = [
    list_entities,
    create_entity,
    get_entity,
    update_entity,
    delete_entity,
    query_entity_records,
    put_entity_record,
    get_entity_record,
    delete_entity_record,
]
