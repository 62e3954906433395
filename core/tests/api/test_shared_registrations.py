"""One app's webhook for many accounts: HubSpot's batches are parted among the integrations of their accounts."""

import base64
import hmac
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from powerstrip.api import Hub
from powerstrip.catalog import Catalog
from powerstrip.settings import Settings
from powerstrip.store import ProviderEvent
from powerstrip_hubspot import hubspot

from .conftest import House

SECRET = "invented-hubspot-client-secret"


@pytest.fixture
async def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    """A hub that knows HubSpot alone: nothing is looked into."""
    monkeypatch.setattr("powerstrip.api.hub.Catalog.load", lambda *_, **__: Catalog.of(hubspot))
    hub = await Hub.open(Settings(data=tmp_path / "data"), {})
    try:
        yield House(hub, await hub.access.bootstrap("main", mode="sandbox"))
    finally:
        await hub.close()


def event(number: int, portal: int) -> dict[str, Any]:
    return {
        **{"eventId": number, "subscriptionId": 1, "appId": 54321, "portalId": portal, "objectId": number, "attemptNumber": 0},
        **{"occurredAt": 1_700_000_000_000, "subscriptionType": "contact.creation", "changeSource": "CRM_UI"},
    }


async def send(house: House, url: str, path: str, *rows: dict[str, Any]) -> Any:
    body, at = json.dumps(rows), str(int(time.time() * 1000))
    proof = base64.b64encode(hmac.digest(SECRET.encode(), f"POST{url}{body}{at}".encode(), "sha256")).decode()
    headers = {
        "content-type": "application/json",
        "x-hubspot-signature-v3": proof,
        "x-hubspot-request-timestamp": at,
    }
    return await house.ask("POST", path, key="", content=body.encode(), headers=headers)


async def integration(house: House, name: str, kind: str, account: str) -> str:
    fields = {"private_app_token": "token", "developer_key": "developer_key"}
    given = {
        "name": name,
        "provider": "hubspot",
        "mode": "sandbox",
        "auth_kind": kind,
        "credentials": {fields[kind]: f"invented-{name}-0001"},
        "config": {"app_id": "54321"} if kind == "developer_key" else {},
    }
    made = await house.ok("POST", "integrations", given)
    update = f"UPDATE integration SET account_id = '{account}' WHERE id = '{made['id']}'"
    await house.hub.store.hot(lambda connection: connection.exec_driver_sql(update))
    return made["id"]


async def test_each_event_goes_to_the_integration_of_its_account(house: House) -> None:
    app = await integration(house, "app", "developer_key", "app-54321")
    one = await integration(house, "one", "private_app_token", "7")
    two = await integration(house, "two", "private_app_token", "8")
    endpoint = await house.ok("POST", "endpoints", {"integration_id": app, "secret": SECRET})
    path = f"/v1/hooks/{endpoint['id']}"
    url = endpoint["url"] if "://" in endpoint["url"] else f"http://hub.test{path}"
    answer = await send(house, url, path, event(1, 7), event(2, 8), event(3, 9))
    assert answer.status_code == 200, answer.text
    rows = await house.hub.store.read(lambda session: list(session.exec(select(ProviderEvent))))
    told = {each.account: each.integration_id for each in rows}
    assert told == {"7": one, "8": two, "9": None}, "nobody's account is kept and goes nowhere"
