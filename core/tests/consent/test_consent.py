"""A consent from its beginning to its end: what is asked, what is kept, and everything that must not lead to an integration."""

import base64
import hashlib
import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from werkzeug import Response

from powerstrip.clock import now
from powerstrip.store import Audit, Consent, Integration

from .conftest import CODE, HUB, ORIGIN, REFRESH, RETURN, SECRET, TOKEN, House, asked_of, no_leaks, opened

LATER = timedelta(minutes=11)


async def test_a_provider_of_consent_alone_is_unavailable_until_it_has_a_client(bare: House) -> None:
    entry = await bare.ok("GET", "integrations/providers/strict")
    assert (entry["readiness"], entry["readiness_reason"]) == ("unavailable", "provider_unavailable")
    assert "OAuth client id and secret are not configured" in entry["message"]
    refused = await bare.ask("POST", "integrations/connect", {"provider": "strict", "name": "x"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "no_platform_app")
    assert "powerstrip apps set strict" in refused.json()["error"]["message"]
    await bare.ok("PUT", "/v1/platform/apps/strict", {"client_id": "c", "client_secret": SECRET})
    entry = await bare.ok("GET", "integrations/providers/strict")
    assert (entry["readiness"], entry["readiness_reason"]) == ("needs_setup", "not_configured")


async def test_a_client_is_set_listed_without_its_secret_replaced_and_deleted(bare: House) -> None:
    made = await bare.ok("PUT", "/v1/platform/apps/acme", {"client_id": "first", "client_secret": SECRET})
    assert made["redirect_uri"] == f"{HUB}/v1/oauth/callback/acme"
    assert (made["method"], made["has_secret"]) == ("post", True)
    await bare.ok("PUT", "/v1/platform/apps/acme", {"client_id": "second", "client_secret": SECRET, "method": "basic"})
    (listed,) = (await bare.ok("GET", "/v1/platform/apps"))["items"]
    assert (listed["client_id"], listed["method"]) == ("second", "basic")
    assert "client_secret" not in listed
    await bare.ok("DELETE", "/v1/platform/apps/acme")
    assert (await bare.ask("DELETE", "/v1/platform/apps/acme")).status_code == 404
    actions = [(row.action, row.resource_id) for row in await bare.rows(Audit) if row.resource_type == "platform_app"]
    assert actions == [("create", "acme"), ("update", "acme"), ("delete", "acme")]
    no_leaks(bare)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"client_id": "c", "client_secret": "********"}, 422),
        ({"client_id": "c", "client_secret": "short"}, 400),
        ({"client_id": "", "client_secret": SECRET}, 400),
        ({"client_id": "a\nb", "client_secret": SECRET}, 400),
        ({"client_id": "c", "client_secret": SECRET, "method": "none"}, 400),
        ({"client_id": "c", "client_secret": SECRET, "method": "plain"}, 400),
    ],
)
async def test_a_client_that_is_none_is_refused(bare: House, body: dict[str, str], status: int) -> None:
    assert (await bare.ask("PUT", "/v1/platform/apps/acme", body)).status_code == status
    assert (await bare.ok("GET", "/v1/platform/apps"))["items"] == []


async def test_clients_are_for_the_owner_of_the_hub_alone(bare: House) -> None:
    for role in ("owner", "admin", "builder"):
        key = await bare.member(role)
        assert (await bare.ask("GET", "/v1/platform/apps", key=key)).status_code == 403
        body = {"client_id": "c", "client_secret": SECRET}
        assert (await bare.ask("PUT", "/v1/platform/apps/acme", body, key=key)).status_code == 403


