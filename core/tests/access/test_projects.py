"""Projects: handles, modes, archive and the end of one."""

import pytest
from sqlmodel import select

from powerstrip.access import NewKey, NewPrincipal, NewProject, NewRole, ProjectChanges, TagFilter, require_open
from powerstrip.problems import BadInput, Conflict, Forbidden, NotFound, Unauthenticated
from powerstrip.store import ApiKey, Audit, Integration, Invocation, Principal, Project, Role, RoleAssignment, StoredFile, scope


@pytest.mark.parametrize(
    ("name", "handle"),
    [
        ("Customer Mail", "customer-mail"),
        ("  Größe & Co. ", "groe-co"),
        ("A--b__C", "a-b-c"),
        ("x" * 100, "x" * 64),
        ("Ünïcode 1", "unicode-1"),
    ],
)
async def test_a_handle_comes_from_the_name(house, name, handle) -> None:
    project = await house.access.projects.create(house.admin, NewProject(name))
    assert project.handle == handle
    assert (await house.access.projects.find(house.admin, handle)).id == project.id
    assert (await house.access.projects.find(house.admin, project.id)).handle == handle


@pytest.mark.parametrize("handle", ["", "-a", "a-", "a--b", "A", "a_b", "a b", "ä", "a/b", "..", "x" * 65, "a\n"])
async def test_other_handles_are_refused(house, handle) -> None:
    with pytest.raises(BadInput):
        await house.access.projects.create(house.admin, NewProject("Fine", handle=handle))


async def test_a_name_without_letters_needs_a_handle(house) -> None:
    with pytest.raises(BadInput):
        await house.access.projects.create(house.admin, NewProject("日本"))
    assert (await house.access.projects.create(house.admin, NewProject("日本", handle="japan"))).name == "日本"


async def test_a_taken_handle_is_a_conflict(house) -> None:
    with pytest.raises(Conflict) as caught:
        await house.access.projects.create(house.admin, NewProject("MAIN"))
    assert caught.value.code == "handle_taken"


async def test_who_makes_a_project_owns_it(house) -> None:
    owner, key = await house.member("owner")
    made = await house.access.projects.create(owner, NewProject("Mine"))
    assert (await house.access.authenticate(key)).may("project.manage", made.id)
    for role in ("admin", "builder", "viewer"):
        member, _ = await house.member(role)
        with pytest.raises(Forbidden):
            await house.access.projects.create(member, NewProject("No"))
        with pytest.raises(NotFound):
            await house.access.projects.find(member, "mine")


async def test_the_list_shows_what_one_may_view(house) -> None:
    access = house.access
    await access.projects.create(house.admin, NewProject("Beta", tags={"env": "prod"}))
    alpha = await access.projects.create(house.admin, NewProject("Alpha", tags={"env": "test"}))
    viewer, _ = await house.member("viewer", project=alpha)

    async def names(identity=house.admin, **wanted):
        return [row.name for row in await access.projects.list(identity, **wanted)]

    assert await names() == ["Alpha", "Beta", "main"]
    assert await names(viewer) == ["Alpha"]
    assert await names(search="be") == ["Beta"]
    assert await names(search="BE") == ["Beta"]
    assert await names(search="%") == []
    assert await names(tags=TagFilter.read(["env:prod,live"])) == ["Beta"]
    assert await names(tags=TagFilter.read(["env:*"])) == ["Alpha", "Beta"]
    assert await names(tags=TagFilter.read(["env:*", "env:test"])) == ["Alpha"]
    await access.projects.archive(house.admin, alpha)
    assert await names() == ["Beta", "main"]
    assert await names(status="archived") == ["Alpha"]
    assert await names(status="all") == ["Alpha", "Beta", "main"]


@pytest.mark.parametrize("text", ["", "env", ":x", "env:", "a:b:c"])
def test_tag_filters_of_another_form_are_refused(text) -> None:
    with pytest.raises(BadInput):
        TagFilter.read([text])


@pytest.mark.parametrize(
    "tags",
    [{str(n): "" for n in range(9)}, {"": "x"}, {"k" * 129: "x"}, {"k": "v" * 257}, {"mobius:x": "y"}, {"Powerstrip:x": "y"}],
    ids=range(6),
)
async def test_tags_have_limits(house, tags) -> None:
    with pytest.raises(BadInput):
        await house.access.projects.create(house.admin, NewProject("Tagged", tags=tags))
    with pytest.raises(BadInput):
        await house.access.projects.update(house.admin, house.project, ProjectChanges(tags=tags))


async def test_update_changes_what_is_given_and_is_seen_at_once(house) -> None:
    found = await house.access.projects.find(house.admin, "main")
    changed = await house.access.projects.update(house.admin, found, ProjectChanges(name=" New name ", description="text"))
    assert (changed.name, changed.description, changed.handle) == ("New name", "text", "main")
    assert changed.updated_at > found.updated_at
    assert (await house.access.projects.find(house.admin, "main")).name == "New name"


