"""Records, their events, questions on both databases, and what providers' events say of their things."""

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, select

from powerstrip.adapter import Adapter, Model
from powerstrip.catalog import Catalog
from powerstrip.entities import Condition, DataChanges, Entities, Field, NewType
from powerstrip.events import Events, NotProcessable, SourceEventRow
from powerstrip.problems import BadInput, NotFound, Unprocessable
from powerstrip.store import Actor, AuditLog, EntityRecord, Project, SourceEvent, Store

ADA = Actor(None, "Ada")
FIELDS = (
    Field("name", required=True),
    Field("age", "integer"),
    Field("score", "number"),
    Field("vip", "boolean"),
    Field("since", "date"),
    Field("seen", "datetime"),
    Field("more", "json"),
)


class Page(Model):
    """A page changed."""

    id: str
    title: str = ""
    tags: list[str] = []  # noqa: RUF012


class Gone(Model):
    """A page was deleted."""

    id: str


def notion() -> Adapter:
    adapter = Adapter(id="notion", title="Notion", base_url="https://api.notion.example")
    adapter.event("page.created", entity="page", key="id")(Page)
    adapter.event("page.updated", entity="page", key="id")(Page)
    adapter.event("page.deleted", entity="page", key="id")(Gone)
    adapter.event("page.archived", entity="page", key="id", change="deleted")(Gone)
    return adapter


class Room:
    def __init__(self, store: Store) -> None:
        self.store = store
        self.events = Events(store)
        self.entities = Entities(store, AuditLog(b"k" * 32), self.events)
        self.changes = DataChanges(Catalog.of(notion()), self.events)
        self.project = Project(name="main", handle="main")

    async def start(self) -> None:
        def begin(session: Session) -> Project:
            AuditLog(b"k" * 32).begin(session)
            project = Project(name="main", handle="main")
            session.add(project)
            return project

        await self.store.start()
        self.project = await self.store.write(begin)
        await self.entities.define(self.project, ADA, NewType("person", FIELDS))

    async def told(self) -> list[SourceEvent]:
        return await self.store.read(lambda session: list(session.exec(select(SourceEvent).order_by(SourceEvent.seq))))  # pyright: ignore

    async def put(self, key: str, **value: Any) -> Any:
        return await self.entities.upsert(self.project, "person", key, {"name": key, **value})

    async def keys(self, *conditions: Condition) -> list[str]:
        return sorted(row.key for row in await self.entities.query(self.project.id, "person", conditions))

    async def provider_event(self, name: str, data: dict[str, Any], **more: Any) -> Any:
        facts = {"occurred_at": None, "depth": 0} | more
        row = SourceEventRow(
            seq=1, id="evt_1", project_id=self.project.id, name=name, source_type="integration", source_id="int_1",
            integration_id="int_1", provider="notion", provider_event_id=None, mode="live", test=False, data=data,
            received_at="2026-01-01T00:00:00.000000Z", **facts,
        )  # fmt: skip
        return await self.store.hot(partial(self.changes.take, event=row))

    async def pages(self) -> list[EntityRecord]:
        return await self.entities.query(self.project.id, "notion.page")


@pytest.fixture
async def room(database_url: str, tmp_path: Path) -> AsyncIterator[Room]:
    store = Store(database_url)
    store.migrate()
    room = Room(store)
    await room.start()
    yield room
    await store.close()


async def test_each_change_is_told_with_before_and_after(room: Room) -> None:
    await room.put("ada", age=36)
    await room.put("ada", age=36)
    await room.put("ada", age=37)
    assert (await room.entities.delete(room.project, "person", "ada")).change == "deleted"
    assert (await room.entities.delete(room.project, "person", "ada")).change == "none"
    await room.put("ada")
    told = await room.told()
    assert [row.name.rpartition(".")[2] for row in told] == ["created", "updated", "deleted", "created"]
    assert (told[1].data["before"], told[1].data["after"]) == ({"name": "ada", "age": 36}, {"name": "ada", "age": 37})
    assert told[1].data["changed"] == ["age"]
    assert (told[2].data["before"], told[2].data["after"]) == ({"name": "ada", "age": 37}, None)
    assert (told[0].source_type, told[0].source_id) == ("entity", "person")