async def test_a_consent_becomes_an_integration_that_works(house: House, capfd: pytest.CaptureFixture[str]) -> None:
    begun = await house.begin(scopes=["read", "write"])
    asked = asked_of(begun)
    assert begun["authorize_url"].startswith(f"{house.provider.url}/authorize?")
    assert (asked["response_type"], asked["client_id"], asked["scope"]) == ("code", "acme-client", "read write")
    assert (asked["code_challenge_method"], asked["redirect_uri"]) == ("S256", f"{HUB}/v1/oauth/callback/acme")
    assert (await house.ok("GET", f"integrations/connect/{begun['id']}"))["status"] == "pending"
    page = await house.callback(begun)
    assert page.status_code == 200
    assert "Acme is connected" in page.text
    assert "Ada&#x27;s Acme" in page.text
    (question,) = house.provider.questions("/token")
    assert (question["code"], question["redirect_uri"], question["client_secret"]) == (CODE, asked["redirect_uri"], SECRET)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(question["code_verifier"].encode()).digest()).rstrip(b"=").decode()
    assert challenge == asked["code_challenge"]
    end = await house.ok("GET", f"integrations/connect/{begun['id']}")
    assert (end["status"], end["granted_scopes"]) == ("connected", ["read", "write"])
    made = await house.ok("GET", f"integrations/{end['integration_id']}")
    assert (made["status"], made["auth_kind"], made["account"]["id"]) == ("active", "oauth2", "account-1")
    assert made["created_by"] == house.first.principal.id
    called = await house.ok("POST", "actions/acme.note.get/invocations", {"input": {}})
    assert called["status"] == "completed", called
    assert house.provider.asked[-1][2] == f"Bearer {TOKEN}"
    written = [(row.action, row.resource_type) for row in await house.rows(Audit) if row.resource_id in (begun["id"], made["id"])]
    assert ("create", "consent") in written
    assert ("create", "integration") in written
    out, err = capfd.readouterr()
    no_leaks(house, out, err)
    assert question["code_verifier"].encode() not in house.bytes_on_disk()
    assert asked["state"].encode() not in house.bytes_on_disk()


async def test_the_page_loads_nothing_and_can_be_framed_by_nobody(house: House) -> None:
    page = await house.callback(await house.begin())
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"<script|src=|href=|@import|url\(|style=\"", page.text)
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "change",
    [
        {"state": ""},
        {"state": "invented-state-of-nobody"},
        {"state": "eyJwcm9qZWN0IjogIm1haW4ifQ=="},
        {"state": "x" * 4000},
        {"state": "\ud7ff" * 20},
    ],
    ids=["missing", "unknown", "forged", "long", "odd"],
)
async def test_a_state_that_is_not_ours_leads_nowhere(house: House, change: dict[str, str]) -> None:
    begun = await house.begin()
    page = await house.callback(begun, **change)
    assert page.status_code == 422
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert house.provider.questions("/token") == []
    await house.nothing_stored()


async def test_a_state_is_good_once(house: House) -> None:
    begun = await house.begin()
    assert (await house.callback(begun)).status_code == 200
    again = await house.callback(begun)
    assert again.status_code == 422
    assert "Start again" in again.text
    assert len(house.provider.questions("/token")) == 1
    assert (await house.ok("GET", f"integrations/connect/{begun['id']}"))["status"] == "connected"


async def test_two_that_open_it_at_once_get_one_integration(house: House) -> None:
    import asyncio

    begun = await house.begin()
    pages = await asyncio.gather(*(house.callback(begun) for _ in range(5)))
    assert sorted(page.status_code for page in pages) == [200, 422, 422, 422, 422]
    assert len(house.provider.questions("/token")) == 1
    assert len(await house.rows(Integration)) == 1


async def test_hours_later_it_fails_kindly(house: House) -> None:
    begun = await house.begin()
    with time_machine.travel(now() + LATER):
        page = await house.callback(begun)
        assert page.status_code == 422
        told = await house.ok("GET", f"integrations/connect/{begun['id']}")
    assert (told["status"], told["reason_code"]) == ("failed", "expired")
    assert house.provider.questions("/token") == []
    await house.nothing_stored()


async def test_a_state_is_of_one_provider(house: House) -> None:
    begun = await house.begin()
    assert (await house.callback(begun, "strict")).status_code == 422
    assert house.provider.questions("/token") == []
    assert (await house.callback(begun)).status_code == 200


async def test_who_was_disabled_meanwhile_connects_nothing(house: House) -> None:
    key = await house.member("admin")
    begun = await house.ok("POST", "integrations/connect", {"provider": "acme", "name": "x"}, key=key)
    principals = (await house.ok("GET", "principals"))["items"]
    id = next(row["id"] for row in principals if row["name"] == "a admin")
    await house.ok("PATCH", f"principals/{id}", {"state": "disabled"})
    assert (await house.callback(begun)).status_code == 422
    await house.nothing_stored()


