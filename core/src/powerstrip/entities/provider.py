"""The built-in provider `entity`: records by actions, for automations, chat and everybody who calls actions."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from pydantic import Field as Described

from powerstrip.adapter import Adapter, Model, Rejected
from powerstrip.catalog import BuiltIn, Caller
from powerstrip.entities.entities import Entities
from powerstrip.entities.query import Condition, Operator
from powerstrip.entities.values import Change
from powerstrip.problems import Problem, StoreUnavailable
from powerstrip.store import EntityRecord


class UpsertInput(Model):
    """A record to make or replace."""

    entity: str = Described(max_length=130)
    """Name of the entity."""
    key: str = Described(max_length=400)
    """What tells this record from the others of its entity."""
    value: dict[str, Any]
    """All fields of the record: what is left out is empty afterwards."""


class KeyInput(Model):
    """Which record."""

    entity: str = Described(max_length=130)
    key: str = Described(max_length=400)
    source: str = Described("", max_length=40)
    """The integration whose record it is, for a provider's entity."""


class ConditionInput(Model):
    """One condition on a field."""

    field: str = Described(max_length=64)
    op: Operator = "eq"
    value: Any = None


class QueryInput(Model):
    """Which records. All conditions must hold."""

    entity: str = Described(max_length=130)
    where: list[ConditionInput] = Described(default_factory=list[ConditionInput], max_length=10)
    limit: int = Described(50, ge=1, le=200)


class Record(Model):
    """A record as it is now."""

    id: str
    entity: str
    key: str
    value: dict[str, Any] = Described(default_factory=dict[str, Any])
    version: int = 1
    source: str = ""
    updated_at: str = ""


class Upserted(Model):
    """The record, and what was done to it."""

    change: Change
    record: Record | None = None


class Found(Model):
    """The record, where there is one."""

    found: bool
    record: Record | None = None


class Records(Model):
    """Records, the newest first. `more` tells that not all that fit are here."""

    records: list[Record] = Described(default_factory=list[Record])
    more: bool = False


class Deleted(Model):
    """Whether there was anything to delete."""

    deleted: bool


class RecordChanged(Model):
    """A record was changed."""

    entity: str
    key: str
    record_id: str
    version: int
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None
    changed: list[str] = Described(default_factory=list[str])
    """Names of the fields that differ."""


class RecordCreated(RecordChanged):
    """A record was made."""


class RecordUpdated(RecordChanged):
    """A record has another value."""


class RecordDeleted(RecordChanged):
    """A record was deleted; `before` is what it was."""


def entity_provider(entities: Entities) -> BuiltIn:
    """The provider over this room's service."""
    adapter = Adapter(
        id="entity",
        title="Entities",
        base_url="",
        built_in=True,
        category="Web and Data",
        icon="entity",
        description="The project's own things: types with fields, records with a key, and an event for each change.",
        aka=("record", "table", "database"),
    )
    for name, model in (("created", RecordCreated), ("updated", RecordUpdated), ("deleted", RecordDeleted)):
        adapter.event(f"record.{name}")(model)
    provider = BuiltIn(adapter)
    _writing(provider, entities)
    _reading(provider, entities)
    return provider


def _writing(provider: BuiltIn, entities: Entities) -> None:
    @provider.action("record.upsert", idempotent=True)
    async def upsert(caller: Caller, input: UpsertInput) -> Upserted:
        """Make a record, or replace its value. A sandboxed call of a live project judges it and changes nothing."""
        with _told():
            kept = await entities.upsert(caller.project, input.entity, input.key, input.value, writes=caller.writes)
        return Upserted(change=kept.change, record=_shown(kept.record))

    @provider.action("record.delete", idempotent=True, destructive=True)
    async def delete(caller: Caller, input: KeyInput) -> Deleted:
        """Delete a record by its key."""
        with _told():
            kept = await entities.delete(caller.project, input.entity, input.key, writes=caller.writes)
        return Deleted(deleted=kept.change == "deleted")


def _reading(provider: BuiltIn, entities: Entities) -> None:
    @provider.action("record.get", read_only=True)
    async def get(caller: Caller, input: KeyInput) -> Found:
        """Read a record by its key."""
        with _told():
            row = await entities.find(caller.project.id, input.entity, input.key, input.source)
        return Found(found=row is not None, record=_shown(row))

    @provider.action("record.query", read_only=True)
    async def query(caller: Caller, input: QueryInput) -> Records:
        """Find records by their fields."""
        conditions = [Condition(each.field, each.op, each.value) for each in input.where]
        with _told():
            rows = await entities.query(caller.project.id, input.entity, conditions, limit=input.limit + 1)
        records = [record for row in rows[: input.limit] if (record := _shown(row)) is not None]
        return Records(records=records, more=len(rows) > input.limit)


@contextmanager
def _told() -> Generator[None]:
    """What the room refuses is a refusal of the action; a database that does not answer stays what it is."""
    try:
        yield
    except StoreUnavailable:
        raise
    except Problem as error:
        raise Rejected(error.message, error.status) from None


def _shown(row: EntityRecord | None) -> Record | None:
    if row is None:
        return None
    return Record(
        id=row.id,
        entity=row.entity,
        key=row.key,
        value=row.value,
        version=row.version,
        source=row.source,
        updated_at=row.updated_at,
    )
