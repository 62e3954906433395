"""The processor on each database: order, isolation of consumers, dead letters, what a dead process left."""

import asyncio
import threading
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlmodel import Session, select

from powerstrip.events import Came, Emitted, Events, NewEvent
from powerstrip.store import Project, SourceEvent, Store


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = Store(database_url)
    await asyncio.to_thread(store.migrate)
    await store.start()

    def project(session: Session) -> None:
        session.add(Project(id="prj_1", name="P", handle="p"))

    await store.write(project)
    yield store
    await store.close()


async def emit(store: Store, events: Events, *names: str, **more: Any) -> list[str | None]:
    def work(connection: Any) -> list[str | None]:
        return [events.emit(connection, NewEvent("prj_1", name, "test", data={"n": name}, **more)) for name in names]

    ids = await store.hot(work)
    events.wake()
    return ids


async def rows(store: Store) -> list[SourceEvent]:
    return list(await store.read(lambda session: session.exec(select(SourceEvent).order_by("seq")).all()))


async def until(store: Store, *statuses: str) -> list[SourceEvent]:
    for _ in range(200):
        found = await rows(store)
        if [row.status for row in found] == list(statuses):
            return found
        await asyncio.sleep(0.03)
    raise AssertionError([(row.status, row.last_error) for row in found])


async def test_events_are_handed_on_in_the_order_of_receipt_each_once(store: Store) -> None:
    heard: list[str] = []
    events = Events(store)
    events.add_consumer("one", lambda connection, event: heard.append(event.name))
    await emit(store, events, *(f"e{number}" for number in range(150)))
    await events.start()
    await until(store, *["succeeded"] * 150)
    await events.close()
    assert heard == [f"e{number}" for number in range(150)]


async def test_a_key_is_taken_once_and_depth_has_an_end(store: Store) -> None:
    events = Events(store)
    first, second = await emit(store, events, "a", "b", key="same")
    assert first is not None
    assert second is None
    assert await emit(store, events, "deep", depth=17) == [None]