@pytest.mark.parametrize(
    ("answer", "good"),
    [({"iss": "ISSUER"}, True), ({}, False), ({"iss": "https://evil.example"}, False), ({"iss": "ISSUER/"}, False)],
    ids=["right", "missing", "another", "almost"],
)
async def test_the_issuer_is_held_to_what_it_advertises(house: House, answer: dict[str, str], good: bool) -> None:
    begun = await house.begin("strict")
    assert asked_of(begun)["scope"] == "a,b"
    answer = {name: value.replace("ISSUER", ORIGIN) for name, value in answer.items()}
    page = await house.callback(begun, "strict", **answer)
    assert page.status_code == (200 if good else 422)
    if not good:
        assert house.provider.questions("/token") == []
        assert (await house.ok("GET", f"integrations/connect/{begun['id']}"))["reason_code"] == "wrong_issuer"
        await house.nothing_stored()


HTML = "<script>alert(1)</script><b>you were hacked</b>"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("error=access_denied&state=STATE", "denied"),
        (f"error=server_error&error_description={HTML}&state=STATE", "provider_refused"),
        (f"error=access_denied&code={CODE}&state=STATE", "denied"),
        ("state=STATE", "malformed_answer"),
    ],
)
async def test_a_refusal_is_told_and_escaped(house: House, query: str, code: str) -> None:
    begun = await house.begin()
    page = await house.browse("/v1/oauth/callback/acme?" + query.replace("STATE", asked_of(begun)["state"]))
    assert page.status_code == 422
    assert "<script" not in page.text
    assert "<b>" not in page.text
    assert (await house.ok("GET", f"integrations/connect/{begun['id']}"))["reason_code"] == code
    assert house.provider.questions("/token") == []
    await house.nothing_stored()


@pytest.mark.parametrize(
    "query",
    ["code=a&code=b&state=S", "code=a&state=S&state=S", f"code={'x' * 5000}&state=S", "code=a%00&state=S", "x" * 9000, "%ff=1"],
)
async def test_a_malformed_answer_is_a_page_and_leaves_the_consent_as_it_was(house: House, query: str) -> None:
    begun = await house.begin()
    page = await house.browse("/v1/oauth/callback/acme?" + query.replace("=S", "=" + asked_of(begun)["state"]))
    assert 400 <= page.status_code < 500
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert house.provider.questions("/token") == []
    assert (await house.ok("GET", f"integrations/connect/{begun['id']}"))["status"] == "pending"


BIG = Response(b'{"access_token": "' + b"x" * (5 * 1024 * 1024) + b'"}', 200, content_type="application/json")


@pytest.mark.parametrize(
    "answer",
    [
        {"token_type": "Bearer"},
        {"access_token": TOKEN, "token_type": "mac"},
        {"error": "invalid_grant", "error_description": f"the code {CODE} is not good"},
        Response("no", 500),
        Response("<html>", 200, content_type="text/html"),
        BIG,
    ],
    ids=["no-token", "other-kind", "refused", "down", "html", "5MB"],
)
async def test_a_token_answer_that_is_none_fails_and_stores_nothing(house: House, answer: Any) -> None:
    house.provider.token = answer
    begun = await house.begin()
    page = await house.callback(begun)
    assert page.status_code == 422
    told = await house.ok("GET", f"integrations/connect/{begun['id']}")
    assert told["status"] == "failed"
    assert told["reason"]
    await house.nothing_stored()
    no_leaks(house)


@pytest.mark.parametrize("expires", [-5, 10**9, "soon", None])
async def test_odd_expiries_are_lived_with(house: House, expires: Any) -> None:
    house.provider.token = {"access_token": TOKEN, "token_type": "bearer", "expires_in": expires}
    end = await house.connect()
    assert end["status"] == "connected"
    assert (await house.ok("POST", "actions/acme.note.get/invocations", {"input": {}}))["status"] == "completed"


async def test_narrower_scopes_are_shown(house: House) -> None:
    house.provider.token = {"access_token": TOKEN, "token_type": "Bearer", "scope": "read"}
    begun = await house.begin()
    page = await house.callback(begun)
    assert "Not granted: write" in page.text
    end = await house.ok("GET", f"integrations/connect/{begun['id']}")
    assert (end["granted_scopes"], end["missing_scopes"]) == (["read"], ["write"])


