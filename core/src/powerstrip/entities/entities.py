"""Entities: types that people define, their records, and questions to them."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection
from sqlmodel import Session, col, delete, select

from powerstrip.clock import now, rfc3339, stamp
from powerstrip.entities.fields import FIELD_NAME, Field, check_fields, check_value, read_fields, refused
from powerstrip.entities.keeping import Cause, Keeper, Spot
from powerstrip.entities.query import Condition, where
from powerstrip.entities.values import Kept, NewType, TypeChanges
from powerstrip.events import Events, depth_here
from powerstrip.names import unfit
from powerstrip.problems import Conflict, NotFound, Unprocessable
from powerstrip.store import Actor, AuditLog, EntityRecord, EntityType, Project, Store, scope
from powerstrip.validation import encode

MAX_TYPES = 200
MAX_KEY = 400
MAX_VALUE = 256 * 1024
"""Bytes of a record's value as JSON."""
TOMBSTONES = timedelta(days=30)
"""How long a deleted record's key is remembered."""


class Entities:
    """Entity types and records of all projects. What it gives are rows."""

    def __init__(self, store: Store, audit: AuditLog, events: Events) -> None:
        self._store = store
        self._audit = audit
        self._events = events
        self._keeper = Keeper(events)

    async def define(self, project: Project, actor: Actor, new: NewType) -> EntityType:
        """Make an entity type. Raises `BadInput`, and `Conflict` for a name that is taken."""
        if not FIELD_NAME.fullmatch(new.name):
            raise refused("name", "Write lower-case letters, digits and _, beginning with a letter, at most 64")
        fields = check_fields(new.fields)

        def add(session: Session) -> EntityType:
            if scope(session, project.id).find(EntityType, name=new.name) is not None:
                raise Conflict("There is an entity of this name", code="name_taken")
            if len(scope(session, project.id).all(EntityType)) >= MAX_TYPES:
                raise Conflict(f"A project has at most {MAX_TYPES} entities", code="too_many_entities")
            row = EntityType(
                project_id=project.id,
                name=new.name,
                title=new.title or new.name.replace("_", " ").capitalize(),
                description=new.description,
                fields=fields,
                created_by=actor.principal_id,
            )
            scope(session, project.id).add(row)
            self._note(session, actor, "create", row, {"fields": [field["name"] for field in fields]})
            return row

        return await self._store.write(add)

    async def types(self, project_id: str) -> list[EntityType]:
        """The project's entity types, oldest first."""
        return await self._store.read(lambda session: scope(session, project_id).all(EntityType))

    async def type(self, project_id: str, name: str) -> EntityType:
        """One entity type by its name. Raises `NotFound`."""
        return await self._store.read(lambda session: _type(session, project_id, name))

    async def change(self, project_id: str, actor: Actor, name: str, changes: TypeChanges) -> EntityType:
        """Change a type. Records stay as they are until they are written again. Raises `Unprocessable` for a provider's."""
        fields = None if changes.fields is None else check_fields(changes.fields)

        def work(session: Session) -> EntityType:
            row = _own(_type(session, project_id, name))
            values = {"title": changes.title, "description": changes.description, "fields": fields}
            changed = [field for field, value in values.items() if value is not None and getattr(row, field) != value]
            for field in changed:
                setattr(row, field, values[field])
            if changed:
                row.updated_at, row.updated_by = stamp(), actor.principal_id
                self._note(session, actor, "update", row, {"fields": changed})
            session.add(row)
            return row

        return await self._store.write(work)

    async def remove(self, project_id: str, actor: Actor, name: str) -> None:
        """Delete a type and all its records, for good. No events tell of the records."""

        def work(session: Session) -> None:
            row = _type(session, project_id, name)
            mine = col(EntityRecord.project_id) == project_id, col(EntityRecord.entity) == name
            session.exec(delete(EntityRecord).where(*mine))
            scope(session, project_id).delete(row)
            self._note(session, actor, "delete", row, {})

        await self._store.write(work)

    async def upsert(self, project: Project, name: str, key: str, value: dict[str, Any], *, writes: bool = True) -> Kept:
        """Make a record or replace its value. With `writes` false it is judged and nothing is changed.

        Raises `NotFound` for the type, `BadInput` with paths, `Unprocessable` for a provider's entity.
        """
        _check_key(key)
        encode(value, "value", MAX_VALUE)
        spot = Spot(project.id, name, key)
        depth = depth_here()

        def work(session: Session) -> Kept:
            row = _own(_type(session, project.id, name))
            checked = check_value(read_fields(row.fields), value)
            if writes:
                return self._keeper.upsert(session, spot, checked, Cause(mode=project.mode, depth=depth))
            known = _alive(self._keeper.find(session, spot))
            version = (known.version if known else 0) + 1
            made = EntityRecord(project_id=project.id, entity=name, key=key, value=checked, version=version)
            return Kept("updated" if known else "created", made)

        return await self._done(work, writes)

    async def delete(self, project: Project, name: str, key: str, *, writes: bool = True) -> Kept:
        """Delete a record; deleting one that is not there changes nothing."""
        spot, depth = Spot(project.id, name, key), depth_here()

        def work(session: Session) -> Kept:
            _own(_type(session, project.id, name))
            if writes:
                return self._keeper.delete(session, spot, Cause(mode=project.mode, depth=depth))
            known = _alive(self._keeper.find(session, spot))
            return Kept("deleted" if known else "none", None)

        return await self._done(work, writes)

    async def get(self, project_id: str, name: str, id: str) -> EntityRecord:
        """One record by its id. Raises `NotFound`."""

        def work(session: Session) -> EntityRecord:
            row = _alive(scope(session, project_id).find(EntityRecord, id=id, entity=name))
            if row is None:
                raise NotFound("There is no record with this id of this entity")
            return row

        return await self._store.read(work)

    async def find(self, project_id: str, name: str, key: str, source: str = "") -> EntityRecord | None:
        """One record by its key; None where there is none. Raises `NotFound` for the type."""

        def work(session: Session) -> EntityRecord | None:
            _type(session, project_id, name)
            return _alive(self._keeper.find(session, Spot(project_id, name, key, source)))

        return await self._store.read(work)

    async def query(
        self,
        project_id: str,
        name: str,
        conditions: Sequence[Condition] = (),
        *,
        key: str | None = None,
        source: str | None = None,
        after: tuple[str, str] | None = None,
        limit: int = 50,
    ) -> list[EntityRecord]:
        """Records that fit all conditions, newest first, after the given (created_at, id). Raises `NotFound`, `BadInput`."""

        def work(session: Session) -> list[EntityRecord]:
            row = _type(session, project_id, name)
            clauses = where(read_fields(row.fields), conditions, sqlite=self._store.sqlite)
            clauses += [col(EntityRecord.entity) == name, col(EntityRecord.deleted_at).is_(None)]
            clauses += [] if key is None else [col(EntityRecord.key) == key]
            clauses += [] if source is None else [col(EntityRecord.source) == source]
            return scope(session, project_id).page(EntityRecord, *clauses, after=after, limit=limit)

        return await self._store.read(work)

    async def fields(self, project_id: str, name: str) -> tuple[Field, ...]:
        """The fields of a type. Raises `NotFound`."""
        return read_fields((await self.type(project_id, name)).fields)

    async def sweep(self) -> None:
        """Now and then: forget the keys of records that were deleted long ago."""

        def work(connection: Connection) -> None:
            old = col(EntityRecord.deleted_at) < rfc3339(now() - TOMBSTONES)
            connection.execute(delete(EntityRecord).where(old))

        await self._store.hot(work)

    async def _done(self, work: Any, writes: bool) -> Kept:
        kept: Kept = await (self._store.write(work) if writes else self._store.read(work))
        if writes and kept.change != "none":
            self._events.wake()
        return kept

    def _note(self, session: Session, actor: Actor, action: str, row: EntityType, changes: dict[str, Any]) -> None:
        self._audit.append(
            session, actor, action, "entity", row.id, project_id=row.project_id, resource_name=row.name, changes=changes
        )


def _type(session: Session, project_id: str, name: str) -> EntityType:
    row = session.exec(select(EntityType).where(col(EntityType.project_id) == project_id, col(EntityType.name) == name)).first()
    if row is None:
        raise NotFound("There is no entity of this name in this project")
    return row


def _own(row: EntityType) -> EntityType:
    """A type that people write to. Raises `Unprocessable` for a provider's: its records follow its events."""
    if row.origin != "user":
        raise Unprocessable("This entity follows a provider's events: change the thing at the provider", code="provider_entity")
    return row


def _alive(row: EntityRecord | None) -> EntityRecord | None:
    return None if row is None or row.deleted_at is not None else row


def _check_key(key: str) -> None:
    if not 0 < len(key) <= MAX_KEY or unfit(key) or "\n" in key:
        raise refused("key", f"Give 1 to {MAX_KEY} characters without controls")
