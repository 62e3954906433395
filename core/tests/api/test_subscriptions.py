"""Registrations at providers: however often somebody asks, one stands, and it is mended where it drifts."""

import asyncio
import hashlib
import hmac
import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pytest_httpserver import HTTPServer
from sqlmodel import select
from werkzeug import Request, Response

from powerstrip.clock import now, rfc3339
from powerstrip.store import EndpointSecret, Subscription

from .conftest import House, opened, problem

PUBLIC = "https://hub.example.com"
HOOKS = "/repos/octo-org/hello/hooks"
STRIPE = "/v1/webhook_endpoints"
MADE = "whsec_invented-by-stripe-0001"


@dataclass
class Provider:
    """GitHub's hooks of a repository and Stripe's endpoints, as far as registrations go."""

    hooks: dict[int, dict[str, Any]] = field(default_factory=dict[int, dict[str, Any]])
    seen: list[tuple[str, str, str]] = field(default_factory=list[tuple[str, str, str]])
    refuse: int = 0

    def _new(self, hook: dict[str, Any]) -> dict[str, Any]:
        id = len(self.seen) + 100
        self.hooks[id] = {"id": id} | hook
        return self.hooks[id]

    def github(self, request: Request) -> Response:
        text = request.get_data(as_text=True)
        self.seen.append((request.method, request.path, text))
        if self.refuse:
            return Response('{"message": "not now"}', self.refuse, content_type="application/json")
        tail = request.path.rpartition("/")[2]
        if request.method == "GET":
            return _json(list(self.hooks.values()))
        if request.method == "DELETE":
            self.hooks.pop(int(tail), None)
            return Response(status=204)
        if request.method == "PATCH":
            self.hooks[int(tail)] |= json.loads(text)
            return _json(self.hooks[int(tail)])
        given = json.loads(text)
        return _json(self._new({name: given[name] for name in ("events", "active", "config")}), 201)

    def stripe(self, request: Request) -> Response:
        text = request.get_data(as_text=True)
        self.seen.append((request.method, request.path, text))
        tail = request.path.rpartition("/")[2]
        if request.method == "GET":
            return _json({"object": "list", "data": [self._stripe(each) for each in self.hooks.values()]})
        if request.method == "DELETE":
            self.hooks.pop(int(tail.removeprefix("we_")), None)
            return _json({"id": tail, "deleted": True})
        form = parse_qs(text)
        events = [value for name, values in form.items() if name.startswith("enabled_events") for value in values]
        if tail.startswith("we_"):
            self.hooks[int(tail[3:])]["events"] = events
            return _json(self._stripe(self.hooks[int(tail[3:])]))
        return _json(self._stripe(self._new({"url": form["url"][0], "events": events})) | {"secret": MADE})

    def google(self, request: Request) -> Response:
        """Channels: they are made and stopped, and never listed."""
        text = request.get_data(as_text=True)
        self.seen.append((request.method, request.path, text))
        if request.path == "/token":
            return _json({"access_token": "ya29.invented", "expires_in": 3600})
        if request.path.endswith("/stop"):
            self.hooks = {id: each for id, each in self.hooks.items() if each["channel"] != json.loads(text)["id"]}
            return Response(status=204)
        given = json.loads(text)
        made = self._new({"channel": given["id"], "address": given["address"], "token": given["token"]})
        return _json({"id": given["id"], "resourceId": f"r{made['id']}", "expiration": given["expiration"]})

    def _stripe(self, hook: dict[str, Any]) -> dict[str, Any]:
        facts = {"object": "webhook_endpoint", "url": hook["url"], "enabled_events": hook["events"], "status": "enabled"}
        return {"id": f"we_{hook['id']}", "livemode": False, **facts}


def _json(value: Any, status: int = 200) -> Response:
    return Response(json.dumps(value), status, content_type="application/json")