async def test_connecting_again_keeps_the_integration_and_asks_for_what_is_missing_beside_what_is_there(house: House) -> None:
    house.provider.token = {"access_token": TOKEN, "token_type": "Bearer", "scope": "read"}
    first = await house.connect(scopes=["read"])
    house.provider.token = {"access_token": TOKEN + "-2", "token_type": "Bearer", "refresh_token": REFRESH, "scope": "read admin"}
    begun = await house.ok("POST", "integrations/connect", {"integration_id": first["integration_id"], "scopes": ["admin"]})
    assert asked_of(begun)["scope"] == "read admin"
    assert (await house.callback(begun)).status_code == 200
    end = await house.ok("GET", f"integrations/connect/{begun['id']}")
    assert end["integration_id"] == first["integration_id"]
    assert len(await house.rows(Integration)) == 1
    await house.ok("POST", "actions/acme.note.get/invocations", {"input": {}})
    assert house.provider.asked[-1][2] == f"Bearer {TOKEN}-2"
    no_leaks(house)


async def test_another_account_needs_an_explicit_yes(house: House) -> None:
    first = await house.connect()
    house.provider.account = {"id": "account-2", "name": "Somebody else"}
    body = {"integration_id": first["integration_id"]}
    begun = await house.ok("POST", "integrations/connect", body)
    page = await house.callback(begun)
    assert page.status_code == 422
    assert "another account" in page.text
    assert (await house.ok("GET", f"integrations/connect/{begun['id']}"))["reason_code"] == "other_account"
    kept = await house.ok("GET", f"integrations/{first['integration_id']}")
    assert (kept["account"]["id"], kept["status"]) == ("account-1", "active")
    begun = await house.ok("POST", "integrations/connect", body | {"accept_other_account": True})
    assert (await house.callback(begun)).status_code == 200
    assert (await house.ok("GET", f"integrations/{first['integration_id']}"))["account"]["id"] == "account-2"
    back = await house.ok("POST", f"integrations/{first['integration_id']}/rotation/rollback")
    assert back["account"]["id"] == "account-1"


async def test_a_name_that_was_taken_meanwhile_is_a_failure_and_not_a_second_one(house: House) -> None:
    begun = [await house.begin() for _ in range(2)]
    assert (await house.callback(begun[0])).status_code == 200
    assert (await house.callback(begun[1])).status_code == 422
    assert len(await house.rows(Integration)) == 1
    taken = await house.ask("POST", "integrations/connect", {"provider": "acme", "name": "MAIN"})
    assert (taken.status_code, taken.json()["error"]["code"]) == (409, "name_taken")


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/", "//evil.example", "javascript:alert(1)", RETURN + "/", RETURN + "?x=1", RETURN.upper(),
        "https://app.example.com.evil.example/done", "data:text/html,x",
    ],
)  # fmt: skip
async def test_only_listed_addresses_are_returned_to(house: House, url: str) -> None:
    refused = await house.ask("POST", "integrations/connect", {"provider": "acme", "name": "x", "return_to": url})
    assert refused.status_code == 400
    assert refused.json()["error"]["details"]["errors"][0]["path"] == "return_to"
    assert await house.rows(Consent) == []


async def test_a_listed_address_is_returned_to(house: House) -> None:
    page = await house.callback(await house.begin(return_to=RETURN))
    assert (page.status_code, page.headers["location"]) == (303, RETURN)


@pytest.mark.parametrize(
    "uri",
    [
        "http://127.0.0.1:9/callback/strict", "http://127.0.0.1/callback/acme", "http://localhost:9/callback/acme", "",
        "https://127.0.0.1:9/callback/acme", "http://127.0.0.1:99999/callback/acme", "http://127.0.0.1:9/callback/acme?x=1",
        "http://evil.example:9/callback/acme", "http://127.0.0.1:9@evil.example/callback/acme",
    ],
)  # fmt: skip
async def test_a_loopback_redirect_is_this_machine_s_and_names_the_provider(house: House, uri: str) -> None:
    body = {"provider": "acme", "name": "x", "way": "loopback", "redirect_uri": uri}
    refused = await house.ask("POST", "integrations/connect", body)
    assert refused.status_code == 400
    assert await house.rows(Consent) == []


async def test_the_hub_takes_no_redirect_of_a_caller(house: House) -> None:
    body = {"provider": "acme", "name": "x", "redirect_uri": "http://127.0.0.1:9/callback/acme"}
    assert (await house.ask("POST", "integrations/connect", body)).status_code == 400


