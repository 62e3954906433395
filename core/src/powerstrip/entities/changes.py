"""Data-change events: what adapters say of their providers' things becomes records, kept with what they were before.

An adapter's `@provider.event(id, entity="page", key="id")` maps an event to the record `provider.page` with that key. The
event's `change`, or else the last word of its id, tells what it does: a word of deletion deletes, any other makes or replaces.
"""

from typing import Any, cast

from sqlalchemy import Connection
from sqlmodel import Session

from powerstrip.catalog import Catalog, EventManifest
from powerstrip.clock import stamp
from powerstrip.entities.fields import FIELD_NAME, MAX_FIELDS, Field, FieldType, clean
from powerstrip.entities.keeping import EVENT, Cause, Keeper, Spot
from powerstrip.entities.values import Kept
from powerstrip.events import Events, NewEvent, NotProcessable, SourceEventRow, Unwanted
from powerstrip.store import EntityType, scope

CONSUMER = "entities"
"""The name by which events know this consumer."""
DELETIONS = frozenset(("deleted", "removed", "destroyed", "trashed"))
MAX_NAME = 80
MAX_KEY = 400
_TYPES: dict[str, FieldType] = {"string": "string", "integer": "integer", "number": "number", "boolean": "boolean"}


class DataChanges:
    """The consumer of events for entities."""

    def __init__(self, catalog: Catalog, events: Events) -> None:
        self._catalog = catalog
        self._keeper = Keeper(events)
        self._events = events
        self._known: dict[str, dict[str, EventManifest]] = {}

    def take(self, connection: Connection, event: SourceEventRow) -> dict[str, Any]:
        """Keep what the event says of a record. Events that name no entity change nothing."""
        manifest = self._manifest(event)
        if manifest is None:
            return {}
        with Session(connection, expire_on_commit=False, join_transaction_mode="create_savepoint") as session:
            kept = self._keep(session, event, manifest)
            session.commit()
        if kept.change != "none":
            self._events.wake()
        return {"change": kept.change}

    def listens(self, connection: Connection, project_id: str) -> Unwanted:
        """Which events say something of a record: an `events.Listens`."""
        return lambda event: None if self._manifest(event) else {}

    def _keep(self, session: Session, event: SourceEventRow, manifest: EventManifest) -> Kept:
        entity = entity_name(manifest)
        if len(entity) > MAX_NAME:
            raise NotProcessable("The entity's name is too long")
        spot = Spot(event.project_id, entity, _key(event.data, manifest.key), event.integration_id or "")
        cause = Cause(event.mode, event.occurred_at, event.test, event.depth + 1)
        if deletes(manifest):
            return self._keeper.delete(session, spot, cause)
        _ensure_type(session, event.project_id, entity, manifest)
        try:
            value = clean(event.data)
        except ValueError as error:
            raise NotProcessable(f"The event's data cannot be kept: {error}") from None
        return self._keeper.upsert(session, spot, value, cause)

    def _manifest(self, event: NewEvent | SourceEventRow) -> EventManifest | None:
        """What the adapter declares of this event; None where that is no record, or the adapter is not installed."""
        if event.source_type != "integration" or event.name.startswith(EVENT):
            return None
        provider = event.provider or event.name.partition(".")[0]
        if provider not in self._known:
            if not self._catalog.has(provider):
                return None
            events = self._catalog.provider(provider).events
            self._known[provider] = {each.name: each for each in events if each.entity}
        return self._known[provider].get(event.name)


def entity_name(manifest: EventManifest) -> str:
    """`notion.page` for the entity `page` of notion."""
    prefix = f"{manifest.provider}."
    return manifest.entity if manifest.entity.startswith(prefix) else prefix + manifest.entity


def deletes(manifest: EventManifest) -> bool:
    """Whether the event tells that its thing is gone."""
    if manifest.change:
        return manifest.change == "deleted"
    return manifest.id.rpartition(".")[2].rpartition("_")[2] in DELETIONS


def _key(data: dict[str, Any], path: str) -> str:
    """The value at a dotted path, as text. Raises `NotProcessable`."""
    found: Any = data
    for part in path.split("."):
        found = cast(dict[str, Any], found).get(part) if isinstance(found, dict) else None
    if isinstance(found, bool) or not isinstance(found, str | int) or not 0 < len(str(found)) <= MAX_KEY:
        raise NotProcessable(f"The event holds no key at {path}")
    return str(found)


def _ensure_type(session: Session, project_id: str, entity: str, manifest: EventManifest) -> None:
    """The entity's type with the fields that this event may bring."""
    fields = _fields(manifest)
    row = scope(session, project_id).find(EntityType, name=entity)
    if row is None:
        stored = [field.stored() for field in fields]
        row = EntityType(project_id=project_id, name=entity, title=entity, origin="provider", fields=stored)
        scope(session, project_id).add(row)
        return
    known = {field["name"] for field in row.fields}
    more = [field.stored() for field in fields if field.name not in known]
    if more and len(known) < MAX_FIELDS:
        row.fields, row.updated_at = [*row.fields, *more][:MAX_FIELDS], stamp()
        session.add(row)


def _fields(manifest: EventManifest) -> list[Field]:
    """The top of the event's schema as fields; what is no plain value is `json`."""
    properties: dict[str, Any] = manifest.data_schema.get("properties", {})
    return [Field(name, _type_of(schema)) for name, schema in properties.items() if FIELD_NAME.fullmatch(name)][:MAX_FIELDS]


def _type_of(schema: dict[str, Any]) -> FieldType:
    choices = [each for each in schema.get("anyOf", [schema]) if each.get("type") != "null"]
    if len(choices) != 1 or "$ref" in choices[0]:
        return "json"
    if "const" in choices[0] or "enum" in choices[0]:
        return "string" if choices[0].get("type") == "string" else "json"
    return _TYPES.get(choices[0].get("type", ""), "json")
