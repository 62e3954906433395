"""What belongs to another project is as absent as what never was: every route, every kind of id."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import Session, select

from powerstrip.access import NewKey, NewPrincipal, NewRole
from powerstrip.actions import Invoke
from powerstrip.connect import NewIntegration
from powerstrip.inbound import Fire
from powerstrip.store import (
    Audit,
    Automation,
    AutomationVersion,
    ChatSession,
    ConnectSession,
    Consent,
    EntityRecord,
    Job,
    Project,
    Run,
    Webhook,
    WorkerSession,
)

from .conftest import House, problem
from .table import BODIES, EMAIL, KINDS, MISSING, SCOPED, Route, named

pytestmark = pytest.mark.asyncio(loop_scope="module")
WITH_ID = [route for route in SCOPED if route.operation in KINDS]


class Foreign:
    """One thing of each kind in a project that the outsider has no access to."""

    project: Project
    ids: dict[str, str]
    outsider: str

    @classmethod
    async def furnish(cls, house: House) -> "Foreign":
        found, hub = cls(), house.hub
        found.project = await house.another("Foreign", "sandbox")
        admin, at = await hub.access.authenticate(house.first.key), found.project
        principal = (await hub.access.principals.create(admin, at.id, NewPrincipal("theirs"))).principal
        role = await hub.access.roles.create(admin, at.id, NewRole("theirs", ["project.view"]))
        held = await hub.access.roles.assign(admin, at.id, principal.id, role_id=role.id)
        key = await hub.access.keys.create(admin, at, NewKey("theirs", principal.id))
        new = NewIntegration("theirs", "postmark", {"server_token": "pm-invented-theirs"})
        integration = await hub.integrations.create(at, admin.actor, new)
        call = await hub.actions.invoke(at, admin.actor, "postmark.email.send", Invoke(input=EMAIL))
        file = await hub.files.put(at.id, admin.actor, _chunks(), name="theirs.txt", media_type="text/plain")
        endpoint = await hub.inbound.endpoints.create(at, admin.actor, integration_id=integration.id)
        fire = Fire(mode="deliver", event_type="postmark.email.opened", payload={})
        event = await hub.inbound.firing.fire(at, admin.actor, fire)
        found.ids = {
            "prn": principal.id, "role": role.id, "ra": held.assignment.id, "key": key.row.id,
            "hook": endpoint.row.id, "pev": event.id or "", "int": integration.id, "inv": call.invocation_id, "file": file.id,
        }  # fmt: skip
        found.ids |= await hub.store.write(lambda session: _rows(session, at.id))
        found.outsider = await house.member("owner", name="owner of main")
        return found


def _rows(session: Session, project: str) -> dict[str, str]:
    """One row of each kind that only a longer walk would make."""
    automation = Automation(project_id=project, handle="theirs", name="theirs")
    session.add(automation)
    session.flush()
    version = AutomationVersion(project_id=project, automation_id=automation.id, version=1, digest="theirs")
    session.add(version)
    session.flush()
    later = "2099-01-01T00:00:00Z"
    of_run = {"automation_id": automation.id, "automation_version_id": version.id, "automation_version": 1}
    rows = {
        "run": Run(project_id=project, **of_run),
        "job": Job(project_id=project, action_name="theirs"),
        "wsess": WorkerSession(project_id=project, worker_instance_id="theirs"),
        "wbh": Webhook(project_id=project, name="theirs", name_key="theirs"),
        "cht": ChatSession(project_id=project),
        "rec": EntityRecord(project_id=project, entity="theirs", key="1"),
        "cs": ConnectSession(project_id=project, provider="postmark", name="x", token_hash="theirs", expires_at=later),
        "con": Consent(
            project_id=project, provider="x", auth_kind="oauth2", client_id="x", name="x", way="x", sealed=b"", expires_at=later
        ),
    }
    for row in rows.values():
        session.add(row)
    session.flush()
    return {kind: row.id for kind, row in rows.items()}


async def _chunks() -> Any:
    yield b"theirs"


_furnished: dict[int, "asyncio.Task[Foreign]"] = {}


async def foreign(house: House) -> Foreign:
    """Furnished once for the module."""
    if id(house) not in _furnished:
        _furnished[id(house)] = asyncio.ensure_future(Foreign.furnish(house))
    return await _furnished[id(house)]


@pytest.mark.parametrize("route", **named(SCOPED))
async def test_another_project_answers_like_none(shared, route: Route) -> None:
    there = await foreign(shared)
    answers = []
    for project in (there.project.handle, there.project.id, "no-such-project", "prj_aaaaaaaaaaaaaaaaaaaaaaaaaa", "prj_x"):
        answer = await shared.ask(route.method, route.at(project), route.body, key=there.outsider)
        answers.append((problem(answer, 404), sorted(answer.headers)))
    assert all(answer == answers[0] for answer in answers)


@pytest.mark.parametrize("route", **named(WITH_ID))
async def test_a_foreign_id_answers_like_a_random_one(shared, route: Route) -> None:
    there = await foreign(shared)
    kind = KINDS[route.operation]
    wrong_kind = there.ids["file" if kind != "file" else "key"]
    answers = []
    for id in (there.ids[kind], MISSING.format(kind=kind), wrong_kind, "x", "1", "%27%3B--"):
        answers.append(problem(await shared.ask(route.method, route.at(id=id), route.body, key=there.outsider), 404))
    assert all(answer == answers[0] for answer in answers)


def _fields() -> list[tuple[str, str, Callable[[Foreign], Any]]]:
    """Operation, field of its body, and the foreign id that is put into it."""
    return [
        ("createAPIKey", "principal_id", lambda there: there.ids["prn"]),
        ("createRoleAssignment", "user_id", lambda there: there.ids["prn"]),
        ("createPrincipal", "role_ids", lambda there: [there.ids["role"]]),
        ("createPrincipal", "owner_id", lambda there: there.ids["prn"]),
        ("copyIntegration", "source_project_id", lambda there: there.project.id),
        ("copyIntegration", "source_integration_id", lambda there: there.ids["int"]),
        ("invokeAction", "integration", lambda there: there.ids["int"]),
        ("invokeAction", "integration", lambda there: "theirs"),
    ]


@pytest.mark.parametrize(("operation", "field", "value"), _fields(), ids=[f"{one}.{two}" for one, two, _ in _fields()])
async def test_a_foreign_id_in_a_body_is_never_taken(shared, operation, field, value) -> None:
    there = await foreign(shared)
    route = next(route for route in SCOPED if route.operation == operation)
    mine = {"source_project_id": shared.project.id} if operation == "copyIntegration" else {}
    body = BODIES[operation] | mine | {field: value(there)}
    answer = await shared.ask(route.method, route.at(), body, key=there.outsider)
    told = problem(answer, answer.status_code)
    assert answer.status_code in (404, 409, 422)
    random = MISSING.format(kind="x")
    made_up = body | {field: [random] if isinstance(body[field], list) else random}
    same = problem(await shared.ask(route.method, route.at(), made_up, key=there.outsider), answer.status_code)
    assert told == same


async def test_a_foreign_file_in_an_input_is_never_taken(shared) -> None:
    there = await foreign(shared)
    attached = {"attachments": [{"name": "a.txt", "content": {"file": there.ids["file"]}}]}
    answer = await shared.ask("POST", "actions/postmark.email.send/invocations", {"input": EMAIL | attached}, key=there.outsider)
    assert answer.status_code in (400, 404, 409, 422)
    assert "theirs" not in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "action-invocations?action_name=postmark.email.send",
        "sandbox/requests?integration_id={int}",
        "sandbox/requests?invocation_id={inv}",
        "role-assignments?user_id={prn}",
        "role-assignments?role_id={role}",
        "audit-logs?resource_id={int}",
        "audit-logs?user_id={prn}",
        "integrations",
        "files",
    ],
)
async def test_lists_hold_nothing_of_another_project(shared, path) -> None:
    there = await foreign(shared)
    answer = await shared.ok("GET", path.format(**there.ids), key=there.outsider)
    assert answer["items"] == []
    assert answer.get("has_more", False) is False


async def test_the_audit_log_of_all_projects_shows_one_s_own_only(shared) -> None:
    there = await foreign(shared)
    rows = (await shared.ok("GET", "/v1/audit-logs?limit=200", key=there.outsider))["items"]
    assert rows
    assert {row["project_id"] for row in rows} == {shared.project.id}
    seen = [
        problem(await shared.ask("GET", f"/v1/audit-logs?project_id={id}", key=there.outsider), 404)
        for id in (there.project.id, MISSING.format(kind="prj"))
    ]
    assert seen[0] == seen[1]
    theirs = (await shared.ok("GET", f"/v1/audit-logs?project_id={there.project.id}"))["items"]
    assert {row["project_id"] for row in theirs} == {there.project.id}
    assert None in {row.get("project_id") for row in (await shared.ok("GET", "/v1/audit-logs?limit=200"))["items"]}


async def test_the_attempt_is_kept_without_a_word_of_what_was_tried(shared) -> None:
    there = await foreign(shared)
    await shared.ask("GET", f"/v1/projects/{there.project.handle}", key=there.outsider)
    await shared.ask("GET", "/v1/projects/canary-no-such-project", key=there.outsider)
    rows = await shared.hub.store.read(lambda session: list(session.exec(select(Audit).where(Audit.action == "refuse"))))
    last, before = rows[-1], rows[-2]
    assert (last.project_id, last.resource_type, last.actor_name) == (None, "project", "owner of main")
    assert (before.resource_id, before.changes) == (last.resource_id, last.changes)
    assert last.ip_address == "127.0.0.9"
    assert "canary" not in str([row.model_dump() for row in rows])
