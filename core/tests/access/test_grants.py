"""Who may do what: the role ladder, escalation, and the last owner."""

from itertools import pairwise

import pytest
from sqlmodel import select

from powerstrip.access import IDS, PRESETS, NewKey, NewPrincipal, NewProject, NewRole, PrincipalChanges, RoleChanges
from powerstrip.access.permissions import includes
from powerstrip.problems import BadInput, Conflict, Forbidden, NotFound, Unauthenticated, Unprocessable
from powerstrip.store import Audit

LADDER = ["viewer", "builder", "admin", "owner"]


def test_each_step_of_the_ladder_holds_what_the_one_below_holds() -> None:
    held = {preset.id: set(preset.permissions) for preset in PRESETS}
    for low, high in pairwise(LADDER):
        assert held[low] < held[high]
    assert held["owner"] == IDS
    assert not any(permission.endswith((".manage", ".create", ".use", ".test", "invoke")) for permission in held["viewer"])


@pytest.mark.parametrize(
    ("held", "wanted", "fits"),
    [
        ({"actions.invoke"}, "actions.execute.slack.message.post", True),
        ({"actions.execute.slack.*"}, "actions.execute.slack.message.post", True),
        ({"actions.execute.slack.*"}, "actions.execute.slack.*", True),
        ({"actions.execute.slack.message.post"}, "actions.execute.slack.message.post", True),
        ({"actions.execute.slack.*"}, "actions.execute.slackbot.message.post", False),
        ({"actions.execute.slack.*"}, "actions.invoke", False),
        ({"actions.execute.slack.message.post"}, "actions.execute.slack.*", False),
        ({"project.view"}, "project.manage", False),
        ({"project.*"}, "project.manage", False),
        (set(), "project.view", False),
    ],
)
def test_when_one_permission_includes_another(held, wanted, fits) -> None:
    assert includes(held, wanted) is fits


async def test_another_project_looks_like_none(house) -> None:
    other = await house.access.projects.create(house.admin, NewProject("Other"))
    viewer, _ = await house.member("viewer")
    viewer.require("project.view", house.project.id)
    with pytest.raises(Forbidden):
        viewer.require("project.manage", house.project.id)
    seen = []
    for id in (other.id, "prj_nobody", ""):
        with pytest.raises(NotFound) as caught:
            viewer.require("project.view", id)
        seen.append(caught.value.message)
        with pytest.raises(NotFound) as caught:
            await house.access.projects.find(viewer, id)
        seen.append(caught.value.message)
    assert len(set(seen)) == 1


async def test_nobody_makes_a_role_beyond_his_own(house) -> None:
    access, project = house.access, house.project
    role = await access.roles.create(house.admin, project.id, NewRole("smith", ["project.view", "roles.manage", "roles.view"]))
    made = await access.principals.create(house.admin, project.id, NewPrincipal("smith", role_ids=[role.id]))
    key = await access.keys.create(house.admin, project, NewKey("smith", made.principal.id))
    smith = await access.authenticate(key.key)
    owner = (await house.role_ids())["owner"]
    for attempt in (
        access.roles.create(smith, project.id, NewRole("more", ["keys.manage"])),
        access.roles.create(smith, project.id, NewRole("more", ["actions.execute.slack.*"])),
        access.roles.update(smith, project.id, role.id, RoleChanges(permissions=["roles.manage", "keys.manage"])),
        access.roles.assign(smith, project.id, made.principal.id, role_id=owner),
        access.roles.assign(smith, project.id, made.principal.id, role_name="Viewer"),
    ):
        with pytest.raises(Forbidden) as caught:
            await attempt
        assert caught.value.code == "beyond_own_permissions"
    lesser = await access.roles.create(smith, project.id, NewRole("lesser", ["project.view"]))
    await access.roles.assign(smith, project.id, made.principal.id, role_id=lesser.id)


async def test_nobody_takes_a_role_or_disables_a_principal_beyond_his_own(house) -> None:
    access, project = house.access, house.project
    owner, _ = await house.member("owner", name="second owner")
    admin, _ = await house.member("admin")
    held = await access.roles.assignments(project.id, principal_id=owner.actor.principal_id)
    for attempt in (
        access.roles.unassign(admin, project.id, held[0].assignment.id),
        access.principals.update(admin, project.id, owner.actor.principal_id, PrincipalChanges(state="disabled")),
        access.principals.update(admin, project.id, owner.actor.principal_id, PrincipalChanges(role_ids=[])),
        access.principals.delete(admin, project.id, owner.actor.principal_id),
        access.keys.create(admin, project, NewKey("as owner", owner.actor.principal_id)),
    ):
        with pytest.raises(Forbidden):
            await attempt


