"""Consents through a served hub, at authorization servers that somebody else wrote."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest
from parts import servers
from parts.node_parts import NotHere
from parts.people import Browser, Waiting, begin, end
from parts.signin_house import CLIENT, SECRET, TTL, hub_at, register
from served import ServedHub, free_port

pytestmark = pytest.mark.part


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ServedHub, str]]:
    """A served hub, and oidc-provider with it as a client."""
    folder, port = tmp_path_factory.mktemp("signin"), free_port()
    uris = [f"http://127.0.0.1:{port}/v1/oauth/callback/{name}" for name in ("signin", "signin_posing")]
    try:
        with servers.signin(folder, CLIENT, SECRET, TTL, *uris, "http://127.0.0.1/callback/signin") as url:
            hub = hub_at(folder, {"signin": url, "signin_posing": url}, port)
            hub.start()
            try:
                register(hub, "signin", "signin_posing")
                yield hub, url
            finally:
                hub.kill()
    except NotHere as reason:
        pytest.skip(str(reason))


def asked(url: str) -> dict[str, Any]:
    """What the server was asked for, by kind of grant."""
    return httpx2.get(f"{url}/asked").json()


def connect(hub: ServedHub, name: str, who: str = "ada", **more: Any) -> str:
    """A whole consent; gives the integration's id."""
    begun = begin(hub, "signin", name, **more)
    page = Browser().open(begun["authorize_url"], login_hint=who)
    assert page.status_code == 200, page.text
    ended = end(hub, begun)
    assert ended["status"] == "connected", ended
    return ended["integration_id"]


def who_calls(hub: ServedHub, id: str) -> str:
    """The account that a call acts for."""
    result = hub.invoke("signin.person.get", {}, integration=id)
    assert result["status"] == "completed", result
    return result["output"]["sub"]


def test_over_the_hub_s_own_address(house: tuple[ServedHub, str]) -> None:
    hub, _ = house
    begun = begin(hub, "signin", "server")
    page = Browser().open(begun["authorize_url"])
    assert page.status_code == 200, page.text
    assert str(page.url).startswith(f"{hub.url}/v1/oauth/callback/signin?")
    assert "Signin is connected" in page.text
    ended = end(hub, begun)
    assert set(ended["granted_scopes"]) >= {"openid", "read", "write"}
    made = hub.ask("GET", f"integrations/{ended['integration_id']}").json()
    assert (made["status"], made["account"]["id"], made["auth_kind"]) == ("active", "ada", "oauth2")
    assert who_calls(hub, made["id"]) == "ada"
    assert Browser().open(str(page.url)).status_code == 422, "the same address once more"


def test_over_this_machine(house: tuple[ServedHub, str]) -> None:
    hub, _ = house
    waiting = Waiting(hub, "connect", "signin", "--loopback", "--name", "loopback")
    page = Browser().open(waiting.says("http"))
    assert page.status_code == 200
    assert str(page.url).startswith("http://127.0.0.1:")
    code, out = waiting.ends()
    assert (code, '"name": "loopback"' in out) == (0, True), out


def test_by_pasting_the_address(house: tuple[ServedHub, str]) -> None:
    hub, _ = house
    waiting = Waiting(hub, "connect", "signin", "--paste", "--name", "pasted")
    link = waiting.says("http")
    with httpx2.Client(timeout=30) as browser:
        answer = browser.get(link)
        while "/v1/oauth/callback/" not in (to := str(answer.url.join(answer.headers["location"]))):
            answer = browser.get(to)
    waiting.type(to)
    code, out = waiting.ends()
    assert (code, '"name": "pasted"' in out) == (0, True), out