async def test_archive_and_restore_are_idempotent(house) -> None:
    projects = house.access.projects
    archived = await projects.archive(house.admin, house.project)
    again = await projects.archive(house.admin, archived)
    assert archived.archived_at == again.archived_at is not None
    with pytest.raises(Conflict) as caught:
        require_open(again)
    assert caught.value.code == "project_archived"
    restored = await projects.restore(house.admin, again)
    assert restored.archived_at is None
    require_open(await projects.restore(house.admin, restored))
    told = [action for action, kind in await house.told() if kind == "project"]
    assert told == ["create", "archive", "restore"]


async def test_delete_takes_everything_of_the_project_and_nothing_else(house) -> None:
    access = house.access
    gone = await access.projects.create(house.admin, NewProject("Gone"))
    kept_role = await access.roles.create(house.admin, house.project.id, NewRole("kept", ["project.view"]))
    member, key = await house.member("builder", project=gone)
    await access.roles.assign(house.admin, house.project.id, member.actor.principal_id, role_id=kept_role.id)
    await access.roles.create(house.admin, gone.id, NewRole("gone", ["project.view"]))
    await house.store.write(lambda session: _furnish(session, gone.id))
    with pytest.raises(Conflict) as caught:
        await access.projects.delete(house.admin, gone)
    assert caught.value.code == "project_not_archived"
    archived = await access.projects.archive(house.admin, gone)
    assert await access.projects.delete(house.admin, archived) == ["file_gone"]
    with pytest.raises(NotFound):
        await access.projects.find(house.admin, "gone")
    with pytest.raises(Unauthenticated):
        await access.authenticate(key)
    for table in (ApiKey, Principal, Role, RoleAssignment, Integration, Invocation, StoredFile):
        left = await house.store.read(lambda session, table=table: [row.project_id for row in session.exec(select(table))])
        assert gone.id not in left
    audits = await house.store.read(lambda session: list(session.exec(select(Audit).where(Audit.project_id == gone.id))))
    assert audits[-1].action == "delete"
    assert (await house.store.read(house.audit.verify)).intact
    assert [role.id for role in await access.roles.list(house.project.id) if not role.system_defined] == [kept_role.id]


def _furnish(session, project_id: str) -> None:
    rows = scope(session, project_id)
    rows.add(Integration(project_id=project_id, provider="slack", name="x", name_key="x"))
    rows.add(Invocation(project_id=project_id, action_name="slack.message.post"))
    rows.add(StoredFile(id="file_gone", project_id=project_id, expires_at="2999-01-01T00:00:00.000000Z"))


async def test_a_project_is_not_deleted_by_its_own_resident(house) -> None:
    archived = await house.access.projects.archive(house.admin, house.project)
    with pytest.raises(Conflict) as caught:
        await house.access.projects.delete(house.admin, archived)
    assert caught.value.code == "project_is_home"


async def test_a_delete_that_would_leave_a_project_without_owner_is_undone(house) -> None:
    """The hub's only admin lives in the first project: another owner cannot delete it from under the hub."""
    access = house.access
    other = await access.projects.create(house.admin, NewProject("Other"))
    role = (await house.role_ids())["owner"]
    resident = (await access.principals.create(house.admin, other.id, NewPrincipal("resident"))).principal
    await access.roles.assign(house.admin, house.project.id, resident.id, role_id=role)
    key = await access.keys.create(house.admin, other, NewKey("resident", resident.id))
    archived = await access.projects.archive(house.admin, house.project)
    with pytest.raises(Conflict) as caught:
        await access.projects.delete(await access.authenticate(key.key), archived)
    assert caught.value.code == "last_owner"
    assert (await house.store.read(lambda session: session.get(Project, house.project.id))) is not None


async def test_bootstrap_twice_gives_a_further_key_to_the_same_admin(house) -> None:
    again = await house.access.bootstrap("main")
    assert (again.created, again.project.id, again.principal.id) == (False, house.project.id, house.first.principal.id)
    assert again.key != house.first.key
    for key in (again.key, house.first.key):
        assert (await house.access.authenticate(key)).may("project.create", None)
    with pytest.raises(Conflict) as caught:
        await house.access.bootstrap("main", mode="sandbox")
    assert caught.value.code == "mode_is_fixed"


async def test_only_the_first_admin_owns_the_hub(house) -> None:
    second = await house.access.bootstrap("second", mode="sandbox")
    identity = await house.access.authenticate(second.key)
    assert second.created
    assert second.project.mode == "sandbox"
    assert identity.may("project.manage", second.project.id)
    assert not identity.grants.sees(house.project.id)
    with pytest.raises(BadInput):
        await house.access.bootstrap("Not a handle")


async def test_a_refusal_is_kept(house) -> None:
    viewer, _ = await house.member("viewer")
    await house.access.refuse(viewer, house.project.id, "project.manage")
    await house.access.refuse(viewer, None, "project.manage")
    rows = await house.store.read(lambda session: list(session.exec(select(Audit).where(Audit.action == "refuse"))))
    assert [(row.project_id, row.resource_id, row.user_id) for row in rows] == [
        (house.project.id, "project.manage", viewer.actor.principal_id),
        (None, "project.manage", viewer.actor.principal_id),
    ]
