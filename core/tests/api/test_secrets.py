"""Secrets, the way back of a rotation, and the keys that seal, through the API."""

import asyncio
import json
from typing import Any

import pytest
from sqlmodel import select

from powerstrip.store import Actor, Audit

from .conftest import CANARY, House, problem

VALUES = {"token": CANARY, "user": "ada-invented"}


async def made(house: House, **more: Any) -> dict[str, Any]:
    return await house.ok("POST", "secrets", {"name": "shop", "values": VALUES} | more)


async def everything(house: House) -> str:
    rows = await house.hub.store.read(lambda session: list(session.exec(select(Audit))))
    return "\n".join(row.model_dump_json() for row in rows)


async def test_values_go_in_and_never_come_out(house: House) -> None:
    entry = await made(house, description="for the shop")
    assert (entry["version"], entry["key_names"]) == (1, ["token", "user"])
    await house.ok("PATCH", "secrets/shop", {"values": {"token": f"{CANARY}-2"}})
    seen = [entry, *[await house.ok("GET", path) for path in ("secrets", "secrets/shop", f"secrets/{entry['id']}",
            "secrets/shop/versions", "secrets/shop/versions/latest", "secrets/shop/versions/1", "audit-logs")]]  # fmt: skip
    assert CANARY not in json.dumps(seen) + await everything(house)
    assert [each["version"] for each in seen[4]["items"]] == [2, 1]
    assert [each["stage"] for each in seen[4]["items"]] == ["current", "previous"]


async def test_two_versions_are_kept_and_older_ones_destroyed(house: House) -> None:
    await made(house)
    for number in (2, 3):
        await house.ok("PATCH", "secrets/shop", {"values": {"token": f"invented-{number}"}})
    found = (await house.ok("GET", "secrets/shop/versions"))["items"]
    assert [(each["stage"], each["state"]) for each in found] == [
        ("current", "ENABLED"),
        ("previous", "ENABLED"),
        ("destroyed", "DESTROYED"),
    ]
    assert "destroyed_at" in found[2]
    assert "kms_key_id" not in found[2]


async def test_a_use_is_on_record_before_it_is_opened(house: House) -> None:
    await made(house)
    hub, actor = house.hub, Actor("prn_invented", "Ada")
    use = await hub.store.hot(lambda c: hub.secrets.use(c, house.project.id, "shop", actor, "worker lease"))
    assert CANARY not in repr(use)
    rows = await hub.store.read(lambda s: list(s.exec(select(Audit).where(Audit.resource_type == "secret"))))
    assert (rows[-1].action, rows[-1].changes["purpose"]) == ("use", "worker lease")
    assert await hub.secrets.reveal(use) == VALUES


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"name": "x"}, 400),
        ({"name": "x", "values": {}}, 400),
        ({"name": "x", "values": {"token": 5}}, 400),
        ({"name": "x", "values": {"token": "********"}}, 400),
        ({"name": "x", "values": {"a b": "invented"}}, 400),
        ({"name": "x", "values": {f"k{n}": "v" for n in range(65)}}, 400),
        ({"name": "x", "values": {"token": "v" * 65_537}}, 413),
        ({"name": "x", "values": {"token": "v"}, "reference": "vault:a"}, 400),
        ({"name": "x", "reference": "nowhere:a"}, 422),
        ({"name": "SHOP", "values": {"token": "v"}}, 409),
    ],
)
async def test_what_is_refused(house: House, body: Any, status: int) -> None:
    await made(house)
    problem(await house.ask("POST", "secrets", body), status)
    assert len((await house.ok("GET", "secrets"))["items"]) == 1


async def test_another_projects_secret_is_not_there(house: House) -> None:
    entry = await made(house)
    await house.another("Second")
    for path in (f"secrets/{entry['id']}", "secrets/shop", "secrets/shop/versions"):
        problem(await house.ask("GET", path, project="second"), 404)
    problem(await house.ask("GET", "secrets/shop/versions/9"), 404)
    problem(await house.ask("GET", "secrets/shop/versions/newest"), 400)


async def test_deleted_for_good(house: House) -> None:
    await made(house)
    await house.ok("DELETE", "secrets/shop")
    problem(await house.ask("GET", "secrets/shop"), 404)


async def integration(house: House) -> str:
    new = {"name": "mail", "provider": "postmark", "credentials": {"server_token": "pm-invented-1"}}
    return (await house.ok("POST", "integrations", new))["id"]


