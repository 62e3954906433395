"""The group-commit writer: what is acknowledged is committed, and one job's failure is its own."""

import asyncio
import threading
import time

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select

from powerstrip.problems import Conflict, NotFound, StoreUnavailable
from powerstrip.store import Setting, Store, insert_row, writer


async def names(store: Store) -> list[str]:
    found = await store.read(lambda session: list(session.exec(select(Setting.name).order_by(Setting.name))))
    return [name for name in found if name != "audit_end"]


def put(name: str):
    return lambda connection: insert_row(connection, Setting, {"name": name, "value": "x"})


def add(name: str):
    return lambda session: session.add(Setting(name=name, value="x"))


class Held:
    """Holds the writer in one job, so that what is handed in meanwhile becomes one group."""

    def __init__(self, store: Store) -> None:
        self._gate = threading.Event()
        self._task = asyncio.ensure_future(store.hot(lambda connection: self._gate.wait(5)))

    async def release(self) -> None:
        await asyncio.sleep(0.02)
        self._gate.set()
        await self._task


async def test_a_write_is_there_once_it_returns(store: Store) -> None:
    await store.write(add("one"))
    await store.hot(put("two"))
    assert await names(store) == ["one", "two"]


async def test_jobs_that_wait_share_one_commit(store: Store) -> None:
    commits: list[int] = []
    event.listen(store.engine, "commit", lambda connection: commits.append(1))
    held = Held(store)
    await asyncio.sleep(0.01)
    jobs = [asyncio.ensure_future(store.hot(put(f"n{number:03}"))) for number in range(100)]
    await held.release()
    await asyncio.gather(*jobs)
    assert len(await names(store)) == 100
    assert len(commits) == 2  # the job that held the writer, and the group


async def test_bulk_jobs_of_a_group_are_done_together_and_each_hears_its_own_answer(store: Store) -> None:
    groups: list[list[str]] = []

    def bulk(connection, items: list[str]):
        groups.append(items)
        for item in items:
            if item != "refused":
                put(item)(connection)
        return [Conflict("no") if item == "refused" else item.upper() for item in items]

    held = Held(store)
    await asyncio.sleep(0.01)
    work = [store.bulk(bulk, "a"), store.hot(put("plain")), store.bulk(bulk, "refused"), store.bulk(bulk, "b")]
    jobs = [asyncio.ensure_future(job) for job in work]
    await held.release()
    first, _, refused, second = await asyncio.gather(*jobs, return_exceptions=True)
    assert (first, second, type(refused)) == ("A", "B", Conflict)
    assert groups == [["a", "refused", "b"]]
    assert await names(store) == ["a", "b", "plain"]


async def test_a_bulk_that_breaks_at_one_item_is_done_again_item_by_item(store: Store) -> None:
    def bulk(connection, items: list[str]):
        for item in items:
            put(item)(connection)
            if item == "poor":
                raise ValueError(item)
        return items

    held = Held(store)
    await asyncio.sleep(0.01)
    jobs = [asyncio.ensure_future(store.bulk(bulk, item)) for item in ("a", "poor", "b")]
    await held.release()
    results = await asyncio.gather(*jobs, return_exceptions=True)
    assert [type(result) for result in results] == [str, ValueError, str]
    assert await names(store) == ["a", "b"]


@pytest.mark.parametrize("failure", [NotFound("no"), ValueError("no"), KeyboardInterrupt(), SystemExit(3), StopIteration()])
async def test_a_failing_job_leaves_its_group_alone(store: Store, failure: BaseException) -> None:
    def fail(connection):
        put("gone")(connection)
        raise failure

    def fail_in_session(session: Session):
        session.add(Setting(name="gone too", value="x"))
        session.flush()
        raise failure

    held = Held(store)
    await asyncio.sleep(0.01)
    work = [store.hot(put("a")), store.hot(fail), store.write(add("b")), store.write(fail_in_session), store.hot(put("c"))]
    jobs = [asyncio.ensure_future(job) for job in work]
    await held.release()
    results = await asyncio.gather(*jobs, return_exceptions=True)
    assert [isinstance(result, Exception) for result in results] == [False, True, False, True, False]
    expected = type(failure) if isinstance(failure, (NotFound, ValueError)) else RuntimeError
    assert type(results[1]) is type(results[3]) is expected
    assert await names(store) == ["a", "b", "c"]


async def test_a_failing_job_alone_leaves_nothing(store: Store) -> None:
    def fail(connection):
        put("gone")(connection)
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await store.hot(fail)
    assert await names(store) == []
    await store.hot(put("later"))
    assert await names(store) == ["later"]


async def test_a_constraint_is_a_conflict_for_its_own_caller_alone(store: Store) -> None:
    await store.hot(put("taken"))
    held = Held(store)
    await asyncio.sleep(0.01)
    jobs = [asyncio.ensure_future(job) for job in (store.hot(put("taken")), store.write(add("taken")), store.hot(put("two")))]
    await held.release()
    results = await asyncio.gather(*jobs, return_exceptions=True)
    assert [type(result) for result in results] == [Conflict, Conflict, type(None)]
    assert "taken" not in str(results[0])  # PostgreSQL's DETAIL repeats the value
    assert await names(store) == ["taken", "two"]