@pytest.fixture
def provider(httpserver: HTTPServer) -> Provider:
    made = Provider()
    httpserver.expect_request(re.compile(r"/repos/.*")).respond_with_handler(made.github)
    httpserver.expect_request(re.compile(f"{STRIPE}.*")).respond_with_handler(made.stripe)
    httpserver.expect_request(re.compile(r"/(token|calendar/v3/.*)")).respond_with_handler(made.google)
    return made


@pytest.fixture
async def live(tmp_path: Path, catalog_folder: Path, httpserver: HTTPServer, provider: Provider) -> AsyncIterator[House]:
    base = httpserver.url_for("").rstrip("/")
    urls = {"github": base, "stripe": base, "google": base, "google.login": base}
    settings: dict[str, Any] = {"allow_addresses": ["127.0.0.0/8"], "provider_urls": urls, "public_url": PUBLIC}
    async with opened(tmp_path / "data", catalog_folder, mode="live", **settings) as house:
        yield house


async def github(house: House) -> dict[str, Any]:
    made = await house.ok(
        "POST",
        "integrations",
        {"name": "hub", "provider": "github", "credentials": {"token": "ghp-invented-token-0001"}, "auth_kind": "token"},
    )
    return await house.ok("POST", "endpoints", {"integration_id": made["id"]})


def way(endpoint: dict[str, Any]) -> str:
    return f"endpoints/{endpoint['id']}/subscriptions"


WANTED = {"watch": {"repo": "octo-org/hello"}, "events": ["push", "issues.opened"]}


async def test_a_hundred_publications_leave_one_registration_whose_secret_verifies(live: House, provider: Provider) -> None:
    endpoint = await github(live)
    plan = await live.ok("POST", f"{way(endpoint)}?plan=true", WANTED)
    assert plan["steps"] == ["created"]
    assert [method for method, _, _ in provider.seen] == ["GET"]
    for _ in range(100):
        told = await live.ok("POST", way(endpoint), WANTED)
    assert told["state"] == "active"
    assert told["registration"]["url"] == f"{PUBLIC}/v1/hooks/{endpoint['id']}"
    assert [method for method, _, _ in provider.seen if method != "GET"] == ["POST"]
    (hook,) = provider.hooks.values()
    assert hook["events"] == ["issues", "push"]
    assert hook["config"]["secret"] == endpoint["secret"]
    body = json.dumps(
        {"ref": "refs/heads/main", "before": "a", "after": "b", "repository": {"id": 1, "full_name": "o/h"}}
    ).encode()
    mac = hmac.new(hook["config"]["secret"].encode(), body, hashlib.sha256).hexdigest()
    headers = {"x-hub-signature-256": f"sha256={mac}", "x-github-event": "push", "x-github-delivery": "d-1"}
    answer = await live.ask("POST", f"/v1/hooks/{endpoint['id']}", key="", content=body, headers=headers)
    assert answer.status_code == 200
    assert (await live.ok("GET", "integrations/events"))["items"][0]["event_type"] == "github.push"


async def test_no_answer_and_no_row_shows_the_secret(live: House, provider: Provider) -> None:
    endpoint = await github(live)
    await live.ok("POST", way(endpoint), WANTED)
    seen = str([(await live.ask("GET", path)).text for path in (way(endpoint), "audit-logs", f"endpoints/{endpoint['id']}")])
    assert endpoint["secret"] not in seen
    assert "provider_side" in seen


async def test_drift_is_mended_and_told(live: House, provider: Provider) -> None:
    endpoint = await github(live)
    made = await live.ok("POST", way(endpoint), WANTED)
    (hook,) = provider.hooks.values()
    hook["active"] = False
    provider.hooks[7] = {"id": 7, "events": ["push"], "active": True, "config": {"url": hook["config"]["url"]}}
    provider.hooks[8] = {"id": 8, "events": ["push"], "active": True, "config": {"url": "https://other.example.com/x"}}
    checked = await live.ok("POST", f"{way(endpoint)}/{made['id']}/check")
    assert checked["drift"] == "The registration was switched off"
    assert set(provider.hooks) == {hook["id"], 8}
    assert provider.hooks[hook["id"]]["active"] is True
    provider.hooks.pop(hook["id"])
    checked = await live.ok("POST", f"{way(endpoint)}/{made['id']}/check")
    assert checked["drift"] == "The registration was gone"
    assert sum(each["config"]["url"].endswith(endpoint["id"]) for each in provider.hooks.values()) == 1