async def test_one_consumer_s_failure_is_not_the_others_and_undoes_its_own_work_alone(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("powerstrip.events.processor.WAITS", (0.01,))
    heard: list[str] = []
    events = Events(store)

    def good(connection: Any, event: Any) -> dict[str, Any]:
        connection.exec_driver_sql("UPDATE project SET description = 'good'")
        heard.append(event.name)
        return {"runs": ["run_1"]}

    def poor(connection: Any, event: Any) -> None:
        connection.exec_driver_sql("UPDATE project SET description = 'poor'")
        if event.name == "poison":
            connection.exec_driver_sql("SELECT nothing FROM nowhere")

    events.add_consumer("good", good)
    events.add_consumer("poor", poor)
    await events.start()
    await emit(store, events, "poison")
    (row,) = await until(store, "dead")
    await emit(store, events, "fine")
    await until(store, "dead", "succeeded")
    await events.close()
    assert (row.attempts, row.next_at, row.outcome) == (8, None, {"good": {"runs": ["run_1"]}})
    assert row.last_error is not None
    assert row.last_error.startswith("poor: ")
    assert heard == ["poison", "fine"]


async def test_what_comes_before_the_last_consumer_is_handed_to_that_one_too(store: Store) -> None:
    heard: list[str] = []
    events = Events(store)
    events.add_consumer("dull", lambda connection, event: None, lambda connection, project_id: lambda event: {})
    await emit(store, events, "early")
    events.add_consumer("late", lambda connection, event: heard.append(event.name))
    await events.start()
    await until(store, "succeeded")
    await events.close()
    assert heard == ["early"]


async def test_an_event_that_nobody_wants_is_at_its_end_at_once_and_handed_to_nobody(store: Store) -> None:
    heard: list[str] = []
    events = Events(store)
    events.add_consumer(
        "one",
        lambda connection, event: heard.append(event.name),
        lambda connection, project_id: lambda event: {} if event.name == "dull" else None,
    )
    await events.start()

    def work(connection: Any) -> list[Any]:
        events.emit_all(connection, [NewEvent("prj_1", name, "test") for name in ("dull", "keen")])
        return list(connection.execute(select(SourceEvent.status).order_by("seq")).scalars())

    assert await store.hot(work) == ["succeeded", "pending"]
    events.wake()
    dull, keen = await until(store, "succeeded", "succeeded")
    await events.close()
    assert heard == ["keen"]
    assert dull.outcome == keen.outcome == {"one": {}}
    assert (dull.next_at, dull.processed_at is not None) == (None, True)


async def test_what_a_dead_process_left_is_taken_up_and_a_killer_dies(store: Store) -> None:
    events = Events(store)
    await emit(store, events, "left", "killer")

    def leave(connection: Any) -> None:
        connection.exec_driver_sql(
            "UPDATE source_event SET status = 'processing', attempts = 1, next_at = '2000-01-01T00:00:00Z'"
        )
        connection.exec_driver_sql("UPDATE source_event SET attempts = 8 WHERE name = 'killer'")

    await store.hot(leave)
    heard: list[str] = []
    events.add_consumer("one", lambda connection, event: heard.append(event.name))
    await events.start()
    await until(store, "succeeded", "dead")
    await events.close()
    assert heard == ["left"]


async def test_another_s_word_before_the_commit_does_not_use_up_one_s_own(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody tells of a commit of his while an event of ours is written and not committed: ours is found by our own word."""
    monkeypatch.setattr("powerstrip.events.events.IDLE", 60.0)
    events = Events(store)
    events.add_consumer("one", lambda connection, event: None)
    await events.start()
    written, go = threading.Event(), threading.Event()

    def slow(connection: Any) -> None:
        events.emit(connection, NewEvent("prj_1", "slow", "test"))
        written.set()
        go.wait(5)

    writing = asyncio.create_task(store.hot(slow))
    await asyncio.to_thread(written.wait, 5)
    events.told()
    await asyncio.sleep(0.1)
    go.set()
    await writing
    events.told()
    await until(store, "succeeded")
    await events.close()


async def test_an_event_is_handed_on_in_the_transaction_that_keeps_it(store: Store) -> None:
    heard: list[str] = []
    events = Events(store)

    def crowd(connection: Any, found: Any) -> list[Came]:
        heard.extend(event.name for event in found)
        return [Came({"name": event.name}, lambda event=event: heard.append(f"after {event.name}")) for event in found]

    events.add_crowd("one", crowd)

    def emit(connection: Any) -> list[Emitted]:
        return events.hand_on(connection, [NewEvent("prj_1", "a", "test", key="k"), NewEvent("prj_1", "b", "test", key="k")])

    first, second = await store.hot(emit)
    assert heard == ["a"]
    (row,) = await until(store, "succeeded")
    assert (first.id, first.outcome, row.outcome) == (row.id, {"one": {"name": "a"}}, {"one": {"name": "a"}})
    assert (row.attempts, row.next_at) == (1, None)
    assert second == Emitted(None)
    for after in first.after:
        after()
    assert heard == ["a", "after a"]


async def test_an_event_waits_its_turn_behind_those_that_came_before(store: Store) -> None:
    heard: list[str] = []
    events = Events(store)
    events.add_consumer("one", lambda connection, event: heard.append(event.name))
    await emit(store, events, "earlier")
    (told,) = await store.hot(lambda connection: events.hand_on(connection, [NewEvent("prj_1", "later", "test")]))
    assert (told.outcome, heard) == (None, [])
    await events.start()
    await until(store, "succeeded", "succeeded")
    await events.close()
    assert heard == ["earlier", "later"]


async def test_a_crowd_that_fails_at_one_event_has_the_others_and_that_one_is_tried_again(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("powerstrip.events.processor.WAITS", (0.01,))
    failing, done = {"bad"}, list[str]()
    events = Events(store)

    def crowd(connection: Any, found: Any) -> list[Came]:
        connection.exec_driver_sql("UPDATE project SET description = description || 'x'")
        if failing & {event.name for event in found}:
            raise RuntimeError
        return [Came({}, lambda event=event: done.append(event.name)) for event in found]

    events.add_crowd("one", crowd)
    new = [NewEvent("prj_1", name, "test") for name in ("good", "bad", "fine")]
    told = await store.hot(lambda connection: events.hand_on(connection, new))
    for each in told:
        for after in each.after:
            after()
    assert [row.status for row in await rows(store)] == ["succeeded", "retrying", "succeeded"]
    failing.clear()
    await events.start()
    await until(store, "succeeded", "succeeded", "succeeded")
    await events.close()
    assert done == ["good", "fine", "bad"]
    project = await store.read(lambda session: session.get_one(Project, "prj_1"))
    assert project.description == "xxx"
