"""A FHIR server's rest-hooks through the whole house: a resource put below the endpoint's address becomes an event."""

import json
from typing import Any

from .conftest import House, problem

SECRET = "invented-channel-secret-0001"
ENCOUNTER = {
    "resourceType": "Encounter",
    "id": "e1",
    "meta": {"versionId": "1", "lastUpdated": "2026-01-03T00:00:00Z"},
    "status": "in-progress",
    "class": {"code": "IMP"},
    "subject": {"reference": "Patient/p1"},
}


async def put(house: House, path: str, body: Any, method: str = "PUT", secret: str = SECRET) -> Any:
    headers = {"authorization": f"Bearer {secret}"} | ({"content-type": "application/fhir+json"} if body else {})
    return await house.ask(method, path, key="", content=json.dumps(body).encode() if body else b"", headers=headers)


async def test_a_patient_is_admitted(house: House) -> None:
    config = {"base_url": "https://fhir.example.com/r4"}
    given = {"name": "ward", "provider": "fhir", "auth_kind": "none", "credentials": {}, "config": config}
    made = await house.ok("POST", "integrations", given)
    endpoint = await house.ok("POST", "endpoints", {"integration_id": made["id"], "secret": SECRET})
    path = f"/v1/hooks/{endpoint['id']}"
    for _ in range(2):
        assert (await put(house, f"{path}/Encounter/e1", ENCOUNTER)).status_code == 200
    assert (await put(house, path, None, "POST")).status_code == 200
    events = (await house.ok("GET", "integrations/events"))["items"]
    assert sorted(each["event_type"] for each in events) == ["fhir.patient.admitted", "fhir.resource.created"]

    problem(await put(house, f"{path}/Encounter/e1", ENCOUNTER, secret="invented-other"), 401)
    problem(await put(house, path, ENCOUNTER), 405)
    problem(await put(house, f"{path}/Encounter/e1", ENCOUNTER, "DELETE"), 405)
    problem(await put(house, "/v1/hooks/hook_" + "b" * 26 + "/Encounter/e1", ENCOUNTER), 404)


async def test_only_a_scheme_that_says_so_takes_what_is_put_below(house: House) -> None:
    given = {"name": "team", "provider": "slack", "credentials": {"bot_token": "xoxb-invented-0000"}, "auth_kind": "bot_token"}
    made = await house.ok("POST", "integrations", given)
    endpoint = await house.ok("POST", "endpoints", {"integration_id": made["id"], "secret": SECRET})
    for method in ("PUT", "POST"):
        problem(await put(house, f"/v1/hooks/{endpoint['id']}/below", {"type": "event_callback"}, method), 404)