async def test_roles_at_birth_need_the_right_to_give_roles(house) -> None:
    access, project = house.access, house.project
    ids = await house.role_ids()
    role = await access.roles.create(
        house.admin, project.id, NewRole("hr", ["project.view", "principals.manage", "principals.view"])
    )
    made = await access.principals.create(house.admin, project.id, NewPrincipal("hr", role_ids=[role.id]))
    hr = await access.authenticate((await access.keys.create(house.admin, project, NewKey("hr", made.principal.id))).key)
    await access.principals.create(hr, project.id, NewPrincipal("plain"))
    for attempt in (
        access.principals.create(hr, project.id, NewPrincipal("fancy", role_ids=[ids["viewer"]])),
        access.principals.update(hr, project.id, made.principal.id, PrincipalChanges(role_ids=[ids["viewer"]])),
    ):
        with pytest.raises(Forbidden):
            await attempt


async def test_the_last_owner_stays(house) -> None:
    access, first = house.access, house.first.principal
    await access.keys.create(house.admin, house.project, NewKey("spare", first.id))
    with pytest.raises(Conflict) as caught:
        await access.principals.update(house.admin, house.project.id, first.id, PrincipalChanges(state="disabled"))
    assert caught.value.code == "last_owner"
    assert (await access.principals.get(house.project.id, first.id)).principal.state == "active"
    for row in await access.keys.list(house.project.id):
        await access.keys.revoke(house.admin, house.project.id, row.id)
    with pytest.raises(Conflict) as caught:
        await access.principals.delete(house.admin, house.project.id, first.id)
    assert caught.value.code == "last_owner"


async def test_a_project_s_own_last_owner_may_go_while_the_hub_has_one(house) -> None:
    owner, key = await house.member("owner", name="own owner")
    await house.access.principals.update(
        house.admin, house.project.id, owner.actor.principal_id, PrincipalChanges(state="disabled")
    )
    with pytest.raises(Unauthenticated):
        await house.access.authenticate(key)


async def test_disabling_and_losing_a_role_count_at_once(house) -> None:
    access, project = house.access, house.project
    builder, key = await house.member("builder")
    held = await access.roles.assignments(project.id, principal_id=builder.actor.principal_id)
    await access.roles.unassign(house.admin, project.id, held[0].assignment.id)
    assert not (await access.authenticate(key)).may("project.view", project.id)
    await access.principals.update(house.admin, project.id, builder.actor.principal_id, PrincipalChanges(state="disabled"))
    with pytest.raises(Unauthenticated):
        await access.authenticate(key)
    await access.principals.update(house.admin, project.id, builder.actor.principal_id, PrincipalChanges(state="active"))
    await access.authenticate(key)


async def test_built_in_roles_stay_and_names_are_unique(house) -> None:
    access, project = house.access, house.project
    ids = await house.role_ids()
    assert set(ids) == {preset.id for preset in PRESETS}
    for attempt in (
        access.roles.update(house.admin, project.id, ids["viewer"], RoleChanges(permissions=["project.view"])),
        access.roles.delete(house.admin, project.id, ids["viewer"]),
    ):
        with pytest.raises(Forbidden):
            await attempt
    await access.roles.create(house.admin, project.id, NewRole("ops", ["project.view"]))
    for name in ("ops", "OPS", "viewer", "Owner"):
        with pytest.raises(Conflict):
            await access.roles.create(house.admin, project.id, NewRole(name, ["project.view"]))


@pytest.mark.parametrize(
    "permission",
    [
        "",
        "root",
        "project.create",
        "actions.execute.*",
        "actions.execute.unknown.*",
        "actions.execute.slack",
        "actions.execute.slack.mesage.post",
        "actions.execute.slack.mess*",
        "actions.execute.slack.mesage.*",
        "*",
        "project.*",
    ],
)
async def test_unknown_permissions_are_refused_without_repeating_them(house, permission) -> None:
    with pytest.raises(BadInput) as caught:
        await house.access.roles.create(house.admin, house.project.id, NewRole("odd", ["project.view", permission]))
    assert caught.value.details["errors"][0]["path"] == "permissions[1]"


async def test_who_manages_principals_alone_leaves_those_that_hold_more_as_they_are(house) -> None:
    access, project = house.access, house.project
    role = await access.roles.create(house.admin, project.id, NewRole("people", ["principals.view", "principals.manage"]))
    made = await access.principals.create(house.admin, project.id, NewPrincipal("clerk", role_ids=[role.id]))
    key = await access.keys.create(house.admin, project, NewKey("clerk", made.principal.id))
    clerk = await access.authenticate(key.key)
    plain = await access.principals.create(house.admin, project.id, NewPrincipal("plain"))
    for changes in (
        PrincipalChanges(metadata={"a": 1}),
        PrincipalChanges(tags={"a": "b"}),
        PrincipalChanges(owner_id=plain.principal.id),
        PrincipalChanges(description="x"),
    ):
        with pytest.raises(Forbidden):
            await access.principals.update(clerk, project.id, house.first.principal.id, changes)
        await access.principals.update(clerk, project.id, plain.principal.id, changes)


