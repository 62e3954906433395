"""Jobs and leases on both databases: each job once, whoever asks at the same instant."""

import threading
from collections import Counter
from datetime import timedelta

import pytest
from sqlmodel import Session, col, select

from powerstrip.actions import NewJob, StepRef
from powerstrip.automations.workers import jobs, leases
from powerstrip.automations.workers.values import Claimant, Told
from powerstrip.clock import now
from powerstrip.store import Job, Project, Store

JOBS = 1000


@pytest.fixture
def store(database_url: str):
    store = Store(database_url)
    store.migrate()
    with Session(store.engine) as session:
        session.add(Project(id="prj_a", name="a", handle="a"))
        session.add(Project(id="prj_b", name="b", handle="b"))
        session.commit()
    yield store
    store.engine.dispose()


def new_job(**changes) -> NewJob:
    facts = {
        "project_id": "prj_a",
        "action_name": "work",
        "parameters": {},
        "queue": "default",
        "attempt_seconds": 60,
        "max_attempts": 3,
        "invocation_id": "inv_1",
        "idempotency_key": "key",
    }
    return NewJob(**(facts | changes))


def add(store: Store, *wanted: NewJob) -> list[str]:
    with store.engine.begin() as connection:
        return [jobs.enqueue(connection, each) for each in wanted]


def claim(store: Store, name: str = "w", slots: int = 1, project: str = "prj_a"):
    with store.engine.begin() as connection:
        return jobs.claim(connection, Claimant(project, name, 10_000), slots)


def report(store: Store, token: str, job_id: str, session: str = "w", project: str = "prj_a", **more):
    with store.engine.begin() as connection:
        return jobs.report(connection, Claimant(project, session, 100), Told(job_id, token, **more)).verdict


def status(store: Store, job_id: str) -> str:
    with Session(store.engine) as session:
        return session.exec(select(col(Job.status)).where(col(Job.id) == job_id)).one()


def test_a_thousand_jobs_for_two_at_once_are_given_out_once(store) -> None:
    add(store, *[new_job() for _ in range(JOBS)])
    start, given = threading.Barrier(2), {"one": [], "two": []}

    def work(name: str) -> None:
        start.wait()
        while found := claim(store, name, 7):
            given[name] += [job.id for job in found]

    threads = [threading.Thread(target=work, args=(name,)) for name in given]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    counted = Counter(given["one"] + given["two"])
    assert len(counted) == JOBS
    assert set(counted.values()) == {1}


def test_a_fence_keeps_the_old_worker_out(store, monkeypatch) -> None:
    [id] = add(store, new_job())
    [old] = claim(store, "old")
    later = now() + timedelta(seconds=leases.LEASE_SECONDS + 1)
    monkeypatch.setattr(jobs, "time_of", lambda connection: later)
    assert report(store, old.lease_token, id, "old", result={"late": 1}) == "refused"
    with store.engine.begin() as connection:
        assert jobs.reap(connection) == ([], {"prj_a"})
    much_later = later + timedelta(minutes=5)
    monkeypatch.setattr(jobs, "time_of", lambda connection: much_later)
    [new] = claim(store, "new")
    assert (new.id, new.attempt) == (id, 2)
    forged = old.lease_token.replace("lease_1_", "lease_2_")
    for token in (old.lease_token, forged, "lease_2_", "", "lease_99999999999999999_x", new.lease_token + "x"):
        assert report(store, token, id, "old", result={"late": 1}) == "refused"
        assert report(store, token, id, "new", result={"late": 1}) == "refused"
    assert report(store, new.lease_token, id, "old", result={}) == "refused"
    assert report(store, new.lease_token, id, "new", "prj_b", result={}) == "refused"
    assert report(store, new.lease_token, id, "new", result={"n": 1}) == "accepted"
    assert report(store, new.lease_token, id, "new", result={"n": 1}) == "again"
    assert report(store, new.lease_token, id, "new", result={"n": 2}) == "refused"
    assert status(store, id) == "completed"


def test_another_project_s_jobs_are_not_given_out(store) -> None:
    [id] = add(store, new_job())
    assert claim(store, project="prj_b") == []
    assert status(store, id) == "queued"


def test_a_destructive_attempt_that_was_lost_is_not_repeated(store, monkeypatch) -> None:
    [id] = add(store, new_job(max_attempts=1))
    claim(store)
    later = now() + timedelta(minutes=10)
    monkeypatch.setattr(jobs, "time_of", lambda connection: later)
    with store.engine.begin() as connection:
        [ended], _ = jobs.reap(connection)
    assert (ended.status, ended.error_type) == ("dead", "worker_lost")
    assert status(store, id) == "dead"


def test_an_attempt_at_a_step_has_one_job(store) -> None:
    step = StepRef("run_1", "step_1", "greet", 1)
    [id] = add(store, new_job(step=step))
    with pytest.raises(Exception, match=r"(?i)unique"):
        add(store, new_job(step=step))
    with store.engine.begin() as connection:
        state = jobs.adopt(connection, id, StepRef("run_1", "step_1", "greet", 2))
    assert state.step is not None
    assert state.step.attempt == 2