def test_over_a_code_on_another_device(house: tuple[ServedHub, str]) -> None:
    hub, url = house
    waiting = Waiting(hub, "connect", "signin", "--device", "--name", "device")
    assert waiting.says("http").startswith(f"{url}/device")
    user_code = waiting.says("Enter there: ").removeprefix("Enter there: ")
    assert httpx2.get(f"{url}/confirm", params={"user_code": user_code, "sub": "grace"}).json() == {"confirmed": True}
    code, out = waiting.ends()
    assert code == 0, out
    assert asked(url)["device_code"] == 1
    assert '"id": "grace"' in out


def test_a_refresh_token_is_used_once_and_never_again(house: tuple[ServedHub, str]) -> None:
    hub, url = house
    id = connect(hub, "rotating")
    before, began = asked(url), time.monotonic()
    for _ in range(3):
        time.sleep(TTL)
        with ThreadPoolExecutor(20) as pool:
            assert set(pool.map(lambda _: who_calls(hub, id), range(20))) == {"ada"}
    after, took = asked(url), time.monotonic() - began
    assert 3 <= after["refresh_token"] - before["refresh_token"] <= took / (TTL * 0.9) + 1, "one for each token that ran out"
    assert after["reused"] == 0
    assert hub.ask("GET", f"integrations/{id}").json()["status"] == "active"


def test_a_killed_hub_renews_where_it_left_off(house: tuple[ServedHub, str]) -> None:
    hub, url = house
    id = connect(hub, "killed")
    time.sleep(TTL)
    assert who_calls(hub, id) == "ada"
    hub.kill()
    hub.start()
    time.sleep(TTL)
    assert who_calls(hub, id) == "ada"
    assert asked(url)["reused"] == 0


def test_deleting_ends_the_grant_there(house: tuple[ServedHub, str]) -> None:
    hub, url = house
    id = connect(hub, "leaving", "ivy")
    before = asked(url)["revoked"]
    said = hub.cli("integrations", "delete", "leaving", "--yes").stdout
    assert "Its consent: revoked at Signin" in said
    until = time.monotonic() + 20
    while asked(url)["revoked"] == before and time.monotonic() < until:
        time.sleep(0.1)
    assert asked(url)["revoked"] > before
    rows = hub.ask("GET", f"audit-logs?resource_id={id}").json()["items"]
    assert "revoked" in [(row.get("changes") or {}).get("consent") for row in rows]


def test_an_answer_of_another_issuer_is_nobody_s(house: tuple[ServedHub, str]) -> None:
    hub, url = house
    before = asked(url)["authorization_code"]
    begun = begin(hub, "signin_posing", "posing")
    page = Browser().open(begun["authorize_url"])
    assert page.status_code == 422
    assert "another server" in page.text
    assert end(hub, begun)["reason_code"] == "wrong_issuer"
    assert asked(url)["authorization_code"] == before, "the code was not sent anywhere"


def test_narrower_scopes_are_told(house: tuple[ServedHub, str]) -> None:
    hub, _ = house
    begun = begin(hub, "signin", "narrow")
    page = Browser().open(begun["authorize_url"], login_hint="nia-narrow")
    assert "Not granted: write" in page.text
    ended = end(hub, begun)
    assert (ended["status"], ended["missing_scopes"]) == ("connected", ["write"])


def test_no_is_no(house: tuple[ServedHub, str]) -> None:
    hub, _ = house
    begun = begin(hub, "signin", "refused")
    page = Browser().open(begun["authorize_url"], login_hint="refuse")
    assert page.status_code == 422
    assert "Ada said no" in page.text
    assert end(hub, begun)["reason_code"] == "denied"


def test_another_account_takes_a_word(house: tuple[ServedHub, str]) -> None:
    hub, _ = house
    id = connect(hub, "account", "joan")
    again = begin(hub, "signin", integration_id=id)
    page = Browser().open(again["authorize_url"], login_hint="eve")
    assert page.status_code == 422
    assert end(hub, again)["reason_code"] == "other_account"
    assert who_calls(hub, id) == "joan"
    meant = begin(hub, "signin", integration_id=id, accept_other_account=True)
    assert Browser().open(meant["authorize_url"], login_hint="eve").status_code == 200
    assert who_calls(hub, id) == "eve"
    back = hub.ask("POST", f"integrations/{id}/rotation/rollback")
    assert back.json()["account"]["id"] == "joan"
    assert who_calls(hub, id) == "joan"