async def versions(house: House, id: str) -> list[tuple[int, str]]:
    answer = await house.ok("GET", f"integrations/{id}/rotation")
    return [(each["version"], each["state"]) for each in answer["items"]]


async def test_a_rotation_is_confirmed(house: House) -> None:
    id = await integration(house)
    problem(await house.ask("POST", f"integrations/{id}/rotation/confirm"), 409)
    await house.ok("POST", f"integrations/{id}/rotate", {"credentials": {"server_token": "pm-invented-2"}, "probe": False})
    assert await versions(house, id) == [(2, "current"), (1, "previous")]
    await house.ok("POST", f"integrations/{id}/rotation/confirm")
    assert await versions(house, id) == [(2, "current")]
    problem(await house.ask("POST", f"integrations/{id}/rotation/rollback"), 409)


async def test_a_rotation_is_rolled_back_as_a_new_version(house: House) -> None:
    id = await integration(house)
    await house.ok("POST", f"integrations/{id}/rotate", {"credentials": {"server_token": "pm-invented-2"}, "probe": False})
    await house.ok("POST", f"integrations/{id}/rotation/rollback")
    assert await versions(house, id) == [(3, "current")]
    log = (await house.ok("GET", f"audit-logs?resource_id={id}"))["items"]
    assert log[0]["changes"]["rotation"] == "rolled_back"


async def finished(house: House) -> dict[str, Any]:
    while (job := await house.ok("GET", "/v1/platform/keys/job", key=house.hub.local_token))["state"] == "running":
        await asyncio.sleep(0.02)
    return job


async def test_both_layers_rotate_on_a_hub_that_runs(house: House) -> None:
    await made(house)
    id, operator = await integration(house), house.hub.local_token
    before = await house.ok("GET", "/v1/platform/keys", key=operator)
    await house.ok("POST", "/v1/platform/keys/data", {"step": "rotate"}, key=operator)
    job = await finished(house)
    assert (job["state"], job["sealed_anew"], job["broken"]) == ("done", 2, [])
    await house.ok("POST", "/v1/platform/keys/data", {"step": "finalise"}, key=operator)
    assert (await finished(house))["state"] == "done"
    master = await house.ok("POST", "/v1/platform/keys/master", {"step": "rotate"}, key=operator)
    assert master["current"] == before["master"]["current"]
    ended = await house.ok("POST", "/v1/platform/keys/master", {"step": "finalise"}, key=operator)
    assert ended["current"] == master["next"]
    assert (await house.ok("GET", f"integrations/{id}"))["has_credentials"]
    assert (await house.ok("GET", "audit-logs/verify"))["intact"]
    assert (await house.ok("GET", "/v1/projects"))["items"], "API keys are good as before"


async def test_the_running_hub_tells_what_doctor_tells(house: House) -> None:
    operator = house.hub.local_token

    async def found() -> dict[str, dict[str, Any]]:
        told = await house.ok("GET", "/v1/platform/findings", key=operator)
        assert told["healthy"] is True
        return {each["check"]: each for each in told["findings"]}

    first = await found()
    assert {"programs", "folder", "disk", "database", "master key", "engine", "settings", "plugins"} <= first.keys()
    assert first["master key"]["message"].endswith("it comes from master.key")
    assert "key file" not in first, "nothing is sealed yet"
    await house.ok("POST", "integrations", {"name": "mail", "provider": "postmark", "credentials": {"server_token": CANARY}})
    sealed = (await found())["key file"]
    assert (sealed["state"], "POWERSTRIP_MASTER_KEY_FILE" in sealed["hint"]) == ("warning", True)
    await house.ok("POST", "/v1/platform/keys/master", {"step": "rotate"}, key=operator)
    assert (await found())["master key"]["state"] == "warning", "a next key is there"
    (house.hub.settings.data / "master.key").chmod(0o644)
    assert "chmod 600" in (await found())["permissions"]["hint"]


async def test_an_owner_of_one_project_rotates_no_keys(house: House) -> None:
    key = await house.member("owner")
    for method, path, body in (
        ("GET", "/v1/platform/keys", None),
        ("GET", "/v1/platform/findings", None),
        ("POST", "/v1/platform/keys/data", {"step": "rotate"}),
        ("POST", "/v1/platform/keys/master", {"step": "rotate"}),
    ):
        problem(await house.ask(method, path, body, key=key), 403)