@pytest.mark.parametrize("tags", [{"k\n\u202e": "v"}, {"k": "v\x1b[0m"}, {"k": "a\u2066b"}])
async def test_tags_hold_nothing_that_a_screen_obeys(house, tags) -> None:
    with pytest.raises(BadInput):
        await house.access.roles.create(house.admin, house.project.id, NewRole("odd", ["project.view"], tags=tags))


async def test_a_role_of_another_project_is_absent(house) -> None:
    access = house.access
    other = await access.projects.create(house.admin, NewProject("Other"))
    role = await access.roles.create(house.admin, other.id, NewRole("there", ["project.view"]))
    principal = (await access.principals.create(house.admin, other.id, NewPrincipal("there"))).principal
    held = await access.roles.assign(house.admin, other.id, principal.id, role_id=role.id)
    here, outsider = house.project.id, (await house.member("admin"))[0]
    for attempt in (
        access.roles.get(here, role.id),
        access.roles.update(house.admin, here, role.id, RoleChanges(description="x")),
        access.roles.delete(house.admin, here, role.id),
        access.roles.assign(house.admin, here, house.first.principal.id, role_id=role.id),
        access.roles.assign(house.admin, here, house.first.principal.id, role_name="there"),
        access.roles.unassign(house.admin, here, held.assignment.id),
        access.roles.assign(outsider, here, principal.id, role_name="viewer"),
        access.principals.get(here, principal.id),
        access.principals.update(house.admin, here, principal.id, PrincipalChanges(description="x")),
        access.principals.delete(house.admin, here, principal.id),
        access.principals.create(house.admin, here, NewPrincipal("x", role_ids=[role.id])),
        access.keys.create(house.admin, house.project, NewKey("x", principal.id)),
    ):
        with pytest.raises(NotFound):
            await attempt
    with pytest.raises(Unprocessable):
        await access.principals.create(house.admin, here, NewPrincipal("x", owner_id=principal.id))


async def test_changes_are_told_with_field_names_and_the_chain_holds(house) -> None:
    access, project = house.access, house.project
    made = await access.principals.create(house.admin, project.id, NewPrincipal("ci", metadata={"note": "canary-note"}))
    changes = PrincipalChanges(description="canary-text", metadata={"note": "canary-more"}, tags={"env": "prod"})
    await access.principals.update(house.admin, project.id, made.principal.id, changes)
    await access.principals.update(house.admin, project.id, made.principal.id, PrincipalChanges(tags={"env": "prod"}))
    rows = await house.store.read(lambda session: list(session.exec(select(Audit).where(Audit.resource_id == made.principal.id))))
    assert [row.action for row in rows] == ["create", "update"]
    assert rows[1].changes == {"description": {}, "details": {}, "tags": {"before": {}, "after": {"env": "prod"}}}
    assert rows[1].user_id == house.first.principal.id
    assert rows[1].credential_id == house.admin.actor.key_id
    assert "canary" not in str([row.changes for row in rows])
    assert (await house.store.read(house.audit.verify)).intact


async def test_principals_keep_their_names_apart(house) -> None:
    access, project = house.access, house.project
    await access.principals.create(house.admin, project.id, NewPrincipal("Café"))
    for name in ("café", "Cafe\u0301", "СAFÉ"):
        with pytest.raises(Conflict):
            await access.principals.create(house.admin, project.id, NewPrincipal(name))
    with pytest.raises(BadInput):
        await access.principals.create(house.admin, project.id, NewPrincipal("big", metadata={"x": "y" * 20_000}))


async def test_a_deleted_principal_is_kept_for_history(house) -> None:
    access, project = house.access, house.project
    builder, _ = await house.member("builder")
    id = builder.actor.principal_id
    with pytest.raises(Conflict) as caught:
        await access.principals.delete(house.admin, project.id, id)
    assert caught.value.code == "principal_in_use"
    await access.keys.revoke(house.admin, project.id, builder.actor.key_id)
    await access.principals.delete(house.admin, project.id, id)
    kept = await access.principals.get(project.id, id)
    assert (kept.principal.state, kept.role_ids) == ("deleted", [])
    assert id not in {member.principal.id for member in await access.principals.list(project.id, include_disabled=True)}
    for changes in (PrincipalChanges(state="active"), PrincipalChanges(description="back")):
        with pytest.raises(Conflict):
            await access.principals.update(house.admin, project.id, id, changes)
    with pytest.raises(BadInput):
        await access.principals.update(house.admin, project.id, house.first.principal.id, PrincipalChanges(state="deleted"))