def test_a_revoked_grant_expires_the_integration_and_reconnecting_heals_it(house: tuple[ServedHub, str]) -> None:
    hub, url = house
    id = connect(hub, "revoked", "kay")
    httpx2.post(f"{url}/end", params={"sub": "kay"})
    time.sleep(TTL)
    result = hub.ask("POST", "actions/signin.person.get/invocations", {"input": {}, "integration": id}).json()
    assert result["status"] == "failed"
    made = hub.ask("GET", f"integrations/{id}").json()
    assert made["status"] == "expired"
    assert "invalid_grant" in made["status_reason"]
    waiting = Waiting(hub, "integrations", "reconnect", "revoked", "--loopback")
    assert Browser().open(waiting.says("http"), login_hint="kay").status_code == 200
    code, out = waiting.ends()
    assert code == 0, out
    assert who_calls(hub, id) == "kay"


def test_nothing_secret_lies_about(house: tuple[ServedHub, str]) -> None:
    hub, url = house
    connect(hub, "canary", "lin")
    tokens = asked(url)["tokens"]
    assert len(tokens) > 4
    shown = "\n".join(hub.ask("GET", path).text for path in ("integrations", "audit-logs?limit=200", "connect-sessions"))
    kept = b"\n".join(path.read_bytes() for path in hub.data.rglob("*") if path.is_file())
    for secret in (SECRET, *tokens):
        assert secret not in shown
        assert secret.encode() not in kept


PEOPLE = {
    "slack": ("slack.user.list", {}),
    "github": ("github.issue.search", {"query": "is:open"}),
    "google": ("google.mail.search", {"query": "in:inbox"}),
}


@pytest.fixture(scope="module")
def street(
    tmp_path_factory: pytest.TempPathFactory, slack_url: str, github_url: str, google_url: str, oidc_mock_url: str
) -> Iterator[tuple[ServedHub, dict[str, str]]]:
    """A served hub that is a client of many servers, and where each of them is."""
    urls = {"slack": slack_url, "github": github_url, "google": google_url, "signin_mock": oidc_mock_url}
    logins = {f"{name}.login": urls[name] for name in ("github", "google")}
    hub = hub_at(tmp_path_factory.mktemp("street"), urls | logins, free_port())
    hub.start()
    try:
        register(hub, *urls)
        yield hub, urls
    finally:
        hub.kill()


def test_at_another_server(street: tuple[ServedHub, dict[str, str]]) -> None:
    hub, _ = street
    begun = begin(hub, "signin_mock")
    page = Browser().post(begun["authorize_url"], sub="alice")
    assert page.status_code == 200, page.text
    assert "Mock is connected" in page.text
    for _ in range(2):
        result = hub.invoke("signin_mock.person.get", {})
        assert result["output"]["sub"] == "alice"
        time.sleep(TTL)
    assert hub.invoke("signin_mock.person.get", {})["status"] == "completed"


@pytest.mark.parametrize("provider", PEOPLE)
def test_at_the_providers_themselves(provider: str, street: tuple[ServedHub, dict[str, str]]) -> None:
    """As far as an emulator is one: with the adapters' own paths, scopes and ways to prove the hub."""
    (hub, urls), (action, input) = street, PEOPLE[provider]
    begun = begin(hub, provider)
    assert begun["authorize_url"].startswith(urls[provider].removesuffix("/api"))
    page = Browser().submit(begun["authorize_url"])
    assert page.status_code == 200, page.text
    assert "is connected" in page.text
    made = hub.ask("GET", f"integrations/{end(hub, begun)['integration_id']}").json()
    assert made["status"] == "active"
    assert made["account"]["name"]
    assert hub.invoke(action, input)["status"] == "completed"
