"""Automations on both databases: versions, publication, triggers, what depends on what."""

from typing import Any

import pytest

from powerstrip.automations import AutomationChanges, Draft, NewAutomation
from powerstrip.problems import BadInput, Conflict, NotFound, Unprocessable
from powerstrip.store import AutomationDependency, AutomationTrigger, AutomationVersion

NOTE = """\
inputs: {text: string, count: integer}
steps:
  - name: write
    action: acme.post-note
    action_kind: server
    parameters: {text: "${inputs.text}"}
  - name: again
    action: acme.note.create
    action_kind: server
    parameters: {text: "${steps.write.output.id}"}
triggers:
  - {key: form, kind: http}
  - {key: heard, kind: event, event: "acme.*"}
  - {key: daily, kind: schedule, cron: "0 9 * * *"}
"""
REST = Draft(value={"steps": [{"key": "rest", "kind": "sleep", "config": {"duration": "5s"}}]})


async def made(house, automations, handle: str = "notes", draft: Draft | None = None, publish: bool = True) -> Any:
    await automations.create(house.project, house.actor, NewAutomation(handle, handle.title()))
    version = await automations.add_version(house.project, house.actor, handle, draft or Draft(text=NOTE))
    return await automations.publish(house.project, house.actor, handle, version.version) if publish else version


async def test_from_a_draft_to_a_way_back(house, automations, database_url) -> None:
    integration = await house.connect()
    known = await made(house, automations)
    assert (known.row.status, known.row.published_version) == ("active", 1)
    assert [(each.kind, each.active) for each in known.triggers] == [("http", True), ("event", True), ("schedule", True)]
    form, heard, daily = known.triggers
    assert heard.event_type == "acme.*"
    assert daily.next_fire_at is not None
    assert form.http_handle is not None
    version = (await automations.versions(house.project.id, "notes"))[0]
    assert version.source == NOTE
    assert version.plan["steps"][0]["task"]["action"] == "acme.note.create"

    second = await automations.add_version(house.project, house.actor, "notes", REST, base=1)
    after = await automations.publish(house.project, house.actor, "notes", second.version)
    assert after.triggers == ()
    assert [row.active for row in await house.all(AutomationTrigger)] == [False, False, False]
    assert await house.all(AutomationDependency) == []
    assert (await house.integrations.impact(house.project.id, integration.id)).dependents == ()

    back = await automations.publish(house.project, house.actor, "notes", 1)
    assert [each.id for each in back.triggers] == [each.id for each in known.triggers]
    assert back.triggers[0].http_handle == form.http_handle
    assert {row.version: row.status for row in await house.all(AutomationVersion)} == {1: "published", 2: "superseded"}
    assert len(await house.audited("update", known.row.id)) == 5


async def test_pausing_unpublishing_and_archiving_put_triggers_to_sleep(house, automations, database_url) -> None:
    await house.connect()
    await made(house, automations)
    for status, awake in (("paused", False), ("active", True), ("archived", False), ("active", True)):
        known = await automations.update(house.project, house.actor, "notes", AutomationChanges(status=status))
        assert [each.active for each in known.triggers] == [awake] * 3
        assert (known.row.archived_at is not None) == (status == "archived")
    known = await automations.unpublish(house.project, house.actor, "notes")
    assert (known.row.status, known.row.published_version, known.triggers) == ("draft", None, ())
    assert not any(row.active for row in await house.all(AutomationTrigger))
    with pytest.raises(Conflict):
        await automations.unpublish(house.project, house.actor, "notes")
    with pytest.raises(Conflict):
        await automations.update(house.project, house.actor, "notes", AutomationChanges(status="active"))
    await automations.archive(house.project, house.actor, "notes")
    assert await automations.list(house.project.id) == []
    assert [each.row.handle for each in await automations.list(house.project.id, status="all")] == ["notes"]
    for work in (
        automations.publish(house.project, house.actor, "notes", 1),
        automations.add_version(house.project, house.actor, "notes", REST),
    ):
        with pytest.raises(Conflict, match="archived"):
            await work


async def test_what_is_built_on_an_integration(house, automations) -> None:
    integration = await house.connect()
    known = await made(house, automations)
    (found,) = await automations.dependents(house.project.id, "integration", integration.id)
    assert (found.kind, found.id, found.name, found.version) == ("automation", known.row.id, "notes", "1")
    assert set(found.parts) == {"step write", "step again", "trigger heard"}
    assert found.actions == ("acme.note.create",)
    assert [each.id for each in await automations.dependents(house.project.id, "action", "acme.note.create")] == [known.row.id]
    other = await house.make_project("other")
    assert await automations.dependents(other.id, "integration", integration.id) == []


