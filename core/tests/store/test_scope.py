"""The project scope: what belongs to another project is as absent as what never was."""

import pytest
from sqlmodel import Session

from powerstrip.problems import NotFound
from powerstrip.store import Integration, Prepared, Project, Store, StoredFile, WouldSend, scope


def project(handle: str) -> Project:
    return Project(id=f"prj_{handle}", name=handle, handle=handle)


def integration(project_id: str, name: str, at: str = "2025-01-01T00:00:00.000000Z") -> Integration:
    return Integration(id=f"int_{name}", project_id=project_id, provider="slack", name=name, name_key=name, created_at=at)


@pytest.fixture
async def filled(store: Store) -> Store:
    def fill(session: Session) -> None:
        session.add_all([project("a"), project("b")])
        session.flush()
        session.add_all([integration("prj_a", "one"), integration("prj_b", "two")])

    await store.write(fill)
    return store


async def test_own_rows_are_found(filled: Store) -> None:
    assert (await filled.read(lambda session: scope(session, "prj_a").get(Integration, "int_one"))).name == "one"
    assert (await filled.read(lambda session: scope(session, "prj_a").find(Integration, name="one"))).id == "int_one"


@pytest.mark.parametrize("row_id", ["int_two", "int_none", "", "int_one' OR '1'='1"])
async def test_foreign_and_random_ids_look_alike(filled: Store, row_id: str) -> None:
    with pytest.raises(NotFound) as caught:
        await filled.read(lambda session: scope(session, "prj_a").get(Integration, row_id))
    assert caught.value.message == "There is no integration with this id in this project"


async def test_lists_hold_own_rows_alone(filled: Store) -> None:
    def look(session: Session):
        mine = scope(session, "prj_a")
        return (
            [row.id for row in mine.all(Integration)],
            [row.id for row in mine.page(Integration)],
            mine.find(Integration, name="two"),
        )

    assert await filled.read(look) == (["int_one"], ["int_one"], None)


async def test_a_row_of_another_project_is_not_added(filled: Store) -> None:
    with pytest.raises(NotFound, match="stored file"):
        await filled.write(lambda session: scope(session, "prj_a").add(StoredFile(project_id="prj_b", expires_at="x")))


async def test_a_row_whose_work_was_undone_and_runs_again_is_kept(filled: Store) -> None:
    row = StoredFile(project_id="prj_a", expires_at="x")

    def add(session: Session) -> None:
        scope(session, "prj_a").add(row)

    with filled.engine.connect() as connection, connection.begin() as undone:
        with Session(connection, expire_on_commit=False, join_transaction_mode="create_savepoint") as session:
            add(session)
            session.commit()
        undone.rollback()
    await filled.write(add)

    assert (await filled.read(lambda session: scope(session, "prj_a").get(StoredFile, row.id))).expires_at == "x"


async def test_pages_follow_each_other_without_gap_or_repeat(filled: Store) -> None:
    def fill(session: Session) -> None:
        for number in range(10):  # pairs share a time: the id decides
            session.add(integration("prj_a", f"page{number}", f"2025-02-0{number // 2 + 1}T00:00:00.000000Z"))

    def walk(session: Session) -> list[str]:
        seen, after = [], None
        while page := scope(session, "prj_a").page(Integration, after=after, limit=3):
            seen += [row.id for row in page]
            after = (page[-1].created_at, page[-1].id)
        return seen

    await filled.write(fill)
    assert await filled.read(walk) == [f"int_page{number}" for number in range(9, -1, -1)] + ["int_one"]


async def test_a_delete_reaches_own_rows(filled: Store) -> None:
    def remove(session: Session) -> None:
        mine = scope(session, "prj_a")
        mine.delete(mine.get(Integration, "int_one"))

    await filled.write(remove)
    assert await filled.read(lambda session: scope(session, "prj_a").all(Integration)) == []


def test_tables_are_named_by_their_words() -> None:
    assert [table.__tablename__ for table in (StoredFile, WouldSend, Project)] == ["stored_file", "would_send", "project"]


async def test_prepared_statements_take_and_give_names(filled: Store) -> None:
    from sqlalchemy import bindparam, select, update

    one = Prepared(select(Integration.id, Integration.name).where(Integration.provider == bindparam("provider")).limit(1))
    rename = Prepared(update(Integration).where(Integration.id == bindparam("which")).values(name=bindparam("new")))

    def work(connection):
        row = one.first(connection, provider="slack")
        touched = rename.run(connection, which=row.id, new="other"), rename.run(connection, which="none", new="other")
        return row.name, touched, one.first(connection, provider="none"), len(one.all(connection, provider="slack"))

    name, touched, missing, count = await filled.hot(work)
    assert name in ("one", "two")
    assert (touched, missing, count) == ((1, 0), None, 1)
