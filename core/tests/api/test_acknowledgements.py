"""Salesforce's outbound messages through the whole house: the sender hears what it waits for once the events are kept."""

import json
from pathlib import Path
from typing import Any

from .conftest import House, problem

ROOT = Path(__file__).parents[3]
MESSAGE = json.loads((ROOT / "plugins/salesforce/tests/vectors.json").read_text())["vectors"][0]
ORGANISATION = "00D000000000001AAA"


async def send(house: House, path: str, body: str, method: str = "POST") -> Any:
    return await house.ask(method, path, key="", content=body.encode(), headers={"content-type": "text/xml; charset=utf-8"})


async def endpoint_of(house: House) -> str:
    given = {
        "name": "crm",
        "provider": "salesforce",
        "mode": "sandbox",
        "auth_kind": "client_credentials",
        "credentials": {"client_id": "invented-consumer", "client_secret": "invented-consumer-secret"},
        "config": {"instance_url": "https://acme.my.salesforce.com"},
    }
    made = await house.ok("POST", "integrations", given)
    endpoint = await house.ok("POST", "endpoints", {"integration_id": made["id"], "secret": ORGANISATION})
    return f"/v1/hooks/{endpoint['id']}"


async def test_a_message_that_is_kept_is_acknowledged_also_when_it_comes_again(house: House) -> None:
    path = await endpoint_of(house)
    for _ in range(2):
        answer = await send(house, path, MESSAGE["body"])
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "text/xml; charset=utf-8"
        assert "<Ack>true</Ack>" in answer.text
    events = (await house.ok("GET", "integrations/events"))["items"]
    assert sorted(each["event_type"] for each in events) == ["salesforce.record.created", "salesforce.record.updated"]


async def test_what_is_not_kept_is_not_acknowledged(house: House) -> None:
    path = await endpoint_of(house)
    stranger = MESSAGE["body"].replace(ORGANISATION, "00D000000000009AAA")
    bomb = MESSAGE["body"].replace("?>", '?><!DOCTYPE x [<!ENTITY a "aaaa">]>', 1)
    for body, status in ((stranger, 401), (bomb, 422), ("<a/>", 401)):
        answer = await send(house, path, body)
        problem(answer, status)
        assert "Ack" not in answer.text
    assert {each["status"] for each in (await house.ok("GET", "integrations/events"))["items"]} <= {"refused"}


async def test_a_provider_may_ask_whether_anybody_is_there(house: House) -> None:
    path = await endpoint_of(house)
    answer = await send(house, path, "", "HEAD")
    assert (answer.status_code, answer.content) == (200, b"")
    assert (await send(house, "/v1/hooks/hook_" + "b" * 26, "", "HEAD")).status_code == 404
    assert (await send(house, f"{path}/below", "", "HEAD")).status_code == 405
    assert (await house.ok("GET", "integrations/events"))["items"] == []