async def test_errors_are_kept_with_the_version_and_keep_it_from_being_published(house, automations) -> None:
    spec = "steps:\n  - name: a\n    action: acme.note.crate\n    action_kind: server\n"
    version = await made(house, automations, draft=Draft(text=spec), publish=False)
    (finding,) = version.validation["findings"]
    assert (finding["code"], finding["line"]) == ("unknown_action", 3)
    assert "acme.note.create" in finding["hint"]
    with pytest.raises(Unprocessable) as refusal:
        await automations.publish(house.project, house.actor, "notes", 1)
    assert refusal.value.code == "invalid_spec"
    assert (await automations.get(house.project.id, "notes")).row.published_version is None


CHECKS = [
    ("parameters: {text: x, bogus: 1}", "unknown_parameter"),
    ("parameters: {room: x}", "missing_parameter"),
    ("parameters: {text: 3}", "bad_parameter"),
    ('parameters: {text: "${inputs.count}"}', "type_mismatch"),
    ('parameters: {text: "${inputs.nope}"}', "unknown_input"),
    ('parameters: {text: "${steps.a.output.id}"}', "step_not_behind"),
    ('parameters: {text: "${steps.later.output.id}"}', "step_not_behind"),
    ('parameters: {text: "${steps.never.output.id}"}', "unknown_step"),
    ('parameters: {text: "${context.never}"}', "unknown_step"),
    ('parameters: {text: "${before.id}"}', "unknown_reference"),
    ('parameters: {text: "${steps.before.output.nothing}"}', "unknown_output"),
    ("parameters: {text: x}\n    integration: nobody", "unknown_integration"),
    ("parameters: {text: xoxb-invented-0000-0000}", "secret_in_spec"),
]


@pytest.mark.parametrize(("rest", "code"), CHECKS)
async def test_the_contract_of_a_step(house, automations, codes, rest, code) -> None:
    await house.connect()
    text = f"""
inputs: {{count: integer}}
steps:
  - {{name: before, action: acme.note.get, action_kind: server}}
  - name: a
    action: acme.note.create
    action_kind: server
    {rest}
  - {{name: later, sleep: 1s}}
"""
    checked = await automations.check(house.project.id, Draft(text=text))
    assert codes(checked) == [code]
    assert checked.findings[0].line >= 5
    assert not checked.valid
    assert "xoxb-invented" not in str(checked.findings)


async def test_a_credential_is_not_stored_with_a_spec(house, automations) -> None:
    await automations.create(house.project, house.actor, NewAutomation("notes", "Notes"))
    for draft in (
        Draft(value={"steps": [{"name": "a", "action": "b", "parameters": {"key": "xoxb-invented-0000-0000"}}]}),
        Draft(text="# xoxb-invented-0000-0000\nsteps:\n - {name: a, action: b, parameters: {x: xoxb-invented-0000-0000}}"),
    ):
        with pytest.raises(Unprocessable):
            await automations.add_version(house.project, house.actor, "notes", draft)
    assert await house.all(AutomationVersion) == []
    assert b"xoxb-invented-0000-0000" not in house.bytes_on_disk()


async def test_several_integrations_need_a_name_and_none_is_a_warning(house, automations, codes) -> None:
    text = "steps: [{name: a, action: acme.note.get, action_kind: server}]"
    assert codes(await automations.check(house.project.id, Draft(text=text))) == ["not_ready"]
    await house.connect("one")
    await house.connect("two")
    assert codes(await automations.check(house.project.id, Draft(text=text))) == ["ambiguous_integration"]
    named = text.replace("server}", "server, integration: two}")
    assert codes(await automations.check(house.project.id, Draft(text=named))) == []


async def test_automations_that_start_each_other_are_refused(house, automations, codes) -> None:
    def starts(handle: str) -> Draft:
        return Draft(value={"steps": [{"name": "go", "automation": handle}]})

    await made(house, automations, "a", REST)
    await made(house, automations, "b", starts("a"))
    await made(house, automations, "c", starts("b"))
    await automations.add_version(house.project, house.actor, "a", starts("c"))
    with pytest.raises(Unprocessable) as refusal:
        await automations.publish(house.project, house.actor, "a", 2)
    assert [each["code"] for each in refusal.value.details["findings"]] == ["cycle"]
    assert codes(await automations.check(house.project.id, starts("a"), "a")) == ["cycle"]
    assert codes(await automations.check(house.project.id, starts("nobody"))) == ["unknown_automation"]


async def test_handles_versions_and_foreign_projects(house, automations) -> None:
    await made(house, automations, draft=REST, publish=False)
    with pytest.raises(Conflict):
        await automations.create(house.project, house.actor, NewAutomation("notes", "Twin"))
    for handle in ("", "Notes", "a b", "../x", "x" * 65, "a--b"):
        with pytest.raises(BadInput):
            await automations.create(house.project, house.actor, NewAutomation(handle, "Name"))
    with pytest.raises(Conflict) as stale:
        await automations.add_version(house.project, house.actor, "notes", REST, base=0)
    assert stale.value.code == "changed_meanwhile"
    for version in (0, -1, 2, 2**40):
        with pytest.raises(NotFound):
            await automations.publish(house.project, house.actor, "notes", version)
    other = await house.make_project("other")
    with pytest.raises(NotFound):
        await automations.get(other.id, "notes")