async def test_a_new_secret_is_told_to_the_provider_by_itself(live: House, provider: Provider) -> None:
    endpoint = await github(live)
    made = await live.ok("POST", way(endpoint), WANTED)
    rotated = await live.ok("POST", f"endpoints/{endpoint['id']}/rotate", {})
    await live.ok("POST", f"{way(endpoint)}/{made['id']}/check")
    (hook,) = provider.hooks.values()
    assert hook["config"]["secret"] == rotated["secret"] != endpoint["secret"]


async def test_what_ends_by_itself_is_renewed_before(live: House, provider: Provider) -> None:
    endpoint = await github(live)
    made = await live.ok("POST", way(endpoint), WANTED)

    def soon(session: Any) -> None:
        row = session.get(Subscription, made["id"])
        row.renew_at = row.next_at = rfc3339(now() - timedelta(seconds=1))
        session.add(row)

    await live.hub.store.write(soon)
    live.hub.inbound.subscriptions.wake()
    for _ in range(200):
        if "PATCH" in [method for method, _, _ in provider.seen]:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(provider.seen)


async def test_a_provider_out_of_order_is_told_and_tried_again(live: House, provider: Provider) -> None:
    endpoint = await github(live)
    provider.refuse = 404
    problem(await live.ask("POST", way(endpoint), WANTED), 422)
    (row,) = (await live.ok("GET", way(endpoint)))["items"]
    assert row["state"] == "failed"
    assert row["error"]
    assert row["next_check_at"]
    provider.refuse = 0
    assert (await live.ok("POST", f"{way(endpoint)}/{row['id']}/check"))["state"] == "active"


async def test_deleting_the_endpoint_or_unsubscribing_deletes_at_the_provider(live: House, provider: Provider) -> None:
    endpoint = await github(live)
    made = await live.ok("POST", way(endpoint), WANTED)
    await live.ok("DELETE", f"{way(endpoint)}/{made['id']}")
    assert not provider.hooks
    await live.ok("POST", way(endpoint), WANTED)
    provider.refuse = 500
    await live.ok("DELETE", f"endpoints/{endpoint['id']}")
    assert "left behind" in (await live.ask("GET", "audit-logs")).text
    assert await live.hub.store.read(lambda session: session.exec(select(Subscription)).all()) == []


