"""Each permission at each route: who holds it passes, who does not is refused before anything else is looked at."""

import pytest
from sqlmodel import select

from powerstrip.access import EXECUTE, INVOKE, PLATFORM, PRESETS
from powerstrip.access.permissions import IDS
from powerstrip.store import Audit

from .conftest import House, problem
from .table import ROUTES, Route, named

pytestmark = pytest.mark.asyncio(loop_scope="module")
KEYED = [route for route in ROUTES if route.permission]
HELD = {preset.id: set(preset.permissions) for preset in PRESETS}
READING = {"checkAutomation"}
"""What takes a body and changes nothing: a text is judged, and not kept."""
DRASTIC = {"archiveProject", "restoreProject", "deleteProject"}
_keys: dict[tuple[int, str], str] = {}


async def key_of(house: House, role: str) -> str:
    """The key of a member with this role, made once."""
    if (id(house), role) not in _keys:
        _keys[id(house), role] = await house.member(role)
    return _keys[id(house), role]


def may(role: str, route: Route) -> bool:
    wanted = INVOKE if route.permission.startswith(EXECUTE) else route.permission
    return wanted in HELD[role] and wanted != PLATFORM  # which counts where it is held in all projects


PAIRS = [(role, route) for route in KEYED for role in HELD if not (may(role, route) and route.operation in DRASTIC)]
"""Where a project would come to its end in earnest, the walk of its life shows that it may."""


@pytest.mark.parametrize(("role", "route"), PAIRS, ids=[f"{role}-{route.operation}" for role, route in PAIRS])
async def test_role_and_route(shared, role: str, route: Route) -> None:
    key = await key_of(shared, role)
    answer = await shared.ask(route.method, route.at(), {} if route.takes_json else None, key=key)
    if may(role, route):
        assert answer.status_code not in (401, 403), answer.text
    else:
        told = problem(answer, 403)
        assert told["code"] == "forbidden"
        assert told["details"]["permission"] == (
            "actions.execute.postmark.email.send" if route.permission.startswith(EXECUTE) else route.permission
        )


@pytest.mark.parametrize("route", **named(KEYED))
async def test_without_a_key_nothing_is_told(shared, route: Route) -> None:
    seen = []
    for token in ("", "mbx_x", "canary"):
        answer = await shared.ask(route.method, route.at(), content=b"\xff", key=token, ip=route.operation)
        seen.append(problem(answer, 401))
        assert answer.headers["www-authenticate"].startswith("Bearer")
    assert seen[0] == seen[1] == seen[2]


async def test_every_declared_permission_is_known() -> None:
    assert {route.permission for route in KEYED} - IDS == {f"{EXECUTE}*"}
    public = {route.operation for route in ROUTES if not route.permission}
    pages = {"getOAuthCallback", "getConnectPage", "submitConnectPage"}
    assert public == {"getHealth", "getOpenAPI", "getDocs", "deliverHTTPTrigger"} | pages


async def test_what_changes_or_uses_something_is_never_covered_by_a_view() -> None:
    for route in KEYED:
        reads = route.method == "GET" or route.operation in READING
        assert reads or not route.permission.endswith(".view"), route.operation


async def test_a_consent_on_a_device_moves_on_for_who_may_connect_alone() -> None:
    """Asking how it stands asks the provider, and may make the integration: that is no view."""
    assert next(route.permission for route in KEYED if route.operation == "getConsent") == "integrations.manage"


async def test_a_refusal_leaves_one_row_in_the_audit_log(shared) -> None:
    key = await key_of(shared, "viewer")
    await shared.ask("POST", "integrations", {"name": "x", "provider": "postmark"}, key=key)
    rows = await shared.hub.store.read(lambda session: list(session.exec(select(Audit).where(Audit.action == "refuse"))))
    row = rows[-1]
    assert (row.project_id, row.resource_type, row.resource_id) == (shared.project.id, "permission", "integrations.manage")
    assert row.actor_name == "member viewer"


async def test_one_provider_s_actions_alone(shared) -> None:
    role = {"name": "mailer", "permissions": ["project.view", "actions.execute.postmark.*"]}
    made = await shared.ok("POST", "roles", role)
    principal = await shared.ok("POST", "principals", {"name": "mailer", "role_ids": [made["id"]]})
    key = (await shared.ok("POST", "api-keys", {"name": "mailer", "principal_id": principal["id"]}))["key"]
    body = {"input": {}}
    assert (await shared.ask("POST", "actions/postmark.email.send/invocations", body, key=key)).status_code != 403
    for name in ("slack.message.post", "postmark.no.such", "nobody.knows", "postmarkx.email.send"):
        problem(await shared.ask("POST", f"actions/{name}/invocations", body, key=key), 403)