async def test_a_loopback_answer_is_posted_by_who_began_it(house: House) -> None:
    uri = "http://127.0.0.1:49152/callback/acme"
    begun = await house.begin(way="loopback", redirect_uri=uri)
    state = asked_of(begun)["state"]
    address = f"{uri}?code={CODE}&state={state}"
    other = await house.member("admin")
    path = f"integrations/connect/{begun['id']}/answer"
    assert (await house.ask("POST", path, {"answer": address}, key=other)).status_code == 404
    assert (await house.callback(begun)).status_code == 422
    for wrong in (
        f"{HUB}/v1/oauth/callback/acme?code=x&state={state}",
        f"{uri}?code=x",
        "",
        f"{uri}.evil.example?code=x&state={state}",
    ):
        assert (await house.ask("POST", path, {"answer": wrong})).status_code == 400
    foreign = await house.ask("POST", path, {"answer": f"{uri}?code=x&state=another"})
    assert foreign.json()["error"]["code"] == "unknown_state"
    assert house.provider.questions("/token") == []
    assert (await house.ok("POST", path, {"answer": address}))["status"] == "connected"
    assert house.provider.questions("/token")[0]["redirect_uri"] == uri
    assert (await house.ask("POST", path, {"answer": address})).status_code == 422
    no_leaks(house)


@pytest.mark.parametrize("whole", [True, False], ids=["address", "code"])
async def test_an_answer_is_pasted(house: House, whole: bool) -> None:
    begun = await house.begin(way="paste")
    state = asked_of(begun)["state"]
    answer = f"{HUB}/v1/oauth/callback/acme?code={CODE}&state={state}&scope=read" if whole else f"  {CODE}\n"
    end = await house.ok("POST", f"integrations/connect/{begun['id']}/answer", {"answer": answer})
    assert end["status"] == "connected"


async def test_a_device_is_confirmed_elsewhere(house: House) -> None:
    begun = await house.begin(way="device")
    assert (begun["user_code"], begun["authorize_url"]) == ("ABCD-EFGH", f"{house.provider.url}/enter")
    house.provider.token = Response('{"error": "authorization_pending"}', 400, content_type="application/json")
    path = f"integrations/connect/{begun['id']}"
    assert (await house.ok("GET", path))["status"] == "pending"
    assert house.provider.questions("/token") == []
    at = now()
    with time_machine.travel(at + timedelta(seconds=2)):
        assert (await house.ok("GET", path))["status"] == "pending"
        assert (await house.ok("GET", path))["status"] == "pending"
    assert len(house.provider.questions("/token")) == 1
    house.provider.token = {"access_token": TOKEN, "token_type": "Bearer", "scope": "read write"}
    with time_machine.travel(at + timedelta(seconds=9)):
        assert (await house.ok("GET", path))["status"] == "connected"
    assert b"invented-device-code-55" not in house.bytes_on_disk()
    no_leaks(house)


async def test_a_device_that_was_refused_has_failed(house: House) -> None:
    begun = await house.begin(way="device")
    house.provider.token = Response('{"error": "access_denied"}', 400, content_type="application/json")
    with time_machine.travel(now() + timedelta(seconds=2)):
        told = await house.ok("GET", f"integrations/connect/{begun['id']}")
    assert (told["status"], told["reason_code"]) == ("failed", "provider_refused")
    await house.nothing_stored()


async def test_a_consent_outlives_a_restart(tmp_path, provider, catalog, monkeypatch) -> None:
    async with opened(tmp_path / "data", catalog, provider, monkeypatch) as house:
        await house.ok("PUT", "/v1/platform/apps/acme", {"client_id": "acme-client", "client_secret": SECRET})
        begun = await house.begin()
    async with opened(tmp_path / "data", catalog, provider, monkeypatch) as house:
        assert (await house.callback(begun)).status_code == 200
        assert (await house.ok("GET", f"integrations/connect/{begun['id']}"))["status"] == "connected"


async def test_what_the_provider_was_not_asked_by_this_client_is_not_finished_by_another(house: House) -> None:
    begun = await house.begin()
    await house.ok("PUT", "/v1/platform/apps/acme", {"client_id": "other-client", "client_secret": SECRET})
    assert (await house.callback(begun)).status_code == 422
    assert (await house.ok("GET", f"integrations/connect/{begun['id']}"))["reason_code"] == "app_changed"
    assert house.provider.questions("/token") == []


async def test_a_sandbox_asks_nobody(house: House) -> None:
    refused = await house.ask("POST", "integrations/connect", {"provider": "acme", "name": "x", "mode": "sandbox"})
    assert refused.status_code == 400
    await house.ok("POST", "/v1/projects", {"name": "Box", "handle": "box", "mode": "sandbox"})
    refused = await house.ask("POST", "/v1/projects/box/integrations/connect", {"provider": "acme", "name": "x"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "sandbox_consent")
