"""Providers that remember send signed hooks to a running hub: registered by it, verified, named, kept once, replayed."""

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from served import ServedHub, serving, wait_until

pytestmark = pytest.mark.part

TOKEN = "test_token_admin"
SID = "AC" + "0" * 32
TWILIO_TOKEN = "twilio_test_auth_token"


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory, github_url: str, linear_url: str, twilio_url: str) -> Iterator[ServedHub]:
    """One hub for all three."""
    urls = {"github": github_url, "linear": linear_url, "twilio": f"{twilio_url}/2010-04-01"}
    with serving(tmp_path_factory.mktemp("hooks") / "data", urls) as hub:
        yield hub


def ok(answer: httpx2.Response) -> Any:
    assert answer.status_code < 300, f"{answer.status_code} {answer.text}"
    return answer.json()


def endpoint_of(hub: ServedHub, provider: str, credentials: dict[str, str], secret: str | None = None, **config: str) -> Any:
    """An integration with an endpoint: the endpoint."""
    new = {"name": "mine", "provider": provider, "credentials": credentials, "config": config}
    made = ok(hub.ask("POST", "integrations", new))
    given = {"secret": secret} if secret else {}
    return ok(hub.ask("POST", "endpoints", {"integration_id": made["id"], **given}))


def events(hub: ServedHub, name: str) -> list[Any]:
    return [each for each in ok(hub.ask("GET", "integrations/events"))["items"] if each["event_type"] == name]


def is_kept_handed_on_and_replayed(hub: ServedHub, endpoint: Any, name: str) -> Any:
    """The one event of this name, once it was handed on; it is replayed too."""
    wait_until(lambda: events(hub, name), 30)
    (event,) = events(hub, name)
    assert event["source"] == "webhook"
    assert event["endpoint_id"] == endpoint["id"]
    assert event["integration_id"] == endpoint["integration_id"]

    def shown() -> Any:
        return ok(hub.ask("GET", f"integrations/events/{event['id']}"))

    wait_until(lambda: shown()["source_event"]["status"] == "succeeded", 30)
    ok(hub.ask("POST", "integrations/events/replay", {"ids": [event["id"]]}))
    wait_until(lambda: len(events(hub, name)) == 2, 30)
    refused = ok(hub.ask("GET", "integrations/events?status=refused"))["items"]
    assert refused == []
    return shown()


def test_github(hub: ServedHub, github_url: str) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with httpx2.Client(base_url=github_url, headers=headers) as github:
        owner = github.get("/user").json()["login"]
        github.post("/user/repos", json={"name": "hooked", "auto_init": True})
    endpoint = endpoint_of(hub, "github", {"token": TOKEN})
    wanted = {"watch": {"repo": f"{owner}/hooked"}, "events": ["issues.opened"]}
    for _ in range(5):
        made = ok(hub.ask("POST", f"endpoints/{endpoint['id']}/subscriptions", wanted))
    assert made["registration"]["url"].startswith(hub.url)
    with httpx2.Client(base_url=github_url, headers=headers) as github:
        hooks = github.get(f"/repos/{owner}/hooked/hooks").json()
        assert len(hooks) == 1
    hub.invoke("github.issue.create", {"repo": f"{owner}/hooked", "title": "Zwölf Boxkämpfer", "body": "jagen"})
    told = is_kept_handed_on_and_replayed(hub, endpoint, "github.issues.opened")
    assert "Zwölf Boxkämpfer" in str(told)
    assert endpoint["secret"] not in str(told)
    assert hub.ask("DELETE", f"endpoints/{endpoint['id']}").status_code == 204
    with httpx2.Client(base_url=github_url, headers=headers) as github:
        assert github.get(f"/repos/{owner}/hooked/hooks").json() == []


def test_linear(hub: ServedHub) -> None:
    endpoint = endpoint_of(hub, "linear", {"api_key": f"Bearer {TOKEN}"})
    assert endpoint["waits_for_secret"] is True
    wanted = {"watch": {}, "events": ["issue.created"]}
    ok(hub.ask("POST", f"endpoints/{endpoint['id']}/subscriptions", wanted))
    assert ok(hub.ask("GET", f"endpoints/{endpoint['id']}"))["waits_for_secret"] is False
    pickers = f"integrations/{endpoint['integration_id']}/pickers/team"
    team = next(iter(ok(hub.ask("GET", pickers))["choices"]))["value"]
    hub.invoke("linear.issue.create", {"team": team, "title": "Zwölf Boxkämpfer"})
    is_kept_handed_on_and_replayed(hub, endpoint, "linear.issue.created")


def test_twilio(hub: ServedHub) -> None:
    endpoint = endpoint_of(hub, "twilio", {"auth_token": TWILIO_TOKEN}, TWILIO_TOKEN, account_sid=SID)
    pickers = f"integrations/{endpoint['integration_id']}/pickers/phone_number"
    sender = next(iter(ok(hub.ask("GET", pickers))["choices"]))["value"]
    text = {"to": "+15005550006", "sender": sender, "body": "Hello", "status_callback": endpoint["url"]}
    hub.invoke("twilio.sms.send", text)
    wait_until(lambda: events(hub, "twilio.message.status_changed"), 30)
    assert ok(hub.ask("GET", "integrations/events?status=refused"))["items"] == []
