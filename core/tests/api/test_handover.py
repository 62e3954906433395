"""A provider that hands over its secret in its first delivery: it is kept, shown for confirming, and proves what follows."""

import hashlib
import hmac
import json
from datetime import timedelta
from typing import Any

import time_machine

from powerstrip.clock import now

from .conftest import House, problem

TOKEN = "secret_invented-verification-token-0007"
EVENT = {
    "id": "e-1",
    "timestamp": "2026-11-30T10:00:00.000Z",
    "workspace_id": "w-1",
    "type": "page.created",
    "entity": {"id": "153104cd-477e-809d-8dc4-000000000005", "type": "page"},
}


async def endpoint(house: House) -> dict[str, Any]:
    new = {"name": "wiki", "provider": "notion", "credentials": {"token": "ntn_invented-token"}, "auth_kind": "integration_token"}
    return await house.ok("POST", "endpoints", {"integration_id": (await house.ok("POST", "integrations", new))["id"]})


async def send(house: House, made: dict[str, Any], body: bytes, token: str = "") -> int:
    mac = hmac.new(token.encode(), body, hashlib.sha256).hexdigest()
    heads = {"x-notion-signature": f"sha256={mac}"} if token else {}
    return (await house.ask("POST", f"/v1/hooks/{made['id']}", key="", content=body, headers=heads)).status_code


def handing(token: str) -> bytes:
    return json.dumps({"verification_token": token}).encode()


async def test_from_the_first_delivery_to_an_event(house: House) -> None:
    made = await endpoint(house)
    assert (made["secret_made_by"], made["waits_for_secret"]) == ("handover", True)
    confirm = f"endpoints/{made['id']}/confirm"
    early = problem(await house.ask("POST", confirm), 422)
    assert "make the webhook at the provider first" in early["message"]
    assert await send(house, made, json.dumps(EVENT).encode(), TOKEN) == 401, "nothing is taken before"
    assert await send(house, made, handing(TOKEN)) == 200
    kept = await house.ok("GET", f"endpoints/{made['id']}")
    assert kept["waits_for_secret"] is False
    assert any(f"powerstrip endpoints confirm {made['id']}" in step for step in kept["steps"])
    assert (await house.ok("POST", confirm))["secret"] == TOKEN
    assert await send(house, made, json.dumps(EVENT).encode(), TOKEN) == 200
    told = (await house.ok("GET", "integrations/events"))["items"]
    assert "notion.page.created" in [each["event_type"] for each in told]
    seen = str(
        [
            (await house.ask("GET", way)).text
            for way in ("endpoints", "audit-logs", "integrations/events", f"endpoints/{made['id']}")
        ]
    )
    assert TOKEN not in seen
    shown = [row["changes"] for row in (await house.ok("GET", "audit-logs"))["items"] if "shown" in (row.get("changes") or {})]
    assert len(shown) == 1, "who looked is on record"


async def test_a_second_token_changes_nothing(house: House) -> None:
    made = await endpoint(house)
    assert await send(house, made, handing(TOKEN)) == 200
    assert await send(house, made, handing("secret_invented-by-somebody-else")) == 401
    assert (await house.ok("POST", f"endpoints/{made['id']}/confirm"))["secret"] == TOKEN
    assert await send(house, made, json.dumps(EVENT).encode(), "secret_invented-by-somebody-else") == 401


async def test_it_is_shown_for_a_day_and_to_those_who_manage(house: House) -> None:
    made = await endpoint(house)
    assert await send(house, made, handing(TOKEN)) == 200
    viewer = await house.member("viewer")
    assert (await house.ask("POST", f"endpoints/{made['id']}/confirm", key=viewer)).status_code == 403
    with time_machine.travel(now() + timedelta(hours=25)):
        late = problem(await house.ask("POST", f"endpoints/{made['id']}/confirm"), 422)
        assert "within the last day" in late["message"]
        steps = (await house.ok("GET", f"endpoints/{made['id']}"))["steps"]
        assert not any("confirm" in step for step in steps)


async def test_others_hand_over_nothing(house: House) -> None:
    made = await house.ok("POST", "endpoints", {"provider": "postmark"})
    assert "hands over no secret" in problem(await house.ask("POST", f"endpoints/{made['id']}/confirm"), 422)["message"]