async def test_questions_have_the_same_answers_on_both_databases(room: Room) -> None:
    await room.put("ada", age=36, score=1.5, vip=True, since="2020-01-02", seen="2026-01-01T10:00:00+02:00", more={"a": [1]})
    await room.put("Bob", age=9, score=-2, vip=False, since="2021-12-31", seen="2026-01-01T09:00:00Z")
    await room.put("é'\"%_", age=100)
    table: list[tuple[list[str], list[Condition]]] = [
        (["ada"], [Condition("age", "eq", 36)]),
        (["Bob"], [Condition("age", "lt", 36)]),
        (["ada", "é'\"%_"], [Condition("age", "gte", 36)]),
        (["Bob", "ada"], [Condition("age", "in", [9, 36])]),
        (["ada"], [Condition("vip", "eq", True)]),
        (["Bob", "é'\"%_"], [Condition("vip", "ne", True)]),
        (["é'\"%_"], [Condition("vip", "present", False)]),
        (["Bob"], [Condition("score", "lt", 0)]),
        (["Bob"], [Condition("since", "gt", "2020-06-01")]),
        (["ada"], [Condition("seen", "lt", "2026-01-01T08:30:00Z")]),
        (["é'\"%_"], [Condition("name", "eq", "é'\"%_")]),
        (["é'\"%_"], [Condition("name", "prefix", "é'")]),
        ([], [Condition("name", "prefix", "%")]),
        (["Bob"], [Condition("name", "lt", "a")]),
        (["ada"], [Condition("more", "present", True)]),
        ([], [Condition("age", "eq", 36), Condition("vip", "eq", False)]),
    ]
    for expected, conditions in table:
        assert await room.keys(*conditions) == expected, conditions


@pytest.mark.parametrize(
    "condition",
    [
        Condition("nothing"), Condition("age", "eq", "36"), Condition("age", "near", 1), Condition("vip", "lt", True),  # pyright: ignore
        Condition("more", "eq", {}), Condition("age", "in", []), Condition("name", "prefix", ""), Condition("age", "eq", 2**60),
        Condition("name\"') OR 1=1 --", "eq", "x"),
    ],
)  # fmt: skip
async def test_a_question_of_another_form_is_refused(room: Room, condition: Condition) -> None:
    with pytest.raises(BadInput):
        await room.keys(condition)


async def test_a_value_of_another_form_is_refused(room: Room) -> None:
    for value in ({"age": 1.5}, {"vip": 1}, {"since": "soon"}, {"seen": "2026-01-01T00:00:00"}, {"name": "a\0b"}, {"x": 1}):
        with pytest.raises(BadInput):
            await room.put("k", **value)
    with pytest.raises(NotFound):
        await room.entities.upsert(room.project, "nothing", "k", {})
    assert await room.told() == []


async def test_provider_events_become_records(room: Room) -> None:
    assert await room.provider_event("notion.page.updated", {"id": "p1", "title": "One"}) == {"change": "created"}
    assert await room.provider_event("notion.page.updated", {"id": "p1", "title": "Two\0"[:3]}) == {"change": "updated"}
    [page] = await room.pages()
    assert (page.key, page.source, page.value, page.before) == (
        "p1", "int_1", {"id": "p1", "title": "Two"}, {"id": "p1", "title": "One"},
    )  # fmt: skip
    assert await room.provider_event("notion.page.archived", {"id": "p1"}) == {"change": "deleted"}
    assert await room.pages() == []
    told = await room.told()
    assert [row.name for row in told] == ["entity.record.created", "entity.record.updated", "entity.record.deleted"]
    assert (told[0].integration_id, told[0].depth, told[0].data["entity"]) == ("int_1", 1, "notion.page")
    fields = {field.name: field.type for field in await room.entities.fields(room.project.id, "notion.page")}
    assert fields == {"id": "string", "title": "string", "tags": "json"}
    assert await room.provider_event("notion.comment.created", {"id": "c"}) == {}
    with pytest.raises(NotProcessable):
        await room.provider_event("notion.page.updated", {"title": "no key"})
    with pytest.raises(Unprocessable):
        await room.entities.upsert(room.project, "notion.page", "p1", {"id": "p1"})


async def test_what_comes_out_of_order_does_not_undo_what_is_newer(room: Room) -> None:
    early, late = "2026-01-01T00:00:00.000000Z", "2026-01-02T00:00:00.000000Z"
    await room.provider_event("notion.page.updated", {"id": "p1", "title": "new"}, occurred_at=late)
    assert await room.provider_event("notion.page.created", {"id": "p1", "title": "old"}, occurred_at=early) == {"change": "none"}
    await room.provider_event("notion.page.deleted", {"id": "p1"}, occurred_at=late)
    assert await room.provider_event("notion.page.updated", {"id": "p1"}, occurred_at=early) == {"change": "none"}
    assert await room.pages() == []


async def test_a_change_that_is_undone_tells_nobody(room: Room) -> None:
    def fail(session: Session) -> None:
        from powerstrip.entities.keeping import Cause, Keeper, Spot

        Keeper(room.events).upsert(session, Spot(room.project.id, "person", "x"), {"name": "x"}, Cause())
        raise RuntimeError("undone")

    with pytest.raises(RuntimeError):
        await room.store.write(fail)
    assert await room.told() == []
    assert await room.keys() == []
