"""The audit chain: appended with the work it tells of, and every change to it is found and placed."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import Connection, text
from sqlmodel import Session, select

from powerstrip.problems import NotFound, StoreUnavailable
from powerstrip.store import Actor, Audit, AuditLog, Setting, Store

Job = Callable[[Connection], object]


def appending(log: AuditLog, actor: Actor, name: str = "x") -> Job:
    return lambda connection: log.append(connection, actor, "use", "integration", f"int_{name}", changes={"action": "a.b"})


async def chain(store: Store, log: AuditLog, actor: Actor, rows: int) -> None:
    await store.hot(lambda connection: [appending(log, actor, str(number))(connection) for number in range(rows)])


def sql(statement: str, **values: object) -> Job:
    return lambda connection: connection.execute(text(statement), values)


async def test_a_row_tells_who_did_what(store: Store, log: AuditLog, actor: Actor) -> None:
    def work(session: Session) -> str:
        return log.append(
            session,
            actor,
            "update",
            "project",
            "prj_x",
            project_id="prj_x",
            resource_name="Ops – ñ",
            changes={"name": ["a", "b"]},
        )

    row_id = await store.write(work)
    row = await store.read(lambda session: session.exec(select(Audit)).one())
    assert (row.id, row.seq, row.action, row.resource_name) == (row_id, 1, "update", "Ops – ñ")
    assert (row.user_id, row.actor_name, row.credential_id, row.ip_address) == (
        "prn_invented",
        "Ada",
        "key_invented",
        "127.0.0.1",
    )
    assert row.changes == {"name": ["a", "b"]}
    assert (await store.read(log.verify)).intact


async def test_a_header_that_is_no_text_does_not_stop_the_row(store: Store, log: AuditLog) -> None:
    odd = Actor("prn_x", "Ada", user_agent="curl\udcff\x00" + "x" * 1000)
    await store.hot(appending(log, odd))
    row = await store.read(lambda session: session.exec(select(Audit)).one())
    assert row.user_agent is not None
    assert row.user_agent.startswith("curl?xxx")
    assert len(row.user_agent) < 310
    assert (await store.read(log.verify)).intact


async def test_an_empty_chain_holds(store: Store, log: AuditLog) -> None:
    report = await store.read(log.verify)
    assert (report.intact, report.rows) == (True, 0)


async def test_the_chain_holds_across_groups_failures_and_savepoints(store: Store, log: AuditLog, actor: Actor) -> None:
    def fail_after(connection: Connection) -> None:
        appending(log, actor, "undone")(connection)
        raise NotFound("no")

    def undone(session: Session) -> None:
        savepoint = session.begin_nested()
        log.append(session, actor, "create", "project", "prj_undone")
        savepoint.rollback()

    def nested(session: Session) -> None:
        log.append(session, actor, "create", "project", "prj_1")
        undone(session)
        log.append(session, actor, "create", "project", "prj_2")

    def nested_first(session: Session) -> None:
        undone(session)
        log.append(session, actor, "create", "project", "prj_3")

    def jobs() -> list[Awaitable[object]]:
        one, nothing = appending(log, actor), lambda connection: None
        hot = [store.hot(job) for job in (fail_after, one, fail_after, nothing, one, fail_after)]
        return [hot[0], hot[1], store.write(nested), hot[2], hot[3], store.write(nested_first), hot[4], hot[5]]

    for _ in range(3):
        await asyncio.gather(*jobs(), return_exceptions=True)
    with pytest.raises(NotFound):
        await store.hot(fail_after)
    report = await store.read(log.verify)
    assert (report.intact, report.rows) == (True, 15), report
    left = await store.read(lambda session: session.exec(select(Audit).where(Audit.resource_id.contains("undone"))).all())
    assert list(left) == []


def wiped(connection: Connection) -> None:
    for statement in ("DELETE FROM audit", "DELETE FROM setting WHERE name = 'audit_end'"):
        connection.execute(text(statement))


TAMPERING = {
    "edit": (sql("UPDATE audit SET resource_id = 'int_other' WHERE seq = 4"), 4, "changed"),
    "edit of JSON": (sql('UPDATE audit SET changes = \'{"action": "a.b"}\' WHERE seq = 4'), 4, "changed"),
    "edit of the time": (sql("UPDATE audit SET created_at = '2020-01-01T00:00:00.000000Z' WHERE seq = 7"), 7, "changed"),
    "edit of the hash": (sql("UPDATE audit SET hash = :hash WHERE seq = 4", hash="0" * 64), 4, "changed"),
    "hash that is no ASCII": (sql("UPDATE audit SET hash = 'ñ' WHERE seq = 4"), 4, "changed"),
    "edit of the last": (sql("UPDATE audit SET actor_name = NULL WHERE seq = 10"), 10, "changed"),
    "deletion of the first": (sql("DELETE FROM audit WHERE seq = 1"), 1, "missing"),
    "deletion in the middle": (sql("DELETE FROM audit WHERE seq IN (5, 6)"), 5, "missing"),
    "deletion of the last": (sql("DELETE FROM audit WHERE seq = 10"), 10, "missing at the end"),
    "deletion of the tail": (sql("DELETE FROM audit WHERE seq > 3"), 4, "missing at the end"),
    "deletion of all": (sql("DELETE FROM audit"), 1, "missing at the end"),
    "deletion of the end's record": (sql("DELETE FROM setting WHERE name = 'audit_end'"), 11, "not on record"),
    "deletion of all with the end's record": (wiped, 1, "not on record"),
    "forged end": (sql("UPDATE setting SET value = '3 abc def' WHERE name = 'audit_end'"), 11, "not on record"),
}


@pytest.mark.parametrize("name", TAMPERING)
async def test_tampering_is_found_and_placed(store: Store, log: AuditLog, actor: Actor, name: str) -> None:
    tamper, place, reason = TAMPERING[name]
    await chain(store, log, actor, 10)
    assert (await store.read(log.verify)).intact
    await store.hot(tamper)
    report = await store.read(log.verify)
    assert (report.intact, report.broken_seq) == (False, place)
    assert reason in report.reason
    await chain(store, log, actor, 3)  # going on does not cover it up
    later = await store.read(log.verify)
    assert (later.intact, later.broken_seq) == (False, place)


async def test_swapped_rows_are_found(store: Store, log: AuditLog, actor: Actor) -> None:
    def swap(connection: Connection) -> None:
        for statement in ("SET seq = 99 WHERE seq = 3", "SET seq = 3 WHERE seq = 4", "SET seq = 4 WHERE seq = 99"):
            connection.execute(text(f"UPDATE audit {statement}"))

    await chain(store, log, actor, 6)
    await store.hot(swap)
    assert (await store.read(log.verify)).broken_seq == 3


async def test_an_inserted_row_is_found(store: Store, log: AuditLog, actor: Actor) -> None:
    await chain(store, log, actor, 5)
    forger = AuditLog(b"another key that is also invented")

    def forge(connection: Connection) -> None:
        connection.execute(text("UPDATE audit SET seq = seq + 100 WHERE seq > 3"))
        connection.execute(text("UPDATE audit SET seq = seq - 99 WHERE seq > 100"))
        row = dict(connection.execute(text("SELECT * FROM audit WHERE seq = 3")).mappings().one())
        row |= {"seq": 4, "id": "aud_forged", "previous": row["hash"]}
        row["hash"] = forger._hash([row[name] for name in row if name != "hash"])
        connection.execute(Audit.__table__.insert().values(**row | {"changes": json.loads(row["changes"])}))

    await store.hot(forge)
    report = await store.read(log.verify)
    assert (report.broken_seq, report.reason) == (4, "the row was changed")


async def test_a_tail_set_back_with_its_record_is_told_by_the_head(store: Store, log: AuditLog, actor: Actor) -> None:
    """Who can put back an older state of all tables is caught only by a head that was noted elsewhere."""
    await chain(store, log, actor, 4)
    old = await store.read(lambda session: session.get(Setting, "audit_end").value)
    await chain(store, log, actor, 4)
    noted = await store.read(log.verify)
    await store.hot(sql("UPDATE setting SET value = :value WHERE name = 'audit_end'", value=old))
    await store.hot(sql("DELETE FROM audit WHERE seq > 4"))
    report = await store.read(log.verify)
    assert report.intact
    assert report.head != noted.head


async def test_another_key_does_not_verify(store: Store, log: AuditLog, actor: Actor) -> None:
    await chain(store, log, actor, 2)
    assert (await store.read(AuditLog(b"x" * 32).verify)).broken_seq == 1


async def test_a_row_that_cannot_be_written_undoes_the_work(store: Store, log: AuditLog, actor: Actor) -> None:
    await chain(store, log, actor, 2)
    await store.hot(sql("ALTER TABLE audit RENAME TO audit_gone"))

    def work(connection: Connection) -> None:
        connection.execute(text("INSERT INTO setting (name, value) VALUES ('effect', 'x')"))
        appending(log, actor)(connection)

    with pytest.raises(StoreUnavailable):
        await store.hot(work)
    await store.hot(sql("ALTER TABLE audit_gone RENAME TO audit"))
    assert await store.read(lambda session: session.get(Setting, "effect")) is None
    assert (await store.read(log.verify)).rows == 2


APPENDER = """
import asyncio, sys
from powerstrip.store import Actor, AuditLog, Store

async def main():
    store, log = Store(sys.argv[1]), AuditLog(sys.argv[2].encode())
    await store.start()
    actor = Actor("prn_x", "Ada")
    for _ in range(10):
        await asyncio.gather(*(store.hot(lambda c: log.append(c, actor, "use", "integration", "int_x")) for _ in range(5)))
    await store.close()

asyncio.run(main())
"""


async def test_two_processes_append_to_one_chain(store: Store, log: AuditLog, actor: Actor) -> None:
    key = "an invented key of 32 bytes....."
    others = [subprocess.Popen([sys.executable, "-c", APPENDER, store.url, key]) for _ in range(2)]
    for _ in range(10):
        await asyncio.gather(*(store.hot(appending(log, actor)) for _ in range(5)))
    assert [await asyncio.to_thread(other.wait, 60) for other in others] == [0, 0]
    report = await store.read(log.verify)
    assert (report.intact, report.rows) == (True, 150), report
