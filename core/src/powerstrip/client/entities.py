"""Entities and their records."""

from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict

from powerstrip.client.integrations import given
from powerstrip.client.pages import Pages
from powerstrip.client.session import Session, path
from powerstrip.client.shapes import Json


class EntityField(TypedDict):
    """One field of an entity."""

    name: str
    type: str
    required: NotRequired[bool]
    description: NotRequired[str]
    choices: NotRequired[list[str]]


class Entity(TypedDict):
    """A kind of thing."""

    id: str
    name: str
    title: str
    origin: str
    fields: list[EntityField]
    created_at: str
    updated_at: str
    description: NotRequired[str]


class Record(TypedDict):
    """A record, now and before its last change."""

    id: str
    entity: str
    key: str
    value: Json
    version: int
    created_at: str
    updated_at: str
    before: NotRequired[Json]
    source: NotRequired[str]


class Written(TypedDict):
    """A record, and what was done to it."""

    change: str
    record: Record


class Entities:
    """The entities of a project."""

    def __init__(self, session: Session, root: str) -> None:
        self._session = session
        self._root = root + path("entities")

    async def list(self) -> list[Entity]:
        """All of them."""
        answer = await self._session.get(self._root)
        return answer["items"]

    async def create(self, name: str, fields: Sequence[EntityField], *, title: str = "", description: str = "") -> Entity:
        """Define one."""
        body = given(name=name, fields=[*fields], title=title or None, description=description or None)
        return await self._session.ask("POST", self._root, body=body)

    async def get(self, name: str) -> Entity:
        """One by its name."""
        return await self._session.get(self._root + path(name))

    async def update(
        self, name: str, *, title: str | None = None, description: str | None = None, fields: Sequence[EntityField] | None = None
    ) -> Entity:
        """Change what is given; `fields` replaces the list."""
        body = given(title=title, description=description, fields=None if fields is None else [*fields])
        return await self._session.ask("PATCH", self._root + path(name), body=body)

    async def delete(self, name: str) -> None:
        """Delete it with all its records, for good."""
        await self._session.ask("DELETE", self._root + path(name))

    def records(
        self, name: str, where: Mapping[str, str] | None = None, *, key: str | None = None, source: str | None = None
    ) -> Pages[Record]:
        """Records, newest first. `where` has fields with an operator after a dot: `{"status": "open", "amount.gte": "10"}`."""
        conditions = {f"where.{field}": value for field, value in (where or {}).items()}
        return Pages(self._session, self._root + path(name, "records"), {**conditions, "key": key, "source": source})

    async def put(self, name: str, key: str, value: Mapping[str, Any]) -> Written:
        """Make the record of this key, or replace its value."""
        body = {"key": key, "value": dict(value)}
        return await self._session.ask("PUT", self._root + path(name, "records"), body=body)

    async def record(self, name: str, id: str) -> Record:
        """One record by its id."""
        return await self._session.get(self._root + path(name, "records", id))

    async def delete_record(self, name: str, id: str) -> None:
        """Delete a record."""
        await self._session.ask("DELETE", self._root + path(name, "records", id))