async def test_the_secret_that_a_provider_makes_goes_to_the_vault(live: House, provider: Provider) -> None:
    made = await live.ok(
        "POST", "integrations", {"name": "shop", "provider": "stripe", "credentials": {"secret_key": "sk_invented_0001"}}
    )
    endpoint = await live.ok("POST", "endpoints", {"integration_id": made["id"]})
    assert endpoint["waits_for_secret"] is True
    told = await live.ok("POST", way(endpoint), {})
    assert told["state"] == "active"
    assert MADE not in str(told)
    assert (await live.ok("GET", f"endpoints/{endpoint['id']}"))["waits_for_secret"] is False
    (row,) = await live.hub.store.read(lambda session: session.exec(select(EndpointSecret)).all())
    assert MADE.encode() not in row.sealed
    await live.ok("POST", way(endpoint), {})
    assert len(provider.hooks) == 1
    body = b'{"id": "evt_1", "object": "event", "type": "no.such", "data": {"object": {}}}'
    at = int(now().timestamp())
    mac = hmac.new(MADE.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    headers = {"stripe-signature": f"t={at},v1={mac}", "content-type": "application/json"}
    assert (await live.ask("POST", f"/v1/hooks/{endpoint['id']}", key="", content=body, headers=headers)).status_code == 200


async def test_where_a_provider_lists_none_what_it_said_is_known(live: House, provider: Provider) -> None:
    """Google's channels: one stands however often it is asked for, it is made anew before it ends, and its messages are taken."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    file = json.dumps({"client_email": "robot@shop.iam.gserviceaccount.com", "private_key": pem})
    new = {"name": "work", "provider": "google", "credentials": {"key": file}, "auth_kind": "service_account"}
    endpoint = await live.ok("POST", "endpoints", {"integration_id": (await live.ok("POST", "integrations", new))["id"]})
    for _ in range(3):
        made = await live.ok("POST", way(endpoint), {"watch": {"calendar": "ada@example.com"}})
    assert made["state"] == "active"
    (first,) = provider.hooks.values()
    assert first["address"] == f"{PUBLIC}/v1/hooks/{endpoint['id']}"

    def soon(session: Any) -> None:
        row = session.get(Subscription, made["id"])
        row.renew_at = row.next_at = rfc3339(now() - timedelta(seconds=1))
        session.add(row)

    await live.hub.store.write(soon)
    live.hub.inbound.subscriptions.wake()
    async with asyncio.timeout(60):
        while (await live.ok("GET", way(endpoint)))["items"][0]["registration"]["id"] == made["registration"]["id"]:
            await asyncio.sleep(0.05)
    (second,) = provider.hooks.values()
    assert second["channel"] != first["channel"]
    uri = "https://www.googleapis.com/calendar/v3/calendars/ada%40example.com/events"
    heads = {"x-goog-channel-id": second["channel"], "x-goog-resource-uri": uri, "x-goog-message-number": "2"}
    heads |= {"x-goog-resource-state": "exists", "x-goog-channel-token": second["token"]}
    forged = heads | {"x-goog-channel-token": "another"}
    for given, status in ((heads, 200), (forged, 401)):
        answer = await live.ask("POST", f"/v1/hooks/{endpoint['id']}", key="", content=b"", headers=given)
        assert answer.status_code == status
    told = [each["event_type"] for each in (await live.ok("GET", "integrations/events"))["items"]]
    assert told == ["", "google.calendar.changed"], "the forged one is noted, and is no event"
    await live.ok("DELETE", f"{way(endpoint)}/{made['id']}")
    assert not provider.hooks


async def test_a_sandbox_writes_down_what_it_would_send_once(house: House) -> None:
    house.hub.inbound.endpoints._public_url = PUBLIC
    endpoint = await github(house)
    for _ in range(3):
        await house.ok("POST", way(endpoint), WANTED)
    asked = (await house.ok("GET", "sandbox/requests"))["items"]
    assert [each["method"] for each in asked] == ["POST", "GET"]
    assert endpoint["secret"] not in str(asked)
    assert "endpoint-secret-" in asked[0]["body"]


async def test_where_the_hub_cannot_a_person_is_told_how(house: House) -> None:
    made = await house.ok(
        "POST", "integrations",
        {"name": "team", "provider": "slack", "credentials": {"bot_token": "xoxb-invented-0000"}, "auth_kind": "bot_token"},
    )  # fmt: skip
    endpoint = await house.ok("POST", "endpoints", {"integration_id": made["id"]})
    status = await house.ok("GET", way(endpoint))
    assert status["supported"] is False
    assert status["steps"]
    refused = problem(await house.ask("POST", way(endpoint), {}), 422)
    assert "By hand" in refused["message"]
    problem(await house.ask("POST", way(endpoint), {}, key=await house.member("viewer")), 403)


async def test_a_provider_shows_the_project_s_addresses_and_what_is_to_be_done(live: House) -> None:
    endpoint = await github(live)
    (shown,) = (await live.ok("GET", "integrations/providers/github"))["webhook_endpoints"]
    assert (shown["url"], shown["status"], shown["path_suffix"]) == (endpoint["url"], "configured", endpoint["id"])
    assert "powerstrip endpoints subscribe" in shown["notes"]
    assert endpoint["secret"] not in str(shown)
    assert (await live.ok("GET", "integrations/providers/stripe"))["webhook_endpoints"] == []