async def test_work_may_recover_inside_its_session(store: Store) -> None:
    await store.write(add("one"))

    def recover(session: Session) -> str:
        try:
            with session.begin_nested():
                session.add(Setting(name="one", value="again"))
                session.flush()
        except IntegrityError:
            session.add(Setting(name="two", value="x"))
        return "recovered"

    held = Held(store)
    await asyncio.sleep(0.01)
    jobs = [asyncio.ensure_future(store.write(recover)), asyncio.ensure_future(store.hot(put("three")))]
    await held.release()
    assert await asyncio.gather(*jobs) == ["recovered", None]
    assert await names(store) == ["one", "three", "two"]


async def test_cancelling_a_waiter_does_not_undo(store: Store) -> None:
    held = Held(store)
    await asyncio.sleep(0.01)
    job = asyncio.ensure_future(store.hot(put("kept")))
    await asyncio.sleep(0.01)
    job.cancel()
    await held.release()
    with pytest.raises(asyncio.CancelledError):
        await job
    await store.hot(put("next"))
    assert await names(store) == ["kept", "next"]


async def test_reading_does_not_wait_for_the_writer(store: Store) -> None:
    await store.hot(put("seen"))
    gate = threading.Event()

    def slow(connection) -> None:
        put("unseen")(connection)
        gate.wait(5)

    job = asyncio.ensure_future(store.hot(slow))
    await asyncio.sleep(0.02)
    started = time.monotonic()
    assert await names(store) == ["seen"]
    assert time.monotonic() - started < 1
    gate.set()
    await job


async def test_readers_run_beside_each_other_and_leave_the_event_loop_free(store: Store) -> None:
    together = threading.Barrier(3)
    await asyncio.gather(*(store.read(lambda session: together.wait(5)) for _ in range(3)))


async def test_a_reader_cannot_write(store: Store) -> None:
    def work(session: Session) -> None:
        session.add(Setting(name="hidden", value="x"))
        session.flush()

    with pytest.raises(StoreUnavailable):
        await store.read(work)
    assert await names(store) == []


async def test_reads_see_one_state(store: Store) -> None:
    first, second = threading.Event(), threading.Event()

    def work(session: Session) -> tuple[int, int]:
        before = len(list(session.exec(select(Setting.name))))
        first.set()
        second.wait(5)
        return before, len(list(session.exec(select(Setting.name))))

    reading = asyncio.ensure_future(store.read(work))
    await asyncio.to_thread(first.wait, 5)
    await store.hot(put("meanwhile"))
    second.set()
    before, after = await reading
    assert before == after


async def test_after_close_everything_is_refused(database_url: str) -> None:
    store = Store(database_url)
    store.migrate()
    with pytest.raises(StoreUnavailable):
        await store.hot(put("early"))
    await store.start()
    jobs = [asyncio.ensure_future(store.hot(put(f"n{number}"))) for number in range(20)]
    await asyncio.sleep(0)
    await store.close()
    await asyncio.gather(*jobs)  # what was handed in is finished
    for refused in (store.hot(put("late")), store.write(add("late")), store.read(lambda session: None)):
        with pytest.raises(StoreUnavailable):
            await refused
    await store.close()  # twice is fine
    again = Store(database_url)
    await again.start()
    assert len(await names(again)) == 20
    await again.close()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
async def test_a_writer_thread_that_dies_leaves_nobody_waiting(store: Store, monkeypatch: pytest.MonkeyPatch, caplog) -> None:
    def broken(group: object) -> None:
        raise MemoryError

    gate = threading.Event()
    job = asyncio.ensure_future(store.hot(lambda connection: gate.wait(5)))
    await asyncio.sleep(0.02)
    waiting = asyncio.ensure_future(store.hot(put("waiting")))
    await asyncio.sleep(0.02)
    real_wake = writer._wake
    calls = iter([broken, real_wake])
    monkeypatch.setattr(writer, "_wake", lambda group: next(calls)(group))
    gate.set()
    with pytest.raises(StoreUnavailable):
        await asyncio.wait_for(waiting, 2)
    with pytest.raises(StoreUnavailable):
        await asyncio.wait_for(store.hot(put("later")), 2)
    assert "writer ended by a fault" in caplog.text
    job.cancel()


async def test_a_lost_connection_is_replaced_and_the_work_run_again(store: Store) -> None:
    if store.sqlite:
        pytest.skip("SQLite has no connection to lose")
    runs = []

    def cut(connection) -> None:
        runs.append(1)
        put("kept")(connection)
        if len(runs) == 1:
            connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    held = Held(store)
    await asyncio.sleep(0.01)
    jobs = [asyncio.ensure_future(job) for job in (store.hot(put("before")), store.hot(cut), store.hot(put("after")))]
    await held.release()
    await asyncio.gather(*jobs)
    assert len(runs) == 2
    assert await names(store) == ["after", "before", "kept"]
